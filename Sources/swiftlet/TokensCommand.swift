import ArgumentParser
import Console
import FoundationEssentials
import Schema

/// `swiftlet tokens FILE`: what a text comes to at each model.
struct TokensCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokens", abstract: "Estimate a text's tokens and cost at each deployment, and at models of the catalogue.",
        discussion: "A running gateway is asked, which knows how providers counted before. Nothing of the text is kept.")

    @OptionGroup var admin: AdminOptions
    @Argument(help: "The text's file.")
    var file: String
    @Option(help: "Tokens of the answer.")
    var output: Int = 0
    @Option(help: "A model of the catalogue as PROVIDER/MODEL; may be given several times.")
    var model: [String] = []

    func run() throws {
        guard let data = try? Data(contentsOf: URL(filePath: file)), let text = String(validating: data, as: UTF8.self) else {
            throw ValidationError("\(file) cannot be read as text")
        }
        let body = AdminBody.text([
            ("text", .text(text)), ("output_tokens", .plain("\(output)")), ("models", .list(model.map { .text($0) })),
        ])
        let reply = try admin.ask { try $0.post("/api/v1/tokens", body) }
        let columns = [
            AdminOptions.column("MODEL", "name"), AdminOptions.column("TOKENS", "tokens"), AdminOptions.column("AT MOST", "at_most"),
            AdminOptions.column("PROMPT", "input_usd", before: "$"), AdminOptions.column("ANSWER", "output_usd", before: "$"),
            AdminOptions.column("COST", "cost_usd", before: "$"), AdminOptions.column("CONTEXT", "context_window"),
        ]
        admin.show(reply) { node in
            let rows = (node["data"]?.items ?? []).map { row in columns.map { $0.text(row) } }
            return rows.isEmpty ? "there are no models\n" : TextTable.text(columns.map(\.head), rows)
        }
    }
}
