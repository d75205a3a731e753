import ArgumentParser
import CBytes
import Gateway
import Logging
import Settings

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
        cmemory_begin()
        LoggingSystem.bootstrap { JSONLogHandler(label: $0) }
        let log = Logger(label: "swiftlet")
        let signals = Signals()
        let source = try SettingsSource(
            file: config, flags: [listen.map { "server.listen=\($0)" }, admin.map { "server.admin=\($0)" }].compactMap(\.self) + settings)
        let gateway = try await Running.start(source, log)
        let blueprint = gateway.blueprint
        source.greet(blueprint)
        log.notice("serving", metadata: summary(blueprint))
        cmemory_settle()
        for await wish in signals.wishes {
            switch wish {
            case .reload: await reload(gateway, log)
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
    private func reload(_ gateway: Running, _ log: Logger) async {
        do {
            let blueprint = try await gateway.book.reload()
            log.notice("settings reloaded", metadata: summary(blueprint))
        } catch {
            log.error("settings not reloaded, the old ones stay", metadata: ["problem": "\(error)"])
        }
    }
}
