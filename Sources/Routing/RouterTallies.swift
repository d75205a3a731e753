/// What routing did for its users since the router began: the figures of a console, each nothing until there is something to tell.
public struct RouterTallies: Hashable, Sendable {
    /// First attempts.
    public var requests = 0
    /// Answered by another deployment than the route's primary one.
    public var autoRouted = 0
    /// Attempts at another deployment after a fault, within a route.
    public var failovers = 0
    /// Moves to a fallback route.
    public var fallbacks = 0
    public var repeats = 0
    public var hedges = 0
    /// Hedges that answered before what they stood beside.
    public var hedgesWon = 0
    /// Further attempts that the retry bucket held back.
    public var heldBack = 0
    /// Requests that left a provider for another, by the provider left.
    public var movesByProvider: [String: Int] = [:]
    /// What the primary would have cost more for the same tokens, summed where it is positive.
    public var saved = Nanodollars.zero
    /// Of auto-routed requests whose primary had a latency to compare with.
    public var compared = 0
    /// The primary's median minus what it took, summed: negative when leaving it made things slower.
    public var latencyGained = Duration.zero

    public init() {}

    /// Nil: not recorded yet. The same holds for the latency.
    public var costSaved: Nanodollars? { autoRouted == 0 ? nil : saved }
    public var meanLatencyGained: Duration? { compared == 0 ? nil : latencyGained / compared }
}
