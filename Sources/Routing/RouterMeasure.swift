/// What a request brings to measuring; worked out once for a node.
struct Asking {
    /// Where a request names no bound for its answer: the length of a short one.
    static let usualAnswer = 256

    let now: Instant
    let minute: Int64
    let streaming: Bool
    let inputTokens: Double
    let outputTokens: Double
    let place: Regions.Place

    init(_ facts: borrowing Facts, _ kind: Measure.Kind, minuteOrigin: Int64, at now: Instant) {
        self.now = now
        minute = kind == .tokens ? MinuteCounter.number(at: now, origin: minuteOrigin) : 0
        streaming = facts.needs.contains(.streaming)
        inputTokens = Double(facts.inputTokens > 0 ? facts.inputTokens : Self.usualAnswer)
        outputTokens = Double(facts.outputTokens > 0 ? facts.outputTokens : Self.usualAnswer)
        place = kind == .distance ? facts.region.map(Regions.place) ?? .nowhere : .nowhere
    }

    func cost(_ profile: borrowing Profile) -> Double {
        profile.inputPrice.isNaN ? .infinity : inputTokens * profile.inputPrice + outputTokens * profile.outputPrice
    }
}

extension Router {
    func asking(_ journey: borrowing Journey, _ kind: Measure.Kind, at now: Instant) -> Asking {
        Asking(journey.facts, kind, minuteOrigin: minuteOrigin, at: now)
    }

    /// Measures a child: a deployment by itself, a choice by the best of its leaves that may serve; what is not measured among those
    /// counts only where none is, for nobody could tell that the choice would try it.
    mutating func measure(
        _ candidate: inout Candidate, _ leaves: Range<Int>, _ eligible: LeafSet, from first: Int, _ measure: Measure, _ asking: borrowing Asking,
        _ plan: Plan, _ generation: Int
    ) {
        if leaves.count == 1 {
            measureLeaf(&candidate, plan.leaves[leaves.lowerBound].deployment, measure, asking, plan, generation)
            return
        }
        var flights = 0
        var isFirst = true
        for leaf in leaves where eligible.contains(leaf - first) {
            var other = candidate
            measureLeaf(&other, plan.leaves[leaf].deployment, measure, asking, plan, generation)
            flights += other.inFlight
            if isFirst { candidate = other } else { candidate.improve(by: other, measure) }
            isFirst = false
        }
        candidate.inFlight = flights
    }

    @inline(__always)
    mutating func measureLeaf(
        _ candidate: inout Candidate, _ id: Deployment.ID, _ measure: Measure, _ asking: borrowing Asking, _ plan: Plan, _ generation: Int
    ) {
        let slot = generations[generation].slots[id]
        candidate.inFlight = health[slot].inFlight
        switch measure.kind {
        case .nothing: break
        case .tokens: candidate.value = Double(health[slot].minute.tokens(in: asking.minute))
        case .cost: candidate.value = asking.cost(plan.profiles[id])
        case .distance: candidate.value = plan.distances.distance(asking.place, plan.profiles[id].place)
        case .requests:
            candidate.value = Double(health[slot].measures.sums(measure.window, at: asking.now).calls) + Double(candidate.inFlight)
        case .quality:
            candidate.value = asking.cost(plan.profiles[id])
        case .blend:
            candidate.quality = quality(of: id, plan, slot)
            candidate.rank = plan.profiles[id].inferred
            candidate.value = asking.cost(plan.profiles[id])
            candidate.latency = Float(
                health[slot].measures.typicalLatency(measure.window, streaming: asking.streaming, at: asking.now))
        case .latency, .firstToken, .perToken, .whole, .successRate, .throughput:
            candidate.value = health[slot].measures.value(measure.kind, measure.window, streaming: asking.streaming, at: asking.now)
        }
    }

    // MARK: A mode instead of the tree

    /// The best by the mode's weights of all leaves that may serve.
    mutating func pickLeaf(by mode: AutoMode, _ eligible: LeafSet, _ journey: inout Journey, _ plan: Plan, _ generation: Int, at now: Instant)
        -> Int
    {
        let leaves = plan.roots[journey.current].leaves
        let measure = Measure(.blend, weights: .of(mode))
        let asking = asking(journey, .blend, at: now)
        var count = 0
        for leaf in leaves where eligible.contains(leaf - leaves.lowerBound) {
            let id = plan.leaves[leaf].deployment
            var candidate = Candidate(branch: leaf, deployment: id)
            measureLeaf(&candidate, id, measure, asking, plan, generation)
            if count < scratch.count { scratch[count] = candidate } else { scratch.append(candidate) }
            count += 1
        }
        if count < scratch.count { scratch.removeLast(scratch.count - count) }
        let blend = Blend(measure.weights, scratch, complexity: journey.facts.complexity)
        let (picked, confidence) = blend.best(of: scratch)
        journey.confidence = Double(confidence)
        if journey.wantsDecision { note(blend, picked, &journey) }
        return scratch[picked].branch
    }

    // MARK: What strategies saw

    /// Writes the values of the candidates in `scratch` into the notes of the decision. Both stand in the tree's order, so the search
    /// seldom goes far.
    mutating func noteScores(_ node: CompiledTree.Node, _ journey: inout Journey, _ picked: Int) {
        switch node.measure.kind {
        // A choice by complexity notes for itself.
        case .nothing, .quality: return
        case .blend: note(Blend(node.measure.weights, scratch, complexity: journey.facts.complexity), picked, &journey)
        default: noteScores { Float($0.value) }
        }
    }

    private mutating func note(_ blend: Blend, _ picked: Int, _ journey: inout Journey) {
        noteScores { blend.score($0) }
        journey.decided.terms = blend.terms(scratch[picked])
    }

    mutating func noteScores(_ value: (Candidate) -> Float) {
        var cursor = 0
        for candidate in scratch {
            guard let id = candidate.deployment else { continue }
            for step in noted.indices {
                let index = (cursor + step) % noted.count
                guard noted[index].deployment == id else { continue }
                let score = value(candidate)
                noted[index].score = score.isFinite ? score : nil
                cursor = index + 1
                break
            }
        }
    }
}

extension Candidate {
    /// Takes the better of each value.
    mutating func improve(by other: Candidate, _ measure: Measure) {
        if !other.value.isNaN {
            let isBetter = measure.highestIsBest ? other.value > value : other.value < value
            if value.isNaN || isBetter { value = other.value }
        }
        // The least of a number and none is the number.
        latency = Float.minimum(latency, other.latency)
        quality = Float.maximum(quality, other.quality)
        rank = Float.maximum(rank, other.rank)
    }
}
