/// What a router knows of the fleet beyond the health of single deployments: events on their way out, figures, budgets of attempts.
struct Reliability: Sendable {
    var events = EventRing()
    var tallies = RouterTallies()
    /// Further attempts that may be made now.
    var retryTokens: Double
    private var filledAt: Instant?
    /// Held back since the bucket was last half full: one event tells of it.
    private var storming = false
    /// The calendar month as the caller counts it.
    private(set) var month = 0
    private(set) var spending: [String: RetrySpending] = [:]
    /// Hedges that may go out now, by the route's name.
    private var hedgeTokens: [String: Double] = [:]

    /// By a deployment's stamp.
    var quantiles: [Int: Quantiles] = [:]

    init(_ bucket: RetryBucket) { retryTokens = Double(bucket.burst) }

    // MARK: The bucket of further attempts

    mutating func firstAttempt(_ bucket: RetryBucket) {
        tallies.requests += 1
        if retryTokens < Double(bucket.burst) { retryTokens = min(Double(bucket.burst), retryTokens + bucket.share) }
    }

    /// Whether one more further attempt may be made; asking fills the bucket with what time has brought.
    mutating func hasRetryToken(_ bucket: RetryBucket, at now: Instant) -> Bool {
        guard bucket.burst > 0 else { return true }
        if let filledAt, now > filledAt {
            let brought = Double((now - filledAt).nanoseconds) * 1e-9 * bucket.perSecond
            retryTokens = min(Double(bucket.burst), retryTokens + brought)
        }
        if now > filledAt ?? Instant(nanoseconds: .min) { filledAt = now }
        if storming, retryTokens * 2 >= Double(bucket.burst) { storming = false }
        return retryTokens >= 1
    }

    mutating func takeRetryToken() { retryTokens = max(0, retryTokens - 1) }

    /// An attempt was held back; true when that is news.
    mutating func heldBack() -> Bool {
        tallies.heldBack += 1
        defer { storming = true }
        return !storming
    }

    // MARK: Monthly budgets

    mutating func setMonth(_ month: Int) { self.month = month }

    mutating func restore(_ spending: RetrySpending) { self.spending[spending.name] = spending }

    /// Whether `policy` may pay for another repeat.
    func canRepeat(_ policy: borrowing RetryPolicy) -> Bool {
        guard policy.monthlyBudget > 0, let known = spending[policy.budgetName], known.month == month else { return true }
        return known.used < policy.monthlyBudget
    }

    /// A repeat is paid for; true when it was the month's last.
    mutating func repeated(_ policy: borrowing RetryPolicy) -> Bool {
        tallies.repeats += 1
        guard policy.monthlyBudget > 0 else { return false }
        var known = spending[policy.budgetName] ?? RetrySpending(name: policy.budgetName, month: month, used: 0)
        if known.month != month { known = RetrySpending(name: policy.budgetName, month: month, used: 0) }
        known.used += 1
        spending[policy.budgetName] = known
        return known.used == policy.monthlyBudget
    }

    // MARK: Hedges

    mutating func mayHedge(_ route: String, _ policy: HedgePolicy) -> Bool { hedgeTokens[route, default: Double(policy.burst)] >= 1 }

    mutating func fillHedges(of route: String, _ policy: HedgePolicy) {
        hedgeTokens[route] = min(Double(policy.burst), hedgeTokens[route, default: Double(policy.burst)] + policy.maxShare)
    }

    mutating func hedged(_ route: String) {
        tallies.hedges += 1
        hedgeTokens[route, default: 0] -= 1
    }
}

extension Router {
    /// What happened since the last call, in the order of time; at most 1,024, the newest: see `droppedEvents`.
    public mutating func takeEvents() -> [RouterEvent] { reliability.events.take() }

    /// Events that were forgotten because nobody took them in time.
    public var droppedEvents: Int { reliability.events.dropped }

    public var tallies: RouterTallies { reliability.tallies }

    // MARK: Monthly retry budgets

    /// Which calendar month it is, in any numbering in which another month has another number (such as 12 * year + month). Budgets
    /// begin anew when it changes.
    public mutating func setMonth(_ month: Int) { reliability.setMonth(month) }

    /// What is spent, for a restart. Sorted by name.
    public var retrySpending: [RetrySpending] { reliability.spending.values.sorted { $0.name < $1.name } }

    public mutating func restore(_ spending: [RetrySpending]) {
        for row in spending { reliability.restore(row) }
    }
}
