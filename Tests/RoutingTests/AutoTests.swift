import Testing

@testable import Routing

@Suite("Auto") struct AutoTests {
    /// Dear and good, cheap and poor, fast and in between.
    static func list() -> [Deployment] {
        var list = deployments("good", "cheap", "fast")
        for (index, dollars) in [(0, 10), (1, 1), (2, 6)] {
            list[index].price = Price(input: Int64(dollars) * 1_000_000_000, output: Int64(dollars) * 1_000_000_000)
        }
        for (index, quality) in [0.9, 0.2, 0.4].enumerated() { list[index].quality = quality }
        return list
    }

    static func measured(_ tree: Route) throws -> Router {
        var router = Router(table: try table(list(), tree), seed: 1)
        for (id, milliseconds) in [2000, 1000, 100].enumerated() { router.answer(id, total: .milliseconds(milliseconds), at: at(1)) }
        return router
    }

    /// Cost, quality and latency of each by hand: cost 1 - (c - 1) / 9, latency 1 - (l - 0.1) / 1.9.
    @Test(
        "the weights of each mode decide, and confidence is the lead of the best",
        arguments: [
            (AutoMode.balance, 1, [0.36, 0.585_263, 0.537_778], 0.081_136), (.cost, 1, [0.09, 0.872_632, 0.495_556], 0.432_113),
            (.quality, 0, [0.72, 0.312_632, 0.464_444], 0.354_938), (.latency, 2, [0.09, 0.541_053, 0.884_444], 0.388_257),
        ])
    func modes(_ mode: AutoMode, _ best: Int, _ scores: [Double], _ confidence: Double) throws {
        let trees = [leaves(Auto(mode: mode), 0, 1, 2), leaves(Percentage(), 0, 1, 2)]
        for (index, tree) in trees.enumerated() {
            let router = try Self.measured(tree)
            var journey = router.journey(route: 0)
            if index == 1 { journey.mode = mode }
            let explained = router.explain(journey, at: at(2))
            #expect(explained.chosen == best)
            for (candidate, wanted) in zip(explained.candidates, scores) { #expect(abs(Double(candidate.score ?? 0) - wanted) < 1e-4) }
            var copy = router
            _ = copy.next(&journey, at: at(2))
            #expect(abs((journey.confidence ?? -1) - confidence) < 1e-4)
        }
    }

    @Test("a mode goes on to the next best, past all strategies of the tree")
    func failsOver() throws {
        let tree = Route.choice(Fallback(), [Branch(.deployment(1)), Branch(.choice(Single(), [Branch(.deployment(2))])), Branch(.deployment(0))])
        var router = try Self.measured(tree)
        var journey = router.journey(route: 0)
        journey.mode = .latency
        #expect(router.run(journey, at: at(2)) { _ in .badly(.serverError) }.tried.prefix(3) == [2, 1, 0])
        var other = router.journey(route: 0)
        other.mode = .quality
        let run = router.run(other, at: at(40)) { _ in .badly(.contentPolicy) }
        #expect(run.end?.reason == .callersFault(.contentPolicy))
        #expect(run.tried.count == 1, "others would answer alike")
    }

    @Test("without a quality of its own the dearer counts as the better; without a price as the worst buy")
    func derived() throws {
        var list = Self.list()
        for index in list.indices { list[index].quality = nil }
        list.append(Deployment(name: "unpriced"))
        var router = Router(table: try table(list, leaves(Auto(mode: .quality), 0, 1, 2, 3)), seed: 1)
        for id in 0..<4 { router.answer(id, total: .seconds(1), at: at(1)) }
        #expect(router.choice(at: at(2)) == 0)
        #expect(router.choice(Facts(allowed: DeploymentSet([1, 2, 3])), at: at(2)) == 2)
        #expect(router.choice(mode: .cost, at: at(2)) == 1)
        #expect(router.choice(Facts(allowed: DeploymentSet([0, 3])), mode: .cost, at: at(2)) == 0)
    }

    @Test("who is not measured counts as fast while nobody tries it")
    func explores() throws {
        let equal = deployments("a", "b")
        var router = Router(table: try table(equal, leaves(Auto(mode: .latency), 0, 1)), seed: 1)
        router.answer(0, total: .seconds(1), at: at(1))
        router.answer(0, total: .seconds(1), at: at(1))
        router.end(1, .cancelled, at: at(1))
        let both = (0..<2).compactMap { _ in router.begin(at: at(2))?.deployment }
        #expect(both == [0, 0], "equals stand in their order")
        var slower = Router(table: try table(deployments("a", "b", "c"), leaves(Auto(mode: .latency), 0, 1, 2)), seed: 1)
        slower.answer(0, total: .seconds(2), at: at(1))
        slower.answer(1, total: .seconds(1), at: at(1))
        #expect((0..<2).compactMap { _ in slower.begin(Facts(allowed: DeploymentSet([0, 2])), at: at(2))?.deployment } == [0, 0])
        #expect(slower.choice(at: at(2)) == 1)
    }

    @Test("a few that hung do not hide that the rest are fast: the middle one counts")
    func median() throws {
        var router = Router(table: try table(deployments("a", "b"), leaves(Auto(mode: .latency), 0, 1)), seed: 1)
        for second in 0..<20 {
            router.answer(0, total: .milliseconds(300), at: at(Double(second)))
            router.answer(1, total: .milliseconds(second == 7 ? 90_000 : 100), at: at(Double(second)))
        }
        #expect(router.choice(at: at(25)) == 1)
    }

    @Test("weights are proportions")
    func weights() {
        #expect(AutoWeights(cost: 40, quality: 40, latency: 20) == AutoWeights(cost: 2, quality: 2, latency: 1))
        for (cost, quality) in [(0.0, 0.0), (-1, 2), (.infinity, 1), (.nan, 1)] {
            #expect(AutoWeights(cost: cost, quality: quality, latency: 0) == nil)
        }
        for mode in AutoMode.allCases {
            let weights = AutoWeights.of(mode)
            #expect(abs(weights.cost + weights.quality + weights.latency - 1) < 1e-6)
        }
    }

    @Test("quality counts as much as the request asks for it: easy ones go by cost, hard ones by quality")
    func complexity() throws {
        let router = try Self.measured(leaves(Auto(weights: AutoWeights(cost: 0.4, quality: 0.6, latency: 0)!), 0, 1, 2))
        for (score, wanted) in [(0.0, 1), (0.3, 1), (1, 0), (0.99, 0)] {
            #expect(router.choice(Facts(complexity: score), at: at(2)) == wanted, "\(score)")
        }
        #expect(router.choice(at: at(2)) == 0, "not known counts as hard")
        let explained = router.explain(router.journey(route: 0, facts: Facts(complexity: 0.3)), at: at(2))
        #expect(explained.decision.terms == Decision.Terms(cost: 1, quality: 1 - (0.4 + 0.6 * 0.3) * (1 - 0.2), latency: Float(1 - 0.9 / 1.9)))
        #expect(explained.reason.hasSuffix(": cost 1, quality 0.54, latency 0.53, complexity 0.3 (3 eligible of 3)"), "\(explained.reason)")
    }
}
