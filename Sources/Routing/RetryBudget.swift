/// How many attempts beyond the first a whole gateway makes: a token bucket that first attempts and time fill, and that repeats,
/// failovers and fallbacks empty.
///
/// When everything fails, every request would otherwise multiply the load on what is left. With the bucket empty nothing is repeated,
/// nothing that rests is tried in panic, and a request gets one further attempt at most, only at a deployment in plain good health
/// (breaker closed, at most a tenth of its recent calls failed): moving away from a single sick deployment never stops, and a sick
/// fleet gets no more than one attempt for each request.
public struct RetryBucket: Hashable, Sendable {
    /// Tokens that each first attempt adds: 0.2 are 20 further attempts for 100 requests.
    public var share: Double
    /// Tokens that come with time, so that little traffic is never short of them.
    public var perSecond: Double
    /// What the bucket holds, and begins with. Zero: no bucket, attempts are bounded for each request alone.
    public var burst: Int

    public init(share: Double = 0.2, perSecond: Double = 10, burst: Int = 100) {
        self.share = share
        self.perSecond = perSecond
        self.burst = burst
    }

    public static let unlimited = RetryBucket(share: 0, perSecond: 0, burst: 0)
}

/// What a policy has spent of its monthly repeats. Kept by whoever restarts the router.
public struct RetrySpending: Hashable, Sendable {
    /// `RetryPolicy.budgetName`.
    public var name: String
    /// As `Router.setMonth` said it.
    public var month: Int
    public var used: Int

    public init(name: String, month: Int, used: Int) {
        self.name = name
        self.month = month
        self.used = used
    }
}
