import Routing
import Schema

/// Model groups and their fallbacks.
extension Compiler {
    mutating func checkNames() {
        checkRouteNames()
        var owners: [String: String] = [:]
        for model in document.models.entries {
            let node = nodes["models", model.name]?["aliases"]
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

    /// Names of routes, beside those of groups.
    private mutating func checkRouteNames() {
        var known = Set(document.models.names)
        for (section, entries) in [
            ("routes", document.routes.entries.map { ($0.name, $0.node.line) }), ("routers", document.routers.entries.map { ($0.name, $0.line) }),
        ] {
            for (name, line) in entries where !known.insert(name).inserted {
                reader.reading.problem(section.setting(name), line, "`\(name)` is the name of a model group or of another route already")
            }
        }
    }

    mutating func addGroup(_ entry: Named<ModelSettings>.Entry) {
        let model = entry.value
        let path = "models".setting(entry.name)
        let node = nodes["models", entry.name]
        places[entry.name] = (path, entry.line)
        var route = policies.route(named: entry.name, .choice(Fallback(), []))
        route.retry = policies.retry(of: model, document.router.groupRetryPolicies[entry.name])
        route.retryIsItsOwn =
            model.maxRetries != nil || !model.retryPolicy.counts.isEmpty || document.router.groupRetryPolicies[entry.name] != nil
        if let timeout = model.timeout { route.timeout = timeout }
        if let hedge = model.hedge { route.hedge = hedge.policy }
        if let gate = model.commitGate { route.commitGate = gate.gate }
        if let continues = model.continuesStreams { route.continuesStreams = continues }
        if let warm = model.prefersWarm { route.prefersWarm = warm }
        setTerms(of: entry.name, RouteTerms(limits: model.limits, personalData: model.personalData, path: path, node: node))
        if model.hidden { hidden.insert(entry.name) }
        if let tree = tree(of: model, node, at: path, name: entry.name, line: entry.line) { route.tree = tree }
        routes.append(route)
    }

    mutating func tree(of model: ModelSettings, _ node: Node?, at path: String, name: String, line: Int) -> Route? {
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
        var arguments = StrategyArguments()
        (arguments.sticky, arguments.mode, arguments.axis) = (model.stickyBy?.of, model.mode?.mode, model.axis)
        arguments.window = model.window ?? document.router.strategyArguments?.ttl.map { MeasureSpan(duration: $0) }
        checkArguments(of: node, (strategy ?? .usual).name, at: path)
        arguments.buffer = model.buffer ?? document.router.strategyArguments?.buffer
        return reader.choice(
            of: branches, (strategy ?? .usual).name, arguments, at: path.setting("deployments"),
            line: node?.entry("deployments")?.line ?? line,
            owner: name)
    }

    /// What only another strategy would heed.
    private mutating func checkArguments(of node: Node?, _ strategy: String, at path: String) {
        let allowed = StrategyArguments.allowed(for: strategy)
        for name in ["sticky_by", "window", "buffer", "mode", "axis"] where !allowed.contains(name) {
            guard let entry = node?.entry(name), !entry.node.isNull else { continue }
            reader.reading.warning(path.setting(name), entry.line, "has no meaning for the strategy `\(strategy)`")
        }
    }

    /// Names in `fallbacks` of models and router become routes.
    mutating func addFallbacks() {
        for (id, model) in document.models.entries.enumerated() {
            let path = "models".setting(model.name)
            let router = document.router
            let own: [(String, [String], FallbackTable, WritableKeyPath<NamedRoute, [String]>)] = [
                ("fallbacks", model.value.fallbacks, router.fallbacks, \.fallbacks),
                ("context_window_fallbacks", model.value.contextWindowFallbacks, router.contextWindowFallbacks, \.contextWindowFallbacks),
                ("content_policy_fallbacks", model.value.contentPolicyFallbacks, router.contentPolicyFallbacks, \.contentPolicyFallbacks),
            ]
            for (name, written, table, list) in own {
                let line = nodes["models", model.name]?.entry(name)?.line ?? model.line
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

    mutating func addDefaultFallbacks() {
        let line = root["router"]?.entry("default_fallbacks")?.line ?? 0
        let written = document.router.defaultFallbacks + document.router.fallbacks["*"]
        defaultFallbacks = written.compactMap { routeName($0, at: "router.default_fallbacks", line: line) }
    }
}
