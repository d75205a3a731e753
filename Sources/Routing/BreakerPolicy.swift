/// When a deployment rests, and for how long. LiteLLM's cooldown is the same with other thresholds: see `cooldown`.
public struct BreakerPolicy: Hashable, Sendable {
    /// Opens at this many counted faults within `window`; 1 ... 64.
    public var failureThreshold: Int
    public var window: Duration
    /// How long it rests before it is probed. Zero: never rests.
    public var cooldown: Duration
    /// False: an open breaker waits for an operator's `reset`.
    public var autoRecovery: Bool
    /// Faults that count towards the threshold.
    public var counts: FaultSet
    /// Faults that make it rest at once. `rate_limit` does so only where another deployment of the route could serve.
    public var restsAtOnce: FaultSet
    /// Opens when more than this share of the calls within `window` failed, from `minimumCalls` on. Nil: not asked.
    public var failureRatio: Double?
    public var minimumCalls: Int
    /// True when the deployment itself says `cooldown`: then it wins over the provider's Retry-After; else the provider wins.
    public var cooldownIsItsOwn: Bool
    /// The longest Retry-After believed.
    public var longestRetryAfter: Duration

    /// The deployment's doing, as opposed to the caller's.
    public static let deploymentsFaults = FaultSet(
        .rateLimit, .quotaExceeded, .serverError, .timeout, .unavailable, .auth, .notFound, .malformedReply)

    public init(
        failureThreshold: Int = 5, window: Duration = .seconds(120), cooldown: Duration = .seconds(60), autoRecovery: Bool = true,
        counts: FaultSet = BreakerPolicy.deploymentsFaults,
        restsAtOnce: FaultSet = FaultSet(.rateLimit, .quotaExceeded, .auth, .notFound),
        failureRatio: Double? = nil, minimumCalls: Int = 10, cooldownIsItsOwn: Bool = false, longestRetryAfter: Duration = .seconds(300)
    ) {
        self.failureThreshold = failureThreshold
        self.window = window
        self.cooldown = cooldown
        self.autoRecovery = autoRecovery
        self.counts = counts
        self.restsAtOnce = restsAtOnce
        self.failureRatio = failureRatio
        self.minimumCalls = minimumCalls
        self.cooldownIsItsOwn = cooldownIsItsOwn
        self.longestRetryAfter = longestRetryAfter
    }

    /// `allowed_fails` and `cooldown_time`: rests when the faults within the cooldown time exceed the number. Without `allowedFails`
    /// it rests when more than half of this minute's calls failed.
    public static func cooldown(allowedFails: Int?, time: Duration, isItsOwn: Bool = false) -> BreakerPolicy {
        var policy = BreakerPolicy(cooldown: time, cooldownIsItsOwn: isItsOwn)
        if let allowedFails {
            policy.failureThreshold = allowedFails + 1
            policy.window = time
        } else {
            policy.failureThreshold = 64
            policy.window = .seconds(60)
            policy.failureRatio = 0.5
        }
        return policy
    }

    public static let never = BreakerPolicy(cooldown: .zero, restsAtOnce: [])
}
