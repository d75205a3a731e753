import Routing
import Settings

/// What the report of savings compares with: what the same tokens cost at the route's most capable deployment, which here means its
/// dearest; where a route falls back in order, at its first.
struct Baselines: Sendable {
    /// Below zero: nobody knows a price.
    private let dearest: [Int]
    /// All of the route's deployments have the same price.
    private let isUniform: [Bool]

    init(_ blueprint: Blueprint) {
        dearest = blueprint.table.routes.indices.map { route in
            let priced = blueprint.table.deployments(of: route).compactMap { id in blueprint.upstreams[id].price.map { (id, Self.weight($0)) } }
            return priced.max { $0.1 < $1.1 }?.0 ?? -1
        }
        isUniform = blueprint.table.routes.indices.map { route in
            let prices = Set(blueprint.table.deployments(of: route).map { blueprint.upstreams[$0].price })
            return prices.count == 1 && prices.first != .some(nil)
        }
    }

    /// A usual request reads three times as much as it writes.
    private static func weight(_ price: Price) -> Int64 { price.input.multipliedReportingOverflow(by: 3).partialValue &+ price.output }

    /// Nil: the route came with the request, or nobody knows a price.
    func deployment(route: Route.ID) -> Deployment.ID? {
        guard dearest.indices.contains(route), dearest[route] >= 0 else { return nil }
        return dearest[route]
    }

    /// Whichever deployment serves the route, it costs the same.
    func isUniform(route: Route.ID) -> Bool { isUniform.indices.contains(route) && isUniform[route] }
}
