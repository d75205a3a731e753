import Testing

@testable import Routing

@Suite("Splits") struct SplitTests {
    private func table(_ tree: Route) throws -> RoutingTable {
        let other = NamedRoute(name: "other", tree: .choice(Fallback(), [Branch(.deployment(1)), Branch(.deployment(2))]))
        return try RoutingTable(version: 1, deployments: deployments("a", "b", "c", "d"), routes: [NamedRoute(name: "main", tree: tree), other])
    }

    @Test("a split's sides have names, weights and the deployments that they reach")
    func arms() throws {
        let split = Route.choice(Percentage(), [Branch(.deployment(0), weight: 9), Branch(.named("other"), weight: 1)])
        let splits = try table(.choice(Fallback(), [Branch(split), Branch(.deployment(3))])).splits(of: 0)
        #expect(splits.count == 1)
        #expect(splits[0].arms.map(\.name) == ["a", "other"])
        #expect(splits[0].arms.map(\.weight) == [9, 1])
        #expect(["a", "b", "c", "d"].map { splits[0].arm(of: $0) } == [0, 1, 1, nil])
    }

    @Test("what stands on both sides is on neither, and a route without a split has none")
    func both() throws {
        let split = Route.choice(Percentage(), [Branch(.deployment(1), weight: 1), Branch(.named("other"), weight: 1)])
        #expect(try table(split).splits(of: 0)[0].arm(of: "b") == nil)
        #expect(try table(split).splits(of: 1).isEmpty)
    }

    @Test("shadows' figures add up, and survive being written down")
    func shadows() throws {
        var (one, two) = (ShadowFigures(), ShadowFigures())
        one.add(isDifferent: true, isRefused: false, cost: (1, 2))
        two.add(isDifferent: true, isRefused: true, cost: nil)
        two.add(isDifferent: false, isRefused: false, cost: (3, 3))
        var sum = try #require(ShadowFigures(numbers: one.numbers))
        sum += try #require(ShadowFigures(numbers: two.numbers))
        #expect((sum.requests, sum.different, sum.refused) == (3, 2, 1))
        #expect((sum.cost.before, sum.cost.after, sum.cost.increase?.estimate) == (4, 5, 0.25))
        #expect(ShadowFigures(numbers: [1, 2, 3]) == nil)
    }
}
