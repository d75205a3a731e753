import Testing

@testable import Routing

private let warns = RuleActions(warn: "w")

@Suite("Rules") struct RulesRouterTests {
    private static let trees = [
        NamedRoute(name: "chat", tree: leaves(Fallback(), 0, 1), retry: RetryPolicy(maxRetries: 0, backoff: .zero)),
        NamedRoute(name: "spare", tree: .deployment(2)), NamedRoute(name: "last", tree: .deployment(3)),
    ]

    private func router(_ rules: [Rule]) throws -> Router {
        let policies = [RoutingPolicy(name: "none"), RoutingPolicy(name: "p", rules: rules)]
        let all = deployments("a", "b", "c", "d") { $0.provider = $0.name == "d" ? "q" : "p" }
        return Router(table: try RoutingTable(version: 1, deployments: all, routes: Self.trees, policies: policies), seed: 1)
    }

    @Test("the highest priority is asked first, then the order written; disabled ones and those with after are not asked")
    func order() throws {
        var router = try router([
            Rule(name: "off", priority: 9, isEnabled: false, then: warns), Rule(name: "later", priority: 8, after: .all, then: warns),
            Rule(name: "low", then: warns), Rule(name: "high", priority: 5, when: test("tags.t", .eq, "x"), then: RuleActions(route: "spare")),
            Rule(name: "same", priority: 5, when: test("tags.t", .exists, true), then: warns),
        ])
        #expect(router.table.fields.map(\.text) == ["tags.t"])
        let found = router.rule(of: 1, facts: Facts(values: ["x"]), at: .zero)
        let hit = try #require(found)
        #expect(hit.name == "high" && hit.index == 3 && hit.route == 1 && hit.policy == 1 && hit.after == nil)
        #expect(hit.observed == [RuleHit.Observation(field: field("tags.t"), value: "x")])
        for (policy, values, name) in [(1, ["y"], "same"), (1, [], "low"), (0, [], nil), (7, [], nil)] as [(Int, [Value], String?)] {
            let hit = router.rule(of: policy, facts: Facts(values: values), at: .zero)
            #expect(hit?.name == name)
        }
    }

    @Test("a rule about a fault takes the journey to its route, and is in its hits")
    func after() throws {
        var router = try router([
            Rule(name: "t", after: FaultSet(.timeout), then: RuleActions(route: "spare")),
            Rule(name: "other", after: FaultSet(.rateLimit), then: RuleActions(route: "last")),
        ])
        var journey = router.journey(route: 0)
        journey.policy = 1
        let run = router.run(journey) { $0 == 0 ? .badly(.timeout) : .well }
        #expect(run.tried == [0, 2])
        let other = router.run(journey) { $0 == 0 ? .badly(.serverError) : .well }
        #expect(other.tried == [0, 1])
    }

    @Test("without a policy no rule is asked")
    func noPolicy() throws {
        var router = try router([Rule(name: "t", after: .all, then: RuleActions(route: "spare"))])
        #expect(router.run(router.journey(route: 0)) { $0 == 0 ? .badly(.timeout) : .well }.tried == [0, 1])
    }

    @Test("each rule is hit once, and routes are not entered twice, so rules cannot send a request in circles")
    func once() throws {
        var router = try router([
            Rule(name: "there", after: .all, then: RuleActions(route: "spare")), Rule(name: "back", after: .all, then: RuleActions(route: "chat")),
            Rule(name: "on", after: .all, then: RuleActions(route: "last")),
        ])
        var journey = router.journey(route: 0)
        journey.policy = 1
        var hits: [String] = []
        var tried: [Deployment.ID] = []
        for _ in 0..<20 {
            guard case .attempt(let attempt) = router.next(&journey, at: .zero) else { break }
            tried.append(attempt.deployment)
            router.record(.fault(.serverError, retryAfter: nil), of: attempt, in: &journey, at: .zero)
            hits = journey.ruleHits.map(\.name)
        }
        #expect(tried.prefix(2) == [0, 2])
        #expect(tried.contains(3))
        #expect(Set(hits).count == hits.count)
        #expect(tried.count <= 8)
    }

    @Test("a rule about a fault may deny: the request ends with its text")
    func denies() throws {
        var router = try router([Rule(name: "stop", after: FaultSet(.quotaExceeded), then: RuleActions(deny: "no more today"))])
        var journey = router.journey(route: 0)
        journey.policy = 1
        let run = router.run(journey) { _ in .badly(.quotaExceeded) }
        #expect(run.tried == [0])
        #expect(run.end?.reason == .denied("no more today"))
    }

    @Test("a rule that only warns changes nothing about the way")
    func warning() throws {
        var router = try router([Rule(name: "w", after: .all, then: warns)])
        var journey = router.journey(route: 0)
        journey.policy = 1
        #expect(router.run(journey) { $0 == 0 ? .badly(.timeout) : .well }.tried == [0, 1])
    }

