extension Router {
    /// What to do next for this request. Asked at its start, after each fault that was recorded, and after each wait.
    public mutating func next(_ journey: inout Journey, at now: Instant) -> Step {
        guard let generation = generation(of: journey.tableVersion) else { return journey.exhausted(.tableGone) }
        let plan = generations[generation].plan
        if journey.seed == nil { journey.draw(random.next()) }
        if journey.cancelled { return journey.exhausted(.cancelled) }
        if let until = journey.waitsUntil {
            guard now >= until else { return .wait(until: until) }
            journey.waitsUntil = nil
        }
        if now >= journey.envelope.deadline { return journey.exhausted(.deadline) }
        if journey.attempts >= journey.envelope.maxAttempts { return journey.exhausted(.attempts) }
        if journey.unanswered {
            journey.unanswered = false
            return afterFault(&journey, plan, generation, at: now)
        }
        return fromTheTop(&journey, plan, generation, at: now)
    }

    func generation(of version: Int) -> Int? {
        let newest = generations.count - 1
        if generations[newest].table.version == version { return newest }
        return generations.lastIndex { $0.table.version == version }
    }

    /// The start of a route or of a new round through it.
    mutating func fromTheTop(_ journey: inout Journey, _ plan: Plan, _ generation: Int, at now: Instant) -> Step {
        let node = plan.roots[journey.current].node
        let leaves = plan.roots[journey.current].leaves
        if markEligible(leaves, journey, plan, generation, at: now) {
            let leaf = takePinned(&journey, leaves) ?? descend(from: node, gathered: false, &journey, plan, generation)
            return .attempt(attempt(at: leaf, &journey, plan, generation, panic: false, at: now))
        }
        return leaveRoute(&journey, plan, generation, at: now)
    }

    /// The next best after a fault: another child at the same node, then at its parent, and so on up; then a repeat; then the
    /// route's fallbacks.
    private mutating func afterFault(_ journey: inout Journey, _ plan: Plan, _ generation: Int, at now: Instant) -> Step {
        guard let fault = journey.lastFault, journey.lastLeaf >= 0 else { return fromTheTop(&journey, plan, generation, at: now) }
        let retry = plan.routes[journey.current].retry
        var goesOn = true
        if let limit = retry.limit(after: fault) { goesOn = journey.count(ofFaultsHere: fault) <= limit }
        if goesOn {
            let leaves = plan.roots[journey.current].leaves
            if let until = repeatOfLeaf(&journey, plan, generation, retry, at: now) { return wait(until, &journey, plan, generation, at: now) }
            if markEligible(leaves, journey, plan, generation, at: now), let node = climb(&journey, plan, generation, fault, retry) {
                let leaf = descend(from: node, gathered: true, &journey, plan, generation)
                return .attempt(attempt(at: leaf, &journey, plan, generation, panic: false, at: now))
            }
            if let until = nextRound(&journey, plan, generation, retry, at: now) {
                journey.lastLeaf = -1
                journey.left = []
                return wait(until, &journey, plan, generation, at: now)
            }
        }
        return leaveRoute(&journey, plan, generation, at: now)
    }

    /// The leaf that a repeat of its own waits for, if it may serve.
    private func takePinned(_ journey: inout Journey, _ leaves: Range<Int>) -> Int? {
        let leaf = journey.pinnedLeaf
        guard leaf >= 0 else { return nil }
        journey.pinnedLeaf = -1
        return hasEligible(leaf..<leaf + 1, from: leaves.lowerBound) ? leaf : nil
    }

    private mutating func wait(
        _ until: Instant, _ journey: inout Journey, _ plan: Plan, _ generation: Int, at now: Instant
    ) -> Step {
        if until <= now { return fromTheTop(&journey, plan, generation, at: now) }
        journey.waited += until - now
        journey.waitsUntil = until
        return .wait(until: until)
    }

    // MARK: Among the leaves

