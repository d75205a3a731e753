/// What deciding may know of a request. A cheap value: empty arrays cost nothing, names become hashes where they are read.
public struct Facts: Hashable, Sendable {
    public var needs: Needs
    /// Tokens of the prompt, estimated.
    public var inputTokens: Int
    /// `max_tokens`, or 0 when the request does not say.
    public var outputTokens: Int
    /// Hashes by `Random.hash`; 0 is none. For sticky choices.
    public var session: UInt64
    public var user: UInt64
    public var key: UInt64
    /// Tags of request and key. A leading `!` excludes deployments with that tag, a leading `&` requires it.
    public var tags: [String]
    /// Regions that may serve. Empty: any.
    public var regions: [String]
    /// Regions that may not serve, whatever `regions` says. Both name areas as well: `eu` holds for all regions there.
    public var deniedRegions: [String]
    /// Where the caller is. Nil: unknown.
    public var region: String?
    /// Only deployments of this provider may serve: a rule or `router_provider` says so.
    public var provider: String?
    /// How hard the request is, 0 ... 1. Nil: nobody scored it.
    public var complexity: Double?
    /// Deployments that this key may use. Nil: all.
    public var allowed: DeploymentSet?
    /// A hard budget stands above this request, so a deployment without a price may not serve.
    public var needsPrice: Bool
    /// Asking twice may act twice (a tool that does something, a stored response): such a request is never hedged.
    public var hasSideEffects: Bool
    /// What the request holds of the table's `fields`, in their order; beyond its end everything is missing.
    public var values: [Value]

    public init(
        needs: Needs = [], inputTokens: Int = 0, outputTokens: Int = 0, session: UInt64 = 0, user: UInt64 = 0, key: UInt64 = 0,
        tags: [String] = [], regions: [String] = [], allowed: DeploymentSet? = nil, needsPrice: Bool = false,
        hasSideEffects: Bool = false, values: [Value] = [], region: String? = nil, deniedRegions: [String] = [], provider: String? = nil,
        complexity: Double? = nil
    ) {
        self.needs = needs
        self.inputTokens = inputTokens
        self.outputTokens = outputTokens
        self.session = session
        self.user = user
        self.key = key
        self.tags = tags
        self.regions = regions
        self.allowed = allowed
        self.needsPrice = needsPrice
        self.hasSideEffects = hasSideEffects
        self.values = values
        self.region = region
        self.deniedRegions = deniedRegions
        self.provider = provider
        self.complexity = complexity
    }
}
