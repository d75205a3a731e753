/// What `swiftlet bench` is to do.
public struct ComparisonPlan: Sendable {
    /// How often all is started anew.
    public var rounds = 3
    /// That each target gets for a figure in a round, in turns; large bodies get half.
    public var seconds = 4.0
    /// Names of targets; nil: all that are found but the slow ones.
    public var targets: [String]?
    /// The page that is written.
    public var output = "docs/benchmarks.md"
    /// One line of JSON per target and round, added at the end of this file.
    public var raw: String?
    public var withLiteLLM = false
    /// Target on one processor, load client and upstream on another.
    public var isPinned = true
    public var basePort: UInt16 = 21_000
    public var idleConnections = 10_000
    /// User instructions per request, counted elsewhere.
    public var instructions: Double?
    public var peers = ".venv/peers"
    public var litellm = ".venv/litellm"
    /// The folder with configurations and logs stays when done.
    public var keepsFolder = false

    public init() {}

    /// Rough numbers in a minute or two.
    public mutating func quicken() {
        rounds = 1
        seconds = 1
    }
}
