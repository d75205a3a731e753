import Simulation
import Testing

@testable import Routing

/// Bugs planted on purpose. A simulator that does not find them finds nothing. They stand around the router or in its table, never
/// in it: what is promised is the scenario's table, what decides is a router that keeps another.
@Suite("Mutants") struct MutantTests {
    static let seeds: ClosedRange<UInt64> = 1...5

    /// The first breach that some seed shows.
    static func firstBreach(_ plot: String, _ spoil: (Scenario, UInt64) throws -> Report) throws -> String? {
        let scenario = try #require(Library.named(plot)).scenario()
        for seed in seeds {
            let report = try spoil(scenario, seed)
            if let breach = report.violations.first { return breach.what }
        }
        return nil
    }

    /// With a table that was spoilt.
    static func firstBreach(_ plot: String, spoil: (inout [Deployment], inout [NamedRoute]) -> Void) throws -> String? {
        try firstBreach(plot) { scenario, seed in
            var deployments = scenario.table.deployments
            var routes = scenario.table.routes
            spoil(&deployments, &routes)
            let table = try RoutingTable(version: scenario.table.version, deployments: deployments, routes: routes)
            return scenario.run(seed: seed, through: Router(table: table, seed: seed))
        }
    }

    // MARK: Strategies

    /// Counts the weight of its first child one and a half times.
    struct Leaning: Strategy {
        static let name = "leaning"
        func pick(among candidates: [Candidate], facts: Facts, random: inout Random) -> Int {
            random.index(of: candidates) { ($0.weight ?? 1) * ($0.branch == 0 ? 1.5 : 1) } ?? 0
        }
    }

    /// Forgets one caller in fifty.
    struct Forgetful: Strategy {
        static let name = "forgetful"
        var honest = Percentage(stickyBy: .session)
        mutating func pick(among candidates: [Candidate], facts: Facts, random: inout Random) -> Int {
            random.below(50) == 0 ? random.below(candidates.count) : honest.pick(among: candidates, facts: facts, random: &random)
        }
    }

    /// Takes the busiest when there are just three.
    struct Contrary: Strategy {
        static let name = "contrary"
        func pick(among candidates: [Candidate], facts: Facts, random: inout Random) -> Int {
            let order = candidates.indices.sorted { candidates[$0].inFlight < candidates[$1].inFlight }
            return candidates.count == 3 ? order[2] : order[0]
        }
    }

    static func replace(_ strategy: any Strategy, in route: inout NamedRoute) {
        if case .choice(_, let branches) = route.tree { route.tree = .choice(strategy, branches) }
    }

    @Test("a strategy that leans to one side is found by its shares")
    func leaning() throws {
        let breach = try Self.firstBreach("calm") { Self.replace(Leaning(), in: &$1[0]) }
        #expect(breach?.contains("for a share of") == true)
    }

    @Test("a split that forgets its callers is found by the caller who moves")
    func forgetful() throws {
        let breach = try Self.firstBreach("sticky-sessions") { Self.replace(Forgetful(), in: &$1[0]) }
        #expect(breach == "leaves its side although that may serve")
    }

    @Test("a strategy that is wrong with one count of candidates is found")
    func contrary() throws {
        let breach = try Self.firstBreach("key-revoked") { Self.replace(Contrary(), in: &$1[0]) }
        #expect(breach?.hasSuffix("is not the idlest") == true)
    }

    @Test("a chain that begins at its second place is found")
    func disordered() throws {
        let breach = try Self.firstBreach("outage") { _, routes in
            if case .choice(let strategy, var branches) = routes[0].tree {
                branches.swapAt(0, 1)
                routes[0].tree = .choice(strategy, branches)
            }
        }
        #expect(breach?.hasSuffix("is not the first that may serve") == true)
    }

    @Test("a router that forgets its rules for some sessions is found")
    func rules() throws {
        struct Forgets: Mutant {
            var router: Router
            mutating func rule(of policy: RoutingPolicy.ID, facts: Facts, at now: Instant) -> RuleHit? {
                facts.session % 16 == 0 ? nil : router.rule(of: policy, facts: facts, at: now)
            }
        }
        let breach = try Self.firstBreach("tiers") { $0.run(seed: $1, through: Forgets(router: Router(table: $0.table, seed: $1))) }
        #expect(breach?.hasPrefix("is decided by no rule, by our books by ") == true)
    }

    // MARK: Limits and breakers

    @Test("a limit that is off by one is found")
    func offByOne() throws {
        let breach = try Self.firstBreach("narrow") { deployments, _ in
            for id in deployments.indices { deployments[id].maxParallelRequests? += 1 }
        }
        #expect(breach?.hasSuffix("has no place left") == true)
    }

