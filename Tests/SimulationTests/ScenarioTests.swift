import Routing
import Simulation
import Testing

@Suite("Scenarios") struct ScenarioTests {
    static let strategies = Strategies.all.filter { !($0 is Single) } + [Percentage(stickyBy: .session)]

    /// A failure prints the scenario, its seed and what was violated; the seed repeats it exactly.
    @Test("every strategy keeps the invariants through every standard scenario", arguments: strategies.indices)
    func standard(_ which: Int) throws {
        let strategy = Self.strategies[which]
        for scenario in try Scenario.standard(strategy) {
            for seed in UInt64(1)...2 {
                let report = Simulator.run(scenario, seed: seed)
                #expect(report.violations.isEmpty, "\(type(of: strategy).name), \(report)")
                #expect(report.success >= scenario.leastSuccess, "\(type(of: strategy).name), \(report)")
                #expect(report.requests > 1000)
            }
        }
    }

    @Test("any scenario keeps the invariants", arguments: [1, 51, 101, 151] as [UInt64])
    func random(first: UInt64) throws {
        for seed in first..<first + 50 {
            let report = Simulator.run(try Scenario.random(seed: seed), seed: seed)
            #expect(report.violations.isEmpty, "\(report)")
            #expect(report.requests > 50)
        }
    }

    @Test("one scenario with one seed is one course of events; another seed is another", arguments: UInt64(1)...2)
    func replay(seed: UInt64) throws {
        for scenario in try Scenario.standard(Shuffle()).filter({ ["all flap", "rate limits", "settings change"].contains($0.name) }) {
            let first = Simulator.run(scenario, seed: seed)
            #expect(first == Simulator.run(scenario, seed: seed))
            #expect(first.trace != Simulator.run(scenario, seed: seed + 1000).trace)
        }
    }
}
