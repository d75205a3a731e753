import Routing
import Schema

/// `{ $any: [...], filter: { error_rate: { lt: 0.02 } }, sort_by: ttft, sort_order: min }` of a conditional route.
extension RouteReader {
    /// The figures of a deployment that a filter may ask for, by our names.
    private static let figures = ["error_rate": "error_rate", "latency": "latency_ms_p50", "requests": "in_flight"]

    mutating func anyOf(_ node: Node, at path: String, owner: String) -> Route? {
        let key = node["$any"] == nil ? "any" : "$any"
        refuseUnknown(in: node, among: [key, "filter", "sort_by", "sort_order", "sort"], at: path)
        guard let list = node[key], let groups = targets(list, at: path.setting(key), owner: owner) else { return nil }
        var branches = groups.flatMap { $0 }
        if let filter = node["filter"] { branches = filtered(branches, filter, at: path.setting("filter")) }
        var arguments = StrategyArguments()
        var order = node["sort_order"]?.scalar?.lowercased()
        if let sort = node["sort_by"] {
            arguments.metric = RouteMetric.read(sort, at: path.setting("sort_by"), &reading)
        } else if let sort = node["sort"]?.entries?.first {
            // As older examples have it: `sort: { ttft: MIN }`.
            arguments.metric = RouteMetric.read(.text(sort.name, line: sort.line), at: path.setting("sort"), &reading)
            order = sort.node.scalar?.lowercased()
        }
        guard let metric = arguments.metric else {
            // Unsorted: the first serves.
            return choice(of: branches, Fallback.name, StrategyArguments(), at: path.setting(key), line: list.line, owner: owner)
        }
        if let order, order != metric.usualOrder {
            let line = node.entry("sort_order")?.line ?? node.line
            reading.problem(
                path.setting("sort_order"), line, "`\(order.prefix(20))` is not served for `\(metric.rawValue)`; expected `\(metric.usualOrder)`")
        }
        return choice(of: branches, Self.optimized, arguments, at: path.setting(key), line: list.line, owner: owner)
    }

    /// Each deployment only while its figures are within the filter.
    private mutating func filtered(_ branches: [Branch], _ filter: Node, at path: String) -> [Branch] {
        guard let entries = reading.entries(of: filter, at: path, expected: "figures and their bounds") else { return branches }
        for entry in entries where Self.figures[entry.name] == nil {
            let help = Spelling.help(for: entry.name, among: Self.figures.keys.sorted())
            reading.problem(path.setting(entry.name), entry.line, "there is no figure `\(entry.name.prefix(60))`\(help)")
        }
        return branches.compactMap { branch in
            guard let name = deploymentName(of: branch.route) else { return branch }
            let tests = entries.compactMap { entry in
                Self.figures[entry.name].map { Node.Entry("deployment.\(name).\($0)", line: entry.line, entry.node) }
            }
            let when = ConditionalBranch(when: Node(.map(tests), line: filter.line), place: path, route: branch.route)
            return conditional([when], otherwise: nil, at: path, line: filter.line).map { Branch($0, weight: branch.weight, on: branch.on) }
        }
    }

    private func deploymentName(of route: Route) -> String? {
        switch route {
        case .deployment(let id, _): deployments.deployments[id].name
        case .with(_, let inner): deploymentName(of: inner)
        default: nil
        }
    }
}

extension RouteMetric {
    /// Which end of it is the better one.
    var usualOrder: String {
        switch self {
        case .tps, .throughput, .successRate: "max"
        default: "min"
        }
    }
}
