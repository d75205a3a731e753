/// The bounds of one request, across repeats, failovers, fallbacks and nested routes together.
public struct Envelope: Hashable, Sendable {
    public var maxAttempts: Int
    /// Never passed: no attempt and no wait reaches beyond it.
    public var deadline: Instant
    /// All waits together.
    public var maxWaiting: Duration
    /// Deployments whose estimated cost for this request exceeds it are not tried. Nil: no cap.
    public var maxCost: Nanodollars?

    public init(
        maxAttempts: Int = 10, deadline: Instant = .distantFuture, maxWaiting: Duration = .seconds(30), maxCost: Nanodollars? = nil
    ) {
        self.maxAttempts = maxAttempts
        self.deadline = deadline
        self.maxWaiting = maxWaiting
        self.maxCost = maxCost
    }
}
