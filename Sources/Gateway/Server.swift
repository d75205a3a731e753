import Dispatch
import Logging
import NIOCore
import NIOPosix
import NIOSSL
import Routing
import Settings
import Storage
import Translation

/// The running data plane: one event loop a core, the clients' listener, and what all loops share.
///
/// `start` binds and serves, `replace` swaps the settings, `drain` ends it.
public final class Server: Sendable {
    let router: SharedRouter
    let journal: Journal?
    let store: any Store
    let accessLog: AccessLog
    let origins = OriginNumbers()
    let tls: TLS
    /// Of the clients' listener, and of the operators'; nil: plain HTTP.
    let certificate: ServerCertificate?
    public let adminCertificate: ServerCertificate?
    let tokens: TokenKeepers
    /// The first of as many nodes for request ids as there are loops.
    let firstNode: Int
    let log: Logger
    /// Nil: operators need none, which only a loopback listener may offer.
    let adminToken: KeyRing.Digest?
    /// Of the settings it was made with, until it serves.
    let firstTokens: [AdminToken]
    let adminIsLoopback: Bool
    let readiness = Readiness()
    let inlineRoutes = InlineRoutes()
    let limiters = Limiters()
    let appraiser: Appraiser
    let estimators = Estimators()
    /// Limits and budgets of all requests.
    let accounts: SharedLedger
    let slots = Slots()
    /// What the bell had to forget unsent.
    let newsForgotten = Locked(0)
    let idempotency: IdempotencyDesk
    let texts: TextDesk
    let feedback: FeedbackDesk
    /// What was learnt from it.
    public let learning = LearningDesk()
    /// What guardrails and firewall find.
    public let guardEvents: GuardEvents
    /// Incidents of guardrails and bounds, on their way to the store.
    public let breaches: BreachBook
    /// Answers that are given again.
    let cache: AnswerCache
    /// What a kill leaves of requests in flight.
    let open: OpenRequests?
    private let keeping = Locked<LeaseKeeper?>(nil)
    public let signals = Signals()
    /// What canaries and shadow policies came to here.
    public let trials = Trials()
    /// Posts what operators are to be told.
    public let webhooks: WebhookSender
    let telemetry: Telemetry
    /// What is kept of the Responses API; nil: nothing.
    let responses: ResponsesDesk?
    /// One change of settings at a time.
    let changes = Turnstile()
    private let group: MultiThreadedEventLoopGroup
    private let state: Locked<State>
    /// What other gateways and the store know this one by.
    let gateway: GatewayIdentity

    private struct State {
        var live: Live?
        /// By the identity of the event loop.
        var loops: [ObjectIdentifier: NIOLoopBound<Loop>] = [:]
        var listeners: [any Channel] = []
        var mocks: [String: MockServer] = [:]
        var mockOrigins: [String: Origin] = [:]
    }

