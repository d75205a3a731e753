/// A second attempt beside one that is slow; the first to answer wins. It buys latency with money, so its share is capped.
///
/// Requests with side effects are never hedged: see `Facts.hasSideEffects`.
public struct HedgePolicy: Hashable, Sendable {
    public enum Trigger: Hashable, Sendable {
        /// When the deployment is slower than in 95 of 100 of its recent calls. With fewer than `leastSamples` of them: never.
        case p95
        case after(Duration)
    }

    /// Recent calls without which a 95th percentile means nothing.
    public static let leastSamples = 20

    public var trigger: Trigger
    /// Never sooner than this, however fast the deployment usually is.
    public var notBefore: Duration
    /// Hedges for each request of the route, at most: 0.05 are five in a hundred.
    public var maxShare: Double
    /// Hedges that may follow one another at once after a quiet time.
    public var burst: Int
    /// What the second attempt may cost by its estimate. Nil: the request's own cap alone counts.
    public var maxCost: Nanodollars?

    public init(
        trigger: Trigger = .p95, notBefore: Duration = .milliseconds(50), maxShare: Double = 0.05, burst: Int = 5,
        maxCost: Nanodollars? = nil
    ) {
        self.trigger = trigger
        self.notBefore = notBefore
        self.maxShare = maxShare
        self.burst = burst
        self.maxCost = maxCost
    }
}
