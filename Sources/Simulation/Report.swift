import Routing

/// What a run came to. Two runs of one scenario with one seed give equal reports.
public struct Report: Hashable, Sendable {
    public struct Violation: Hashable, Sendable, CustomStringConvertible {
        public let at: Instant
        /// In order of arrival; -1: none.
        public let request: Int
        public let what: String

        public var description: String {
            "at \(Double(at.nanoseconds / 1_000_000) / 1000) s " + (request < 0 ? what : "request \(request) \(what)")
        }
    }

    public struct DeploymentRow: Hashable, Sendable {
        public let name: String
        public internal(set) var attempts = 0
        public internal(set) var firstAttempts = 0
        public internal(set) var answered = 0
        public internal(set) var faults: [Fault: Int] = [:]
        public internal(set) var cancelled = 0
        public internal(set) var probes = 0
        public internal(set) var panics = 0
        public internal(set) var hedges = 0
        /// Of its whole answers, from the attempt's start.
        public internal(set) var latency = Distribution()
        public internal(set) var cost = Nanodollars.zero

        init(_ name: String) { self.name = name }
    }

    public struct RouteRow: Hashable, Sendable {
        public let name: String
        public internal(set) var requests = 0
        public internal(set) var answered = 0
        public internal(set) var left = 0
        /// Streams that broke off after their client had seen a part.
        public internal(set) var cut = 0
        /// By the reason.
        public internal(set) var failed: [String: Int] = [:]
        /// Of answered requests, from arrival to the last byte.
        public internal(set) var latency = Distribution()

        init(_ name: String) { self.name = name }
    }

    public let scenario: String
    public let seed: UInt64
    public internal(set) var requests = 0
    public internal(set) var attempts = 0
    public internal(set) var waits = 0
    public internal(set) var ended = Instant.zero
    public internal(set) var spent = Nanodollars.zero
    /// Paid for what no client got: streams cut off, races lost, clients gone.
    public internal(set) var wasted = Nanodollars.zero
    public internal(set) var latency = Distribution()
    public internal(set) var firstByte = Distribution()
    public internal(set) var deployments: [DeploymentRow] = []
    public internal(set) var routes: [RouteRow] = []
    /// Hits of rules, by name.
    public internal(set) var rules: [String: Int] = [:]
    /// The router's own events, by kind.
    public internal(set) var events: [RouterEvent.Kind: Int] = [:]
    /// Over everything that happened, in order.
    public internal(set) var trace: UInt64 = 0
    public internal(set) var violations: [Violation] = []
    public internal(set) var timeline = Timeline()
    /// Whoever watched had enough of it before its end.
    public internal(set) var isCutShort = false
    private var places: [String: Int] = [:]

    init(scenario: String, seed: UInt64, table: RoutingTable) {
        self.scenario = scenario
        self.seed = seed
        routes = table.routes.map { RouteRow($0.name) }
        replaced(by: table)
    }

    public var answered: Int { routes.reduce(0) { $0 + $1.answered } }
    public var left: Int { routes.reduce(0) { $0 + $1.left } }
    public var cut: Int { routes.reduce(0) { $0 + $1.cut } }
    public var panics: Int { deployments.reduce(0) { $0 + $1.panics } }
    public var probes: Int { deployments.reduce(0) { $0 + $1.probes } }
    public var hedges: Int { deployments.reduce(0) { $0 + $1.hedges } }

    /// Of the requests whose client stayed.
    public var success: Double { requests == left ? 1 : Double(answered) / Double(requests - left) }

    /// Of all first attempts.
    public func share(of name: String) -> Double {
        guard let row = deployments.first(where: { $0.name == name }) else { return 0 }
        let all = deployments.reduce(0) { $0 + $1.firstAttempts }
        return all == 0 ? 0 : Double(row.firstAttempts) / Double(all)
    }

    /// Why requests failed, all routes together.
    public var failed: [String: Int] {
        routes.reduce(into: [:]) { sum, route in
            for (reason, count) in route.failed { sum[reason, default: 0] += count }
        }
    }
}

