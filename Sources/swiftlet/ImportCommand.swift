import ArgumentParser
import Bench
import FoundationEssentials
import Schema
import Settings

/// `swiftlet import litellm FILE`.
struct ImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Say in Swiftlet's words what another router's configuration says.", subcommands: [LiteLLM.self])

    struct LiteLLM: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "litellm", abstract: "Read a config.yaml of LiteLLM's proxy and write a settings file.",
            discussion: """
                The settings go to standard output, or to --output. What does not map, or means something else here, goes to standard error as
                FILE:LINE: path: message, and stands as comments at the head of the settings. Ends with 1 where the outcome cannot be served
                as it is; it is written all the same.
                """)

        @Argument(help: "LiteLLM's config.yaml.")
        var file: String
        @Option(name: .shortAndLong, help: "The file to write; one that exists is not overwritten.")
        var output: String?
        @Flag(help: "Print JSON: the settings, the remarks and the problems.")
        var json = false

        func run() throws {
            var problems: [Problem] = []
            guard let root = Blueprint.document(path: file, problems: &problems), problems.errors.isEmpty else {
                for problem in problems { StandardStream.errors.write(problem.text(file: file) + "\n") }
                throw ExitCode.failure
            }
            guard let imported = LiteLLMDocument(root, environment: ProcessInfo.processInfo.environment) else {
                StandardStream.errors.write(
                    "\(file):1: document: is no configuration of LiteLLM; expected model_list, router_settings, litellm_settings or general_settings\n"
                )
                throw ExitCode.failure
            }
            let faults = Blueprint.compile(imported.document, environment: ProcessInfo.processInfo.environment).problems.errors
            if json {
                StandardStream.output.write(Self.report(imported, faults).text() + "\n")
            } else {
                try write(Self.head(file, imported.remarks) + YAMLText.text(imported.document))
                for remark in imported.remarks { StandardStream.errors.write(remark.text(file: file) + "\n") }
                for fault in faults { StandardStream.errors.write(fault.text(file: output ?? "(settings)") + "\n") }
            }
            if !faults.isEmpty { throw ExitCode.failure }
        }

        private func write(_ text: String) throws {
            guard let output else { return StandardStream.output.write(text) }
            guard !FileManager.default.fileExists(atPath: output) else {
                StandardStream.errors.write("swiftlet: \(output) exists already; name another file\n")
                throw ExitCode.failure
            }
            do { try Data(text.utf8).write(to: URL(filePath: output)) } catch {
                StandardStream.errors.write("swiftlet: \(output) cannot be written\n")
                throw ExitCode.failure
            }
        }

        private static func head(_ file: String, _ remarks: [Problem]) -> String {
            guard !remarks.isEmpty else { return "" }
            let name = file.split(separator: "/").last.map(String.init) ?? file
            let lines = remarks.map { "#   \(name):\($0.line): \($0.path): \($0.message)\n" }
            return "# Of \(name) this does not map, or means something else here:\n" + lines.joined() + "\n"
        }

        private static func report(_ imported: LiteLLMDocument, _ faults: [Problem]) -> JSONText {
            func list(_ problems: [Problem]) -> JSONText {
                .list(problems.map { .object([("path", .string($0.path)), ("line", .number("\($0.line)")), ("message", .string($0.message))]) })
            }
            return .object([
                ("settings", .string(YAMLText.text(imported.document))), ("remarks", list(imported.remarks)), ("problems", list(faults)),
            ])
        }
    }
}
