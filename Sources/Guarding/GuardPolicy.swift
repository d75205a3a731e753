/// What is looked for in prompts and replies, and what becomes of what is found: compiled from settings, immutable.
public struct GuardPolicy: Sendable {
    /// Who said a text.
    public enum Role: UInt8, CaseIterable, Sendable {
        case system, user, tool
        /// The model: its words, its thoughts and the arguments of its calls.
        case reply
        /// The model, in the part of a conversation that a client sends back.
        case assistant

        /// As settings and records name it.
        public var name: String {
            switch self {
            case .system: "system"
            case .user: "user"
            case .tool: "tool"
            case .reply: "reply"
            case .assistant: "assistant"
            }
        }
    }

    public struct Roles: OptionSet, Hashable, Sendable {
        public let rawValue: UInt8
        public init(rawValue: UInt8) { self.rawValue = rawValue }
        public init(_ roles: Role...) { self.init(rawValue: roles.reduce(0) { $0 | 1 << $1.rawValue }) }

        public static let all = Roles(.system, .user, .tool, .reply, .assistant)
        /// Of a request.
        public static let prompt = Roles(.system, .user, .tool, .assistant)
        /// What a client may have from anybody: not what its operator wrote.
        public static let foreign = Roles(.user, .tool)

        public func contains(_ role: Role) -> Bool { rawValue & 1 << role.rawValue != 0 }
    }

    /// The mildest first.
    public enum Action: UInt8, CaseIterable, Comparable, Sendable {
        case off
        /// Is told to the client and counted.
        case warn
        /// Is replaced. Of what has no words of its own, a score, it is a block.
        case mask
        /// The request goes to a route of its own. Of a reply it is a warning.
        case route
        case block

        public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    }

    /// One guardrail.
    public struct Rail: Hashable, Sendable {
        public var action: Action
        /// Of scores and confidences, in parts of a thousand: less is nothing.
        public var threshold: Int
        public var roles: Roles
        /// Counts what it would have done, and does nothing.
        public var isShadow = false
        /// Of `route`.
        public var route: String?

        public init(_ action: Action = .off, threshold: Int = 500, roles: Roles = .foreign) {
            (self.action, self.threshold, self.roles) = (action, threshold, roles)
        }

        public func applies(to role: Role) -> Bool { action != .off && roles.contains(role) }
    }

    public enum Kind: UInt8, CaseIterable, Sendable {
        case personalData, injection, toxicity, keywords, firewall

        /// As settings, metrics and conditions name it.
        public var name: String {
            switch self {
            case .personalData: "pii"
            case .injection: "injection"
            case .toxicity: "toxicity"
            case .keywords: "keywords"
            case .firewall: "firewall"
            }
        }
    }

    public var personalData = Rail(roles: .all)
    public var personalKinds = PersonalData.Kinds.all
    /// By kind, where something else becomes of one than of another: `personalData.action` is the strictest then.
    private var personalActions: [PersonalData.Kind: Action] = [:]
    /// Stand-ins become values again in the reply.
    public var restores = false
    public var injection = Rail()
    public var toxicity = Rail(roles: .all)
    public var keywords = Rail(roles: .all)
    public var words: Keywords
    public var rules: FirewallRules
    /// Rules are asked, and nothing comes of it.
    public var firewallIsShadow = false
    /// Of what a rule blocks.
    public var firewallStatus = 422
    /// Bodies that nobody can read as texts are not let by.
    public var refusesUnread = false
    /// Nor are WebSockets, whose messages nobody reads.
    public var refusesWebSockets = true
    /// Values that are no findings, whoever says them: one's own addresses. Compared as they are scanned, in lower case.
    public private(set) var allowed: Set<[UInt8]> = []

    public init(words: Keywords = Keywords.compile([]).keywords, rules: FirewallRules = FirewallRules.compile([]).rules) {
        (self.words, self.rules) = (words, rules)
    }

    public mutating func allow(_ values: [String]) {
        var normalizer = Normalizer(.foldingCase)
        for value in values {
            normalizer.read(Array(value.utf8))
            allowed.insert(normalizer.bytes)
        }
    }

    /// Nobody looks at anything.
    public var isEmpty: Bool {
        personalData.action == .off && injection.action == .off && toxicity.action == .off && keywords.action == .off && rules.rules.isEmpty
    }

    private var rails: [Rail] { [personalData, injection, toxicity, keywords] }

    /// Somebody looks at requests.
    public var looksAtPrompts: Bool {
        rails.contains { $0.action != .off && !$0.roles.isDisjoint(with: .prompt) } || !rules.isEmpty(.prompt)
    }

    /// Somebody looks at replies. That stand-ins are put back in them is another matter: `restores`.
    public var looksAtReplies: Bool { rails.contains { $0.applies(to: .reply) } || !rules.isEmpty(.reply) }

    /// What becomes of each kind that is looked for.
    public mutating func setPersonalActions(_ actions: [PersonalData.Kind: Action]) {
        personalData.action = actions.values.max() ?? .off
        personalActions = Set(actions.values).count > 1 ? actions : [:]
    }

    public func personalAction(_ kind: PersonalData.Kind) -> Action { personalActions[kind] ?? personalData.action }

    /// Some kind of personal data is replaced.
    public var masksPersonalData: Bool {
        guard !personalData.isShadow else { return false }
        return personalActions.isEmpty ? personalData.action == .mask : personalActions.values.contains(.mask)
    }

    func masks(_ kind: PersonalData.Kind) -> Bool { personalAction(kind) == .mask && !personalData.isShadow }

    public func rail(_ kind: Kind) -> Rail {
        switch kind {
        case .personalData: personalData
        case .injection: injection
        case .toxicity: toxicity
        case .keywords: keywords
        case .firewall: Rail(rules.rules.isEmpty ? .off : .block, roles: .all)
        }
    }
}

extension GuardPolicy.Action {
    /// What a rule of the firewall does, in the words of guardrails.
    init(_ action: FirewallRules.Action) {
        self =
            switch action {
            case .allow, .log: .off
            case .warn: .warn
            case .mask: .mask
            case .block: .block
            }
    }
}
