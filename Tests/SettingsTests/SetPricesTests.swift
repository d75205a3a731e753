import Routing
import Schema
import Testing

@testable import Settings

@Suite("Prices of settings, above the catalogue") struct SetPricesTests {
    private static let day = Moment(written: "2026-11-21") ?? Moment(seconds: 0)

    /// Settings with a section of prices above the rows of `CatalogueLookupTests` and one deployment.
    private static func compile(
        _ prices: String, _ deployment: String = "model: big", type: String = "groq", more: String = "", at moment: Moment = day
    )
        throws -> Compilation
    {
        let folder = try Folder()
        folder.write(CatalogueLookupTests.rows.joined(separator: "\n"), to: "prices.jsonl")
        let text = """
            prices_file: \(folder("prices.jsonl"))
            providers: { p: { type: \(type), api_key: k, base_url: "http://127.0.0.1:1/v1"\(more) } }
            models: { m: { deployments: [ { provider: p, \(deployment) } ] } }
            prices:
            \(prices.split(separator: "\n").map { "  \($0)" }.joined(separator: "\n"))
            """
        return Blueprint.compile(yaml: text, secrets: { _ in .found("k") }, at: moment)
    }

    private static func deployment(
        _ prices: String, _ deployment: String = "model: big", type: String = "groq", more: String = "", day: String = "2026-11-21"
    ) throws -> Deployment {
        let compilation = try compile(prices, deployment, type: type, more: more, at: try #require(Moment(written: day)))
        #expect(compilation.problems == [])
        return try #require(compilation.blueprint).table.deployments[0]
    }

    private static func catalogue(_ json: String) throws -> PriceCatalogue {
        var reading = Reading()
        let catalogue = CatalogueLookupTests.catalogue.under(JSONNode.read(json), &reading)
        #expect(reading.problems == [])
        return catalogue
    }

    @Test("a price stands in place of the row's, all else stays as the row says")
    func above() throws {
        let found = try Self.deployment("groq/big: { input: 0.5, output: 1.5, cached_input: 0.05 }")
        var expected = Price(input: 500_000_000, output: 1_500_000_000)
        expected.cachedInput = 50_000_000
        #expect(found.price == expected)
        #expect(found.contextWindow == 200_000 && found.maxOutput == 8_000 && found.lacks.contains(.vision))
        let row = try #require(Self.catalogue(#"{"groq/big":{"input":0.5,"output":1.5}}"#).facts(provider: "groq", model: "grand"))
        #expect(row.name == "groq/big" && row.source.isEmpty && row.read == nil, "another page says what it costs")
    }

    @Test("a row that says no price leaves it, and says the rest")
    func facts() throws {
        let found = try Self.deployment("groq/big:\n  context: 5\n  can: [vision]\n  cannot: [tools]")
        #expect(found.price?.input == 2_000_000_000 && found.price?.above.count == 1)
        #expect(found.contextWindow == 5 && found.lacks.contains(.tools) && !found.lacks.contains(.vision))
        #expect(found.capability == (try Self.deployment("groq/other: { input: 1, output: 1 }")).capability)
    }

    @Test("deployments stand above it, as they stand above the catalogue")
    func below() throws {
        let row = "groq/big: { input: 0.5, output: 1.5 }"
        #expect(try Self.deployment(row, "model: big, input_price: 7, output_price: 8").price == Price(input: 7_000_000_000, output: 8_000_000_000))
        #expect(try Self.deployment(row, "model: big, output_price: 8").price == Price(input: 500_000_000, output: 8_000_000_000))
        #expect(try Self.deployment(row, "model: mine, base_model: big").price == Price(input: 500_000_000, output: 1_500_000_000))
    }

    @Test("a model that no row has is known by it, whatever characters its name has, and an old name finds it, too")
    func unheardOf() throws {
        let rows = "groq/our/own-1.5: { input: 1, output: 2, aliases: [ours] }"
        for name in ["our/own-1.5", "OUR/own-1.5", "our/own-1.5-20260102", "ours"] {
            #expect(try Self.deployment(rows, "model: \(name)").price == Price(input: 1_000_000_000, output: 2_000_000_000))
        }
        #expect(
            try Self.deployment("openai_compatible/x: { input: 1, output: 2 }", "model: x", type: "openai_compatible").price?.output == 2_000_000_000)
    }

