import Routing

/// A bad day without the settings it befalls: who plays which part, by place in a route, who asks, and what changes. The library's
/// plots bring a table of their own, and can be played on any other.
public struct Plot: Sendable {
    public typealias Edits = [(at: Double, place: Int, edit: Edit)]

    /// One word or several with hyphens: what the command line takes.
    public let name: String
    /// What goes wrong, in a sentence.
    public let summary: String
    /// Of the first deployments, those of the route before the others, in the order written. Who is left is well.
    var cast: [ImaginaryDeployment] = []
    var traffic = [Traffic()]
    /// At seconds.
    var edits: Edits = []
    /// At seconds; nil: the signal is gone.
    var signals: [(at: Double, name: String, value: Value?)] = []
    /// Of the plot on its own table.
    var leastSuccess = 0.0
    var mostAttempts = Double.infinity
    var shares: [(deployment: String, share: ClosedRange<Double>)] = []
    var stage: Stage

    init(_ name: String, _ summary: String, on stage: Stage = Stage(), leastSuccess: Double = 0, _ set: (inout Plot) -> Void = { _ in }) {
        self.name = name
        self.summary = summary
        self.stage = stage
        self.leastSuccess = leastSuccess
        set(&self)
    }

    /// On its own table.
    public func scenario() throws(RoutingTableError) -> Scenario {
        var scenario = try scenario(on: try stage.table(), route: nil)
        scenario.leastSuccess = leastSuccess
        scenario.mostAttempts = mostAttempts
        scenario.shares = shares
        return scenario
    }

    /// Befalls the deployments of a route of another table: nil is its first.
    public func scenario(on table: RoutingTable, route: String?) throws(RoutingTableError) -> Scenario {
        let named = route.flatMap { table.route(named: $0) } ?? 0
        let own = table.routes.isEmpty ? [] : table.deployments(of: named)
        let names = (own + table.deployments.indices.filter { !own.contains($0) }).map { table.deployments[$0].name }
        var scenario = Scenario(name: name, table: table, traffic: traffic)
        for (name, part) in zip(names, cast) { scenario.deployments[name] = part }
        for index in scenario.traffic.indices where scenario.traffic[index].route.flatMap({ table.route(named: $0) }) == nil {
            scenario.traffic[index].route = route
        }
        var changes: [(at: Instant, deployment: String, edit: Edit)] = []
        for (at, place, edit) in edits where place < names.count { changes.append((.seconds(at), names[place], edit)) }
        try scenario.change(changes)
        scenario.changes += signals.map { (.seconds($0.at), .signal($0.name, $0.value)) }
        return scenario
    }
}

/// The table that a plot of the library brings: deployments `a` to `d` under one strategy, perhaps with another route behind it.
struct Stage: Sendable {
    var strategy: any Strategy = Shuffle()
    var count = 4
    var weights: [Double] = []
    var parallel: Int?
    var requestsPerMinute: Int?
    var tokensPerMinute: Int?
    var timeout = Duration.seconds(10)
    var breaker = BreakerPolicy(failureThreshold: 3, window: .seconds(30), cooldown: .seconds(10))
    var retry = RetryPolicy()
    var hedge: HedgePolicy?
    /// Deployments `e` and `f` as a route `spare` that `main` falls back to, after everything or after some faults only.
    var hasSpare = false
    var sparesFor: FaultSet?
    var tags: [[String]] = []
    var tagFiltering = TagFiltering.off
    var regions: [String] = []
    var retryBucket = RetryBucket()
    var rules: [Rule] = []

    /// Dollars per million tokens of prompt and answer: each half as dear as the one before.
    var prices = [(2.0, 8.0), (1, 4), (0.5, 2), (0.25, 1), (0.2, 0.8), (0.1, 0.4)]

    func table() throws(RoutingTableError) -> RoutingTable {
        let names = ["a", "b", "c", "d", "e", "f"]
        var deployments: [Deployment] = []
        for (index, name) in names.prefix(count + (hasSpare ? 2 : 0)).enumerated() {
            let price = Price(input: Int64(prices[index].0 * 1e9), output: Int64(prices[index].1 * 1e9))
            deployments.append(
                Deployment(
                    name: name, provider: name, model: "imaginary", region: index < regions.count ? regions[index] : nil,
                    tags: index < tags.count ? tags[index] : [], weight: index < weights.count ? weights[index] : nil,
                    requestsPerMinute: requestsPerMinute, tokensPerMinute: tokensPerMinute, maxParallelRequests: parallel, price: price,
                    contextWindow: hasSpare && index < count ? 8000 : nil, timeout: timeout,
                    breaker: breaker))
        }
        let leaves = (0..<count).map { Branch(.deployment($0)) }
        var main = NamedRoute(name: "main", tree: .choice(strategy, leaves), retry: retry, hedge: hedge)
        var routes: [NamedRoute] = []
        if hasSpare {
            switch sparesFor {
            case FaultSet(.contextWindow): main.contextWindowFallbacks = ["spare"]
            case FaultSet(.contentPolicy): main.contentPolicyFallbacks = ["spare"]
            default: main.fallbacks = ["spare"]
            }
            let spares = [Branch(.deployment(count)), Branch(.deployment(count + 1))]
            routes.append(NamedRoute(name: "spare", tree: .choice(Fallback(), spares), retry: retry))
        }
        return try RoutingTable(
            version: 1, deployments: deployments, routes: [main] + routes, tagFiltering: tagFiltering, retryBucket: retryBucket,
            policies: rules.isEmpty ? [] : [RoutingPolicy(name: "rules", rules: rules)])
    }
}

extension Instant {
    static func seconds(_ seconds: Double) -> Instant { Instant(nanoseconds: Int64(seconds * 1e9)) }
}