    /// - Parameter adminToken: What operators present; required where `server.admin` is not loopback.
    public init(
        _ blueprint: Blueprint, store: any Store, journal: Journal?, adminToken: String?, seed: UInt64, log: Logger,
        responses: ResponsesDesk? = nil, gateway: GatewayIdentity = GatewayIdentity(),
        answers: @escaping @Sendable () throws -> any AnswerStore = { MemoryAnswerStore() }, open: OpenRequests? = nil,
        rowsWait: @escaping @Sendable () -> Bool = { false }
    ) throws {
        let token = adminToken.flatMap { $0.isEmpty ? nil : $0 }
        adminIsLoopback = blueprint.server.admin.isLoopback
        firstTokens = blueprint.adminTokens
        if token == nil, firstTokens.isEmpty, !adminIsLoopback { throw StartProblem.adminWithoutToken("\(blueprint.server.admin.host)") }
        self.adminToken = token.map { Array($0.utf8).withUnsafeBytes { KeyRing.Digest(of: $0) } }
        self.store = store
        self.journal = journal
        self.responses = responses
        self.log = log
        appraiser = Appraiser(weights: blueprint.server.complexityWeights, log)
        accessLog = AccessLog(enabled: blueprint.server.accessLog)
        tls = try TLS(blueprint.server)
        certificate = try blueprint.server.tls.map { try ServerCertificate.load($0, of: "server.tls") }
        adminCertificate = try blueprint.server.adminTLS.map { try ServerCertificate.load($0, of: "server.admin_tls") }
        let threads = blueprint.server.threads ?? System.coreCount
        firstNode = try store.leaseNodes(threads)
        var router = Router(table: blueprint.table, seed: seed)
        router.beginMinute(at: Instant.now() + .milliseconds(-(WallClock.milliseconds() % 60_000)))
        self.router = SharedRouter(router)
        group = MultiThreadedEventLoopGroup(numberOfThreads: threads)
        tokens = TokenKeepers(tls: tls, group: group, log: log)
        webhooks = WebhookSender(on: group.next(), tls: tls, log: log)
        telemetry = Telemetry(on: group.next(), tls: tls, log: log)
        accounts = SharedLedger(isExclusive: !gateway.sharesStore, rowsWait: rowsWait)
        self.gateway = gateway
        idempotency = IdempotencyDesk(store)
        texts = TextDesk(store, log: log)
        feedback = FeedbackDesk(store, trials: trials)
        let guards = DispatchQueue(label: "guards")
        guardEvents = GuardEvents { work in guards.async { work() } }
        breaches = BreachBook(store, events: store, webhooks: webhooks, gateway: gateway.name ?? blueprint.server.listen.written ?? "", log: log)
        cache = AnswerCache(log: log, open: answers)
        self.open = open
        state = Locked(State())
        guardEvents.give { [breaches] events in for event in events { breaches.report(BreachIncident(event)) } }
    }

    /// Who leases slices of budgets from the store; nil before `start`.
    var keeper: LeaseKeeper? { keeping.withLock { $0 } }

    // MARK: Start

    /// Binds the clients' listener and serves until `drain`. Throws what kept it from binding.
    public func start(_ blueprint: Blueprint) async throws {
        let live = try Live(
            blueprint, store: store, origins: origins, mocks: await startMocks(blueprint), tokens: tokens, estimators: estimators,
            isExclusive: accounts.isExclusive)
        accounts.replace(live.metering, onStoreLoss: live.onStoreLoss)
        cache.fit(blueprint.cache, isOn: live.caching != nil)
        await startKeeper(blueprint)
        accessLog.start()
        webhooks.run(blueprint.alerts.webhooks)
        telemetry.run(blueprint.telemetry)
        var loops: [ObjectIdentifier: NIOLoopBound<Loop>] = [:]
        for (index, eventLoop) in group.makeIterator().enumerated() {
            loops[ObjectIdentifier(eventLoop)] = try await eventLoop.submit {
                NIOLoopBound(Loop(index: index, eventLoop: eventLoop, server: self, live: live), eventLoop: eventLoop)
            }.get()
        }
        state.withLock { state in
            state.live = live
            state.loops = loops
        }
        let clients = try await listen(blueprint.server.listen)
        state.withLock { $0.listeners = [clients] }
        readiness.set(true)
    }

    /// Slices are leased before the first request comes.
    private func startKeeper(_ blueprint: Blueprint) async {
        let keeper = LeaseKeeper(
            store, accounts, identity: gateway.identity, name: gateway.name ?? blueprint.server.listen.written ?? "", log: log,
            answered: { [weak self] in self?.wakeParked() },
            crossed: { [weak self] crossing in self?.tell(crossing) })
        await withCheckedContinuation { continuation in
            startThread {
                keeper.start()
                continuation.resume()
            }
        }
        keeping.withLock { $0 = keeper }
    }

    /// The store has answered: who waited for it asks again.
    private func wakeParked() {
        for loop in state.withLock({ Array($0.loops.values) }) {
            loop.eventLoop.execute { loop.value.parking.wake() }
        }
    }

