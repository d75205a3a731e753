import ArgumentParser
import Bench
import Routing
import Simulation

/// `swiftlet bench routing`: what a decision costs by itself, and what a simulated request does.
struct BenchRouting: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "routing", abstract: "Time decisions of the router and a million simulated requests, on one core.")

    @Option(help: "Decisions of each row, after a thousand that are not counted.")
    var decisions = 200_000
    @Option(help: "Simulated requests; 0 for none.")
    var requests = 1_000_000
    @Option(help: "Only rows whose name contains this.")
    var only: String?
    @Flag(help: "Print one line of JSON instead of a table.")
    var json = false

    func validate() throws {
        if decisions < 100 { throw ValidationError("--decisions: at least 100, for a percentile needs some") }
    }

    func run() throws {
        var figures = Figures()
        write("decision, with its record of how it went", "p50 us", "must", "p99 us", "must")
        for row in try DecisionRow.all where only.map(row.name.contains) ?? true {
            figures.add(row.name, row.times(decisions), p50: row.p50, p99: row.p99)
            write(figures.data.last)
        }
        let limits = LimitsRow()
        if only.map(limits.name.contains) ?? true {
            figures.add(limits.name, try limits.times(decisions), p50: limits.p50, p99: nil)
            write(figures.data.last)
        }
        if requests > 0, only == nil {
            let seconds = try Self.simulate(requests)
            figures.simulated = Figures.Simulated(requests: requests, seconds: seconds)
            if !json {
                StandardStream.output.write("\(requests) simulated requests: \(seconds) s, where a million must take 20 s at most\n")
            }
        }
        if json { try JSONLine.write(figures) }
    }

    /// As JSON; a `must` that is not there is asked of nobody.
    private struct Figures: Encodable {
        struct Row: Encodable {
            var name: String
            var p50Microseconds: Double
            var p50MustMicroseconds: Double?
            var p99Microseconds: Double
            var p99MustMicroseconds: Double?
        }

        struct Simulated: Encodable {
            var requests: Int
            var seconds: Double
        }

        var data: [Row] = []
        var simulated: Simulated?

        /// `times`: nanoseconds, in order of size.
        mutating func add(_ name: String, _ times: [Int64], p50: Int64?, p99: Int64?) {
            func microseconds(_ nanoseconds: Int64) -> Double { Double(nanoseconds / 10) / 100 }
            data.append(
                Row(
                    name: name, p50Microseconds: microseconds(times[times.count / 2]), p50MustMicroseconds: p50.map(microseconds),
                    p99Microseconds: microseconds(times[times.count * 99 / 100]), p99MustMicroseconds: p99.map(microseconds)))
        }
    }

    private func write(_ row: Figures.Row?) {
        guard let row else { return }
        func text(_ number: Double?) -> String { number.map { "\($0)" } ?? "" }
        write(row.name, text(row.p50Microseconds), text(row.p50MustMicroseconds), text(row.p99Microseconds), text(row.p99MustMicroseconds))
    }

    private func write(_ name: String, _ cells: String...) {
        if json { return }
        func padded(_ text: String, _ width: Int) -> String { String(repeating: " ", count: max(0, width - text.count)) }
        let line = name + padded(name, 56) + cells.map { padded($0, 8) + $0 }.joined()
        StandardStream.output.write(line + "\n")
    }

    /// A steady day of the library, made long.
    private static func simulate(_ requests: Int) throws -> Double {
        guard var scenario = try Library.plots.first?.scenario(), var traffic = scenario.traffic.first else { return 0 }
        traffic.requestsPerSecond = 500
        traffic.duration = .seconds(requests)
        traffic.atMost = requests
        scenario.traffic = [traffic]
        let start = ContinuousClock.now
        let report = scenario.run(seed: 1)
        let taken = ContinuousClock.now - start
        if let violation = report.violations.first { throw ValidationError("the simulation broke an invariant: \(violation)") }
        return Double(taken.nanoseconds / 10_000_000) / 100
    }
}

/// One way of deciding: rules, `next`, `record`.
private struct DecisionRow {
    let name: String
    let table: RoutingTable
    let hasRules: Bool
    var keepsDecision = false
    /// Nanoseconds. Nil: nothing was asked for.
    var p50: Int64?
    var p99: Int64?

