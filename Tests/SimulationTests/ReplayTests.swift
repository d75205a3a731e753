import Routing
import Simulation
import Testing

@Suite("Replay") struct ReplayTests {
    @Test(
        "one scenario with one seed is one report, byte for byte; another seed is another",
        arguments: ["all-flap", "rate-limits", "restless-operator", "slow-tail", "clients-leave"])
    func replay(name: String) throws {
        let scenario = try #require(Library.named(name)).scenario()
        let first = scenario.run(seed: 7)
        let second = scenario.run(seed: 7)
        #expect(first.json == second.json)
        #expect(first.description == second.description)
        #expect(first.trace != scenario.run(seed: 8).trace)
    }

    @Test("a random scenario is named by its seed")
    func random() throws {
        #expect(try Scenario.random(seed: 5).run(seed: 5).json == Scenario.random(seed: 5).run(seed: 5).json)
        #expect(try Scenario.random(seed: 5).run(seed: 5).trace != Scenario.random(seed: 6).run(seed: 5).trace)
    }

    @Test("a day passes in a moment, and its requests come by day")
    func day() throws {
        let report = try #require(Library.named("day")).scenario().run(seed: 1)
        #expect(report.ended > .zero + .seconds(80_000))
        let answered = report.deployments.map(\.answered)
        #expect(answered[0] > 2000)
        #expect(answered[1] > 50 && answered[1] < 200)
    }
}
