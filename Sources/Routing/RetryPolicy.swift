/// Whether and when a deployment that failed is asked again.
///
/// Going on to a deployment not yet tried is failover: it happens at once, and only the envelope bounds it. Asking one again is a
/// repeat: it waits, and happens only while the attempts in this route are at most `maxRetries` + 1.
public struct RetryPolicy: Hashable, Sendable {
    public var maxRetries: Int
    /// Faults after which the same deployment may be asked again.
    public var on: FaultSet
    /// How many faults of a class a route bears before it gives up, failover included; by `Fault.rawValue`. See `limit(_:after:)`.
    private var limits: [Int?]
    /// The first wait; doubles with every repeat, and a jitter takes off up to half.
    public var backoff: Duration
    /// The shortest wait before a repeat.
    public var retryAfter: Duration
    /// The longest wait for one repeat, also when the provider names a longer one: then the route gives up.
    public var maxWait: Duration
    /// Repeats of all requests in a calendar month; zero: any number. Used up, nothing is repeated, and routes go on to what is next.
    public var monthlyBudget: Int
    /// Policies of one name share their monthly budget.
    public var budgetName: String

    public static let retryable = FaultSet(.rateLimit, .serverError, .timeout, .unavailable, .malformedReply)

    public init(
        maxRetries: Int = 2, on: FaultSet = RetryPolicy.retryable, backoff: Duration = .milliseconds(200), retryAfter: Duration = .zero,
        maxWait: Duration = .seconds(10), monthlyBudget: Int = 0, budgetName: String = "default"
    ) {
        self.maxRetries = maxRetries
        self.on = on
        self.backoff = backoff
        self.retryAfter = retryAfter
        self.maxWait = maxWait
        self.monthlyBudget = monthlyBudget
        self.budgetName = budgetName
        limits = []
    }

    /// `retry_policy`: after `fault`, at most `count` further attempts in this route. Zero ends the route at the first one; a count
    /// for the caller's own faults makes them go on, which they do not by themselves.
    public mutating func limit(_ count: Int, after fault: Fault) {
        if limits.isEmpty { limits = Array(repeating: nil, count: Fault.allCases.count) }
        limits[Int(fault.rawValue)] = count
    }

    public func limit(after fault: Fault) -> Int? { limits.isEmpty ? nil : limits[Int(fault.rawValue)] }
}

extension Plan {
    /// For where a journey stands: the route's own, else its policy's, else what the route has from general settings.
    func retry(of journey: borrowing Journey) -> RetryPolicy {
        if let policy = journey.policy, policies.indices.contains(policy), !routes[journey.current].retryIsItsOwn, let retry = policies[policy].retry
        {
            return retry
        }
        return routes[journey.current].retry
    }
}
