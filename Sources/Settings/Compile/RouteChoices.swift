import Routing
import Schema

/// Inner nodes of a tree: a strategy and its children.
extension RouteReader {
    /// Settings that may stand beside the strategy's own name.
    private static let beside: [String: [String]] = [
        "percentage": ["sticky_by"], "latency": ["window", "buffer"], "success_rate": ["window"], "throughput": ["window"],
    ]

    mutating func choice(_ key: String, _ node: Node, at path: String, owner: String) -> Child? {
        let place = path.setting(key)
        guard let entry = node.entry(key) else { return nil }
        let name = StrategyName(key)?.name ?? key
        let allowed = [key, "on", "weight"] + Self.beside[name, default: []]
        for other in reading.entries(of: node, at: path) ?? [] where !allowed.contains(other.name) {
            reading.problem(path.setting(other.name), other.line, "unknown setting `\(other.name)`\(Spelling.help(for: other.name, among: allowed))")
        }
        let branches =
            switch name {
            case "conditional": conditional(entry.node, at: place, owner: owner)
            case "intelligent", "auto": measured(name, entry.node, at: place, owner: owner)
            case Percentage.name: shares(entry.node, at: place, owner: owner)
            default: children(entry.node, at: place, owner: owner)
            }
        guard let branches else { return nil }
        if let named = StrategyName(key), named.isNotYet { warnNotYet(key, served: Shuffle.name, at: place, line: entry.line) }
        let strategy = strategy(name, beside: node, at: path, owner: owner)
        return Child(route: .choice(strategy, branches), weight: weight(of: node, at: path), on: faults(of: node, at: path))
    }

    mutating func warnNotYet(_ name: String, served: String, at path: String, line: Int) {
        reading.warning(path, line, "`\(name)` is accepted, but not effective yet: served as `\(served)`")
    }

    private mutating func weight(of node: Node, at path: String) -> Double? {
        node["weight"].flatMap { Double.read($0, at: path.setting("weight"), &reading) }
    }

    private mutating func faults(of node: Node, at path: String) -> FaultSet? {
        node["on"].flatMap { FaultList.read($0, at: path.setting("on"), &reading)?.set }
    }

    private mutating func strategy(_ name: String, beside node: Node, at path: String, owner: String) -> any Strategy {
        switch name {
        case "conditional", "intelligent", "auto": return Fallback()
        case Percentage.name:
            let sticky = node["sticky_by"].flatMap { Sticky.read($0, at: path.setting("sticky_by"), &reading) }
            return Percentage(stickyBy: sticky?.of, salt: Random.hash(owner.utf8))
        default:
            if let window = node["window"] { _ = Duration.read(window, at: path.setting("window"), &reading) }
            if let buffer = node["buffer"] { _ = Double.read(buffer, at: path.setting("buffer"), &reading) }
            return StrategyName(name)?.strategy ?? Shuffle()
        }
    }

    private enum Sticky: String, SettingChoice {
        case session, user, key
        var of: Percentage.Sticky? { Percentage.Sticky(rawValue: rawValue) }
    }

    /// `[R, R, …]`.
    mutating func children(_ node: Node, at path: String, owner: String) -> [Branch]? {
        guard let items = node.items ?? (node.scalar == nil ? nil : [node]) else {
            reading.problem(path, node.line, "expected a list of routes, found \(node.kind)")
            return nil
        }
        return items.enumerated().compactMap { index, item in route(item, at: path.item(index), owner: owner)?.branch }
    }

    /// `[ {NAME: 70}, {NAME: 30} ]`, `{NAME: 70, NAME: 30}`, or routes that carry weight.
    private mutating func shares(_ node: Node, at path: String, owner: String) -> [Branch]? {
        if let entries = node.entries { return entries.compactMap { share($0, at: path) } }
        guard let items = node.items else { return children(node, at: path, owner: owner) }
        var branches: [Branch] = []
        for (index, item) in items.enumerated() {
            let place = path.item(index)
            if let entries = item.entries, entries.count == 1, entries[0].node.scalar.flatMap(Double.init) != nil {
                if let branch = share(entries[0], at: place) { branches.append(branch) }
            } else if let child = route(item, at: place, owner: owner) {
                branches.append(child.branch)
            }
        }
        return branches
    }

    private mutating func share(_ entry: Node.Entry, at path: String) -> Branch? {
        let place = path.setting(entry.name)
        guard let weight = Double.read(entry.node, at: place, &reading) else { return nil }
        if weight < 0 { reading.refuse(entry.node, at: place, expected: "0 or more") }
        guard var child = named(entry.name, at: place, line: entry.line) else { return nil }
        child.weight = weight
        return child.branch
    }

    /// `{ branches: [ {when: C, route: R} ], default: R }`. So far the default serves, then the branches in order.
    private mutating func conditional(_ node: Node, at path: String, owner: String) -> [Branch]? {
        guard let entries = reading.entries(of: node, at: path) else { return nil }
        for entry in entries where !["branches", "default"].contains(entry.name) {
            let help = Spelling.help(for: entry.name, among: ["branches", "default"])
            reading.problem(path.setting(entry.name), entry.line, "unknown setting `\(entry.name)`\(help)")
        }
        warnNotYet("conditional", served: Fallback.name, at: path, line: node.line)
        var branches: [Branch] = []
        if let fallback = node["default"], let child = route(fallback, at: path.setting("default"), owner: owner) { branches.append(child.branch) }
        for (index, item) in (node["branches"]?.items ?? []).enumerated() {
            let place = path.setting("branches").item(index)
            if let when = item["when"] {
                _ = Condition.read(when, at: place.setting("when"), &reading)
            } else {
                reading.problem(place.setting("when"), item.line, "is missing: the condition of this branch")
            }
            guard let inner = item["route"] else {
                reading.problem(place.setting("route"), item.line, "is missing: what serves when the condition holds")
                continue
            }
            if let child = route(inner, at: place.setting("route"), owner: owner) { branches.append(child.branch) }
        }
        return branches
    }

    /// `{ axis: cost, models: [R, …] }`, `{ mode: balance, models: [R, …] }`. So far the models serve in order.
    private mutating func measured(_ name: String, _ node: Node, at path: String, owner: String) -> [Branch]? {
        guard let entries = reading.entries(of: node, at: path) else { return nil }
        let word = name == "auto" ? "mode" : "axis"
        for entry in entries where ![word, "models"].contains(entry.name) {
            let help = Spelling.help(for: entry.name, among: [word, "models"])
            reading.problem(path.setting(entry.name), entry.line, "unknown setting `\(entry.name)`\(help)")
        }
        if let chosen = node[word] {
            if name == "auto" {
                _ = AutoMode.read(chosen, at: path.setting(word), &reading)
            } else {
                _ = Axis.read(chosen, at: path.setting(word), &reading)
            }
        }
        warnNotYet(name, served: Fallback.name, at: path, line: node.line)
        guard let models = node["models"] else {
            reading.problem(path.setting("models"), node.line, "is missing: the models to choose from")
            return nil
        }
        return children(models, at: path.setting("models"), owner: owner)
    }

    private enum AutoMode: String, SettingChoice { case balance, cost, quality, latency }
    private enum Axis: String, SettingChoice { case cost, performance, intelligence }
}
