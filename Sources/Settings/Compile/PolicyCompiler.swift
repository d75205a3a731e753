import Routing
import Schema

/// Policies and what serves for them.
extension Compiler {
    mutating func addPolicies() {
        for entry in document.policies.entries { addPolicy(entry) }
        addTrials()
        addDefaultRouter()
        let enabled = compiledPolicies.firstIndex { $0.name == Self.defaultName && $0.isEnabled && !$0.isDraft }
        defaultPolicy = enabled
        if let route = enabled.flatMap({ compiledPolicies[$0].route }) { defaultRoute = route }
    }

    static let defaultName = "default"

    private mutating func addPolicy(_ entry: Named<PolicySettings>.Entry) {
        let written = entry.value
        let path = "policies".setting(entry.name)
        var policy = Policy(name: entry.name)
        policy.isEnabled = written.enabled
        policy.expires = written.expires
        policy.description = written.description
        policy.providerType = written.providerType?.rawValue
        policy.retry = written.retry == nil ? nil : policies.retry(of: written, named: entry.name)
        policy.timeout = written.timeout
        policy.cache = written.cache
        policy.overridesModel = written.overridesModel ?? (written.primary != nil)
        if entry.name != Self.defaultName { policy.breaker = written.breaker?.policy }
        checkPolicy(entry, at: path)
        if let tree = policyTree(entry, at: path) { policy.route = addPolicyRoute(tree, of: entry) }
        compiledPolicies.append(policy)
    }

    private mutating func checkPolicy(_ entry: Named<PolicySettings>.Entry, at path: String) {
        let node = nodes["policies", entry.name]
        if entry.name != Self.defaultName, entry.value.retry?.bucket != nil {
            let place = path.setting("retry").setting("bucket")
            reader.reading.warning(
                place, node?["retry"]?.entry("bucket")?.line ?? entry.line, "has no effect: the gateway has one, of the policy `default`")
        }
        let forms = ["route", "primary", "default_strategy"].filter { node?[$0] != nil }
        if forms.count > 1 {
            reader.reading.problem(
                path.setting(forms[1]), node?.entry(forms[1])?.line ?? entry.line, "has no meaning beside `\(forms[0])`: say either")
        }
        if node?["fallback_chain"] != nil, entry.value.primary == nil {
            reader.reading.problem(path.setting("primary"), entry.line, "is missing: what serves before the fallback chain")
        }
    }

    /// The route of `default` is called so, unless a model group is.
    private mutating func addPolicyRoute(_ tree: Route, of entry: Named<PolicySettings>.Entry) -> Int {
        let isDefault = entry.name == Self.defaultName
        let name = isDefault && reader.names.routes[Self.defaultName] == nil ? Self.defaultName : Self.routeName(ofPolicy: entry.name)
        places[name] = ("policies".setting(entry.name).setting("route"), entry.value.route?.line ?? entry.line)
        return addRoute(named: name, tree, of: entry)
    }

    static func routeName(ofPolicy name: String) -> String { "policy:\(name)" }
    static func chainName(ofPolicy name: String) -> String { "policy:\(name):chain" }

    private mutating func addRoute(named name: String, _ tree: Route, of entry: Named<PolicySettings>.Entry) -> Int {
        var route = policies.route(named: name, tree)
        route.retry = policies.retry(of: entry.value, named: entry.name)
        route.retryIsItsOwn = entry.name != Self.defaultName && entry.value.retry != nil
        if let timeout = entry.value.timeout { route.timeout = timeout }
        if let hedge = entry.value.hedge { route.hedge = hedge.policy }
        if let gate = entry.value.commitGate { route.commitGate = gate.gate }
        if let continues = entry.value.continuesStreams { route.continuesStreams = continues }
        if let warm = entry.value.prefersWarm { route.prefersWarm = warm }
        hidden.insert(name)
        routes.append(route)
        return routes.count - 1
    }

    // MARK: Forms

    private mutating func policyTree(_ entry: Named<PolicySettings>.Entry, at path: String) -> Route? {
        let owner = Self.routeName(ofPolicy: entry.name)
        if let written = entry.value.route { return reader.route(written, at: path.setting("route"), owner: owner)?.route }
        if let primary = entry.value.primary { return chainTree(entry, primary, at: path) }
        if let merge = entry.value.defaultStrategy { return mergeTree(merge, at: path.setting("default_strategy"), of: entry) }
        return nil
    }

    /// The primary, then the steps by ascending priority. The steps are a route of their own too, for rules that go there at once.
    private mutating func chainTree(_ entry: Named<PolicySettings>.Entry, _ primary: Node, at path: String) -> Route? {
        let first = reader.route(primary, at: path.setting("primary"), owner: Self.routeName(ofPolicy: entry.name))
        let nodes = self.nodes["policies", entry.name]?["fallback_chain"]?.items ?? []
        var steps: [(priority: Int, branch: Branch)] = []
        for (index, step) in entry.value.fallbackChain.enumerated() where !step.provider.isEmpty && !step.model.isEmpty {
            let place = path.setting("fallback_chain").item(index)
            var settings = DeploymentSettings()
            (settings.provider, settings.model, settings.region, settings.on) = (step.provider, step.model, step.region, step.on)
            guard let params = reader.params(step.params, at: place) else { continue }
            let options = LeafOptions(
                maxRetries: step.maxRetries, timeout: step.timeout, params: params.isEmpty ? nil : params, virtualKey: step.virtualKey)
            let node = nodes.indices.contains(index) ? nodes[index] : primary
            if let child = reader.leaf(settings, options, node, at: place) { steps.append((step.priority, child.branch)) }
        }
        // Stable: steps of one priority stay in the order written.
        let branches = steps.enumerated().sorted { ($0.element.priority, $0.offset) < ($1.element.priority, $1.offset) }.map(\.element.branch)
        if !branches.isEmpty { _ = addRoute(named: Self.chainName(ofPolicy: entry.name), .choice(Fallback(), branches), of: entry) }
        guard let first else { return nil }
        return .choice(Fallback(), [first.branch] + branches)
    }

