import Routing
import Schema
import Testing
import Translation

@testable import Settings

@Suite("Price catalogue: the rows in the binary") struct CatalogueRowTests {
    static let providers = [
        "alibaba", "anthropic", "azure", "bedrock", "cerebras", "cohere", "deepseek", "fireworks", "gemini", "groq", "huggingface", "meta",
        "mistral", "moonshot", "openai", "openrouter", "perplexity", "together", "vertex", "xai", "zai",
    ]

    @Test("every row can be read, names are unique, dates are in order, prices are none below zero, sources are addresses", arguments: providers)
    func rows(provider: String) throws {
        let file = CatalogueFile.rows(of: try #require(Bundled.text(of: provider)), provider: provider)
        #expect(file.problems.map { $0.text(file: "\(provider).jsonl") } == [])
        #expect(!file.rows.isEmpty)
        #expect(PriceCatalogue.bundled.rows(of: provider) == file.rows, "what is read when it is asked for is what stands in the file")
        for row in file.rows {
            #expect(row.source.hasPrefix("https://"), "\(row.name)")
            #expect(row.read.map { $0 <= .now } ?? false, "\(row.name)")
            #expect(row.via != nil, "\(row.name)")
            for longer in row.periods.compactMap(\.price).flatMap(\.above) { #expect(longer.tokens > 0) }
        }
    }

    @Test("every provider of the catalogue is a type of provider that settings know")
    func types() {
        #expect(Bundled.providers == Self.providers)
        let known = Set(Catalog.types.map(\.name))
        for provider in Self.providers { #expect(known.contains(provider), "\(provider)") }
    }

    @Test("there are more than 150 models that are not retired, most with a price, and every provider has some with one")
    func count() {
        let rows = PriceCatalogue.bundled.rows
        let current = rows.filter { $0.retires.map { $0 > Moment(written: "2026-11-21") ?? .now } ?? true }
        #expect(current.count > 150)
        #expect(current.count { !$0.periods.isEmpty } * 10 > current.count * 9)
        for provider in Self.providers { #expect(rows.contains { $0.provider == provider && !$0.periods.isEmpty }, "\(provider)") }
    }

    @Test("every member of a row and every ability stands in its reference page")
    func page() {
        let text = Files.text("docs/reference/prices.md")
        let names = FactsReader.members + FactsReader.classes + Abilities.names + ["from", "above", "tokens", "tiers", "per_image"]
        for name in names { #expect(text.contains("`\(name)`"), "\(name)") }
    }

    @Test("a row written and read again is the same", arguments: providers)
    func again(provider: String) {
        let rows = PriceCatalogue.bundled.rows(of: provider)
        let file = CatalogueFile.read(rows.map { $0.row + "\n" }.joined())
        #expect(file.problems == [])
        #expect(file.rows.map(withoutLine) == rows.map(withoutLine))
    }

    private func withoutLine(_ row: ModelFacts) -> ModelFacts {
        var row = row
        row.line = 0
        return row
    }
}
