/// Chooses among children that may serve. It knows nothing of health: `Eligibility` removed what may not.
public protocol Strategy: Sendable {
    /// The name in settings.
    static var name: String { get }
    static var aliases: [String] { get }
    /// An index of `candidates`, which is never empty.
    mutating func pick(among candidates: [Candidate], facts: Facts, random: inout Random) -> Int
}

extension Strategy {
    public static var aliases: [String] { [] }
}

/// A child of a choice that may serve.
public struct Candidate: Hashable, Sendable {
    /// Which child it is: stable while siblings come and go.
    public var branch: Int
    /// Nil when the branch is a choice itself.
    public var deployment: Deployment.ID?
    /// Nil where nothing was said. The same holds for the two rates.
    public var weight: Double?
    public var requestsPerMinute: Int?
    public var tokensPerMinute: Int?
    /// In flight at the deployment; at the idlest eligible one where the branch is a choice.
    public var inFlight: Int

    public init(
        branch: Int, deployment: Deployment.ID? = nil, weight: Double? = nil, requestsPerMinute: Int? = nil, tokensPerMinute: Int? = nil,
        inFlight: Int = 0
    ) {
        self.branch = branch
        self.deployment = deployment
        self.weight = weight
        self.requestsPerMinute = requestsPerMinute
        self.tokensPerMinute = tokensPerMinute
        self.inFlight = inFlight
    }
}

/// The list of strategies. A new one is a file and a line here; it then runs through the shared laws.
public enum Strategies {
    /// Each as it is without settings of its own.
    public static let all: [any Strategy] = [
        Fallback(), Single(), Percentage(), Shuffle(), RoundRobin(), LeastBusy(),
    ]

    /// By name or alias. Nil: unknown, see `nearest(to:)`.
    public static func named(_ name: String) -> (any Strategy)? {
        all.first { type(of: $0).name == name || type(of: $0).aliases.contains(name) }
    }

    public static var names: [String] { all.map { type(of: $0).name } }

    /// What somebody who wrote `name` may have meant.
    public static func nearest(to name: String) -> String? {
        Nearest.name(to: name, among: all.flatMap { [type(of: $0).name] + type(of: $0).aliases })
    }
}
