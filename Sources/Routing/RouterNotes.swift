/// What the router notes on its way: events, figures, and what the fleet's budgets of attempts allow.
extension Router {
    // MARK: The retry bucket

    /// Asked before every further attempt. With the bucket empty a request gets one, at a deployment in good health.
    mutating func isHeldBack(_ journey: inout Journey, _ plan: Plan, at now: Instant) -> Bool {
        journey.isLean = !reliability.hasRetryToken(plan.retryBucket, at: now)
        return journey.isLean && journey.wasLean
    }

    /// The end of a request that may not go on because too many others do.
    mutating func heldBack(_ journey: borrowing Journey, _ plan: Plan, at now: Instant) -> Step {
        switch journey.lastFault {
        case .badRequest?, .contextWindow?, .contentPolicy?: return journey.exhausted(.callersFault(journey.lastFault ?? .badRequest))
        default: break
        }
        if reliability.heldBack() {
            reliability.events.add(
                RouterEvent(at: now, kind: .retryStorm, ticket: journey.ticket, route: plan.routes[journey.route].name, fault: journey.lastFault))
        }
        return journey.exhausted(.retryStorm, retryAfter: journey.retryAfter)
    }

    /// Plain good health: never tried by this request, not resting, at most a tenth of its recent calls failed.
    func isWell(_ id: Deployment.ID, _ journey: borrowing Journey, _ generation: Int, at now: Instant) -> Bool {
        guard journey.index(ofTried: id) == nil else { return false }
        let slot = generations[generation].slots[id]
        return health[slot].breaker.state == .closed && health[slot].breaker.errorRate(at: now) ?? 0 <= 0.1
    }

    /// A repeat is about to be waited for.
    mutating func pay(for retry: RetryPolicy, _ journey: borrowing Journey, _ plan: Plan, at now: Instant) {
        guard reliability.repeated(retry) else { return }
        reliability.events.add(
            RouterEvent(
                at: now, kind: .retryBudgetSpent, ticket: journey.ticket, route: plan.routes[journey.current].name, policy: retry.budgetName,
                number: retry.monthlyBudget))
    }

    // MARK: Attempts

    /// An attempt at `leaf` is about to be counted.
    mutating func began(at leaf: Int, _ journey: inout Journey, _ plan: Plan, panic: Bool, hedge: Bool, at now: Instant) {
        let id = plan.leaves[leaf].deployment
        if journey.envelope.maxCost != nil, let price = plan.prices[id] {
            journey.spent = journey.spent + price.cost(ofTokens: journey.facts)
        }
        if hedge { return }
        if journey.attemptsHere == 0, let hedge = plan.routes[journey.current].hedge {
            reliability.fillHedges(of: plan.routes[journey.current].name, hedge)
        }
        if journey.attempts == 0 {
            reliability.firstAttempt(plan.retryBucket)
            if journey.primary == nil {
                let usual = plan.roots[journey.route].primary
                journey.primary = usual.contains(leaf) ? id : plan.leaves[usual.lowerBound].deployment
            }
            for index in journey.ruleHits.indices { ruled(index, journey, plan, to: id, at: now) }
        } else {
            if journey.isLean { journey.wasLean = true } else { reliability.takeRetryToken() }
            if journey.attemptsHere > 0, id != journey.lastDeployment { failedOver(journey, to: id, plan, at: now) }
        }
        if panic { note(.panic, journey, from: nil, to: id, plan, at: now) }
    }

    private mutating func failedOver(_ journey: borrowing Journey, to id: Deployment.ID, _ plan: Plan, at now: Instant) {
        reliability.tallies.failovers += 1
        let last = journey.lastDeployment
        if last >= 0, plan.deployments[last].provider != plan.deployments[id].provider { moved(from: last, plan) }
        note(.failover, journey, from: last, to: id, plan, at: now)
    }

    private mutating func moved(from id: Deployment.ID, _ plan: Plan) {
        reliability.tallies.movesByProvider[plan.deployments[id].provider, default: 0] += 1
    }

    mutating func note(
        _ kind: RouterEvent.Kind, _ journey: borrowing Journey, from: Deployment.ID?, to: Deployment.ID, _ plan: Plan, at now: Instant
    ) {
        let from = from.flatMap { $0 < 0 ? nil : plan.deployments[$0].name }
        reliability.events.add(
            RouterEvent(
                at: now, kind: kind, ticket: journey.ticket, route: plan.routes[journey.current].name, from: from,
                to: plan.deployments[to].name, fault: journey.lastFault, number: journey.attempts + 1))
    }