    @Test("an alias or a snapshot that is named has a row of its own, and is else as its model")
    func snapshots() throws {
        let catalogue = try Self.catalogue(
            #"{"groq/big-2026-01-02":{"input":1,"output":1},"groq/big-2024-05-06":{"context":7},"groq/big":{"input":3,"output":3}}"#)
        func price(_ name: String) -> Int64? { catalogue.facts(provider: "groq", model: name)?.price(at: Self.day)?.input }
        #expect(price("big-2026-01-02") == 1_000_000_000 && price("big") == 3_000_000_000 && price("grand") == 3_000_000_000)
        #expect(price("big-2024-05-06") == 3_000_000_000, "what it does not say is as its model's row, this section's too")
        #expect(catalogue.facts(provider: "groq", model: "big-2024-05-06")?.context == 7)
        #expect(catalogue.facts(provider: "groq", model: "big-2026-01-02")?.aliases == [])
    }

    @Test(
        "a price holds from its day on, the catalogue's until the first one begins",
        arguments: [("2026-12-31", 1, "2027-02-01"), ("2027-02-01", 7, "2027-03-01"), ("2027-03-01", 8, nil)] as [(String, Int64, String?)])
    func days(day: String, dollars: Int64, next: String?) throws {
        let rows = "groq/small: { prices: [ { from: 2027-02-01, input: 7, output: 7 }, { from: 2027-03-01, input: 8, output: 8 } ] }"
        let moment = try #require(Moment(written: day))
        let blueprint = try #require(try Self.compile(rows, "model: small", at: moment).blueprint)
        // The file's own change of January comes before it.
        #expect(blueprint.pricesChange == (day == "2026-12-31" ? Moment(written: "2027-01-01") : next.flatMap { Moment(written: $0) }))
        #expect(blueprint.table.deployments[0].price?.input == dollars * 1_000_000_000)
        #expect(blueprint.upstreams[0].priceThen(try #require(Moment(written: "2027-01-15")))?.input == 3_000_000_000)
    }

    @Test("long prompts, embeddings without an answer, and a price that is unknown from some day on")
    func shapes() throws {
        let long = try Self.deployment("groq/big: { input: 1, output: 2, above: [ { tokens: 9, input: 4 }, { tokens: 10, output: 9 } ] }").price
        #expect(
            long?.above.map(\.price.input) == [4_000_000_000, 1_000_000_000] && long?.above.map(\.price.output) == [2_000_000_000, 9_000_000_000])
        #expect(try Self.deployment("groq/vectors: { mode: embedding, input: 1 }", "model: vectors").price == Price(input: 1_000_000_000, output: 0))
        #expect(try Self.deployment("groq/big: { prices: [ {} ] }").price == nil)
        #expect(try Self.deployment("groq/big: { from: 2026-01-01 }").price == nil)
    }

    @Test("what is run by oneself costs what is set for its own type; what is called free costs nothing")
    func kinds() throws {
        let row = "groq/big: { input: 0.5, output: 1.5 }"
        #expect(try Self.deployment(row, more: ", kind: self_hosted").price == Price(input: 500_000_000, output: 1_500_000_000))
        #expect(try Self.deployment(row, more: ", kind: free").price == .free)
        let lent = try Self.deployment(row, "model: mine, base_model: groq/big", type: "openai_compatible", more: ", kind: self_hosted")
        #expect(lent.price == nil && lent.contextWindow == 200_000)
    }

    @Test("how capable a model is goes by the vendor's list, not by what was agreed with it")
    func capability() throws {
        let listed = try Self.deployment("groq/other: { input: 1, output: 1 }").capability
        #expect(try Self.deployment("groq/big: { input: 0.001, output: 0.001 }").capability == listed && listed != nil)
    }

