/// Why a request goes where it goes, by the code that sends it there.
public struct Explanation: Sendable {
    public struct Choice: Hashable, Sendable {
        public let deployment: Deployment.ID
        public let name: String
        /// Nil: it may serve.
        public let excludedBecause: Ineligibility?
        public let inFlight: Int
        public var isEligible: Bool { excludedBecause == nil }
    }

    public let tableVersion: Int
    public let route: String
    /// Strategies from the route's root to the parent of what was chosen.
    public let strategies: [String]
    /// In the order written, each deployment once.
    public let candidates: [Choice]
    public let step: Step
    /// Nil when nothing is attempted.
    public let chosen: Deployment.ID?
    public let reason: String
    /// The request's chance: a journey made with it decides the same on the same state.
    public let seed: UInt64
}

extension Router {
    /// What `next` would answer, and why. Nothing changes.
    public func explain(_ journey: Journey, at now: Instant) -> Explanation {
        var copy = self
        var walked = journey
        let step = copy.next(&walked, at: now)
        guard let generation = generation(of: journey.tableVersion) else {
            return Explanation(
                tableVersion: journey.tableVersion, route: "", strategies: [], candidates: [], step: step, chosen: nil,
                reason: "the table of this request was replaced", seed: walked.seed ?? 0)
        }
        let table = generations[generation].table
        let plan = table.plan
        let screen = Screen(journey, plan, plan.roots[walked.current].leaves)
        let candidates = table.deployments(of: walked.current).map { id in
            Explanation.Choice(
                deployment: id, name: table.deployments[id].name,
                excludedBecause: verdict(on: id, screen, walked, plan, generation, at: now),
                inFlight: health[generations[generation].slots[id]].inFlight)
        }
        var strategies: [String] = []
        var chosen: Deployment.ID?
        if case .attempt(let attempt) = step {
            chosen = attempt.deployment
            strategies = Self.strategies(above: attempt.leaf, plan)
        }
        return Explanation(
            tableVersion: table.version, route: table.routes[walked.current].name, strategies: strategies, candidates: candidates,
            step: step, chosen: chosen, reason: Self.reason(step, strategies, candidates, table), seed: walked.seed ?? 0)
    }

    private static func strategies(above leaf: Int, _ plan: Plan) -> [String] {
        var names: [String] = []
        var node = plan.nodes[plan.leaves[leaf].node].parent
        while node >= 0 {
            names.append(plan.pickers[plan.nodes[node].picker].name)
            node = plan.nodes[node].parent
        }
        return names.reversed()
    }

    private static func reason(_ step: Step, _ strategies: [String], _ candidates: [Explanation.Choice], _ table: RoutingTable) -> String {
        switch step {
        case .attempt(let attempt):
            let name = table.deployments[attempt.deployment].name
            if attempt.isPanic { return "all deployments rest; \(name) is the least bad" }
            if attempt.isProbe { return "\(name) has rested and is probed" }
            let eligible = candidates.count(where: \.isEligible)
            return "\(strategies.last ?? "the route") chose \(name) among \(eligible) eligible of \(candidates.count)"
        case .wait: return "everything that may be tried has failed; it is tried again after a wait"
        case .exhausted(let why):
            switch why.reason {
            case .noneEligible(let reason): return "no deployment may serve: the nearest to it \(reason)"
            case .attempts: return "all attempts failed"
            case .deadline: return "the deadline has passed"
            case .callersFault(let fault): return "the fault is the request's own: \(fault.name)"
            case .cancelled: return "the client went away"
            case .tableGone: return "the table of this request was replaced"
            }
        }
    }
}
