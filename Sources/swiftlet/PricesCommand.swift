import ArgumentParser
import Bench
import FoundationEssentials
import Schema
import Settings

/// `swiftlet prices`: what models cost and can do, as far as is known.
struct PricesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prices", abstract: "Show, compare and import prices and facts of models, and price logged requests again.",
        subcommands: [List.self, Show.self, Diff.self, Import.self, Rerate.self], defaultSubcommand: List.self)

    /// Which rows stand above those in the binary.
    struct Source: ParsableArguments {
        @Option(name: .shortAndLong, help: "A settings file; its prices and its prices_file count.")
        var config: String?
        @Option(help: "A file of prices; wins over the settings'.")
        var prices: String?

        /// As a gateway with these settings would find it.
        func file() throws -> String? {
            if let prices { return prices }
            if let variable = ProcessInfo.processInfo.environment["SWIFTLET_PRICES_FILE"], !variable.isEmpty { return variable }
            return try settings()?["prices_file"]?.scalar
        }

        private func settings() throws -> Node? {
            guard let config else { return nil }
            var problems: [Problem] = []
            guard let node = Blueprint.document(path: config, problems: &problems), problems.errors.isEmpty else {
                throw PricesCommand.failure(problems.map { $0.text(file: config) })
            }
            return node
        }

        /// What the settings do not say themselves.
        func below() throws -> PriceCatalogue {
            guard let path = try file(), FileManager.default.fileExists(atPath: path) else { return .bundled }
            return PriceCatalogue(imported: try PricesCommand.rows(of: path, over: .bundled))
        }

        func catalogue() throws -> PriceCatalogue {
            let (below, settings) = (try below(), try settings())
            var reading = Reading()
            let catalogue = below.under(settings?["prices"], &reading)
            guard reading.problems.isEmpty else {
                throw PricesCommand.failure(reading.problems.inOrder.map { $0.text(file: config ?? "") })
            }
            return catalogue
        }

        /// Those of `rows` that settings say something else of.
        func covered(_ rows: [ModelFacts]) throws -> [String] {
            let catalogue = try catalogue()
            return rows.filter { catalogue.setting(of: $0) != nil }.map(\.name)
        }
    }

    /// Tells all problems of a file, or returns its rows.
    static func rows(of path: String, over catalogue: PriceCatalogue) throws -> [ModelFacts] {
        let file = CatalogueFile.read(path: path)
        guard file.problems.isEmpty else { throw failure(file.problems.map { $0.text(file: path) }) }
        return catalogue.completed(file)
    }

    static func failure(_ lines: [String]) -> ExitCode {
        for line in lines { StandardStream.output.write(line + "\n") }
        return ExitCode.failure
    }

    static func complain(_ text: String) -> ExitCode {
        StandardStream.errors.write("swiftlet: \(text)\n")
        return ExitCode.failure
    }

    // MARK: List

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List models with what they cost now, USD per million tokens.",
            discussion: "A `-` is not known. A price that is another for long prompts has a `+` behind it.")

        @OptionGroup var source: Source
        @Option(help: "Models at this type of provider only.")
        var provider: String?
        @Option(help: "Models whose names contain this.")
        var model: String?
        @Flag(help: "Print rows of the catalogue, one JSON object a line.")
        var json = false

        func run() throws {
            let catalogue = try source.catalogue()
            if let provider, !catalogue.providers.contains(provider) {
                throw complain("there is no provider `\(provider)` in the catalogue\(Spelling.help(for: provider, among: catalogue.providers))")
            }
            let rows = catalogue.rows(provider: provider, containing: model ?? "")
            let text = json ? rows.map(\.row) : PriceTable.lines(rows, at: .now)
            StandardStream.output.write(text.map { $0 + "\n" }.joined())
        }
    }

    // MARK: Show

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show all that is known of a model, with its prices over time and the source.")

        @OptionGroup var source: Source
        @Argument(help: "PROVIDER/MODEL, or a model's name or alias at any provider.")
        var model: String
        @Flag(help: "Print rows of the catalogue, one JSON object a line.")
        var json = false

        func run() throws {
            let catalogue = try source.catalogue()
            let found = catalogue.everywhere(model)
            guard !found.isEmpty else {
                let help = Spelling.nearest(to: model, among: catalogue.rows.flatMap { [$0.name, $0.model] }).map { "; did you mean `\($0)`?" } ?? ""
                throw complain("nothing is known of a model `\(model)`\(help)")
            }
            let pages = found.map { json ? $0.row : PriceTable.page($0, in: catalogue, at: .now).joined(separator: "\n") }
            StandardStream.output.write(pages.joined(separator: json ? "\n" : "\n\n") + "\n")
        }
    }

    // MARK: Diff

    struct Diff: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Compare a newer file of prices with what is known: + added, - removed, ~ changed.")

        @OptionGroup var source: Source
        @Argument(help: "Rows of the catalogue, or LiteLLM's model_prices_and_context_window.json.")
        var file: String
        @Flag(help: "Print JSON.")
        var json = false

        func run() throws {
            let catalogue = try source.below()
            let rows = try rows(of: file, over: catalogue)
            let diff = CatalogueDiff(from: catalogue, to: rows)
            let covered = try source.covered(rows)
            if json { return StandardStream.output.write(PriceTable.json(diff, covered: covered) + "\n") }
            StandardStream.output.write((PriceTable.lines(diff) + PriceTable.note(covered)).map { $0 + "\n" }.joined())
        }
    }

    // MARK: Import

    struct Import: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check a newer file of prices and put its rows where gateways find them.",
            discussion: "A running gateway whose settings name the same prices_file has them within seconds. With problems nothing is written.")

        @OptionGroup var source: Source
        @Argument(help: "Rows of the catalogue, or LiteLLM's model_prices_and_context_window.json.")
        var file: String
        @Flag(help: "Print JSON.")
        var json = false

        func run() throws {
            guard let target = try source.file() else {
                throw complain("where to? Say prices_file in the settings and name them with --config, or name the file with --prices")
            }
            let before = try source.below()
            let read = CatalogueFile.read(path: file)
            guard read.problems.isEmpty else { throw failure(read.problems.map { $0.text(file: file) }) }
            let rows = before.completed(read)
            let diff = CatalogueDiff(from: before, to: rows)
            let own = FileManager.default.fileExists(atPath: target) ? try PricesCommand.rows(of: target, over: .bundled) : []
            let names = Set(rows.map { $0.name.lowercased() })
            let all = own.filter { !names.contains($0.name.lowercased()) } + rows
            let covered = try source.covered(rows)
            let text = all.sorted { $0.name < $1.name }.map { $0.row + "\n" }.joined()
            do {
                try Data(text.utf8).write(to: URL(filePath: target), options: .atomic)
            } catch {
                throw complain("\(target) cannot be written: \(error)")
            }
            if json {
                let counts = [("rows", rows.count), ("new", diff.added.count), ("changed", diff.changed.count), ("skipped", read.skipped)]
                let above = [("set_in_settings", JSONText.list(covered.map { .string($0) }))]
                let report = JSONText.object([("file", .string(target))] + counts.map { ($0, .number("\($1)")) } + above)
                return StandardStream.output.write(report.text() + "\n")
            }
            let skipped = read.skipped > 0 ? ", \(read.skipped) entries of other kinds or providers left out" : ""
            StandardStream.output.write(
                "\(target): \(rows.count) rows, \(diff.added.count) new, \(diff.changed.count) changed\(skipped)\n"
                    + PriceTable.note(covered).map { $0 + "\n" }.joined())
        }
    }
}
