import Routing
import Settings

/// What the report of savings compares with: what the same tokens cost at the route's most capable deployment, which here means its
/// dearest; where a route falls back in order, at its first.
struct Baselines: Sendable {
    private let prices: [Price?]

    init(_ blueprint: Blueprint) {
        prices = blueprint.table.routes.indices.map { route in
            blueprint.table.deployments(of: route).compactMap { blueprint.upstreams[$0].price }.max { Self.weight($0) < Self.weight($1) }
        }
    }

    /// A usual request reads three times as much as it writes.
    private static func weight(_ price: Price) -> Int64 { price.input.multipliedReportingOverflow(by: 3).partialValue &+ price.output }

    /// Nil: the route came with the request, or nobody knows a price.
    func price(route: Route.ID) -> Price? { prices.indices.contains(route) ? prices[route] : nil }
}