    private func startMocks(_ blueprint: Blueprint) async throws -> [String: Origin] {
        var origins: [String: Origin] = [:]
        for mock in blueprint.mocks {
            let running = state.withLock { $0.mocks[mock.providerName] }
            var server: MockServer
            if let running, running.behaviour == mock.behaviour {
                server = running
            } else {
                server = try await MockServer.start(mock.behaviour, group: group)
                let started = server
                state.withLock { $0.mocks[mock.providerName] = started }
                if let running { retire(running) }
            }
            origins[mock.providerName] = Origin(tls: false, host: "127.0.0.1", port: server.port)
        }
        let found = origins
        state.withLock { $0.mockOrigins = found }
        return origins
    }

    /// Requests that are under way on the old settings still find it for a while.
    private func retire(_ mock: MockServer) {
        Task {
            try? await Task.sleep(for: .seconds(60))  // ended early when the process ends, as good
            mock.close()
        }
    }

    private func listen(_ address: ListenAddress) async throws -> any Channel {
        let (loops, certificate) = (state.withLock { $0.loops }, certificate)
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 4096)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard let loop = loops[ObjectIdentifier(channel.eventLoop)]?.value else { return }
                    try Self.accept(channel, loop: loop, certificate: certificate)
                }
            }
        do {
            return try await bootstrap.bind(host: address.host, port: address.port).get()
        } catch {
            throw StartProblem.cannotListen("server.listen", "\(address.host):\(address.port)", ConnectionWords.of(error))
        }
    }

    /// The pipeline of a client's connection: TLS where configured, then one handler.
    /// - Parameter key: Of the gateway's own requests, which show none.
    static func accept(_ channel: any Channel, loop: Loop, certificate: ServerCertificate?, as key: String? = nil) throws {
        loop.counters.acceptedConnections += 1
        guard loop.openClients < loop.live.limits.connectionsPerLoop else {
            loop.counters.refusedConnections += 1
            channel.close(promise: nil)
            return
        }
        try channel.syncOptions?.setOption(.recvAllocator, value: SharedReadAllocator(loop.reads, on: loop.eventLoop))
        let pipeline = channel.pipeline.syncOperations
        if let certificate { try pipeline.addHandler(NIOSSLServerHandler(context: certificate.context)) }
        try pipeline.addHandler(ClientChannel(loop: loop, as: key))
    }

    // MARK: Change

    /// Runs `blueprint` from the next request on; requests in progress end under the settings they began with.
    /// Listeners, threads, store and the names of certificates' files stay as they were started.
    public func replace(_ blueprint: Blueprint) async throws {
        await changes.enter()
        defer { changes.leave() }
        try await run(
            Live(
                blueprint, store: store, origins: origins, mocks: await startMocks(blueprint), tokens: tokens, estimators: estimators,
                isExclusive: accounts.isExclusive))
    }

    /// With more deployments than the settings mention: the mock providers go on.
    func extend(_ blueprint: Blueprint) async throws {
        let mocks = state.withLock { $0.mockOrigins }
        let written = live?.written
        try await run(
            Live(
                blueprint, store: store, origins: origins, mocks: mocks, tokens: tokens, estimators: estimators,
                isExclusive: accounts.isExclusive, written: written))
    }

    private func run(_ live: Live) async throws {
        router.replace(live.table, at: .now())
        webhooks.run(live.blueprint.alerts.webhooks)
        telemetry.run(live.blueprint.telemetry)
        accounts.replace(live.metering, onStoreLoss: live.onStoreLoss)
        cache.fit(live.blueprint.cache, isOn: live.caching != nil)
        keeper?.nudge()
        let loops = state.withLock { state in
            state.live = live
            return Array(state.loops.values)
        }
        for loop in loops {
            try await loop.submit { $0.run(live) }
        }
    }

    /// Whether decisions are written down for every request: where there is a ledger to keep them.
    var keepsDecisions: Bool { journal != nil }

    /// What its listeners show of themselves.
    public var certificates: [ServerCertificate] { [certificate, adminCertificate].compactMap(\.self) }

    /// Why this gateway wants no traffic; nil when it does.
    public var unreadiness: String? {
        if !readiness.isReady { return "starting or draining" }
        if let failure = journal?.status.failure { return "the ledger cannot be written: \(failure)" }
        return nil
    }

    /// Where a mock provider listens; nil for others.
    func mockOrigin(of provider: String) -> Origin? { state.withLock { $0.mockOrigins[provider] } }

    /// For what is done beside the data plane.
    var anyLoop: any EventLoop { group.next() }

    func loop(of eventLoop: any EventLoop) -> NIOLoopBound<Loop>? { state.withLock { $0.loops[ObjectIdentifier(eventLoop)] } }

    var live: Live? { state.withLock { $0.live } }

    /// The counters of all loops together.
    func counters() async -> Counters {
        var sum = Counters()
        for loop in state.withLock({ Array($0.loops.values) }) {
            if let counters = try? await loop.submit({ $0.counters }) { sum += counters }  // fails when the loop has ended
        }
        return sum
    }

    // MARK: End

    /// Readiness off, no new connections; requests in progress have `grace` to end, then they end with a typed error.
    /// Returns when everything is written that was acknowledged.
    public func drain(grace: Duration) async {
        readiness.set(false)
        let (listeners, loops, mocks) = state.withLock { ($0.listeners, Array($0.loops.values), Array($0.mocks.values)) }
        for listener in listeners { try? await listener.close() }  // already closed is as good
        for loop in loops { try? await loop.submit { $0.drain() } }
        let end = Instant.now() + grace
        while await busy(loops) > 0, Instant.now() < end {
            try? await Task.sleep(for: .milliseconds(20))
        }
        for loop in loops { try? await loop.submit { $0.endAll() } }
        let last = Instant.now() + .seconds(1)
        while await busy(loops) > 0, Instant.now() < last {
            try? await Task.sleep(for: .milliseconds(20))
        }
        for loop in loops { try? await loop.submit { $0.holding.close() } }
        for mock in mocks { mock.close() }
        webhooks.stop()
        accessLog.close()
        await emptyJournal()
        let (keeper, texts, telemetry, cache) = (keeper, texts, telemetry, cache)
        await withCheckedContinuation { done in
            startThread {
                texts.finish()
                telemetry.stop()
                cache.finish()
                keeper?.stop()
                done.resume()
            }
        }
        try? await group.shutdownGracefully()
    }

    /// What is leased goes back behind the rows that charge it.
    private func emptyJournal() async {
        let last = Instant.now() + .seconds(5)
        while let status = journal?.status, status.queued > 0, status.failure == nil, Instant.now() < last {
            try? await Task.sleep(for: .milliseconds(5))
        }
    }

    private func busy(_ loops: [NIOLoopBound<Loop>]) async -> Int {
        var busy = 0
        for loop in loops { busy += (try? await loop.submit { $0.busyClients + $0.holding.waiting }) ?? 0 }
        return busy
    }
}

/// Why a gateway does not start.
public enum StartProblem: Error, CustomStringConvertible {
    case adminWithoutToken(String)
    /// The setting, its address, why not.
    case cannotListen(String, String, String)

    public var description: String {
        switch self {
        case .adminWithoutToken(let host):
            "server.admin listens on \(host), which is not loopback: set SWIFTLET_ADMIN_TOKEN or admin.tokens, or listen on 127.0.0.1"
        case .cannotListen(let setting, let address, let reason): "\(setting): cannot listen on \(address): \(reason)"
        }
    }
}

extension NIOLoopBound where Value == Loop {
    /// Runs `body` on the loop.
    func submit<Result: Sendable>(_ body: @escaping @Sendable (Loop) -> Result) async throws -> Result {
        try await eventLoop.submit { body(self.value) }.get()
    }
}
