import Routing
import Testing

/// Hedges in any order of endings, against books of our own.
@Suite("Hedges in any course") struct HedgeCourseTests {
    private struct Client {
        var journey: Journey
        var open: [Attempt] = []
        var attempts = 0
        var answered = false
        var over = false
        var wakes = Instant.zero
    }

    private func table(_ random: inout Random) throws -> RoutingTable {
        let all = deployments("a", "b", "c", "d") {
            $0.price = Price(input: Int64(random.below(3)) * 1_000_000_000, output: 0)
            $0.maxParallelRequests = random.below(3) == 0 ? 3 : nil
            $0.breaker = BreakerPolicy(failureThreshold: 1 + random.below(5), cooldown: .milliseconds(random.below(3_000)))
        }
        let hedge = HedgePolicy(
            trigger: random.below(2) == 0 ? .p95 : .after(.milliseconds(random.below(200))), notBefore: .zero, maxShare: random.unit(),
            burst: 1 + random.below(10))
        let retry = RetryPolicy(maxRetries: random.below(3), backoff: .milliseconds(1 + random.below(50)), monthlyBudget: random.below(2) * 40)
        let strategy: any Strategy = random.below(2) == 0 ? Fallback() : Shuffle()
        return try RoutingTable(
            version: 1, deployments: all,
            routes: [
                NamedRoute(name: "main", tree: leaves(strategy, 0, 1, 2), retry: retry, fallbacks: ["next"], hedge: hedge),
                NamedRoute(name: "next", tree: .deployment(3), retry: retry, hedge: random.below(2) == 0 ? hedge : nil),
            ], retryBucket: random.below(2) == 0 ? RetryBucket() : RetryBucket(share: 0.1, perSecond: 1, burst: 5))
    }

    @Test(
        "two attempts at most, at two deployments; none is lost, counted twice or begun beside one that still may answer", arguments: UInt64(1)...20)
    func course(seed: UInt64) throws {
        var random = Random(seed: seed)
        var router = Router(table: try table(&random), seed: seed)
        var clients: [Client] = []
        var now = Instant.zero
        for _ in 0..<400 {
            now = now + .milliseconds(random.below(30))
            if random.below(3) == 0 || clients.allSatisfy(\.over) {
                let envelope = Envelope(maxAttempts: 1 + random.below(5), deadline: now + .milliseconds(50 + random.below(3_000)))
                let facts = Facts(inputTokens: 1_000, hasSideEffects: random.below(4) == 0)
                clients.append(Client(journey: router.journey(route: 0, facts: facts, envelope: envelope)))
                advance(&clients[clients.count - 1], &router, at: now)
            } else if let index = pick(clients, &random) {
                act(&clients[index], &router, &random, at: now)
            }
            check(clients, router)
        }
        for index in clients.indices {
            for attempt in clients[index].open { router.record(.cancelled, of: attempt, in: &clients[index].journey, at: now) }
            clients[index].open = []
        }
        check(clients, router)
        #expect(router.takeEvents().count { $0.kind == .hedge } == router.tallies.hedges)
        #expect(router.tallies.requests <= clients.count)
    }

    private func pick(_ clients: [Client], _ random: inout Random) -> Int? {
        let live = clients.indices.filter { !clients[$0].over }
        return live.isEmpty ? nil : live[random.below(live.count)]
    }

    private func act(_ client: inout Client, _ router: inout Router, _ random: inout Random, at now: Instant) {
        guard let attempt = client.open.first else {
            if now >= client.wakes { advance(&client, &router, at: now) }
            return
        }
        switch random.below(6) {
        case 0, 1:
            guard client.open.count == 1, let second = router.hedge(&client.journey, beside: attempt, at: now) else { return }
            client.attempts += 1
            #expect(!client.journey.facts.hasSideEffects)
            #expect(second.deployment != attempt.deployment && second.number == client.attempts)
            #expect(client.attempts <= client.journey.envelope.maxAttempts)
            client.open.append(second)
        case 2:
            let ended = client.open.remove(at: random.below(client.open.count))
            let faults: [Fault] = [.timeout, .serverError, .rateLimit, .auth, .unavailable]
            router.record(.fault(faults[random.below(5)], retryAfter: nil), of: ended, in: &client.journey, at: now)
            advance(&client, &router, at: now)
        case 3:
            for attempt in client.open { router.record(.cancelled, of: attempt, in: &client.journey, at: now) }
            client.open = []
            advance(&client, &router, at: now)
            #expect(client.over, "goes on without a client")
        default:
            let winner = client.open.remove(at: random.below(client.open.count))
            router.record(
                .success(firstByte: now - winner.started, total: now - winner.started, outputTokens: 1), of: winner, in: &client.journey, at: now)
            for attempt in client.open { router.record(.cancelled, of: attempt, in: &client.journey, at: now) }
            client.open = []
            client.over = true
        }
    }

    private func advance(_ client: inout Client, _ router: inout Router, at now: Instant) {
        switch router.next(&client.journey, at: now) {
        case .attempt(let attempt):
            #expect(client.open.isEmpty, "begins another beside one that runs")
            client.attempts += 1
            #expect(attempt.number == client.attempts && client.attempts <= client.journey.envelope.maxAttempts)
            client.open = [attempt]
        case .wait(let until):
            client.wakes = client.open.isEmpty ? until : client.wakes
        case .exhausted:
            #expect(client.open.isEmpty, "ends while an attempt runs")
            client.over = true
        }
    }

    private func check(_ clients: [Client], _ router: Router) {
        var flights = [0, 0, 0, 0]
        for client in clients where !client.open.isEmpty {
            if client.open.count > 2 { Issue.record("\(client.open.count) attempts at once") }
            for attempt in client.open { flights[attempt.deployment] += 1 }
        }
        #expect((0..<4).map { router.inFlight(at: $0) } == flights)
    }
}
