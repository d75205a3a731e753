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

    @Argument(help: "The settings file.")
    var file: String

    func run() throws {
        let compilation = Blueprint.load(path: file, environment: ProcessInfo.processInfo.environment)
        for problem in compilation.problems { StandardStream.output.write(problem.text(file: file) + "\n") }
        guard let blueprint = compilation.blueprint else { throw ExitCode.failure }
        for note in blueprint.unpriced.inOrder { StandardStream.output.write(note.text(file: file) + "\n") }
    }
}
