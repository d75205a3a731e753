import Routing

/// A routing table, made-up deployments by name, who asks, and what changes under way.
public struct Scenario: Sendable {
    /// Something that an operator does.
    public enum Change: Sendable {
        /// Other settings.
        case table(RoutingTable)
        /// The deployment of that name is well again: its breaker closes.
        case reset(String)
        /// What `signal.NAME` says from here on. Nil: it is gone.
        case signal(String, Value?)
    }

    public var name: String
    public var table: RoutingTable
    /// By deployment name, so that they outlive a change of tables. Who is missing here is well.
    public var deployments: [String: ImaginaryDeployment]
    public var traffic: [Traffic]
    public var changes: [(at: Instant, change: Change)]
    /// The share of requests whose client stays that must succeed.
    public var leastSuccess: Double
    /// For each request, on average.
    public var mostAttempts = Double.infinity
    /// Of first attempts, by deployment name: what is promised of them.
    public var shares: [(deployment: String, share: ClosedRange<Double>)] = []

    public init(
        name: String, table: RoutingTable, deployments: [String: ImaginaryDeployment] = [:], traffic: [Traffic] = [Traffic()],
        changes: [(at: Instant, change: Change)] = [], leastSuccess: Double = 0
    ) {
        self.name = name
        self.table = table
        self.deployments = deployments
        self.traffic = traffic
        self.changes = changes
        self.leastSuccess = leastSuccess
    }

    /// Everything follows from the seed: two runs with one give equal reports.
    public func run(seed: UInt64) -> Report { run(seed: seed, through: Router(table: table, seed: seed)) }

    /// The same for somebody who watches, and may end it before its time.
    public func run(seed: UInt64, watch: (Progress) -> Bool) -> Report {
        var simulator = Simulator(self, seed: seed, through: Router(table: table, seed: seed))
        return simulator.run(watch: watch)
    }

    /// How far a run is.
    public struct Progress: Sendable {
        public let at: Instant
        /// No request comes later.
        public let end: Instant
        public let requests: Int
        /// All that has happened, in number.
        public let events: Int
    }

    var lastArrival: Instant { traffic.map { .zero + $0.from + $0.duration }.max() ?? .zero }

    /// Through a router of one's own making, on a table with the deployments and routes of this one.
    public func run(seed: UInt64, through router: some Deciding) -> Report {
        var simulator = Simulator(self, seed: seed, through: router)
        return simulator.run()
    }

    /// The same with no traffic after `duration`, for a quick look.
    public func shortened(to duration: Duration) -> Scenario {
        var short = self
        for index in short.traffic.indices {
            short.traffic[index].duration = min(short.traffic[index].duration, max(.zero, duration - short.traffic[index].from))
        }
        return short
    }
}

/// One thing that an operator changes of a deployment while requests run. Nil: as it was.
public struct Edit: Hashable, Sendable {
    public var weight: Double?
    public var price: Price?
    public var paused: Bool?
    public var requestsPerMinute: Int?
    public var tokensPerMinute: Int?
    public var maxParallelRequests: Int?
    /// Another address or credential under the old name: its health begins anew.
    public var isReplaced = false
    /// The operator closes its breaker.
    public var isReset = false

    public init() {}

    func apply(to deployment: inout Deployment) {
        if let weight { deployment.weight = weight }
        if let price { deployment.price = price }
        if let paused { deployment.paused = paused }
        if let requestsPerMinute { deployment.requestsPerMinute = requestsPerMinute }
        if let tokensPerMinute { deployment.tokensPerMinute = tokensPerMinute }
        if let maxParallelRequests { deployment.maxParallelRequests = maxParallelRequests }
        if isReplaced { deployment.fingerprint &+= 1 }
    }
}

extension Scenario {
    /// Makes a table of its own of each edit, in the order of time.
    public mutating func change(_ edits: [(at: Instant, deployment: String, edit: Edit)]) throws(RoutingTableError) {
        var table = self.table
        for (at, name, edit) in edits.sorted(by: { $0.at < $1.at }) {
            if edit.isReset { changes.append((at, .reset(name))) }
            guard let id = table.deployment(named: name) else { continue }
            var deployments = table.deployments
            edit.apply(to: &deployments[id])
            guard deployments != table.deployments else { continue }
            table = try table.with(deployments, version: table.version + 1)
            changes.append((at, .table(table)))
        }
    }
}
