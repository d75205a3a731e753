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
        let appraisal = journey.facts.appraisal
        let mind = node.mind
        var adjusted: Float?
        var demand: Float?
        if let appraisal, appraisal.isScored {
            let habit = generations[generation].minds[mind].habit
            let bent = Float(Intelligent.adjusted(Double(appraisal.inContext), habit.axis))
            var wanted = habit.demand(bent)
            if appraisal.conversation != 0 {
                let name = appraisal.conversation ^ journey.facts.key ^ generations[generation].plan.minds[mind].name
                let held = sessions.hold(wanted, of: Random.mix(name), at: now)
                // What is held cannot be bent back exactly; what is not held stays as it is.
                if held != wanted { adjusted = min(max(held - 0.5 + habit.border, 0), 1) }
                wanted = held
            }
            adjusted = adjusted ?? bent
            demand = wanted
            if journey.attempts == 0 { generations[generation].minds[mind].habit.learn(adjusted ?? bent) }
        }
        let picked = Intelligent.pick(among: scratch, demand) { [scratch, reach = generations[generation].minds[mind].tiers.reach] in
            reach[scratch[$0].branch]
        }
        if journey.wantsDecision { write(mind, scratch[picked].branch, adjusted, demand, into: &journey, generation) }
        return picked
    }

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
