/// What a deployment would cost a request, with what its provider remembers of the prompt.
public struct Warmth: Hashable, Sendable {
    public var deployment: Deployment.ID
    /// Tokens of the prompt that the provider is believed to remember.
    public var tokens: Int
    /// That it does, 0 ... 1.
    public var chance: Double
    /// In nanodollars. Nil: no known price.
    public var expected: Double?
    /// If it remembered nothing.
    public var cold: Double?
}

extension Router {
    /// Answers that no request limits are taken to be this long, in tokens: alike for all, so that it decides little.
    static let usualAnswer = 500

    // MARK: Choosing

    /// Where the request goes whose strategy chose `leaf`: there, or where its prompt is remembered, if that is expected to cost no more.
    ///
    /// Only among what the strategy might have chosen as well, and what may serve and is well: never to another rung of a ladder, and to
    /// another model only where the strategy does not choose models. Linear in eligible leaves times parts of the beginning.
    mutating func warmer(
        than leaf: Int, _ eligible: LeafSet, _ journey: inout Journey, _ plan: Plan, _ generation: Int, at now: Instant
    ) -> Int {
        let beginnings = journey.facts.beginnings
        guard !beginnings.parts.isEmpty, !warm.isEmpty else { return leaf }
        let first = plan.roots[journey.current].leaves.lowerBound
        let chosen = warmth(of: plan.leaves[leaf].deployment, beginnings, journey.facts, plan, at: now)
        var (best, bestWarmth) = (leaf, chosen)
        for other in plan.roots[journey.current].leaves where other != leaf && eligible.contains(other - first) {
            let id = plan.leaves[other].deployment
            guard id != chosen.deployment, isWell(id, journey, generation, at: now), mayReplace(leaf, other, journey, plan) else { continue }
            let warmth = warmth(of: id, beginnings, journey.facts, plan, at: now)
            if warmth.tokens > 0, warmth.isBetter(than: bestWarmth) { (best, bestWarmth) = (other, warmth) }
        }
        if best != leaf {
            warmMoves += 1
        } else if chosen.tokens > 0 {
            warmStays += 1
        } else {
            return best
        }
        if journey.wantsDecision { journey.decided.warm = Decision.Warm(bestWarmth, instead: best == leaf ? nil : chosen) }
        return best
    }

    /// Whether the choices between the two are of a kind that takes one for the other.
    private func mayReplace(_ leaf: Int, _ other: Int, _ journey: borrowing Journey, _ plan: Plan) -> Bool {
        let isSameModel = plan.deployments[plan.leaves[leaf].deployment].model == plan.deployments[plan.leaves[other].deployment].model
        if journey.mode != nil { return isSameModel }
        // Up from both until they meet: every choice on the way, and the one where they meet, must not care.
        var (left, right) = (plan.leaves[leaf].node, plan.leaves[other].node)
        while left != right {
            // The one with fewer leaves is no further up than the other.
            let goesLeft = plan.nodes[left].leaves.count <= plan.nodes[right].leaves.count && plan.nodes[left].parent >= 0
            let node = goesLeft ? plan.nodes[left].parent : plan.nodes[right].parent
            guard node >= 0 else { return false }
            if goesLeft { left = node } else { right = node }
            switch plan.nodes[node].kind {
            case .first:
                // A choice of one is none.
                if plan.nodes[node].children.count > 1 { return false }
            case .auto, .intelligent: if !isSameModel { return false }
            case .shuffle, .leastBusy, .measured: break
            case .other:
                if case .percentage(let percentage) = plan.pickers[plan.nodes[node].picker], percentage.stickyBy != nil { return false }
            }
        }
        return true
    }

    // MARK: Learning

