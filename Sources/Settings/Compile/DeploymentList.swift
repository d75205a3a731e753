import Routing
import Schema
import Translation

/// Deployments as they are met in a document: each provider and model once, whoever mentions it.
struct DeploymentList: Sendable {
    private(set) var deployments: [Deployment] = []
    private(set) var upstreams: [Upstream] = []
    /// By `Deployment.ID`: what it may use of its own, without what its provider says.
    private(set) var limits: [DeploymentLimits] = []
    /// Those of which nothing was said but provider and model: the first that says more says it for them.
    private var bare: Set<Deployment.ID> = []
    /// See `declareDangling`.
    private(set) var dangling: Set<Deployment.ID> = []
    private var byName: [String: [Deployment.ID]] = [:]
    private let breaker: BreakerPolicy
    private let longestTimeout: Duration
    private let tariff: Tariff
    /// Where each is mentioned first.
    private var places: [Deployment.ID: (path: String, line: Int)] = [:]

    /// `longestTimeout` bounds the wait for a first byte where neither deployment nor provider says one; routes are stricter.
    init(breaker: BreakerPolicy, longestTimeout: Duration, tariff: Tariff) {
        self.breaker = breaker
        self.longestTimeout = longestTimeout
        self.tariff = tariff
    }

    /// The deployment of these settings. Mentions that say nothing or the same are one; the same provider and model with other
    /// settings is another, with a number behind its name.
    mutating func declare(_ settings: DeploymentSettings, of entry: ProviderEntry, at path: String, line: Int) -> Deployment.ID {
        let name = settings.name ?? "\(settings.provider)/\(settings.model)"
        let (made, upstream) = made(of: settings, entry, name: name)
        var deployment = made
        let own = DeploymentLimits(settings)
        let known = byName[name, default: []]
        if settings.saysNothing, let first = known.first { return first }
        for id in known {
            deployment.name = deployments[id].name
            if deployments[id] == deployment, limits[id] == own { return id }
            if bare.remove(id) != nil {
                deployments[id] = deployment
                limits[id] = own
                upstreams[id] = upstream
                return id
            }
        }
        deployment.name = known.isEmpty ? name : "\(name)#\(known.count + 1)"
        deployments.append(deployment)
        upstreams.append(upstream)
        limits.append(own)
        let id = deployments.count - 1
        places[id] = (path, line)
        byName[name, default: []].append(id)
        if settings.saysNothing { bare.insert(id) }
        return id
    }

    /// A cooldown of its own stays.
    mutating func setBreaker(_ breaker: BreakerPolicy, of id: Deployment.ID) {
        let own = deployments[id].breaker
        deployments[id].breaker = breaker
        guard own.cooldownIsItsOwn else { return }
        deployments[id].breaker.cooldown = own.cooldown
        deployments[id].breaker.cooldownIsItsOwn = true
    }

    /// One that was made elsewhere, as the next.
    mutating func adopt(_ deployment: Deployment, _ upstream: Upstream) {
        deployments.append(deployment)
        upstreams.append(upstream)
        limits.append(DeploymentLimits(DeploymentSettings()))
        byName[deployment.name, default: []].append(deployments.count - 1)
    }

    /// Stands where something is named that is no longer there: it never serves, and its name says why.
    mutating func declareDangling(_ written: String) -> Deployment.ID {
        let name = "\(written) (missing)"
        if let known = byName[name]?.first { return known }
        deployments.append(Deployment(name: name, paused: true))
        upstreams.append(Upstream(provider: Mock(), providerName: "", model: ""))
        limits.append(DeploymentLimits(DeploymentSettings()))
        dangling.insert(deployments.count - 1)
        byName[name] = [deployments.count - 1]
        return deployments.count - 1
    }

