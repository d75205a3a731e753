import Gateway
import Logging
import Settings
import Storage
import Wire

/// Answers the admin API: finds the route of a call, asks who may, hands on to those who know.
public final class AdminDesk: Sendable {
    let settings: SettingsDesk
    let versions: VersionDesk
    let collections: Collections
    let drafts: Drafts
    let rules: RoutingRules
    let firewallRules: TokenRouterFirewall
    let passThrough: PassThroughDesk
    let signals: SignalDesk
    let ledger: LedgerDesk
    let audit: AuditDesk
    let breaches: BreachDesk
    let usage: UsageDesk
    let savings: SavingsDesk
    let budgets: BudgetDesk
    let deployments: DeploymentDesk
    let explaining: Explaining
    let firewall: FirewallDesk
    let guardrails: GuardrailDesk
    let insights: InsightsDesk
    let cache: CacheDesk
    let prices: PriceDesk
    let replay: ReplayDesk
    let rerating: RerateDesk
    let trials: TrialDesk
    let experiments: ExperimentDesk
    let learning: FeedbackLearningDesk
    let sessions: SessionDesk
    let live: LiveDesk
    let playground: PlaygroundDesk
    let tokens: TokenDesk
    let simulator: SimulatorDesk
    private let server: Server
    private let book: SettingsBook
    private let stores: (settings: any Store, ledger: any Store)
    private let ids: Locked<RequestIDGenerator>
    private let log: Logger

    /// - Parameters:
    ///   - ledger: Where requests and events are.
    ///   - book: Where settings and signals are, and are changed.
    ///   - bell: To the other gateways.
    public init(
        _ server: Server, settings book: SettingsBook, store: any Store, ledger: any Store, events: AdminEvents, trials: TrialKeeper? = nil,
        learning: LearningKeeper? = nil, log: Logger, bell: any Bell = SilentBell()
    ) throws {
        self.server = server
        self.book = book
        self.log = log
        stores = (store, ledger)
        let beside = Beside(server: server, tests: ProviderTests(store: store), ledger: ledger)
        let collections = Collections(book: book, beside: beside)
        self.collections = collections
        settings = SettingsDesk(book: book) { collections.etag($0) }
        versions = VersionDesk(book: book, store: store)
        drafts = Drafts(book: book)
        rules = RoutingRules(book: book)
        firewallRules = TokenRouterFirewall(book: book)
        passThrough = PassThroughDesk(book: book)
        signals = SignalDesk(signals: server.signals, store: store, book: book, bell: bell)
        self.ledger = LedgerDesk(store: ledger) { events.dropped }
        audit = AuditDesk(store: store)
        breaches = BreachDesk(store: ledger, audit: store) { server.breaches.counts.dropped }
        usage = UsageDesk(store: ledger)
        savings = SavingsDesk(server: server, store: ledger)
        budgets = BudgetDesk(server: server, store: ledger)
        deployments = DeploymentDesk(server: server, book: book)
        explaining = Explaining(server: server)
        firewall = FirewallDesk(server: server)
        guardrails = GuardrailDesk(server: server)
        insights = InsightsDesk(server: server, book: book, store: ledger)
        cache = CacheDesk(server: server, audit: store, bell: bell)
        prices = PriceDesk(book: book, tags: collections.tags)
        replay = ReplayDesk(book: book, ledger: ledger)
        rerating = RerateDesk(book: book, ledger: ledger) { server.rereadBudgets() }
        let keeper = trials ?? TrialKeeper(server, book: book, store: store, events: ledger, log: log)
        self.trials = TrialDesk(server: server, book: book, keeper: keeper)
        experiments = ExperimentDesk(server: server, ledger: ledger, keeper: keeper)
        self.learning = FeedbackLearningDesk(
            server: server, book: book, keeper: learning ?? LearningKeeper(server, documents: store, opinions: ledger, log: log))
        sessions = SessionDesk(server: server, book: book)
        live = LiveDesk(server: server)
        playground = PlaygroundDesk(server: server, book: book)
        tokens = TokenDesk(server: server, book: book)
        simulator = SimulatorDesk(book: book)
        ids = Locked(RequestIDGenerator(node: try ledger.leaseNodes(1)))
        try signals.takeUp()
    }

    /// Takes up the signals that were set through other gateways of the store.
    public func takeUpSignals() async throws {
        let signals = signals
        try await blocking { try signals.takeUp() }
    }

    func nextID() -> String { ids.withLock { $0.next(atUnixMilliseconds: WallClock.milliseconds()).description } }

