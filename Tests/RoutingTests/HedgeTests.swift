import Routing
import Testing

@Suite("Hedged requests") struct HedgeTests {
    /// a is asked first, then b; c only as a fallback. All answer in 100 ms, once in twenty in 1 s.
    func router(_ hedge: HedgePolicy?, calls: Int = 100, strategy: any Strategy = Fallback(), prices: Bool = false) throws -> Router {
        let all = deployments("a", "b", "c") {
            if prices { $0.price = Price(input: $0.name == "b" ? 2_000_000_000 : 1_000_000_000, output: 0) }
        }
        let routes = [
            NamedRoute(name: "main", tree: leaves(strategy, 0, 1), retry: RetryPolicy(maxRetries: 0), fallbacks: ["next"], hedge: hedge),
            NamedRoute(name: "next", tree: .deployment(2), retry: RetryPolicy(maxRetries: 0)),
        ]
        var router = Router(table: try RoutingTable(version: 1, deployments: all, routes: routes), seed: 1)
        for call in 0..<calls {
            var journey = router.journey(route: 0)
            guard case .attempt(let attempt) = router.next(&journey, at: .zero) else { continue }
            let total = call % 20 == 7 ? Duration.seconds(1) : .milliseconds(100)
            router.record(.success(firstByte: total / 2, total: total, outputTokens: 1), of: attempt, in: &journey, at: .zero)
        }
        _ = router.takeEvents()
        return router
    }

    func begin(_ router: inout Router, _ facts: Facts = Facts(), envelope: Envelope = Envelope(), at now: Instant) throws -> (Journey, Attempt) {
        var journey = router.journey(route: 0, facts: facts, envelope: envelope)
        guard case .attempt(let attempt) = router.next(&journey, at: now) else { throw NoAttempt() }
        return (journey, attempt)
    }

    struct NoAttempt: Error {}

    static let always = HedgePolicy(trigger: .after(.milliseconds(200)), maxShare: 1, burst: 10)

    @Test("it is time when the deployment is slower than in 95 of 100 calls, by the measure of the request")
    func time() throws {
        var router = try router(HedgePolicy())
        let (whole, attempt) = try begin(&router, at: at(10))
        #expect(router.hedgeTime(of: attempt, in: whole, at: at(10)) == at(10.1))
        #expect(router.hedgeTime(of: attempt, in: whole, at: at(12)) == at(12))
        let (stream, other) = try begin(&router, Facts(needs: .streaming), at: at(10))
        #expect(router.hedgeTime(of: other, in: stream, at: at(10)) == at(10.05))
        var patient = try self.router(HedgePolicy(notBefore: .seconds(3)))
        let (slow, third) = try begin(&patient, at: at(10))
        #expect(patient.hedgeTime(of: third, in: slow, at: at(10)) == at(13))
    }

    @Test("without twenty recent calls, a policy, or time enough there is no hedge")
    func none() throws {
        var young = try router(HedgePolicy(), calls: 19)
        let (journey, attempt) = try begin(&young, at: .zero)
        #expect(young.hedgeTime(of: attempt, in: journey, at: .zero) == nil)
        var plain = try router(nil)
        let (other, second) = try begin(&plain, at: .zero)
        #expect(plain.hedgeTime(of: second, in: other, at: .zero) == nil)
        var brief = try router(Self.always)
        let (hurried, third) = try begin(&brief, envelope: Envelope(deadline: at(0.15)), at: .zero)
        #expect(brief.hedgeTime(of: third, in: hurried, at: .zero) == nil)
        var old = try router(HedgePolicy())
        let (late, fourth) = try begin(&old, at: at(2_000))
        #expect(old.hedgeTime(of: fourth, in: late, at: at(2_000)) == nil)
    }

    @Test("the second attempt goes elsewhere; whoever answers first wins, the loser is cancelled and forgotten", arguments: [true, false])
    func race(hedgeWins: Bool) throws {
        var router = try router(Self.always)
        var (journey, first) = try begin(&router, at: .zero)
        #expect(router.hedge(&journey, beside: first, at: at(0.199)) == nil)
        let second = try #require(router.hedge(&journey, beside: first, at: at(0.2)))
        #expect(second.deployment == 1 && second.isHedge && second.number == 2 && second.started == at(0.2))
        #expect(router.hedge(&journey, beside: first, at: at(0.3)) == nil)
        #expect(router.hedge(&journey, beside: second, at: at(9)) == nil)
        #expect([0, 1].map { router.inFlight(at: $0) } == [1, 1])
        let (winner, loser) = hedgeWins ? (second, first) : (first, second)
        router.record(.success(firstByte: .milliseconds(1), total: .milliseconds(1), outputTokens: 1), of: winner, in: &journey, at: at(0.4))
        router.record(.cancelled, of: loser, in: &journey, at: at(0.4))
        #expect([0, 1].map { router.inFlight(at: $0) } == [0, 0])
        #expect(router.health(of: loser.deployment, at: at(1)).faults == 0)
        #expect(router.tallies.hedges == 1 && router.tallies.hedgesWon == (hedgeWins ? 1 : 0))
        let events = router.takeEvents()
        #expect(events.map(\.kind) == [.hedge])
        #expect(events.first?.from == "a" && events.first?.to == "b")
    }