extension Report {
    mutating func replaced(by table: RoutingTable) {
        for deployment in table.deployments where places[deployment.name] == nil {
            places[deployment.name] = deployments.count
            deployments.append(DeploymentRow(deployment.name))
        }
        for route in table.routes.dropFirst(routes.count) { routes.append(RouteRow(route.name)) }
    }

    private mutating func note(_ what: UInt64, at now: Instant) { trace = Random.mix(trace ^ what &* 0x9e37 ^ UInt64(bitPattern: now.nanoseconds)) }

    mutating func arrived(_ route: Int, _ hit: RuleHit?) {
        requests += 1
        if let hit { self.hit(hit) }
        routes[route].requests += 1
    }

    mutating func waited(at now: Instant) {
        waits += 1
        note(1, at: now)
    }

    mutating func began(_ attempt: Attempt, _ name: String, at now: Instant) {
        attempts += 1
        note(16 + UInt64(attempt.deployment), at: now)
        guard let place = places[name] else { return }
        timeline.note(at: now) { step in
            while step.attempts.count <= place { step.attempts.append(0) }
            step.attempts[place] += 1
        }
        deployments[place].attempts += 1
        if attempt.number == 1 { deployments[place].firstAttempts += 1 }
        if attempt.isProbe { deployments[place].probes += 1 }
        if attempt.isPanic { deployments[place].panics += 1 }
        if attempt.isHedge { deployments[place].hedges += 1 }
    }

    mutating func ended(_ outcome: Outcome, _ name: String, cost: Nanodollars, at now: Instant) {
        guard let place = places[name] else { return }
        deployments[place].cost = deployments[place].cost + cost
        switch outcome {
        case .success: deployments[place].answered += 1
        case .cancelled:
            deployments[place].cancelled += 1
            wasted = wasted + cost
        case .fault(let fault, _):
            deployments[place].faults[fault, default: 0] += 1
            wasted = wasted + cost
        }
    }

    mutating func answered(
        _ attempt: Attempt, _ name: String, after: Duration, _ answer: ImaginaryDeployment.Answer, route: Int, at now: Instant
    ) {
        timeline.note(at: now) { step in
            step.answered += 1
            step.latency.add(after)
        }
        routes[route].answered += 1
        routes[route].latency.add(after)
        latency.add(after)
        firstByte.add(after - answer.after + (answer.firstByte ?? .zero))
        if let place = places[name] { deployments[place].latency.add(answer.after) }
    }

    mutating func hit(_ hit: RuleHit) { rules[hit.name, default: 0] += 1 }
    mutating func refused(route: Int, at now: Instant) {
        routes[route].failed["denied by rule", default: 0] += 1
        timeline.note(at: now) { $0.failed += 1 }
    }

    mutating func cut(route: Int, at now: Instant) {
        routes[route].cut += 1
        timeline.note(at: now) { $0.failed += 1 }
    }

    mutating func left(route: Int, at now: Instant) {
        routes[route].left += 1
        timeline.note(at: now) { $0.left += 1 }
    }

    mutating func failed(_ why: Exhaustion, route: Int, at now: Instant) {
        routes[route].failed[Self.name(why.reason), default: 0] += 1
        timeline.note(at: now) { $0.failed += 1 }
    }

    mutating func finished(_ isWell: Bool, at now: Instant) { note(isWell ? 2 : 3, at: now) }

    mutating func add(_ events: [RouterEvent]) {
        for event in events { self.events[event.kind, default: 0] += 1 }
    }

    mutating func close(at now: Instant, spent: Int64, _ violations: [Violation]) {
        ended = now
        self.spent = Nanodollars(spent)
        self.violations = violations
        let booked = deployments.reduce(Nanodollars.zero) { $0 + $1.cost }
        if booked != self.spent {
            self.violations.append(Violation(at: now, request: -1, what: "deployments cost \(booked.amount), \(spent) was spent"))
        }
    }

    private static func name(_ reason: Exhaustion.Reason) -> String {
        switch reason {
        case .noneEligible(let nearest): "none eligible (\(word(nearest)))"
        case .attempts: "all attempts failed"
        case .deadline: "deadline"
        case .callersFault(let fault): fault.name
        default: word(reason)
        }
    }

    /// The case without what it carries: numbers would make every row its own.
    private static func word(_ value: some Any) -> String { String("\(value)".prefix { $0 != "(" }) }
}
