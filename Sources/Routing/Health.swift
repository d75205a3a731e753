/// What a router knows of one deployment by experience.
struct Health: Sendable {
    /// Who holds this place; an attempt of a former holder is not counted here.
    var stamp: Int
    var inFlight = 0
    var breaker: Breaker
    var latency = LatencyWindow()
    var firstByte = LatencyWindow()
    var measures = Measures()
    var minute = MinuteCounter()
    var account = AccountQuota()
    var successes = 0
    var faults = 0
    /// The last fault was that the account's quota is used up.
    var quotaExceeded = false
    /// How capable it was observed to be, 0 ... 1. Not a number: nothing was observed.
    var rating = Float.nan

    init(stamp: Int, policy: BreakerPolicy) {
        self.stamp = stamp
        breaker = Breaker(policy)
    }
}

/// A deployment's health at an instant, for metrics, readiness and the console.
public struct HealthReport: Hashable, Sendable {
    public enum State: String, Sendable {
        case closed, open
        case halfOpen = "half_open"

        /// The more, the worse.
        public var metric: Int {
            switch self {
            case .closed: 0
            case .halfOpen: 1
            case .open: 2
            }
        }
    }

    public let deployment: Deployment.ID
    public let name: String
    public let state: State
    /// Nil unless open; `Instant.distantFuture` waits for an operator.
    public let restsUntil: Instant?
    public let inFlight: Int
    /// Within the breaker's window. Nil without calls.
    public let errorRate: Double?
    /// Of whole answers, the last 64 within 15 minutes.
    public let latencyP50: Duration?
    public let latencyP95: Duration?
    public let firstByteP50: Duration?
    /// Since the router began to know the deployment.
    public let successes: Int
    public let faults: Int
}
