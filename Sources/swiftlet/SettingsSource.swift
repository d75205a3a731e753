import ArgumentParser
import Bench
import FoundationEssentials
import Gateway
import Logging
import Schema
import Settings
import Synchronization

/// Where a gateway's settings come from: a file, or what this machine has to offer; the environment and flags above them.
final class SettingsSource: Sendable {
    private let file: String?
    private let environment: [String: String]
    /// The virtual key of a start without a file, the same for as long as the process runs.
    private let key = NewKey.make()
    /// What the document in force was last warned of.
    private let warned = Mutex<Set<Problem>>([])

    /// - Parameter flags: Settings as PATH=VALUE. Throws for a path that no setting has.
    init(file: String?, flags: [String]) throws {
        self.file = file
        var environment = ProcessInfo.processInfo.environment
        for flag in flags {
            let parts = flag.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2 else { throw ValidationError("--set takes PATH=VALUE, such as server.threads=2, not `\(flag)`") }
            let known = EnvironmentOverlay.variables.map { ($0.name, $0.path.joined(separator: ".")) }
            guard let variable = known.first(where: { $0.1 == parts[0] })?.0 else {
                let help = Spelling.help(for: parts[0], among: known.map(\.1))
                throw ValidationError("unknown setting `\(parts[0])`\(help)")
            }
            environment[variable] = parts[1]
        }
        self.environment = environment
    }

    /// The document alone. Without a file: what this machine has to offer, looked for anew.
    func document() throws -> Node {
        guard let file else { return Discovery.document(environment: environment, found: LocalServers.find(), key: key) }
        var problems: [Problem] = []
        let node = Blueprint.document(path: file, problems: &problems)
        guard let node, problems.errors.isEmpty else { throw Refused(problems: problems.errors, file: name) }
        return node
    }

    func compile(_ document: Node, dangling: Dangling = .refused) -> Compilation {
        Blueprint.compile(document, environment: environment, version: TableVersion.next(), dangling: dangling)
    }

    /// What came of a document. Warnings go to the log; problems are thrown, all of them.
    func blueprint(_ compilation: Compilation, _ log: Logger) throws -> Blueprint {
        warn(compilation.problems.warnings, log)
        guard let blueprint = compilation.blueprint else { throw Refused(problems: compilation.problems.errors, file: name) }
        return blueprint
    }

    /// Says what has not been said of the document before.
    func warn(_ warnings: [Problem], _ log: Logger) {
        let fresh = warned.withLock { warned in
            defer { warned = Set(warnings) }
            return warnings.filter { !warned.contains($0) }
        }
        for problem in fresh { log.warning("\(problem.text(file: name))") }
    }

    var name: String { file ?? "(no file)" }

    /// What somebody who started without a file needs for a first request.
    func greet(_ blueprint: Blueprint) {
        guard file == nil else { return }
        let address = "\(blueprint.server.tls == nil ? "http" : "https")://\(blueprint.server.listen.written ?? "")"
        let models = blueprint.names.filter { !$0.value.hidden && !$0.key.contains("/") }.keys.sorted()
        StandardStream.output.write(
            """

            Swiftlet serves at \(address)/v1 with the virtual key \(key)
            Models: \(models.joined(separator: ", "))
            Web console: \(blueprint.server.adminURL)/console/

            Try:

              curl \(address)/v1/chat/completions \\
                -H 'Authorization: Bearer \(key)' -H 'Content-Type: application/json' \\
                -d '{"model": "mock", "messages": [{"role": "user", "content": "Hello"}]}'


            """)
    }

    struct Refused: Error, CustomStringConvertible {
        let problems: [Problem]
        let file: String
        var description: String { problems.map { $0.text(file: file) }.joined(separator: "\n") }
    }
}
