import ArgumentParser
import Bench
import FoundationEssentials
import Logging
import Schema
import Settings

/// Where a gateway's settings come from: a file, or what this machine has to offer; the environment and flags above them.
final class SettingsSource {
    private let file: String?
    private let environment: [String: String]
    /// The virtual key of a start without a file, the same for as long as the process runs.
    private let key = SettingsSource.newKey()

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

    /// Reads and compiles. Warnings go to the log; problems are thrown, all of them.
    func blueprint(_ log: Logger) throws -> Blueprint {
        let version = TableVersion.next()
        let compilation =
            if let file {
                Blueprint.load(path: file, environment: environment, version: version)
            } else {
                Blueprint.compile(
                    Discovery.document(environment: environment, found: LocalServers.find(), key: key), environment: environment,
                    version: version)
            }
        for problem in compilation.problems.warnings { log.warning("\(problem.text(file: name))") }
        guard let blueprint = compilation.blueprint else { throw Refused(problems: compilation.problems.errors, file: name) }
        return blueprint
    }

    private var name: String { file ?? "(no file)" }

    /// What somebody who started without a file needs for a first request.
    func greet(_ blueprint: Blueprint) {
        guard file == nil else { return }
        let address = blueprint.server.listen.written ?? ""
        let models = blueprint.names.filter { !$0.value.hidden && !$0.key.contains("/") }.keys.sorted()
        StandardStream.output.write(
            """

            Swiftlet serves at http://\(address)/v1 with the virtual key \(key)
            Models: \(models.joined(separator: ", "))

            Try:

              curl http://\(address)/v1/chat/completions \\
                -H 'Authorization: Bearer \(key)' -H 'Content-Type: application/json' \\
                -d '{"model": "mock", "messages": [{"role": "user", "content": "Hello"}]}'


            """)
    }

    /// 256 bits by the system's generator, in letters and digits.
    private static func newKey() -> String {
        let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
        var generator = SystemRandomNumberGenerator()
        return "sk-swiftlet-" + String((0..<43).map { _ in alphabet.randomElement(using: &generator) ?? "0" })
    }

    struct Refused: Error, CustomStringConvertible {
        let problems: [Problem]
        let file: String
        var description: String { problems.map { $0.text(file: file) }.joined(separator: "\n") }
    }
}
