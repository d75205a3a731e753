extension Router {
    /// When a second attempt beside `attempt` may go out, if it has not begun to answer by then. Nil: it may not, by the route's policy,
    /// the request's nature or for want of measurements. Not before `now`.
    public mutating func hedgeTime(of attempt: Attempt, in journey: Journey, at now: Instant) -> Instant? {
        guard let generation = generation(of: attempt.tableVersion), isHedgeable(attempt, journey),
            let policy = generations[generation].plan.routes[attempt.route].hedge, let patience = patience(policy, attempt, journey, at: now)
        else { return nil }
        let time = attempt.started + max(patience, policy.notBefore)
        return time < attempt.deadline && time < journey.envelope.deadline ? max(time, now) : nil
    }

    /// The second attempt, begun like any other, or nil: it is too early, the share of hedges is used up, or nobody else can serve in
    /// plain good health. The two run until both are recorded: the loser as `.cancelled`. When one fails, `next` waits for the other.
    public mutating func hedge(_ journey: inout Journey, beside attempt: Attempt, at now: Instant) -> Attempt? {
        guard let time = hedgeTime(of: attempt, in: journey, at: now), time <= now, let generation = generation(of: attempt.tableVersion)
        else { return nil }
        let plan = generations[generation].plan
        let name = plan.routes[attempt.route].name
        guard let policy = plan.routes[attempt.route].hedge, reliability.mayHedge(name, policy),
            reliability.hasRetryToken(plan.retryBucket, at: now)
        else { return nil }
        let leaves = others(than: attempt, journey, policy, plan, generation, at: now)
        guard !leaves.isEmpty else { return nil }
        let leaf = descend(from: plan.roots[journey.current].node, gathered: false, leaves, &journey, plan, generation, at: now)
        reliability.hedged(name)
        note(.hedge, journey, from: attempt.deployment, to: plan.leaves[leaf].deployment, plan, at: now)
        var second = self.attempt(at: leaf, &journey, plan, generation, panic: false, hedge: true, at: now)
        second.isHedge = true
        journey.race = Journey.Race(attempt, second)
        journey.isRacing = true
        return second
    }

    /// One that runs alone and may be asked twice.
    private func isHedgeable(_ attempt: Attempt, _ journey: borrowing Journey) -> Bool {
        !journey.facts.hasSideEffects && !journey.cancelled && !journey.answered && !journey.unanswered && !journey.isRacing
            && !attempt.isHedge && attempt.number == journey.attempts && attempt.route == journey.current
            && journey.attempts < journey.envelope.maxAttempts
    }

    private mutating func patience(_ policy: HedgePolicy, _ attempt: Attempt, _ journey: borrowing Journey, at now: Instant) -> Duration? {
        switch policy.trigger {
        case .after(let duration): return duration
        case .p95:
            guard attempt.slot < health.count, health[attempt.slot].stamp == attempt.stamp else { return nil }
            let recent = quantiles(of: attempt.slot, at: now)
            guard recent.calls >= HedgePolicy.leastSamples else { return nil }
            return journey.facts.needs.contains(.streaming) ? recent.firstByteP95 : recent.latencyP95
        }
    }

    /// Leaves that may serve beside `attempt`: other deployments, never tried, with a closed breaker, and cheap enough.
    private mutating func others(
        than attempt: Attempt, _ journey: borrowing Journey, _ policy: HedgePolicy, _ plan: Plan, _ generation: Int, at now: Instant
    ) -> LeafSet {
        let first = plan.roots[journey.current].leaves.lowerBound
        let eligible = eligibleLeaves(journey, plan, generation, at: now)
        var leaves = LeafSet()
        for leaf in plan.roots[journey.current].leaves where eligible.contains(leaf - first) {
            let id = plan.leaves[leaf].deployment
            guard id != attempt.deployment, isWell(id, journey, generation, at: now) else { continue }
            if let cap = policy.maxCost, plan.prices[id].map({ $0.cost(ofTokens: journey.facts) > cap }) ?? true { continue }
            leaves.insert(leaf - first)
        }
        return leaves
    }
}
