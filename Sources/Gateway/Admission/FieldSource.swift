import Guarding
import Routing
import Schema
import Settings
import Translation
import Wire

/// Where the value of a condition's field comes from, found once when settings are compiled. What the router knows better, and what
/// this gateway does not know, is `nothing`.
enum FieldSource: Hashable, Sendable {
    enum Request: String, Sendable {
        case model, api, stream, text, task, mode, region, country, ip
        case inputTokens = "input_tokens"
        case maxTokens = "max_tokens"
        case hasTools = "has_tools"
        case hasImages = "has_images"
        case hasJSONSchema = "has_json_schema"
        case userAgent = "user_agent"
    }
    enum User: String, Sendable { case id, name, email, tier }
    enum Key: String, Sendable { case name, project, policy, region, tags }

    case request(Request)
    enum LimiterField: String, Sendable {
        case passed, limit, remaining
        case used = "current_usage"
    }

    /// In lower case.
    case header(String)
    case tag(String)
    /// Names from the outermost member inwards.
    case metadata([String])
    case user(User)
    case key(Key)
    case project, projectPolicy
    /// Of vLLora's `extra.variables`.
    case variable([String])
    case limiter(String, LimiterField)
    case signal(String)
    /// Nil: any of them.
    case guardrail(GuardPolicy.Kind?, GuardMeasure)
    /// How an account of the key or its project stands.
    case account(LimitScope, LimitUnit, LimitPeriod, BalanceReadings.Measure)
    case hour, weekday
    /// How hard the request is.
    case complexity
    case nothing

    init(_ field: FieldName) {
        let parts = field.text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        let rest = parts.dropFirst().joined(separator: ".")
        self =
            switch parts[0] {
            case "request" where parts.count > 2 && parts[1] == "header": .header(parts.dropFirst(2).joined(separator: ".").lowercased())
            case "request": Request(rawValue: rest).map(Self.request) ?? .nothing
            case "tags": .tag(rest)
            case "metadata": .metadata(Array(parts.dropFirst()))
            case "user": User(rawValue: rest).map(Self.user) ?? .nothing
            case "key": Key(rawValue: rest).map(Self.key) ?? .nothing
            case "budget", "tokens": BalanceReadings.source(.key, parts[...])
            case "project" where parts.count > 1 && parts[1] == "budget": BalanceReadings.source(.project, parts.dropFirst())
            case "project": rest == "name" ? .project : rest == "policy" ? .projectPolicy : .nothing
            case "variables": .variable(Array(parts.dropFirst()))
            case "limiter" where parts.count > 2:
                LimiterField(rawValue: parts[parts.count - 1]).map { .limiter(parts.dropFirst().dropLast().joined(separator: "."), $0) }
                    ?? .nothing
            case "signal": .signal(rest)
            case "guardrail": Self.guardrail(parts.dropFirst())
            case "complexity": rest == "score" ? .complexity : .nothing
            case "time": rest == "hour" ? .hour : rest == "weekday" ? .weekday : .nothing
            default: .nothing
            }
    }
}

/// What is known of a request beside its bytes when conditions are asked.
struct RequestContext {
    let key: VirtualKey?
    let keyName: String
    let tags: RequestTags
    let region: String?
    let mode: AutoMode?
    let project: String?
    let projectPolicy: String?
    let policy: String?
    /// Asks a limiter by its name, once.
    let limiters: LimiterReadings
    let balances: BalanceReadings
    /// Nil: nobody has looked at it.
    let guarded: GuardedRequest?
    /// Milliseconds since 1970.
    let unixMilliseconds: Int64
    let appraiser: Appraiser
    /// Nil: nothing is learnt.
    let tutor: Tutor?
}

extension RequestView {
    func value(of source: FieldSource, in context: RequestContext, signals: Signals) -> Value {
        switch source {
        case .request(let field): value(of: field, in: context)
        case .header(let name): Value(header(name))
        case .tag(let key): context.tags.value(of: key)
        case .metadata(let path): Value(path.reduce(metadata) { $0?[$1] })
        case .user(let field): value(of: field)
        case .key(let field): value(of: field, in: context)
        case .project: Value(context.project)
        case .projectPolicy: Value(context.projectPolicy)
        case .variable(let path): Value(path.reduce(extra?["variables"]) { $0?[$1] })
        case .limiter(let name, let field): context.limiters.value(of: name, field, for: self, in: context)
        case .guardrail(let kind, let measure): context.guarded?.value(of: kind, measure) ?? .flag(false)
        case .signal(let name): signals.value(of: name, unixMilliseconds: context.unixMilliseconds)
        case .account(let scope, let unit, let period, let measure): context.balances.value(scope, unit, period, measure)
        // 1970 began on a Thursday. Both in UTC.
        case .hour: .number(Double(context.unixMilliseconds / 3_600_000 % 24))
        case .weekday: .text(Self.weekdays[Int((context.unixMilliseconds / 86_400_000 + 3) % 7)])
        case .complexity: .number(Double(appraisal(by: context.appraiser, context.tutor).inContext))
        case .nothing: .missing
        }
    }

