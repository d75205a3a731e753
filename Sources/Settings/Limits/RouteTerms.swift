import Routing
import Schema

/// What may be asked of a model group or a route, by all keys together and by each caller.
public struct RouteLimitSettings: Configurable {
    public var limits = LimitSettings()
    public var perUser: LimitSettings?

    public init() {}

    public static let fields: [Field<Self>] =
        LimitSettings.fields(of: \.limits) + [
            .setting(
                "per_user", \.perUser,
                "What each user may ask of it beside that: the customer that a request is for, or its key where it is for none.")
        ]
}

/// What holds for requests over one route, whoever sends them.
struct RouteTerms {
    var limits: RouteLimitSettings?
    var personalData: PersonalDataSettings?
    /// Where it is written, for problems.
    var path: String
    var node: Node?

    var isEmpty: Bool { limits == nil && personalData == nil }
}

/// Settings of a named route that stand beside its tree.
struct RouteTermSettings: Configurable {
    var limits: RouteLimitSettings?
    var personalData: PersonalDataSettings?

    static let fields: [Field<Self>] = [
        .setting("limits", \.limits, "What may be asked of it, by everybody together and by each."),
        .setting("pii", \.personalData, "What becomes of personal data in requests over it and their replies."),
    ]

    static let names = Set(fields.map(\.name))
}
