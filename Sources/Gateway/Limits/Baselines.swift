import Routing
import Settings

/// What the report of savings compares requests with: the same tokens at one deployment of the route that they came for.
public struct Baseline: Hashable, Sendable {
    public enum Choice: String, Sendable {
        /// The first of a route that is tried in order.
        case primary
        /// Of any other route, or where the first has no known price: the dearest, since what a model can do shows in what it costs.
        case mostCapable = "most_capable"
    }

    public var deployment: Deployment.ID
    public var choice: Choice
}

struct Baselines: Sendable {
    private let routes: [Baseline?]
    /// All of the route's deployments have the same price.
    private let isUniform: [Bool]

    init(_ blueprint: Blueprint) {
        routes = blueprint.table.routes.indices.map { Self.find($0, blueprint) }
        isUniform = blueprint.table.routes.indices.map { route in
            let prices = Set(blueprint.table.deployments(of: route).map { blueprint.upstreams[$0].price })
            return prices.count == 1 && prices.first != .some(nil)
        }
    }

    /// Nil: the route came with the request, or nobody knows a price.
    subscript(route: Route.ID) -> Baseline? { routes.indices.contains(route) ? routes[route] : nil }

    /// Whichever deployment serves the route, it costs the same.
    func isUniform(route: Route.ID) -> Bool { isUniform.indices.contains(route) && isUniform[route] }

    private static func find(_ route: Route.ID, _ blueprint: Blueprint) -> Baseline? {
        if let first = primary(blueprint.table.routes[route].tree, blueprint.table, depth: 0), blueprint.upstreams[first].price != nil {
            return Baseline(deployment: first, choice: .primary)
        }
        let priced = blueprint.table.deployments(of: route).compactMap { id in blueprint.upstreams[id].price.map { (id, weight($0)) } }
        return priced.max { $0.1 < $1.1 }.map { Baseline(deployment: $0.0, choice: .mostCapable) }
    }

    /// The deployment that serves as long as nothing is wrong with it; nil where a strategy chooses.
    private static func primary(_ tree: Route, _ table: RoutingTable, depth: Int) -> Deployment.ID? {
        guard depth <= RoutingTable.maxDepth else { return nil }
        switch tree {
        case .deployment(let id, _): return id
        case .named(let name): return table.route(named: name).flatMap { primary(table.routes[$0].tree, table, depth: depth + 1) }
        case .with(_, let inner): return primary(inner, table, depth: depth + 1)
        case .choice(let strategy, let branches):
            guard let first = branches.first, branches.count == 1 || strategy is Fallback else { return nil }
            return primary(first.route, table, depth: depth + 1)
        }
    }

    /// A usual request reads three times as much as it writes.
    private static func weight(_ price: Price) -> Int64 { price.input.multipliedReportingOverflow(by: 3).partialValue &+ price.output }
}

/// A baseline as a report says it.
public struct BaselineReport: Hashable, Sendable {
    public var deployment: String
    public var choice: Baseline.Choice
}

extension Server {
    /// What requests for a model or route are compared with, by the settings in force.
    public func baseline(route name: String) -> BaselineReport? {
        guard let live, let route = live.table.route(named: name) else { return nil }
        return live.baselineReport(route)
    }

    /// What a policy's requests are compared with where they go its own route.
    public func baseline(policy name: String) -> BaselineReport? {
        guard let live, let route = live.blueprint.policies.first(where: { $0.name == name })?.route else { return nil }
        return live.baselineReport(route)
    }
}

extension Live {
    fileprivate func baselineReport(_ route: Route.ID) -> BaselineReport? {
        baseline(route: route).map { BaselineReport(deployment: deploymentName($0.deployment), choice: $0.choice) }
    }
}
