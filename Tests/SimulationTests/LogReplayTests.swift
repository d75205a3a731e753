import Routing
import Simulation
import Testing

/// Times of logs are numbers of seconds.
private func at(_ seconds: Double) -> Instant { Instant(nanoseconds: Int64(seconds * 1e9)) }

private func deployment(_ name: String, price: Int64? = nil) -> Deployment {
    var deployment = Deployment(name: name)
    deployment.price = price.map { Price(input: $0, output: $0) }
    return deployment
}

private func table(_ deployments: [Deployment], _ strategy: any Strategy, version: Int = 1, policies: [RoutingPolicy] = []) throws -> RoutingTable {
    let tree = Route.choice(strategy, deployments.indices.map { Branch(.deployment($0)) })
    return try RoutingTable(
        version: version, deployments: deployments, routes: [NamedRoute(name: "main", tree: tree, retry: RetryPolicy(backoff: .zero))],
        policies: policies)
}

private func request(
    _ number: Int, at seconds: Double, _ deployment: String, fault: Fault? = nil, took: Double = 1, tokens: Int64 = 1_000_000, cost: Int64? = nil
) -> LoggedRequest {
    var request = LoggedRequest(
        id: UInt64(number), at: at(seconds), route: "main",
        tries: [LoggedRequest.Try(deployment: deployment, fault: fault, firstByte: nil, took: .seconds(took))],
        end: fault == nil ? .answered : .failed)
    request.took = .seconds(took)
    if fault == nil { request.usage.output = tokens }
    request.cost = cost.map { Nanodollars($0) } ?? (fault == nil ? nil : .zero)
    return request
}

@Suite("Replay of a log") struct LogReplayTests {
    private let two = [deployment("a", price: 2_000_000_000), deployment("b", price: 1_000_000_000)]

    private func run(_ log: [LoggedRequest], _ table: RoutingTable, seed: UInt64 = 1, enter: ((LoggedRequest) -> ReplayEntry)? = nil)
        -> (results: [ReplayedRequest], report: ReplayReport)
    {
        var replay = Replay(log, on: table, seed: seed, enter: enter ?? { _ in ReplayEntry(route: 0, facts: Facts()) })
        let results = replay.run()
        return (results, ReplayReport(log, results, most: 10))
    }

    @Test("what is not changed comes to what it came to")
    func same() throws {
        let log = (0..<50).map { request($0, at: Double($0), "a", cost: 2_000_000_000) }
        let (results, report) = run(log, try table(two, Fallback()))
        #expect(results.allSatisfy { $0.end == .answered && $0.deployment == "a" && !$0.isGuessed })
        #expect(report.changed == 0)
        #expect(report.cost.increase == Interval(estimate: 0, low: 0, high: 0))
        #expect(report.assumptions.isEmpty)
    }

    @Test("another order is told request by request, with cost, time and reason")
    func otherOrder() throws {
        let log = (0..<40).map {
            request($0, at: Double($0), $0 % 2 == 0 ? "a" : "b", took: $0 % 2 == 0 ? 2 : 1, cost: $0 % 2 == 0 ? 2_000_000_000 : 1_000_000_000)
        }
        let (results, report) = run(log, try table([two[1], two[0]], Fallback()))
        #expect(results.allSatisfy { $0.deployment == "b" })
        #expect(report.changed == 20)
        #expect(report.cost.before == 60)
        #expect(report.cost.after == 40)
        #expect(report.latency.after == 40)
        let increase = try #require(report.cost.increase)
        #expect(increase.low < -1.0 / 3 && -1.0 / 3 < increase.high)
        #expect(report.differences.first?.was == "a")
        #expect(report.differences.first?.would.why.contains("fallback chose b") == true)
        #expect(report.assumptions.map(\.requests) == [20])
    }

    @Test("an outage then is an outage in the replay, and the router leaves who is down")
    func outage() throws {
        // b was down from second 100 to 200, as its own requests of that time show; now all go to b first.
        let log = (0..<300).map { second in
            second % 2 == 0
                ? request(second, at: Double(second), "a")
                : request(second, at: Double(second), "b", fault: 100..<200 ~= second ? .serverError : nil, took: 0.1)
        }
        let (results, _) = run(log, try table([two[1], two[0]], Fallback()))
        let during = results[110..<190]
        #expect(during.count { $0.deployment == "a" } > 60)
        #expect(results[..<90].allSatisfy { $0.deployment == "b" })
        #expect(during.contains { $0.attempts == 1 && $0.first == "a" }, "its breaker opens")
    }

