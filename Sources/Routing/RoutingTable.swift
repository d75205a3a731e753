import Schema

/// Which deployments a request's tags select.
public enum TagFiltering: Hashable, Sendable {
    case off
    /// A common tag suffices.
    case any
    /// The deployment carries all tags of the request.
    case all
}

/// Everything that deciding knows beforehand: deployments and routes, compiled to flat arrays. Immutable; a change of settings makes
/// another with a version of its own.
public struct RoutingTable: Sendable {
    public static let maxDepth = 10
    /// Leaves of one route with all routes it names written out.
    public static let maxLeaves = 256

    /// One reference, so that passing a table around costs one count.
    private(set) var plan: Plan
    private var routesByName: [String: Route.ID]
    private let deploymentsByName: [String: Deployment.ID]

    /// Throws all problems at once.
    public init(
        version: Int, deployments: [Deployment], routes: [NamedRoute], defaultFallbacks: [String] = [], maxFallbacks: Int = 5,
        tagFiltering: TagFiltering = .off, retryBucket: RetryBucket = RetryBucket(),
        distances: RegionDistances = RegionDistances(),
        policies: [RoutingPolicy] = []
    ) throws(RoutingTableError) {
        var problems: [RouteProblem] = []
        routesByName = Self.index(routes.map(\.name), "route", &problems)
        deploymentsByName = Self.index(deployments.map(\.name), "deployment", &problems)
        for deployment in deployments { problems += Self.problems(of: deployment) }
        var compiler = TreeCompiler(deployments: deployments, routes: routes, byName: routesByName, defaultFallbacks: defaultFallbacks)
        var tree = compiler.compile()
        let rules = compiler.compile(policies)
        tree.conditions = compiler.tree.conditions
        plan = Plan(
            version: version, deployments: deployments, routes: routes, tagFiltering: tagFiltering, maxFallbacks: maxFallbacks,
            retryBucket: retryBucket, distances: distances, tree: tree, policies: policies, rules: rules)
        problems += compiler.problems
        if !problems.isEmpty { throw RoutingTableError(problems: problems) }
    }

    /// This table with more routes: the trees that came with one request. Deployments and routes keep their numbers. `version` is as
    /// unique as a table's own. Costs a copy of the compiled trees and the work of the new ones.
    public func extended(by added: [NamedRoute], version: Int) throws(RoutingTableError) -> RoutingTable {
        var problems: [RouteProblem] = []
        let routes = plan.routes + added
        var extended = self
        for (offset, route) in added.enumerated() where extended.routesByName.updateValue(plan.routes.count + offset, forKey: route.name) != nil {
            problems.append(RouteProblem(route: route.name, kind: .duplicateName("route")))
        }
        var compiler = TreeCompiler(extending: plan, routes: routes, byName: extended.routesByName)
        extended.plan = Plan(
            version: version, extending: plan.baseVersion ?? plan.version, deployments: plan.deployments, routes: routes,
            tagFiltering: plan.tagFiltering, maxFallbacks: plan.maxFallbacks, retryBucket: plan.retryBucket,
            distances: plan.distances, tree: compiler.compile(),
            policies: plan.policies, rules: plan.rules)
        problems += compiler.problems
        if !problems.isEmpty { throw RoutingTableError(problems: problems) }
        return extended
    }

    public static let empty: RoutingTable = {
        do { return try RoutingTable(version: 0, deployments: [], routes: []) } catch { preconditionFailure("nothing has no problems: \(error)") }
    }()

    /// Unique among the tables a router ever sees: it names a decision in explanations and logs.
    public var version: Int { plan.version }
    /// The table that this one extends; nil for a table of its own.
    public var baseVersion: Int? { plan.baseVersion }
    var isExtension: Bool { plan.baseVersion != nil }
    public var deployments: [Deployment] { plan.deployments }
    public var routes: [NamedRoute] { plan.routes }
    public var policies: [RoutingPolicy] { plan.policies }
    /// What conditions ask of a request, each once: `Facts.values` runs beside it. Fields of deployments and providers are not among
    /// them, those the router answers itself. An extension's begin with those of its base.
    public var fields: [FieldName] { plan.conditions.fields }
    public var tagFiltering: TagFiltering { plan.tagFiltering }
    /// Fallbacks that one request follows at most.
    public var maxFallbacks: Int { plan.maxFallbacks }
    /// What an operator says of regions.
    public var distances: RegionDistances { plan.distances }
    /// Bounds the further attempts of all requests together.
    public var retryBucket: RetryBucket { plan.retryBucket }

    public func route(named name: String) -> Route.ID? { routesByName[name] }
    public func policy(named name: String) -> RoutingPolicy.ID? { plan.policies.firstIndex { $0.name == name } }
    public func deployment(named name: String) -> Deployment.ID? { deploymentsByName[name] }

    /// The deployments that a route can reach by itself, without its fallbacks; each once, in the order written.
    public func deployments(of route: Route.ID) -> [Deployment.ID] {
        var seen = DeploymentSet([])
        return plan.roots[route].leaves.map { plan.leaves[$0].deployment }.filter { id in
            defer { seen.insert(id) }
            return !seen.contains(id)
        }
    }

