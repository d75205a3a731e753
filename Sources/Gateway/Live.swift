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
    /// A request may name the customer that it is for.
    let hasCustomers: Bool
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
    /// When these settings took effect, in seconds since 1970.
    let since: Int64

    /// Deployments that the settings mention; what is behind them was brought up by requests.
    let written: Int

    init(
        _ blueprint: Blueprint, store: any Store, origins: OriginNumbers, mocks: [String: Origin], tokens: TokenKeepers, written: Int? = nil
    ) throws(StoreFailure) {
        self.written = written ?? blueprint.table.deployments.count
        self.blueprint = blueprint
        table = blueprint.table
        names = NameTable(blueprint.names)
        keys = KeyRing(blueprint.keys, open: blueprint.keys.isEmpty && blueprint.server.listen.isLoopback)
        targets = zip(blueprint.upstreams, blueprint.table.deployments).map { upstream, deployment in
            Target(upstream, deployment, origins: origins, mocks: mocks, tokens: tokens)
        }
        tokens.keep(only: Set(targets.compactMap { $0.keeper?.grant }))
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
        hasCustomers = !blueprint.customers.isEmpty
        hasParams = blueprint.table.hasParams
        hasWatches = blueprint.table.routes.contains { $0.hedge != nil || $0.commitGate != nil }
        refusesLoss = blueprint.server.onLoss == .refuse
        carriesOn = blueprint.table.routes.contains { $0.continuesStreams }
        providers = Set(blueprint.upstreams.map(\.providerName)).sorted()
        passes = try PassTable(blueprint.passThrough, store: store, origins: origins)
        since = WallClock.milliseconds() / 1000
    }

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
        /// Of its project and customer, which may be switched off.
        let projectIsActive: Bool
        let customer: Int?
        let customerIsActive: Bool

        init(policy: Int?) {
            self.policy = policy
            (paused, expires, project, hasOwnPolicy, overrides, regions) = (false, .max, nil, false, .all, nil)
            (allowed, projectIsActive, customer, customerIsActive) = (nil, true, nil, true)
        }

        init(_ key: VirtualKey, _ blueprint: Blueprint) {
            overrides = key.overrides
            regions = key.regions.isEmpty && key.deniedRegions.isEmpty ? nil : (key.regions, key.deniedRegions)
            allowed = blueprint.deployments(of: key)
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
    func routeName(_ route: Route.ID) -> String { table.routes[route].name }
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
        return "it may use " + visible.prefix(8).map { "`\($0)`" }.joined(separator: ", ") + (visible.count > 8 ? " and others" : "")
    }

    /// The names that a key gets to see, in order.
    func visibleNames(_ key: Int) -> [String] {
        blueprint.names.filter { !$0.value.hidden && allowances[key].permits($0.value) }.keys.sorted()
    }
}

/// The ledger's numbers for names, asked once per change of settings.
struct Numbers: Sendable {
    let keys: [NameID]
    let routes: [NameID]
    let deployments: [NameID]
    /// By index of `Blueprint.policies`.
    let policies: [NameID]
    /// By a policy's number in the table, then by its rule's.
    let rules: [[NameID]]
    /// Of the names behind the numbers in decisions.
    let decisionNames: NameID
    /// Of routes that come with requests.
    let inline: NameID

    init(_ blueprint: Blueprint, _ store: any Store) throws(StoreFailure) {
        inline = try store.intern(["router/inline"], as: .route)[0]
        keys = try store.intern(blueprint.keys.isEmpty ? [Live.localKey] : blueprint.keys.map(\.name), as: .key)
        routes = try store.intern(blueprint.table.routes.map(\.name), as: .route)
        deployments = try store.intern(blueprint.table.deployments.map(\.name), as: .deployment)
        policies = try store.intern(blueprint.policies.map(\.name), as: .policy)
        let names = DecisionNames(blueprint.table)
        var rules: [[NameID]] = []
        for policy in names.policies { rules.append(try store.intern(policy.rules, as: .rule)) }
        self.rules = rules
        decisionNames = try store.keep(decisionNames: names.encoded)
    }
}

/// Keys, routes and deployments as JSON strings, by their indices.
struct QuotedNames: Sendable {
    let keys: [QuotedText]
    let routes: [QuotedText]
    let deployments: [QuotedText]
    let inline = QuotedText("router/inline")

    init(_ blueprint: Blueprint) {
        keys = (blueprint.keys.isEmpty ? [Live.localKey] : blueprint.keys.map(\.name)).map(QuotedText.init)
        routes = blueprint.table.routes.map { QuotedText($0.name) }
        deployments = blueprint.table.deployments.map { QuotedText($0.name) }
    }
}

/// The models a virtual key may name.
struct Allowance: Sendable {
    /// Nil: every model.
    private let routes: Set<Int>?

    static let all = Allowance()

    private init() { routes = nil }

    init(_ key: VirtualKey, _ blueprint: Blueprint) {
        guard let models = key.models else {
            self = .all
            return
        }
        routes = Set(models.compactMap { blueprint.names[$0]?.route })
    }

