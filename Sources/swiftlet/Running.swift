import ArgumentParser
import Console
import Dispatch
import FoundationEssentials
import Gateway
import Logging
import NIOCore
import Settings
import Storage

/// A started gateway with what must be closed behind it, in order.
struct Running {
    let server: Server
    let book: SettingsBook
    /// What it was started with.
    let blueprint: Blueprint
    private let admin: AdminServer
    private let events: AdminEvents
    private let keeping: Task<Void, Never>
    private let breaching: Task<Void, Never>
    private let tending: Task<Void, Never>
    private let renewing: Task<Void, Never>
    private let certifying: Task<Void, Never>
    private let following: Task<Void, Never>
    private let trying: Task<Void, Never>
    private let learning: Task<Void, Never>
    private let stores: Stores

    static func start(_ source: SettingsSource, _ log: Logger) async throws -> Running {
        // The file says where the store is, and the store what stands above the file.
        let first = try source.blueprint(source.compile(source.document()), log)
        let watch = StoreWatch()
        let stores = try Stores(first, log, watch)
        let file = SettingsFile(
            read: { try source.document() }, compile: { source.compile($0) }, skipping: { source.compile($0, dangling: .skipped) },
            warn: { source.warn($0, log) },
            vault: try SecretVault(first.secretsKey, store: first.store))
        let blueprint = try source.blueprint(
            SettingsBook.initial(file, store: stores.settings) { problems in
                for problem in problems {
                    log.error("changes made while the gateway ran are left out", metadata: ["problem": "\(problem.text(file: "settings"))"])
                }
            }, log)
        let server = try Server(
            blueprint, store: stores.ledger, journal: stores.journal,
            adminToken: ProcessInfo.processInfo.environment["SWIFTLET_ADMIN_TOKEN"], seed: .random(in: .min ... .max), log: log,
            responses: stores.responses.map { ResponsesDesk($0, limits: ResponsesDesk.Limits(blueprint.responses), bell: stores.bell) },
            gateway: GatewayIdentity(identity: stores.identity, name: stores.gatewayName, sharesStore: stores.spool != nil),
            answers: stores.answers, open: try stores.openRequests(blueprint, log), rowsWait: stores.rowsWait)
        watch.attach(server)
        let bell = stores.bell
        let book = try SettingsBook(file, store: stores.settings, running: blueprint, told: { bell.ring(.settings(version: $0)) }) { blueprint in
            try await server.replace(blueprint)
        }
        let events = AdminEvents(server, events: stores.ledger, counters: stores.settings, log: log, bell: bell)
        try events.restore()
        let trials = TrialKeeper(server, book: book, store: stores.settings, events: stores.ledger, log: log)
        try trials.restore()
        let learning = LearningKeeper(server, documents: stores.settings, opinions: stores.ledger, log: log)
        let desk = try AdminDesk(
            server, settings: book, store: stores.settings, ledger: stores.ledger, events: events, trials: trials, learning: learning, log: log,
            bell: bell)
        // Operators first: whoever finds the gateway ready finds all of it.
        let admin = try await AdminServer(desk, on: blueprint.server.admin, certificate: server.adminCertificate, log: log)
        try await server.start(blueprint)
        await learning.begin()
        bell.listen { news in
            switch news {
            case .settings: Task { try? await takeUp(book, log) }  // what it fails with, `follow` finds a second later
            case .health(let health):
                server.hear(health)
                events.heard(health)
            case .leases: break
            case .cache(let selection): server.hear(selection)
            case .cancelled(let response): server.hear(cancelled: response)
            case .signals: Task { try? await desk.takeUpSignals() }  // what it fails with, `follow` finds seconds later
            }
        }
        return Running(
            server: server, book: book, blueprint: blueprint, admin: admin, events: events, keeping: Task { await events.run() },
            breaching: Task { await server.breaches.run() },
            tending: Task { await tend(stores, server, log) },
            renewing: Task { await renewPrices(book, log) },
            certifying: Task { await renewCertificates(server.certificates, log) },
            following: Task { await follow(book, desk, server, watch, isShared: stores.spool != nil, log) },
            trying: Task { await trials.run() },
            learning: Task { await learning.run() },
            stores: stores)
    }

