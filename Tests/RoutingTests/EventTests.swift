import Routing
import Testing

@Suite("Events and figures") struct EventTests {
    /// A chain of a and b at provider p, c at q; then the route `next` with d at r.
    func router(breaker: BreakerPolicy = BreakerPolicy(failureThreshold: 2, cooldown: .seconds(30))) throws -> Router {
        var all = deployments("a", "b", "c", "d") { $0.breaker = breaker }
        for (index, provider) in ["p", "p", "q", "r"].enumerated() {
            all[index].provider = provider
            all[index].price = Price(input: Int64(4 - index) * 1_000_000_000, output: 0)
        }
        let retry = RetryPolicy(maxRetries: 0)
        let routes = [
            NamedRoute(name: "main", tree: leaves(Fallback(), 0, 1, 2), retry: retry, fallbacks: ["next"]),
            NamedRoute(name: "next", tree: .deployment(3), retry: retry),
        ]
        return Router(table: try RoutingTable(version: 1, deployments: all, routes: routes), seed: 1)
    }

    @Test("every move off the primary is an event that names where from, where to, why and whose")
    func moves() throws {
        var router = try router(breaker: .never)
        var journey = router.journey(route: 0)
        journey.ticket = 42
        let faults: [Fault] = [.timeout, .serverError, .rateLimit]
        _ = router.run(journey, at: at(3)) { $0 < 3 ? .badly(faults[$0]) : .well }
        #expect(
            router.takeEvents() == [
                RouterEvent(at: at(3), kind: .failover, ticket: 42, route: "main", from: "a", to: "b", fault: .timeout, number: 2),
                RouterEvent(at: at(3), kind: .failover, ticket: 42, route: "main", from: "b", to: "c", fault: .serverError, number: 3),
                RouterEvent(at: at(3), kind: .fallback, ticket: 42, route: "main", from: "c", to: "next", fault: .rateLimit, number: 4),
            ])
        #expect(router.takeEvents().isEmpty)
        #expect(router.tallies.failovers == 2 && router.tallies.fallbacks == 1)
        #expect(router.tallies.movesByProvider == ["p": 1, "q": 1])
    }

    @Test("a breaker's whole life is told: opened, half open, opened again, half open, closed")
    func breakers() throws {
        var router = try router()
        for second in [0.0, 1] { _ = router.run(at: at(second)) { $0 == 0 ? .badly(.timeout) : .well } }
        _ = router.run(at: at(31)) { $0 == 0 ? .badly(.serverError) : .well }
        _ = router.run(at: at(61)) { _ in .well }
        let told = router.takeEvents().filter { $0.kind != .failover }
        #expect(told.map(\.kind) == [.breakerOpened, .breakerHalfOpen, .breakerOpened, .breakerHalfOpen, .breakerClosed])
        #expect(told.map(\.from) == Array(repeating: "a", count: 5))
        #expect(told.map(\.at) == [1, 31, 31, 61, 61].map { at($0) })
        #expect(told.map(\.number) == [30_000, 0, 30_000, 0, 0])
        #expect(told.map(\.fault) == [.timeout, nil, .serverError, nil, nil])
    }

    @Test("an operator's reset is told where something rested, and a rest without an end has no number")
    func reset() throws {
        var router = try router(breaker: BreakerPolicy(failureThreshold: 1, autoRecovery: false))
        _ = router.run { $0 == 0 ? .badly(.timeout) : .well }
        #expect(router.takeEvents().first { $0.kind == .breakerOpened }?.number == 0)
        router.reset(0, at: at(5))
        router.reset(0, at: at(6))
        #expect(router.takeEvents() == [RouterEvent(at: at(5), kind: .breakerClosed, from: "a")])
        #expect(router.run(at: at(7)) { _ in .well }.tried == [0])
    }

    @Test("panic is told")
    func panic() throws {
        var router = Router(table: try table(deployments("a"), .deployment(0), retry: RetryPolicy(maxRetries: 0)), seed: 1)
        _ = router.run { _ in .badly(.auth) }
        _ = router.takeEvents()
        _ = router.run(at: at(1)) { _ in .badly(.auth) }
        #expect(router.takeEvents().map(\.kind) == [.panic])
    }

    @Test("events nobody takes are bounded: the oldest go, and are counted")
    func bounded() throws {
        var router = try router(breaker: .never)
        for call in 0..<3_000 { _ = router.run(at: at(Double(call))) { $0 == 0 ? .badly(.timeout) : .well } }
        #expect(router.droppedEvents == 3_000 - 1_024)
        let events = router.takeEvents()
        #expect(events.count == 1_024)
        #expect(events.map(\.at) == (1_976..<3_000).map { at(Double($0)) })
        _ = router.run { $0 == 0 ? .badly(.timeout) : .well }
        #expect(router.takeEvents().count == 1)
    }

    @Test("explaining notes nothing")
    func explaining() throws {
        var router = try router()
        for second in [0.0, 1] { _ = router.run(at: at(second)) { $0 == 0 ? .badly(.timeout) : .well } }
        _ = router.takeEvents()
        let tallies = router.tallies
        _ = router.explain(router.journey(route: 0), at: at(31))
        #expect(router.takeEvents().isEmpty && router.tallies == tallies)
    }

    @Test("before anything was routed elsewhere, savings are not recorded yet")
    func nothing() throws {
        var router = try router()
        #expect(router.tallies == RouterTallies())
        _ = router.run { _ in .well }
        #expect(router.tallies.requests == 1 && router.tallies.autoRouted == 0)
        #expect(router.tallies.costSaved == nil && router.tallies.meanLatencyGained == nil)
    }

    @Test("cost saved is the primary's price less the one paid, on the same tokens, only where it is positive")
    func saved() throws {
        var router = try router(breaker: .never)
        let journey = router.journey(route: 0, facts: Facts(inputTokens: 1_000))
        _ = router.run(journey) { $0 < 2 ? .badly(.timeout) : .well }
        // 4 USD against 2 per million tokens, for a thousand.
        #expect(router.tallies.costSaved == Nanodollars(2_000_000))
        var dear = router.journey(route: 0, facts: Facts(inputTokens: 1_000))
        dear.primary = 3
        _ = router.run(dear) { _ in .well }
        #expect(router.tallies.autoRouted == 2)
        #expect(router.tallies.costSaved == Nanodollars(2_000_000))
    }

    @Test("latency gained is the primary's median less what it took, also when that is a loss")
    func latency() throws {
        var router = try router(breaker: .never)
        func request(_ total: Duration, failing: Bool, at now: Instant) {
            var journey = router.journey(route: 0)
            while case .attempt(let attempt) = router.next(&journey, at: now) {
                if failing, attempt.deployment == 0 {
                    router.record(.fault(.timeout, retryAfter: nil), of: attempt, in: &journey, at: now)
                } else {
                    router.record(.success(firstByte: total, total: total, outputTokens: 1), of: attempt, in: &journey, at: now)
                    return
                }
            }
        }
        request(.milliseconds(100), failing: true, at: .zero)
        #expect(router.tallies.autoRouted == 1 && router.tallies.compared == 0)
        for _ in 0..<9 { request(.milliseconds(500), failing: false, at: at(10)) }
        request(.milliseconds(100), failing: true, at: at(20))
        #expect(router.tallies.meanLatencyGained == .milliseconds(400))
        request(.milliseconds(1_500), failing: true, at: at(21))
        #expect(router.tallies.meanLatencyGained == .milliseconds(-300))
    }

    @Test("where chance decides, the first deployment tried is the primary; where order does, the first written")
    func primary() throws {
        let tree = Route.choice(Fallback(), [Branch(leaves(Shuffle(), 0, 1)), Branch(.deployment(2))])
        var router = Router(table: try table(deployments("a", "b", "c"), tree, retry: RetryPolicy(maxRetries: 0)), seed: 1)
        for _ in 0..<50 { _ = router.run { _ in .well } }
        #expect(router.tallies.autoRouted == 0)
        _ = router.run { $0 < 2 ? .badly(.auth) : .well }
        #expect(router.tallies.autoRouted == 1)
        for second in 1..<10 { _ = router.run(at: at(Double(second))) { _ in .well } }
        #expect(router.tallies.autoRouted == 10)
    }
}
