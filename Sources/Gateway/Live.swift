import NIOCore
import Routing
import Schema
import Settings
import Storage
import Translation
import Wire

/// What the gateway runs: a blueprint made ready for the path of a request. Immutable; a change of settings makes another.
final class Live: Sendable {
    let blueprint: Blueprint
    let table: RoutingTable
    let names: NameTable
    let keys: KeyRing
    /// By `Deployment.ID`.
    let targets: [Target]
    /// What each virtual key may use; by index of `blueprint.keys`, or of the one key `local`.
    let allowances: [Allowance]
    let limits: Limits
    /// By index of `blueprint.keys`: those that are refused, now or some day.
    private let standings: [Standing]
    /// The ledger's numbers for keys, routes and deployments.
    let numbers: Numbers
    /// The names as the access log writes them.
    let quotedNames: QuotedNames
    /// By `Route.ID`: the header line that names the route.
    let routeLines: [ByteBuffer]
    /// By the table's fields: where their values come from.
    let sources: [FieldSource]
    /// Something asks for tags, regions or conditions; most settings do not, and then nobody looks for them.
    let isCurious: Bool
    /// Some route or name has requests scored by how hard they are; most settings have none, and then nobody looks further.
    let mayAskComplexity: Bool
    /// A request may name the customer that it is for.
    let hasCustomers: Bool
    /// Some policy has a canary or a shadow; most settings have neither, and then nobody asks.
    let hasTrials: Bool
    /// Some leaf sets members of the request's body.
    let hasParams: Bool
    /// Some route hedges, or holds the first tokens of streams.
    let hasWatches: Bool
    /// Some route has streams carried on that broke off.
    let carriesOn: Bool
    /// What a translation cannot carry over refuses the request.
    let refusesLoss: Bool
    /// Headers of clients that some provider takes.
    let passedRequestHeaders: [String]
    /// Names of providers that deployments mention.
    let providers: [String]
    /// Nil: there are no pass-through endpoints.
    let passes: PassTable?
    /// What guardrails and firewall look for. Nil: nobody looks at anything.
    let guards: LiveGuards?
    /// By index of `blueprint.moderation.all`.
    let moderators: [Moderator]
    /// What is counted and limited.
    let metering: Metering
    /// By project: what is kept of the texts of its requests; most settings keep none, and then nobody asks.
    private let textKeepings: [String: TextKeeping]
    let keepsTexts: Bool
    /// By project: how its prompts are made shorter; most settings shorten none, and then nobody asks.
    let compressions: [String: Compression]
    let compresses: Bool
    /// Choices by complexity learn from feedback; nil: they do not.
    let learning: LearningSettings?
    /// What a collector is told; nil: there is none.
    let telemetry: TelemetryPlan?
    /// Some route looks at what providers remember of prompts.
    let seeksWarmth: Bool
    /// Nil: no answers are kept to be given again.
    let caching: Caching?
    /// What savings are compared with.
    private let baselines: Baselines
    /// Of each route.
    let costs: [[CostClass]]
    /// Deployments whose price nobody knows are charged nothing: keys with hard budgets of money may not use them.
    let hasUnpriced: Bool
    /// Of each key's own project.
    private let projectNumbers: [NameID]
    /// When these settings took effect, in seconds since 1970.
    let since: Int64

    /// Deployments that the settings mention; what is behind them was brought up by requests.
    let written: Int

