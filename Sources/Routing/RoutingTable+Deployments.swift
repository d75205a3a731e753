extension RoutingTable {
    /// This table over deployments of the same number and order that say other things of themselves: weights, prices, limits. A trial of
    /// settings without their document.
    public func with(_ deployments: [Deployment], version: Int) throws(RoutingTableError) -> RoutingTable {
        var routes = self.routes
        // With the general fallbacks that were written out when this table was made.
        for id in routes.indices { routes[id].fallbacks = plan.roots[id].fallbacks.map { plan.routes[$0].name } }
        return try RoutingTable(
            version: version, deployments: deployments, routes: routes, maxFallbacks: maxFallbacks, tagFiltering: tagFiltering,
            retryBucket: retryBucket, distances: distances, policies: policies)
    }
}
