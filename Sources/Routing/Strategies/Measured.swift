/// The fewest tokens within this minute of UTC; equals fall at random.
public struct LowestUsage: MeasuredStrategy {
    public static let name = "usage"
    public static let aliases = ["usage-based-routing"]
    public var wanted: Measure { Measure(.tokens) }

    public init() {}
}

/// As `usage`. What LiteLLM's second version added, that a request counts before its call and that limits hold exactly, holds here for
/// every strategy: a deployment over its requests or tokens per minute is no candidate.
public struct UsageWithinLimits: MeasuredStrategy {
    public static let name = "usage_v2"
    public static let aliases = ["usage-based-routing-v2"]
    public var wanted: Measure { Measure(.tokens) }

    public init() {}
}

/// The lowest mean latency of late.
public struct Fastest: MeasuredStrategy {
    public static let name = "latency"
    public static let aliases = ["latency-based-routing", "least_latency"]

    public enum Time: Sendable {
        /// To the first token of a request that streams, for a token of the answer otherwise.
        case asAsked
        case firstToken, perToken, whole
    }

    public var time: Time
    public var window: MeasureWindow
    /// Chance decides among those who are slower than the fastest by at most this share.
    public var buffer: Double

    public init(by time: Time = .asAsked, window: MeasureWindow = .quarterHour, buffer: Double = 0) {
        self.time = time
        self.window = window
        self.buffer = buffer
    }

    public var wanted: Measure {
        let kind: Measure.Kind =
            switch time {
            case .asAsked: .latency
            case .firstToken: .firstToken
            case .perToken: .perToken
            case .whole: .whole
            }
        return Measure(kind, window: window, buffer: buffer)
    }
}

/// The cheapest for this request's estimated tokens; who has no price comes last.
public struct Cheapest: MeasuredStrategy {
    public static let name = "cost"
    public static let aliases = ["cost-based-routing", "lowest_cost"]
    public var wanted: Measure { Measure(.cost) }

    public init() {}
}

/// The highest share of calls that the deployment answered. The caller's own mistakes do not count.
public struct MostReliable: MeasuredStrategy {
    public static let name = "success_rate"
    public static let aliases = ["error_rate"]
    public var window: MeasureWindow
    public var buffer: Double
    public var wanted: Measure { Measure(.successRate, window: window, buffer: buffer) }

    public init(window: MeasureWindow = .quarterHour, buffer: Double = 0) {
        self.window = window
        self.buffer = buffer
    }
}

/// The most tokens a second.
public struct HighestThroughput: MeasuredStrategy {
    public static let name = "throughput"
    public static let aliases = ["tps"]
    public var window: MeasureWindow
    public var buffer: Double
    public var wanted: Measure { Measure(.throughput, window: window, buffer: buffer) }

    public init(window: MeasureWindow = .quarterHour, buffer: Double = 0) {
        self.window = window
        self.buffer = buffer
    }
}

/// The fewest requests: vLLora's metric of that name.
public struct FewestRequests: MeasuredStrategy {
    public static let name = "requests"
    public var window: MeasureWindow
    public var wanted: Measure { Measure(.requests, window: window) }

    public init(window: MeasureWindow = .total) { self.window = window }
}

/// The deployment nearest to the caller; equals in their order. Callers from nowhere take the first.
public struct Nearest: MeasuredStrategy {
    public static let name = "geographic"
    public static let aliases = ["geo", "nearest"]
    public var wanted: Measure { Measure(.distance) }

    public init() {}
}
