import Routing

/// Who asks, how often and how patiently.
public struct Traffic: Sendable {
    /// On average; arrivals are independent of each other.
    public var requestsPerSecond: Double
    public var duration: Duration
    /// From a request's arrival to its deadline.
    public var patience: Duration
    /// The share of clients that go away before the answer, at a random moment within `patience` divided by ten.
    public var leaving: Double
    public var maxAttempts: Int

    public init(
        requestsPerSecond: Double = 20, duration: Duration = .seconds(120), patience: Duration = .seconds(60), leaving: Double = 0,
        maxAttempts: Int = 10
    ) {
        self.requestsPerSecond = requestsPerSecond
        self.duration = duration
        self.patience = patience
        self.leaving = leaving
        self.maxAttempts = maxAttempts
    }

    func gap(_ random: inout Random) -> Duration { .nanoseconds(Int64(random.exponential() / requestsPerSecond * 1e9)) }

    func facts(_ random: inout Random) -> Facts {
        Facts(
            inputTokens: random.below(4000), outputTokens: random.below(1000), session: Random.mix(UInt64(random.below(200))),
            user: Random.mix(UInt64(random.below(50))), key: Random.mix(UInt64(random.below(5))))
    }

    /// When the client goes away; nil: it stays.
    func departure(_ random: inout Random) -> Duration? {
        guard leaving > 0, random.unit() < leaving else { return nil }
        return .nanoseconds(Int64(random.unit() * Double(patience.nanoseconds) / 10))
    }
}
