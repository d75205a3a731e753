import Routing
import Testing

@Suite("Policies of requests") struct PolicyTests {
    func rule(_ name: String, after: FaultSet? = nil, route: String? = nil) throws -> Rule {
        let field = try #require(FieldName("tags.tier"))
        let when = Condition.test(field, Comparison(.eq, "gold"))
        return Rule(name: name, when: when, after: after, then: RuleActions(route: route))
    }

    func router() throws -> Router {
        let all = deployments("a", "b", "c") { $0.breaker = .never }
        let routes = [
            NamedRoute(name: "main", tree: .deployment(0), retry: RetryPolicy(maxRetries: 1, backoff: .milliseconds(1))),
            NamedRoute(name: "smart", tree: leaves(Fallback(), 1, 2), retry: RetryPolicy(maxRetries: 0)),
        ]
        let policies = [
            RoutingPolicy(
                name: "default", rules: [try rule("vip", route: "smart"), try rule("rescue", after: FaultSet(.timeout), route: "smart")],
                retry: RetryPolicy(maxRetries: 3, backoff: .milliseconds(1))), RoutingPolicy(name: "plain"),
        ]
        return Router(table: try RoutingTable(version: 1, deployments: all, routes: routes, policies: policies), seed: 1)
    }

    func gold(_ router: Router) -> Facts {
        var facts = Facts()
        facts.values = router.table.fields.map { $0.text == "tags.tier" ? .text("gold") : .missing }
        return facts
    }

    @Test("a policy's retries count where a route has none of its own", arguments: [(0 as Int?, 4), (1, 2), (nil, 2)])
    func retries(policy: Int?, attempts: Int) throws {
        var router = try router()
        var journey = router.journey(route: 0)
        journey.policy = policy
        #expect(router.run(journey) { _ in .badly(.serverError) }.tried.count == attempts)
    }

    @Test("a route's own retries win over a policy's, and a request's over both")
    func ownRetries() throws {
        let plain = try router().table
        var routes = plain.routes
        routes[0].retryIsItsOwn = true
        let table = try RoutingTable(version: 2, deployments: plain.deployments, routes: routes, policies: plain.policies)
        var router = Router(table: table, seed: 1)
        var journey = router.journey(route: 0)
        journey.policy = 0
        #expect(router.run(journey) { _ in .badly(.serverError) }.tried.count == 2)
        journey.maxRetries = 0
        #expect(router.run(journey) { _ in .badly(.serverError) }.tried.count == 1)
    }

    @Test("the rule that decided beforehand is in the decision with what it saw, in its sentence, and an event")
    func before() throws {
        var router = try router()
        let facts = gold(router)
        let found = router.rule(of: 0, facts: facts, at: .zero)
        let hit = try #require(found)
        var journey = router.journey(route: try #require(hit.route), facts: facts)
        journey.policy = 0
        journey.ticket = 9
        journey.ruleHits = [hit]
        journey.keepsDecision = true
        _ = router.next(&journey, at: at(1))
        let decision = try #require(journey.decision)
        #expect(decision.hits == [Decision.Hit(policy: 0, rule: 0, observed: [.init(field: "tags.tier", value: "gold")])])
        #expect(
            decision.text(DecisionNames(router.table)) == """
                policy default, rule `vip` (tags.tier = gold) sent it to route smart; \
                fallback chose b because it is the first in order that may serve (2 eligible of 2)
                """)
        #expect(
            router.takeEvents() == [
                RouterEvent(at: at(1), kind: .rule, ticket: 9, route: "smart", to: "b", policy: "default", rule: "vip", number: 1)
            ])
    }

    @Test("a rule about what happened is an event that says after what, and counts as a move")
    func after() throws {
        var router = try router()
        var journey = router.journey(route: 0, facts: gold(router))
        journey.policy = 0
        let run = router.run(journey, at: at(1)) { $0 == 0 ? .badly(.timeout) : .well }
        #expect(run.tried == [0, 1])
        #expect(
            router.takeEvents() == [
                RouterEvent(
                    at: at(1), kind: .rule, route: "main", from: "a", to: "smart", fault: .timeout, policy: "default", rule: "rescue", number: 2)
            ])
        #expect(router.tallies.movesByProvider == ["": 1])
        #expect(router.tallies.autoRouted == 1)
    }
}