    @Test("the caller's own fault stays, whoever is asked")
    func callersFault() throws {
        let log = [request(1, at: 0, "a", fault: .badRequest), request(2, at: 1, "a"), request(3, at: 2, "b")]
        let (results, report) = run(log, try table([two[1], two[0]], Fallback()))
        #expect(results[0].end == .failed)
        #expect(report.failed == 1 && report.unansweredThen == 1)
    }

    @Test("nobody to serve, a rule that denies and an unknown model are refusals, with why")
    func refusals() throws {
        let deny = Rule(name: "no more", then: RuleActions(deny: "closed"))
        let closed = try table(two, Fallback(), policies: [RoutingPolicy(name: "p", rules: [deny])])
        let log = [request(1, at: 0, "a"), request(2, at: 1, "a"), request(3, at: 2, "a")]
        let (results, report) = run(log, closed) { request in
            var facts = Facts()
            if request.id == 2 { facts.regions = ["eu"] }
            if request.id == 3 { return .refused("there is no model `x`") }
            var entry = ReplayEntry(route: 0, facts: facts)
            if request.id == 1 { entry.policy = 0 }
            return entry
        }
        #expect(results.map(\.end) == [.refused, .refused, .refused])
        #expect(results[0].rule == "no more" && results[0].why.contains("closed"))
        #expect(results[1].why.contains("no deployment may serve"))
        #expect(report.refusedShare?.estimate == 1)
        var gates = ReplayGates()
        gates.refusals = 0.5
        #expect(gates.breaches(in: report).map(\.what) == ["refusals"])
    }

    @Test("gates: none fails at its limit; what is not known fails; strict asks for the end of the interval")
    func gates() throws {
        let log = (0..<40).map { request($0, at: Double($0), $0 % 2 == 0 ? "a" : "b", cost: $0 % 2 == 0 ? 2_000_000_000 : 1_000_000_000) }
        let (_, report) = run(log, try table(two, Fallback()))
        let increase = try #require(report.cost.increase)
        var gates = ReplayGates()
        gates.costIncrease = increase.estimate
        #expect(gates.breaches(in: report).isEmpty)
        gates.isStrict = true
        #expect(gates.breaches(in: report).map(\.what) == ["cost increase"])
        let (_, unknown) = run((0..<4).map { request($0, at: Double($0), "a") }, try table([deployment("a")], Fallback()))
        #expect(gates.breaches(in: unknown).map(\.value) == [.infinity])
    }

    @Test("one seed is one replay; a request's own chance is the one that it had")
    func seeds() throws {
        let log = (0..<200).map { request($0, at: Double($0), "a") }
        let drawn = try table(two, Shuffle())
        #expect(run(log, drawn, seed: 3).results == run(log, drawn, seed: 3).results)
        let own: (LoggedRequest) -> ReplayEntry = { request in
            var entry = ReplayEntry(route: 0, facts: Facts())
            entry.seed = request.id
            return entry
        }
        #expect(run(log, drawn, seed: 3, enter: own).results == run(log, drawn, seed: 4, enter: own).results)
    }

    @Test("an answer is timed like the one of its length that came next in time")
    func times() throws {
        var log = (0..<20).map { request($0, at: Double($0), "b", took: $0 % 2 == 0 ? 1 : 9, tokens: $0 % 2 == 0 ? 10 : 1000) }
        log.append(request(99, at: 20, "a", took: 3, tokens: 1000))
        let (results, _) = run(log, try table([two[1], two[0]], Fallback()))
        #expect(results.last?.took == .seconds(9))
    }

    @Test("a deployment that nobody knows counts as answered, without a time")
    func unknown() throws {
        let (results, report) = run([request(1, at: 0, "a")], try table([deployment("new"), two[0]], Fallback()))
        #expect(results[0].end == .answered && results[0].took == nil && results[0].cost == nil)
        #expect(report.latency.count == 0)
        #expect(report.assumptions.count == 3)
    }
}
