import Routing
import Testing

@Suite("Breaker and cooldown") struct BreakerTests {
    /// a fails as told, b always serves; a is always asked first.
    func pair(_ policy: BreakerPolicy) throws -> Router {
        Router(table: try table(deployments("a", "b") { $0.breaker = policy }, leaves(Fallback(), 0, 1)), seed: 1)
    }

    struct Rest: Sendable {
        var policy: BreakerPolicy
        var fault: Fault
        var retryAfter: Duration?
        /// Seconds; 0: it does not rest.
        var rests: Double
    }

    static let own = BreakerPolicy(cooldown: .seconds(30), cooldownIsItsOwn: true)
    static let general = BreakerPolicy(cooldown: .seconds(30))

    @Test(
        "one fault rests a deployment at once for as long as it deserves",
        arguments: [
            Rest(policy: general, fault: .rateLimit, rests: 30),
            Rest(policy: general, fault: .rateLimit, retryAfter: .seconds(7), rests: 7),
            Rest(policy: general, fault: .rateLimit, retryAfter: .seconds(86_400), rests: 300),
            Rest(policy: own, fault: .rateLimit, retryAfter: .seconds(7), rests: 30),
            Rest(policy: general, fault: .quotaExceeded, rests: 30),
            Rest(policy: general, fault: .auth, rests: 30),
            Rest(policy: general, fault: .notFound, rests: 30),
            Rest(policy: general, fault: .serverError, rests: 0),
            Rest(policy: general, fault: .timeout, rests: 0),
            Rest(policy: general, fault: .unavailable, rests: 0),
            Rest(policy: general, fault: .contextWindow, rests: 0),
            Rest(policy: general, fault: .badRequest, rests: 0),
            Rest(policy: BreakerPolicy(cooldown: .zero), fault: .rateLimit, retryAfter: .seconds(7), rests: 0),
            Rest(policy: .cooldown(allowedFails: 0, time: .seconds(5)), fault: .serverError, rests: 5),
            Rest(policy: .cooldown(allowedFails: 1, time: .seconds(5)), fault: .serverError, rests: 0),
            Rest(policy: .never, fault: .auth, rests: 0),
        ])
    func restsAtOnce(_ row: Rest) throws {
        var router = try pair(row.policy)
        _ = router.run(at: at(10)) { $0 == 0 ? .badly(row.fault, retryAfter: row.retryAfter) : .well }
        #expect(router.state(0, at: at(10)) == (row.rests == 0 ? .closed : .open))
        if row.rests > 0 {
            #expect(router.health(of: 0, at: at(10)).restsUntil == at(10 + row.rests))
            #expect(router.run(at: at(10 + row.rests - 0.001)) { _ in .well }.tried == [1])
            #expect(router.state(0, at: at(10 + row.rests)) == .halfOpen)
        }
        #expect(router.run(at: at(10 + row.rests)) { _ in .well }.tried == [0])
        #expect(router.state(0, at: at(10 + row.rests)) == .closed)
    }

    @Test("a lone deployment does not rest for a rate limit, but for a wrong key")
    func lone() throws {
        for (fault, state) in [(Fault.rateLimit, HealthReport.State.closed), (.auth, .open)] {
            var router = Router(table: try table(deployments("a"), .deployment(0), retry: RetryPolicy(maxRetries: 0)), seed: 1)
            _ = router.run { _ in .badly(fault) }
            #expect(router.state(0, at: .zero) == state)
        }
    }

    struct Series: Sendable {
        var threshold: Int
        var window: Double
        /// When a faults, in seconds.
        var faults: [Double]
        /// After which of them it opens; nil: never.
        var opens: Int?
    }

