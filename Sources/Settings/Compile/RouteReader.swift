import Routing
import Schema
import Translation

/// Reads trees in the forms in which they are written, and declares the deployments they mention.
struct RouteReader {
    /// Who wrote the tree. A request may name what there is, and nothing of an operator's settings.
    enum Origin { case document, request }

    var reading: Reading
    var deployments: DeploymentList
    var names: RouteNames
    var origin = Origin.document
    /// What is unknown is left out with a warning, not refused: what was deleted after the tree was written.
    var skipsDangling = false
    /// Names of routes and deployments as they were met, with their places.
    private(set) var mentions: [(name: String, path: String)] = []
    /// The longest that a place in a tree says: nothing may be cut off before.
    private(set) var longestTimeout = Duration.zero
    /// What conditions of inline routers count.
    var limiters: [Limiter] = []
    private var depth = 0

    init(reading: Reading, deployments: DeploymentList, names: RouteNames, origin: Origin = .document) {
        self.reading = reading
        self.deployments = deployments
        self.names = names
        self.origin = origin
    }

    /// A child as it is written: what it is, and what its parent should know of it.
    struct Child {
        var route: Route
        var weight: Double?
        var on: FaultSet?

        var branch: Branch { Branch(route, weight: weight, on: on) }
    }

    /// Nil when it could not be read; then there is a problem more.
    mutating func route(_ node: Node, at path: String, owner: String) -> Child? {
        guard depth < RoutingTable.maxDepth else {
            reading.problem(path, node.line, "is nested deeper than \(RoutingTable.maxDepth)")
            return nil
        }
        depth += 1
        defer { depth -= 1 }
        if let name = node.scalar { return named(name, at: path, line: node.line) }
        guard let entries = reading.entries(of: node, at: path, expected: "a name or a route") else { return nil }
        let written = entries.map(\.name)
        if written.contains("provider") { return leaf(node, at: path) }
        if written.contains("type") || written.contains("strategy") || written.contains("targets") { return inline(node, at: path, owner: owner) }
        if let key = written.first(where: { Self.choiceNames.contains($0) || StrategyName($0) != nil }) {
            return choice(key, node, at: path, owner: owner)
        }
        if written.contains("model") { return reference(node, at: path) }
        let known = Self.choiceNames.sorted() + StrategyName.names + ["model", "provider"]
        let name = written.first ?? ""
        reading.problem(
            path, node.line, "expected a name, `provider` and `model`, or a strategy, found `\(name)`\(Spelling.help(for: name, among: known))")
        return nil
    }

    static let choiceNames: Set<String> = ["conditional", "intelligent", "auto"]

    // MARK: Names

    /// A model group, another route, an alias, or provider/model.
    mutating func named(_ name: String, at path: String, line: Int) -> Child? {
        if let route = names.routes[name] {
            mentions.append((name, path))
            return Child(route: .named(route))
        }
        if let (provider, model) = names.target(name), model != "*" {
            mentions.append((name, path))
            return declared(provider, model, at: path, line: line)
        }
        return dangling(Self.unknown(name, names), name: name, at: path, line: line)
    }

    private static func unknown(_ name: String, _ names: RouteNames) -> String { "there is no model `\(name.prefix(100))`\(help(for: name, names))" }

    /// Why a name leads nowhere; nil: it leads somewhere.
    func absence(of name: String) -> String? {
        let own = name.hasPrefix("router/") ? String(name.dropFirst(7)) : name
        let isKnown =
            names.routes[name] != nil || names.routes[own] != nil || names.target(name).map { $0.model != "*" } ?? false
            || name.hasPrefix("auto:") && ModeName.mode(name) != nil
        return isKnown ? nil : Self.unknown(name, names)
    }

    /// Whether all that a tree could lead to was deleted.
    func isGone(_ tree: Route) -> Bool {
        switch tree {
        case .deployment(let id, _): deployments.dangling.contains(id)
        case .with(_, let inner): isGone(inner)
        case .named: false
        case .choice(_, let branches): !branches.isEmpty && branches.allSatisfy { isGone($0.route) }
        }
    }

