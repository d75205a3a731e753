import Routing
import Schema
import Translation

/// Turns a document into a blueprint: names become indices, trees become routes.
struct Compiler {
    let root: Node
    /// What stands in `root` below the names of sections.
    let nodes: NodesByName
    let tariff: Tariff
    let document: SettingsDocument
    var reader: RouteReader
    let policies: RoutePolicies
    var routes: [NamedRoute] = []
    /// By route name: where it is written, for problems that show only when all routes are together.
    var places: [String: (path: String, line: Int)] = [:]
    /// By route name: what holds for requests over it.
    var terms: [String: RouteTerms] = [:]
    /// Routes that are served, but not listed.
    var hidden: Set<String> = []
    var names: [String: NamedModel] = [:]
    var compiledPolicies: [Policy] = []
    /// Those of the table, and where their rules ask for which fields.
    var tablePolicies: [RoutingPolicy] = []
    var rulePlaces: [RulePlace] = []
    var projects: [Project] = []
    var customers: [Customer] = []
    var keys: [VirtualKey] = []
    var defaultRoute: Int?
    var defaultPolicy: Int?
    var defaultFallbacks: [String] = []

    init(_ document: SettingsDocument, root: Node, _ reading: Reading, _ tariff: Tariff) {
        self.root = root
        nodes = NodesByName(root)
        self.tariff = tariff
        self.document = document
        policies = RoutePolicies(document)
        reader = RouteReader(
            reading: reading, deployments: DeploymentList(breaker: policies.breaker, longestTimeout: policies.longestTimeout, tariff: tariff),
            names: Self.names(of: document, root))
    }

    /// What the document's trees may name.
    private static func names(of document: SettingsDocument, _ root: Node) -> RouteNames {
        var names = RouteNames()
        for model in document.models.entries {
            names.routes[model.name] = model.name
            for alias in model.value.aliases where document.models[alias] == nil { names.routes[alias] = model.name }
        }
        for alias in document.router.aliases.entries where document.models[alias.name] == nil { names.routes[alias.name] = alias.value.model }
        names.providers = Dictionary(document.providers.entries.map { ($0.name, $0.value) }) { first, _ in first }
        names.providerNames = root["providers"]?.entries?.map(\.name) ?? []
        for route in document.routes.entries.map(\.name) + document.routers.names where names.routes[route] == nil { names.routes[route] = route }
        if names.routes[autoName] == nil { names.routes[autoName] = autoName }
        for key in document.keys.entries { names.keys[key.name] = key.value.paused }
        for section in ["models", "routes", "routers", "policies", "router", "rules"] {
            if let node = root[section] { names.gatherModels(from: node) }
        }
        return names
    }

    var problems: [Problem] { reader.reading.problems }

    mutating func compile(version: Int) -> Blueprint? {
        checkListeners()
        checkNames()
        for model in document.models.entries { addGroup(model) }
        addNamedRoutes()
        addFallbacks()
        addDefaultFallbacks()
        addPolicies()
        addRules()
        addProjects()
        addKeys()
        checkLimits()
        checkAdminTokens()
        let firewall = Firewall.compile(document.firewall, root["firewall"]?.items ?? [], &reader.reading)
        let guards = guards(firewall)
        let moderation = moderation()
        checkPassThrough()
        addAutoRoute()
        addDirectRoutes()
        addNames()
        applyBreakers()
        guard let table = table(version: version), problems.errors.isEmpty else { return nil }
        var blueprint = Blueprint(table: table)
        blueprint.version = UInt64(max(0, version))
        blueprint.server = server
        blueprint.store = document.store
        blueprint.ledger = document.ledger
        blueprint.responses = document.responses
        addCache(to: &blueprint)
        blueprint.upstreams = upstreams
        blueprint.names = names
        blueprint.defaultRoute = defaultRoute
        blueprint.policies = compiledPolicies
        blueprint.defaultPolicy = defaultPolicy
        blueprint.projects = projects
        blueprint.customers = customers
        blueprint.accounts = accounts(for: table.fields + firewall.fields)
        blueprint.alerts = document.alerts
        blueprint.telemetry = document.telemetry
        blueprint.learning = document.learning
        blueprint.adminTokens = adminTokens
        blueprint.secretsKey = document.secretsKey
        blueprint.unpricedCeiling = document.general.unpricedCeiling?.price
        blueprint.globalParallel = document.general.globalMaxParallelRequests
        blueprint.regions = document.regions.prefixes.table
        blueprint.keys = keys
        blueprint.catalogue = catalogue
        blueprint.passThrough = passThrough
        blueprint.firewall = firewall
        blueprint.guards = guards
        blueprint.moderation = moderation
        blueprint.compression = .compiled(organisation: document.organisation.compression)
        blueprint.limiters = reader.limiters
        blueprint.providers = Dictionary(document.providers.entries.map { ($0.name, $0.value.provider) }) { first, _ in first }
        blueprint.pricesFile = document.pricesFile
        blueprint.pricesChange = tariff.nextChange(of: Set(document.providers.entries.map(\.value.type.name)))
        blueprint.unpriced = reader.deployments.unpriced
        blueprint.mocks = document.providers.entries.compactMap { entry in
            (entry.value.provider as? Mock).map { (providerName: entry.name, behaviour: $0.behaviour) }
        }
        return blueprint
    }

