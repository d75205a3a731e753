extension Router {
    /// Begins an attempt: it is in flight until it is recorded.
    mutating func attempt(
        at leaf: Int, _ journey: inout Journey, _ plan: Plan, _ generation: Int, panic: Bool, hedge: Bool = false, at now: Instant
    ) -> Attempt {
        let id = plan.leaves[leaf].deployment
        let slot = generations[generation].slots[id]
        // The state alone first: asking the breaker whole copies it.
        let probe = health[slot].breaker.state != .closed && health[slot].breaker.wouldProbe(at: now)
        if probe {
            if health[slot].breaker.state == .open { breakerTurned(.breakerHalfOpen, of: id, plan, ticket: journey.ticket, at: now) }
            health[slot].breaker.beginProbe()
        }
        health[slot].inFlight += 1
        health[slot].minute.began(in: MinuteCounter.number(at: now, origin: minuteOrigin))
        if now < health[slot].account.until { health[slot].account.sent(tokens: journey.facts.inputTokens) }
        began(at: leaf, &journey, plan, panic: panic && !probe, hedge: hedge, at: now)
        journey.attempts += 1
        if !hedge { journey.attemptsHere += 1 }
        var timeout = plan.leaves[leaf].timeout
        if timeout == 0 { timeout = plan.traits[id].timeout }
        if timeout == 0, let own = journey.timeout { timeout = own.nanoseconds }
        if timeout == 0 { timeout = plan.leaves[leaf].routeTimeout }
        let (end, overflow) = now.nanoseconds.addingReportingOverflow(timeout)
        let deadline = timeout == 0 || overflow ? journey.envelope.deadline : min(Instant(nanoseconds: end), journey.envelope.deadline)
        return Attempt(
            deployment: id, tableVersion: journey.tableVersion, number: journey.attempts, route: journey.current, started: now,
            deadline: deadline, isProbe: probe, isPanic: panic && !probe, slot: slot, stamp: health[slot].stamp, leaf: leaf)
    }

    /// Learns how an attempt ended: its deployment's health, and the journey, which then asks `next` again. Once for each attempt.
    public mutating func record(_ outcome: Outcome, of attempt: Attempt, in journey: inout Journey, at now: Instant) {
        let wasLast = journey.closed(attempt)
        switch outcome {
        case .success(_, let total, let tokens, _, _): served(attempt, &journey, total: total, outputTokens: tokens, at: now)
        case .cancelled, .fault(.cancelled, retryAfter: _): if wasLast, !journey.answered { journey.cancelled = true }
        case .fault(let fault, let retryAfter):
            refund(attempt, after: fault, &journey)
            journey.failed(fault, retryAfter: retryAfter, deployment: attempt.deployment, leaf: attempt.leaf, at: now)
        }
        record(outcome, of: attempt, assuming: journey.facts.inputTokens, at: now)
    }

    /// The part that concerns the deployment alone, for an attempt whose journey is over.
    public mutating func record(_ outcome: Outcome, of attempt: Attempt, at now: Instant) { record(outcome, of: attempt, assuming: 0, at: now) }

    private mutating func record(_ outcome: Outcome, of attempt: Attempt, assuming estimate: Int, at now: Instant) {
        let slot = attempt.slot
        guard slot < health.count, health[slot].stamp == attempt.stamp else { return }
        health[slot].inFlight -= 1
        let before = health[slot].breaker.state
        switch outcome {
        case .success(let firstByte, let total, let outputTokens, let streamed, let inputTokens):
            health[slot].measures.add(
                CallSample(answeredAt: now, firstByte: firstByte, total: total, tokens: outputTokens, streamed: streamed), at: now)
            health[slot].minute.took(
                tokens: (inputTokens > 0 ? inputTokens : estimate) + max(0, outputTokens), in: MinuteCounter.number(at: now, origin: minuteOrigin))
            health[slot].successes += 1
            health[slot].quotaExceeded = false
            health[slot].breaker.answered(at: now, probe: attempt.isProbe, panic: attempt.isPanic)
            health[slot].firstByte.add(firstByte, at: now)
            health[slot].latency.add(total, at: now)
        case .cancelled, .fault(.cancelled, retryAfter: _):
            health[slot].breaker.withdrawn(probe: attempt.isProbe)
        case .fault(let fault, let retryAfter):
            health[slot].faults += 1
            if BreakerPolicy.deploymentsFaults.contains(fault) {
                health[slot].measures.add(CallSample(failedAt: now, after: now - attempt.started, isTimeout: fault == .timeout), at: now)
            }
            health[slot].quotaExceeded = fault == .quotaExceeded || (health[slot].quotaExceeded && fault == .rateLimit)
            health[slot].breaker.failed(
                fault, retryAfter: retryAfter, at: now, probe: attempt.isProbe, hasSiblings: hasSiblings(attempt))
        }
        if health[slot].breaker.state != before { breakerChanged(outcome, attempt, at: now) }
    }

    private func hasSiblings(_ attempt: Attempt) -> Bool {
        guard let generation = generation(of: attempt.tableVersion) else { return true }
        return generations[generation].plan.roots[attempt.route].hasSiblings
    }

    // MARK: Health

    public func health(of id: Deployment.ID, at now: Instant) -> HealthReport {
        let generation = generations[newest]
        let health = health[generation.slots[id]]
        let state = state(of: id, at: now)
        return HealthReport(
            deployment: id, name: generation.plan.deployments[id].name, state: state,
            restsUntil: state == .open ? health.breaker.restsUntil : nil, inFlight: health.inFlight,
            errorRate: health.breaker.errorRate(at: now), latencyP50: health.latency.percentile(0.5, at: now),
            latencyP95: health.latency.percentile(0.95, at: now), firstByteP50: health.firstByte.percentile(0.5, at: now),
            successes: health.successes, faults: health.faults)
    }

    /// The breaker alone: cheaper than a whole report.
    public func state(of id: Deployment.ID, at now: Instant) -> HealthReport.State {
        switch health[generations[newest].slots[id]].breaker.shownState(at: now) {
        case .closed: .closed
        case .open: .open
        case .halfOpen: .halfOpen
        }
    }

    public func inFlight(at id: Deployment.ID) -> Int { health[generations[newest].slots[id]].inFlight }

    /// All deployments of the newest table, in its order.
    public func healthReports(at now: Instant) -> [HealthReport] { table.deployments.indices.map { health(of: $0, at: now) } }

    /// What another gateway found out about a deployment. It is no event here: nobody is told further. False: nothing changed.
    public mutating func hear(_ id: Deployment.ID, isOpen: Bool, rest: Duration, at now: Instant) -> Bool {
        let slot = generations[newest].slots[id]
        return isOpen ? health[slot].breaker.heardOpen(for: rest, at: now) : health[slot].breaker.heardClosed(at: now)
    }

    /// An operator says that it is well again.
    public mutating func reset(_ id: Deployment.ID) { health[generations[newest].slots[id]].breaker.reset() }

    /// The same, told as an event where it ends a rest.
    public mutating func reset(_ id: Deployment.ID, at now: Instant) {
        let rested = health[generations[newest].slots[id]].breaker.state != .closed
        reset(id)
        if rested { breakerTurned(.breakerClosed, of: id, generations[newest].plan, ticket: 0, at: now) }
    }
}
