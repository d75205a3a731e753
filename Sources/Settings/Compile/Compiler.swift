import Routing
import Schema
import Translation

/// Turns a document into a blueprint: names become indices, trees become routes.
struct Compiler {
    let root: Node
    let document: SettingsDocument
    var reader: RouteReader
    let policies: RoutePolicies
    private var routes: [NamedRoute] = []
    /// By route name: where it is written, for problems that show only when all routes are together.
    private var places: [String: (path: String, line: Int)] = [:]
    private var names: [String: NamedModel] = [:]
    private var keys: [VirtualKey] = []
    private var defaultRoute: Int?
    private var defaultFallbacks: [String] = []

    init(_ document: SettingsDocument, root: Node, _ reading: Reading) {
        self.root = root
        self.document = document
        policies = RoutePolicies(document)
        reader = RouteReader(
            reading: reading, deployments: DeploymentList(breaker: policies.breaker, longestTimeout: policies.longestTimeout),
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
        for key in document.keys.entries { names.keys[key.name] = key.value.paused }
        for section in ["models", "policies", "router"] {
            if let node = root[section] { names.gatherModels(from: node) }
        }
        return names
    }

    var problems: [Problem] { reader.reading.problems }

    mutating func compile(version: Int) -> Blueprint? {
        checkAliases()
        for model in document.models.entries { addGroup(model) }
        addFallbacks()
        addDefaultFallbacks()
        addDefaultRoute()
        addKeys()
        checkReferences()
        addDirectRoutes()
        addNames()
        guard let table = table(version: version), problems.errors.isEmpty else { return nil }
        var blueprint = Blueprint(table: table)
        blueprint.version = UInt64(max(0, version))
        blueprint.server = server
        blueprint.store = document.store
        blueprint.ledger = document.ledger
        blueprint.upstreams = upstreams
        blueprint.names = names
        blueprint.defaultRoute = defaultRoute
        blueprint.keys = keys
        blueprint.catalogue = catalogue
        blueprint.mocks = document.providers.entries.compactMap { entry in
            (entry.value.provider as? Mock).map { (providerName: entry.name, behaviour: $0.behaviour) }
        }
        return blueprint
    }

    private var catalogue: RouteCatalogue {
        RouteCatalogue(
            names: reader.names, deployments: reader.deployments, retry: policies.retry(maxRetries: nil), timeout: policies.timeout,
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

    private var server: ServerSettings {
        var server = document.server
        if let size = document.general.maxRequestMegabytes { server.requestBytes = Int(size * 1_048_576) }
        if let size = document.general.maxResponseMegabytes { server.responseBytes = Int(size * 1_048_576) }
        return server
    }

    // MARK: Groups

    private mutating func checkAliases() {
        var owners: [String: String] = [:]
        for model in document.models.entries {
            let node = root["models"]?[model.name]?["aliases"]
            for (index, alias) in model.value.aliases.enumerated() {
                let place = "models".setting(model.name).setting("aliases").item(index)
                let line = node?.items?[index].line ?? node?.line ?? model.line
                if document.models[alias] != nil {
                    reader.reading.problem(place, line, "`\(alias)` is a model group already")
                } else if let owner = owners.updateValue(model.name, forKey: alias) {
                    reader.reading.problem(place, line, "`\(alias)` is an alias of `\(owner)` already")
                }
            }
        }
        for alias in document.router.aliases.entries {
            let place = "router.model_group_alias".setting(alias.name)
            if document.models[alias.name] != nil {
                reader.reading.problem(place, alias.line, "`\(alias.name)` is a model group already")
            } else if document.models[alias.value.model] == nil {
                let help = Spelling.help(for: alias.value.model, among: document.models.names)
                reader.reading.problem(place, alias.line, "there is no model `\(alias.value.model.prefix(100))`\(help)")
            }
        }
    }

    private mutating func addGroup(_ entry: Named<ModelSettings>.Entry) {
        let model = entry.value
        let path = "models".setting(entry.name)
        let node = root["models"]?[entry.name]
        places[entry.name] = (path, entry.line)
        var route = NamedRoute(name: entry.name, tree: .choice(Fallback(), []))
        route.retry = policies.retry(maxRetries: model.maxRetries)
        route.timeout = model.timeout ?? policies.timeout
        if let tree = tree(of: model, node, at: path, name: entry.name, line: entry.line) { route.tree = tree }
        routes.append(route)
    }

    private mutating func tree(of model: ModelSettings, _ node: Node?, at path: String, name: String, line: Int) -> Route? {
        let items = node?["deployments"]?.items ?? []
        if let written = model.route {
            if !items.isEmpty { reader.reading.problem(path.setting("deployments"), line, "has no meaning beside `route`: say either") }
            return reader.route(written, at: path.setting("route"), owner: name)?.route
        }
        if items.isEmpty {
            reader.reading.problem(path, line, "has neither `deployments` nor `route`")
            return nil
        }
        let branches = items.enumerated().compactMap { index, item in
            reader.leaf(item, at: path.setting("deployments").item(index), inTree: false)?.branch
        }
        let strategy = model.strategy ?? document.router.strategy
        return reader.choice(
            of: branches, (strategy ?? .usual).name, StrategyArguments(), at: path.setting("deployments"),
            line: node?.entry("deployments")?.line ?? line,
            owner: name)
    }

    /// Names in `fallbacks` of models and router become routes.
    private mutating func addFallbacks() {
        for (id, model) in document.models.entries.enumerated() {
            let path = "models".setting(model.name)
            let router = document.router
            let own: [(String, [String], FallbackTable, WritableKeyPath<NamedRoute, [String]>)] = [
                ("fallbacks", model.value.fallbacks, router.fallbacks, \.fallbacks),
                ("context_window_fallbacks", model.value.contextWindowFallbacks, router.contextWindowFallbacks, \.contextWindowFallbacks),
                ("content_policy_fallbacks", model.value.contentPolicyFallbacks, router.contentPolicyFallbacks, \.contentPolicyFallbacks),
            ]
            for (name, written, table, list) in own {
                let line = root["models"]?[model.name]?.entry(name)?.line ?? model.line
                let names = written.compactMap { routeName($0, at: path.setting(name), line: line) }
                // Those of the router are checked below, once.
                let others = table[model.name].compactMap { routeName($0) }
                routes[id][keyPath: list] = names.isEmpty ? others : names
            }
        }
        let tables = [
            ("fallbacks", document.router.fallbacks), ("context_window_fallbacks", document.router.contextWindowFallbacks),
            ("content_policy_fallbacks", document.router.contentPolicyFallbacks),
        ]
        for (name, table) in tables {
            for row in table.rows {
                let place = "router".setting(name).setting(row.model)
                for written in [row.model] + row.fallbacks where written != "*" { _ = routeName(written, at: place, line: row.line) }
            }
        }
    }

    private mutating func addDefaultFallbacks() {
        let line = root["router"]?.entry("default_fallbacks")?.line ?? 0
        let written = document.router.defaultFallbacks + document.router.fallbacks["*"]
        defaultFallbacks = written.compactMap { routeName($0, at: "router.default_fallbacks", line: line) }
    }

    /// The name of the route that `written` means. With a place, what is unknown is a problem.
    private mutating func routeName(_ written: String, at path: String? = nil, line: Int = 0) -> String? {
        if let group = reader.names.routes[written] { return group }
        let problems = reader.reading
        guard let child = reader.named(written, at: path ?? "", line: line), case .deployment(let id, _) = child.route else {
            if path == nil { reader.reading = problems }
            return nil
        }
        return reader.deployments.deployments[id].name
    }

    // MARK: Default, keys, names

    private mutating func addDefaultRoute() {
        guard let policy = document.policies["default"], let written = policy.route else { return }
        let name = document.models["default"] == nil ? "default" : "policy:default"
        places[name] = ("policies.default.route", written.line)
        guard let tree = reader.route(written, at: "policies.default.route", owner: name)?.route else { return }
        defaultRoute = routes.count
        routes.append(NamedRoute(name: name, tree: tree, retry: policies.retry(maxRetries: nil), timeout: policies.timeout))
    }

    private mutating func addKeys() {
        var owners: [Secret: String] = [:]
        for entry in document.keys.entries {
            let path = "keys".setting(entry.name)
            var key = VirtualKey(name: entry.name, secret: entry.value.key)
            key.paused = entry.value.paused
            key.expires = entry.value.expires
            if let owner = owners.updateValue(entry.name, forKey: Secret(entry.value.key.reveal())) {
                reader.reading.problem(path.setting("key"), entry.line, "is the same key as that of `\(owner)`")
            }
            if let models = entry.value.models, !models.contains("*") {
                let node = root["keys"]?[entry.name]?["models"]
                for (index, name) in models.enumerated() {
                    let line = node?.items?[index].line ?? node?.line ?? entry.line
                    _ = routeName(name, at: path.setting("models").item(index), line: line)
                }
                key.models = models
            }
            keys.append(key)
        }
    }

    /// Every deployment is a route of its own name too, unless a group has that name.
    private mutating func addDirectRoutes() {
        let taken = Set(routes.map(\.name))
        for (id, deployment) in reader.deployments.deployments.enumerated() where !taken.contains(deployment.name) {
            routes.append(
                NamedRoute(name: deployment.name, tree: .deployment(id), retry: policies.retry(maxRetries: nil), timeout: policies.timeout))
        }
    }

    private mutating func addNames() {
        for (id, route) in routes.enumerated() where id != defaultRoute {
            // Deployments by their own names can be asked for; the list shows what was meant to be offered.
            let hidden = document.models[route.name].map(\.hidden) ?? true
            names[route.name] = NamedModel(route: id, name: route.name, hidden: hidden)
        }
        for (alias, group) in reader.names.routes where names[alias] == nil {
            guard let model = names[group] else { continue }
            let hidden = document.router.aliases[alias]?.hidden ?? model.hidden
            names[alias] = NamedModel(route: model.route, name: model.name, hidden: hidden)
        }
        for (name, model) in names where names["router/\(name)"] == nil {
            names["router/\(name)"] = NamedModel(route: model.route, name: model.name, hidden: true)
        }
        guard let defaultRoute else { return }
        for name in ["default", "default_routing"] where names[name] == nil {
            names[name] = NamedModel(route: defaultRoute, name: routes[defaultRoute].name, hidden: true)
        }
    }

    // MARK: Table

    private var tableArguments: TableArguments {
        TableArguments(
            defaultFallbacks: defaultFallbacks, maxFallbacks: document.router.maxFallbacks,
            tagFiltering: document.router.tagFiltering ? (document.router.tagFilteringMatchAny ? .any : .all) : .off)
    }

    private mutating func table(version: Int) -> RoutingTable? {
        do throws(RoutingTableError) {
            return try tableArguments.table(version: version, reader.deployments.deployments, routes)
        } catch {
            let known = !problems.errors.isEmpty
            for problem in error.problems where !(known && problem.mayFollow) {
                let place = places[problem.route] ?? ("models", 0)
                reader.reading.problem(place.path, place.line, problem.description)
            }
            return nil
        }
    }

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
