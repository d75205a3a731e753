import Routing

/// Conditions as they are written, asked one by one over a request's values: the router asks a compiled form.
final class RuleWatch {
    private let table: RoutingTable
    private let values: [Value]
    /// A field was asked for that only the router knows.
    private(set) var isUnsure = false

    init(_ table: RoutingTable, _ facts: borrowing Facts) {
        self.table = table
        values = facts.values
    }

    func value(of field: FieldName) -> Value {
        if field.text.hasPrefix("deployment.") || field.text.hasPrefix("provider.") {
            isUnsure = true
            return .missing
        }
        guard let index = table.fields.firstIndex(of: field), index < values.count else { return .missing }
        return values[index]
    }

    /// The rule that decides before the first attempt: the highest priority, then the order written.
    func first(of policy: RoutingPolicy) -> Int? {
        let rules = policy.rules
        let order = rules.indices.sorted { rules[$0].priority == rules[$1].priority ? $0 < $1 : rules[$0].priority > rules[$1].priority }
        return order.first { rules[$0].isEnabled && rules[$0].after == nil && rules[$0].when.holds { self.value(of: $0) } }
    }
}

extension Invariants {
    mutating func checkRule(_ hit: RuleHit?, _ policy: RoutingPolicy.ID, _ facts: borrowing Facts, request: Int, at now: Instant) {
        let watch = RuleWatch(newest.table, facts)
        let wanted = watch.first(of: newest.table.policies[policy])
        let rules = newest.table.policies[policy].rules
        func name(_ index: Int?) -> String { index.map { rules[$0].name } ?? "no rule" }
        found.expect(
            watch.isUnsure || hit?.index == wanted, request, at: now, "is decided by \(name(hit?.index)), by our books by \(name(wanted))")
    }

    /// A rule about what happened to an attempt.
    mutating func checkRuleAfter(_ hit: RuleHit, _ course: borrowing Course, _ journey: borrowing Journey, at now: Instant) {
        guard let book = books[journey.tableVersion], book.table.policies.indices.contains(hit.policy) else { return }
        let rule = book.table.policies[hit.policy].rules[hit.index]
        let watch = RuleWatch(book.table, journey.facts)
        let isAsked = rule.isEnabled && course.lastFault.map { rule.after?.contains($0) ?? false } ?? false
        let holds = rule.when.holds { watch.value(of: $0) } || watch.isUnsure
        found.expect(isAsked && holds, course.number, at: now, "is decided by \(rule.name), which does not hold")
    }

    /// Attempts are not made that could cost more than the request may, all of them together.
    mutating func checkCost(_ course: borrowing Course, at now: Instant) {
        guard let most = course.envelope.maxCost else { return }
        found.expect(course.cost <= most.amount, course.number, at: now, "costs \(course.cost) nano-dollars, more than \(most.amount)")
    }
}
