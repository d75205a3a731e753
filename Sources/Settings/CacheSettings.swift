import Schema

/// What answers may take up that are kept to be given again.
public struct CacheSettings: Configurable, Hashable {
    public var memory = 64 << 20
    public var store = 0
    public var answer = 1 << 20

    public init() {}

    public static let fields: [Field<Self>] = [
        .setting("memory_bytes", \.memory.size, in: ByteCount(0)...ByteCount(1 << 40), "The most bytes of answers kept in memory, in each process."),
        .setting(
            "store_bytes", \.store.size, in: ByteCount(0)...ByteCount(1 << 40),
            "The most bytes of answers kept in the store too, where they outlast the process and other gateways find them; 0: none are."),
        .setting("answer_bytes", \.answer.size, in: ByteCount(1024)...ByteCount(64 << 20), "Longer answers are not kept."),
    ]
}

/// Whose requests an answer is given to again.
public enum CacheShare: String, SettingChoice {
    case key, project
}

/// Whether answers are kept and given again, and for how long. Where it stands it switches the cache on.
public struct CachePolicy: Configurable, Hashable {
    public var ttl = Duration.seconds(3_600)
    public var share = CacheShare.key
    public var tools = false

    public init() {}

    public var isOn: Bool { ttl > .zero }

    public static let fields: [Field<Self>] = [
        .setting("ttl", \.ttl, in: .zero ... .seconds(365 * 86_400), "How long an answer is given again to the same request; 0s: never."),
        .setting("share", \.share, "To whom: requests of the same `key`, or of all keys of a `project` whose settings are alike."),
        .setting(
            "tools", \.tools,
            "Also answers to requests that offer tools: a call is then given again with the id it had, and whoever runs it runs it again."),
    ]
}
