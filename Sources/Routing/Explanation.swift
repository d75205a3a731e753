/// Why a request goes where it goes, by the code that sends it there.
public struct Explanation: Sendable {
    public struct Choice: Hashable, Sendable {
        public let deployment: Deployment.ID
        public let name: String
        /// Nil: it may serve.
        public let excludedBecause: Ineligibility?
        /// As its strategy measured it. Nil: not measured.
        public let score: Float?
        public let inFlight: Int
        public var isEligible: Bool { excludedBecause == nil }
    }

    public let decision: Decision
    public let step: Step
    public let route: String
    /// Strategies from the route's root to the parent of what was chosen.
    public let strategies: [String]
    /// In the order written, each deployment once.
    public let candidates: [Choice]
    /// Of the candidates, where the route looks at what providers remember of the prompt.
    public internal(set) var warmths: [Warmth] = []
    /// Of the choice alone.
    public let reason: String
    /// The whole as a sentence.
    public let text: String

    public var tableVersion: Int { decision.tableVersion }
    /// Nil when nothing is attempted.
    public var chosen: Deployment.ID? { decision.chosen }
    /// The request's chance: a journey made with it decides the same on the same state.
    public var seed: UInt64 { decision.seed }
}

extension Router {
    /// What `next` would answer, and why. Nothing changes.
    public func explain(_ journey: Journey, at now: Instant) -> Explanation {
        var copy = self
        var walked = journey
        walked.keepsDecision = true
        walked.decided = Decision()
        walked.isDecided = false
        let step = copy.next(&walked, at: now)
        guard let generation = generation(of: journey.tableVersion), var decision = walked.decision else {
            var decision = Decision()
            decision.tableVersion = journey.tableVersion
            decision.seed = walked.seed ?? 0
            decision.reason = .tableGone
            return Explanation(
                decision: decision, step: step, route: "", strategies: [], candidates: [], reason: decision.reason.text,
                text: decision.reason.text)
        }
        let table = generations[generation].table
        if decision.candidates.isEmpty { decision.candidates = candidates(walked, table.plan, generation, at: now) }
        let names = DecisionNames(table)
        let choices = decision.candidates.map { candidate in
            Explanation.Choice(
                deployment: candidate.deployment, name: names.deployment(candidate.deployment), excludedBecause: candidate.excludedBecause,
                score: candidate.score, inFlight: health[generations[generation].slots[candidate.deployment]].inFlight)
        }
        var explanation = Explanation(
            decision: decision, step: step, route: names.route(decision.route), strategies: names.strategies(of: decision),
            candidates: choices, reason: decision.choice(names), text: decision.text(names))
        if table.plan.routes[walked.current].prefersWarm {
            explanation.warmths = warmths(of: decision.candidates.map(\.deployment), walked.facts, table.plan, at: now)
        }
        return explanation
    }

    /// For a step that was taken without looking at them: a wait, a deadline.
    private func candidates(_ journey: Journey, _ plan: Plan, _ generation: Int, at now: Instant) -> [Decision.Candidate] {
        let leaves = plan.roots[journey.current].leaves
        let screen = Screen(journey, plan, leaves)
        return leaves.filter { plan.leaves[$0].isFirst }.map { leaf in
            let id = plan.leaves[leaf].deployment
            return Decision.Candidate(deployment: id, excludedBecause: verdict(on: id, screen, journey, plan, generation, at: now))
        }
    }
}
