extension Router {
    /// The first rule of a policy that holds for a request, by priority and then by the order written; nil when none does. Rules with
    /// `after` are not among them: `next` asks those. The policy and the facts are of the newest table.
    public mutating func rule(of policy: RoutingPolicy.ID, facts: Facts, at now: Instant) -> RuleHit? {
        rule(of: policy, facts: facts, newest, at: now)
    }

    /// The same in the table of version `version`.
    public mutating func rule(of policy: RoutingPolicy.ID, facts: Facts, tableVersion version: Int, at now: Instant) -> RuleHit? {
        generation(of: version).flatMap { rule(of: policy, facts: facts, $0, at: now) }
    }

    private mutating func rule(of policy: RoutingPolicy.ID, facts: borrowing Facts, _ generation: Int, at now: Instant) -> RuleHit? {
        let plan = generations[generation].plan
        guard plan.rules.indices.contains(policy) else { return nil }
        for index in plan.rules[policy].before.indices
        where holds(plan.rules[policy].before[index].when, facts, plan, generation, at: now) {
            return hit(plan.rules[policy].before[index], of: policy, facts, nil, plan, generation, at: now)
        }
        return nil
    }

    /// Asks the rules about what happened to an attempt. Each is hit once in a journey at most; a hit enters its route. Nil: none was
    /// hit, or what was hit changes nothing about where the journey goes.
    mutating func askRules(
        after fault: Fault, _ journey: inout Journey, _ plan: Plan, _ generation: Int, at now: Instant
    ) -> Step? {
        guard let policy = journey.policy, plan.rules.indices.contains(policy) else { return nil }
        for rule in plan.rules[policy].after where rule.after.contains(fault) {
            if journey.ruleHits.contains(where: { $0.index == rule.index && $0.policy == policy }) { continue }
            // A route that was left already leads nowhere new: the next rule may.
            if rule.route >= 0, rule.route == journey.current || journey.visited.contains(rule.route) { continue }
            guard holds(rule.when, journey.facts, plan, generation, at: now) else { continue }
            journey.ruleHits.append(hit(rule, of: policy, journey.facts, fault, plan, generation, at: now))
            ruled(journey.ruleHits.count - 1, journey, plan, at: now)
            let actions = plan.policies[policy].rules[rule.index].then
            if let mode = actions.mode { journey.mode = mode }
            if let provider = actions.provider { journey.pin(provider) }
            if let text = actions.deny { return journey.exhausted(.denied(text)) }
            guard rule.route >= 0 else { return nil }
            journey.enter(rule.route)
            return fromTheTop(&journey, plan, generation, at: now)
        }
        return nil
    }

    private mutating func hit(
        _ rule: CompiledPolicy.Rule, of policy: RoutingPolicy.ID, _ facts: borrowing Facts, _ fault: Fault?, _ plan: Plan, _ generation: Int,
        at now: Instant
    ) -> RuleHit {
        let written = plan.policies[policy].rules[rule.index]
        var observed: [RuleHit.Observation] = []
        for field in written.when.fields {
            observed.append(RuleHit.Observation(field: field, value: value(of: field, facts, plan, generation, at: now)))
        }
        return RuleHit(
            index: rule.index, policy: policy, name: written.name, observed: observed, actions: written.then,
            route: rule.route < 0 ? nil : rule.route, after: fault)
    }

    // MARK: Conditions

    /// Whether a compiled condition holds.
    mutating func holds(_ entry: Int32, _ facts: borrowing Facts, _ plan: Plan, _ generation: Int, at now: Instant) -> Bool {
        var at = entry
        while at >= 0 {
            let test = plan.conditions.tests[Int(at)]
            let field = Int(test.field)
            let holds: Bool
            if field < 0 {
                holds = plan.conditions.holds(test, live(~field, plan, generation, at: now))
            } else if field < facts.valueCount {
                holds = plan.conditions.holds(test, facts[value: field])
            } else {
                holds = test.ifMissing
            }
            at = holds ? test.yes : test.no
        }
        return at == ConditionTests.yes
    }

    private mutating func value(of field: FieldName, _ facts: borrowing Facts, _ plan: Plan, _ generation: Int, at now: Instant) -> Value {
        if let index = plan.conditions.live.firstIndex(where: { $0.name == field }) { return live(index, plan, generation, at: now) }
        guard let index = plan.conditions.fields.firstIndex(of: field), index < facts.valueCount else { return .missing }
        return facts[value: index]
    }

    // MARK: Conditional routes

    /// Finds out which leaves of the journey's route conditions close. False: it has no conditions, and `closed` is empty.
    @discardableResult
    mutating func closeBranches(_ journey: borrowing Journey, _ plan: Plan, _ generation: Int, at now: Instant) -> Bool {
        closed = LeafSet()
        let root = journey.current
        if plan.roots[root].gates.isEmpty { return false }
        let first = plan.roots[root].leaves.lowerBound
        for index in plan.roots[root].gates.indices
        where !holds(plan.roots[root].gates[index].when, journey.facts, plan, generation, at: now) {
            let leaves = plan.roots[root].gates[index].leaves
            closed.insert(leaves.lowerBound - first..<leaves.upperBound - first)
        }
        return true
    }

    /// How the first branch ends this request that refuses or answers it, asked when a route is entered.
    mutating func block(
        _ journey: borrowing Journey, _ plan: Plan, _ generation: Int, isCertain: Bool = true, at now: Instant
    ) -> Exhaustion.Reason? {
        let root = journey.current
        if plan.roots[root].blocks.isEmpty || journey.attemptsHere > 0 { return nil }
        for index in plan.roots[root].blocks.indices where plan.roots[root].blocks[index].isCertain == isCertain {
            guard holds(plan.roots[root].blocks[index].when, journey.facts, plan, generation, at: now) else { continue }
            let block = plan.roots[root].blocks[index]
            return block.answers ? .answered(block.text) : .denied(block.text)
        }
        return nil
    }
}
