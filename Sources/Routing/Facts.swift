/// What deciding may know of a request. A cheap value: what is rare takes one word where there is none of it, names become hashes
/// where they are read.
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
    /// A hard budget stands above this request, so a deployment without a price may not serve.
    public var needsPrice: Bool
    /// Asking twice may act twice (a tool that does something, a stored response): such a request is never hedged.
    public var hasSideEffects: Bool
    /// One where there is something, else none: most requests have nothing of it, and facts are copied with every journey.
    private var rare: [Rare] = []

    /// What few requests have.
    private struct Rare: Hashable, Sendable {
        var tags: [String] = []
        var regions: [String] = []
        var deniedRegions: [String] = []
        var region: String?
        var provider: String?
        var allowed: DeploymentSet?
        var residency: Residency?
        var values: [Value] = []
        var appraisal: Appraisal?
        var beginnings = PromptBeginnings()
    }

    public init(
        needs: Needs = [], inputTokens: Int = 0, outputTokens: Int = 0, session: UInt64 = 0, user: UInt64 = 0, key: UInt64 = 0,
        tags: [String] = [], regions: [String] = [], allowed: DeploymentSet? = nil, needsPrice: Bool = false,
        hasSideEffects: Bool = false, values: [Value] = [], region: String? = nil, deniedRegions: [String] = [], provider: String? = nil,
        complexity: Double? = nil
    ) {
        self.init(needs: needs, inputTokens: inputTokens, outputTokens: outputTokens, key: key)
        self.session = session
        self.user = user
        self.needsPrice = needsPrice
        self.hasSideEffects = hasSideEffects
        self.complexity = complexity
        self.tags = tags
        self.regions = regions
        self.allowed = allowed
        self.values = values
        self.region = region
        self.deniedRegions = deniedRegions
        self.provider = provider
    }

    /// Of a request that says little.
    public init(needs: Needs, inputTokens: Int, outputTokens: Int, key: UInt64) {
        self.needs = needs
        self.inputTokens = inputTokens
        self.outputTokens = outputTokens
        self.key = key
        session = 0
        user = 0
        needsPrice = false
        hasSideEffects = false
    }

    /// How many `values` there are, and one of them where it lies: conditions look at many.
    var valueCount: Int { rare.isEmpty ? 0 : rare[0].values.count }
    subscript(value index: Int) -> Value { _read { yield rare[0].values[index] } }

    /// Neither tags nor regions, provider, deployments or values stand here.
    var isPlain: Bool { rare.isEmpty }

    private var some: Rare {
        get { rare.isEmpty ? Rare() : rare[0] }
        _modify {
            if rare.isEmpty { rare.append(Rare()) }
            yield &rare[0]
            if rare[0] == Rare() { rare = [] }
        }
    }
}

/// Written where they say something, or where something stood before.
extension Facts {
    /// Tags of request and key. A leading `!` excludes deployments with that tag, a leading `&` requires it.
    public var tags: [String] {
        get { rare.isEmpty ? [] : rare[0].tags }
        set { if !isPlain || !newValue.isEmpty { some.tags = newValue } }
    }

    /// Regions that may serve. Empty: any.
    public var regions: [String] {
        get { rare.isEmpty ? [] : rare[0].regions }
        set { if !isPlain || !newValue.isEmpty { some.regions = newValue } }
    }

    /// Regions that may not serve, whatever `regions` says. Both name areas as well: `eu` holds for all regions there.
    public var deniedRegions: [String] {
        get { rare.isEmpty ? [] : rare[0].deniedRegions }
        set { if !isPlain || !newValue.isEmpty { some.deniedRegions = newValue } }
    }

    /// Where the caller is. Nil: unknown.
    public var region: String? {
        get { rare.isEmpty ? nil : rare[0].region }
        set { if !isPlain || newValue != nil { some.region = newValue } }
    }

    /// Only deployments of this provider may serve: a rule or `router_provider` says so.
    public var provider: String? {
        get { rare.isEmpty ? nil : rare[0].provider }
        set { if !isPlain || newValue != nil { some.provider = newValue } }
    }

    /// Deployments that this key may use. Nil: all.
    public var allowed: DeploymentSet? {
        get { rare.isEmpty ? nil : rare[0].allowed }
        set { if !isPlain || newValue != nil { some.allowed = newValue } }
    }

    /// What its key and project demand of deployments. Nil: nothing but regions and `allowed`.
    public var residency: Residency? {
        get { rare.isEmpty ? nil : rare[0].residency }
        set { if !isPlain || newValue != nil { some.residency = newValue } }
    }

    /// How its prompt begins, where its route asks; else nothing.
    public var beginnings: PromptBeginnings {
        get { rare.isEmpty ? PromptBeginnings() : rare[0].beginnings }
        set { if !isPlain || !newValue.parts.isEmpty { some.beginnings = newValue } }
    }

    /// How hard the request is. Nil: nobody asked.
    public var appraisal: Appraisal? {
        get { rare.isEmpty ? nil : rare[0].appraisal }
        set { if !isPlain || newValue != nil { some.appraisal = newValue } }
    }

    /// The same as a number, 0 ... 1. Nil: nobody scored it.
    public var complexity: Double? {
        get { appraisal.flatMap { $0.isScored ? Double($0.inContext) : nil } }
        set { appraisal = newValue.map { Appraisal(score: Float($0)) } }
    }

    /// What the request holds of the table's `fields`, in their order; beyond its end everything is missing.
    public var values: [Value] {
        get { rare.isEmpty ? [] : rare[0].values }
        set { if !isPlain || !newValue.isEmpty { some.values = newValue } }
    }
}