    private func made(of settings: DeploymentSettings, _ entry: ProviderEntry, name: String) -> (Deployment, Upstream) {
        let provider = entry.provider
        let common = provider.common
        var deployment = Deployment(name: name, provider: settings.provider, model: settings.model)
        deployment.kind = (settings.kind ?? common.kind ?? entry.type.kind).deployment
        deployment.region = settings.region ?? common.region
        deployment.keepsNothing = settings.zeroDataRetention ?? common.zeroDataRetention
        deployment.tags = settings.tags + common.tags.filter { !settings.tags.contains($0) }
        deployment.requestsPerMinute = settings.requestsPerMinute ?? common.requestsPerMinute
        deployment.tokensPerMinute = settings.tokensPerMinute ?? common.tokensPerMinute
        deployment.maxParallelRequests = settings.maxParallelRequests ?? common.maxParallelRequests
        let facts = tariff.facts(of: settings, entry)
        let price = tariff.price(of: settings, entry, facts)
        deployment.price = price(tariff.moment)
        deployment.quality = settings.quality
        deployment.capability = tariff.capability(of: settings, facts)
        deployment.contextWindow = settings.contextWindow ?? facts?.context
        deployment.maxOutput = facts?.maxOutput
        deployment.lacks = settings.lacks?.reduce(into: []) { $0.formUnion($1.needs) } ?? facts?.lacks ?? []
        if !settings.continues { deployment.lacks.insert(.continuation) }
        for (need, api) in [(Needs.chat, API.chatCompletions), (.embeddings, .embeddings), (.completions, .completions)] {
            if provider.upstream(for: api, model: settings.model) == nil { deployment.lacks.insert(need) }
        }
        deployment.promptCache = settings.promptCache(over: provider.promptCache(of: settings.model))
        deployment.paused = settings.paused
        deployment.timeout = settings.timeout ?? common.timeout
        deployment.breaker = breaker
        if let own = settings.cooldownTime {
            deployment.breaker.cooldown = own
            deployment.breaker.cooldownIsItsOwn = true
        }
        deployment.fingerprint = fingerprint(of: provider)
        var upstream = Upstream(provider: provider, providerName: settings.provider, model: settings.model)
        upstream.price = deployment.price
        upstream.priceThen = price
        upstream.connectTimeout = common.connectTimeout
        upstream.firstByteTimeout = common.firstByteTimeout
        upstream.idleTimeout = common.idleTimeout
        upstream.timeout = deployment.timeout ?? longestTimeout
        return (deployment, upstream)
    }

    /// Those that are paid for at a price that nobody knows.
    var unpriced: [Problem] {
        deployments.enumerated().compactMap { id, deployment in
            guard deployment.price == nil, deployment.kind == .paid, let place = places[id] else { return nil }
            let model = upstreams[id].model
            let message = "no price is known for `\(model)`: its requests count as unpriced; say `input_price` and `output_price`, or `base_model`"
            return Problem(place.path, line: place.line, message, severity: .warning)
        }
    }

    /// Address and credential, digested.
    private func fingerprint(of provider: any Provider) -> UInt64 {
        var parts = [provider.base.map { "\($0.origin.authority)\($0.path)" } ?? ""] + provider.secrets.map { $0.reveal() }
        for (name, value) in provider.common.headers.entries { parts += [name, value.reveal()] }
        return parts.reduce(0) { Random.mix($0 ^ Random.hash($1.utf8)) }
    }
}

/// What a deployment may use of its own.
struct DeploymentLimits: Hashable, Sendable {
    var requestsPerMinute: Int?
    var tokensPerMinute: Int?
    var parallel: Int?
    var quotas: QuotaSettings

    init(_ settings: DeploymentSettings) {
        requestsPerMinute = settings.requestsPerMinute
        tokensPerMinute = settings.tokensPerMinute
        parallel = settings.maxParallelRequests
        quotas = settings.quotas
    }
}

extension DeploymentSettings {
    /// Whether it is a mere mention.
    fileprivate var saysNothing: Bool {
        name == nil && region == nil && zeroDataRetention == nil && tags.isEmpty && !saysPrice && tierPrices == nil && baseModel == nil
            && requestsPerMinute == nil && tokensPerMinute == nil
            && maxParallelRequests == nil && contextWindow == nil && lacks == nil && !paused && timeout == nil && cooldownTime == nil
            && quality == nil && kind == nil && !continues && quotas.isEmpty
    }
}