    /// - Parameter token: As the caller showed it.
    func answer(_ call: AdminCall, token: String?, id: String) async -> AdminAnswer {
        do {
            var call = call
            call.requestID = id
            let (route, allowed) = AdminRoutes.served.find(call.method, call.path)
            if route?.right != .nothing {
                call.caller = try identify(call, token: token)
            }
            guard let route else {
                throw allowed.isEmpty ? Self.unknown(call) : AdminRefusal.wrongMethod(allowed.joined(separator: ", "))
            }
            try Self.check(route, call.caller)
            return try await route.answer(self, call)
        } catch let refusal as AdminRefusal {
            return refusal.answer(requestID: id)
        } catch let refused as SettingsBook.Refused {
            let first = refused.problems.first.map { "\($0.path.isEmpty ? "document" : $0.path): \($0.message)" } ?? "it has problems"
            return AdminRefusal(422, "invalid_settings", "nothing was changed: \(first)", problems: refused.problems).answer(requestID: id)
        } catch let failure as StoreFailure {
            return AdminRefusal(failure).answer(requestID: id)
        } catch {
            log.error("the admin API failed", metadata: ["problem": "\(error)", "request_id": "\(id)"])
            return AdminRefusal(500, "internal_error", "this failed here; the log has it under the request's id").answer(requestID: id)
        }
    }

    private func identify(_ call: AdminCall, token: String?) throws -> AdminIdentity {
        guard let identity = try shown(token, call) else {
            throw AdminRefusal(401, "invalid_api_key", "this needs an admin token: send it as `Authorization: Bearer TOKEN`")
        }
        // Without a token only this machine may ask, and a web page that it shows is not this machine.
        if case .local = identity, let stranger = call.stranger {
            throw AdminRefusal(
                403, "foreign_origin",
                "requests of \(stranger.prefix(100)) are not answered while neither SWIFTLET_ADMIN_TOKEN nor admin.tokens is set")
        }
        return identity
    }

    /// By token, else by the session of the console.
    private func shown(_ token: String?, _ call: AdminCall) throws -> AdminIdentity? {
        guard server.needsToken else { return .local }
        guard let token else { return try sessions.identify(call) }
        return try sessions.identify(TokenDigest(of: token), from: call.address)
    }

    private static func check(_ route: AdminRoute, _ caller: AdminIdentity) throws {
        let roles = route.right.roles
        guard !roles.contains(caller.role) else { return }
        let needed = roles.map { "`\($0.rawValue)`" }.joined(separator: " or ")
        throw AdminRefusal(
            403, "role_not_sufficient", "\(route.method) \(route.path) needs the role \(needed); `\(caller.name)` is `\(caller.role.rawValue)`")
    }

    private static func unknown(_ call: AdminCall) -> AdminRefusal {
        AdminRefusal(404, "unknown_url", "no such path; /api/v1/openapi.json describes those that exist")
    }

    /// Goes on for as long as the one who asked may look.
    func watch(_ call: AdminCall) throws -> AdminAnswer {
        try live.watch { [self] in
            guard server.needsToken, call.session != nil else { return true }
            return sessions.holds(call)
        }
    }

    // MARK: The gateway itself

    func health() -> AdminAnswer { AdminAnswer(text: "ok\n") }

    func readiness() -> AdminAnswer {
        server.unreadiness.map { AdminAnswer(text: "not ready: \($0)\n", status: 503) } ?? AdminAnswer(text: "ready\n")
    }

    func metrics() async -> AdminAnswer { AdminAnswer(text: await server.metrics() + sessions.exposition, type: "text/plain; version=0.0.4") }

    func me(_ call: AdminCall) -> AdminAnswer {
        AdminAnswer { whole in
            whole.object { whole in
                whole.member("name", call.caller.name)
                whole.member("role", call.caller.role.rawValue)
                whole.key("projects")
                if let bounds = call.caller.bounds {
                    whole.array { list in for project in bounds.projects { list.string(project) } }
                } else {
                    whole.null()
                }
            }
        }
    }

    /// Leaves a note of what was asked: it costs money and shows whether a credential is good.
    func testProvider(_ call: AdminCall) async throws -> AdminAnswer {
        let name = ProviderTesting.subject(call) ?? ""
        let answer = try await ProviderTesting(server: server).answer(call, provider: name)
        let settings = Overlay.get(["providers", name], in: await book.document)
        try await collections.beside.tests.keep(answer.body, of: name, settings: settings, unixMilliseconds: WallClock.milliseconds())
        try await book.note(call.mark("providers.test", "providers.\(name)"))
        return answer
    }

    /// Leaves a note of a test: others read it.
    func webhooks(_ call: AdminCall) async throws -> AdminAnswer {
        try await WebhookDesk(server: server).answer(call) { try await book.note(call.mark("webhooks.test", "alerts.webhooks")) }
    }

    func gateways(_ call: AdminCall) async throws -> AdminAnswer {
        try call.checkQuery([])
        let (own, store) = (await book.version, stores.ledger)
        let newest = try await blocking { [settings = stores.settings] in try settings.settingsVersion() }
        let gateways = try await blocking { try store.gateways() }
        return AdminAnswer { whole in
            whole.object { whole in
                whole.key("data")
                whole.array { list in
                    for gateway in gateways {
                        list.object { line in
                            line.member("number", gateway.number.rawValue)
                            line.member("name", gateway.name)
                            line.member("alive", gateway.isAlive)
                            line.member("last_heard", Timestamp.text(unixMilliseconds: gateway.lastHeardUnixMilliseconds))
                            line.member("settings_version", gateway.settingsVersion)
                        }
                    }
                }
                whole.member("settings_version", newest)
                whole.member("settings_version_here", own)
            }
        }
    }
}
