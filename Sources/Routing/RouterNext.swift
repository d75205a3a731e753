extension Router {
    /// What to do next for this request. Asked at its start, after each fault that was recorded, and after each wait.
    public mutating func next(_ journey: inout Journey, at now: Instant) -> Step {
        guard let generation = generation(of: journey.tableVersion) else { return journey.exhausted(.tableGone) }
        if journey.seed == nil { journey.seed = random.next() }
        if journey.attempts == 0, journey.waitsUntil == nil { journey.random = Random(seed: journey.seed ?? 0) }
        if journey.cancelled { return journey.exhausted(.cancelled) }
        if let until = journey.waitsUntil {
            guard now >= until else { return .wait(until: until) }
            journey.waitsUntil = nil
        }
        if now >= journey.envelope.deadline { return journey.exhausted(.deadline) }
        if journey.attempts >= journey.envelope.maxAttempts { return journey.exhausted(.attempts) }
        if journey.unanswered {
            journey.unanswered = false
            return afterFault(&journey, generation, at: now)
        }
        return fromTheTop(&journey, generation, at: now)
    }

    func generation(of version: Int) -> Int? {
        let newest = generations.count - 1
        if generations[newest].table.version == version { return newest }
        return generations.lastIndex { $0.table.version == version }
    }

    /// The start of a route or of a new round through it.
    mutating func fromTheTop(_ journey: inout Journey, _ generation: Int, at now: Instant) -> Step {
        let node = generations[generation].table.tree.roots[journey.current].node
        let leaves = generations[generation].table.tree.roots[journey.current].leaves
        if markEligible(leaves, journey, generation, at: now) {
            let leaf = takePinned(&journey, leaves) ?? descend(from: node, &journey, generation)
            return .attempt(attempt(at: leaf, &journey, generation, panic: false, at: now))
        }
        return leaveRoute(&journey, generation, at: now)
    }

    /// The next best after a fault: another child at the same node, then at its parent, and so on up; then a repeat; then the
    /// route's fallbacks.
    private mutating func afterFault(_ journey: inout Journey, _ generation: Int, at now: Instant) -> Step {
        guard let fault = journey.lastFault, journey.lastLeaf >= 0 else { return fromTheTop(&journey, generation, at: now) }
        let retry = generations[generation].table.routes[journey.current].retry
        var goesOn = true
        if let limit = retry.limit(after: fault) { goesOn = journey.count(ofFaultsHere: fault) <= limit }
        if goesOn {
            let leaves = generations[generation].table.tree.roots[journey.current].leaves
            if let until = repeatOfLeaf(&journey, generation, retry, at: now) { return wait(until, &journey, at: now) }
            if markEligible(leaves, journey, generation, at: now), let node = climb(journey, generation, fault, retry) {
                let leaf = descend(from: node, &journey, generation)
                return .attempt(attempt(at: leaf, &journey, generation, panic: false, at: now))
            }
            if let until = nextRound(&journey, generation, retry, at: now) {
                journey.lastLeaf = -1
                return wait(until, &journey, at: now)
            }
        }
        return leaveRoute(&journey, generation, at: now)
    }

    /// The leaf that a repeat of its own waits for, if it may serve.
    private func takePinned(_ journey: inout Journey, _ leaves: Range<Int>) -> Int? {
        let leaf = journey.pinnedLeaf
        guard leaf >= 0 else { return nil }
        journey.pinnedLeaf = -1
        return hasEligible(leaf..<leaf + 1, from: leaves.lowerBound) ? leaf : nil
    }

    private mutating func wait(_ until: Instant, _ journey: inout Journey, at now: Instant) -> Step {
        if until <= now { return fromTheTop(&journey, generation(of: journey.tableVersion) ?? 0, at: now) }
        journey.waited += until - now
        journey.waitsUntil = until
        return .wait(until: until)
    }

    // MARK: Among the leaves

    /// Marks which leaves may serve, in `scratch.eligibleBefore`; true if any.
    private mutating func markEligible(_ leaves: Range<Int>, _ journey: borrowing Journey, _ generation: Int, at now: Instant) -> Bool {
        let screen = Screen(journey, generations[generation].table, leaves)
        var count = 0
        for leaf in leaves {
            scratch.eligibleBefore[leaf - leaves.lowerBound] = count
            if verdict(on: generations[generation].table.tree.leaves[leaf].deployment, screen, journey, generation, at: now) == nil { count += 1 }
        }
        scratch.eligibleBefore[leaves.count] = count
        return count > 0
    }

    private func hasEligible(_ leaves: Range<Int>, from first: Int) -> Bool {
        scratch.eligibleBefore[leaves.upperBound - first] > scratch.eligibleBefore[leaves.lowerBound - first]
    }

    /// From the leaf that failed upwards: the nearest child that this fault may lead to and that has a leaf left. Children of one
    /// node that qualify are narrowed by its strategy, so the result is already picked.
    private mutating func climb(_ journey: borrowing Journey, _ generation: Int, _ fault: Fault, _ retry: RetryPolicy) -> Int? {
        let explicit = (retry.limit(after: fault) ?? 0) > 0 && fault != .cancelled
        var node = generations[generation].table.tree.leaves[journey.lastLeaf].node
        while true {
            let branch = generations[generation].table.tree.nodes[node].branch
            node = generations[generation].table.tree.nodes[node].parent
            guard node >= 0 else { return nil }
            gather(node, journey, generation, besides: branch, after: explicit ? nil : fault)
            if !scratch.candidates.isEmpty { return node }
        }
    }

    /// Puts the children of `node` that have an eligible leaf into `scratch.candidates`.
    private mutating func gather(_ node: Int, _ journey: borrowing Journey, _ generation: Int, besides: Int = -1, after fault: Fault? = nil) {
        scratch.candidates.removeAll(keepingCapacity: true)
        let first = generations[generation].table.tree.roots[journey.current].leaves.lowerBound
        for index in generations[generation].table.tree.nodes[node].children {
            let child = generations[generation].table.tree.children[index]
            if child.candidate.branch == besides { continue }
            if let fault, !child.on.contains(fault) { continue }
            guard hasEligible(generations[generation].table.tree.nodes[child.node].leaves, from: first) else { continue }
            var candidate = child.candidate
            candidate.inFlight = inFlight(under: child.node, generation, from: first)
            scratch.candidates.append(candidate)
        }
    }

    /// The idlest eligible deployment's.
    private func inFlight(under node: Int, _ generation: Int, from first: Int) -> Int {
        var least = Int.max
        for leaf in generations[generation].table.tree.nodes[node].leaves where hasEligible(leaf..<leaf + 1, from: first) {
            let id = generations[generation].table.tree.leaves[leaf].deployment
            least = min(least, health[generations[generation].slots[id]].inFlight)
        }
        return least
    }

    /// Asks strategy after strategy down to a leaf. Where `climb` came to a node its candidates are gathered already.
    private mutating func descend(from start: Int, _ journey: inout Journey, _ generation: Int) -> Int {
        var node = start
        var gathered = !scratch.candidates.isEmpty
        while true {
            let picker = generations[generation].table.tree.nodes[node].picker
            if picker < 0 { break }
            if !gathered { gather(node, journey, generation) }
            gathered = false
            let picked = generations[generation].pickers[picker].pick(
                among: scratch.candidates, facts: journey.facts, random: &journey.random)
            let children = generations[generation].table.tree.nodes[node].children
            let branch = scratch.candidates[picked].branch
            node = generations[generation].table.tree.children[children.lowerBound + branch].node
        }
        scratch.candidates.removeAll(keepingCapacity: true)
        return generations[generation].table.tree.nodes[node].leaves.lowerBound
    }
}
