import Testing

@testable import Routing

@Suite("Strategies that measure") struct MeasuredStrategyTests {
    static func router(_ strategy: any Strategy, seed: UInt64 = 1) throws -> Router {
        Router(table: try table(deployments("a", "b", "c"), leaves(strategy, 0, 1, 2)), seed: seed)
    }

    struct Row: Sendable {
        var strategy: any Strategy
        var facts = Facts()
        /// Of `a`, `b`, `c`: first byte and whole answer in milliseconds, tokens.
        var calls: [(first: Int, total: Int, tokens: Int)]
        var best: Int
    }

    @Test(
        "each likes what it measures",
        arguments: [
            // By the token b is the fastest, though its answers take the longest.
            Row(strategy: Fastest(), calls: [(10, 100, 10), (20, 500, 100), (5, 90, 1)], best: 1),
            Row(strategy: Fastest(), facts: Facts(needs: .streaming), calls: [(10, 100, 10), (20, 500, 100), (5, 900, 1)], best: 2),
            Row(strategy: Fastest(by: .firstToken), calls: [(10, 100, 10), (20, 500, 100), (5, 900, 1)], best: 2),
            Row(strategy: Fastest(by: .perToken), facts: Facts(needs: .streaming), calls: [(10, 100, 10), (20, 500, 100), (5, 90, 1)], best: 1),
            Row(strategy: Fastest(by: .whole), calls: [(10, 100, 10), (20, 500, 100), (5, 90, 1)], best: 2),
            Row(strategy: HighestThroughput(), calls: [(10, 100, 10), (20, 500, 40), (5, 90, 1)], best: 0),
            Row(strategy: HighestThroughput(window: .total), calls: [(10, 100, 10), (20, 500, 400), (5, 90, 1)], best: 1),
            Row(strategy: LowestUsage(), calls: [(1, 1, 10), (1, 1, 9), (1, 1, 400)], best: 1),
            Row(strategy: UsageWithinLimits(), calls: [(1, 1, 10), (1, 1, 90), (1, 1, 4)], best: 2),
        ])
    func likes(_ row: Row) throws {
        var router = try Self.router(row.strategy)
        for (id, call) in row.calls.enumerated() {
            router.answer(
                id, firstByte: .milliseconds(call.first), total: .milliseconds(call.total), tokens: call.tokens, streamed: true, at: at(1))
        }
        #expect(router.choice(row.facts, at: at(2)) == row.best)
        let scores = router.explain(router.journey(route: 0, facts: row.facts), at: at(2)).candidates.map(\.score)
        #expect(scores.allSatisfy { $0 != nil }, "a decision says what was measured: \(scores)")
    }

    @Test("the share of calls that were answered, in which callers' mistakes do not count")
    func successRate() throws {
        var router = try Self.router(MostReliable())
        for second in 1...4 {
            router.answer(0, total: .seconds(1), at: at(Double(second)))
            router.answer(1, total: .seconds(1), at: at(Double(second)))
            router.answer(2, total: .seconds(1), at: at(Double(second)))
        }
        router.fail(0, .serverError, at: at(5))
        router.fail(1, .badRequest, at: at(5))
        router.fail(2, .timeout, at: at(5))
        #expect(router.choice(at: at(6)) == 1)
        let candidates = router.explain(router.journey(route: 0), at: at(6)).candidates
        #expect(candidates.map(\.score) == [0.8, 1, 0.8])
    }

    @Test("the fewest requests are those counted and those under way")
    func requests() throws {
        var router = try Self.router(FewestRequests())
        for _ in 0..<2 { router.answer(0, total: .seconds(1), at: at(1)) }
        router.answer(1, total: .seconds(1), at: at(1))
        router.answer(2, total: .seconds(1), at: at(1))
        let secondBegun = router.begin(at: at(2))
        let second = try #require(secondBegun)
        let thirdBegun = router.begin(at: at(2))
        let third = try #require(thirdBegun)
        #expect(Set([second.deployment, third.deployment]) == [1, 2])
    }

    @Test("the cheapest for the tokens of this request, and who has no price last")
    func cost() throws {
        var three = deployments("a", "b", "c")
        three[0].price = Price(input: 1_000_000_000, output: 10_000_000_000)
        three[1].price = Price(input: 5_000_000_000, output: 5_000_000_000)
        var router = Router(table: try table(three, leaves(Cheapest(), 0, 1, 2)), seed: 1)
        #expect(router.choice(Facts(inputTokens: 1000, outputTokens: 10), at: .zero) == 0)
        #expect(router.choice(Facts(inputTokens: 100, outputTokens: 1000), at: .zero) == 1)
        #expect(router.choice(at: .zero) == 1, "equal numbers of tokens where the request says none: input and output price added")
        #expect(router.run { _ in .badly(.serverError) }.tried.prefix(3) == [1, 0, 2])
        let scores = router.explain(router.journey(route: 0, facts: Facts(inputTokens: 1000, outputTokens: 100)), at: at(9000)).candidates
        #expect(scores.map(\.score) == [0.002, 0.0055, nil])
    }

    @Test("equals fall evenly at random", arguments: [Cheapest() as any Strategy, LowestUsage(), UsageWithinLimits(), Even()])
    func ties(_ strategy: any Strategy) throws {
        var router = try Self.router(strategy)
        var counts = [0, 0, 0]
        for _ in 0..<3000 { counts[router.choiceDrawn()] += 1 }
        #expect(counts.allSatisfy { (850...1150).contains($0) }, "\(counts)")
    }