    init(
        _ blueprint: Blueprint, store: any Store, origins: OriginNumbers, mocks: [String: Origin], tokens: TokenKeepers, estimators: Estimators,
        isExclusive: Bool = true, written: Int? = nil
    ) throws(StoreFailure) {
        self.written = written ?? blueprint.table.deployments.count
        self.blueprint = blueprint
        table = blueprint.table
        names = NameTable(blueprint.names)
        keys = KeyRing(blueprint.keys, open: blueprint.keys.isEmpty && blueprint.server.listen.isLoopback)
        targets = zip(blueprint.upstreams, blueprint.table.deployments).map { upstream, deployment in
            Target(upstream, deployment, origins: origins, mocks: mocks, tokens: tokens, estimators: estimators)
        }
        tokens.keep(only: Set(targets.compactMap { $0.keeper?.grant }))
        let targets = targets
        costs = table.routes.indices.map { CostClass.classes(of: blueprint.table.deployments(of: $0), targets) }
        passedRequestHeaders = Set(blueprint.upstreams.flatMap { $0.provider.passedRequestHeaders }).sorted()
        allowances = blueprint.keys.isEmpty ? [.all] : blueprint.keys.map { Allowance($0, blueprint) }
        standings = blueprint.keys.isEmpty ? [Standing(policy: blueprint.defaultPolicy)] : blueprint.keys.map { Standing($0, blueprint) }
        limits = Limits(blueprint.server)
        numbers = try Numbers(blueprint, store)
        quotedNames = QuotedNames(blueprint)
        routeLines = blueprint.table.routes.map { ByteBuffer(string: "x-swiftlet-route: \($0.name.headerSafe)\r\n") }
        sources = blueprint.table.fields.map { FieldSource($0) }
        isCurious =
            !sources.isEmpty || blueprint.table.tagFiltering != .off || blueprint.table.policies.contains { !$0.rules.isEmpty }
            || blueprint.table.deployments.contains { $0.region != nil }
        mayAskComplexity = table.mayAskComplexity || blueprint.names.contains { $0.value.mode != nil }
        hasCustomers = !blueprint.customers.isEmpty
        hasTrials = blueprint.policies.contains { $0.shadow != nil || ($0.canary.map { $0.stopped == nil } ?? false) }
        hasParams = blueprint.table.hasParams
        hasWatches = blueprint.table.routes.contains { $0.hedge != nil || $0.commitGate != nil }
        refusesLoss = blueprint.server.onLoss == .refuse
        carriesOn = blueprint.table.routes.contains { $0.continuesStreams }
        providers = Set(blueprint.upstreams.map(\.providerName)).sorted()
        passes = try PassTable(blueprint.passThrough, store: store, origins: origins)
        guards = LiveGuards(blueprint)
        moderators = blueprint.moderation.all.compactMap { Moderator($0, origins: origins) }
        caching = Caching(blueprint)
        seeksWarmth = blueprint.table.routes.contains(where: \.prefersWarm)
        metering = Metering(
            blueprint.accounts, ceiling: blueprint.unpricedCeiling, globalParallel: blueprint.globalParallel, isExclusive: isExclusive)
        baselines = Baselines(blueprint)
        hasUnpriced = blueprint.unpricedCeiling == nil && !targets.allSatisfy(\.isPriced)
        let known = numbers
        projectNumbers = standings.map { $0.project.flatMap { known.projects[$0] } ?? .none }
        let most = Int(blueprint.ledger.textSize.bytes)
        textKeepings = Dictionary(
            blueprint.projects.filter(\.keepsTexts).map { ($0.name, TextKeeping(redacts: $0.redactsTexts, most: most)) }, uniquingKeysWith: { $1 })
        keepsTexts = !textKeepings.isEmpty
        compressions = Dictionary(blueprint.projects.map { ($0.name, $0.compression) }, uniquingKeysWith: { $1 })
        telemetry = TelemetryPlan(blueprint.telemetry)
        learning = blueprint.learning.enabled ? blueprint.learning : nil
        compresses = blueprint.compression.mode != .off || compressions.contains { $0.value.mode != .off }
        since = WallClock.milliseconds() / 1000
    }

    var onStoreLoss: Ledger.OnStoreLoss { blueprint.server.onStoreLoss == .local ? .local : .deny }

    /// Nil: nobody knows its price, and there is no ceiling for those.
    func cost(of usage: Usage, at target: Target) -> Nanodollars? { target.cost(of: usage) ?? metering.ceiling?.cost(of: usage) }

    /// Of the project of a request with this key: nearly always the key's own.
    func number(ofProject project: String, key: Int) -> NameID {
        if projectNumbers.indices.contains(key), standings[key].project == project { return projectNumbers[key] }
        return numbers.projects[project] ?? .none
    }