    private static let weekdays = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]

    private func value(of field: FieldSource.Request, in context: RequestContext) -> Value {
        switch field {
        case .model: Value(modelName)
        case .api: .text(api == .chatCompletions ? "chat" : "\(Endpoint.call(api).name)")
        case .stream: .flag(call.stream)
        case .text: .text(text)
        case .task: metadata?["task"].map { Value($0) } ?? context.tags.value(of: "task")
        case .mode: Value(context.mode?.rawValue)
        case .region: Value(context.region)
        case .country: Value(metadata?["country"]?.scalar ?? header("cf-ipcountry"))
        case .ip: Value(remote())
        case .inputTokens: .number(Double(call.estimatedInput))
        case .maxTokens: call.maxTokens.map { .number(Double($0)) } ?? .missing
        case .hasTools: .flag(call.needs.contains(.tools))
        case .hasImages: .flag(call.images > 0)
        case .hasJSONSchema: .flag(call.needs.contains(.json))
        case .userAgent: Value(text(head.userAgent))
        }
    }

    /// vLLora's `extra.user`, else what OpenAI's members say.
    func value(of field: FieldSource.User) -> Value {
        let user = extra?["user"]
        func member(_ names: String...) -> Value { Value(names.lazy.compactMap { user?[$0] }.first) }
        switch field {
        case .id:
            let id = member("id", "user_id")
            return id == .missing ? Value(text(call.user) ?? metadata?["user_id"]?.scalar) : id
        case .name: return member("name", "user_name")
        case .email: return member("email", "user_email")
        case .tier: return member("tier", "tiers", "user_tags", "tags")
        }
    }

    private func value(of field: FieldSource.Key, in context: RequestContext) -> Value {
        switch field {
        case .name: .text(context.keyName)
        case .project: Value(context.project)
        case .policy: Value(context.policy)
        case .region: Value(context.key?.region)
        case .tags: .list((context.key?.tags ?? []).map { .text($0) })
        }
    }
}

extension Value {
    init(_ text: String?) { self = text.map { .text($0) } ?? .missing }
}

/// What the limiters of a conditional route say of one request: each is asked only where a condition looks at it, and once.
final class LimiterReadings {
    private let limiters: [Limiter]
    private let counts: Limiters
    private let isDry: Bool
    private var readings: [String: Limiters.Reading] = [:]
    private(set) var charges: [Limiters.Charge] = []

    /// - Parameter isDry: Nothing is counted.
    init(_ limiters: [Limiter], _ counts: Limiters, isDry: Bool) {
        self.limiters = limiters
        self.counts = counts
        self.isDry = isDry
    }

    func value(of name: String, _ field: FieldSource.LimiterField, for view: RequestView, in context: RequestContext) -> Value {
        guard let reading = reading(name, view, context) else { return .missing }
        switch field {
        case .passed: return .flag(reading.passed)
        case .used: return .number(reading.used)
        case .limit: return .number(reading.limit)
        case .remaining: return .number(max(0, reading.limit - reading.used))
        }
    }

    private func reading(_ name: String, _ view: RequestView, _ context: RequestContext) -> Limiters.Reading? {
        if let known = readings[name] { return known }
        guard let limiter = limiters.first(where: { $0.name == name }) else { return nil }
        let key = Limiters.key(limiter, entity: entity(of: limiter, view, context), unixMilliseconds: context.unixMilliseconds)
        let reading = counts.ask(limiter, key, isDry: isDry)
        readings[name] = reading
        if limiter.target != .requests { charges.append(Limiters.Charge(key: key, target: limiter.target)) }
        return reading
    }

    private func entity(of limiter: Limiter, _ view: RequestView, _ context: RequestContext) -> String {
        switch limiter.entity {
        case .userID: "\(view.value(of: FieldSource.User.id))"
        case .userTier: "\(view.value(of: FieldSource.User.tier))"
        case .project: context.project ?? ""
        case .model: view.modelName ?? ""
        // Which provider will serve is not known yet: all together.
        case .provider: ""
        }
    }
}
