import Routing
import Schema

/// vLLora's shapes: `{ type, targets, targets_percentages, metric, metrics_duration, routes, pre_request }` (its routing/mod.rs) and, as
/// its pages have it, `{ strategy, targets }` with weights in the targets. Both read 2026-11.
extension RouteReader {
    private static let known = [
        "type", "strategy", "name", "targets", "targets_percentages", "metric", "metrics_duration", "routes", "pre_request", "post_request",
        "on", "weight", "model", "script",
    ]
    /// What an object in `targets` says of itself; all else are members of the request.
    private static let ofTarget: Set<String> = ["provider", "model", "weight", "on", "router", "params", "max_retries", "timeout", "name"]

    mutating func inline(_ node: Node, at path: String, owner: String) -> Child? {
        let entry = node.entry("type") ?? node.entry("strategy")
        // Its default (routing/mod.rs).
        let type = entry?.node.scalar ?? Self.optimized
        let allowed = Self.known + StrategyArguments.allowed(for: StrategyName(type)?.name ?? type)
        refuseUnknown(in: node, among: allowed, at: path)
        let (weight, faults) = (weight(of: node, at: path), faults(of: node, at: path))
        return inlineRoute(type, entry?.line ?? node.line, node, at: path, owner: owner).map { Child(route: $0, weight: weight, on: faults) }
    }

    private mutating func inlineRoute(_ type: String, _ line: Int, _ node: Node, at path: String, owner: String) -> Route? {
        if type == "conditional" { return inlineConditional(node, at: path, owner: owner) }
        let place = path.setting(node["type"] == nil ? "strategy" : "type")
        if type == "script" {
            reading.problem(place, line, "a script is not run here; say the same with `conditional`, whose conditions see the request and its tags")
            return nil
        }
        guard let name = Self.strategyName(type) else {
            let help = Spelling.nearest(to: type, among: StrategyName.names + ["optimized", "a_b_testing"]).map {
                "; did you mean `\($0)`?"
            }
            reading.problem(place, line, "there is no strategy `\(type.prefix(60))`\(help ?? StrategyName.help(for: type))")
            return nil
        }
        let list = path.setting("targets")
        guard let targets = node["targets"] else {
            reading.problem(list, node.line, "is missing: the routes to choose from")
            return nil
        }
        var arguments = StrategyArguments(StrategyArguments.allowed(for: name), in: node, at: path, &reading)
        if let span = node["metrics_duration"] { arguments.window = MeasureSpan.read(span, at: path.setting("metrics_duration"), &reading) }
        if let metric = node["metric"] { arguments.metric = RouteMetric.read(metric, at: path.setting("metric"), &reading) }
        guard var groups = self.targets(targets, at: list, owner: owner) else { return nil }
        if name == Percentage.name { weigh(&groups, node, at: path) }
        return choice(of: groups.flatMap { $0 }, name, arguments, at: list, line: targets.line, owner: owner)
    }

    /// Its names for strategies beside ours.
    private static func strategyName(_ type: String) -> String? {
        switch type {
        case optimized: optimized
        case "a_b_testing": Percentage.name
        case "intelligent", "auto": type
        default: StrategyName(type)?.name
        }
    }

    // MARK: Targets

    /// For each target its branches: more than one where a name stands for several deployments.
    mutating func targets(_ node: Node, at path: String, owner: String) -> [[Branch]]? {
        guard let items = node.items ?? (node.isEmpty ? nil : [node]) else {
            reading.problem(path, node.line, "expected a list of targets, found \(node.kind)")
            return nil
        }
        if items.isEmpty { reading.problem(path, node.line, "has no routes to choose from") }
        return items.enumerated().map { index, item in target(item, at: node.items == nil ? path : path.item(index), owner: owner) }
    }

