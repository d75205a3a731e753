/// If this, then that: asked before the first attempt, or after one that failed.
public struct Rule: Hashable, Sendable {
    public var name: String
    /// The highest is asked first; among equals the order written counts.
    public var priority: Int
    public var isEnabled: Bool
    public var when: Condition
    /// Asked when an attempt ended with one of these instead of before the first.
    public var after: FaultSet?
    public var then: RuleActions
    /// What it names and is not there, for which it is passed over: it is switched off then.
    public var lack: String?

    public init(name: String, priority: Int = 0, isEnabled: Bool = true, when: Condition = .always, after: FaultSet? = nil, then: RuleActions) {
        self.name = name
        self.priority = priority
        self.isEnabled = isEnabled
        self.when = when
        self.after = after
        self.then = then
    }
}

/// What a rule does: one or more of these.
public struct RuleActions: Hashable, Sendable {
    /// The name of a route of the table.
    public var route: String?
    public var mode: AutoMode?
    /// Only this provider's deployments may serve.
    public var provider: String?
    /// A JSON object whose members override those of the request.
    public var params: String?
    public var addTags: [String]
    /// Goes with the answer.
    public var warn: String?
    /// Refuses the request with this text.
    public var deny: String?

    public init(
        route: String? = nil, mode: AutoMode? = nil, provider: String? = nil, params: String? = nil, addTags: [String] = [],
        warn: String? = nil, deny: String? = nil
    ) {
        self.route = route
        self.mode = mode
        self.provider = provider
        self.params = params
        self.addTags = addTags
        self.warn = warn
        self.deny = deny
    }

    public var isEmpty: Bool { self == RuleActions() }
}

/// A named list of rules. Its index in `RoutingTable.policies` is its id.
public struct RoutingPolicy: Hashable, Sendable {
    public typealias ID = Int

    public var name: String
    /// In the order written.
    public var rules: [Rule]
    /// For the requests it serves, in routes that say nothing of their own: see `NamedRoute.retryIsItsOwn`. Nil: as the route says.
    public var retry: RetryPolicy?

    public init(name: String, rules: [Rule] = [], retry: RetryPolicy? = nil) {
        self.name = name
        self.rules = rules
        self.retry = retry
    }
}

/// The rule that decided, and what it saw.
public struct RuleHit: Hashable, Sendable {
    public struct Observation: Hashable, Sendable {
        public let field: FieldName
        public let value: Value
    }

    /// In `RoutingPolicy.rules`.
    public let index: Int
    public let policy: RoutingPolicy.ID
    public let name: String
    /// Every field its condition asks for, as it was then.
    public let observed: [Observation]
    public let actions: RuleActions
    /// `actions.route`, found.
    public let route: Route.ID?
    /// The fault after which it was asked. Nil: before the first attempt.
    public let after: Fault?
}
