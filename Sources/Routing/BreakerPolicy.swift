/// When a deployment rests, and for how long. LiteLLM's cooldown is the same with other thresholds: see `cooldown`.
public struct BreakerPolicy: Hashable, Sendable {
    /// Opens at this many counted faults within `window`; 1 ... 64. Zero: their number is not asked.
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
    /// Opens when more than this share of the calls within `window` failed, from `minimumCalls` on, if another deployment of the route
    /// could serve. Nil: not asked.
    public var failureRatio: Double?
    public var minimumCalls: Int
    /// The same for a deployment that is alone in its route: it rests when this many calls within `window` failed and none went well.
    public var loneFaults: Int
    /// How many faults of a class are borne within `window`; by `Fault.rawValue`. See `allow(_:of:)`.
    private var allowances: [Int?] = []
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
        failureRatio: Double? = nil, minimumCalls: Int = 10, loneFaults: Int = 1_000, cooldownIsItsOwn: Bool = false,
        longestRetryAfter: Duration = .seconds(300)
    ) {
        self.failureThreshold = failureThreshold
        self.window = window
        self.cooldown = cooldown
        self.autoRecovery = autoRecovery
        self.counts = counts
        self.restsAtOnce = restsAtOnce
        self.failureRatio = failureRatio
        self.minimumCalls = minimumCalls
        self.loneFaults = loneFaults
        self.cooldownIsItsOwn = cooldownIsItsOwn
        self.longestRetryAfter = longestRetryAfter
    }

    /// `allowed_fails_policy`: a deployment bears `count` faults of a class within `window` and rests at the next. The class is counted
    /// by itself then, whether it otherwise counts or not, and makes nothing rest at once. 0 ... 63.
    public mutating func allow(_ count: Int, of fault: Fault) {
        if allowances.isEmpty { allowances = Array(repeating: nil, count: Fault.allCases.count) }
        allowances[Int(fault.rawValue)] = count
    }

    public func allowed(of fault: Fault) -> Int? { allowances.isEmpty ? nil : allowances[Int(fault.rawValue)] }

    /// What one has counted is true for the other.
    func countsLike(_ other: BreakerPolicy) -> Bool {
        window == other.window && failureThreshold == other.failureThreshold && allowances == other.allowances
    }

    /// Numbers out of range, for a table's problems.
    var hasBadAllowance: Bool { allowances.contains { $0.map { !(0...63 ~= $0) } ?? false } }

    /// `allowed_fails` and `cooldown_time`, as LiteLLM has them (router documentation and source, read 2026-11).
    ///
    /// With `allowedFails` a deployment rests when its faults within the cooldown time exceed the number; a wrong key or an unknown
    /// model rest it at once all the same, for they do not mend by trying. Without: at once for a rate limit where another could serve,
    /// a wrong key, an unknown model; else when more than half of this minute's calls failed and another could serve, or when it is
    /// alone and all of a thousand did. What could not be reached does not count then: a connection that fails costs nothing.
    public static func cooldown(allowedFails: Int?, time: Duration, isItsOwn: Bool = false) -> BreakerPolicy {
        var policy = BreakerPolicy(cooldown: time, cooldownIsItsOwn: isItsOwn)
        if let allowedFails {
            policy.failureThreshold = allowedFails + 1
            policy.window = max(time, .nanoseconds(1))
            policy.restsAtOnce = FaultSet(.auth, .notFound)
        } else {
            policy.failureThreshold = 0
            policy.window = .seconds(60)
            policy.failureRatio = 0.5
            policy.minimumCalls = 5
            policy.counts = deploymentsFaults.subtracting(FaultSet(.unavailable))
        }
        return policy
    }

    public static let never = BreakerPolicy(cooldown: .zero, restsAtOnce: [])
}
