import Testing

@testable import Routing

@Suite("Conditional routes") struct RulesConditionalTests {
    private static let eu = test("request.region", .eq, "eu")
    private static let gold = test("user.tier", .eq, "gold")

    /// eu → 0, gold → 1, otherwise 2.
    private static func tree(_ otherwise: Bool = true) -> Route {
        .choice(
            Conditional([.branch(when: eu), .branch(when: gold)]),
            [Branch(.deployment(0)), Branch(.deployment(1))] + (otherwise ? [Branch(.deployment(2))] : []))
    }

    private func router(_ tree: Route, fallbacks: [String] = []) throws -> Router {
        Router(
            table: try table(
                deployments("a", "b", "c", "d"), tree, retry: RetryPolicy(maxRetries: 0, backoff: .zero),
                others: [NamedRoute(name: "spare", tree: .deployment(3))], fallbacks: fallbacks), seed: 1)
    }

    private func journey(_ router: Router, _ region: String?, _ tier: String? = nil) -> Journey {
        let values = router.table.fields.map { field -> Value in
            switch field.text {
            case "request.region": region.map { .text($0) } ?? .missing
            case "user.tier": tier.map { .text($0) } ?? .missing
            default: .missing
            }
        }
        return router.journey(route: 0, facts: Facts(values: values))
    }

    @Test("the first branch that holds is asked, then others that hold, then the default; closed ones never")
    func order() throws {
        for (region, tier, expected) in [("eu", nil, [0, 2]), ("us", "gold", [1, 2]), ("eu", "gold", [0, 1, 2]), ("us", nil, [2])]
            as [(String, String?, [Int])]
        {
            var router = try router(Self.tree())
            let run = router.run(journey(router, region, tier)) { _ in .badly(.serverError) }
            #expect(run.tried == expected, "\(region) \(tier ?? "-")")
            #expect(run.end?.reason == .attempts)
        }
    }

    @Test("without a branch that holds and without default a request ends with its own reason, or at the route's fallbacks")
    func noBranch() throws {
        var router = try router(Self.tree(false))
        #expect(router.run(journey(router, "us")) { _ in .well }.end?.reason == .noBranch)
        var other = try self.router(Self.tree(false), fallbacks: ["spare"])
        #expect(other.run(journey(other, "us")) { _ in .well }.tried == [3])
    }

    @Test("a closed branch is not the least bad either: with everything open at rest, only that is tried in panic")
    func panic() throws {
        var router = try router(Self.tree())
        for _ in 0..<10 { _ = router.run(journey(router, "eu", "gold")) { _ in .badly(.serverError) } }
        #expect((0..<3).allSatisfy { router.state(of: $0, at: .zero) == .open })
        #expect(router.run(journey(router, "us")) { _ in .well }.tried == [2])
    }

    @Test("a branch may refuse: its text ends the request, unless an earlier branch holds")
    func blocks() throws {
        let tree = Route.choice(
            Conditional([.branch(when: Self.gold), .block(when: Self.eu, text: "not here"), .branch(when: .always)]),
            [Branch(.deployment(0)), Branch(.deployment(1))])
        var router = try router(tree)
        #expect(router.run(journey(router, "eu")) { _ in .well }.end?.reason == .denied("not here"))
        #expect(router.run(journey(router, "eu", "gold")) { _ in .well }.tried == [0])
        #expect(router.run(journey(router, "us")) { _ in .well }.tried == [1])
        // What comes after the refusal stays closed although it always holds.
        #expect(router.run(journey(router, "eu", "gold")) { _ in .badly(.serverError) }.tried == [0])
    }

    @Test("a branch may answer in a model's place")
    func answers() throws {
        let tree = Route.choice(
            Conditional([.block(when: Self.eu, text: "closed", answers: true), .branch(when: .always)]), [Branch(.deployment(0))])
        var router = try router(tree)
        #expect(router.run(journey(router, "eu")) { _ in .well }.end?.reason == .answered("closed"))
        #expect(router.run(journey(router, "us")) { _ in .well }.tried == [0])
    }

    @Test("conditions nest, in other strategies and in each other")
    func nested() throws {
        let inner = Route.choice(Conditional([.branch(when: Self.gold)]), [Branch(.deployment(1)), Branch(.deployment(2))])
        let tree = Route.choice(
            Fallback(), [Branch(.choice(Conditional([.branch(when: Self.eu)]), [Branch(inner)])), Branch(.deployment(0))])
        var router = try router(tree)
        #expect(router.run(journey(router, "eu", "gold")) { _ in .badly(.serverError) }.tried == [1, 2, 0])
        #expect(router.run(journey(router, "eu")) { _ in .badly(.serverError) }.tried == [2, 0])
        #expect(router.run(journey(router, "us", "gold")) { _ in .badly(.serverError) }.tried == [0])
    }

    @Test("a refusal below a choice by chance counts when nothing else may serve")
    func uncertain() throws {
        let blocking = Route.choice(Conditional([.block(when: Self.eu, text: "no"), .branch(when: .always)]), [Branch(.deployment(0))])
        var alone = try router(.choice(Shuffle(), [Branch(blocking), Branch(blocking)]))
        #expect(alone.run(journey(alone, "eu")) { _ in .well }.end?.reason == .denied("no"))
        var beside = try router(.choice(Shuffle(), [Branch(blocking), Branch(.deployment(1))]))
        #expect(beside.run(journey(beside, "eu")) { _ in .well }.tried == [1])
    }

    @Test("a deployment in a closed and in an open branch may serve")
    func twice() throws {
        let tree = Route.choice(Conditional([.branch(when: Self.eu), .branch(when: Self.gold)]), [Branch(.deployment(0)), Branch(.deployment(0))])
        var router = try router(tree)
        #expect(router.run(journey(router, "us", "gold")) { _ in .well }.tried == [0])
        let explained = router.explain(journey(router, "us", "gold"), at: .zero)
        #expect(explained.candidates.map(\.excludedBecause) == [nil])
        #expect(router.explain(journey(router, "us"), at: .zero).candidates.map(\.excludedBecause) == [.closedBranch])
    }

    @Test("explanations say which candidates conditions close")
    func explained() throws {
        let router = try router(Self.tree())
        let explanation = router.explain(journey(router, "us", "gold"), at: .zero)
        #expect(explanation.candidates.map(\.excludedBecause) == [.closedBranch, nil, nil])
        #expect(explanation.strategies == ["conditional"])
    }
}
