/// What a choice by complexity knows: its models by what they can do, and its traffic.
struct Mind: Sendable {
    var tiers: Tiers
    var habit: Habit
}

/// Of a choice by complexity in a compiled table; a named route that stands in several trees has one.
struct MindPlan: Hashable, Sendable {
    /// Owner and place, hashed: under it what was learnt survives a change of settings.
    var name: UInt64
    var axis: Intelligent.Axis
    /// The leaves of each child.
    var children: [[Deployment.ID]]
}

extension Router {
    /// Chooses among the candidates in `scratch`. The first decision of a request is learnt from.
    mutating func think(_ node: CompiledTree.Node, _ journey: inout Journey, _ generation: Int, at now: Instant) -> Int {
        let mind = node.mind
        guard let appraisal = journey.facts.appraisal, appraisal.isScored else { return pick(mind, nil, nil, &journey, generation) }
        if appraisal.learnt != nil { return thinkAndLearn(mind, appraisal, &journey, generation, at: now) }
        let habit = generations[generation].minds[mind].habit
        let bent = Float(Intelligent.adjusted(Double(appraisal.inContext), habit.axis))
        var demand = habit.demand(bent)
        var adjusted = bent
        if appraisal.conversation != 0 {
            let held = sessions.hold(demand, of: session(appraisal, journey, mind, generation), at: now)
            // What is held cannot be bent back exactly; what is not held stays as it is.
            if held != demand { adjusted = min(max(held - 0.5 + habit.border, 0), 1) }
            demand = held
        }
        if journey.attempts == 0 { generations[generation].minds[mind].habit.learn(adjusted) }
        return pick(mind, adjusted, demand, &journey, generation)
    }

    private func session(_ appraisal: Appraisal, _ journey: Journey, _ mind: Int, _ generation: Int) -> UInt64 {
        Random.mix(appraisal.conversation ^ journey.facts.key ^ generations[generation].plan.minds[mind].name)
    }

    private mutating func pick(_ mind: Int, _ adjusted: Float?, _ demand: Float?, _ journey: inout Journey, _ generation: Int) -> Int {
        let picked = chosen(mind, demand, generation)
        if journey.wantsDecision { write(mind, scratch[picked].branch, adjusted, demand, into: &journey, generation) }
        return picked
    }

    private func chosen(_ mind: Int, _ demand: Float?, _ generation: Int) -> Int {
        Intelligent.pick(among: scratch, demand) { [scratch, reach = generations[generation].minds[mind].tiers.reach] in reach[scratch[$0].branch] }
    }

    /// The same where learning is on: some sessions try the neighbour, and the chance of what was chosen is written down. Habits are
    /// those of scores before correction, else they would undo it.
    private mutating func thinkAndLearn(
        _ mind: Int, _ appraisal: Appraisal, _ journey: inout Journey, _ generation: Int, at now: Instant
    ) -> Int {
        guard let learnt = appraisal.learnt else { return pick(mind, nil, nil, &journey, generation) }
        let habit = generations[generation].minds[mind].habit
        let bent = Float(Intelligent.adjusted(Double(appraisal.inContext), habit.axis))
        let plain = habit.demand(bent)
        let isOpen = Habit.open.contains(bent) && learnt.explored > 0
        let isTrial = isOpen && learnt.trial != .none
        let session = appraisal.conversation == 0 ? 0 : session(appraisal, journey, mind, generation)
        let usual = session == 0 ? plain : isTrial ? sessions.held(plain, of: session, at: now) : sessions.hold(plain, of: session, at: now)
        let (down, up) = (max(plain - Self.trialStep, 0), min(plain + Self.trialStep, 1))
        let demand = !isTrial ? usual : learnt.trial == .down ? down : up
        if journey.attempts == 0 {
            generations[generation].minds[mind].habit.learn(Float(Intelligent.adjusted(Double(learnt.frozen), habit.axis)))
        }
        let picked = pick(mind, demand == plain ? bent : min(max(demand - 0.5 + habit.border, 0), 1), demand, &journey, generation)
        guard journey.wantsDecision, journey.attempts == 0 else { return picked }
        var note = Decision.Learnt(learnt)
        (note.axis, note.isTrial, note.isOpen) = (habit.axis, isTrial, isOpen)
        if isOpen {
            func chance(_ demand: Float, _ share: Float) -> Float { chosen(mind, demand, generation) == picked ? share : 0 }
            note.propensity =
                chance(usual, 1 - learnt.explored) + learnt.explored * (chance(down, learnt.down) + chance(up, 1 - learnt.down))
        }
        // From the least capable: the lowest reach of each tier that could serve.
        let reach = generations[generation].minds[mind].tiers.reach
        let rungs = Set(scratch.map { reach[$0.branch] }).sorted().suffix(Lesson.mostRungs)
        let limits = rungs.map { $0 - Intelligent.margin + habit.border - 0.5 }
        let plainly = reach[scratch[chosen(mind, plain, generation)].branch]
        // Where the more capable is the cheaper, rungs do not follow from scores, and nothing is learnt.
        if rungs.firstIndex(of: plainly) == limits.firstIndex(where: { bent < $0 }).map({ $0 + rungs.startIndex }) ?? rungs.indices.last {
            note.limits = limits
            note.rung = rungs.firstIndex(of: reach[scratch[picked].branch]).map { $0 - rungs.startIndex } ?? 0
        }
        journey.decided.complexity?.learnt = note
        return picked
    }