    @Test(
        "it opens at the threshold within a truly sliding window",
        arguments: [
            Series(threshold: 3, window: 10, faults: [0, 1, 2], opens: 3),
            Series(threshold: 3, window: 10, faults: [0, 1, 10], opens: 3),
            Series(threshold: 3, window: 10, faults: [0, 1, 10.001], opens: nil),
            Series(threshold: 3, window: 10, faults: [0, 9, 12, 18], opens: 4),
            Series(threshold: 3, window: 10, faults: [0, 9, 18, 27, 36, 45], opens: nil),
            Series(threshold: 1, window: 10, faults: [5], opens: 1),
            Series(threshold: 2, window: 10, faults: [0, 10.5, 21, 22], opens: 4),
        ])
    func threshold(_ series: Series) throws {
        var router = try pair(BreakerPolicy(failureThreshold: series.threshold, window: .nanoseconds(Int64(series.window * 1e9))))
        var opened: Int?
        for (index, second) in series.faults.enumerated() {
            _ = router.run(at: at(second)) { $0 == 0 ? .badly(.serverError) : .well }
            if opened == nil, router.state(0, at: at(second)) == .open { opened = index + 1 }
        }
        #expect(opened == series.opens)
    }

    @Test("half open, one probe goes out; the others are served elsewhere until it answers")
    func probe() throws {
        var router = try pair(BreakerPolicy(failureThreshold: 1, cooldown: .seconds(60)))
        _ = router.run { $0 == 0 ? .badly(.timeout) : .well }
        var first = router.journey(route: 0)
        guard case .attempt(let probe) = router.next(&first, at: at(60)) else { return }
        #expect(probe.deployment == 0 && probe.isProbe)
        #expect(router.run(at: at(60)) { _ in .well }.tried == [1])
        #expect(router.state(0, at: at(60)) == .halfOpen)
        router.record(.fault(.timeout, retryAfter: nil), of: probe, in: &first, at: at(70))
        #expect(router.health(of: 0, at: at(70)).restsUntil == at(130))
        #expect(router.run(at: at(129)) { _ in .well }.tried == [1])
        #expect(router.run(at: at(130)) { _ in .well }.tried == [0])
        #expect(router.state(0, at: at(130)) == .closed)
    }

    @Test("a probe that is cancelled leaves its place to the next; one that met the caller's own mistake has answered")
    func probeEnds() throws {
        for (outcome, state) in [(Outcome.cancelled, HealthReport.State.halfOpen), (.fault(.badRequest, retryAfter: nil), .closed)] {
            var router = try pair(BreakerPolicy(failureThreshold: 1))
            _ = router.run { $0 == 0 ? .badly(.timeout) : .well }
            var journey = router.journey(route: 0)
            guard case .attempt(let probe) = router.next(&journey, at: at(60)) else { return }
            router.record(outcome, of: probe, in: &journey, at: at(61))
            #expect(router.state(0, at: at(61)) == state)
            let again = router.run(at: at(61)) { _ in .well }
            #expect(again.tried == [0])
            #expect(again.attempts.first?.isProbe == (state == .halfOpen))
        }
    }

    @Test("faults of attempts begun before the rest neither shorten it nor count twice")
    func stragglers() throws {
        var router = try pair(BreakerPolicy(failureThreshold: 2, cooldown: .seconds(60)))
        var journeys = (0..<3).map { _ in router.journey(route: 0) }
        var attempts: [Attempt] = []
        for index in journeys.indices {
            if case .attempt(let attempt) = router.next(&journeys[index], at: .zero) { attempts.append(attempt) }
        }
        router.record(.fault(.timeout, retryAfter: nil), of: attempts[0], in: &journeys[0], at: at(1))
        router.record(.fault(.rateLimit, retryAfter: .seconds(90)), of: attempts[1], in: &journeys[1], at: at(2))
        #expect(router.health(of: 0, at: at(2)).restsUntil == at(92))
        router.record(.fault(.rateLimit, retryAfter: .seconds(3)), of: attempts[2], in: &journeys[2], at: at(3))
        #expect(router.health(of: 0, at: at(3)).restsUntil == at(92))
        #expect(router.health(of: 0, at: at(3)).inFlight == 0)
    }

    @Test("without auto recovery it waits for an operator, panic included")
    func operatorOnly() throws {
        let policy = BreakerPolicy(failureThreshold: 1, autoRecovery: false)
        var router = Router(table: try table(deployments("a") { $0.breaker = policy }, .deployment(0), retry: RetryPolicy(maxRetries: 0)), seed: 1)
        _ = router.run { _ in .badly(.serverError) }
        let run = router.run(at: at(1e6)) { _ in .well }
        #expect(run.end?.reason == .noneEligible(.resting(until: .distantFuture)))
        #expect(run.end?.retryAfter == nil)
        router.reset(0)
        #expect(router.run(at: at(1e6)) { _ in .well }.succeeded)
    }