    /// Looks every five seconds whether a price of the catalogue has begun to hold or its file has changed.
    private static func renewPrices(_ book: SettingsBook, _ log: Logger) async {
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(5))  // throws when it is cancelled, and then the loop ends
            do {
                if try await book.renewPrices() { log.notice("prices renewed") }
            } catch {
                log.error("prices not renewed, the old ones stay", metadata: ["problem": "\(error)"])
            }
        }
    }

    /// Looks every five seconds whether a listener's certificate has changed, and says once a day that one is about to end.
    private static func renewCertificates(_ certificates: [ServerCertificate], _ log: Logger) async {
        var turn = 0
        while !certificates.isEmpty, !Task.isCancelled {
            for one in certificates {
                let renewal = turn == 0 ? .same : one.renew()
                switch renewal {
                case .same: break
                case .renewed: log.notice("certificate renewed", metadata: ["setting": "\(one.setting)"])
                case .refused(let problem): log.error("certificate not renewed, the old one stays", metadata: ["problem": "\(problem)"])
                }
                if turn % 17_280 == 0 || renewal == .renewed, let warning = one.warning(at: Int(WallClock.milliseconds() / 1000)) {
                    log.warning("\(warning)", metadata: ["setting": "\(one.setting)"])
                }
            }
            turn += 1
            try? await Task.sleep(for: .seconds(5))  // throws when it is cancelled, and then the loop ends
        }
    }

    private static func tend(_ stores: Stores, _ server: Server, _ log: Logger) async {
        await LedgerKeeper(server, ledger: stores.ledger, log: log).run()
    }

    private static func takeUp(_ book: SettingsBook, _ log: Logger) async throws {
        do {
            guard try await book.follow() else { return }
            let version = await book.version
            log.notice("settings taken up from the store", metadata: ["version": "\(version)"])
        } catch let refused as SettingsBook.Refused {
            // Told once for each version, so whoever hears it says so.
            log.error("settings of another gateway do not run here, the old ones stay", metadata: ["problem": "\(refused)"])
        }
    }

    /// Looks every second whether another gateway on the same store has changed the settings; where the store is its own, tells it only
    /// what it runs.
    private static func follow(
        _ book: SettingsBook, _ desk: AdminDesk, _ server: Server, _ watch: StoreWatch, isShared: Bool, _ log: Logger
    ) async {
        var isLost = false
        var turn = 0
        var noted = Int64(-1)
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(1))  // throws when it is cancelled
            if Task.isCancelled { return }
            do {
                if isShared {
                    try await takeUp(book, log)
                    // The bell tells at once; this is for when it was not heard.
                    if turn % 10 == 0 { try await desk.takeUpSignals() }
                    turn += 1
                }
                if isLost { watch.note(nil, by: .settings) }
                isLost = false
                let version = await book.version
                if version != noted, try await book.note({ try server.note(settingsVersion: version) }) { noted = version }
            } catch is CancellationError {
                return
            } catch {
                if !isLost {
                    log.error("settings cannot be taken up from the store; the old ones stay until they can", metadata: ["problem": "\(error)"])
                    if let failure = error as? StoreFailure { watch.note(failure, by: .settings) }
                }
                isLost = true
            }
        }
    }

    /// Requests, then what they left to write, then the files: nothing acknowledged is lost.
    func drain(_ grace: Duration, _ log: Logger) async {
        await server.drain(grace: grace)
        await admin.stop()
        keeping.cancel()
        breaching.cancel()
        tending.cancel()
        renewing.cancel()
        certifying.cancel()
        following.cancel()
        trying.cancel()
        learning.cancel()
        await keeping.value
        await breaching.value
        await tending.value
        await trying.value
        await learning.value
        await events.settle()
        await server.breaches.settle()
        stores.close(log)
        log.notice("stopped")
    }
}

