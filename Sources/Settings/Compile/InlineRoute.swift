import Routing
import Schema

/// vLLora's inline shape: `{ type | strategy, targets, targets_percentages, metric, routes }` (its routing/mod.rs, read 2026-11).
extension RouteReader {
    private static let known = ["type", "strategy", "name", "targets", "targets_percentages", "metric", "metrics_duration", "routes", "on", "weight"]
    private static let metrics = ["latency", "ttft", "requests", "tps", "error_rate", "cost", "price", "success_rate", "throughput"]

    mutating func inline(_ node: Node, at path: String, owner: String) -> Child? {
        for entry in reading.entries(of: node, at: path) ?? [] where !Self.known.contains(entry.name) {
            let help = Spelling.help(for: entry.name, among: Self.known)
            reading.problem(path.setting(entry.name), entry.line, "unknown setting `\(entry.name)`\(help)")
        }
        guard let entry = node.entry("type") ?? node.entry("strategy"), let type = entry.node.scalar else {
            reading.problem(path, node.line, "expected the name of a strategy in `type`")
            return nil
        }
        let place = path.setting("targets")
        switch type {
        case "conditional": return inlineConditional(node, at: path, owner: owner)
        case "optimized":
            if let metric = node.entry("metric"), !(metric.node.scalar.map(Self.metrics.contains) ?? false) {
                let help = Spelling.help(for: metric.node.scalar ?? "", among: Self.metrics)
                reading.problem(path.setting("metric"), metric.line, "is no metric\(help)")
            }
            warnNotYet("optimized", served: Shuffle.name, at: path, line: entry.line)
            return targets(of: node, at: place, owner: owner).map { Child(route: .choice(Shuffle(), $0)) }
        case "percentage", "a_b_testing", "ab_testing":
            return targets(of: node, at: place, owner: owner).map { branches in
                Child(route: .choice(Percentage(salt: Random.hash(owner.utf8)), weighted(branches, node, at: path)))
            }
        case "random": return targets(of: node, at: place, owner: owner).map { Child(route: .choice(Shuffle(), $0)) }
        default:
            guard let strategy = StrategyName(type) else {
                reading.problem(path.setting(entry.name), entry.line, "there is no strategy `\(type.prefix(60))`\(StrategyName.help(for: type))")
                return nil
            }
            if strategy.isNotYet { warnNotYet(type, served: Shuffle.name, at: path, line: entry.line) }
            return targets(of: node, at: place, owner: owner).map { Child(route: .choice(strategy.strategy, $0)) }
        }
    }

    private mutating func targets(of node: Node, at path: String, owner: String) -> [Branch]? {
        guard let targets = node["targets"] else {
            reading.problem(path, node.line, "is missing: the routes to choose from")
            return nil
        }
        return children(targets, at: path, owner: owner)
    }

    /// `targets_percentages` run beside `targets`.
    private mutating func weighted(_ branches: [Branch], _ node: Node, at path: String) -> [Branch] {
        guard let shares = node["targets_percentages"] else { return branches }
        let place = path.setting("targets_percentages")
        guard let weights = [Double].read(shares, at: place, &reading) else { return branches }
        let count = node["targets"]?.items?.count ?? 1
        guard weights.count == count else {
            reading.problem(place, shares.line, "has \(weights.count) numbers for \(count) targets")
            return branches
        }
        return zip(branches, weights).map { branch, weight in Branch(branch.route, weight: weight, on: branch.on) }
    }

    /// So far the routes serve in order.
    private mutating func inlineConditional(_ node: Node, at path: String, owner: String) -> Child? {
        let place = path.setting("routes")
        guard let routes = node["routes"]?.items else {
            reading.problem(place, node.line, "is missing: the routes and their conditions")
            return nil
        }
        warnNotYet("conditional", served: Fallback.name, at: path, line: node.line)
        var branches: [Branch] = []
        for (index, item) in routes.enumerated() {
            if let when = item["conditions"] ?? item["when"] { _ = Condition.read(when, at: place.item(index).setting("conditions"), &reading) }
            guard let targets = item["targets"] else {
                reading.problem(place.item(index).setting("targets"), item.line, "is missing: the routes to choose from")
                continue
            }
            branches += children(targets, at: place.item(index).setting("targets"), owner: owner) ?? []
        }
        return Child(route: .choice(Fallback(), branches))
    }
}
