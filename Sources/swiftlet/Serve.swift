import ArgumentParser
import FoundationEssentials
import Gateway
import Logging
import Routing
import Settings
import Storage

/// `swiftlet serve`: the gateway in the foreground, until SIGTERM.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the gateway.",
        discussion: """
            Without a file it starts on what it finds: providers from well-known key variables, model servers on their usual ports,
            and a mock provider. SIGTERM drains, SIGHUP reads the settings again.
            """)

    @Option(name: .shortAndLong, help: "The settings, a YAML file.")
    var config: String?
    @Option(help: "Address for clients, HOST:PORT; stands above file and environment.")
    var listen: String?
    @Option(help: "Address for operators, HOST:PORT; stands above file and environment.")
    var admin: String?

    @Option(name: .customLong("set"), help: "One setting, as in server.threads=2; stands above file and environment.")
    var settings: [String] = []

    func run() async throws {
        LoggingSystem.bootstrap { JSONLogHandler(label: $0) }
        let log = Logger(label: "swiftlet")
        let signals = Signals()
        let source = try SettingsSource(
            file: config, flags: [listen.map { "server.listen=\($0)" }, admin.map { "server.admin=\($0)" }].compactMap(\.self) + settings)
        let blueprint = try source.blueprint(log)
        let gateway = try await Running.start(blueprint, log)
        source.greet(blueprint)
        log.notice("serving", metadata: summary(blueprint))
        for await wish in signals.wishes {
            switch wish {
            case .reload: await reload(source, gateway, log)
            case .drain:
                log.notice("draining", metadata: ["grace": "\(blueprint.server.drainTimeout)"])
                await gateway.drain(blueprint.server.drainTimeout, log)
                return
            }
        }
    }

    private func summary(_ blueprint: Blueprint) -> Logger.Metadata {
        [
            "listen": "\(blueprint.server.listen.written ?? "")", "admin": "\(blueprint.server.admin.written ?? "")",
            "models": "\(blueprint.names.count)", "deployments": "\(blueprint.table.deployments.count)", "keys": "\(blueprint.keys.count)",
        ]
    }

    /// A document with problems changes nothing.
    private func reload(_ source: SettingsSource, _ gateway: Running, _ log: Logger) async {
        do {
            let blueprint = try source.blueprint(log)
            try await gateway.server.replace(blueprint)
            log.notice("settings reloaded", metadata: summary(blueprint))
        } catch {
            log.error("settings not reloaded, the old ones stay", metadata: ["problem": "\(error)"])
        }
    }
}

/// A started gateway with what must be closed behind it, in order.
struct Running {
    let server: Server
    private let store: any Store
    private let journal: Journal?

    static func start(_ blueprint: Blueprint, _ log: Logger) async throws -> Running {
        let store: any Store
        var journal: Journal?
        switch blueprint.store {
        case .sqlite(let path):
            store = try SQLiteStore(path: SQLiteStore.ledgerPath(for: path))
            var options = JournalOptions()
            options.capacity = blueprint.ledger.queue
            options.headroom = blueprint.ledger.queue / 4
            journal = Journal(store: store, options: options) { failure in
                if let failure {
                    log.error("the ledger cannot be written; new requests are refused until it can", metadata: ["problem": "\(failure)"])
                } else {
                    log.notice("the ledger is written again")
                }
            }
        case .memory: store = MemoryStore()
        case .postgres: throw ValidationError("store: postgres is not supported yet; use sqlite:FILE or memory:")
        }
        let server = try Server(
            blueprint, store: store, journal: journal, adminToken: ProcessInfo.processInfo.environment["SWIFTLET_ADMIN_TOKEN"],
            seed: .random(in: .min ... .max), log: log)
        try await server.start(blueprint)
        return Running(server: server, store: store, journal: journal)
    }

    /// Requests, then rows, then the file: nothing acknowledged is lost.
    func drain(_ grace: Duration, _ log: Logger) async {
        await server.drain(grace: grace)
        let unwritten = journal?.close(within: .seconds(5)) ?? 0
        if unwritten > 0 { log.error("ledger rows could not be written", metadata: ["rows": "\(unwritten)"]) }
        do { try store.close() } catch { log.error("the ledger did not close", metadata: ["problem": "\(error)"]) }
        log.notice("stopped")
    }
}