/// What lasts: the ledger in a file of its own, so that one that has filled the disk cannot block a change of settings; or all of it in
/// a database that gateways share.
struct Stores {
    let ledger: any Store
    /// Settings above the file, signals, what is spent of budgets.
    let settings: any Store
    let journal: Journal?
    /// What is kept of the Responses API; nil: nothing.
    let responses: ResponseShelf?
    /// Opens what keeps answers that are given again.
    let answers: @Sendable () throws -> any AnswerStore
    /// Between the rows and a store that may be away; nil where the store is on this machine.
    let spool: SpooledLedger?
    /// To the other gateways.
    let bell: any Bell
    /// By which a shared store knows this gateway; on a store of its own there is but one.
    let identity: String
    let gatewayName: String

    init(_ blueprint: Blueprint, _ log: Logger, _ watch: StoreWatch) throws {
        let isKeeping = blueprint.responses.enabled
        gatewayName = blueprint.server.gateway ?? ProcessInfo.processInfo.hostName
        switch blueprint.store {
        case .sqlite(let path):
            answers = {
                try SQLiteAnswerStore(path: SQLiteAnswerStore.path(for: path)) { aside, problem in
                    log.warning("kept answers were damaged; a new file is begun", metadata: ["moved_to": "\(aside)", "problem": "\(problem)"])
                }
            }
            ledger = try SQLiteStore(path: SQLiteStore.ledgerPath(for: path))
            settings = try SQLiteStore(path: path)
            // Behind those two: they say best what is wrong with the folder.
            responses = isKeeping ? Self.shelf(try SQLiteResponseStore(path: SQLiteResponseStore.path(for: path)), blueprint, log) : nil
            journal = Self.journal(ledger, blueprint, log, watch)
            (spool, bell, identity) = (nil, SilentBell(), "local")
        case .memory:
            responses = isKeeping ? Self.shelf(MemoryResponseStore(), blueprint, log) : nil
            answers = { MemoryAnswerStore() }
            (ledger, settings, journal) = (MemoryStore(), MemoryStore(), nil)
            (spool, bell, identity) = (nil, SilentBell(), "local")
        case .postgres(let url):
            let address = try PostgresAddress(url.reveal())
            let store = try Self.patiently(log) { () throws(StoreFailure) in try PostgresStore(address) }
            let spool = try Self.spool(store, blueprint, log, watch)
            responses = isKeeping ? Self.shelf(PostgresResponseStore(store), blueprint, log) : nil
            answers = { PostgresAnswerStore(store) }
            (ledger, settings, journal) = (store, store, Self.journal(spool, blueprint, log, watch))
            (self.spool, bell, identity) = (spool, PostgresBell(address), try spool.identity())
            // Rows of the run before are charged before this one joins; what the store does not take now, it takes later.
            if !spool.drain(within: .seconds(5)) { log.warning("rows of an earlier run still wait in the spool") }
        }
    }

    /// A server that starts together with its gateways may need a moment.
    private static func patiently(_ log: Logger, _ open: () throws(StoreFailure) -> PostgresStore) throws(StoreFailure) -> PostgresStore {
        let deadline = ContinuousClock.now + .seconds(30)
        while true {
            do throws(StoreFailure) { return try open() } catch {
                guard error.kind == .unreachable, ContinuousClock.now < deadline else { throw error }
                log.warning("the store is not there yet", metadata: ["problem": "\(error)"])
                _ = DispatchSemaphore(value: 0).wait(timeout: .now() + 1)
            }
        }
    }

    private static func spool(_ store: PostgresStore, _ blueprint: Blueprint, _ log: Logger, _ watch: StoreWatch) throws(StoreFailure)
        -> SpooledLedger
    {
        var limits = SpooledLedger.Limits()
        limits.bytes = blueprint.server.spoolBytes
        return try SpooledLedger(store, path: blueprint.server.spool, limits: limits) { failure in
            // A row that was set aside is the row's own trouble.
            if failure?.kind != .other { watch.note(failure, by: .spool) }
            if let failure {
                log.error("the store takes no rows; they wait in the spool", metadata: ["problem": "\(failure)"])
            } else {
                log.notice("the store takes rows again; none waits")
            }
        }
    }

