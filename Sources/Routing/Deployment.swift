/// A model at a provider: the leaf of every route.
public struct Deployment: Hashable, Sendable {
    /// The index in `RoutingTable.deployments`.
    public typealias ID = Int

    public enum Kind: UInt8, CaseIterable, Sendable { case paid, free, selfHosted }

    /// Unique in a table, normally `provider/model`. Health survives a change of settings under this name.
    public var name: String
    public var provider: String
    public var model: String
    public var kind: Kind
    public var region: String?
    /// Its provider promises to keep nothing of what it is sent (zero data retention).
    public var keepsNothing = false
    public var tags: [String]
    /// Share under `shuffle`. Nil: not said, which counts as 0 when the first of the group says one, else by rpm, tpm, even.
    public var weight: Double?
    /// Limits, exact to the request within a minute of UTC. Shares under `shuffle` too, where no weight is said.
    public var requestsPerMinute: Int?
    public var tokensPerMinute: Int?
    public var maxParallelRequests: Int?
    public var price: Price?
    /// How good its answers are, 0 ... 1, as an operator says. Nil: nobody does.
    public var quality: Double?
    /// The same as its price and age suggest: see `InferredCapability`. Nil: no price is known.
    public var capability: Double?
    /// Tokens of prompt and answer together. Nil: unknown, so nothing is too large.
    public var contextWindow: Int?
    /// Tokens of an answer at most. Nil: unknown.
    public var maxOutput: Int?
    /// What it is known not to do; what is unknown it is believed to do.
    public var lacks: Needs
    /// Taken out by an operator.
    public var paused: Bool
    /// From the attempt's start to its last byte.
    public var timeout: Duration?
    public var breaker: BreakerPolicy
    /// A digest of what it takes to call it (address, credential). When it changes, health begins anew under the same name.
    public var fingerprint: UInt64
    /// Nil: its provider remembers no prompts, or nobody knows how.
    public var promptCache: PromptCacheTerms?

    public init(
        name: String, provider: String = "", model: String = "", kind: Kind = .paid, region: String? = nil, tags: [String] = [],
        weight: Double? = nil, requestsPerMinute: Int? = nil, tokensPerMinute: Int? = nil, maxParallelRequests: Int? = nil,
        price: Price? = nil, contextWindow: Int? = nil, lacks: Needs = [], paused: Bool = false, timeout: Duration? = nil,
        breaker: BreakerPolicy = BreakerPolicy(), fingerprint: UInt64 = 0, quality: Double? = nil
    ) {
        self.name = name
        self.provider = provider
        self.model = model
        self.kind = kind
        self.region = region
        self.tags = tags
        self.weight = weight
        self.requestsPerMinute = requestsPerMinute
        self.tokensPerMinute = tokensPerMinute
        self.maxParallelRequests = maxParallelRequests
        self.price = price
        self.contextWindow = contextWindow
        self.lacks = lacks
        self.paused = paused
        self.timeout = timeout
        self.breaker = breaker
        self.fingerprint = fingerprint
        self.quality = quality
    }

    /// The same thing to call, whatever its weight, limits or price: its health stays true.
    func isSameTarget(as other: Deployment) -> Bool {
        name == other.name && provider == other.provider && model == other.model && region == other.region
            && fingerprint == other.fingerprint
    }
}

/// A set of deployments of one table, as bits.
public struct DeploymentSet: Hashable, Sendable {
    private var words: [UInt64]

    public init(_ members: some Sequence<Deployment.ID>) {
        words = []
        for member in members { insert(member) }
    }

    public mutating func insert(_ member: Deployment.ID) {
        let word = member >> 6
        if word >= words.count { words += Array(repeating: 0, count: word + 1 - words.count) }
        words[word] |= 1 << UInt64(member & 63)
    }

    public func contains(_ member: Deployment.ID) -> Bool {
        let word = member >> 6
        return word < words.count && words[word] & (1 << UInt64(member & 63)) != 0
    }
}