    @Test("when and after are both asked")
    func both() throws {
        var router = try router([Rule(name: "t", when: test("tags.t", .eq, 1), after: .all, then: RuleActions(route: "spare"))])
        for (value, tried) in [(Value.number(1), [0, 2]), (2, [0, 1])] {
            var journey = router.journey(route: 0, facts: Facts(values: [value]))
            journey.policy = 1
            #expect(router.run(journey) { $0 == 0 ? .badly(.timeout) : .well }.tried == tried)
        }
    }
}

@Suite("Fields of deployments") struct RulesLiveTests {
    /// Whether `field comparison operand` holds of the router now.
    private func holds(_ condition: Condition, _ change: (inout Router) -> Void, at now: Instant = at(1)) throws -> Bool {
        let all = deployments("a", "b") {
            $0.provider = "p"
            $0.breaker = BreakerPolicy(failureThreshold: 2, window: .seconds(60), cooldown: .seconds(30))
        }
        let rules = [RoutingPolicy(name: "r", rules: [Rule(name: "r", when: condition, then: warns)])]
        let routes = [NamedRoute(name: "a", tree: .deployment(0)), NamedRoute(name: "b", tree: .deployment(1))]
        var router = Router(table: try RoutingTable(version: 1, deployments: all, routes: routes, policies: rules), seed: 1)
        change(&router)
        return router.rule(of: 0, facts: Facts(), at: now) != nil
    }

    private func call(_ router: inout Router, _ route: Route.ID, _ outcome: Outcome, at now: Instant = .zero) {
        var journey = router.journey(route: route)
        guard case .attempt(let attempt) = router.next(&journey, at: now) else { return }
        router.record(outcome, of: attempt, in: &journey, at: now)
    }

    private func well(_ milliseconds: Int64) -> Outcome {
        .success(firstByte: .milliseconds(1), total: .milliseconds(milliseconds), outputTokens: 1)
    }

    @Test("flights, breakers and quotas are of this moment")
    func moment() throws {
        #expect(try holds(test("deployment.a.in_flight", .eq, 0)) { _ in })
        #expect(
            try holds(test("deployment.a.in_flight", .eq, 1)) { router in
                var journey = router.journey(route: 0)
                _ = router.next(&journey, at: .zero)
            })
        #expect(try holds(test("deployment.a.state", .eq, "closed")) { _ in })
        let broken: (inout Router) -> Void = { router in
            for _ in 0..<2 { call(&router, 0, .fault(.serverError, retryAfter: nil)) }
        }
        #expect(try holds(test("deployment.a.state", .eq, "open"), broken))
        #expect(try holds(test("deployment.a.state", .eq, "half_open"), broken, at: at(31)))
        #expect(try holds(test("provider.p.available", .eq, true), broken))
        #expect(
            try !holds(test("provider.p.available", .eq, true)) { router in
                for route in [0, 1, 0, 1] { call(&router, route, .fault(.serverError, retryAfter: nil)) }
            })
        #expect(
            try holds(test("deployment.a.quota_exceeded", .eq, true)) { router in
                for _ in 0..<2 { call(&router, 0, .fault(.quotaExceeded, retryAfter: nil)) }
            })
        #expect(try !holds(test("deployment.a.quota_exceeded", .eq, true), broken))
    }

    @Test("times and rates are missing without calls, then those of the window")
    func measured() throws {
        #expect(try !holds(test("deployment.a.latency_ms_p95", .gte, 0)) { _ in })
        #expect(
            try holds(test("deployment.a.latency_ms_p50", .eq, 20)) { router in
                for duration in [10, 20, 400] as [Int64] { call(&router, 0, well(duration)) }
            })
        #expect(
            try holds(.all([test("deployment.a.latency_ms_p95", .eq, 400), test("provider.p.latency_ms_p95", .eq, 30)])) { router in
                for duration in [10, 20, 400] as [Int64] { call(&router, 0, well(duration)) }
                call(&router, 1, well(30))
            })
        #expect(
            try holds(.all([test("deployment.a.error_rate", .eq, 0.5), test("provider.p.error_rate", .eq, 0.25)])) { router in
                call(&router, 0, .fault(.serverError, retryAfter: nil))
                call(&router, 0, well(1))
                for _ in 0..<2 { call(&router, 1, well(1)) }
            })
    }

    @Test("times are kept for a tenth of a second: a request does not sort")
    func kept() throws {
        let all = deployments("a")
        let rules = [RoutingPolicy(name: "r", rules: [Rule(name: "r", when: test("deployment.a.latency_ms_p95", .gt, 100), then: warns)])]
        var router = Router(
            table: try RoutingTable(version: 1, deployments: all, routes: [NamedRoute(name: "a", tree: .deployment(0))], policies: rules), seed: 1)
        call(&router, 0, well(10))
        let before = router.rule(of: 0, facts: Facts(), at: at(1))
        call(&router, 0, well(500))
        let soon = router.rule(of: 0, facts: Facts(), at: at(1.05))
        let later = router.rule(of: 0, facts: Facts(), at: at(1.11))
        #expect(before == nil && soon == nil && later != nil)
    }
}
