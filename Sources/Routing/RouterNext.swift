extension Router {
    /// What to do next for this request. Asked at its start, after each fault that was recorded, and after each wait.
    public mutating func next(_ journey: inout Journey, at now: Instant) -> Step {
        guard let generation = generation(of: journey.tableVersion) else { return journey.exhausted(.tableGone) }
        let plan = generations[generation].plan
        if journey.seed == nil { journey.draw(random.next()) }
        guard journey.wantsDecision else { return step(&journey, plan, generation, at: now) }
        // The last decision has them: this one gets its own, in one allocation.
        noted = []
        noted.reserveCapacity(plan.roots[journey.current].leaves.count)
        notedLeaving = nil
        let step = step(&journey, plan, generation, at: now)
        write(step, into: &journey, plan, at: now)
        return step
    }

    private mutating func step(_ journey: inout Journey, _ plan: Plan, _ generation: Int, at now: Instant) -> Step {
        if journey.cancelled { return journey.exhausted(.cancelled) }
        if journey.isRacing, let other = journey.race?.open { return .wait(until: other) }
        if let until = journey.waitsUntil {
            guard now >= until else { return .wait(until: until) }
            journey.waitsUntil = nil
        }
        if now >= journey.envelope.deadline { return journey.exhausted(.deadline) }
        if journey.attempts >= journey.envelope.maxAttempts { return journey.exhausted(.attempts, retryAfter: journey.retryAfter) }
        if journey.attempts > 0, isHeldBack(&journey, plan, at: now) { return heldBack(journey, plan, at: now) }
        if journey.unanswered {
            journey.unanswered = false
            return afterFault(&journey, plan, generation, at: now)
        }
        return fromTheTop(&journey, plan, generation, at: now)
    }

    func generation(of version: Int) -> Int? {
        if generations[newest].table.version == version { return newest }
        return generations.lastIndex { $0.table.version == version }
    }

    /// The start of a route or of a new round through it.
    mutating func fromTheTop(_ journey: inout Journey, _ plan: Plan, _ generation: Int, at now: Instant) -> Step {
        if let reason = block(journey, plan, generation, at: now) { return journey.exhausted(reason) }
        let eligible = eligibleLeaves(journey, plan, generation, at: now)
        if !eligible.isEmpty {
            let node = plan.roots[journey.current].node
            var leaf = takePinned(&journey, eligible, plan) ?? descend(from: node, gathered: false, eligible, &journey, plan, generation, at: now)
            if plan.routes[journey.current].prefersWarm { leaf = warmer(than: leaf, eligible, &journey, plan, generation, at: now) }
            return .attempt(attempt(at: leaf, &journey, plan, generation, panic: false, at: now))
        }
        return leaveRoute(&journey, plan, generation, at: now)
    }

    /// The next best after a fault: another child at the same node, then at its parent, and so on up; then a repeat; then the
    /// route's fallbacks.
    private mutating func afterFault(_ journey: inout Journey, _ plan: Plan, _ generation: Int, at now: Instant) -> Step {
        guard let fault = journey.lastFault, journey.lastLeaf >= 0 else { return fromTheTop(&journey, plan, generation, at: now) }
        if journey.policy != nil, let step = askRules(after: fault, &journey, plan, generation, at: now) { return step }
        let retry = plan.retry(of: journey)
        var goesOn = true
        if let limit = retry.limit(after: fault) { goesOn = journey.count(ofFaultsHere: fault) <= limit }
        if goesOn {
            if let until = repeatOfLeaf(&journey, plan, generation, retry, at: now) {
                return wait(until, &journey, plan, generation, retry, at: now)
            }
            let eligible = eligibleLeaves(journey, plan, generation, at: now)
            if !eligible.isEmpty, let node = climb(&journey, eligible, plan, generation, fault, retry, at: now) {
                let leaf = descend(from: node, gathered: true, eligible, &journey, plan, generation, at: now)
                return .attempt(attempt(at: leaf, &journey, plan, generation, panic: false, at: now))
            }
            if let until = nextRound(&journey, plan, generation, retry, at: now) {
                journey.lastLeaf = -1
                journey.left = []
                return wait(until, &journey, plan, generation, retry, at: now)
            }
        }
        return leaveRoute(&journey, plan, generation, at: now)
    }

    /// The leaf that a repeat of its own waits for, if it may serve.
    private func takePinned(_ journey: inout Journey, _ eligible: LeafSet, _ plan: Plan) -> Int? {
        let leaf = journey.pinnedLeaf
        guard leaf >= 0 else { return nil }
        journey.pinnedLeaf = -1
        return eligible.contains(leaf - plan.roots[journey.current].leaves.lowerBound) ? leaf : nil
    }

    private mutating func wait(
        _ until: Instant, _ journey: inout Journey, _ plan: Plan, _ generation: Int, _ retry: RetryPolicy, at now: Instant
    ) -> Step {
        pay(for: retry, journey, plan, at: now)
        if until <= now { return fromTheTop(&journey, plan, generation, at: now) }
        journey.waited += until - now
        journey.waitsUntil = until
        return .wait(until: until)
    }

    // MARK: Among the leaves

    /// The leaves of the journey's route that may serve, counted from its first.
    mutating func eligibleLeaves(_ journey: borrowing Journey, _ plan: Plan, _ generation: Int, at now: Instant) -> LeafSet {
        let leaves = plan.roots[journey.current].leaves
        let screen = Screen(journey, plan, leaves)
        let isGated = closeBranches(journey, plan, generation, at: now)
        let notes = journey.wantsDecision
        if notes { noted.removeAll(keepingCapacity: true) }
        var eligible = LeafSet()
        for leaf in leaves {
            let id = plan.leaves[leaf].deployment
            let isClosed = isGated && closed.contains(leaf - leaves.lowerBound)
            let reason = isClosed ? .closedBranch : verdict(on: id, screen, journey, plan, generation, at: now)
            if notes {
                if plan.leaves[leaf].isFirst {
                    note(id, reason, generation, at: now)
                } else if isGated, !isClosed {
                    noteOpen(id, reason)
                }
            }
            if reason != nil { continue }
            if journey.hasLeft, journey.left.contains(where: { $0.contains(leaf) }) { continue }
            if journey.isLean, !isWell(id, journey, generation, at: now) { continue }
            eligible.insert(leaf - leaves.lowerBound)
        }
        return eligible
    }

    /// From the leaf that failed upwards: the nearest node with a child that this fault may lead to and that has a leaf left. Its
    /// children are in `scratch` then.
    private mutating func climb(
        _ journey: inout Journey, _ eligible: LeafSet, _ plan: Plan, _ generation: Int, _ fault: Fault, _ retry: RetryPolicy,
        at now: Instant
    ) -> Int? {
        let first = plan.roots[journey.current].leaves.lowerBound
        let isWanted = (retry.limit(after: fault) ?? 0) > 0
        // A mode knows no branches: it goes on among all, but not where a sibling would answer alike.
        if journey.mode != nil { return isWanted || TreeCompiler.defaultFaults(Auto()).contains(fault) ? plan.roots[journey.current].node : nil }
        var node = plan.leaves[journey.lastLeaf].node
        while true {
            let branch = plan.nodes[node].branch
            node = plan.nodes[node].parent
            guard node >= 0 else { return nil }
            gather(node, eligible, from: first, journey, plan, generation, besides: branch, after: isWanted ? nil : fault, at: now)
            if !scratch.isEmpty { return node }
            let leaves = plan.nodes[node].leaves
            if eligible.intersects(leaves.lowerBound - first..<leaves.upperBound - first) { journey.left.append(leaves) }
        }
    }

    /// Puts the children of `node` that have an eligible leaf into `scratch`.
    private mutating func gather(
        _ node: Int, _ eligible: LeafSet, from first: Int, _ journey: borrowing Journey, _ plan: Plan, _ generation: Int, besides: Int = -1,
        after fault: Fault? = nil, at now: Instant
    ) {
        let measure = plan.nodes[node].measure
        let asking = measure.kind == .nothing ? nil : asking(journey, measure.kind, at: now)
        let countsFlights = plan.nodes[node].countsFlights
        var count = 0
        for index in plan.nodes[node].children {
            var candidate = plan.children[index].candidate
            if candidate.branch == besides { continue }
            if let fault, !plan.children[index].on.contains(fault) { continue }
            let leaves = plan.children[index].leaves
            guard eligible.intersects(leaves.lowerBound - first..<leaves.upperBound - first) else { continue }
            if let asking {
                self.measure(&candidate, leaves, eligible, from: first, measure, asking, plan, generation)
            } else if countsFlights {
                candidate.inFlight = leastInFlight(leaves, eligible, plan, generation, from: first)
            }
            // Elements are overwritten where they stand: emptying an array and filling it again costs more than the choice.
            if count < scratch.count { scratch[count] = candidate } else { scratch.append(candidate) }
            count += 1
        }
        if count < scratch.count { scratch.removeLast(scratch.count - count) }
    }

    /// The idlest eligible deployment's.
    private func leastInFlight(_ leaves: Range<Int>, _ eligible: LeafSet, _ plan: Plan, _ generation: Int, from first: Int) -> Int {
        var least = Int.max
        for leaf in leaves where eligible.contains(leaf - first) {
            least = min(least, health[generations[generation].slots[plan.leaves[leaf].deployment]].inFlight)
        }
        return least
    }

    /// Asks strategy after strategy down to a leaf. Where `climb` came to a node, its candidates are gathered already.
    mutating func descend(
        from start: Int, gathered: Bool, _ eligible: LeafSet, _ journey: inout Journey, _ plan: Plan, _ generation: Int, at now: Instant
    ) -> Int {
        if let mode = journey.mode { return pickLeaf(by: mode, eligible, &journey, plan, generation, at: now) }
        let first = plan.roots[journey.current].leaves.lowerBound
        var node = start
        var gathered = gathered
        while plan.nodes[node].picker >= 0 {
            if !gathered { gather(node, eligible, from: first, journey, plan, generation, at: now) }
            gathered = false
            let picked = pick(plan.nodes[node], &journey, plan, generation, at: now)
            if journey.wantsDecision { noteScores(plan.nodes[node], &journey, picked) }
            node = plan.children[plan.nodes[node].children.lowerBound + scratch[picked].branch].node
        }
        return plan.nodes[node].leaves.lowerBound
    }

    /// What has no state is asked through the plan: taking a moving picker out of its arrays costs two checks that they are ours.
    private mutating func pick(
        _ node: CompiledTree.Node, _ journey: inout Journey, _ plan: Plan, _ generation: Int, at now: Instant
    ) -> Int {
        switch node.kind {
        case .first: return 0
        case .shuffle: return Shuffle.pick(among: scratch, random: &journey.random)
        case .leastBusy: return LeastBusy.pick(among: scratch, random: &journey.random)
        case .measured: return node.measure.pick(among: scratch, random: &journey.random)
        case .auto:
            let (picked, confidence) = Blend(node.measure.weights, scratch, complexity: journey.facts.complexity).best(of: scratch)
            journey.confidence = Double(confidence)
            return picked
        case .intelligent: return think(node, &journey, generation, at: now)
        case .other:
            return generations[generation].pickers[node.picker].pick(among: scratch, facts: journey.facts, random: &journey.random)
        }
    }
}