    /// A name, one of our own trees, or a part of a request: `{ model, temperature, … }`, also with a `router` within.
    private mutating func target(_ node: Node, at path: String, owner: String) -> [Branch] {
        if let name = node.scalar {
            if let targets = expanded(name, bareNames: true, at: path, line: node.line) { return targets.map(\.branch) }
            return named(name, at: path, line: node.line).map { [$0.branch] } ?? []
        }
        guard let entries = reading.entries(of: node, at: path, expected: "a name or a target") else { return [] }
        let isRequest = node["router"] != nil || (node["model"] != nil && node["targets"] == nil)
        guard isRequest else { return route(node, at: path, owner: owner).map { [$0.branch] } ?? [] }
        guard var options = options(of: node, entries, at: path) else { return [] }
        let (weight, faults) = (weight(of: node, at: path), faults(of: node, at: path))
        if let router = node["router"] {
            let inner = route(router, at: path.setting("router"), owner: owner)
            return inner.map { [Branch(options.isEmpty ? $0.route : .with(options, $0.route), weight: weight, on: faults)] } ?? []
        }
        guard let model = node["model"]?.scalar else {
            reading.problem(path.setting("model"), node.entry("model")?.line ?? node.line, "expected the name of a model")
            return []
        }
        let (place, line) = (path.setting("model"), node.entry("model")?.line ?? node.line)
        if let provider = node["provider"]?.scalar {
            var settings = DeploymentSettings()
            (settings.provider, settings.model, settings.weight) = (provider, model, weight)
            if model == "*" { return expanded("\(provider)/*", bareNames: false, at: place, line: line).map { $0.map(\.branch) } ?? [] }
            options.virtualKey = nil
            guard var child = leaf(settings, options, node, at: path) else { return [] }
            child.on = faults
            return [child.branch]
        }
        let children = expanded(model, bareNames: true, at: place, line: line) ?? named(model, at: place, line: line).map { [$0] } ?? []
        return children.map { Branch(options.isEmpty ? $0.route : .with(options, $0.route), weight: weight, on: faults) }
    }

    /// What a target says of its requests. Nil: there is a problem more.
    private mutating func options(of node: Node, _ entries: [Node.Entry], at path: String) -> LeafOptions? {
        var members = entries.filter { !Self.ofTarget.contains($0.name) && !$0.node.isNull }
        if let params = node["params"] {
            guard let inner = reading.entries(of: params, at: path.setting("params"), expected: "members of a request") else { return nil }
            members += inner
        }
        var options = LeafOptions(params: members.isEmpty ? nil : Node(.map(members)).jsonText)
        if let count = node["max_retries"] { options.maxRetries = Int.read(count, at: path.setting("max_retries"), &reading) }
        if let timeout = node["timeout"] { options.timeout = Duration.read(timeout, at: path.setting("timeout"), &reading) }
        if let count = options.maxRetries, !(0...100 ~= count), let node = node["max_retries"] {
            reading.refuse(node, at: path.setting("max_retries"), expected: "0 to 100")
        }
        noteTimeout(options.timeout)
        return options
    }

    /// `targets_percentages` run beside `targets`. A target that is several shares its number among them.
    private mutating func weigh(_ groups: inout [[Branch]], _ node: Node, at path: String) {
        guard let shares = node["targets_percentages"] else { return }
        let place = path.setting("targets_percentages")
        guard let weights = [Double].read(shares, at: place, &reading) else { return }
        guard weights.count == groups.count else {
            reading.problem(place, shares.line, "has \(weights.count) numbers for \(groups.count) targets")
            return
        }
        for (index, weight) in weights.enumerated() {
            if weight < 0, let item = shares.items?[index] { reading.refuse(item, at: place.item(index), expected: "0 or more") }
            groups[index] = groups[index].map { Branch($0.route, weight: weight / Double(groups[index].count), on: $0.on) }
        }
    }

    // MARK: Conditional

    private mutating func inlineConditional(_ node: Node, at path: String, owner: String) -> Route? {
        let place = path.setting("routes")
        guard let routes = node["routes"]?.items, !routes.isEmpty else {
            reading.problem(place, node.line, "is missing: the routes and their conditions")
            return nil
        }
        let names = interceptors(node["pre_request"], at: path.setting("pre_request"))
        var branches: [ConditionalBranch] = []
        for (index, item) in routes.enumerated() {
            let here = place.item(index)
            refuseUnknown(in: item, among: ["name", "conditions", "when", "targets", "message_mapper"], at: here)
            let name = item["when"] == nil ? "conditions" : "when"
            var branch = ConditionalBranch(when: item[name], place: here.setting(name))
            if let mapper = item["message_mapper"], mapper["modifier"]?.scalar == "block" {
                branch.answer = mapper["content"]?.scalar ?? "blocked"
            } else if let targets = item["targets"] {
                branch.route = routeTargets(targets, at: here.setting("targets"), owner: owner)
            } else {
                reading.problem(here.setting("targets"), item.line, "is missing: the routes to choose from")
            }
            branches.append(branch)
        }
        return conditional(branches, otherwise: nil, at: path, line: node.line, names: names, isInline: true)
    }

    /// A name, a list that is a fallback, or `{ $any, filter, sort_by, sort_order }`.
    private mutating func routeTargets(_ node: Node, at path: String, owner: String) -> Route? {
        if node["$any"] ?? node["any"] != nil { return anyOf(node, at: path, owner: owner) }
        guard let groups = targets(node, at: path, owner: owner) else { return nil }
        let branches = groups.flatMap { $0 }
        if branches.count == 1 { return branches[0].route }
        return choice(of: branches, Fallback.name, StrategyArguments(), at: path, line: node.line, owner: owner)
    }
}
