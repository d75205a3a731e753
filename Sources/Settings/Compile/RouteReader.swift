import Routing
import Schema
import Translation

/// Reads trees in the forms in which they are written, and declares the deployments they mention.
struct RouteReader {
    var reading: Reading
    var deployments: DeploymentList
    let providers: [String: ProviderEntry]
    /// Also of providers whose settings have problems: naming those is none.
    let providerNames: [String]
    /// Model groups, and their aliases with the group each means.
    let groups: [String: String]

    /// A child as it is written: what it is, and what its parent should know of it.
    struct Child {
        var route: Route
        var weight: Double?
        var on: FaultSet?

        var branch: Branch { Branch(route, weight: weight, on: on) }
    }

    /// Nil when it could not be read; then there is a problem more.
    mutating func route(_ node: Node, at path: String, owner: String) -> Child? {
        if let name = node.scalar { return named(name, at: path, line: node.line) }
        guard let entries = reading.entries(of: node, at: path, expected: "a name or a route") else { return nil }
        let names = entries.map(\.name)
        if names.contains("provider") { return leaf(node, at: path) }
        if names.contains("type") || names.contains("strategy") { return inline(node, at: path, owner: owner) }
        if let key = names.first(where: { Self.choiceNames.contains($0) || StrategyName($0) != nil }) {
            return choice(key, node, at: path, owner: owner)
        }
        if names.contains("model") { return reference(node, at: path) }
        let known = Self.choiceNames.sorted() + StrategyName.names + ["model", "provider"]
        let name = names.first ?? ""
        reading.problem(
            path, node.line, "expected a name, `provider` and `model`, or a strategy, found `\(name)`\(Spelling.help(for: name, among: known))")
        return nil
    }

    static let choiceNames: Set<String> = ["conditional", "intelligent", "auto"]

    // MARK: Leaves

    /// A model group, an alias, or provider/model.
    mutating func named(_ name: String, at path: String, line: Int) -> Child? {
        if let group = groups[name] { return Child(route: .named(group)) }
        if let slash = name.firstIndex(of: "/") {
            var settings = DeploymentSettings()
            settings.provider = String(name[..<slash])
            settings.model = String(name[name.index(after: slash)...])
            if providerNames.contains(settings.provider), !settings.model.isEmpty {
                return declare(settings).map { Child(route: .deployment($0)) }
            }
        }
        let known = groups.keys.sorted() + providerNames.map { "\($0)/…" }
        reading.problem(
            path, line,
            "there is no model `\(name.prefix(100))`\(Self.help(for: name, groups: groups.keys.sorted(), providers: providerNames, known))")
        return nil
    }

    private static func help(for name: String, groups: [String], providers: [String], _ known: [String]) -> String {
        if let slash = name.firstIndex(of: "/"), let near = Spelling.nearest(to: String(name[..<slash]), among: providers) {
            return "; did you mean `\(near)\(name[slash...])`?"
        }
        return Spelling.help(for: name, among: groups.isEmpty ? known : groups)
    }

    private mutating func declare(_ settings: DeploymentSettings) -> Deployment.ID? {
        providers[settings.provider].map { deployments.declare(settings, of: $0) }
    }

    /// `{ provider: p, model: m, weight: 3, … }`.
    mutating func leaf(_ node: Node, at path: String) -> Child? {
        guard let settings = DeploymentSettings.read(node, at: path, &reading), !settings.provider.isEmpty, !settings.model.isEmpty else {
            return nil
        }
        guard providerNames.contains(settings.provider) else {
            let line = node.entry("provider")?.line ?? node.line
            let help = Spelling.help(for: settings.provider, among: providerNames)
            reading.problem(path.setting("provider"), line, "there is no provider `\(settings.provider.prefix(100))`\(help)")
            return nil
        }
        guard let id = declare(settings) else { return nil }
        return Child(route: .deployment(id, LeafOptions(maxRetries: settings.maxRetries)), weight: settings.weight, on: settings.on?.set)
    }

    /// `{ model: chat, on: [rate_limit] }`.
    private struct Reference: Configurable {
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
            .setting("timeout", \.timeout, "For each attempt.").notYet,
            .setting("max_retries", \.maxRetries, in: 0...100, "How often a deployment may be asked again.").notYet,
            .setting("params", \.params, "Set in its requests.").notYet,
        ]
    }

    private mutating func reference(_ node: Node, at path: String) -> Child? {
        guard let reference = Reference.read(node, at: path, &reading), let entry = node.entry("model"), !reference.model.isEmpty else { return nil }
        guard var child = named(reference.model, at: path.setting("model"), line: entry.line) else { return nil }
        child.weight = reference.weight
        child.on = reference.on?.set
        return child
    }
}
