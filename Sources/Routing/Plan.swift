/// A table compiled, immutable behind one reference: what a decision walks is loaded from here without copying or counting.
final class Plan: Sendable {
    let version: Int
    let baseVersion: Int?
    let deployments: [Deployment]
    let routes: [NamedRoute]
    let tagFiltering: TagFiltering
    let maxFallbacks: Int
    let retryBucket: RetryBucket
    let distances: RegionDistances
    /// By `Deployment.ID`.
    let traits: [Traits]
    let prices: [Price?]
    let profiles: [Profile]
    /// Hashes of names: what is remembered of deployments outlasts tables.
    let warmthKeys: [UInt64]
    let nodes: [CompiledTree.Node]
    let children: [CompiledTree.Child]
    let leaves: [CompiledTree.Leaf]
    /// By the same index.
    let options: [LeafOptions]
    /// By `Route.ID`.
    let roots: [CompiledTree.Root]
    /// As they start out; a router holds the moving ones.
    let pickers: [Picker]
    let minds: [MindPlan]
    let conditions: ConditionTests
    let policies: [RoutingPolicy]
    /// By `RoutingPolicy.ID`.
    let rules: [CompiledPolicy]
    /// By `Route.ID`: somewhere on its way, or on that of a fallback, somebody asks how hard a request is.
    let weighsComplexity: [Bool]
    /// By `RoutingPolicy.ID`: the same of a route that a rule leads to.
    let leadsToComplexity: [Bool]
    /// By `Route.ID` and by `RoutingPolicy.ID`: some condition on the way reads how hard a request is.
    let readsComplexity: (routes: [Bool], policies: [Bool])

    init(
        version: Int, extending baseVersion: Int? = nil, deployments: [Deployment], routes: [NamedRoute], tagFiltering: TagFiltering,
        maxFallbacks: Int, retryBucket: RetryBucket, distances: RegionDistances, tree: CompiledTree, policies: [RoutingPolicy],
        rules: [CompiledPolicy]
    ) {
        self.version = version
        self.baseVersion = baseVersion
        self.deployments = deployments
        self.routes = routes
        self.tagFiltering = tagFiltering
        self.maxFallbacks = maxFallbacks
        self.retryBucket = retryBucket
        self.distances = distances
        traits = deployments.map(Traits.init)
        prices = deployments.map(\.price)
        profiles = deployments.map(Profile.init)
        warmthKeys = deployments.map { Random.hash($0.name.utf8) }
        nodes = tree.nodes
        children = tree.children
        leaves = tree.leaves
        options = tree.options
        roots = tree.roots
        pickers = tree.pickers
        minds = tree.minds
        conditions = tree.conditions
        self.policies = policies
        self.rules = rules
        weighsComplexity = Plan.weighsComplexity(tree)
        let weighs = Set(routes.indices.filter { [weighsComplexity] in weighsComplexity[$0] }.map { routes[$0].name })
        leadsToComplexity = policies.map { policy in
            policy.rules.contains { rule in rule.then.route.map(weighs.contains) ?? false || rule.then.mode != nil }
        }
        readsComplexity = Plan.readsComplexity(routes, tree, policies)
    }

    private static func readsComplexity(
        _ routes: [NamedRoute], _ tree: CompiledTree, _ policies: [RoutingPolicy]
    ) -> (routes: [Bool], policies: [Bool]) {
        func reads(_ condition: Condition) -> Bool { condition.fields.contains { $0.text == "complexity.score" } }
        var names: Set<String> = []
        func reads(_ tree: Route) -> Bool {
            switch tree {
            case .deployment: return false
            case .named(let name): return names.contains(name)
            case .with(_, let inner): return reads(inner)
            case .choice(let strategy, let branches):
                let cases = (strategy as? Conditional)?.cases ?? []
                let isRead = cases.contains { one in
                    switch one {
                    case .branch(let when), .block(let when, _, _): reads(when)
                    }
                }
                return isRead || branches.contains { reads($0.route) }
            }
        }
        // Names and fallbacks in a chain: as often as anything is learnt, at most once a route.
        var isNew = true
        while isNew {
            isNew = false
            for (route, root) in zip(routes, tree.roots) where !names.contains(route.name) {
                let next = root.fallbacks + root.contextWindowFallbacks + root.contentPolicyFallbacks
                if reads(route.tree) || next.contains(where: { routes.indices.contains($0) && names.contains(routes[$0].name) }) {
                    names.insert(route.name)
                    isNew = true
                }
            }
        }
        let known = names
        return (
            routes.map { known.contains($0.name) },
            policies.map { policy in policy.rules.contains { reads($0.when) || ($0.then.route.map(known.contains) ?? false) } }
        )
    }

    private static func weighsComplexity(_ tree: CompiledTree) -> [Bool] {
        func weighs(_ node: CompiledTree.Node) -> Bool {
            node.picker >= 0
                && (node.kind == .auto || node.kind == .intelligent || tree.children[node.children].contains { weighs(tree.nodes[$0.node]) })
        }
        var known = tree.roots.map { weighs(tree.nodes[$0.node]) }
        // Fallbacks of fallbacks: as often as anything is learnt, at most once a route.
        var isNew = true
        while isNew {
            isNew = false
            for (index, root) in tree.roots.enumerated() where !known[index] {
                let next = root.fallbacks + root.contextWindowFallbacks + root.contentPolicyFallbacks
                if next.contains(where: { known.indices.contains($0) && known[$0] }) {
                    known[index] = true
                    isNew = true
                }
            }
        }
        return known
    }
}

/// What eligibility asks of a deployment, without strings.
struct Traits: Sendable {
    var paused: Bool
    var lacks: Needs
    var contextWindow: Int
    var parallelLimit: Int
    /// Nanoseconds; 0: not said.
    var timeout: Int64
    /// Limits per minute; the largest number: none.
    var requestsPerMinute: Int
    var tokensPerMinute: Int
    var isLimited: Bool

    init(_ deployment: Deployment) {
        paused = deployment.paused
        lacks = deployment.lacks
        contextWindow = deployment.contextWindow ?? .max
        parallelLimit = deployment.maxParallelRequests ?? .max
        timeout = deployment.timeout?.nanoseconds ?? 0
        requestsPerMinute = deployment.requestsPerMinute ?? .max
        tokensPerMinute = deployment.tokensPerMinute ?? .max
        isLimited = deployment.requestsPerMinute != nil || deployment.tokensPerMinute != nil
    }
}
