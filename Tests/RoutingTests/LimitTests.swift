import Routing
import Testing

@Suite("Limits per minute") struct LimitTests {
    static let all: [any Strategy] = Strategies.all.filter { !($0 is Single) }

    func router(_ strategy: any Strategy = UsageWithinLimits(), _ names: String..., change: (inout Deployment) -> Void) throws -> Router {
        var list: [Deployment] = []
        for name in names.isEmpty ? ["a"] : names {
            var deployment = Deployment(name: name)
            change(&deployment)
            list.append(deployment)
        }
        let tree = Route.choice(strategy, list.indices.map { Branch(.deployment($0)) })
        return Router(table: try table(list, tree, retry: RetryPolicy(maxRetries: 0)), seed: 1)
    }

    @Test("exactly as many requests as it says, under every strategy, counted before they are answered", arguments: all.indices)
    func requests(_ which: Int) throws {
        var router = try router(Self.all[which], "a", "b") { $0.requestsPerMinute = 3 }
        var served = [0, 0]
        while let attempt = router.begin(at: at(61)) {
            served[attempt.deployment] += 1
            #expect(served[attempt.deployment] <= 3)
            if served[attempt.deployment] > 3 { break }
        }
        #expect(served == [3, 3])
        let end = router.run(at: at(70)) { _ in .well }.end
        #expect(end?.reason == .noneEligible(.rateLimit(until: at(120))))
        #expect(end?.retryAfter == .seconds(50), "the minute's end")
        #expect(router.run(at: at(120)) { _ in .well }.succeeded)
    }

    @Test("tokens count when they are known, and what is asked must fit in to the token")
    func tokens() throws {
        var router = try router { $0.tokensPerMinute = 100 }
        #expect(router.choice(Facts(inputTokens: 100), at: at(1)) == 0)
        router.end(0, .success(firstByte: .zero, total: .zero, outputTokens: 30, inputTokens: 40), inputTokens: 10, at: at(2))
        #expect(router.choice(Facts(inputTokens: 30), at: at(3)) == 0)
        #expect(router.choice(Facts(inputTokens: 31), at: at(3)) == nil)
        router.end(0, .success(firstByte: .zero, total: .zero, outputTokens: 20), inputTokens: 10, at: at(4))
        #expect(router.choice(Facts(inputTokens: 0), at: at(5)) == 0, "30 + 40 and 20 + 10 as estimated: full, but not over")
        #expect(router.choice(Facts(inputTokens: 1), at: at(5)) == nil)
        #expect(router.choice(Facts(inputTokens: 100), at: at(60)) == 0)
    }

    @Test("a request larger than a minute's tokens is told so, and no time to come again")
    func tooLarge() throws {
        var router = try router { $0.tokensPerMinute = 100 }
        let run = router.run(router.journey(route: 0, facts: Facts(inputTokens: 101)), at: at(1)) { _ in .well }
        #expect(run.end?.reason == .noneEligible(.rateLimit(until: .distantFuture)))
        #expect(run.end?.retryAfter == nil)
    }

    @Test("minutes begin where the clock of the world says, and before the origin too", arguments: [-90.0, -60, -45, 0, 12.5, 59, 60, 1234])
    func minutes(_ start: Double) throws {
        var router = try router { $0.requestsPerMinute = 1 }
        router.beginMinute(at: at(17))
        let begun = (start - 17) / 60
        let end = (begun.rounded(.down) + 1) * 60 + 17
        #expect(router.begin(at: at(start)) != nil)
        #expect(router.begin(at: at(end - 0.001)) == nil)
        #expect(router.begin(at: at(end)) != nil)
    }

    @Test("faults of a request count as requests, and the route goes on where there is room")
    func failover() throws {
        var router = try router(Fallback(), "a", "b") { $0.requestsPerMinute = 2 }
        for _ in 0..<2 { #expect(router.run(at: at(1)) { $0 == 0 ? .badly(.badRequest) : .well }.tried == [0]) }
        for _ in 0..<2 { #expect(router.run(at: at(1)) { _ in .well }.tried == [1]) }
        #expect(router.run(at: at(1)) { _ in .well }.tried == [])
    }

    @Test("usage of a minute is forgotten with it")
    func forgets() throws {
        var router = try router(LowestUsage(), "a", "b") { _ in }
        router.answer(0, total: .seconds(1), tokens: 10, at: at(1))
        router.answer(1, total: .seconds(1), tokens: 5, at: at(1))
        #expect(router.choice(at: at(59)) == 1)
        router.answer(1, total: .seconds(1), tokens: 1, at: at(60))
        #expect(router.choice(at: at(61)) == 0)
    }

    // MARK: The account's limits, as its provider says them

    @Test("requests go elsewhere before the provider refuses them, and come back when there is room")
    func account() throws {
        var router = try router(Fallback(), "a", "b") { _ in }
        let attemptBegun = router.begin(at: at(0))
        let attempt = try #require(attemptBegun)
        router.learn(AccountLimits(requestsRemaining: 2, requestsResetIn: .seconds(30)), of: attempt, at: at(1))
        #expect((0..<4).compactMap { _ in router.begin(at: at(2))?.deployment } == [0, 0, 1, 1])
        #expect(router.choice(at: at(30.9)) == 1)
        #expect(router.choice(at: at(31)) == 0)
    }

    @Test("a bucket that fills evenly gives its next request before it is full")
    func refill() throws {
        var router = try router { _ in }
        let attemptBegun = router.begin(at: at(0))
        let attempt = try #require(attemptBegun)
        router.learn(AccountLimits(requestsRemaining: 0, requestsResetIn: .seconds(60), requestsLimit: 60), of: attempt, at: at(0))
        let end = router.run(at: at(0.25)) { _ in .well }.end
        #expect(end?.reason == .noneEligible(.rateLimit(until: at(1))))
        #expect(router.begin(at: at(1)) != nil)
        #expect(router.begin(at: at(1.5)) == nil)
        #expect(router.begin(at: at(2)) != nil)
    }

    @Test("tokens of the account are asked like requests")
    func accountTokens() throws {
        var router = try router { _ in }
        let attemptBegun = router.begin(at: at(0))
        let attempt = try #require(attemptBegun)
        router.learn(AccountLimits(tokensRemaining: 500, tokensResetIn: .seconds(10)), of: attempt, at: at(0))
        #expect(router.choice(Facts(inputTokens: 501), at: at(1)) == nil)
        #expect(router.begin(Facts(inputTokens: 400), at: at(1)) != nil)
        #expect(router.choice(Facts(inputTokens: 101), at: at(1)) == nil)
        #expect(router.choice(Facts(inputTokens: 100), at: at(1)) == 0)
        #expect(router.choice(Facts(inputTokens: 501), at: at(10)) == 0)
    }

    @Test("of replies that overtake each other the lower remainder holds; a later one is believed")
    func overtaking() throws {
        var router = try router { _ in }
        let attemptBegun = router.begin(at: at(0))
        let attempt = try #require(attemptBegun)
        router.learn(AccountLimits(requestsRemaining: 0, requestsResetIn: .seconds(20)), of: attempt, at: at(1))
        router.learn(AccountLimits(requestsRemaining: 1, requestsResetIn: .seconds(20)), of: attempt, at: at(1.2))
        #expect(router.choice(at: at(1.3)) == nil)
        router.learn(AccountLimits(requestsRemaining: 1, requestsResetIn: .seconds(20)), of: attempt, at: at(3))
        #expect(router.choice(at: at(3.1)) == 0)
    }
}