    @Test("where a row stands is told")
    func origins() throws {
        let catalogue = try Self.catalogue(#"{"groq/BIG":{"input":1,"output":1}}"#)
        func origin(_ provider: String, _ model: String) -> PriceOrigin? { catalogue.facts(provider: provider, model: model).map(catalogue.origin) }
        #expect(origin("groq", "big") == .settings && origin("groq", "small") == .file && origin("openai", "gpt-5-mini") == .binary)
        #expect(catalogue.rows(of: "groq").first { $0.model.lowercased() == "big" }.flatMap(catalogue.setting) == "groq/BIG")
    }

    @Test(
        "what is wrong with it is told with its line, its path and the nearest name",
        arguments: [
            ("gorq/x: { input: 1, output: 2 }", "f:5: prices.gorq/x: there is no type of provider `gorq`; did you mean `groq`?"),
            ("p/x: { input: 1, output: 2 }", "f:5: prices.p/x: `p` is a provider of type `groq`: write `groq/x`"),
            ("x: { input: 1, output: 2 }", "f:5: prices.x: expected PROVIDER/MODEL: a type of provider and its name for the model"),
            ("groq/x: { inptu: 1, input: 1, output: 2 }", "f:5: prices.groq/x.inptu: unknown setting `inptu`; did you mean `input`?"),
            ("groq/x: { input: 1, output: x }", "f:5: prices.groq/x.output: `x` is not valid; expected USD per million tokens, such as 0.15"),
            ("groq/x: { output: 2 }", "f:5: prices.groq/x: has no price for `input`"),
            ("groq/x: { input: 2 }", "f:5: prices.groq/x: has no price for `output`"),
            ("groq/x: { input: -1, output: 2 }", "f:5: prices.groq/x.input: `-1` is not valid; expected USD per million tokens, such as 0.15"),
            (
                "groq/x:\n  input: 1\n  output: 2\n  prices: []",
                "f:6: prices.groq/x.input: `input` stands beside `prices`: put it into an item of that list"
            ),
            (
                "groq/x:\n  prices:\n    - { input: 1, output: 2 }\n    - { input: 1 }",
                "f:8: prices.groq/x.prices[1].from: is not after the period before it; f:8: prices.groq/x.prices[1]: has no price for `output`"
            ),
            (
                "groq/x: { input: 1, output: 2, above: [ { tokens: 9 }, { tokens: 9 } ] }",
                "f:5: prices.groq/x.above[1].tokens: is not above the one before it"
            ),
            ("groq/x: { tiers: { flex: { input: 1 } } }", "f:5: prices.groq/x: has no price for `input`"),
            (
                "groq/x:\n  input: 1\n  output: 2\n  tiers: { flex: { above: [ { tokens: 9 }, { tokens: 8 } ] } }",
                "f:8: prices.groq/x.tiers.flex.above[1].tokens: is not above the one before it"
            ),
            ("groq/x: { can: [tols] }", "f:5: prices.groq/x.can[0]: there is no ability `tols`; did you mean `tools`?"),
            ("groq/x: { can: [tools], cannot: [tools] }", "f:5: prices.groq/x: can and cannot do tools"),
            ("groq/x: { input: 1, output: 2 }\ngroq/X: { input: 1, output: 2 }", "f:6: prices.groq/X: `groq/x` is the same model"),
            ("groq/x: { released: 2026-02-01, retires: 2026-01-01 }", "f:5: prices.groq/x.retires: is not after `released`"),
        ])
    func problems(rows: String, expected: String) throws {
        #expect(try Self.compile(rows).problems.map { $0.text(file: "f") }.joined(separator: "; ") == expected)
    }

    @Test("kept answers do not depend on it")
    func answers() throws {
        func basis(_ prices: String) throws -> [UInt8]? { try Self.compile(prices, "model: big", more: "").blueprint?.cacheBasis?.document }
        #expect(try basis("groq/x: { input: 1, output: 2 }") == basis("groq/x: { input: 2, output: 2 }"))
    }
}