    @Test("when everything rests the least bad is tried, and its success ends the rest")
    func panic() throws {
        var router = Router(
            table: try table(deployments("a", "b", "c"), leaves(Fallback(), 0, 1, 2), retry: RetryPolicy(maxRetries: 0, maxWait: .zero)), seed: 1)
        let rests: [Duration] = [.seconds(50), .seconds(20), .seconds(40)]
        _ = router.run { .badly(.rateLimit, retryAfter: rests[$0]) }
        let run = router.run(at: at(1)) { _ in .well }
        #expect(run.tried == [1])
        #expect(run.attempts.first?.isPanic == true)
        #expect(router.state(1, at: at(1)) == .closed)
        // What we rest by our own caution is better than what a provider asked for.
        router.reset(0)
        router.reset(1)
        _ = router.run(at: at(2)) { $0 == 0 ? .badly(.auth) : $0 == 1 ? .badly(.rateLimit, retryAfter: .seconds(5)) : .badly(.timeout) }
        #expect(router.run(at: at(3)) { _ in .well }.tried == [0])
    }

    @Test("a panic that fails ends the request with the soonest time to ask again")
    func panicFails() throws {
        var router = Router(table: try table(deployments("a", "b"), leaves(Fallback(), 0, 1), retry: RetryPolicy(maxRetries: 0)), seed: 1)
        _ = router.run { .badly(.rateLimit, retryAfter: .seconds($0 == 0 ? 50 : 20)) }
        let run = router.run(at: at(10)) { _ in .badly(.rateLimit, retryAfter: .seconds(30)) }
        #expect(run.tried == [1])
        #expect(run.end?.lastFault == .rateLimit)
        #expect(run.end?.retryAfter == .seconds(30))
    }

    @Test("without allowed_fails, more than half of a minute's calls rests it")
    func ratio() throws {
        var router = try pair(.cooldown(allowedFails: nil, time: .seconds(30)))
        for call in 0..<20 {
            #expect(router.state(0, at: at(Double(call))) == .closed)
            let run = router.run(at: at(Double(call))) { $0 == 0 && call % 2 == 1 ? .badly(.serverError) : .well }
            #expect(run.tried.first == 0)
        }
        _ = router.run(at: at(20)) { $0 == 0 ? .badly(.serverError) : .well }
        #expect(router.state(0, at: at(20)) == .open)
    }

    @Test("error rate and latencies are of the recent calls only")
    func windows() throws {
        var router = Router(table: try table(deployments("a"), .deployment(0), retry: RetryPolicy(maxRetries: 0)), seed: 1)
        #expect(router.health(of: 0, at: .zero).errorRate == nil)
        #expect(router.health(of: 0, at: .zero).latencyP50 == nil)
        for call in 0..<200 {
            var journey = router.journey(route: 0)
            guard case .attempt(let attempt) = router.next(&journey, at: at(Double(call))) else { return }
            let total = Duration.milliseconds(call)
            router.record(.success(firstByte: total / 2, total: total, outputTokens: 1), of: attempt, in: &journey, at: at(Double(call)))
        }
        // The last 64: 136 ... 199.
        #expect(router.health(of: 0, at: at(200)).latencyP50 == .milliseconds(167))
        #expect(router.health(of: 0, at: at(200)).latencyP95 == .milliseconds(196))
        #expect(router.health(of: 0, at: at(200)).firstByteP50 == .microseconds(83_500))
        _ = router.run(at: at(201)) { _ in .badly(.badRequest) }
        #expect(router.health(of: 0, at: at(201)).errorRate == 0)
        _ = router.run(at: at(400)) { _ in .badly(.timeout) }
        #expect(router.health(of: 0, at: at(400)).errorRate == 1)
        #expect(router.health(of: 0, at: at(1063)).latencyP50 == .milliseconds(181))
        #expect(router.health(of: 0, at: at(2000)).latencyP50 == nil)
    }
}
