import Routing
import Testing

@Suite("News of breakers") struct BreakerNewsTests {
    private func router(_ policy: BreakerPolicy) throws -> Router {
        Router(table: try table(deployments("a", "b") { $0.breaker = policy }, leaves(Fallback(), 0, 1)), seed: 1)
    }

    private func at(_ seconds: Double) -> Instant { .zero + .milliseconds(Int64(seconds * 1_000)) }

    private func hear(_ id: Deployment.ID, isOpen: Bool, rest: Duration, _ now: Instant, _ router: inout Router) -> Bool {
        router.hear(id, isOpen: isOpen, rest: rest, at: now)
    }

    struct Row: Sendable {
        var policy = BreakerPolicy(cooldown: .seconds(30))
        /// Seconds that the other gateway's breaker rests.
        var told: Double
        /// Seconds that this one rests then.
        var rests: Double
    }

    @Test(
        "another gateway's word rests a deployment as long as it says, and no longer than a fault of one's own",
        arguments: [
            Row(told: 5, rests: 5), Row(told: 300, rests: 30), Row(told: 0, rests: 30),
            Row(policy: BreakerPolicy(cooldown: .zero), told: 5, rests: 0),
        ])
    func rests(row: Row) throws {
        var router = try router(row.policy)
        let changed = router.hear(0, isOpen: true, rest: .milliseconds(Int64(row.told * 1_000)), at: at(10))
        #expect(changed == (row.rests > 0))
        let until = router.healthReports(at: at(10))[0].restsUntil
        #expect(until == (row.rests > 0 ? at(10 + row.rests) : nil))
        // Nobody is told further.
        let events = router.takeEvents()
        #expect(events.isEmpty)
    }

    @Test("traffic goes elsewhere while it rests, and one probe finds the truth")
    func probes() throws {
        var router = try router(BreakerPolicy(cooldown: .seconds(30)))
        #expect(hear(0, isOpen: true, rest: .seconds(5), at(0), &router) == true)
        // Twice told rests no longer.
        #expect(hear(0, isOpen: true, rest: .seconds(30), at(1), &router) == false)
        func first(_ seconds: Double) -> Deployment.ID? {
            var journey = router.journey(route: 0)
            guard case .attempt(let attempt) = router.next(&journey, at: at(seconds)) else { return nil }
            router.record(
                .success(firstByte: .milliseconds(5), total: .milliseconds(9), outputTokens: 1), of: attempt, in: &journey, at: at(seconds + 0.1))
            return attempt.deployment
        }
        #expect(first(2) == 1)
        #expect(first(6) == 0)
        #expect(router.healthReports(at: at(7))[0].restsUntil == nil)
    }

    @Test("that it is well again lets one probe through before its time")
    func well() throws {
        var router = try router(BreakerPolicy(cooldown: .seconds(30)))
        #expect(hear(0, isOpen: false, rest: .zero, at(0), &router) == false)
        #expect(hear(0, isOpen: true, rest: .seconds(30), at(0), &router) == true)
        #expect(hear(0, isOpen: false, rest: .zero, at(3), &router) == true)
        var journey = router.journey(route: 0)
        guard case .attempt(let attempt) = router.next(&journey, at: at(3)) else {
            Issue.record("no attempt")
            return
        }
        #expect(attempt.deployment == 0)
    }
}