    /// An attempt was answered: its provider has read the prompt, and said what of it it remembered.
    public mutating func warmed(_ attempt: Attempt, by usage: Usage, _ facts: Facts, at now: Instant) {
        guard let generation = generation(of: attempt.tableVersion) else { return }
        let plan = generations[generation].plan
        guard let terms = plan.deployments[attempt.deployment].promptCache else { return }
        let beginnings = facts.beginnings
        guard let last = beginnings.parts.last else { return }
        let name = plan.warmthKeys[attempt.deployment]
        let kept = usage.cachedInput &+ usage.cacheWrite &+ usage.cacheWriteHour
        if !usage.estimated, warm.tokens(of: beginnings, at: name, now: now) > 0 {
            let isRight = usage.cachedInput > 0
            warmthRecords[name, default: WarmthRecord()].add(isRight: isRight)
            if warmthRecords.count > Self.mostRecords { warmthRecords = [:] }
            if isRight { warmHits += 1 } else { warmMisses += 1 }
            if !isRight { warm.forget(beginnings, at: name) }
        }
        // What a request did not mark, or was too short, nobody keeps.
        let total = max(1, usage.totalInput)
        let share = terms.isExplicit ? min(1, Double(max(0, kept)) / Double(total)) : 1
        guard total >= terms.minTokens, share > 0 else { return }
        let reach = Double(max(last.tokens, facts.inputTokens)) * share * 1.05
        for part in beginnings.parts where part.tokens >= terms.minTokens && Double(part.tokens) <= reach {
            warm.note(part, at: name, until: now + terms.lifetime, now: now)
        }
    }

    private static let mostRecords = 4_096

    // MARK: Expecting

    /// For each of `deployments`: what is expected of it. Nothing changes.
    func warmths(of deployments: some Sequence<Deployment.ID>, _ facts: Facts, _ plan: Plan, at now: Instant) -> [Warmth] {
        let beginnings = facts.beginnings
        guard !beginnings.parts.isEmpty else { return [] }
        return deployments.map { warmth(of: $0, beginnings, facts, plan, at: now) }
    }

    private func warmth(of id: Deployment.ID, _ beginnings: PromptBeginnings, _ facts: Facts, _ plan: Plan, at now: Instant) -> Warmth {
        let name = plan.warmthKeys[id]
        let terms = plan.deployments[id].promptCache
        let isKept = terms != nil && (terms?.isExplicit == false || beginnings.isMarked)
        let total = max(0, facts.inputTokens)
        let tokens = isKept ? min(total, warm.tokens(of: beginnings, at: name, now: now)) : 0
        let chance = warmthRecords[name]?.chance ?? WarmthRecord().chance
        let output = facts.outputTokens > 0 ? facts.outputTokens : Self.usualAnswer
        guard let price = plan.prices[id]?.price(forPrompt: total) else {
            return Warmth(deployment: id, tokens: tokens, chance: tokens > 0 ? chance : 0, expected: nil, cold: nil)
        }
        // What is read anew is written too where the request marks it and that has its price.
        let anew = Double(isKept && beginnings.isMarked && terms?.isExplicit == true ? price.cacheWrite ?? price.input : price.input)
        let again = Double(price.cachedInput ?? price.input)
        let cold = (anew * Double(total) + Double(price.output) * Double(output)) / 1e6
        let saved = Double(tokens) * chance * (anew - again) / 1e6
        return Warmth(deployment: id, tokens: tokens, chance: tokens > 0 ? chance : 0, expected: cold - saved, cold: cold)
    }
}

extension Warmth {
    /// Cheaper; of two that cost alike, or whose prices nobody knows, the one that remembers more.
    func isBetter(than other: Warmth) -> Bool {
        switch (expected, other.expected) {
        case (let own?, let others?): own < others || own == others && tokens > other.tokens
        case (nil, nil): tokens > other.tokens
        default: false
        }
    }
}

extension Price {
    /// That of requests with so long a prompt.
    func price(forPrompt tokens: Int) -> Price { above.last { tokens > $0.tokens }?.price ?? self }
}
