import Guarding
import Routing
import Schema

public enum GuardAction: String, SettingChoice, Comparable {
    case off, warn, mask, block, route

    /// Their strictness, as `GuardPolicy.Action` has it.
    private var rank: Int {
        switch self {
        case .off: 0
        case .warn: 1
        case .mask: 2
        case .route: 3
        case .block: 4
        }
    }

    public static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }

    /// Also `allow`, which is as good as off.
    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> GuardAction? {
        node.scalar == "allow" ? .off : readChoice(node, at: path, &reading)
    }
}

public enum GuardScope: String, SettingChoice { case prompt, reply, both }
public enum GuardUnread: String, SettingChoice { case pass, block }
public enum GuardRole: String, SettingChoice { case system, user, assistant, tool }

/// What every guardrail can be told. Nothing said: as it is above, in the end as the guardrail begins.
public struct RailSettings: Configurable, Hashable {
    public var action: GuardAction?
    public var threshold: Double?
    public var scope: GuardScope?
    public var roles: [GuardRole]?
    public var shadow: Bool?
    public var route: String?

    public init() {}

    public static let fields: [Field<Self>] = [
        .setting(
            "action", \.action,
            "What becomes of a text: `warn` tells the client and counts, `mask` replaces what was found, `block` refuses, `route` sends the "
                + "request to `route`. A score has no words to replace: there `mask` blocks. `off` looks for nothing."),
        .setting("threshold", \.threshold, in: 0...1, "Scores and confidences below it are nothing; without it 0.5."),
        .setting("scope", \.scope, "Whether it looks at prompts, at replies, or at both; without it both, of injections prompts."),
        .setting(
            "roles", \.roles,
            "Whose texts of a prompt it reads; without it all, of injections and toxicity those that may come from anybody: user and tool."),
        .setting("shadow", \.shadow, "Whether it only counts what it would have done."),
        .setting("route", \.route, "The route that `route` sends requests to."),
    ]

    /// The same settings as those of a guardrail that has more of its own.
    static func fields<Owner>(of keyPath: any WritableKeyPath<Owner, RailSettings> & Sendable) -> [Field<Owner>] {
        fields.map { $0.within(keyPath) }
    }

    func over(_ base: Self) -> Self {
        var rail = base
        if let action { rail.action = action }
        if let threshold { rail.threshold = threshold }
        if let scope { rail.scope = scope }
        if let roles { rail.roles = roles }
        if let shadow { rail.shadow = shadow }
        if let route { rail.route = route }
        return rail
    }
}

/// Settings of one guardrail: a section, or its action alone.
public protocol GuardrailForm: Configurable, Hashable {
    var rail: RailSettings { get set }
}

extension GuardrailForm {
    public static var shape: Shape { .either([GuardAction.shape, .section(descriptions)]) }

    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> Self? {
        guard node.scalar != nil, !node.isNull else { return read(node, at: path, &reading, besides: []) }
        var form = Self()
        form.rail.action = GuardAction.read(node, at: path, &reading)
        return form
    }
}

/// Of what is scored.
public struct ScoreSettings: GuardrailForm {
    public var rail = RailSettings()

    public init() {}

    public static let fields: [Field<Self>] = RailSettings.fields(of: \.rail)

    func over(_ base: Self) -> Self {
        var form = base
        form.rail = rail.over(base.rail)
        return form
    }
}

public struct KeywordSettings: GuardrailForm {
    public var rail = RailSettings()
    public var words: [String]?

    public init() {}

    public static let fields: [Field<Self>] =
        RailSettings.fields(of: \.rail) + [.setting("words", \.words, "Words and phrases, found in any case where words begin and end.")]

    func over(_ base: Self) -> Self {
        var form = base
        form.rail = rail.over(base.rail)
        form.words = words ?? base.words
        return form
    }
}

/// What is looked for in prompts and replies: of everybody, and, of those that are switched on there, of a project or a key.
public struct GuardrailSettings: Configurable, Hashable {
    public var personalData: PersonalDataSettings?
    public var injection: ScoreSettings?
    public var toxicity: ScoreSettings?
    public var keywords: KeywordSettings?
    public var moderation: ModerationSettings?
    public var budgetCap: GuardAction?
    public var allow: [String] = []
    public var firewallShadow: Bool?
    public var firewallStatus: Int?
    public var unreadBodies: GuardUnread?
    public var webSockets: GuardUnread?

