import Routing
import Schema

/// A policy: what serves a request that names no model, and how attempts are retried.
public struct PolicySettings: Configurable {
    public var route: Node?
    public var rules: [RuleSettings] = []
    public var retry: RetrySettings?
    public var breaker: BreakerSettings?
    public var timeout: Duration?

    public init() {}

    public static let fields: [Field<Self>] = [
        .setting("route", \.route, "Serves requests that name no model."),
        .setting("rules", \.rules, "Asked in order of priority; the first that holds decides.").notYet,
        .setting("retry", \.retry, "Whether and when a deployment is asked again."),
        .setting("breaker", \.breaker, "When deployments rest."),
        .setting("timeout", \.timeout, in: .milliseconds(1) ... .seconds(86_400), "For each attempt to begin answering."),
    ]
}

public struct RetrySettings: Configurable {
    public var maxRetries: Int?
    public var monthlyBudget = Dollars(nanodollars: 0)
    public var on: FaultList?
    public var backoff: Duration?
    public var retryAfter: Duration?

    public init() {}

    public static let fields: [Field<Self>] = [
        .setting("max_retries", \.maxRetries, in: 0...100, "How often a deployment may be asked again."),
        .setting("monthly_budget", \.monthlyBudget, "USD a month that repeats may cost; 0 is no bound."),
        .setting("on", \.on, "After which faults."),
        .setting("backoff", \.backoff, in: .zero ... .seconds(3600), "The first wait; doubles with every repeat."),
        .setting("retry_after", \.retryAfter, in: .zero ... .seconds(3600), "The shortest wait."),
    ]
}

public struct BreakerSettings: Configurable {
    public var failureThreshold = 5
    public var window = Duration.seconds(120)
    public var cooldown = Duration.seconds(60)
    public var autoRecovery = true

    public init() {}

    public static let fields: [Field<Self>] = [
        .setting("failure_threshold", \.failureThreshold, in: 1...64, "Faults within the window at which a deployment rests."),
        .setting("window", \.window, in: .milliseconds(1) ... .seconds(86_400), "The time over which faults are counted."),
        .setting("cooldown", \.cooldown, in: .zero ... .seconds(86_400), "How long it rests before it is tried again."),
        .setting("auto_recovery", \.autoRecovery, "Whether it is tried again by itself, or waits for an operator."),
    ]
}

public struct RuleSettings: Configurable {
    public var name = ""
    public var priority = 0
    public var enabled = true
    public var when: Condition?
    public var after: FaultList?
    public var then = RuleActions()

    public init() {}

    public static let fields: [Field<Self>] = [
        .setting("name", \.name, "Its name in decision records.").required,
        .setting("priority", \.priority, "The highest is asked first."),
        .setting("enabled", \.enabled, "Whether it is asked."),
        .setting("when", \.when, "The condition."),
        .setting("after", \.after, "Faults of an attempt after which it is asked."),
        .setting("then", \.then, "What it does.").required,
    ]
}

public struct RuleActions: Configurable {
    public var route: Node?
    public var mode: String?
    public var provider: String?
    public var model: String?
    public var params: Node?
    public var addTags: [String] = []
    public var warn: String?
    public var deny: String?

    public init() {}

    public static let fields: [Field<Self>] = [
        .setting("route", \.route, "A name or a tree that serves the request."),
        .setting("mode", \.mode, "The mode of `auto`."),
        .setting("provider", \.provider, "The provider that serves the request."),
        .setting("model", \.model, "The model that serves the request."),
        .setting("params", \.params, "Set in the request."),
        .setting("add_tags", \.addTags, "Tags added to the request."),
        .setting("warn", \.warn, "A warning that goes with the answer."),
        .setting("deny", \.deny, "Refuses the request with this text."),
    ]

    var isEmpty: Bool {
        route == nil && mode == nil && provider == nil && model == nil && params == nil && addTags.isEmpty && warn == nil && deny == nil
    }
}

public struct ProjectSettings: Configurable {
    public var policy: String?
    public var budget = BudgetList()
    public var tags: [String] = []
    public var requestsPerMinute: Int?
    public var tokensPerMinute: Int?

    public init() {}

    public static let fields: [Field<Self>] = [
        .setting("policy", \.policy, "The policy of its keys."),
        .setting("budget", \.budget, "What all its keys together may spend."),
        .setting("tags", \.tags, "Tags that all its requests carry."),
        .setting("rpm", \.requestsPerMinute, in: 1...1_000_000_000, "Requests per minute of all its keys."),
        .setting("tpm", \.tokensPerMinute, in: 1...1_000_000_000, "Tokens per minute of all its keys."),
    ]
}