    mutating func noteTimeout(_ timeout: Duration?) { longestTimeout = max(longestTimeout, timeout ?? .zero) }

    /// A provider and a model of which nothing else is said.
    private mutating func declared(_ provider: String, _ model: String, at path: String, line: Int) -> Child? {
        var settings = DeploymentSettings()
        settings.provider = provider
        settings.model = model
        return declare(settings, at: path, line: line).map { Child(route: .deployment($0)) }
    }

    /// What `written` stands for where a list of targets is written: `provider/*` is every model of the provider that is known, a bare
    /// model name that model at every provider that has it. Nil: it stands for itself.
    mutating func expanded(_ written: String, bareNames: Bool, at path: String, line: Int) -> [Child]? {
        var targets: [(provider: String, model: String)] = []
        if let (provider, model) = names.target(written), model == "*" {
            targets = names.models[provider, default: []].map { (provider, $0) }
            if targets.isEmpty { reading.problem(path, line, "no model of `\(provider)` is known: name one") }
        } else if bareNames, names.routes[written] == nil, names.target(written) == nil {
            targets = names.providers(having: written).map { ($0, written) }
            if targets.isEmpty { return nil }
        } else {
            return nil
        }
        for (provider, model) in targets { mentions.append(("\(provider)/\(model)", path)) }
        return targets.compactMap { declared($0.provider, $0.model, at: path, line: line) }
    }

    private static func help(for name: String, _ names: RouteNames) -> String {
        if let slash = name.firstIndex(of: "/"), let near = Spelling.nearest(to: String(name[..<slash]), among: names.providerNames) {
            return "; did you mean `\(near)\(name[slash...])`?"
        }
        let routes = names.routeNames
        return Spelling.help(for: name, among: routes.isEmpty ? names.providerNames.map { "\($0)/…" } : routes)
    }

    /// Something that is named and not there: a problem, or a deployment that never serves.
    mutating func dangling(_ message: String, name: String, at path: String, line: Int) -> Child? {
        guard skipsDangling else {
            reading.problem(path, line, message)
            return nil
        }
        reading.warning(path, line, "is skipped: \(message)")
        return Child(route: .deployment(deployments.declareDangling(name)))
    }

    private mutating func declare(_ settings: DeploymentSettings, at path: String, line: Int) -> Deployment.ID? {
        names.providers[settings.provider].map { deployments.declare(settings, of: $0, at: path, line: line) }
    }

    // MARK: Leaves

    /// `{ provider: p, model: m, weight: 3, … }`.
    ///
    /// In a list of `deployments` a timeout is the deployment's own; in a tree it is said of this place, and the deployment is the same
    /// as elsewhere.
    mutating func leaf(_ node: Node, at path: String, inTree: Bool = true) -> Child? {
        if origin == .request { return requestedLeaf(node, at: path) }
        guard var settings = DeploymentSettings.read(node, at: path, &reading), !settings.provider.isEmpty, !settings.model.isEmpty else {
            return nil
        }
        guard let params = params(settings.params, at: path) else { return nil }
        var options = LeafOptions(maxRetries: settings.maxRetries, params: params.isEmpty ? nil : params, virtualKey: settings.virtualKey)
        if inTree { (options.timeout, settings.timeout) = (settings.timeout, nil) }
        return leaf(settings, options, node, at: path)
    }

    mutating func leaf(_ written: DeploymentSettings, _ options: LeafOptions, _ node: Node, at path: String) -> Child? {
        var settings = written
        let line = node.entry("provider")?.line ?? node.line
        guard names.providerNames.contains(settings.provider) else {
            let help = Spelling.help(for: settings.provider, among: names.providerNames)
            let message = "there is no provider `\(settings.provider.prefix(100))`\(help)"
            return dangling(message, name: "\(settings.provider)/\(settings.model)", at: path.setting("provider"), line: line)
        }
        mentions.append(("\(settings.provider)/\(settings.model)", path))
        if let key = options.virtualKey {
            let (place, line) = (path.setting("virtual_key"), node.entry("virtual_key")?.line ?? node.line)
            let own = "\(settings.name ?? "\(settings.provider)/\(settings.model)")@\(key)"
            guard let isPaused = names.keys[key] else {
                let help = Spelling.help(for: key, among: names.keyNames)
                return dangling("there is no key `\(key.prefix(100))`\(help)", name: own, at: place, line: line)
            }
            if isPaused {
                reading.warning(place, line, "is skipped: the key `\(key)` is paused")
                (settings.name, settings.paused) = (own, true)
            }
        }
        noteTimeout(options.timeout)
        let quotas = settings.quotas
        reading.checkDay(quotas.budget, rpd: quotas.requestsPerDay, tpd: quotas.tokensPerDay, at: path, node)
        guard let id = declare(settings, at: path, line: node.line) else { return nil }
        return Child(route: .deployment(id, options), weight: settings.weight, on: settings.on?.set)
    }

