import ArgumentParser

@main struct Swiftlet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "swiftlet",
        abstract: "A self-hosted LLM router: one address and one key for applications, many providers behind it.",
        version: "0.1.0",
        subcommands: [
            Serve.self, Check.self, Doctor.self, ExplainCommand.self, RequestsCommand.self, ProvidersCommand.self, KeysCommand.self,
            SettingsCommand.self,
            AuditCommand.self,
            SchemaCommand.self, Simulate.self, ReplayCommand.self, ScoreCommand.self,
            PricesCommand.self, ImportCommand.self, BenchCommand.self,
        ])
}
