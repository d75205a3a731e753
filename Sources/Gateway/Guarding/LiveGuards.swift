import Guarding
import Routing
import Settings

/// Guardrails and firewall made ready for the path of a request.
struct LiveGuards: Sendable {
    let table: GuardTable
    /// For each rule of the firewall, in the order of `FirewallRules.rules`: the requests that it is asked for; nil: all.
    let conditions: [Condition?]
    /// Where the values of their fields come from.
    let sources: [FieldName: FieldSource]

    /// Nil: nobody looks at anything.
    init?(_ blueprint: Blueprint) {
        guard !blueprint.guards.isEmpty else { return nil }
        table = blueprint.guards
        conditions = blueprint.firewall.conditions
        sources = Dictionary(blueprint.firewall.fields.map { ($0, FieldSource($0)) }) { first, _ in first }
    }

    /// For each rule whether it is asked for a request. Empty: all are.
    /// - Parameter value: Of a field; asked for where a condition looks at it.
    func asked(_ value: (FieldSource) -> Value) -> [Bool] {
        guard !sources.isEmpty else { return [] }
        return conditions.map { condition in condition.map { $0.holds { value(sources[$0] ?? .nothing) } } ?? true }
    }
}
