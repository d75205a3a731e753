/// Routes as flat arrays: nodes, children and leaves by index. The leaves under a node are contiguous, so "has it any left?" is a
/// subtraction of two prefix sums.
struct CompiledTree: Sendable {
    struct Node: Sendable {
        /// -1 for a leaf.
        var picker: Int
        var kind = Picker.Kind.first
        var countsFlights = false
        var measure = Measure.nothing
        /// Of a choice by complexity, in `minds`; -1 for others.
        var mind = -1
        /// Into `children`; for a leaf the lower bound is its index in `leaves`.
        var children: Range<Int>
        var leaves: Range<Int>
        /// -1 at a root.
        var parent: Int
        /// Which child of its parent it is.
        var branch: Int
    }

    struct Child: Sendable {
        var node: Int
        /// Those under `node`, again: one load less.
        var leaves: Range<Int>
        /// After which faults of a sibling it may be entered.
        var on: FaultSet
        /// All but `inFlight`, which changes.
        var candidate: Candidate
    }

    struct Leaf: Sendable {
        var deployment: Deployment.ID
        var node: Int
        /// -1: not said.
        var maxRetries: Int
        /// Nanoseconds; 0: not said.
        var timeout: Int64
        /// Of the named routes around it, the innermost that says one.
        var routeTimeout: Int64
        /// The first in its route that is this deployment.
        var isFirst: Bool
    }

    struct Root: Sendable {
        var node: Int
        var leaves: Range<Int>
        /// More than one deployment: a rate limit may rest one of them at once.
        var hasSiblings: Bool
        var fallbacks: [Route.ID]
        var contextWindowFallbacks: [Route.ID]
        var contentPolicyFallbacks: [Route.ID]
        /// Where it goes when all is well: the leaves below the first choice that is not a matter of order.
        var primary: Range<Int>
        /// Of conditional choices.
        var gates: [Gate] = []
        var blocks: [Block] = []
    }

    var nodes: [Node] = []
    var children: [Child] = []
    var leaves: [Leaf] = []
    /// What is said of them, by the same index; apart from them, for a decision does not ask.
    var options: [LeafOptions] = []
    /// By `Route.ID`.
    var roots: [Root] = []
    /// As they start out; a router holds the moving ones. A named route that stands in several trees has one state.
    var pickers: [Picker] = []
    /// Of choices by complexity, as they start out too.
    var minds: [MindPlan] = []
    /// Of gates and rules.
    var conditions = ConditionTests()
}
