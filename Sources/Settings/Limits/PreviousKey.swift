import Schema

/// A key that was replaced and holds for a while yet, so that applications can be given the new one without haste.
public struct PreviousKey: Configurable {
    public var key = Secret("")
    public var until = Moment(seconds: 0)

    public init() {}

    public static let fields: [Field<Self>] = [
        .setting("key", \.key, "The key as it was.").required,
        .setting("until", \.until, "From when on it is refused.").required,
    ]
}
