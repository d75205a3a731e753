import Routing
import Testing

@Suite("Repeats and the envelope") struct RetryTests {
    func alone(_ retry: RetryPolicy, breaker: BreakerPolicy = BreakerPolicy()) throws -> Router {
        Router(table: try table(deployments("a") { $0.breaker = breaker }, .deployment(0), retry: retry), seed: 5)
    }

    @Test("a lone deployment is asked again max_retries times, after any part of a backoff that doubles", arguments: [0, 1, 2, 4])
    func alone(retries: Int) throws {
        var router = try alone(RetryPolicy(maxRetries: retries, backoff: .milliseconds(200)))
        let run = router.run { _ in .badly(.serverError) }
        #expect(run.tried.count == retries + 1)
        #expect(run.waits.count == retries)
        for (index, wait) in run.waits.enumerated() {
            let whole = Duration.milliseconds(200 << index)
            #expect(wait > .zero && wait <= whole, "\(wait)")
        }
        #expect(run.end?.reason == .attempts)
    }

    @Test("the backoff has full jitter: it falls evenly on everything from nothing to its bound, which max_wait lowers")
    func jitter() throws {
        func waits(_ backoff: Duration, _ longest: Duration) throws -> [Double] {
            try (UInt64(1)...4_000).map { seed in
                var router = try alone(RetryPolicy(maxRetries: 1, backoff: backoff, maxWait: longest), breaker: .never)
                return try Double(#require(router.run(router.journey(route: 0, seed: seed)) { _ in .badly(.timeout) }.waits.first).nanoseconds)
            }
        }
        for (backoff, longest) in [(Duration.milliseconds(200), Duration.seconds(10)), (.seconds(60), .milliseconds(200))] {
            let waits = try waits(backoff, longest)
            #expect(waits.allSatisfy { $0 > 0 && $0 <= 2e8 })
            for quarter in 0..<4 {
                let share = Double(waits.count { Int($0 / 5e7) == quarter }) / 4_000
                #expect(abs(share - 0.25) < 0.04, "\(quarter): \(share)")
            }
        }
    }

    struct Row: Sendable {
        var fault: Fault
        var retryAfter: Duration?
        var policy = RetryPolicy(maxRetries: 1, backoff: .milliseconds(200))
        /// Nil: not asked again.
        var wait: ClosedRange<Duration>?
    }

    @Test(
        "how long a repeat waits",
        arguments: [
            Row(fault: .rateLimit, retryAfter: .seconds(3), wait: .seconds(3) ... .seconds(3)),
            Row(fault: .rateLimit, retryAfter: .seconds(11), wait: nil),
            Row(fault: .rateLimit, retryAfter: nil, wait: .nanoseconds(1) ... .milliseconds(200)),
            Row(
                fault: .timeout, policy: RetryPolicy(maxRetries: 1, backoff: .milliseconds(200), retryAfter: .seconds(1)),
                wait: .seconds(1) ... .seconds(1)),
            Row(
                fault: .rateLimit, retryAfter: .milliseconds(300), policy: RetryPolicy(maxRetries: 1, retryAfter: .seconds(1)),
                wait: .seconds(1) ... .seconds(1)),
            Row(fault: .auth, wait: nil),
            Row(fault: .badRequest, wait: nil),
            Row(fault: .serverError, policy: RetryPolicy(maxRetries: 1, on: FaultSet(.timeout)), wait: nil),
        ])
    func waits(_ row: Row) throws {
        var router = try alone(row.policy)
        let run = router.run { _ in .badly(row.fault, retryAfter: row.retryAfter) }
        #expect(run.waits.count == (row.wait == nil ? 0 : 1))
        if let wait = row.wait, let waited = run.waits.first { #expect(wait.contains(waited), "\(waited)") }
        if row.fault == .rateLimit, row.wait == nil { #expect(run.end?.retryAfter == row.retryAfter) }
    }

    @Test("asked too early, a wait says the same time again and counts once")
    func early() throws {
        var router = try alone(RetryPolicy(maxRetries: 1, backoff: .seconds(1)))
        var journey = router.journey(route: 0)
        guard case .attempt(let attempt) = router.next(&journey, at: .zero) else { return }
        router.record(.fault(.timeout, retryAfter: nil), of: attempt, in: &journey, at: .zero)
        guard case .wait(let until) = router.next(&journey, at: .zero), case .wait(let again) = router.next(&journey, at: at(0.1)) else {
            Issue.record("no wait")
            return
        }
        #expect(until == again)
        #expect(journey.waited == until - .zero)
    }

    @Test("going on to others is bounded by the envelope only; repeats by max_retries")
    func groups() throws {
        func tried(_ retries: Int) throws -> Int {
            var router = Router(
                table: try table(deployments("a", "b", "c"), leaves(Shuffle(), 0, 1, 2), retry: RetryPolicy(maxRetries: retries, backoff: .zero)),
                seed: 1)
            return router.run { _ in .badly(.serverError) }.tried.count
        }
        #expect(try [0, 2, 3, 4].map(tried) == [3, 3, 4, 5])
    }

    @Test("rounds go through all that may be asked again, not to the first each time")
    func rounds() throws {
        let tree = Route.choice(Fallback(), [Branch(.deployment(0)), Branch(.deployment(1))])
        let deployments = deployments("a", "b") { $0.breaker = .never }
        var router = Router(table: try table(deployments, tree, retry: RetryPolicy(maxRetries: 4)), seed: 5)
        #expect(router.run { _ in .badly(.serverError) }.tried == [0, 1, 0, 1, 0])
        var second = 0
        let run = router.run { deployment in
            guard deployment == 1 else { return .badly(.serverError) }
            second += 1
            return second == 1 ? .badly(.unavailable) : .well
        }
        #expect(run.tried == [0, 1, 0, 1])
    }

    @Test("retry_policy counts for its fault alone and wins over max_retries", arguments: [(Fault.rateLimit, 4), (.timeout, 1), (.serverError, 3)])
    func limits(_ fault: Fault, _ attempts: Int) throws {
        var policy = RetryPolicy(maxRetries: 2, backoff: .zero)
        policy.limit(3, after: .rateLimit)
        policy.limit(0, after: .timeout)
        var router = try alone(policy, breaker: .never)
        #expect(router.run { _ in .badly(fault) }.tried.count == attempts)
    }

    @Test("retry_policy of zero bars failover too, and one for the caller's own fault allows it")
    func limitsFailover() throws {
        var policy = RetryPolicy(maxRetries: 0)
        policy.limit(0, after: .timeout)
        policy.limit(1, after: .badRequest)
        for (fault, attempts) in [(Fault.timeout, 1), (.badRequest, 2), (.serverError, 3)] {
            var router = Router(table: try table(deployments("a", "b", "c"), leaves(Fallback(), 0, 1, 2), retry: policy), seed: 1)
            #expect(router.run { _ in .badly(fault) }.tried.count == attempts, "\(fault)")
        }
    }

    @Test("a request's own num_retries replaces the route's")
    func ownRetries() throws {
        var router = try alone(RetryPolicy(maxRetries: 2, backoff: .zero))
        var journey = router.journey(route: 0)
        journey.maxRetries = 0
        #expect(router.run(journey) { _ in .badly(.timeout) }.tried.count == 1)
    }

    @Test("a leaf's own max_retries repeats it before the next is tried")
    func leafRetries() throws {
        let tree = Route.choice(Fallback(), [Branch(.deployment(0, LeafOptions(maxRetries: 2))), Branch(.deployment(1))])
        var router = Router(table: try table(deployments("a", "b"), tree, retry: RetryPolicy(maxRetries: 0, backoff: .milliseconds(1))), seed: 1)
        let run = router.run { $0 == 0 ? .badly(.timeout) : .well }
        #expect(run.tried == [0, 0, 0, 1])
        #expect(run.waits.count == 2)
    }

    @Test("attempts, waiting and the deadline hold across nested routes and fallbacks")
    func envelope() throws {
        let others = [NamedRoute(name: "next", tree: leaves(Shuffle(), 2, 3), retry: RetryPolicy(maxRetries: 9, backoff: .zero))]
        let table = try table(
            deployments("a", "b", "c", "d") { $0.breaker = .never }, leaves(Shuffle(), 0, 1), retry: RetryPolicy(maxRetries: 3, backoff: .zero),
            others: others, fallbacks: ["next"])
        for limit in 1...8 {
            var router = Router(table: table, seed: 1)
            let run = router.run(router.journey(route: 0, envelope: Envelope(maxAttempts: limit))) { _ in .badly(.serverError) }
            #expect(run.tried.count == limit)
            #expect(run.end?.reason == .attempts)
        }
    }

    @Test("no wait reaches the deadline, and all waits together stay within their bound")
    func waitingBounds() throws {
        let policy = RetryPolicy(maxRetries: 100, maxWait: .seconds(5))
        var router = try alone(policy, breaker: .never)
        let run = router.run(router.journey(route: 0, envelope: Envelope(maxAttempts: 100, maxWaiting: .seconds(7)))) { _ in
            .badly(.rateLimit, retryAfter: .seconds(2))
        }
        #expect(run.waits == [.seconds(2), .seconds(2), .seconds(2)])
        var other = try alone(policy, breaker: .never)
        let late = other.run(other.journey(route: 0, envelope: Envelope(deadline: at(1)))) { _ in .badly(.rateLimit, retryAfter: .seconds(2)) }
        #expect(late.waits.isEmpty)
        #expect(late.tried.count == 1)
        var third = try alone(policy)
        #expect(third.run(third.journey(route: 0, envelope: Envelope(deadline: .zero))) { _ in .well }.end?.reason == .deadline)
    }

    @Test("a deployment dearer than the request may cost is not tried")
    func cost() throws {
        let dear = deployments("dear", "cheap") { $0.price = $0.name == "dear" ? Price(input: 10_000_000_000, output: 0) : .free }
        var router = Router(table: try table(dear, leaves(Fallback(), 0, 1)), seed: 1)
        let envelope = Envelope(maxCost: Nanodollars(1_000_000))
        #expect(router.run(router.journey(route: 0, facts: Facts(inputTokens: 99), envelope: envelope)) { _ in .well }.tried == [0])
        #expect(router.run(router.journey(route: 0, facts: Facts(inputTokens: 101), envelope: envelope)) { _ in .well }.tried == [1])
    }

    struct Spending: Sendable {
        var fault: Fault
        /// Attempts that fit into what three cost.
        var attempts: Int
    }

    @Test(
        "attempts cost together at most what the request may; what a provider refuses at its door costs nothing",
        arguments: [
            Spending(fault: .timeout, attempts: 3), Spending(fault: .serverError, attempts: 3), Spending(fault: .malformedReply, attempts: 3),
            Spending(fault: .unavailable, attempts: 3), Spending(fault: .rateLimit, attempts: 6), Spending(fault: .auth, attempts: 6),
            Spending(fault: .notFound, attempts: 6), Spending(fault: .quotaExceeded, attempts: 6),
        ])
    func costs(_ row: Spending) throws {
        let all = deployments("a", "b", "c", "d", "e", "f") {
            $0.price = Price(input: 1_000_000_000, output: 0)
            $0.breaker = .never
        }
        let retry = RetryPolicy(maxRetries: 0)
        let others = [NamedRoute(name: "next", tree: leaves(Fallback(), 2, 3, 4, 5), retry: retry)]
        var router = Router(table: try table(all, leaves(Fallback(), 0, 1), retry: retry, others: others, fallbacks: ["next"]), seed: 1)
        // A thousand tokens are a thousandth of a dollar.
        let envelope = Envelope(maxCost: Nanodollars(3_000_000))
        let run = router.run(router.journey(route: 0, facts: Facts(inputTokens: 1_000), envelope: envelope)) { _ in .badly(row.fault) }
        #expect(run.tried.count == row.attempts)
        #expect(run.end?.lastFault == row.fault)
    }
}
