import Schema

/// The rules of a policy in the order in which they are asked.
struct CompiledPolicy: Sendable {
    struct Rule: Sendable {
        /// In `RoutingPolicy.rules`.
        var index: Int
        /// The first test of its condition.
        var when: Int32
        var after: FaultSet
        /// -1: it names none.
        var route: Route.ID
    }

    /// Asked before the first attempt.
    var before: [Rule] = []
    /// Asked when an attempt ended with a fault.
    var after: [Rule] = []
}

extension TreeCompiler {
    /// Rules by priority, those of one priority as they were written; disabled ones are left out.
    mutating func compile(_ policies: [RoutingPolicy]) -> [CompiledPolicy] {
        policies.map { policy in
            var compiled = CompiledPolicy()
            let order = policy.rules.indices.sorted { (-policy.rules[$0].priority, $0) < (-policy.rules[$1].priority, $1) }
            for index in order where policy.rules[index].isEnabled {
                let rule = policy.rules[index]
                let route = rule.then.route.flatMap { resolve($0, from: rule.name) } ?? -1
                let when = add(rule.when, of: rule.name)
                let own = CompiledPolicy.Rule(index: index, when: when, after: rule.after ?? [], route: route)
                if rule.after == nil { compiled.before.append(own) } else { compiled.after.append(own) }
            }
            return compiled
        }
    }

    /// The first test of a condition that stands in `owner`.
    mutating func add(_ condition: Condition, of owner: String) -> Int32 {
        let known = tree.conditions.unknown.count
        let entry = tree.conditions.add(condition, subjects)
        for field in tree.conditions.unknown[known...] {
            let names = field.text.hasPrefix("deployment.") ? Array(subjects.deployments.keys) : Array(subjects.providers.keys)
            note(.unknownSubject(field.text, nearest: Spelling.nearest(to: field.part, among: names.sorted())), in: owner)
        }
        return entry
    }
}
