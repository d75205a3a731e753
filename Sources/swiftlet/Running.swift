import ArgumentParser
import Console
import FoundationEssentials
import Gateway
import Logging
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
    private let tending: Task<Void, Never>
    private let renewing: Task<Void, Never>
    private let stores: Stores

    static func start(_ source: SettingsSource, _ log: Logger) async throws -> Running {
        // The file says where the store is, and the store what stands above the file.
        let stores = try Stores(source.blueprint(source.compile(source.document()), log), log)
        let file = SettingsFile(read: { try source.document() }, compile: { source.compile($0) }, warn: { source.warn($0, log) })
        let blueprint = try source.blueprint(
            SettingsBook.initial(file, store: stores.settings) { problems in
                for problem in problems {
                    log.error("changes made while the gateway ran are left out", metadata: ["problem": "\(problem.text(file: "settings"))"])
                }
            }, log)
        let server = try Server(
            blueprint, store: stores.ledger, journal: stores.journal,
            adminToken: ProcessInfo.processInfo.environment["SWIFTLET_ADMIN_TOKEN"], seed: .random(in: .min ... .max), log: log,
            responses: stores.responses.map { ResponsesDesk($0, limits: ResponsesDesk.Limits(blueprint.responses)) })
        let book = try SettingsBook(file, store: stores.settings, running: blueprint) { blueprint in
            try await server.replace(blueprint)
        }
        let events = AdminEvents(server, events: stores.ledger, counters: stores.settings, log: log)
        try events.restore()
        let desk = try AdminDesk(server, settings: book, store: stores.settings, ledger: stores.ledger, events: events, log: log)
        // Operators first: whoever finds the gateway ready finds all of it.
        let admin = try await AdminServer(desk, on: blueprint.server.admin, log: log)
        try await server.start(blueprint)
        return Running(
            server: server, book: book, blueprint: blueprint, admin: admin, events: events, keeping: Task { await events.run() },
            tending: Task { await tend(stores, server, log) },
            renewing: Task { await renewPrices(book, log) }, stores: stores)
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

    private static func tend(_ stores: Stores, _ server: Server, _ log: Logger) async {
        if let ledger = stores.ledger as? any UsageStore { await LedgerKeeper(server, ledger: ledger, log: log).run() }
    }

    /// Requests, then what they left to write, then the files: nothing acknowledged is lost.
    func drain(_ grace: Duration, _ log: Logger) async {
        await server.drain(grace: grace)
        await admin.stop()
        keeping.cancel()
        tending.cancel()
        renewing.cancel()
        await keeping.value
        await tending.value
        await events.settle()
        stores.close(log)
        log.notice("stopped")
    }
}

/// What lasts: the ledger in a file of its own, so that one that has filled the disk cannot block a change of settings.
struct Stores {
    let ledger: any Store
    /// Settings above the file, signals, what is spent of budgets.
    let settings: any Store
    let journal: Journal?
    /// What is kept of the Responses API; nil: nothing.
    let responses: ResponseShelf?

    init(_ blueprint: Blueprint, _ log: Logger) throws {
        let isKeeping = blueprint.responses.enabled
        switch blueprint.store {
        case .sqlite(let path):
            responses = isKeeping ? Self.shelf(try SQLiteResponseStore(path: SQLiteResponseStore.path(for: path)), blueprint, log) : nil
            ledger = try SQLiteStore(path: SQLiteStore.ledgerPath(for: path))
            settings = try SQLiteStore(path: path)
            var options = JournalOptions()
            options.capacity = blueprint.ledger.queue
            options.headroom = blueprint.ledger.queue / 4
            journal = Journal(store: ledger, options: options) { failure in
                if let failure {
                    log.error("the ledger cannot be written; new requests are refused until it can", metadata: ["problem": "\(failure)"])
                } else {
                    log.notice("the ledger is written again")
                }
            }
        case .memory:
            responses = isKeeping ? Self.shelf(MemoryResponseStore(), blueprint, log) : nil
            (ledger, settings, journal) = (MemoryStore(), MemoryStore(), nil)
        case .postgres: throw ValidationError("store: postgres is not supported yet; use sqlite:FILE or memory:")
        }
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
        if unwritten > 0 { log.error("ledger rows could not be written", metadata: ["rows": "\(unwritten)"]) }
        for store in [ledger, settings] {
            do { try store.close() } catch { log.error("a store did not close", metadata: ["problem": "\(error)"]) }
        }
    }
}