    /// A rule was hit: before the first attempt, which goes to deployment `to`, or after one that failed.
    mutating func ruled(_ index: Int, _ journey: borrowing Journey, _ plan: Plan, to id: Deployment.ID? = nil, at now: Instant) {
        let hit = journey.ruleHits[index]
        var event = RouterEvent(
            at: now, kind: .rule, ticket: journey.ticket, route: plan.routes[journey.current].name, fault: hit.after,
            policy: plan.policies.indices.contains(hit.policy) ? plan.policies[hit.policy].name : nil, rule: hit.name,
            number: journey.attempts + 1)
        if hit.after != nil, journey.lastDeployment >= 0 {
            event.from = plan.deployments[journey.lastDeployment].name
            if hit.route != nil { moved(from: journey.lastDeployment, plan) }
        }
        event.to = id.map { plan.deployments[$0].name } ?? hit.actions.route
        reliability.events.add(event)
    }

    /// The journey leaves its route for another. `blocked` says why, where nothing was tried in it.
    mutating func fellBack(_ journey: borrowing Journey, to route: Route.ID, _ plan: Plan, _ blocked: Ineligibility?, at now: Instant) {
        if journey.wantsDecision, notedLeaving == nil { notedLeaving = blocked }
        reliability.tallies.fallbacks += 1
        let last = journey.attemptsHere > 0 ? journey.lastDeployment : plan.leaves[plan.roots[journey.current].primary.lowerBound].deployment
        moved(from: last, plan)
        reliability.events.add(
            RouterEvent(
                at: now, kind: .fallback, ticket: journey.ticket, route: plan.routes[journey.current].name, from: plan.deployments[last].name,
                to: plan.routes[route].name, fault: journey.attemptsHere > 0 ? journey.lastFault : nil, number: journey.attempts + 1))
    }

    /// The request has its answer.
    mutating func served(_ attempt: Attempt, _ journey: inout Journey, total: Duration, outputTokens: Int, at now: Instant) {
        if attempt.isHedge, !journey.answered { reliability.tallies.hedgesWon += 1 }
        journey.answered = true
        guard let primary = journey.primary, primary != attempt.deployment, let generation = generation(of: attempt.tableVersion) else { return }
        reliability.tallies.autoRouted += 1
        let plan = generations[generation].plan
        if let usual = plan.prices[primary], let paid = plan.prices[attempt.deployment] {
            var usage = Usage()
            usage.input = Int64(journey.facts.inputTokens)
            usage.output = Int64(outputTokens)
            let difference = usual.cost(of: usage).amount - paid.cost(of: usage).amount
            if difference > 0 { reliability.tallies.saved = reliability.tallies.saved + Nanodollars(difference) }
        }
        if let median = quantiles(of: generations[generation].slots[primary], at: now).latencyP50 {
            reliability.tallies.compared += 1
            reliability.tallies.latencyGained += median - total
        }
    }

    /// What a provider refused at its door it does not charge.
    func refund(_ attempt: Attempt, after fault: Fault, _ journey: inout Journey) {
        guard journey.envelope.maxCost != nil, let generation = generation(of: attempt.tableVersion) else { return }
        switch fault {
        case .rateLimit, .quotaExceeded, .auth, .notFound, .contextWindow, .contentPolicy, .badRequest:
            guard let price = generations[generation].plan.prices[attempt.deployment] else { return }
            let cost = price.cost(ofTokens: journey.facts)
            journey.spent = Nanodollars(max(0, journey.spent.amount - cost.amount))
        case .serverError, .timeout, .unavailable, .malformedReply, .cancelled: return
        }
    }

    // MARK: Breakers

    mutating func breakerTurned(_ kind: RouterEvent.Kind, of id: Deployment.ID, _ plan: Plan, ticket: UInt64, at now: Instant) {
        reliability.events.add(RouterEvent(at: now, kind: kind, ticket: ticket, from: plan.deployments[id].name))
    }

    /// `attempt` ended with `outcome`, and that turned its deployment's breaker.
    mutating func breakerChanged(_ outcome: Outcome, _ attempt: Attempt, at now: Instant) {
        guard let generation = generation(of: attempt.tableVersion) else { return }
        let breaker = health[attempt.slot].breaker
        var event = RouterEvent(
            at: now, kind: breaker.state == .open ? .breakerOpened : .breakerClosed,
            from: generations[generation].plan.deployments[attempt.deployment].name)
        if case .fault(let fault, _) = outcome { event.fault = fault }
        if breaker.state == .open, breaker.restsUntil != .distantFuture { event.number = Int((breaker.restsUntil - now).nanoseconds / 1_000_000) }
        reliability.events.add(event)
    }
}
