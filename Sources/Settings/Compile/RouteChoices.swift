import Routing
import Schema

/// Inner nodes of a tree: a strategy and its children.
extension RouteReader {
    mutating func choice(_ key: String, _ node: Node, at path: String, owner: String) -> Child? {
        let place = path.setting(key)
        guard let entry = node.entry(key) else { return nil }
        let name = StrategyName(key)?.name ?? key
        let arguments = StrategyArguments.allowed(for: name)
        let allowed = [key, "on", "weight"] + arguments
        for other in reading.entries(of: node, at: path) ?? [] where !allowed.contains(other.name) {
            reading.problem(path.setting(other.name), other.line, "unknown setting `\(other.name)`\(Spelling.help(for: other.name, among: allowed))")
        }
        let (weight, faults) = (weight(of: node, at: path), faults(of: node, at: path))
        let route: Route?
        switch name {
        case "conditional": route = conditional(entry.node, at: place, owner: owner)
        case "intelligent", "auto": route = weighed(name, entry.node, beside: node, at: place, owner: owner)
        default:
            let branches = name == Percentage.name ? shares(entry.node, at: place, owner: owner) : children(entry.node, at: place, owner: owner)
            let arguments = StrategyArguments(arguments, in: node, at: path, &reading)
            route = branches.flatMap { choice(of: $0, name, arguments, at: place, line: entry.line, owner: owner) }
        }
        return route.map { Child(route: $0, weight: weight, on: faults) }
    }

    /// The strategy over its branches, and what is wrong with them.
    mutating func choice(
        of branches: [Branch], _ name: String, _ arguments: StrategyArguments, at path: String, line: Int, owner: String
    ) -> Route? {
        if branches.isEmpty {
            if reading.problems.errors.isEmpty { reading.problem(path, line, "has no routes to choose from") }
            return nil
        }
        if branches.allSatisfy({ $0.weight == 0 }) {
            reading.problem(path, line, "the weights sum to 0, so nothing could be chosen")
            return nil
        }
        return .choice(strategy(name, arguments, owner: owner, at: path, line: line), branches)
    }

    func weight(of node: Node, at path: String, _ reading: inout Reading) -> Double? {
        guard let written = node["weight"], let weight = Double.read(written, at: path.setting("weight"), &reading) else { return nil }
        if weight < 0 { reading.refuse(written, at: path.setting("weight"), expected: "0 or more") }
        return weight
    }

    mutating func weight(of node: Node, at path: String) -> Double? { weight(of: node, at: path, &reading) }

    mutating func faults(of node: Node, at path: String) -> FaultSet? {
        node["on"].flatMap { FaultList.read($0, at: path.setting("on"), &reading)?.set }
    }

    // MARK: Children

    /// `[R, R, …]`. `provider/*` stands for all of its models.
    mutating func children(_ node: Node, at path: String, owner: String) -> [Branch]? {
        guard let items = node.items ?? (node.scalar == nil && node.entries == nil ? nil : [node]) else {
            reading.problem(path, node.line, "expected a list of routes, found \(node.kind)")
            return nil
        }
        return items.enumerated().flatMap { index, item -> [Branch] in
            let place = node.items == nil ? path : path.item(index)
            if let name = item.scalar, let targets = expanded(name, bareNames: false, at: place, line: item.line) { return targets.map(\.branch) }
            return route(item, at: place, owner: owner).map { [$0.branch] } ?? []
        }
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

    /// Says of names that are not among `known` that they are not, and what may have been meant.
    mutating func refuseUnknown(in node: Node, among known: [String], at path: String) {
        for entry in reading.entries(of: node, at: path) ?? [] where !known.contains(entry.name) {
            reading.problem(path.setting(entry.name), entry.line, "unknown setting `\(entry.name)`\(Spelling.help(for: entry.name, among: known))")
        }
    }

    // MARK: Choices with settings of their own

    /// `{ axis: cost, models: [R, …] }`, `{ mode: balance, models: [R, …] }`; a list alone is the models.
    private mutating func weighed(_ name: String, _ node: Node, beside outer: Node, at path: String, owner: String) -> Route? {
        let words = StrategyArguments.allowed(for: name)
        if node.entries == nil {
            let arguments = StrategyArguments(words, in: outer, at: path, &reading)
            return children(node, at: path, owner: owner).flatMap { choice(of: $0, name, arguments, at: path, line: node.line, owner: owner) }
        }
        refuseUnknown(in: node, among: words + ["models"], at: path)
        let arguments = StrategyArguments(words, in: node, at: path, &reading)
        guard let models = node["models"] else {
            reading.problem(path.setting("models"), node.line, "is missing: the models to choose from")
            return nil
        }
        return children(models, at: path.setting("models"), owner: owner).flatMap {
            choice(of: $0, name, arguments, at: path.setting("models"), line: models.line, owner: owner)
        }
    }

    /// `{ branches: [ {when: C, route: R} ], default: R }`.
    private mutating func conditional(_ node: Node, at path: String, owner: String) -> Route? {
        refuseUnknown(in: node, among: ["branches", "default"], at: path)
        var branches: [ConditionalBranch] = []
        for (index, item) in (node["branches"]?.items ?? []).enumerated() {
            let place = path.setting("branches").item(index)
            refuseUnknown(in: item, among: ["when", "route", "deny", "answer", "name"], at: place)
            if item["when"] == nil { reading.problem(place.setting("when"), item.line, "is missing: the condition of this branch") }
            let deny = item["deny"]?.scalar
            var branch = ConditionalBranch(when: item["when"], place: place.setting("when"), deny: deny, answer: item["answer"]?.scalar)
            if let inner = item["route"] {
                branch.route = route(inner, at: place.setting("route"), owner: owner)?.route
            } else if deny == nil, branch.answer == nil {
                reading.problem(place.setting("route"), item.line, "is missing: what serves when the condition holds")
            }
            branches.append(branch)
        }
        let otherwise = node["default"].flatMap { route($0, at: path.setting("default"), owner: owner)?.route }
        if branches.isEmpty, node["default"] == nil {
            reading.problem(path.setting("branches"), node.line, "is missing: conditions and what serves when they hold")
            return nil
        }
        return conditional(branches, otherwise: otherwise, at: path, line: node.line)
    }
}

/// A branch before its condition is read.
struct ConditionalBranch {
    /// Nil: it always holds.
    var when: Node?
    var place: String
    var route: Route?
    /// Refuses the request instead of serving it.
    var deny: String?
    /// Answers it in a model's place.
    var answer: String?
}