    /// What a request may say of a leaf.
    private struct RequestedLeaf: Configurable {
        var provider = ""
        var model = ""
        var weight: Double?
        var on: FaultList?
        var timeout: Duration?
        var maxRetries: Int?
        var params: Node?

        static let fields: [Field<Self>] = [
            .setting("provider", \.provider, "The provider.").required,
            .setting("model", \.model, "The provider's name for the model.").required,
            .setting("weight", \.weight, in: 0...1e9, "Its share where shares count."),
            .setting("on", \.on, "After which faults of the others it is tried."),
            .setting("timeout", \.timeout, in: .milliseconds(1) ... .seconds(86_400), "For each attempt."),
            .setting("max_retries", \.maxRetries, in: 0...100, "How often it may be asked again."),
            .setting("params", \.params, "Set in requests to it."),
        ]
    }

    private mutating func requestedLeaf(_ node: Node, at path: String) -> Child? {
        guard let leaf = RequestedLeaf.read(node, at: path, &reading), !leaf.provider.isEmpty, !leaf.model.isEmpty,
            let params = params(leaf.params, at: path)
        else { return nil }
        var settings = DeploymentSettings()
        (settings.provider, settings.model, settings.weight, settings.on) = (leaf.provider, leaf.model, leaf.weight, leaf.on)
        let options = LeafOptions(maxRetries: leaf.maxRetries, timeout: leaf.timeout, params: params.isEmpty ? nil : params)
        return self.leaf(settings, options, node, at: path)
    }

    /// Members of the request as JSON; empty for none. Nil: they are no map.
    mutating func params(_ node: Node?, at path: String) -> String? {
        guard let node, !node.isEmpty else { return "" }
        guard reading.entries(of: node, at: path.setting("params"), expected: "members of a request") != nil else { return nil }
        return node.jsonText
    }

    /// `{ model: chat, on: [rate_limit] }`: a name with more to say.
    struct Reference: Configurable {
        var model = ""
        var weight: Double?
        var on: FaultList?
        var timeout: Duration?
        var maxRetries: Int?
        var params: Node?

        static let fields: [Field<Self>] = [
            .setting("model", \.model, "A model group, or PROVIDER/MODEL.").required,
            .setting("weight", \.weight, in: 0...1e9, "Its share where shares count."),
            .setting("on", \.on, "After which faults of the others it is tried."),
            .setting("timeout", \.timeout, in: .milliseconds(1) ... .seconds(86_400), "For each attempt."),
            .setting("max_retries", \.maxRetries, in: 0...100, "How often a deployment may be asked again."),
            .setting("params", \.params, "Set in its requests."),
        ]
    }

    private mutating func reference(_ node: Node, at path: String) -> Child? {
        guard let reference = Reference.read(node, at: path, &reading), let entry = node.entry("model"), !reference.model.isEmpty else { return nil }
        guard let params = params(reference.params, at: path) else { return nil }
        guard var child = named(reference.model, at: path.setting("model"), line: entry.line) else { return nil }
        let options = LeafOptions(maxRetries: reference.maxRetries, timeout: reference.timeout, params: params.isEmpty ? nil : params)
        noteTimeout(options.timeout)
        if !options.isEmpty { child.route = .with(options, child.route) }
        child.weight = reference.weight
        child.on = reference.on?.set
        return child
    }
}
