import Routing
import Schema

/// A tree that came with a request: `router`, `extra.router`, or a list of `fallbacks`.
public struct InlineRouter: Sendable {
    /// Deployments are numbered as in the blueprint's table; those from its end on are `missing`, in their order.
    public var route: NamedRoute
    /// Deployments that the table does not have yet: `Blueprint.extended(by:version:)` makes a blueprint that has.
    public var missing: [(deployment: Deployment, upstream: Upstream)]
    /// Models and groups that the tree names, with their JSON paths: what the key must be allowed.
    public var mentions: [(name: String, path: String)]
    /// What its conditions count.
    public var limiters: [Limiter] = []

    /// Each is compiled when the request comes, on the thread that serves others too.
    static let maxPatterns = 16

    /// Reads both of vLLora's shapes, our own trees, a name, or a list, which is a fallback. `path` is where the tree stands in the
    /// request. The route is called `name`; give it one that no other route has.
    public static func read(
        _ node: Node, named name: String, at path: String = "router", in blueprint: Blueprint
    ) throws(InlineProblems) -> InlineRouter {
        let patterns = node.patternCount
        guard patterns <= maxPatterns else {
            throw InlineProblems(problems: [
                Problem(
                    path, line: 0, "has \(patterns) regular expressions; a request may bring \(maxPatterns), name a route of the settings instead")
            ])
        }
        var reader = blueprint.catalogue.reader()
        let tree: Route?
        if node.items != nil {
            tree = reader.children(node, at: path, owner: name).flatMap {
                reader.choice(of: $0, Fallback.name, StrategyArguments(), at: path, line: 0, owner: name)
            }
        } else {
            tree = reader.route(node, at: path, owner: name)?.route
        }
        return try result(tree, reader, named: name, at: path, in: blueprint)
    }

    /// The request's own `fallbacks`: names, objects such as `{ "model": "chat", "temperature": 0 }`, or trees, tried in order.
    public static func readFallbacks(
        _ node: Node, named name: String, at path: String = "fallbacks", in blueprint: Blueprint
    ) throws(InlineProblems) -> InlineRouter {
        var reader = blueprint.catalogue.reader()
        let tree = reader.targets(node, at: path, owner: name).flatMap { groups in
            reader.choice(of: groups.flatMap { $0 }, Fallback.name, StrategyArguments(), at: path, line: 0, owner: name)
        }
        return try result(tree, reader, named: name, at: path, in: blueprint)
    }

    private static func result(
        _ tree: Route?, _ reader: RouteReader, named name: String, at path: String, in blueprint: Blueprint
    ) throws(InlineProblems) -> InlineRouter {
        guard let tree, reader.reading.problems.errors.isEmpty else {
            let problems = reader.reading.problems.errors
            throw InlineProblems(problems: problems.isEmpty ? [Problem(path, line: 0, "is no route")] : problems)
        }
        let known = blueprint.table.deployments.count
        let missing = zip(reader.deployments.deployments[known...], reader.deployments.upstreams[known...]).map { ($0, $1) }
        let route = NamedRoute(name: name, tree: tree, retry: blueprint.catalogue.retry, timeout: blueprint.catalogue.timeout)
        return InlineRouter(route: route, missing: missing, mentions: reader.mentions, limiters: reader.limiters)
    }
}

extension Node {
    /// How many regular expressions stand in conditions below it, at most: counted by what spells the operator.
    fileprivate var patternCount: Int {
        switch content {
        case .scalar(let text, _): Operators.named(text)?.operation == .matches ? 1 : 0
        case .list(let items): items.reduce(0) { $0 + $1.patternCount }
        case .map(let entries):
            entries.reduce(0) { $0 + $1.node.patternCount + (Operators.named($1.name)?.operation == .matches ? 1 : 0) }
        }
    }
}

/// What is wrong with a tree of a request: paths in its JSON, such as `router.targets[1].model`.
public struct InlineProblems: Error, CustomStringConvertible {
    public var problems: [Problem]

    /// The first, and how many more there are.
    public var description: String {
        guard let first = problems.first else { return "is no route" }
        let more = problems.count > 1 ? " (and \(problems.count - 1) more)" : ""
        return "\(first.path): \(first.message)\(more)"
    }
}

/// What it takes to read more trees over a blueprint.
struct RouteCatalogue: Sendable {
    var names = RouteNames()
    var deployments = DeploymentList(
        breaker: BreakerPolicy(), longestTimeout: .seconds(60), tariff: Tariff(catalogue: .bundled, moment: Moment(seconds: 0)))
    var retry = RetryPolicy()
    var timeout: Duration?
    /// With what the table was made, beside deployments and routes.
    var table = TableArguments()

    func reader() -> RouteReader { RouteReader(reading: Reading(), deployments: deployments, names: names, origin: .request) }
}

/// Of `RoutingTable.init`.
struct TableArguments: Sendable {
    var defaultFallbacks: [String] = []
    var maxFallbacks = 5
    var tagFiltering = TagFiltering.off
    var retryBucket = RetryBucket()
    var distances = RegionDistances()
    var policies: [RoutingPolicy] = []

    func table(version: Int, _ deployments: [Deployment], _ routes: [NamedRoute]) throws(RoutingTableError) -> RoutingTable {
        try RoutingTable(
            version: version, deployments: deployments, routes: routes, defaultFallbacks: defaultFallbacks, maxFallbacks: maxFallbacks,
            tagFiltering: tagFiltering, retryBucket: retryBucket, distances: distances, policies: policies)
    }
}

extension Blueprint {
    /// This blueprint with more deployments, each also a route of its own name, as if the document had mentioned them. Numbers of
    /// deployments and routes stay. `version` must be higher than any before.
    public func extended(by missing: [(deployment: Deployment, upstream: Upstream)], version: Int) throws(RoutingTableError) -> Blueprint {
        var blueprint = self
        var deployments = table.deployments
        var routes = table.routes
        for (deployment, upstream) in missing where table.deployment(named: deployment.name) == nil {
            let route = NamedRoute(
                name: deployment.name, tree: .deployment(deployments.count), retry: catalogue.retry, timeout: catalogue.timeout)
            deployments.append(deployment)
            blueprint.upstreams.append(upstream)
            blueprint.catalogue.deployments.adopt(deployment, upstream)
            guard table.route(named: deployment.name) == nil else { continue }
            for name in [deployment.name, "router/\(deployment.name)"] where names[name] == nil {
                blueprint.names[name] = NamedModel(route: routes.count, name: deployment.name, hidden: true)
            }
            routes.append(route)
        }
        blueprint.table = try catalogue.table.table(version: version, deployments, routes)
        blueprint.version = UInt64(max(0, version))
        return blueprint
    }
}