    private var catalogue: RouteCatalogue {
        RouteCatalogue(
            names: reader.names, deployments: reader.deployments, retry: policies.retry(), timeout: policies.timeout,
            table: tableArguments)
    }

    /// No call is cut off before the time that some place in a tree gives it.
    private var upstreams: [Upstream] {
        reader.deployments.upstreams.map { upstream in
            var upstream = upstream
            if let timeout = upstream.timeout { upstream.timeout = max(timeout, reader.longestTimeout) }
            return upstream
        }
    }

    private var passThrough: [PassThroughEndpoint] {
        document.general.passThroughEndpoints.map { endpoint in
            var endpoint = endpoint
            endpoint.timeout = endpoint.timeout ?? document.general.passThroughTimeout
            return endpoint
        }
    }

    private var server: ServerSettings {
        var server = document.server
        if let size = document.general.maxRequestMegabytes { server.requestBytes = Int(size * 1_048_576) }
        if let size = document.general.maxResponseMegabytes { server.responseBytes = Int(size * 1_048_576) }
        return server
    }

    // MARK: Table

    private var tableArguments: TableArguments {
        TableArguments(
            defaultFallbacks: defaultFallbacks, maxFallbacks: document.router.maxFallbacks,
            tagFiltering: document.router.tagFiltering ? (document.router.tagFilteringMatchAny ? .any : .all) : .off, retryBucket: policies.bucket,
            distances: document.regions.distances.table, policies: tablePolicies)
    }

    private mutating func table(version: Int) -> RoutingTable? {
        do throws(RoutingTableError) {
            return try tableArguments.table(version: version, reader.deployments.deployments, routes)
        } catch {
            if reader.skipsDangling, passOverRules(asking: error.problems) { return table(version: version) }
            let known = !problems.errors.isEmpty
            for problem in error.problems where !(known && problem.mayFollow) {
                if reportRules(asking: problem) { continue }
                let place = places[problem.route] ?? ("models", 0)
                reader.reading.problem(place.path, place.line, problem.description)
            }
            return nil
        }
    }
}

/// Sections of a document by the names in them: a document has thousands of keys and models, and each is looked up several times.
struct NodesByName {
    private let sections: [String: [String: Node]]

    init(_ root: Node) {
        sections = Dictionary((root.entries ?? []).map { ($0.name, Self.index($0.node)) }) { first, _ in first }
    }

    private static func index(_ section: Node) -> [String: Node] {
        Dictionary((section.entries ?? []).map { ($0.name, $0.node) }) { first, _ in first }
    }

    /// The first of that name, as `Node` itself has it.
    subscript(_ section: String, _ name: String) -> Node? { sections[section]?[name] }
}

extension RouteProblem {
    /// May be the consequence of a problem that is known already: a child that could not be read is not there, a number that was
    /// refused is still in its place.
    fileprivate var mayFollow: Bool {
        switch kind {
        case .emptyChoice, .unknownRoute, .unknownDeployment, .noWeight, .badWeight, .badDeployment: true
        default: false
        }
    }
}