    /// What the same request is compared with in the report of savings.
    /// - Parameter cost: What the request came to, where one deployment answered all of it.
    func baseline(of usage: Usage, route: Route.ID, cost: Nanodollars?) -> Nanodollars? {
        if let cost, baselines.isUniform(route: route) { return cost }
        return baselines[route].flatMap { targets[$0.deployment].cost(of: usage) }
    }

    /// What a project demands of deployments.
    func residency(ofProject name: String) -> Residency? { blueprint.project(named: name).flatMap { blueprint.projects[$0].residency } }

    func textKeeping(of request: Admitted) -> TextKeeping? { request.entry.project.flatMap { textKeepings[$0] } }

    func baseline(route: Route.ID) -> Baseline? { baselines[route] }

    /// What settings say of a key beside what it may use.
    final class Standing: Sendable {
        let paused: Bool
        /// Seconds since 1970.
        let expires: Int64
        let policy: Int?
        let project: String?
        /// Its policy is neither its project's nor the organisation's.
        let hasOwnPolicy: Bool
        let overrides: Overrides
        /// Where deployments may be for its requests.
        let regions: (allowed: [String], denied: [String])?
        /// Deployments that may serve it. Nil: all.
        let allowed: DeploymentSet?
        /// What it and its project demand of them.
        let residency: Residency?
        /// Of its project and customer, which may be switched off.
        let projectIsActive: Bool
        let customer: Int?
        let customerIsActive: Bool

        init(policy: Int?) {
            self.policy = policy
            (paused, expires, project, hasOwnPolicy, overrides, regions) = (false, .max, nil, false, .all, nil)
            (allowed, residency, projectIsActive, customer, customerIsActive) = (nil, nil, true, nil, true)
        }

        init(_ key: VirtualKey, _ blueprint: Blueprint) {
            overrides = key.overrides
            regions = key.regions.isEmpty && key.deniedRegions.isEmpty ? nil : (key.regions, key.deniedRegions)
            allowed = blueprint.deployments(of: key)
            residency = key.residency
            projectIsActive = key.project.map { blueprint.projects[$0].isActive } ?? true
            customer = key.customer
            customerIsActive = key.customer.map { blueprint.customers[$0].isActive } ?? true
            paused = key.paused
            expires = key.expires?.seconds ?? .max
            policy = key.policy
            project = key.project.map { blueprint.projects[$0].name }
            let inherited = key.project.flatMap { blueprint.projects[$0].policy } ?? blueprint.defaultPolicy
            hasOwnPolicy = key.policy != inherited
        }
    }

    /// Of a virtual key by its index; of `local` at 0 where there are none.
    func standing(of key: Int) -> Standing { standings[key] }

    /// Why a key that is known may not be used. Nil: it may.
    func refusal(of key: Int, unixSeconds: Int64) -> Refusal? {
        if standings[key].paused { return Refusal(.keyPaused, "key `\(keyName(key))` is paused") }
        if standings[key].expires <= unixSeconds { return Refusal(.keyExpired, "key `\(keyName(key))` has expired") }
        if !standings[key].projectIsActive { return Self.inactiveProject(standings[key].project ?? "") }
        if !standings[key].customerIsActive, let customer = standings[key].customer {
            return Self.inactiveCustomer(blueprint.customers[customer].name)
        }
        return nil
    }

    static func inactiveProject(_ name: String) -> Refusal {
        Refusal(.projectInactive, "project `\(name.prefix(100))` is switched off: its requests are not served")
    }

    static func inactiveCustomer(_ name: String) -> Refusal {
        Refusal(.customerInactive, "customer `\(name.prefix(100))` is switched off: its requests are not served")
    }

    /// The key that requests are served as when no keys are configured and the listener is loopback.
    static let localKey = "local"

    func keyName(_ key: Int) -> String { blueprint.keys.isEmpty ? Self.localKey : blueprint.keys[key].name }
    /// Nil: there is no such key.
    func key(named name: String) -> Int? {
        blueprint.keys.firstIndex { $0.name == name } ?? (blueprint.keys.isEmpty && name == Self.localKey ? 0 : nil)
    }
    func keyTags(_ key: Int) -> [String] { blueprint.keys.isEmpty ? [] : blueprint.keys[key].tags }
    func routeName(_ route: Route.ID) -> String { table.routes[route].name }
    /// Of a route that may have come with a request.
    func routeName(_ route: Route.ID, or other: String) -> String { table.routes.indices.contains(route) ? routeName(route) : other }
    func deploymentName(_ id: Deployment.ID) -> String { table.deployments[id].name }

