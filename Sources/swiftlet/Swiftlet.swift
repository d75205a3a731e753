import ArgumentParser
import Bench
import Schema

@main struct Swiftlet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "swiftlet",
        abstract: "A self-hosted LLM router: one address and one key for applications, many providers behind it.",
        version: "0.1.0",
        groupedSubcommands: [
            CommandGroup(name: "Running a gateway", subcommands: [Serve.self, Check.self, Doctor.self, SchemaCommand.self, ImportCommand.self]),
            CommandGroup(
                name: "Looking at a running gateway",
                subcommands: [
                    TopCommand.self, RequestsCommand.self, ExplainCommand.self, EventsCommand.self, UsageCommand.self, BudgetsCommand.self,
                    DeploymentsCommand.self, AuditCommand.self, ExportCommand.self,
                ]),
            CommandGroup(
                name: "Changing a running gateway",
                subcommands: [
                    KeysCommand.self, PoliciesCommand.self, ProvidersCommand.self, SettingsCommand.self, LearningCommand.self,
                    WebhooksCommand.self, APICommand.self,
                ]),
            CommandGroup(
                name: "Trying out",
                subcommands: [Simulate.self, ReplayCommand.self, ScoreCommand.self, TokensCommand.self, PricesCommand.self, BenchCommand.self]),
            CommandGroup(name: "This command", subcommands: [CompletionCommand.self]),
        ])

    /// Swift reads the arguments out of /proc. Where that is not mounted there are none, and any command would look like a call for help.
    static func main() async {
        guard !CommandLine.arguments.isEmpty else {
            StandardStream.errors.write(
                "swiftlet: /proc is not mounted, so that this process cannot read its arguments; mount it: mount -t proc proc /proc\n")
            exit(withError: ExitCode(78))
        }
        if let word = CommandLine.arguments.dropFirst().first, !word.hasPrefix("-"), let near = command(like: word) {
            exit(withError: ValidationError("there is no command `\(word)`; did you mean `\(near)`?"))
        }
        await main(nil)
    }

    /// The nearest command to a word that is none.
    private static func command(like word: String) -> String? {
        let names = ["help"] + configuration.subcommands.map { $0._commandName }
        return names.contains(word) ? nil : Spelling.nearest(to: word, among: names)
    }
}