    @Test("one of two fails: the other goes on alone; both fail: the journey goes on where neither was", arguments: [true, false])
    func faults(hedgeFirst: Bool) throws {
        var router = try router(Self.always)
        var (journey, first) = try begin(&router, at: .zero)
        let second = try #require(router.hedge(&journey, beside: first, at: at(1)))
        let (sooner, later) = hedgeFirst ? (second, first) : (first, second)
        router.record(.fault(.serverError, retryAfter: nil), of: sooner, in: &journey, at: at(2))
        guard case .wait(let until) = router.next(&journey, at: at(2)) else {
            Issue.record("goes on although an attempt runs")
            return
        }
        #expect(until == later.deadline)
        #expect(router.hedge(&journey, beside: later, at: at(9)) == nil)
        router.record(.fault(.timeout, retryAfter: nil), of: later, in: &journey, at: at(3))
        guard case .attempt(let third) = router.next(&journey, at: at(3)) else {
            Issue.record("the journey was lost")
            return
        }
        #expect(third.deployment == 2 && third.number == 3)
        #expect([0, 1, 2].map { router.inFlight(at: $0) } == [0, 0, 1])
        #expect([0, 1].map { router.health(of: $0, at: at(3)).faults } == [1, 1])
        #expect(router.tallies.failovers == 0 && router.tallies.fallbacks == 1)
    }

    @Test("a client that leaves ends both; a loser that is cancelled does not end the journey of the other")
    func departures() throws {
        var router = try router(Self.always)
        var (journey, first) = try begin(&router, at: .zero)
        let second = try #require(router.hedge(&journey, beside: first, at: at(1)))
        router.record(.cancelled, of: second, in: &journey, at: at(2))
        router.record(.fault(.timeout, retryAfter: nil), of: first, in: &journey, at: at(3))
        guard case .attempt(let third) = router.next(&journey, at: at(3)) else {
            Issue.record("the journey was lost")
            return
        }
        #expect(third.deployment == 1, "b was only given up, so it may be asked")
        router.record(.cancelled, of: third, in: &journey, at: at(4))
        guard case .exhausted(let why) = router.next(&journey, at: at(4)), why.reason == .cancelled else {
            Issue.record("goes on without a client")
            return
        }
    }

    struct Bar: Sendable {
        var name: String
        var facts = Facts()
        var envelope = Envelope()
        var maxCost: Nanodollars?
        var prepare: @Sendable (inout Router) -> Void = { _ in }
        var isHedged = false
    }

    @Test(
        "what bars a hedge",
        arguments: [
            Bar(name: "nothing", isHedged: true),
            Bar(name: "side effects", facts: Facts(hasSideEffects: true)),
            Bar(name: "the envelope's attempts", envelope: Envelope(maxAttempts: 1)),
            Bar(name: "its own cost", facts: Facts(inputTokens: 1_000), maxCost: Nanodollars(1_999_999)),
            Bar(name: "a cost within bounds", facts: Facts(inputTokens: 1_000), maxCost: Nanodollars(2_000_000), isHedged: true),
            // a costs a thousandth, b two: together they pass what each alone does not.
            Bar(name: "the envelope's cost", facts: Facts(inputTokens: 1_000), envelope: Envelope(maxCost: Nanodollars(2_500_000))),
            Bar(name: "room for both", facts: Facts(inputTokens: 1_000), envelope: Envelope(maxCost: Nanodollars(3_000_000)), isHedged: true),
            Bar(name: "nobody else is well", prepare: { router in _ = router.run(route: "second") { _ in .badly(.auth) } }),
        ])
    func bars(_ bar: Bar) throws {
        var policy = Self.always
        policy.maxCost = bar.maxCost
        let all = deployments("a", "b") { $0.price = Price(input: $0.name == "b" ? 2_000_000_000 : 1_000_000_000, output: 0) }
        let routes = [
            NamedRoute(name: "main", tree: leaves(Fallback(), 0, 1), hedge: policy),
            NamedRoute(name: "second", tree: .deployment(1), retry: RetryPolicy(maxRetries: 0)),
        ]
        var router = Router(table: try RoutingTable(version: 1, deployments: all, routes: routes), seed: 1)
        bar.prepare(&router)
        var (journey, attempt) = try begin(&router, bar.facts, envelope: bar.envelope, at: .zero)
        #expect((router.hedge(&journey, beside: attempt, at: at(1)) != nil) == bar.isHedged, "\(bar.name)")
    }

    @Test("a hedge is no repeat: both fail, and the route's retries are all left")
    func retries() throws {
        let routes = [
            NamedRoute(name: "main", tree: leaves(Fallback(), 0, 1), retry: RetryPolicy(maxRetries: 2, backoff: .milliseconds(1)), hedge: Self.always)
        ]
        let all = deployments("a", "b") { $0.breaker = .never }
        var router = Router(table: try RoutingTable(version: 1, deployments: all, routes: routes), seed: 1)
        var (journey, first) = try begin(&router, at: .zero)
        let second = try #require(router.hedge(&journey, beside: first, at: at(1)))
        for attempt in [first, second] { router.record(.fault(.timeout, retryAfter: nil), of: attempt, in: &journey, at: at(2)) }
        #expect(router.run(journey, at: at(2)) { _ in .badly(.timeout) }.tried.count == 2)
    }

    @Test("hedges are at most their share of the requests, however slow everything is", arguments: [(0.05, 5), (0.2, 1), (0, 3)])
    func share(_ share: Double, _ burst: Int) throws {
        var policy = Self.always
        policy.maxShare = share
        policy.burst = burst
        var router = try router(policy, calls: 0)
        for call in 0..<2_000 {
            let now = at(Double(call))
            var (journey, first) = try begin(&router, at: now)
            if let second = router.hedge(&journey, beside: first, at: now + .milliseconds(500)) {
                router.record(.cancelled, of: second, in: &journey, at: now)
            }
            router.record(.success(firstByte: .seconds(1), total: .seconds(1), outputTokens: 1), of: first, in: &journey, at: now)
        }
        let wanted = Int(2_000 * share) + burst
        #expect(abs(router.tallies.hedges - wanted) <= 1 + burst, "\(router.tallies.hedges)")
        #expect(router.tallies.hedges <= wanted)
    }
}