    /// Marks which leaves may serve, in `scratch.eligibleBefore`; true if any.
    private mutating func markEligible(
        _ leaves: Range<Int>, _ journey: borrowing Journey, _ plan: Plan, _ generation: Int, at now: Instant
    ) -> Bool {
        let screen = Screen(journey, plan, leaves)
        var count = 0
        for leaf in leaves {
            scratch.eligibleBefore[leaf - leaves.lowerBound] = count
            if !journey.left.isEmpty, journey.left.contains(where: { $0.contains(leaf) }) { continue }
            if verdict(on: plan.leaves[leaf].deployment, screen, journey, plan, generation, at: now) == nil { count += 1 }
        }
        scratch.eligibleBefore[leaves.count] = count
        return count > 0
    }

    private func hasEligible(_ leaves: Range<Int>, from first: Int) -> Bool {
        scratch.eligibleBefore[leaves.upperBound - first] > scratch.eligibleBefore[leaves.lowerBound - first]
    }

    /// From the leaf that failed upwards: the nearest node with a child that this fault may lead to and that has a leaf left. Its
    /// children are in `scratch.candidates` then.
    private mutating func climb(
        _ journey: inout Journey, _ plan: Plan, _ generation: Int, _ fault: Fault, _ retry: RetryPolicy
    ) -> Int? {
        let first = plan.roots[journey.current].leaves.lowerBound
        let isWanted = (retry.limit(after: fault) ?? 0) > 0
        var node = plan.leaves[journey.lastLeaf].node
        while true {
            let branch = plan.nodes[node].branch
            node = plan.nodes[node].parent
            guard node >= 0 else { return nil }
            gather(node, journey.current, plan, generation, besides: branch, after: isWanted ? nil : fault)
            if !scratch.candidates.isEmpty { return node }
            if hasEligible(plan.nodes[node].leaves, from: first) { journey.left.append(plan.nodes[node].leaves) }
        }
    }

    /// Puts the children of `node` that have an eligible leaf into `scratch.candidates`.
    private mutating func gather(
        _ node: Int, _ route: Route.ID, _ plan: Plan, _ generation: Int, besides: Int = -1, after fault: Fault? = nil
    ) {
        scratch.candidates.removeAll(keepingCapacity: true)
        let first = plan.roots[route].leaves.lowerBound
        let countsFlights = plan.pickers[plan.nodes[node].picker].countsFlights
        for index in plan.nodes[node].children {
            var candidate = plan.children[index].candidate
            if candidate.branch == besides { continue }
            if let fault, !plan.children[index].on.contains(fault) { continue }
            let leaves = plan.nodes[plan.children[index].node].leaves
            guard hasEligible(leaves, from: first) else { continue }
            if countsFlights { candidate.inFlight = leastInFlight(leaves, plan, generation, from: first) }
            scratch.candidates.append(candidate)
        }
    }

    /// The idlest eligible deployment's.
    private func leastInFlight(_ leaves: Range<Int>, _ plan: Plan, _ generation: Int, from first: Int) -> Int {
        var least = Int.max
        for leaf in leaves where hasEligible(leaf..<leaf + 1, from: first) {
            least = min(least, health[generations[generation].slots[plan.leaves[leaf].deployment]].inFlight)
        }
        return least
    }

    /// Asks strategy after strategy down to a leaf. Where `climb` came to a node, its candidates are gathered already.
    private mutating func descend(from start: Int, gathered: Bool, _ journey: inout Journey, _ plan: Plan, _ generation: Int) -> Int {
        var node = start
        if !gathered, plan.nodes[node].picker >= 0 { gather(node, journey.current, plan, generation) }
        while true {
            let picker = plan.nodes[node].picker
            if picker < 0 { return plan.nodes[node].leaves.lowerBound }
            let picked = generations[generation].pickers[picker].pick(
                among: scratch.candidates, facts: journey.facts, random: &journey.random)
            node = plan.children[plan.nodes[node].children.lowerBound + scratch.candidates[picked].branch].node
            if plan.nodes[node].picker >= 0 { gather(node, journey.current, plan, generation) }
        }
    }
}