    static var all: [DecisionRow] {
        get throws {
            let rules = try Self.rules()
            let (ten, few) = (try table(8, Shuffle(), rules), try table(8, Shuffle(), []))
            return [
                DecisionRow(name: "8 deployments, 10 rules", table: ten, hasRules: true, p50: 1_500, p99: 6_000),
                DecisionRow(name: "8 deployments, 10 rules, decision kept", table: ten, hasRules: true, keepsDecision: true),
                DecisionRow(name: "8 deployments", table: few, hasRules: false),
                DecisionRow(name: "8 deployments, by latency", table: try table(8, Fastest(), []), hasRules: false),
                DecisionRow(name: "200 deployments", table: try table(200, Shuffle(), []), hasRules: false, p50: 25_000),
                DecisionRow(name: "200 deployments, by latency", table: try table(200, Fastest(), []), hasRules: false, p50: 25_000),
                DecisionRow(name: "200 deployments, 10 rules", table: try table(200, Shuffle(), rules), hasRules: true, p50: 25_000),
            ]
        }
    }

    /// Of two or three tests each; the last holds.
    private static func rules() throws -> [Rule] {
        func test(_ name: String, _ operation: Routing.Comparison.Operation, _ value: Value) throws -> Condition {
            guard let field = FieldName(name) else { throw ValidationError("no field is named \(name)") }
            return .test(field, Routing.Comparison(operation, value))
        }
        let conditions: [Condition] = try [
            .all([test("tags.customer_tier", .eq, "enterprise"), test("request.region", .isIn, ["eu", "us"])]),
            .all([test("request.stream", .eq, true), test("request.input_tokens", .gt, 100_000)]),
            .any([test("key.project", .eq, "some-other-project"), test("request.model", .startsWith, "claude-")]),
            .all([test("tags.team", .isIn, ["research", "evaluation"]), test("time.hour", .lt, 6)]),
            .all([test("deployment.p0/m.latency_ms_p95", .gt, 900), test("request.stream", .eq, true)]),
            .any([test("deployment.p1/m.in_flight", .gt, 100), test("deployment.p2/m.in_flight", .gt, 100)]),
            .all([test("request.input_tokens", .lt, 50), test("tags.customer_tier", .ne, "free")]),
            .not(.any([test("request.region", .eq, "ap"), test("request.region", .eq, "eu")])),
            .all([test("tags.team", .eq, "web"), test("request.input_tokens", .gte, 4_000)]),
            .all([test("tags.customer_tier", .eq, "free"), test("request.input_tokens", .gte, 500)]),
        ]
        return conditions.enumerated().map { Rule(name: "rule \($0)", when: $1, then: RuleActions(warn: "seen")) }
    }

    private static let values: [String: Value] = [
        "tags.customer_tier": "free", "request.region": "ap", "request.stream": false, "request.input_tokens": 800, "key.project": "support",
        "request.model": "gpt-4o", "tags.team": "web", "time.hour": 12,
    ]

    private static func deployment(_ number: Int) -> Deployment {
        let price = Price(input: Int64(number + 1) * 1_000_000, output: Int64(number + 3) * 1_000_000)
        let weight = Double(number % 7 + 1)
        return Deployment(
            name: "p\(number)/m", weight: weight, maxParallelRequests: 100, price: price, contextWindow: 128_000, timeout: .seconds(60))
    }

    private static func table(_ count: Int, _ strategy: any Strategy, _ rules: [Rule]) throws -> RoutingTable {
        let deployments: [Deployment] = (0..<count).map(deployment)
        let route = NamedRoute(name: "chat", tree: .choice(strategy, deployments.indices.map { Branch(.deployment($0)) }), timeout: .seconds(60))
        let policies = rules.isEmpty ? [] : [RoutingPolicy(name: "rules", rules: rules)]
        return try RoutingTable(version: 1, deployments: deployments, routes: [route], policies: policies)
    }

    /// Nanoseconds of each decision, in order of size. Requests come every 0.1 ms and are answered as long after.
    func times(_ count: Int) -> [Int64] {
        var router = Router(table: table, seed: 1)
        let facts = Facts(
            inputTokens: 800, outputTokens: 256, key: 77, hasSideEffects: true, values: table.fields.map { Self.values[$0.text] ?? .missing })
        var times: [Int64] = []
        times.reserveCapacity(count)
        var now = Instant.zero
        for round in -1_000..<count {
            now = now + .microseconds(100)
            let started = ContinuousClock.now
            let hit = hasRules ? router.rule(of: 0, facts: facts, at: now) : nil
            var journey = Journey(in: table, route: 0, facts: facts, envelope: Envelope(deadline: now + .seconds(60)))
            if hit != nil { journey.policy = 0 }
            journey.keepsDecision = keepsDecision
            guard case .attempt(let attempt) = router.next(&journey, at: now) else { continue }
            router.record(
                .success(firstByte: .milliseconds(3), total: .milliseconds(9), outputTokens: 120), of: attempt, in: &journey, at: now)
            let taken = (ContinuousClock.now - started).nanoseconds
            if round >= 0 { times.append(taken) }
        }
        return times.sorted()
    }
}