    /// Of what is asked of a model: a trial goes to the neighbour.
    private static let trialStep: Float = 0.25

    @inline(never)
    private mutating func write(
        _ mind: Int, _ branch: Int, _ adjusted: Float?, _ demand: Float?, into journey: inout Journey, _ generation: Int
    ) {
        let tiers = generations[generation].minds[mind].tiers
        noteScores { demand == nil ? tiers.reach[$0.branch] : Intelligent.chance(tiers.reach[$0.branch], demand ?? 1) }
        var complexity = Decision.Complexity(journey.facts.appraisal ?? Appraisal(.empty))
        complexity.adjusted = adjusted ?? 1
        complexity.chance = demand.map { Intelligent.chance(tiers.reach[branch], $0) }
        complexity.tier = tiers.tier[branch]
        complexity.tiers = tiers.count
        journey.decided.complexity = complexity
    }

    // MARK: What models can do

    /// Takes what was observed, in place of what it was told before.
    public mutating func observe(_ observed: ObservedCapabilities) {
        self.observed = observed
        for generation in generations.indices {
            rate(generation)
            for mind in generations[generation].minds.indices {
                let tiers = tiers(of: generations[generation].plan.minds[mind], generation)
                generations[generation].minds[mind].tiers = tiers
            }
        }
    }

    /// Writes what was observed of a generation's deployments where decisions find it.
    mutating func rate(_ generation: Int) {
        for (id, deployment) in generations[generation].plan.deployments.enumerated() {
            let rating = observed.capability(of: deployment.name).map { Float(min(max($0, 0), 1)) } ?? .nan
            health[generations[generation].slots[id]].rating = rating
        }
    }

    /// Observed, else declared; not a number: neither.
    @inline(__always)
    func quality(of id: Deployment.ID, _ plan: Plan, _ slot: Int) -> Float {
        let rating = health[slot].rating
        return rating.isNaN ? plan.profiles[id].quality : rating
    }

    /// The same, else inferred; not a number: nothing is known.
    private func capability(of id: Deployment.ID, _ plan: Plan, _ generation: Int) -> Float {
        let known = quality(of: id, plan, generations[generation].slots[id])
        return known.isNaN ? plan.profiles[id].inferred : known
    }

    /// `old`: the generation whose habits go on under the same names.
    mutating func makeMinds(_ generation: Int, after old: Int?) {
        let plan = generations[generation].plan
        generations[generation].minds = plan.minds.map { own in
            let tiers = tiers(of: own, generation)
            guard let old, let known = generations[old].plan.minds.firstIndex(where: { $0.name == own.name && $0.axis == own.axis }) else {
                return Mind(tiers: tiers, habit: Habit(own.axis))
            }
            return Mind(tiers: tiers, habit: generations[old].minds[known].habit)
        }
    }

    /// A child of several deployments counts as their mean.
    private func tiers(of mind: MindPlan, _ generation: Int) -> Tiers {
        let plan = generations[generation].plan
        return Tiers(
            mind.children.map { leaves in
                let known = leaves.map { capability(of: $0, plan, generation) }.filter { !$0.isNaN }
                return known.isEmpty ? .nan : known.reduce(0, +) / Float(known.count)
            })
    }
}