    private static func journal(_ sink: any LedgerSink, _ blueprint: Blueprint, _ log: Logger, _ watch: StoreWatch) -> Journal {
        var options = JournalOptions()
        options.capacity = blueprint.ledger.queue
        options.headroom = blueprint.ledger.queue / 4
        return Journal(store: sink, options: options) { failure in
            watch.note(failure, by: .journal)
            if let failure {
                log.error("the ledger cannot be written; new requests are refused until it can", metadata: ["problem": "\(failure)"])
            } else {
                log.notice("the ledger is written again")
            }
        }
    }

    /// What the process before this one was killed over is written down first: charged with what it held.
    func openRequests(_ blueprint: Blueprint, _ log: Logger) throws -> OpenRequests? {
        let place: String
        let sink: any LedgerSink
        switch blueprint.store {
        case .memory: return nil
        case .sqlite(let path): (place, sink) = (SQLiteStore.ledgerPath(for: path) + ".open", ledger)
        case .postgres: (place, sink) = (blueprint.server.spool + ".open", spool ?? ledger)
        }
        var rows = try OpenRequests.recover(path: place)
        if !rows.isEmpty {
            try addTags(of: blueprint, to: &rows)
            let receipt = try sink.append(rows[...])
            _ = spool?.drain(within: .seconds(5))
            log.warning(
                "requests were in flight when the gateway was killed; they are charged with what they held",
                metadata: ["requests": "\(receipt.added)"])
        }
        return try OpenRequests(path: place, loops: blueprint.server.threads ?? System.coreCount)
    }

    /// Of their keys: what requests brought themselves went with the process.
    private func addTags(of blueprint: Blueprint, to rows: inout [LedgerEntry]) throws(StoreFailure) {
        let tags = Dictionary(blueprint.keys.map { ($0.name, $0.tags) }) { first, _ in first }
        guard tags.values.contains(where: { !$0.isEmpty }) else { return }
        let names = try ledger.names()
        for at in rows.indices { rows[at].ownTags = names[rows[at].key].flatMap { tags[$0.name] } ?? [] }
    }

    /// Whether rows that are acknowledged are not in the store yet.
    var rowsWait: @Sendable () -> Bool {
        guard let spool else { return { false } }
        return { spool.status.waiting > 0 }
    }

    private static func shelf(_ store: any ResponseStore, _ blueprint: Blueprint, _ log: Logger) -> ResponseShelf {
        var limits = ResponseShelf.Limits()
        limits.retention = blueprint.responses.retention
        limits.count = blueprint.responses.most
        limits.bytes = blueprint.responses.maxBytes
        return ResponseShelf(store, limits: limits, now: WallClock.milliseconds) { failure in
            log.error("answers could not be kept for clients of the Responses API", metadata: ["problem": "\(failure)"])
        }
    }

    func close(_ log: Logger) {
        if let responses {
            do { try responses.close() } catch { log.error("a store did not close", metadata: ["problem": "\(error)"]) }
        }
        let unwritten = journal?.close(within: .seconds(5)) ?? 0
        bell.close()
        if let spool {
            _ = spool.drain(within: .seconds(3))
            if spool.status.waiting > 0 { log.warning("rows wait in the spool for the next start", metadata: ["rows": "\(spool.status.waiting)"]) }
            do { try spool.close() } catch { log.error("the spool did not close", metadata: ["problem": "\(error)"]) }
        }
        if unwritten > 0 { log.error("ledger rows could not be written", metadata: ["rows": "\(unwritten)"]) }
        for store in [ledger, settings] {
            do { try store.close() } catch { log.error("a store did not close", metadata: ["problem": "\(error)"]) }
        }
    }
}
