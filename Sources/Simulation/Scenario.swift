import Routing

/// A routing table, made-up deployments by name, and traffic to the table's route 0.
public struct Scenario: Sendable {
    public var name: String
    public var table: RoutingTable
    /// By deployment name, so that they outlive a change of tables.
    public var deployments: [String: ImaginaryDeployment]
    public var traffic: Traffic
    /// Settings that change under way.
    public var changes: [(at: Instant, table: RoutingTable)]
    /// The share of requests whose client stays that must succeed.
    public var leastSuccess: Double

    public init(
        name: String, table: RoutingTable, deployments: [String: ImaginaryDeployment], traffic: Traffic = Traffic(),
        changes: [(at: Instant, table: RoutingTable)] = [], leastSuccess: Double = 0
    ) {
        self.name = name
        self.table = table
        self.deployments = deployments
        self.traffic = traffic
        self.changes = changes
        self.leastSuccess = leastSuccess
    }
}

extension Scenario {
    /// What every strategy must live through: bad days of providers, over four deployments `a` to `d`.
    public static func standard(_ strategy: any Strategy) throws(RoutingTableError) -> [Scenario] {
        let minute = Instant(nanoseconds: 30_000_000_000)
        let later = Instant(nanoseconds: 90_000_000_000)
        let rows: [(String, [[ImaginaryDeployment.Mishap]], Double)] = [
            ("calm", [[], [], [], []], 1),
            ("one dead", [[.chance(1, .unavailable)], [], [], []], 1),
            ("one well", [[.chance(1, .unavailable)], [.chance(1, .auth)], [.chance(0.9, .serverError)], []], 1),
            ("outage of two", [[.outage(from: minute, to: later, .serverError)], [.outage(from: minute, to: later, .unavailable)], [], []], 1),
            ("outage of all", Array(repeating: [.outage(from: minute, to: later, .serverError)], count: 4), 0.3),
            ("flapping", Array(repeating: [.flapping(period: .seconds(20), down: .seconds(7), .unavailable)], count: 3) + [[]], 1),
            ("all flap", Array(repeating: [.flapping(period: .seconds(20), down: .seconds(2), .serverError)], count: 4), 0.6),
            ("rate limits", Array(repeating: [.rateLimit(perSecond: 10, retryAfter: .seconds(2))], count: 4), 0.7),
            ("rate limits without a time", Array(repeating: [.rateLimit(perSecond: 8, retryAfter: nil)], count: 3) + [[]], 1),
            ("hanging", [[.chance(0.5, .timeout)], [.chance(0.5, .timeout)], [], []], 0.99),
            ("slow", [[.slow(from: minute, to: later, factor: 40)], [.slow(from: minute, to: later, factor: 400)], [], []], 0.95),
            ("garbage", Array(repeating: [.chance(0.3, .malformedReply)], count: 4), 0.95),
            ("callers' mistakes", Array(repeating: [.chance(0.1, .badRequest), .chance(0.1, .contentPolicy)], count: 4), 0.6),
        ]
        var scenarios: [Scenario] = []
        for (name, mishaps, leastSuccess) in rows {
            let table = try standardTable(strategy, version: 1, names: ["a", "b", "c", "d"])
            var imaginary: [String: ImaginaryDeployment] = [:]
            for (index, name) in ["a", "b", "c", "d"].enumerated() { imaginary[name] = ImaginaryDeployment(mishaps: mishaps[index]) }
            scenarios.append(Scenario(name: name, table: table, deployments: imaginary, leastSuccess: leastSuccess))
        }
        return try scenarios + changing(strategy)
    }

    /// Clients that leave, limits on parallel requests, and settings that change under load.
    private static func changing(_ strategy: any Strategy) throws(RoutingTableError) -> [Scenario] {
        var imaginary: [String: ImaginaryDeployment] = [:]
        for name in ["a", "b", "c", "d"] { imaginary[name] = ImaginaryDeployment(mishaps: [.chance(0.2, .serverError), .chance(0.05, .auth)]) }
        let first = try standardTable(strategy, version: 1, names: ["a", "b", "c", "d"])
        var changes: [(at: Instant, table: RoutingTable)] = []
        for round in 1...20 {
            let names = [["d", "a"], ["b", "c", "d"], ["a", "b", "c", "d"], ["c"]][round % 4]
            let at = Instant(nanoseconds: Int64(round) * 5_000_000_000)
            changes.append((at, try standardTable(strategy, version: 1 + round, names: names)))
        }
        let narrow = try standardTable(strategy, version: 1, names: ["a", "b", "c", "d"], parallel: 2)
        return [
            Scenario(name: "clients leave", table: first, deployments: imaginary, traffic: Traffic(leaving: 0.4), leastSuccess: 0.9),
            Scenario(name: "settings change", table: first, deployments: imaginary, changes: changes, leastSuccess: 0.8),
            Scenario(name: "narrow", table: narrow, deployments: imaginary, traffic: Traffic(requestsPerSecond: 40), leastSuccess: 0.2),
        ]
    }

    /// The strategy over all deployments but the last, which stands behind it in a chain; alone with one.
    static func standardTable(
        _ strategy: any Strategy, version: Int, names: [String], parallel: Int? = nil
    ) throws(RoutingTableError) -> RoutingTable {
        let deployments = names.enumerated().map { index, name in
            Deployment(
                name: name, weight: Double(1 + index), maxParallelRequests: parallel, timeout: .seconds(10),
                breaker: BreakerPolicy(failureThreshold: 3, window: .seconds(30), cooldown: .seconds(10)))
        }
        let last = names.count - 1
        let group = Route.choice(strategy, (0..<max(1, last)).map { Branch(.deployment($0)) })
        let tree = last == 0 ? group : .choice(Fallback(), [Branch(group), Branch(.deployment(last))])
        return try RoutingTable(version: version, deployments: deployments, routes: [NamedRoute(name: "main", tree: tree)])
    }
}
