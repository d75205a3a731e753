import Routing
import Simulation
import Testing

/// Gateways, a store, and all that may go wrong between them: budgets hold.
@Suite("Budgets in a world that breaks") struct BudgetTests {
    /// With the steps of each plan more than a hundred thousand steps.
    static let seeds: ClosedRange<UInt64> = 1...12

    @Test("nothing is spent beyond a limit, billed twice or not at all, and every hold ends", arguments: BudgetPlan.plans.map(\.name))
    func holds(name: String) throws {
        let plan = try #require(BudgetPlan.plans.first { $0.name == name })
        var permitted = 0
        var refused = 0
        for seed in Self.seeds {
            let report = plan.run(seed: seed)
            #expect(report.breach == nil, "swiftlet simulate budgets-\(name) --seed \(seed)")
            #expect(report.steps == plan.steps)
            permitted += report.permitted
            refused += report.refused
        }
        #expect(permitted > 1_000, "a world where nothing happens proves nothing")
        #expect(refused > 10, "a world where nothing is short proves nothing")
    }

    @Test("one seed is one course")
    func replay() throws {
        let plan = try #require(BudgetPlan.plans.last)
        let (first, second) = (plan.run(seed: 7), plan.run(seed: 7))
        #expect(first.permitted == second.permitted && first.calls == second.calls && first.crashes == second.crashes)
    }
}