    /// Whether on the way of a request through `route` somebody asks how hard it is: a strategy, a mode of its own or of a rule of its
    /// policy. Who finds no appraisal in its facts takes it for hard.
    public func asksComplexity(route: Route.ID, mode: AutoMode?, policy: RoutingPolicy.ID?) -> Bool {
        mode != nil || plan.weighsComplexity[route] || policy.map { plan.leadsToComplexity[$0] } ?? false
    }

    /// Whether a condition on the way of a request through `route` reads how hard it is: of the route, of what it names or falls back to,
    /// of a rule of its policy, or of the routes that those lead to.
    public func readsComplexity(route: Route.ID, policy: RoutingPolicy.ID?) -> Bool {
        plan.readsComplexity.routes[route] || policy.map { plan.readsComplexity.policies[$0] } ?? false
    }

    /// Whether any route asks so, modes and rules aside.
    public var mayAskComplexity: Bool { plan.weighsComplexity.contains(true) }

    /// Whether any leaf has members of its own for the request.
    public var hasParams: Bool { plan.options.contains { $0.params != nil } }

    /// What the tree says of the leaf at which `attempt` was chosen: parameters for its request, on whose account it goes. The
    /// attempt is one of this table's.
    public func options(of attempt: Attempt) -> LeafOptions {
        precondition(attempt.tableVersion == version, "the attempt belongs to table \(attempt.tableVersion), this is \(version)")
        return plan.options[attempt.leaf]
    }

    /// Route names near to one that is unknown.
    public func nearestRoute(to name: String) -> String? { Spelling.nearest(to: name, among: routes.map(\.name)) }

    private static func index(_ names: [String], _ what: String, _ problems: inout [RouteProblem]) -> [String: Int] {
        var index: [String: Int] = [:]
        for (id, name) in names.enumerated() where index.updateValue(id, forKey: name) != nil {
            problems.append(RouteProblem(route: name, kind: .duplicateName(what)))
        }
        return index
    }

    private static func problems(of deployment: Deployment) -> [RouteProblem] {
        var problems: [RouteProblem] = []
        func check(_ holds: Bool, _ what: String) {
            if !holds { problems.append(RouteProblem(route: deployment.name, kind: .badDeployment(what))) }
        }
        check(deployment.weight.map { $0 >= 0 && $0.isFinite } ?? true, "weight must be 0 or more")
        check(deployment.maxParallelRequests.map { $0 > 0 } ?? true, "max_parallel_requests must be 1 or more")
        check(deployment.timeout.map { $0 > .zero } ?? true, "timeout must be longer than nothing")
        check(0...64 ~= deployment.breaker.failureThreshold, "failure_threshold must be 1 to 64, or 0 for none")
        check(!deployment.breaker.hasBadAllowance, "allowed fails of a class must be 0 to 63")
        check(deployment.breaker.window > .zero, "the breaker's window must be longer than nothing")
        check(deployment.breaker.cooldown >= .zero, "cooldown must not be negative")
        return problems
    }
}

/// What is wrong with routes, all of it.
public struct RoutingTableError: Error, Hashable, CustomStringConvertible {
    public var problems: [RouteProblem]
    public var description: String { problems.map(\.description).joined(separator: "\n") }
}

public struct RouteProblem: Hashable, Sendable, CustomStringConvertible {
    public enum Kind: Hashable, Sendable {
        case duplicateName(String)
        case badDeployment(String)
        case unknownRoute(String, nearest: String?)
        case unknownDeployment(Deployment.ID)
        /// The names along the cycle, the first again at its end.
        case cycle([String])
        /// A field of a deployment or provider that there is not.
        case unknownSubject(String, nearest: String?)
        case tooDeep
        case tooManyLeaves
        case emptyChoice(strategy: String)
        case severalForSingle(Int)
        case badWeight(Double)
        case noWeight(strategy: String)
    }

    /// The named route, or the deployment for `badDeployment`.
    public var route: String
    public var kind: Kind

    public var description: String {
        switch kind {
        case .duplicateName(let what): "\(what) \(route) is written twice"
        case .badDeployment(let what): "deployment \(route): \(what)"
        case .unknownRoute(let name, nearest: let nearest?): "route \(route): no route is named \(name); did you mean \(nearest)?"
        case .unknownRoute(let name, nearest: nil): "route \(route): no route is named \(name)"
        case .unknownDeployment(let id): "route \(route): there is no deployment number \(id)"
        case .cycle(let names): "route \(route): refers to itself: \(names.joined(separator: " -> "))"
        case .unknownSubject(let field, nearest: let nearest?): "\(route): nothing is named as in `\(field)`; did you mean `\(nearest)`?"
        case .unknownSubject(let field, nearest: nil): "\(route): nothing is named as in `\(field)`"
        case .tooDeep: "route \(route): is nested deeper than \(RoutingTable.maxDepth)"
        case .tooManyLeaves: "route \(route): has more than \(RoutingTable.maxLeaves) deployments with all routes it names"
        case .emptyChoice(let strategy): "route \(route): \(strategy) has no children"
        case .severalForSingle(let count): "route \(route): single has \(count) children; give it one, or use fallback"
        case .badWeight(let weight): "route \(route): weight \(weight) must be 0 or more"
        case .noWeight(let strategy): "route \(route): all weights of \(strategy) are 0"
        }
    }
}