    func permits(_ model: NamedModel) -> Bool { routes?.contains(model.route) ?? true }
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

/// A deployment made ready to be called.
final class Target: Sendable {
    let provider: any Provider
    let providerName: String
    let origin: Int
    /// By `API.rawValue` of what a client asks: in which API the provider is asked for it. Nil: it cannot serve it.
    let asked: [API?]
    private let heads: [ByteBuffer]
    let model: QuotedText
    let modelName: String
    /// Tokens: for dialects that demand a limit. Nil: unknown.
    let maxOutputTokens: Int?
    /// The header lines that name provider, model and deployment in answers.
    let names: ByteBuffer
    let price: Price?
    let connectTimeout: Duration
    let firstByteTimeout: Span
    let idleTimeout: Span
    /// See `UpstreamRequest.authorized`.
    let signing: Signing?
    let keeper: TokenKeeper?
    let passesHeaders: Bool
    /// Asking for usage in streams would be refused; it comes by itself.
    let refusesStreamOptions: Bool
    /// What a client's own chat request may have to be changed for.
    let mends: ChatQuirks
    let hasOverrides: Bool
    private let bodyOverrides: [BodyOverrides]
    private let credentials: [[UInt8]]

    init(_ upstream: Upstream, _ deployment: Deployment, origins: OriginNumbers, mocks: [String: Origin], tokens: TokenKeepers) {
        provider = upstream.provider
        providerName = upstream.providerName
        let base = provider.base ?? (Origin(tls: true, host: "unconfigured.invalid", port: 443), "/v1")
        var address = mocks[upstream.providerName] ?? base.origin
        address.offersHTTP2 = !address.tls || provider.common.http2 == .auto
        if address.tls, address.offersHTTP2 { address.pingAfter = provider.common.http2Ping }
        origin = origins.number(of: address)
        asked = API.allCases.map { upstream.provider.upstream(for: $0, model: upstream.model) }
        let needed = Set(asked.compactMap { $0 })
        heads = API.allCases.flatMap { api in
            [false, true].map { streaming in
                guard needed.contains(api) else { return ByteBuffer() }
                var head = UpstreamHead(base: base.path, path: base.path + api.path)
                upstream.provider.prepare(&head, for: api, model: upstream.model, streaming: streaming)
                return Target.write(head, authority: address.authority)
            }
        }
        model = QuotedText(upstream.model)
        modelName = upstream.model
        maxOutputTokens = deployment.maxOutput
        names = ByteBuffer(
            string: "x-swiftlet-provider: \(providerName.headerSafe)\r\nx-swiftlet-model: \(upstream.model.headerSafe)\r\n"
                + "x-swiftlet-deployment: \(deployment.name.headerSafe)\r\n")
        price = upstream.price
        connectTimeout = upstream.connectTimeout
        firstByteTimeout = Span(upstream.firstByteTimeout ?? upstream.timeout ?? .seconds(60))
        idleTimeout = Span(upstream.idleTimeout)
        signing = provider.signer.map { [headers = provider.common.headers] signer in
            Signing(signer: signer, authority: address.authority, headers: headers.entries.map { ($0.name, $0.value.reveal()) })
        }
        keeper = provider.grant.map { tokens[$0] }
        passesHeaders = !provider.passedRequestHeaders.isEmpty
        mends = provider.quirks.intersection(ChatMend.quirks)
        refusesStreamOptions = provider.quirks.contains(.noStreamOptions)
        bodyOverrides = API.allCases.map { upstream.provider.overrides(for: $0, model: upstream.model) }
        hasOverrides = bodyOverrides.contains { !$0.isEmpty }
        // A header of the settings may be a short word that any error repeats.
        let key = upstream.provider.common.apiKey
        credentials = provider.secrets.filter { $0 == key || $0.reveal().utf8.count >= 8 }.map { Array($0.reveal().utf8) }
    }

    /// The head of a request up to and with `content-length: `; `api` is one of those in `asked`.
    func head(_ api: API, streaming: Bool) -> ByteBuffer { heads[Int(api.rawValue) * 2 + (streaming ? 1 : 0)] }

    /// What the provider itself demands of bodies in `api`.
    func overrides(_ api: API) -> BodyOverrides { bodyOverrides[Int(api.rawValue)] }

    /// Whether a credential stands in `body`. Linear in the body times the credentials: for error bodies only.
    func isRepeated(in body: ByteBuffer) -> Bool {
        credentials.contains { credential in
            body.withUnsafeReadableBytes { bytes in
                var at = 0
                while bytes.count - at >= credential.count {
                    if bytes[at] == credential[0], bytes[at..<at + credential.count].elementsEqual(credential) { return true }
                    at += 1
                }
                return false
            }
        }
    }

    private static func write(_ head: UpstreamHead, authority: String) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeString("POST \(head.path) HTTP/1.1\r\nhost: \(authority)\r\n")
        for (name, value) in head.headers { buffer.writeString("\(name): \(value)\r\n") }
        buffer.writeString("content-type: application/json\r\naccept-encoding: identity\r\nuser-agent: swiftlet\r\ncontent-length: ")
        return buffer
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
