/// A percentage split within a route: its sides, each with the deployments that it can reach.
public struct Split: Sendable {
    public struct Arm: Sendable {
        /// The route that it names, or its deployments.
        public var name: String
        public var weight: Double
        public var deployments: Set<String>
    }

    public var arms: [Arm]

    /// The side of a request by who was asked first. Nil: nobody was, or a deployment stands on both sides.
    public func arm(of deployment: String) -> Int? {
        let found = arms.indices.filter { arms[$0].deployments.contains(deployment) }
        return found.count == 1 ? found[0] : nil
    }
}

extension RoutingTable {
    /// The percentage splits that stand in a route itself, not those in routes that it names.
    public func splits(of route: Route.ID) -> [Split] {
        var found: [Split] = []
        look(into: routes[route].tree, &found)
        return found
    }

    private func look(into tree: Route, _ found: inout [Split]) {
        switch tree {
        case .deployment, .named: break
        case .with(_, let inner): look(into: inner, &found)
        case .choice(let strategy, let branches):
            if strategy is Percentage {
                found.append(
                    Split(
                        arms: branches.map { branch in
                            let names = names(in: branch.route)
                            let own = if case .deployment(let id, _) = branch.route { deployments[id].weight } else { Double?.none }
                            return Split.Arm(
                                name: name(of: branch.route) ?? names.joined(separator: ", "), weight: branch.weight ?? own ?? 1,
                                deployments: Set(names))
                        }))
            }
            for branch in branches { look(into: branch.route, &found) }
        }
    }

    private func name(of tree: Route) -> String? {
        switch tree {
        case .named(let name): name
        case .with(_, let inner): name(of: inner)
        case .deployment, .choice: nil
        }
    }

    private func names(in tree: Route) -> [String] {
        switch tree {
        case .deployment(let id, _): [deployments[id].name]
        case .named(let name): route(named: name).map { deployments(of: $0).map { deployments[$0].name } } ?? []
        case .with(_, let inner): names(in: inner)
        case .choice(_, let branches): branches.flatMap { names(in: $0.route) }
        }
    }
}