    public init() {}

    public static let fields: [Field<Self>] = [
        .setting("pii", \.personalData, "Addresses, numbers, secrets and names: personal data and what opens doors."),
        .setting("injection", \.injection, "Text that tries to give the model other orders."),
        .setting("toxicity", \.toxicity, "Insults, threats and hate."),
        .setting("keywords", \.keywords, "Words and phrases of your own."),
        .setting("moderation", \.moderation, "A service that is asked about every prompt, such as a moderation endpoint."),
        .setting(
            "budget_cap", \.budgetCap,
            "Requests that would exceed a hard budget: `block` refuses them, which holds without this too; `warn` serves them and says so; `off` "
                + "serves them."),
        .setting("allow", \.allow, "Texts that are no finding, in any case: one's own addresses and numbers, words and sentences."),
        .setting("firewall_shadow", \.firewallShadow, "Whether rules of `firewall` only count what they would have done."),
        .setting("firewall_status", \.firewallStatus, in: 400...499, "The status of what a rule of `firewall` blocks; without it 422."),
        .setting(
            "unread_bodies", \.unreadBodies,
            "Bodies and replies of pass-through endpoints that nobody can read, compressed, of several parts or no text: `pass` counts them, `block` "
                + "refuses them; without it `pass`."),
        .setting(
            "websockets", \.webSockets,
            "WebSockets of pass-through endpoints, whose messages nobody reads: `block` refuses them, `pass` counts them; without it `block`."),
    ]

    /// These over those of everybody.
    func over(_ base: Self) -> Self {
        var merged = base
        if let personalData { merged.personalData = personalData.over(base.personalData ?? .init()) }
        if let injection { merged.injection = injection.over(base.injection ?? .init()) }
        if let toxicity { merged.toxicity = toxicity.over(base.toxicity ?? .init()) }
        if let keywords { merged.keywords = keywords.over(base.keywords ?? .init()) }
        if let moderation { merged.moderation = moderation.over(base.moderation ?? .init()) }
        if let budgetCap { merged.budgetCap = budgetCap }
        if let firewallShadow { merged.firewallShadow = firewallShadow }
        if let firewallStatus { merged.firewallStatus = firewallStatus }
        if let unreadBodies { merged.unreadBodies = unreadBodies }
        if let webSockets { merged.webSockets = webSockets }
        merged.allow += allow.filter { !base.allow.contains($0) }
        return merged
    }
}

public enum FirewallScope: String, SettingChoice { case prompt, response, completion, reply, both }
public enum FirewallKind: String, SettingChoice {
    case regex, substring, contains, keyword, keywords

    /// What a rule of this kind cannot be without: one of these settings.
    var needs: [String] {
        switch self {
        case .regex, .substring, .contains: ["pattern"]
        case .keyword, .keywords: ["words", "pattern"]
        }
    }
}
public enum FirewallAction: String, SettingChoice { case allow, warn, mask, block, log }

/// A pattern in prompts or answers, and what happens to it.
public struct FirewallRule: Configurable {
    public var name = ""
    public var priority = 0
    public var enabled = true
    public var scope = FirewallScope.prompt
    public var kind = FirewallKind.regex
    public var pattern: String?
    public var words: [String] = []
    public var action = FirewallAction.block
    public var replacement = "[redacted]"
    public var when: Condition?
    public var id: Int?
    public var createdAt: String?
    public var updatedAt: String?

    public init() {}

    public static let fields: [Field<Self>] = [
        .setting("name", \.name, "Its name in records.").required,
        .setting("priority", \.priority, "The highest is asked first."),
        .setting("enabled", \.enabled, "Whether it is asked."),
        .setting("scope", \.scope, "Which text it reads."),
        .setting("type", \.kind, "How it looks."),
        .setting("pattern", \.pattern, "What it looks for; a regular expression for `regex`."),
        .setting("words", \.words, "What it looks for, for keywords."),
        .setting("action", \.action, "What happens to a text that has it."),
        .setting("replacement", \.replacement, "Put in its place by `mask`."),
        .setting("when", \.when, "Requests it holds for; without it all."),
        .setting("id", \.id, in: 1...(1 << 53), "Its number in TokenRouter's API, which writes it."),
        .setting("created_at", \.createdAt, "When that API made it."),
        .setting("updated_at", \.updatedAt, "When it changed it last."),
    ]
}