    /// What serves a request that names no model.
    var defaultModel: NamedModel? { blueprint.defaultRoute.map { NamedModel(route: $0, name: routeName($0)) } }

    func envelope(_ now: Instant, timeout: Duration?) -> Envelope {
        guard let timeout else { return Envelope(deadline: now + limits.totalTimeout) }
        return Envelope(deadline: min(now + timeout, now + limits.totalTimeout))
    }

    func unknownModel(_ name: String?, key: Int, param: String = "model") -> Refusal {
        guard let name else {
            return Refusal(.modelNotFound, "the request names no model and there is no default; \(offer(key))", param: "model")
        }
        let visible = visibleNames(key)
        let near = Spelling.nearest(to: name, among: visible).map { "; did you mean `\($0)`?" } ?? "; \(offer(key))"
        return Refusal(.modelNotFound, "there is no model `\(name.prefix(200))`\(near)", param: param)
    }

    func notAllowed(_ name: String, key: Int) -> Refusal {
        Refusal(.modelNotAllowed, "key `\(keyName(key))` may not use model `\(name.prefix(200))`; \(offer(key))", param: "model")
    }

    private func offer(_ key: Int) -> String {
        let visible = visibleNames(key)
        if visible.isEmpty { return "no model is configured for this key" }
        return "this key may use " + visible.prefix(8).map { "`\($0)`" }.joined(separator: ", ") + (visible.count > 8 ? " and others" : "")
    }

    /// The names that a key gets to see, in order.
    func visibleNames(_ key: Int) -> [String] {
        blueprint.names.filter { !$0.value.hidden && allowances[key].permits($0.value) }.keys.sorted()
    }
}

/// The models a virtual key may name.
struct Allowance: Sendable {
    /// A bit for each route. Nil: every model.
    private let routes: [UInt64]?

    static let all = Allowance()

    private init() { routes = nil }

    init(_ key: VirtualKey, _ blueprint: Blueprint) {
        guard let models = key.models else {
            self = .all
            return
        }
        let permitted = models.compactMap { blueprint.names[$0]?.route }
        var bits = [UInt64](repeating: 0, count: (permitted.max() ?? 0) / 64 + 1)
        for route in permitted { bits[route / 64] |= 1 << UInt64(route % 64) }
        routes = bits
    }

    func permits(_ model: NamedModel) -> Bool {
        guard let routes else { return true }
        let word = model.route / 64
        return routes.indices.contains(word) && routes[word] & (1 << UInt64(model.route % 64)) != 0
    }
    var permitsAnything: Bool { routes == nil }
}

/// Sizes and times of the client's side, out of the server's settings.
struct Limits: Sendable {
    let head: HeadLimits
    let replyHead: HeadLimits
    let requestBytes: Int
    let responseBytes: Int
    let connectionsPerLoop: Int
    let headTimeout: Span
    let bodyTimeout: Span
    let keepAliveTimeout: Span
    let writeTimeout: Span
    let totalTimeout: Span

    init(_ server: ServerSettings) {
        head = HeadLimits(bytes: server.headBytes, fields: server.headFields)
        replyHead = HeadLimits(bytes: 65_536, fields: 200)
        requestBytes = server.requestBytes
        responseBytes = server.responseBytes
        let loops = max(1, server.threads ?? System.coreCount)
        connectionsPerLoop = max(1, server.maxConnections / loops)
        headTimeout = Span(server.headTimeout)
        bodyTimeout = Span(server.bodyTimeout)
        keepAliveTimeout = Span(server.keepAliveTimeout)
        writeTimeout = Span(server.writeTimeout)
        totalTimeout = Span(server.totalTimeout)
    }
}

extension String {
    /// Bytes that a header value must not have are percent-encoded.
    var headerSafe: String {
        var safe = ""
        for byte in utf8 {
            if byte >= 0x20, byte < 0x7f, byte != UInt8(ascii: "%") {
                safe.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                safe += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
        return safe
    }
}
