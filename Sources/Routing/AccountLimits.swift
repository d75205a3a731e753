/// What a provider says, with a reply, it will still take from this account. Nil: it did not say.
public struct AccountLimits: Hashable, Sendable {
    public var requestsRemaining: Int?
    /// Until the requests are whole again.
    public var requestsResetIn: Duration?
    public var tokensRemaining: Int?
    public var tokensResetIn: Duration?
    /// What whole ones are. Known, they are taken to come back evenly until the reset, as OpenAI's and Anthropic's buckets do (their
    /// pages on rate limits, read 2026-11); unknown, all at once.
    public var requestsLimit: Int?
    public var tokensLimit: Int?

    public init(
        requestsRemaining: Int? = nil, requestsResetIn: Duration? = nil, tokensRemaining: Int? = nil, tokensResetIn: Duration? = nil,
        requestsLimit: Int? = nil, tokensLimit: Int? = nil
    ) {
        self.requestsRemaining = requestsRemaining
        self.requestsResetIn = requestsResetIn
        self.tokensRemaining = tokensRemaining
        self.tokensResetIn = tokensResetIn
        self.requestsLimit = requestsLimit
        self.tokensLimit = tokensLimit
    }
}

/// A provider's word on what it will still take, and what was sent since.
struct AccountQuota: Sendable {
    /// Believed where a provider names no time.
    static let usualReset = Duration.seconds(10)
    /// Replies overtake each other: within this time a larger remainder than we reckon with is an older one.
    static let overtaking = Duration.seconds(1)

    private var requests = Bucket()
    private var tokens = Bucket()
    /// Nothing is known of later than this.
    private(set) var until = Instant(nanoseconds: .min)

    private struct Bucket: Sendable {
        var level = Double.infinity
        var perNanosecond = 0.0
        var since = Instant.zero
        var until = Instant(nanoseconds: .min)

        func level(at now: Instant) -> Double { now < until ? level + Double((now - since).nanoseconds) * perNanosecond : .infinity }

        mutating func learn(_ remaining: Int, resetIn: Duration?, limit: Int?, at now: Instant) {
            let reset = max(resetIn ?? AccountQuota.usualReset, .zero)
            let reckoned = now - since < AccountQuota.overtaking ? level(at: now) : .infinity
            level = min(Double(remaining), reckoned)
            let missing = limit.map { max(0, Double($0 - remaining)) } ?? 0
            perNanosecond = reset > .zero ? missing / Double(reset.nanoseconds) : 0
            since = now
            until = now + reset
        }

        /// Nil: there is enough. Else when there will be.
        func shortage(_ amount: Double, at now: Instant) -> Instant? {
            let missing = amount - level(at: now)
            guard missing > 0 else { return nil }
            guard perNanosecond > 0 else { return until }
            return min(until, now + .nanoseconds(Int64(min(missing / perNanosecond, 1e15).rounded(.up))))
        }
    }

    mutating func learn(_ limits: AccountLimits, at now: Instant) {
        if let remaining = limits.requestsRemaining {
            requests.learn(remaining, resetIn: limits.requestsResetIn, limit: limits.requestsLimit, at: now)
        }
        if let remaining = limits.tokensRemaining { tokens.learn(remaining, resetIn: limits.tokensResetIn, limit: limits.tokensLimit, at: now) }
        until = max(requests.until, tokens.until)
    }

    /// What is left by our reckoning. Nil: nothing is known now.
    func left(at now: Instant) -> AccountLimits? {
        guard now < until else { return nil }
        var left = AccountLimits()
        if now < requests.until {
            left.requestsRemaining = Int(max(0, requests.level(at: now)))
            left.requestsResetIn = requests.until - now
        }
        if now < tokens.until {
            left.tokensRemaining = Int(max(0, tokens.level(at: now)))
            left.tokensResetIn = tokens.until - now
        }
        return left
    }

    mutating func sent(tokens count: Int) {
        requests.level -= 1
        tokens.level -= Double(count)
    }

    func shortage(tokens count: Int, at now: Instant) -> Instant? {
        let ofTokens = tokens.shortage(Double(count), at: now)
        guard let ofRequests = requests.shortage(1, at: now) else { return ofTokens }
        return max(ofRequests, ofTokens ?? ofRequests)
    }
}

extension Router {
    /// What the deployment's account has left, out of what its provider said last. Nil: nothing is known now.
    public func accountLimits(of id: Deployment.ID, at now: Instant) -> AccountLimits? {
        health[generations[newest].slots[id]].account.left(at: now)
    }

    /// Keeps what the provider said with the reply to `attempt`, so that requests go elsewhere before it refuses them.
    public mutating func learn(_ limits: AccountLimits, of attempt: Attempt, at now: Instant) {
        guard attempt.slot < health.count, health[attempt.slot].stamp == attempt.stamp else { return }
        health[attempt.slot].account.learn(limits, at: now)
    }

    /// A minute of UTC begins at `now`: limits per minute are counted from there on. Without it they are counted from the origin of
    /// the caller's clock.
    public mutating func beginMinute(at now: Instant) {
        minuteOrigin = now.nanoseconds % MinuteCounter.minute
    }

    /// Why the rates of a deployment leave no room for the request: until then. Nil: there is room. The limit itself is within it.
    @inline(__always)
    func overLimit(_ slot: Int, _ traits: borrowing Traits, inputTokens: Int, at now: Instant) -> Instant? {
        if traits.isLimited {
            let number = MinuteCounter.number(at: now, origin: minuteOrigin)
            let room = traits.tokensPerMinute - inputTokens
            if room < 0 { return .distantFuture }
            let hasRequests = health[slot].minute.requests(in: number) < traits.requestsPerMinute
            if !hasRequests || health[slot].minute.tokens(in: number) > room {
                return MinuteCounter.end(of: number, origin: minuteOrigin)
            }
        }
        return now < health[slot].account.until ? health[slot].account.shortage(tokens: inputTokens, at: now) : nil
    }
}
