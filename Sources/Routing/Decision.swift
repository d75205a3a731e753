/// Why a request's first attempt went where it went: what a decision record holds. Numbers, not names: `DecisionNames` of the same
/// table version knows those, and making a decision costs one allocation.
public struct Decision: Hashable, Sendable {
    public struct Candidate: Hashable, Sendable {
        public var deployment: Deployment.ID
        /// Nil: it may serve.
        public var excludedBecause: Ineligibility?
        /// As its strategy measured it, the less the better. Nil: not measured.
        public var score: Float?
        public var isEligible: Bool { excludedBecause == nil }

        public init(deployment: Deployment.ID, excludedBecause: Ineligibility? = nil, score: Float? = nil) {
            self.deployment = deployment
            self.excludedBecause = excludedBecause
            self.score = score
        }
    }

    public enum Reason: UInt8, Hashable, Sendable {
        case strategy, probe, panic, wait, callersFault, noneEligible, attempts, deadline, cancelled, tableGone, retryStorm
    }

    public var tableVersion = 0
    /// A journey made with it decides the same on the same state.
    public var seed: UInt64 = 0
    public var policy: Int?
    /// The route asked for.
    public var entry: Route.ID = 0
    /// The route decided in: another than `entry` when that could not serve at all.
    public var route: Route.ID = 0
    /// Why `entry` could not serve.
    public var leftBecause: Ineligibility?
    public var candidates: [Candidate] = []
    public var chosen: Deployment.ID?
    public var reason = Reason.strategy
    /// The place of what was chosen in the compiled tree; names its strategies. -1: none.
    var leaf = -1

    public init() {}
}
