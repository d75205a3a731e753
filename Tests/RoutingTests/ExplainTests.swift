import Routing
import Testing

@Suite("Explanation") struct ExplainTests {
    /// A router after a random history, and journeys in the middle of their way.
    func history(seed: UInt64) throws -> (Router, [Journey], Instant) {
        let tree = Route.choice(
            Fallback(),
            [Branch(leaves(Shuffle(), 0, 1, 2)), Branch(leaves(RoundRobin(), 2, 3)), Branch(leaves(LeastBusy(), 4, 5))])
        let table = try table(deployments("a", "b", "c", "d", "e", "f") { $0.maxParallelRequests = 2 }, tree, retry: RetryPolicy(backoff: .zero))
        var router = Router(table: table, seed: seed)
        var random = Random(seed: seed)
        var journeys: [Journey] = []
        var now = Instant.zero
        for _ in 0..<30 {
            now = now + .milliseconds(random.below(20_000))
            var journey = router.journey(route: 0)
            for _ in 0..<random.below(4) {
                guard case .attempt(let attempt) = router.next(&journey, at: now) else { break }
                let faults: [Fault] = [.rateLimit, .serverError, .timeout, .auth, .contextWindow]
                if random.below(6) == 0 { break }
                router.record(.fault(faults[random.below(5)], retryAfter: nil), of: attempt, in: &journey, at: now)
            }
            journeys.append(journey)
        }
        return (router, journeys, now)
    }

    @Test("explains what next then does, and changes nothing", arguments: UInt64(1)...40)
    func equalsNext(seed: UInt64) throws {
        let (router, journeys, now) = try history(seed: seed)
        for journey in journeys {
            let explained = router.explain(journey, at: now)
            let again = router.explain(journey, at: now)
            var copy = router
            var walked = journey
            let step = copy.next(&walked, at: now)
            #expect("\(explained.step)" == "\(step)")
            #expect("\(again)" == "\(explained)")
            #expect(explained.seed == walked.seed)
            if case .attempt(let attempt) = step {
                #expect(explained.chosen == attempt.deployment)
                let verdict = explained.candidates.first { $0.deployment == attempt.deployment }?.excludedBecause
                #expect(attempt.isPanic || verdict == nil)
            }
        }
    }

    @Test("says who was left out, who was chosen, by whom and from what")
    func contents() throws {
        let tree = Route.choice(Fallback(), [Branch(leaves(Shuffle(), 0, 1)), Branch(.deployment(2))])
        let table = try table(deployments("a", "b", "c") { $0.paused = $0.name == "a" }, tree, version: 9)
        let router = Router(table: table, seed: 1)
        let explained = router.explain(router.journey(route: 0, seed: 77), at: .zero)
        #expect(explained.tableVersion == 9)
        #expect(explained.seed == 77)
        #expect(explained.route == "main")
        #expect(explained.strategies == ["fallback", "shuffle"])
        #expect(explained.chosen == 1)
        #expect(explained.candidates.map(\.excludedBecause) == [.paused, nil, nil])
        #expect(explained.reason == "shuffle chose b because it is the one drawn by weight (2 eligible of 3)")
        #expect(
            explained.text == """
                it went to route main; shuffle chose b because it is the one drawn by weight (2 eligible of 3); excluded: a is paused
                """)
    }

    @Test("a journey with a seed decides alike on any router in the same state")
    func seeded() throws {
        let table = try table(deployments("a", "b", "c", "d"), leaves(Shuffle(), 0, 1, 2, 3))
        for seed in UInt64(0)..<50 {
            var left = Router(table: table, seed: 1)
            var right = Router(table: table, seed: 2)
            let journey = Journey(in: table, route: 0, seed: seed)
            #expect(left.run(journey) { _ in .badly(.timeout) }.tried == right.run(journey) { _ in .badly(.timeout) }.tried)
        }
    }
}
