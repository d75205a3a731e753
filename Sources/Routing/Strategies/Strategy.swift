import Schema

/// Chooses among children that may serve. It knows nothing of health: `Eligibility` removed what may not.
public protocol Strategy: Sendable {
    /// The name in settings.
    static var name: String { get }
    static var aliases: [String] { get }
    /// What it wants to know of each candidate.
    var measure: Measure { get }
    /// An index of `candidates`, which is never empty.
    mutating func pick(among candidates: [Candidate], facts: Facts, random: inout Random) -> Int
}

extension Strategy {
    public static var aliases: [String] { [] }
    public var measure: Measure { .nothing }
}

/// A child of a choice that may serve. Small, for it is made anew on every decision.
public struct Candidate: Hashable, Sendable {
    private var branchNumber: Int32
    private var deploymentNumber: Int32
    private var requests: Int32
    private var flights: Int32
    private var tokens: Int64
    private var share: Double
    /// As its strategy's `measure` asks. Not a number: not measured, and worth a try.
    public internal(set) var value = Double.nan
    /// For `auto`: as `value`; 0 ... 1 where the deployment says one; what its price suggests.
    var latency = Float.nan
    var quality = Float.nan
    var rank = Float.nan

    public init(
        branch: Int, deployment: Deployment.ID? = nil, weight: Double? = nil, requestsPerMinute: Int? = nil, tokensPerMinute: Int? = nil,
        inFlight: Int = 0, value: Double? = nil
    ) {
        branchNumber = Int32(clamping: branch)
        deploymentNumber = Int32(clamping: deployment ?? -1)
        requests = Int32(clamping: requestsPerMinute ?? -1)
        flights = Int32(clamping: inFlight)
        tokens = Int64(tokensPerMinute ?? -1)
        share = weight ?? -1
        self.value = value ?? .nan
    }

    /// Which child it is: stable while siblings come and go.
    public var branch: Int { Int(branchNumber) }
    /// Nil when the branch is a choice itself.
    public var deployment: Deployment.ID? { deploymentNumber < 0 ? nil : Int(deploymentNumber) }
    /// Nil where nothing was said. The same holds for the two rates.
    public var weight: Double? { share < 0 ? nil : share }
    public var requestsPerMinute: Int? { requests < 0 ? nil : Int(requests) }
    public var tokensPerMinute: Int? { tokens < 0 ? nil : Int(tokens) }
    public var isMeasured: Bool { !value.isNaN }
    /// In flight at the deployment; at the idlest eligible one where the branch is a choice.
    public internal(set) var inFlight: Int {
        get { Int(flights) }
        set { flights = Int32(clamping: newValue) }
    }
}

/// The list of strategies. A new one is a file and a line here; it then runs through the shared laws.
public enum Strategies {
    /// Each as it is without settings of its own.
    public static let all: [any Strategy] = [
        Fallback(), Single(), Percentage(), Shuffle(), RoundRobin(), LeastBusy(), Even(), LowestUsage(), UsageWithinLimits(), Fastest(),
        Cheapest(), MostReliable(), HighestThroughput(), FewestRequests(), Nearest(), Auto(), Intelligent(),
    ]

    /// By name or alias, or as vLLora calls what is optimised. Nil: unknown, see `nearest(to:)`.
    public static func named(_ name: String) -> (any Strategy)? {
        if name == "ttft" { return Fastest(by: .firstToken) }
        return all.first { type(of: $0).name == name || type(of: $0).aliases.contains(name) }
    }

    /// What vLLora's `optimized` optimises by a metric (its strategy/metric.rs, read 2026-11), and the names of older pages.
    public static func optimizing(_ metric: String, window: MeasureWindow = .total) -> (any Strategy)? {
        switch metric {
        case "requests": FewestRequests(window: window)
        case "latency": Fastest(by: .whole, window: window)
        case "ttft": Fastest(by: .firstToken, window: window)
        case "tps", "throughput": HighestThroughput(window: window)
        case "error_rate", "success_rate": MostReliable(window: window)
        case "cost", "price": Cheapest()
        default: nil
        }
    }

    public static var names: [String] { all.map { type(of: $0).name } }

    /// What somebody who wrote `name` may have meant.
    public static func nearest(to name: String) -> String? {
        Spelling.nearest(to: name, among: all.flatMap { [type(of: $0).name] + type(of: $0).aliases })
    }
}
