import ArgumentParser
import Bench
import FoundationEssentials
import Schema
import Settings

/// `swiftlet check FILE`.
struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Read a settings file and print each problem as FILE:LINE: path: message.",
        discussion: "Ends with 0 when the file can be served, with 1 when not. Warnings do not count as problems.")

    @Argument(help: "The settings file.", completion: .file(extensions: ["yaml", "yml", "json"]))
    var file: String
    @Flag(help: "Print JSON: whether it can be served, its problems, its notes.")
    var json = false

    func run() throws {
        let compilation = Blueprint.load(path: file, environment: ProcessInfo.processInfo.environment)
        if json {
            let notes = compilation.blueprint?.unpriced.inOrder ?? []
            let report = JSONText.object([
                ("ok", .bool(compilation.blueprint != nil)), ("problems", Self.list(compilation.problems.errors)),
                ("warnings", Self.list(compilation.problems.warnings + notes)),
            ])
            StandardStream.output.write(report.text() + "\n")
            if compilation.blueprint == nil { throw ExitCode.failure }
            return
        }
        for problem in compilation.problems { StandardStream.output.write(problem.text(file: file) + "\n") }
        guard let blueprint = compilation.blueprint else { throw ExitCode.failure }
        for note in blueprint.unpriced.inOrder { StandardStream.output.write(note.text(file: file) + "\n") }
    }

    private static func list(_ problems: [Problem]) -> JSONText {
        .list(problems.map { .object([("path", .string($0.path)), ("line", .number("\($0.line)")), ("message", .string($0.message))]) })
    }
}