    @Test("a limit of requests in a minute that is off by one is found")
    func offByOneInAMinute() throws {
        let breach = try Self.firstBreach("requests-per-minute") { deployments, _ in
            for id in deployments.indices { deployments[id].requestsPerMinute? += 1 }
        }
        #expect(breach?.hasSuffix("has no requests left in its minute") == true)
    }

    @Test("a breaker that opens one fault too late is found")
    func late() throws {
        let breach = try Self.firstBreach("outage") { deployments, _ in
            for id in deployments.indices { deployments[id].breaker.failureThreshold += 1 }
        }
        #expect(breach == "a is closed, open by our books")
    }

    @Test("a breaker that lets more than one probe through is found")
    func probes() throws {
        struct TwoProbes: Mutant {
            var router: Router
            mutating func next(_ journey: inout Journey, at now: Instant) -> Step {
                let step = router.next(&journey, at: now)
                if case .attempt(let attempt) = step, attempt.isProbe { router.health[attempt.slot].breaker.withdrawn(probe: true) }
                return step
            }
        }
        let breach = try Self.firstBreach("outage-of-all") { $0.run(seed: $1, through: TwoProbes(router: Router(table: $0.table, seed: $1))) }
        #expect(breach?.contains("is being probed") == true)
    }

    // MARK: Failover and counts

    @Test("a router that asks the same again at once is found")
    func forgetsTried() throws {
        struct Forgets: Mutant {
            var router: Router
            mutating func next(_ journey: inout Journey, at now: Instant) -> Step {
                journey.tried = []
                return router.next(&journey, at: now)
            }
        }
        let breach = try Self.firstBreach("garbage") { $0.run(seed: $1, through: Forgets(router: Router(table: $0.table, seed: $1))) }
        #expect(breach?.hasSuffix("again without a wait") == true)
    }

    @Test("a router that gives up after one fault is found")
    func givesUp() throws {
        struct GivesUp: Mutant {
            var router: Router
            mutating func next(_ journey: inout Journey, at now: Instant) -> Step {
                if journey.attempts == 1 { journey.envelope.maxAttempts = 1 }
                return router.next(&journey, at: now)
            }
        }
        let breach = try Self.firstBreach("one-well") { $0.run(seed: $1, through: GivesUp(router: Router(table: $0.table, seed: $1))) }
        #expect(breach?.hasSuffix("although d would have served") == true)
    }

    @Test("a count of what is in flight that clients take along when they leave is found")
    func leaks() throws {
        struct Leaks: Mutant {
            var router: Router
            mutating func record(_ outcome: Outcome, of attempt: Attempt, in journey: inout Journey, at now: Instant) {
                if case .cancelled = outcome, attempt.number == 2 { return }
                router.record(outcome, of: attempt, in: &journey, at: now)
            }
        }
        let breach = try Self.firstBreach("clients-leave") { $0.run(seed: $1, through: Leaks(router: Router(table: $0.table, seed: $1))) }
        #expect(breach?.contains("by our books") == true)
    }
}

/// A router with a bug around it. What it does not spoil goes through.
protocol Mutant: Deciding {
    var router: Router { get set }
}

extension Mutant {
    var table: RoutingTable { router.table }
    mutating func next(_ journey: inout Journey, at now: Instant) -> Step { router.next(&journey, at: now) }
    mutating func record(_ outcome: Outcome, of attempt: Attempt, in journey: inout Journey, at now: Instant) {
        router.record(outcome, of: attempt, in: &journey, at: now)
    }
    mutating func rule(of policy: RoutingPolicy.ID, facts: Facts, at now: Instant) -> RuleHit? {
        router.rule(of: policy, facts: facts, at: now)
    }
    mutating func replace(_ table: RoutingTable, at now: Instant) { router.replace(table, at: now) }
    mutating func reset(_ deployment: Deployment.ID) { router.reset(deployment) }
    mutating func hedge(_ journey: inout Journey, beside attempt: Attempt, at now: Instant) -> Attempt? {
        router.hedge(&journey, beside: attempt, at: now)
    }
    mutating func hedgeTime(of attempt: Attempt, in journey: Journey, at now: Instant) -> Instant? {
        router.hedgeTime(of: attempt, in: journey, at: now)
    }
    func state(of deployment: Deployment.ID, at now: Instant) -> HealthReport.State { router.state(of: deployment, at: now) }
    func inFlight(at deployment: Deployment.ID) -> Int { router.inFlight(at: deployment) }
    mutating func takeEvents() -> [RouterEvent] { router.takeEvents() }
}
