import Routing
import Testing

@testable import Settings

@Suite("Price catalogue: names, days and overrides") struct CatalogueLookupTests {
    /// Two models, one with a snapshot of its own price.
    static let rows = [
        row(#""model":"big","aliases":["big-2026-01-02","grand"],"context":200000,"max_output":8000,"cannot":["vision","audio_output"]"#, prices),
        row(#""model":"big-2025-06-07""#, #"{"input":9,"output":9}"#),
        row(#""model":"small""#, #"{"input":1,"output":2},{"from":"2027-01-01","input":3,"output":4},{"from":"2027-06-01"}"#),
        row(#""model":"vague""#, ""),
    ]
    private static let prices = #"""
        {"input":2,"cached_input":0.2,"cache_write":2.5,"cache_write_1h":4,"output":10,"reasoning":12,"above":[{"tokens":100000,"input":4,"output":20}]}
        """#

    private static func row(_ head: String, _ prices: String) -> String {
        #"{"provider":"groq",\#(head),"prices":[\#(prices)],"source":"https://example.com/prices","read":"2026-11-01"}"#
    }

    static let catalogue = PriceCatalogue(imported: CatalogueFile.read(rows.joined(separator: "\n")).rows)

    @Test(
        "a model is found by its name, an alias, or without the date at its end",
        arguments: [
            ("big", "big"), ("BIG", "big"), ("grand", "big"), ("big-2026-01-02", "big"), ("big-2025-06-07", "big-2025-06-07"),
            ("big-2024-05-06", "big"), ("big-20240506", "big"), ("big@20240506", "big"), ("big-latest", "big"), ("big-0506", "big"),
            ("big-001", "big"), ("big-v1:0", "big"), ("big-20240506-v1:0", "big"), ("bigger", nil), ("big-mini", nil), ("big-2", nil), ("", nil),
            ("-latest", nil), ("grand-latest", "big"),
        ] as [(String, String?)])
    func names(name: String, found: String?) {
        #expect(Self.catalogue.facts(provider: "groq", model: name)?.model == found)
    }

    @Test("a name without a row at this provider is unknown, whatever other providers have")
    func providers() {
        #expect(Self.catalogue.facts(provider: "xai", model: "big") == nil)
        #expect(Self.catalogue.facts(provider: "openai_compatible", model: "big") == nil)
        #expect(Self.catalogue.facts(named: "groq/big", provider: "openai_compatible")?.model == "big")
        #expect(Self.catalogue.facts(named: "grand", provider: "groq")?.model == "big")
    }

    @Test(
        "the price of a day is that of its period",
        arguments: [("2020-01-01", 1), ("2026-12-31T23:59:59Z", 1), ("2027-01-01", 3), ("2027-05-31", 3), ("2027-06-01", nil)] as [(String, Int64?)])
    func periods(day: String, dollars: Int64?) throws {
        let row = try #require(Self.catalogue.facts(provider: "groq", model: "small"))
        let moment = try #require(Moment(written: day))
        #expect(row.price(at: moment)?.input == dollars.map { $0 * 1_000_000_000 })
    }

    // MARK: In settings

    /// Of requests, beside what the provider has no endpoint for.
    private static let asked: Needs = [.streaming, .tools, .vision, .json, .reasoning, .audio, .documents]

    /// Of one deployment at a provider whose rows are those above.
    private func compiled(_ deployment: String, type: String = "groq", day: String = "2026-11-21", more: String = "") throws -> Blueprint {
        let folder = try Folder()
        folder.write(Self.rows.joined(separator: "\n"), to: "prices.jsonl")
        let text = """
            prices_file: \(folder("prices.jsonl"))
            providers: { p: { type: \(type), api_key: k, base_url: "http://127.0.0.1:1/v1"\(more) } }
            models: { m: { deployments: [ { provider: p, \(deployment) } ] } }
            """
        let compilation = Blueprint.compile(yaml: text, at: try #require(Moment(written: day)))
        #expect(compilation.problems == [])
        return try #require(compilation.blueprint)
    }

    private func price(_ deployment: String) throws -> Price? { try compiled(deployment).table.deployments[0].price }

    @Test("without a word in settings price, context and abilities are the catalogue's")
    func fromCatalogue() throws {
        let blueprint = try compiled("model: big")
        let deployment = blueprint.table.deployments[0]
        let price = try #require(deployment.price)
        #expect(price == blueprint.upstreams[0].price)
        #expect((price.input, price.output, price.cachedInput) == (2_000_000_000, 10_000_000_000, 200_000_000))
        #expect((price.cacheWrite, price.cacheWriteHour, price.reasoning) == (2_500_000_000, 4_000_000_000, 12_000_000_000))
        #expect(price.above.map(\.tokens) == [100_000] && price.above[0].price.input == 4_000_000_000)
        // What the longer prompt's price does not say is as before.
        #expect(price.above[0].price.cachedInput == 200_000_000)
        #expect(deployment.contextWindow == 200_000 && deployment.maxOutput == 8_000)
        #expect(deployment.lacks.intersection(Self.asked) == [.vision])
        #expect(blueprint.unpriced.isEmpty)
    }

    @Test("what is unknown stays unknown: no price, no window, nothing lacking, and a note for whoever checks")
    func unknown() throws {
        for model in ["vague", "never-heard-of"] {
            let blueprint = try compiled("model: \(model)")
            let deployment = blueprint.table.deployments[0]
            #expect(deployment.price == nil && deployment.contextWindow == nil && deployment.lacks.intersection(Self.asked) == [])
            #expect(blueprint.unpriced.map(\.path) == ["models.m.deployments[0]"])
            #expect(blueprint.unpriced.first.map { $0.line == 3 && $0.message.contains("`\(model)`") } ?? false)
        }
    }

    @Test("settings stand above the catalogue, also in part")
    func overrides() throws {
        let whole = try #require(try price("model: big, input_price: 1, output_price: 0.5"))
        var expected = Price(input: 1_000_000_000, output: 500_000_000)
        #expect(whole == expected, "who prices prompt and answer has priced it all")
        expected.cachedInput = 0
        #expect(try price("model: big, input_price: 1, output_price: 0.5, cached_input_price: 0") == expected)

        let part = try #require(try price("model: big, output_price: 7"))
        #expect((part.input, part.output, part.reasoning) == (2_000_000_000, 7_000_000_000, 12_000_000_000))
        #expect(part.above.map(\.price.output) == [7_000_000_000] && part.above.map(\.price.input) == [4_000_000_000])
        let hour = try #require(try price("model: big, cache_write_1h_price: 5"))
        #expect((hour.cacheWriteHour, hour.cacheWrite, hour.input) == (5_000_000_000, 2_500_000_000, 2_000_000_000))
        #expect(try price("model: vague, cached_input_price: 1") == nil, "a class alone prices nothing")
        #expect(try price("model: vague, input_price: 1")?.output == 0)

        let other = try compiled("model: big, context_window: 5, lacks: [tools]").table.deployments[0]
        #expect(other.contextWindow == 5 && other.lacks.intersection(Self.asked) == [.tools])
        #expect(try compiled("model: big, lacks: []").table.deployments[0].lacks.intersection(Self.asked) == [])
    }

    @Test("a name of one's own is priced by the model it stands for")
    func baseModel() throws {
        #expect(try price("model: mine, base_model: big-latest")?.input == 2_000_000_000)
        let foreign = try compiled("model: mine, base_model: groq/big", type: "openai_compatible").table.deployments[0]
        #expect(foreign.price?.input == 2_000_000_000 && foreign.contextWindow == 200_000)
        #expect(try compiled("model: big", type: "openai_compatible").table.deployments[0].price == nil)
    }

    @Test("what costs nothing or is run by oneself takes no price from the catalogue", arguments: [("free", Price.free), ("self_hosted", nil)])
    func kinds(kind: String, price: Price?) throws {
        let deployment = try compiled("model: big", more: ", kind: \(kind)").table.deployments[0]
        #expect(deployment.price == price && deployment.contextWindow == 200_000)
    }

    @Test("a price that begins to hold later is told, and holds from that day on")
    func change() throws {
        let before = try compiled("model: small", day: "2026-12-31")
        #expect(before.table.deployments[0].price?.input == 1_000_000_000)
        #expect(before.pricesChange == Moment(written: "2027-01-01"))
        let after = try compiled("model: small", day: "2027-01-01")
        #expect(after.table.deployments[0].price?.input == 3_000_000_000)
        #expect(after.pricesChange.map { $0 > Moment(written: "2027-01-01") ?? $0 } ?? false)
        #expect(try compiled("model: small", day: "2027-06-01").table.deployments[0].price == nil)
    }

    @Test("a file that is not there yet is worth a warning, one with problems is refused with file and line")
    func file() throws {
        let folder = try Folder()
        let text =
            "prices_file: \(folder("prices.jsonl"))\nproviders: { p: { type: mock } }\nmodels: { m: { deployments: [ { provider: p, model: x } ] } }"
        let missing = Blueprint.compile(yaml: text)
        #expect(missing.blueprint != nil && missing.problems.map(\.path) == ["prices_file"])
        folder.write("\n{\"provider\":\"groq\",\"model\":\"a\",\"source\":\"nowhere\",\"read\":\"2026-01-01\"}\n", to: "prices.jsonl")
        let broken = Blueprint.compile(yaml: text)
        #expect(broken.blueprint == nil)
        #expect(broken.problems.first.map { $0.line == 1 && $0.message.contains("prices.jsonl:2: groq/a.source: expected") } ?? false)
    }
}
