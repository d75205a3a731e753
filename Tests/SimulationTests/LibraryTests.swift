import Routing
import Simulation
import Testing

/// A failure prints the scenario, its seed and what was violated; the command that it names repeats the run exactly.
@Suite("Library") struct LibraryTests {
    static let strategies: [any Strategy] = Strategies.all.filter { !($0 is Single) } + [Percentage(stickyBy: .session)]

    /// Another each run: whoever finds it at fault adds it to the fixed ones.
    static let fresh = UInt64.random(in: 1_000...999_999_999)

    static func expectWell(_ report: Report, _ command: String) {
        #expect(report.violations.isEmpty, "\(report.headline)\n\(report.violations.prefix(5))\nrepeat it with: \(command) --seed \(report.seed)")
    }

    @Test("there are at least 25 bad days, each with a name of its own and a sentence")
    func library() {
        #expect(Library.plots.count >= 25)
        #expect(Set(Library.plots.map(\.name)).count == Library.plots.count)
        #expect(Library.plots.allSatisfy { $0.summary.hasSuffix(".") })
    }

    @Test("every bad day keeps the invariants and its promises", arguments: Library.plots.map(\.name))
    func plots(name: String) throws {
        let scenario = try #require(Library.named(name)).scenario()
        for seed in [1, Self.fresh] {
            let report = scenario.run(seed: seed)
            Self.expectWell(report, "swiftlet simulate \(name)")
            #expect(report.requests > 1000)
        }
    }

    /// Promises of success belong to a plot's own table; invariants hold on every other.
    @Test("every strategy keeps the invariants through bad days", arguments: strategies.indices)
    func everyStrategy(_ which: Int) throws {
        // Each has a third of the days, and another third than its neighbours.
        for (index, plot) in Library.plots.enumerated() where index % 3 == which % 3 {
            let table = try Self.table(Self.strategies[which])
            let scenario = try plot.scenario(on: table, route: nil).shortened(to: .seconds(25))
            Self.expectWell(scenario.run(seed: UInt64(which) + 1), "\(type(of: Self.strategies[which]).name) through \(plot.name)")
        }
    }

    @Test("any scenario keeps the invariants", arguments: [1, 21, 41, fresh] as [UInt64])
    func random(first: UInt64) throws {
        for seed in first..<first + 20 {
            let report = try Scenario.random(seed: seed).run(seed: seed)
            Self.expectWell(report, "swiftlet simulate random-\(seed)")
            #expect(report.requests > 50)
        }
    }

    /// A choice over three with a fourth behind it.
    static func table(_ strategy: any Strategy) throws -> RoutingTable {
        let breaker = BreakerPolicy(failureThreshold: 3, window: .seconds(30), cooldown: .seconds(10))
        let deployments = ["a", "b", "c", "d"].enumerated().map { index, name in
            Deployment(
                name: name, weight: Double(1 + index), price: Price(input: 1_000_000_000, output: 4_000_000_000), timeout: .seconds(10),
                breaker: breaker)
        }
        let group = Route.choice(strategy, (0..<3).map { Branch(.deployment($0)) })
        let main = NamedRoute(name: "main", tree: .choice(Fallback(), [Branch(group), Branch(.deployment(3))]))
        return try RoutingTable(version: 1, deployments: deployments, routes: [main])
    }
}
