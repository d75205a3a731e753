import Routing

/// A routing table as the invariants see it: what each deployment and route was promised, in the document's own terms.
final class TableBook {
    struct Terms {
        var needsLacked: Needs
        var paused: Bool
        var contextWindow: Int
        var parallel: Int
        var requestsPerMinute: Int
        var tokensPerMinute: Int
        var price: Price?
        var region: String?
        var tags: [String]
        var provider: String
        /// The place of its doings, which outlive a change of tables.
        var life: Int
        var neverFails: Bool
    }

    /// A route whose tree is one strategy over deployments, so that what it must choose can be said from outside.
    struct Flat {
        enum Kind {
            case ordered, weighted, even, idlest, cheapest
            case sticky(Percentage.Sticky)
            /// Two that differ by price alone, and so in what they are thought to be able to do.
            case clever(Intelligent.Axis)
            /// The first open one that may serve: a condition for each child.
            case conditional([Condition])
        }

        var kind: Kind
        var children: [Deployment.ID]
        /// Of each child, summing to 1.
        var shares: [Double]
        /// First choices while every child could serve.
        var picks: [Int]
    }

    let table: RoutingTable
    var terms: [Terms] = []
    let routes: [[Deployment.ID]]
    var flat: [Flat?]
    /// Conditions may close deployments of its routes, for reasons that are not looked into here.
    let isConditional: Bool

    init(_ table: RoutingTable) {
        self.table = table
        routes = table.routes.indices.map { table.deployments(of: $0) }
        isConditional = table.routes.contains { Self.isConditional($0.tree) }
        flat = table.routes.map { Self.flat($0.tree, table) }
    }

    private static func isConditional(_ tree: Route) -> Bool {
        switch tree {
        case .choice(let strategy, let branches): strategy is Conditional || branches.contains { isConditional($0.route) }
        case .with(_, let inner): isConditional(inner)
        default: false
        }
    }

    private static func flat(_ tree: Route, _ table: RoutingTable) -> Flat? {
        guard case .choice(let strategy, let branches) = tree else { return nil }
        var children: [Deployment.ID] = []
        var weights: [Double?] = []
        for branch in branches {
            guard case .deployment(let id, _) = branch.route, branch.on == nil, !children.contains(id) else { return nil }
            // Rests by a share of faults are not known exactly.
            guard table.deployments[id].breaker.failureRatio == nil else { return nil }
            children.append(id)
            weights.append(branch.weight ?? table.deployments[id].weight)
        }
        guard let kind = kind(strategy, weights, children.map { table.deployments[$0] }) else { return nil }
        var shares = weights.map { $0 ?? 1 }
        if case .even = kind { shares = shares.map { _ in 1 } }
        let sum = shares.reduce(0, +)
        return Flat(kind: kind, children: children, shares: shares.map { $0 / sum }, picks: shares.map { _ in 0 })
    }

    private static func kind(_ strategy: any Strategy, _ weights: [Double?], _ deployments: [Deployment]) -> Flat.Kind? {
        switch strategy {
        case is Fallback, is Single: return .ordered
        case is Cheapest: return deployments.allSatisfy { $0.price != nil } ? .cheapest : nil
        case is RoundRobin: return .even
        case is LeastBusy: return .idlest
        case let intelligent as Intelligent:
            let prices = deployments.compactMap { $0.quality == nil && $0.capability == nil ? $0.price?.input : nil }
            guard prices.count == 2, deployments.count == 2, let least = prices.min(), let most = prices.max() else { return nil }
            return least > 0 && most / 4 >= least ? .clever(intelligent.axis) : nil
        case let conditional as Conditional: return conditions(conditional, count: weights.count).map { .conditional($0) }
        case let percentage as Percentage: return percentage.stickyBy.map { .sticky($0) } ?? .weighted
        case is Shuffle:
            // By weight where all say one; evenly where nobody says anything.
            if weights.allSatisfy({ $0 != nil }) { return .weighted }
            let saysNothing = deployments.allSatisfy { $0.requestsPerMinute == nil && $0.tokensPerMinute == nil }
            return saysNothing && weights.allSatisfy { $0 == nil } ? .even : nil
        default: return nil
        }
    }

    /// Nil where it refuses requests.
    private static func conditions(_ conditional: Conditional, count: Int) -> [Condition]? {
        var conditions: [Condition] = []
        for written in conditional.cases {
            guard case .branch(let when) = written else { return nil }
            conditions.append(when)
        }
        return conditions + Array(repeating: .always, count: max(0, count - conditions.count))
    }

    func hasSiblings(_ route: Route.ID) -> Bool { routes[route].count > 1 }
}
