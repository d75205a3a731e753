import Routing
import Schema

/// Counts requests or money of a user over a period: vLLora's `rate_limiter`. Conditions ask for it as `limiter.NAME.passed`.
public struct Limiter: Hashable, Sendable {
    public enum Period: String, SettingChoice { case hour, day, month, total }
    public enum Target: String, SettingChoice {
        case requests, cost
        case inputTokens = "input_tokens"
        case outputTokens = "output_tokens"
    }
    public enum Entity: String, SettingChoice {
        case userID = "user_id"
        case userTier = "user_tier"
        case project, model, provider
    }

    public var name: String
    /// Requests, tokens or USD.
    public var limit: Double
    public var period: Period
    public var target: Target
    public var entity: Entity

    public init(name: String, limit: Double, period: Period, target: Target, entity: Entity) {
        (self.name, self.limit, self.period, self.target, self.entity) = (name, limit, period, target, entity)
    }
}

/// `pre_request` of a conditional router: what its conditions may ask for as `pre_request.NAME.FIELD`.
extension RouteReader {
    private struct Interceptor: Configurable {
        var name = ""
        var type = ""
        var guardID: String?
        var limit: Double?
        var period = Limiter.Period.day
        var target = Limiter.Target.requests
        var entity = Limiter.Entity.userID

        static let fields: [Field<Self>] = [
            .setting("name", \.name, "What conditions call it.").required,
            .setting("type", \.type, "rate_limiter or guardrail.").required,
            .setting("guard_id", \.guardID, "Of a guardrail: which."),
            .setting("limit", \.limit, in: 0...1e15, "Of a limiter: how much it lets pass."),
            .setting("period", \.period, "Of a limiter: over which time."),
            .setting("target", \.target, "Of a limiter: what it counts."),
            .setting("entity", \.entity, "Of a limiter: for whom."),
        ]
    }

    private static let types = ["rate_limiter", "guardrail"]
    private static let limiterFields = [
        "passed": "passed", "allowed": "passed", "current_usage": "current_usage", "limit": "limit", "remaining": "remaining",
    ]

    /// The fields that conditions know them by.
    mutating func interceptors(_ node: Node?, at path: String) -> [String: FieldAlias] {
        guard let node, !node.isEmpty else { return [:] }
        guard let items = node.items else {
            reading.problem(path, node.line, "expected a list, found \(node.kind)")
            return [:]
        }
        var names: [String: FieldAlias] = [:]
        for (index, item) in items.enumerated() {
            let place = path.item(index)
            guard let interceptor = Interceptor.read(item, at: place, &reading), !interceptor.name.isEmpty, !interceptor.type.isEmpty else {
                continue
            }
            let prefix = "pre_request.\(interceptor.name)."
            switch interceptor.type {
            case "rate_limiter":
                guard let limit = interceptor.limit else {
                    reading.problem(place.setting("limit"), item.line, "is missing: how much it lets pass")
                    continue
                }
                limiters.append(
                    Limiter(
                        name: interceptor.name, limit: limit, period: interceptor.period, target: interceptor.target, entity: interceptor.entity))
                for (written, field) in Self.limiterFields {
                    names[prefix + written] = FieldName("limiter.\(interceptor.name).\(field)").map { FieldAlias($0) }
                }
            case "guardrail":
                guard let id = interceptor.guardID else {
                    reading.problem(place.setting("guard_id"), item.line, "is missing: which guardrail")
                    continue
                }
                names[prefix + "passed"] = FieldAliases.guardrail("\(id).passed")
                names[prefix + "violated"] = FieldAliases.guardrail("\(id).violated")
            default:
                let help = Spelling.help(for: interceptor.type, among: Self.types)
                reading.problem(place.setting("type"), item.entry("type")?.line ?? item.line, "`\(interceptor.type.prefix(60))` is not known\(help)")
            }
        }
        return names
    }
}
