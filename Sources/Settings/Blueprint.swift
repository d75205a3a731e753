import Routing
import Schema
import Translation

/// What a gateway runs: settings read, checked and compiled. Names are resolved, so nothing after this looks anything up.
public struct Blueprint: Sendable {
    /// Higher after each change.
    public var version: UInt64 = 1
    public var server = ServerSettings()
    public var store = StoreLocation.memory
    public var ledger = LedgerSettings()
    public var responses = ResponseSettings()
    public var cache = CacheSettings()
    /// By names of model groups: those that say something of it.
    public var caching: [String: CachePolicy] = [:]
    /// Nil: no answers are kept.
    public var cacheBasis: CacheBasis?
    public var table: RoutingTable
    /// By `Deployment.ID`.
    public var upstreams: [Upstream] = []
    /// What a client may send as `model`.
    public var names: [String: NamedModel] = [:]
    /// Serves requests that name no model.
    public var defaultRoute: Int?
    public var policies: [Policy] = []
    /// The organisation's, in `policies`. Nil: there is none, or it is switched off.
    public var defaultPolicy: Int?
    public var projects: [Project] = []
    public var customers: [Customer] = []
    public var keys: [VirtualKey] = []
    /// What is counted, and which of it a request is charged to.
    public var accounts = AccountTable.empty
    /// Nil: what has no price is refused where a hard budget bounds.
    public var unpricedCeiling: Price?
    /// Requests in flight at once on this gateway.
    public var globalParallel: Int?
    public var alerts = AlertSettings()
    public var telemetry = TelemetrySettings()
    public var learning = LearningSettings()
    public var adminTokens: [AdminToken] = []
    /// Nil: one is made beside the SQLite database.
    public var secretsKey: Secret?
    /// Where callers are, by their addresses.
    public var regions = RegionTable()
    /// By their names in settings, whether anything uses them or not.
    public var providers: [String: any Provider] = [:]
    /// Where prices are, beside those in the binary.
    public var pricesFile: String?
    /// When the next price takes effect at a provider of these; compiled again, it holds.
    public var pricesChange: Moment?
    /// Paid deployments without a price, each where it is first mentioned.
    public var unpriced: [Problem] = []
    public var mocks: [(providerName: String, behaviour: MockBehaviour)] = []
    /// Each with its timeout.
    public var passThrough: [PassThroughEndpoint] = []
    public var firewall = Firewall.none
    /// What looks at whose prompts and replies.
    public var guards = GuardTable()
    public var moderation = ModerationTable()
    /// Of requests that belong to no project.
    public var compression = Compression()

    /// What conditions of its routes count.
    public var limiters: [Limiter] = []
    /// For trees that come later, with requests.
    var catalogue = RouteCatalogue()

    public init(table: RoutingTable) { self.table = table }

    public func policy(named name: String) -> Int? { policies.firstIndex { $0.name == name } }
    public func customer(named name: String) -> Int? { customers.firstIndex { $0.name == name } }
    public func project(named name: String) -> Int? { projects.firstIndex { $0.name == name } }
}

extension Blueprint {
    /// What may serve a key; nil: everything. A key that is free has what costs nothing.
    public func deployments(of key: VirtualKey) -> DeploymentSet? {
        guard key.providers != nil || key.budgetMode == .free else { return nil }
        return DeploymentSet(
            table.deployments.indices.filter { id in
                let deployment = table.deployments[id]
                if let providers = key.providers, !providers.contains(upstreams[id].providerName) { return false }
                guard key.budgetMode == .free else { return true }
                return deployment.price.map { $0 == .free } ?? (deployment.kind != .paid)
            })
    }
}

/// A route under a name that clients may send.
public struct NamedModel: Sendable {
    public var route: Int
    public var name: String
    /// Served, but not listed.
    public var hidden: Bool
    /// Weighs all deployments of the route by this, whatever its own strategies: what `auto:cost` asks for.
    public var mode: AutoMode?

    public init(route: Int, name: String, hidden: Bool = false, mode: AutoMode? = nil) {
        self.route = route
        self.name = name
        self.hidden = hidden
        self.mode = mode
    }
}

/// What it takes to call a deployment.
public struct Upstream: Sendable {
    public var provider: any Provider
    public var providerName: String
    /// The provider's name for the model.
    public var model: String
    /// Nil: unknown, so nothing can be said about costs.
    public var price: Price?
    /// What it was then, by these settings and this catalogue. Nil: unknown.
    public var priceThen: @Sendable (Moment) -> Price? = { _ in nil }
    public var connectTimeout = Duration.seconds(3)
    /// Nil: `timeout` holds.
    public var firstByteTimeout: Duration?
    public var idleTimeout = Duration.seconds(60)
    public var timeout: Duration?

    public init(provider: any Provider, providerName: String, model: String) {
        self.provider = provider
        self.providerName = providerName
        self.model = model
    }
}

/// What an application presents.
public struct VirtualKey: Sendable {
    public var name: String
    public var secret: Secret
    /// Those it had before, each with the moment from which on it is refused.
    public var previous: [(secret: Secret, until: Moment)] = []
    public var owner: String?
    public var paused = false
    /// Refused from then on.
    public var expires: Moment?
    /// Names it may send; nil: all.
    public var models: [String]?
    /// Index of `Blueprint.projects`.
    public var project: Int?
    /// Index of `Blueprint.customers`. Nil: a request may name one.
    public var customer: Int?
    /// Names of those that may serve it; nil: all.
    public var providers: [String]?
    public var budgetMode = BudgetMode.currency
    /// Index of `Blueprint.policies`: its own, else its project's, else the organisation's. Nil: none of them is switched on.
    public var policy: Int?
    /// Of itself and its project. A request cannot drop them.
    public var tags: [String] = []
    /// Where its callers are, unless the request says.
    public var region: String?
    /// Where deployments may be; empty: anywhere.
    public var regions: [String] = []
    public var deniedRegions: [String] = []
    /// Of itself and its project.
    public var residency: Residency?
    public var overrides = Overrides.all
    /// Of all its requests.
    public var cache: CachePolicy?

    public init(name: String, secret: Secret) {
        self.name = name
        self.secret = secret
    }
}
