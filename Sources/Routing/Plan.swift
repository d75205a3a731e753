/// A table compiled, immutable behind one reference: what a decision walks is loaded from here without copying or counting.
final class Plan: Sendable {
    let version: Int
    let baseVersion: Int?
    let deployments: [Deployment]
    let routes: [NamedRoute]
    let tagFiltering: TagFiltering
    let maxFallbacks: Int
    let retryBucket: RetryBucket
    /// By `Deployment.ID`.
    let traits: [Traits]
    let prices: [Price?]
    let profiles: [Profile]
    let nodes: [CompiledTree.Node]
    let children: [CompiledTree.Child]
    let leaves: [CompiledTree.Leaf]
    /// By the same index.
    let options: [LeafOptions]
    /// By `Route.ID`.
    let roots: [CompiledTree.Root]
    /// As they start out; a router holds the moving ones.
    let pickers: [Picker]
    let conditions: ConditionTests
    let policies: [RoutingPolicy]
    /// By `RoutingPolicy.ID`.
    let rules: [CompiledPolicy]

    init(
        version: Int, extending baseVersion: Int? = nil, deployments: [Deployment], routes: [NamedRoute], tagFiltering: TagFiltering,
        maxFallbacks: Int, retryBucket: RetryBucket, tree: CompiledTree, policies: [RoutingPolicy], rules: [CompiledPolicy]
    ) {
        self.version = version
        self.baseVersion = baseVersion
        self.deployments = deployments
        self.routes = routes
        self.tagFiltering = tagFiltering
        self.maxFallbacks = maxFallbacks
        self.retryBucket = retryBucket
        traits = deployments.map(Traits.init)
        prices = deployments.map(\.price)
        profiles = Profile.all(deployments)
        nodes = tree.nodes
        children = tree.children
        leaves = tree.leaves
        options = tree.options
        roots = tree.roots
        pickers = tree.pickers
        conditions = tree.conditions
        self.policies = policies
        self.rules = rules
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