    private mutating func mergeTree(_ merge: MergeStrategy, at path: String, of entry: Named<PolicySettings>.Entry) -> Route? {
        let node = nodes["policies", entry.name]?["default_strategy"]
        let line = node?.entry("type")?.line ?? entry.line
        guard !merge.type.isEmpty else { return nil }
        let (name, axis) = Self.mergeStrategies[merge.type] ?? (StrategyName(merge.type)?.name ?? "", nil)
        guard !name.isEmpty else {
            let known = Self.mergeStrategies.keys.filter { $0.lowercased() == $0 }.sorted() + StrategyName.names
            let help = Spelling.nearest(to: merge.type, among: known).map { "; did you mean `\($0)`?" } ?? StrategyName.help(for: merge.type)
            reader.reading.problem(path.setting("type"), line, "there is no strategy `\(merge.type.prefix(60))`\(help)")
            return nil
        }
        var rows: [(priority: Int, branch: Branch)] = []
        let nodes = node?["providers"]?.items ?? []
        for (index, row) in merge.providers.enumerated() where !row.provider.isEmpty && !row.model.isEmpty && index < nodes.count {
            var settings = DeploymentSettings()
            (settings.provider, settings.model, settings.weight) = (row.provider, row.model, row.weight)
            let place = path.setting("providers").item(index)
            if let child = reader.leaf(settings, LeafOptions(), nodes[index], at: place) { rows.append((row.priority ?? index + 1, child.branch)) }
        }
        let branches = rows.enumerated().sorted { ($0.element.priority, $0.offset) < ($1.element.priority, $1.offset) }.map(\.element.branch)
        var arguments = StrategyArguments()
        arguments.axis = merge.axis ?? axis
        return reader.choice(
            of: branches, name, arguments, at: path.setting("providers"), line: node?.entry("providers")?.line ?? line, owner: entry.name)
    }

    /// Its names for strategies (docs, strategies API, read 2026-11), with the axis that some imply.
    private static let mergeStrategies: [String: (String, Axis?)] = [
        // The newest of its documents: still fails over, so a list is no mistake.
        "single": (Fallback.name, nil), "priority": (Fallback.name, nil), "PRIORITY": (Fallback.name, nil), "fallback": (Fallback.name, nil),
        "least_latency": ("latency", nil), "lowest_cost": ("cost", nil), "intelligent": ("intelligent", nil), "INTELLIGENT": ("intelligent", nil),
        "cost_optimized": ("intelligent", .cost), "balanced": ("intelligent", .performance), "quality_first": ("intelligent", .intelligence),
        "auto": ("auto", nil),
    ]

    /// `default_router` serves requests that name no model where no policy does.
    private mutating func addDefaultRouter() {
        guard let name = document.defaultRouter, let route = routeName(name, at: "default_router", line: root.entry("default_router")?.line ?? 0)
        else { return }
        defaultRoute = routes.firstIndex { $0.name == route }
        if defaultRoute == nil { defaultRoute = addDirectRoute(named: route) }
    }

    // MARK: Breakers

    /// A deployment rests for everybody. Those of the routes of policies with breakers of their own rest as these say; of two that
    /// differ the first counts.
    mutating func applyBreakers() {
        var owners: [Deployment.ID: String] = [:]
        for policy in compiledPolicies {
            guard let breaker = policy.breaker, let route = policy.route else { continue }
            for id in leaves(of: routes[route].tree, depth: 0).sorted() {
                if let owner = owners[id] {
                    let line = root["policies"]?.entry(policy.name)?.line ?? 0
                    let name = reader.deployments.deployments[id].name
                    reader.reading.warning(
                        "policies".setting(policy.name).setting("breaker"), line,
                        "`\(name)` rests as the policy `\(owner)` says, which is written first")
                } else {
                    owners[id] = policy.name
                    reader.deployments.setBreaker(breaker, of: id)
                }
            }
        }
    }

    func leaves(of route: Route, depth: Int) -> Set<Deployment.ID> {
        guard depth <= RoutingTable.maxDepth else { return [] }
        switch route {
        case .deployment(let id, _): return [id]
        case .named(let name): return routes.first { $0.name == name }.map { leaves(of: $0.tree, depth: depth + 1) } ?? []
        case .choice(_, let branches): return branches.reduce(into: []) { $0.formUnion(leaves(of: $1.route, depth: depth + 1)) }
        case .with(_, let inner): return leaves(of: inner, depth: depth + 1)
        }
    }
}
