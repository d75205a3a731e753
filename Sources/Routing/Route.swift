/// A route as it is written: a deployment, a name, or a strategy over routes. `RoutingTable` compiles it to flat arrays.
public indirect enum Route: Sendable {
    /// The index in `RoutingTable.routes`.
    public typealias ID = Int

    case deployment(Deployment.ID, LeafOptions)
    /// Another route of the table by its name.
    case named(String)
    case choice(any Strategy, [Branch])
    /// Options for all leaves of the route, where they say nothing themselves.
    case with(LeafOptions, Route)

    public static func deployment(_ id: Deployment.ID) -> Route { .deployment(id, LeafOptions()) }
}

/// A child of a choice.
public struct Branch: Sendable {
    public var route: Route
    /// Nil: the deployment's own weight where the child is one.
    public var weight: Double?
    /// After which faults of another child this one is tried. Nil: after all but the caller's own; outside `fallback` also not
    /// after `context_window` and `content_policy`, which a sibling would answer alike.
    public var on: FaultSet?

    public init(_ route: Route, weight: Double? = nil, on: FaultSet? = nil) {
        self.route = route
        self.weight = weight
        self.on = on
    }
}

/// What a client names as a model: a tree, and how to go on when it fails. Where another tree names it, its tree and its timeout
/// count; how to go on is the business of the route that the client named.
public struct NamedRoute: Sendable {
    public var name: String
    public var tree: Route
    public var retry: RetryPolicy
    /// Said for this route in particular: then it wins over the retries of a request's policy.
    public var retryIsItsOwn = false
    /// For one attempt, where neither leaf, deployment nor request says another.
    public var timeout: Duration?
    /// Names of routes tried in order once this one has failed.
    public var fallbacks: [String]
    /// Asked before `fallbacks` after these faults.
    public var contextWindowFallbacks: [String]
    public var contentPolicyFallbacks: [String]
    /// A second attempt beside a slow one. Nil: never.
    public var hedge: HedgePolicy?
    /// What a stream must show before its first byte goes to the client. Nil: nothing is held.
    public var commitGate: CommitGate?
    /// A plain text that breaks off in the middle is carried on by another deployment, of those that can.
    public var continuesStreams = false
    /// Requests go where their prompt is remembered, if that is expected to cost no more.
    public var prefersWarm = false

    public init(
        name: String, tree: Route, retry: RetryPolicy = RetryPolicy(), timeout: Duration? = nil, fallbacks: [String] = [],
        contextWindowFallbacks: [String] = [], contentPolicyFallbacks: [String] = [], hedge: HedgePolicy? = nil,
        commitGate: CommitGate? = nil
    ) {
        self.name = name
        self.tree = tree
        self.retry = retry
        self.timeout = timeout
        self.fallbacks = fallbacks
        self.contextWindowFallbacks = contextWindowFallbacks
        self.contentPolicyFallbacks = contentPolicyFallbacks
        self.hedge = hedge
        self.commitGate = commitGate
    }
}
