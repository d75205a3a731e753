extension Router {
    // MARK: Repeats

    /// When the leaf that just failed is asked again before any other, by its own `max_retries`. Nil: it is not.
    func repeatOfLeaf(_ journey: inout Journey, _ plan: Plan, _ generation: Int, _ retry: RetryPolicy, at now: Instant) -> Instant? {
        let own = plan.leaves[journey.lastLeaf].maxRetries
        guard own > 0, !journey.isLean, reliability.canRepeat(retry), let fault = journey.lastFault, retry.on.contains(fault) else { return nil }
        let id = plan.leaves[journey.lastLeaf].deployment
        guard let index = journey.index(ofTried: id), journey.tried[index].times <= own else { return nil }
        let breaker = health[generations[generation].slots[id]].breaker
        if breaker.isResting(at: now) || breaker.probing { return nil }
        let repeats = journey.tried[index].times
        guard let until = readyTime(&journey, journey.tried[index].notBefore, retry, repeats: repeats, at: now) else { return nil }
        journey.tried[index].again = true
        journey.pinnedLeaf = journey.lastLeaf
        return until
    }

    /// When everything that may be tried has failed: the time of another round through those whose fault allows it. Nil: none.
    func nextRound(_ journey: inout Journey, _ plan: Plan, _ generation: Int, _ retry: RetryPolicy, at now: Instant) -> Instant? {
        guard !journey.isLean, reliability.canRepeat(retry) else { return nil }
        guard let fault = journey.lastFault, mayRepeat(fault, journey, retry) else { return nil }
        let leaves = plan.roots[journey.current].leaves
        var earliest = Instant.distantFuture
        var allRest = true
        for leaf in leaves {
            let id = plan.leaves[leaf].deployment
            guard let index = journey.index(ofTried: id), mayRepeat(journey.tried[index].fault, journey, retry) else { continue }
            let slot = generations[generation].slots[id]
            if health[slot].breaker.state == .open, health[slot].breaker.restsUntil == .distantFuture { continue }
            earliest = min(earliest, journey.tried[index].notBefore)
            if !health[slot].breaker.isResting(at: now) { allRest = false }
        }
        // Elsewhere there may be somebody who can serve at once.
        if earliest == .distantFuture || (allRest && fault == .rateLimit && hasFallback(journey, plan, generation, after: fault)) { return nil }
        guard let until = readyTime(&journey, earliest, retry, repeats: journey.attemptsHere, at: now) else { return nil }
        beginRound(&journey, plan, generation, retry, at: until)
        return until
    }

    /// The next attempt is for those that were asked least, so that rounds go through all and not to the first each time; where none
    /// of them will be ready, for all.
    private func beginRound(_ journey: inout Journey, _ plan: Plan, _ generation: Int, _ retry: RetryPolicy, at until: Instant) {
        var least = Int.max
        let leaves = plan.roots[journey.current].leaves
        for leaf in leaves {
            guard let index = journey.index(ofTried: plan.leaves[leaf].deployment) else { continue }
            if isReady(journey.tried[index], journey, generation, retry, at: until) { least = min(least, journey.tried[index].times) }
        }
        for leaf in leaves {
            guard let index = journey.index(ofTried: plan.leaves[leaf].deployment) else { continue }
            let tried = journey.tried[index]
            let isTurn = tried.times == least && isReady(tried, journey, generation, retry, at: until)
            journey.tried[index].again = isTurn || (least == .max && mayRepeat(tried.fault, journey, retry))
        }
    }

    private func isReady(
        _ tried: Journey.Tried, _ journey: borrowing Journey, _ generation: Int, _ retry: RetryPolicy, at until: Instant
    ) -> Bool {
        mayRepeat(tried.fault, journey, retry) && tried.notBefore <= until
            && !health[generations[generation].slots[tried.deployment]].breaker.isResting(at: until)
    }

    private func mayRepeat(_ fault: Fault, _ journey: borrowing Journey, _ retry: RetryPolicy) -> Bool {
        if let limit = retry.limit(after: fault) { return limit > 0 && journey.attemptsHere <= limit }
        return retry.on.contains(fault) && journey.attemptsHere <= journey.maxRetries ?? retry.maxRetries
    }

    /// A provider's own time; else anything up to the backoff, so that those who failed together come back one by one; never below
    /// `retry_after`. Nil when it would pass a bound.
    private func readyTime(
        _ journey: inout Journey, _ notBefore: Instant, _ retry: RetryPolicy, repeats: Int, at now: Instant
    ) -> Instant? {
        let named = notBefore - now
        let pause: Duration
        if named > .zero {
            pause = max(named, retry.retryAfter)
        } else {
            let doubled = min(Double(retry.backoff.nanoseconds) * Double(1 << min(max(0, repeats - 1), 20)), 1e15)
            let jittered = min(doubled, Double(retry.maxWait.nanoseconds)) * (1 - journey.random.unit())
            pause = max(.nanoseconds(Int64(jittered)), retry.retryAfter)
        }
        let until = now + pause
        let isBounded = pause <= retry.maxWait && journey.waited + pause <= journey.envelope.maxWaiting
        return isBounded && until < journey.envelope.deadline ? until : nil
    }

    // MARK: The end of a route

    /// Nothing is left here: the route's fallbacks, then the least bad of what rests, then the end.
    mutating func leaveRoute(_ journey: inout Journey, _ plan: Plan, _ generation: Int, at now: Instant) -> Step {
        let fault = journey.attemptsHere > 0 ? journey.lastFault : nil
        if fault == .badRequest { return journey.exhausted(.callersFault(.badRequest)) }
        closeBranches(journey, plan, generation, at: now)
        let blocked = fault == nil ? nearestReason(journey, plan, generation, at: now) : nil
        var cause = fault
        if case .contextTooSmall = blocked { cause = .contextWindow }
        if let route = takeFallback(&journey, plan, generation, after: cause) {
            fellBack(journey, to: route, plan, blocked, at: now)
            journey.enter(route)
            return fromTheTop(&journey, plan, generation, at: now)
        }
        if let fault, fault == .contextWindow || fault == .contentPolicy { return journey.exhausted(.callersFault(fault)) }
        if journey.windows == .yield {
            journey.windows = .yielded
            if !eligibleLeaves(journey, plan, generation, at: now).isEmpty { return fromTheTop(&journey, plan, generation, at: now) }
        }
        if blocked == .closedBranch {
            return journey.exhausted(block(journey, plan, generation, isCertain: false, at: now) ?? .noBranch)
        }
        if journey.isLean { return heldBack(journey, plan, at: now) }
        let bound = journey.maxRetries ?? plan.retry(of: journey).maxRetries
        if journey.attemptsHere <= bound, let leaf = leastBad(journey, plan, generation, at: now) {
            return .attempt(attempt(at: leaf, &journey, plan, generation, panic: true, at: now))
        }
        let soonest = soonestRecovery(journey, plan, generation, at: now)
        if journey.attempts > 0 { return journey.exhausted(.attempts, retryAfter: soonest ?? journey.retryAfter) }
        return journey.exhausted(.noneEligible(blocked ?? .tried), retryAfter: soonest)
    }

    private func fallbacks(_ journey: borrowing Journey, _ plan: Plan, _ generation: Int, after fault: Fault?) -> [Route.ID] {
        guard !journey.fallbacksDisabled, journey.visited.count < plan.maxFallbacks else { return [] }
        let root = plan.roots[journey.current]
        let own = journey.current == journey.route ? journey.fallbacks : nil
        let general = own ?? root.fallbacks
        switch fault {
        case .contextWindow: return root.contextWindowFallbacks + general
        case .contentPolicy: return root.contentPolicyFallbacks + general
        default: return general
        }
    }

    private func hasFallback(_ journey: borrowing Journey, _ plan: Plan, _ generation: Int, after fault: Fault?) -> Bool {
        if !journey.pending.isEmpty { return true }
        let current = journey.current
        let visited = journey.visited
        return fallbacks(journey, plan, generation, after: fault).contains { $0 != current && !visited.contains($0) }
    }

    /// A fallback's own fallbacks come before what is left of the list that led to it; no route is entered twice.
    private func takeFallback(_ journey: inout Journey, _ plan: Plan, _ generation: Int, after fault: Fault?) -> Route.ID? {
        guard journey.visited.count < plan.maxFallbacks else { return nil }
        var fresh: [Route.ID] = []
        for route in fallbacks(journey, plan, generation, after: fault)
        where route != journey.current && !journey.visited.contains(route) && !fresh.contains(route) {
            fresh.append(route)
        }
        guard !fresh.isEmpty || !journey.pending.isEmpty else { return nil }
        let current = journey.current
        let visited = journey.visited
        journey.pending = fresh + journey.pending.filter { !fresh.contains($0) && $0 != current && !visited.contains($0) }
        return journey.pending.isEmpty ? nil : journey.pending.removeFirst()
    }

    /// Panic: of the deployments that lack nothing but rest, the one whose rest ends first; a time that the provider named counts
    /// as worse than our own caution. Not one that waits for an operator.
    private func leastBad(_ journey: borrowing Journey, _ plan: Plan, _ generation: Int, at now: Instant) -> Int? {
        let leaves = plan.roots[journey.current].leaves
        let screen = Screen(journey, plan, leaves)
        var best: (leaf: Int, named: Bool, until: Instant)?
        for leaf in leaves where !closed.contains(leaf - leaves.lowerBound) {
            let id = plan.leaves[leaf].deployment
            let slot = generations[generation].slots[id]
            switch verdict(on: id, screen, journey, plan, generation, at: now) {
            case .resting(until: .distantFuture): continue
            case .resting, .probing:
                let named = health[slot].breaker.restIsNamed
                let until = health[slot].breaker.restsUntil
                if let best, best.named == named ? best.until <= until : named { continue }
                best = (leaf, named, until)
            default: continue
            }
        }
        return best?.leaf
    }

    private func nearestReason(_ journey: borrowing Journey, _ plan: Plan, _ generation: Int, at now: Instant) -> Ineligibility? {
        let leaves = plan.roots[journey.current].leaves
        let screen = Screen(journey, plan, leaves)
        var nearest: Ineligibility?
        for leaf in leaves {
            let id = plan.leaves[leaf].deployment
            let isClosed = closed.contains(leaf - leaves.lowerBound)
            guard let reason = isClosed ? .closedBranch : verdict(on: id, screen, journey, plan, generation, at: now) else { continue }
            if reason.distance < nearest?.distance ?? .max { nearest = reason }
        }
        return nearest
    }

    /// How long until the first deployment of the route ends its rest, or has room for another request in its minute.
    private func soonestRecovery(_ journey: borrowing Journey, _ plan: Plan, _ generation: Int, at now: Instant) -> Duration? {
        var soonest = Instant.distantFuture
        let inputTokens = journey.facts.inputTokens
        for leaf in plan.roots[journey.current].leaves {
            let id = plan.leaves[leaf].deployment
            let slot = generations[generation].slots[id]
            var until = Instant(nanoseconds: .min)
            if health[slot].breaker.isResting(at: now) { until = health[slot].breaker.restsUntil }
            if let end = overLimit(slot, plan.traits[id], inputTokens: inputTokens, at: now) { until = max(until, end) }
            if let end = journey.told(of: id)?.until { until = max(until, end) }
            if until > now { soonest = min(soonest, until) }
        }
        return soonest == .distantFuture ? nil : soonest - now
    }
}