    @Test("the buffer makes near ones as good, and no others")
    func buffer() throws {
        for (buffer, wanted) in [(0.0, Set([0])), (0.1, [0, 1]), (0.5, [0, 1, 2])] {
            var router = try Self.router(Fastest(buffer: buffer))
            for (id, milliseconds) in [100, 109, 149].enumerated() { router.answer(id, total: .milliseconds(milliseconds), at: at(1)) }
            var seen: Set<Int> = []
            for _ in 0..<200 {
                guard let attempt = router.begin(at: at(2)) else { continue }
                seen.insert(attempt.deployment)
                router.record(.cancelled, of: attempt, at: at(2))
            }
            #expect(seen == wanted)
        }
    }

    @Test("a timeout counts as a thousand seconds, and leaves with its window")
    func penalty() throws {
        var router = try Self.router(Fastest())
        for id in 0..<3 { router.answer(id, total: .milliseconds(100 + id), at: at(0)) }
        router.fail(0, .timeout, at: at(1))
        #expect(router.choice(at: at(2)) == 1)
        #expect(router.choice(Facts(allowed: DeploymentSet([0, 2])), at: at(2)) == 2)
        // Alone after 899 s, and then tried anew.
        router.answer(1, total: .milliseconds(100), at: at(899))
        router.answer(2, total: .milliseconds(100), at: at(899))
        #expect(router.choice(at: at(900)) != 0)
        #expect(router.choice(at: at(902)) == 0)
    }

    @Test("who is not measured is tried, by one request at a time")
    func explores() throws {
        var router = try Self.router(Fastest())
        router.answer(0, total: .milliseconds(100), at: at(1))
        let firstBegun = router.begin(at: at(2))
        let first = try #require(firstBegun)
        let secondBegun = router.begin(at: at(2))
        let second = try #require(secondBegun)
        #expect(Set([first.deployment, second.deployment]) == [1, 2])
        for _ in 0..<5 { #expect(router.begin(at: at(2))?.deployment == 0) }
        router.record(.success(firstByte: .zero, total: .milliseconds(50), outputTokens: 1), of: first, at: at(3))
        #expect(router.choice(at: at(4)) == first.deployment)
    }

    @Test("when all are tried for the first time at once, they share")
    func allUnmeasured() throws {
        var router = try Self.router(Fastest())
        var counts = [0, 0, 0]
        for _ in 0..<9 { if let attempt = router.begin(at: at(1)) { counts[attempt.deployment] += 1 } }
        #expect(counts == [3, 3, 3])
    }

    @Test("one that only fails is tried again, but not by everybody")
    func failing() throws {
        var router = try Self.router(Fastest())
        router.answer(0, total: .milliseconds(100), at: at(1))
        router.answer(1, total: .milliseconds(200), at: at(1))
        router.fail(2, .serverError, at: at(1))
        for second in [2.0, 5, 10] { #expect(router.choice(at: at(second)) == 0) }
        #expect(router.choice(at: at(11.5)) == 2)
    }

    @Test("a window of all time too asks again who was not asked for a quarter of an hour", arguments: [MeasureWindow.hour, .total])
    func stale(_ window: MeasureWindow) throws {
        var router = try Self.router(Fastest(window: window))
        for id in 0..<3 { router.answer(id, total: .milliseconds(100 + id * 50), at: at(0)) }
        for second in stride(from: 100.0, through: 1000, by: 100) { router.answer(0, total: .milliseconds(100), at: at(second)) }
        #expect(router.choice(at: at(899)) == 0)
        #expect(router.choice(at: at(1001)) != 0)
    }

    @Test("a choice is as good as the best of its leaves that may serve")
    func nested() throws {
        let inner = Route.choice(Fallback(), [Branch(.deployment(1)), Branch(.deployment(2))])
        let tree = Route.choice(Fastest(), [Branch(.deployment(0)), Branch(inner)])
        var router = Router(table: try table(deployments("a", "b", "c"), tree), seed: 1)
        for (id, milliseconds) in [(0, 100), (1, 300)] { router.answer(id, total: .milliseconds(milliseconds), at: at(1)) }
        // c was never measured, and nothing would lead to it: the inner choice is as good as b, not for ever unmeasured.
        #expect(router.choice(at: at(2)) == 0)
        router.answer(2, total: .milliseconds(20), at: at(2))
        #expect(router.choice(at: at(3)) == 1)
        #expect(router.choice(Facts(allowed: DeploymentSet([0, 1])), at: at(3)) == 0)
    }

    @Test("vLLora's metrics are ways to the same strategies")
    func metrics() {
        let rows: [(String, String, Measure.Kind)] = [
            ("requests", "requests", .requests), ("latency", "latency", .whole), ("ttft", "latency", .firstToken), ("tps", "throughput", .throughput),
            ("error_rate", "success_rate", .successRate), ("cost", "cost", .cost), ("price", "cost", .cost),
        ]
        for (metric, name, kind) in rows {
            let strategy = Strategies.optimizing(metric)
            #expect(strategy.map { type(of: $0).name } == name)
            #expect(strategy?.measure.kind == kind)
        }
        #expect(Strategies.optimizing("speed") == nil)
        #expect(Strategies.named("ttft")?.measure.kind == .firstToken)
        #expect(Strategies.named("tps")?.measure.kind == .throughput)
    }
}

extension Router {
    /// Who serves a request of its own chance, which is then withdrawn.
    mutating func choiceDrawn() -> Deployment.ID {
        guard let attempt = begin(at: .zero) else { return -1 }
        record(.cancelled, of: attempt, at: .zero)
        return attempt.deployment
    }
}
