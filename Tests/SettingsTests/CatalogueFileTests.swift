import Routing
import Schema
import Testing

@testable import Settings

@Suite("Price catalogue: files, LiteLLM's map, differences") struct CatalogueFileTests {
    static let tail = #""source":"https://example.com/p","read":"2026-11-01"}"#

    @Test(
        "dollars are exact both ways",
        arguments: [
            ("0", 0), ("1.25", 1_250_000_000), ("0.0375", 37_500_000), ("0.000000001", 1), ("1000000", 1_000_000_000_000_000), ("1e-3", 1_000_000),
            ("2.50", 2_500_000_000), ("15", 15_000_000_000), ("1E2", 100_000_000_000),
        ] as [(String, Int64)])
    func dollars(text: String, nanodollars: Int64) throws {
        #expect(DecimalDollars.nanodollars(text) == nanodollars)
        #expect(DecimalDollars.nanodollars(DecimalDollars.text(nanodollars)) == nanodollars)
    }

    @Test("no dollars", arguments: ["-1", "", "free", "1000000.1", "0.0000000001", "01", "1e99", ".5", "1_0", "1e-99", "99999999999999999999"])
    func noDollars(text: String) { #expect(DecimalDollars.nanodollars(text) == nil) }

    @Test(
        "a price of one token, through floating point",
        arguments: [
            ("1.25e-06", 1_250_000_000), ("3.7500000000000005e-08", 37_500_000), ("1.1249999999999999e-06", 1_125_000_000), ("0", 0),
            ("0.00001", 10_000_000_000), ("4e-16", 0), ("6e-16", 1),
        ] as [(String, Int64)])
    func perToken(text: String, nanodollars: Int64) {
        #expect(DecimalDollars.nanodollars(text, shift: 6, rounding: true) == nanodollars)
    }

    @Test(
        "what is wrong with a row is told with its line and path",
        arguments: [
            (#"{"provider":"x","model":"#, "f:3: document: is not valid JSON: each row is an object on a line of its own"),
            (#"{"provider":"x","#, "f:3: document: is not valid JSON: each row is an object on a line of its own"),
            ("[1]", "f:3: document: expected an object with a model's facts, found a list"),
            (#"{"provider":"x",\#(tail)"#, "f:3: document: expected `provider` and `model`, which say what the row is about"),
            (#"{"provider":"x","model":"m","contxt":5,\#(tail)"#, "f:3: x/m: unknown member `contxt`; did you mean `context`?"),
            (#"{"provider":"x","model":"m","context":0,\#(tail)"#, "f:3: x/m.context: expected a whole number, 1 to 1000000000"),
            (#"{"provider":"x","model":"m","can":["tool"],\#(tail)"#, "f:3: x/m.can: there is no ability `tool`; did you mean `tools`?"),
            (#"{"provider":"x","model":"m","can":["tools"],"cannot":["tools"],\#(tail)"#, "f:3: x/m: can and cannot do tools"),
            (#"{"provider":"x","model":"m","released":"2026-13-01",\#(tail)"#, "f:3: x/m.released: expected a day such as 2027-01-31"),
            (
                #"{"provider":"x","model":"m","released":"2026-02-01","retires":"2026-02-01",\#(tail)"#, "f:3: x/m.retires: is not after `released`"
            ),
            (#"{"provider":"x","model":"m","mode":"image",\#(tail)"#, "f:3: x/m.mode: expected `chat` or `embedding`"),
            (#"{"provider":"x","model":"m","prices":[{"input":1}],\#(tail)"#, "f:3: x/m.prices[0]: has no price for `output`"),
            (#"{"provider":"x","model":"m","prices":[{"output":1}],\#(tail)"#, "f:3: x/m.prices[0]: has no price for `input`"),
            (
                #"{"provider":"x","model":"m","prices":[{"input":-1,"output":1}],\#(tail)"#,
                "f:3: x/m.prices[0].input: `-1` is not valid; expected USD, 0 to 1000000, at most nine digits behind the point"
            ),
            (
                #"{"provider":"x","model":"m","prices":[{"input":1,"output":1,"cache":1}],\#(tail)"#,
                "f:3: x/m.prices[0]: unknown member `cache`"
            ),
            (
                #"{"provider":"x","model":"m","prices":[{"from":"2026-02-01","input":1,"output":1},{"from":"2026-01-01","input":1,"output":1}],\#(tail)"#,
                "f:3: x/m.prices[1].from: is not after the period before it"
            ),
            (
                #"{"provider":"x","model":"m","prices":[{"input":1,"output":1},{"input":1,"output":1}],\#(tail)"#,
                "f:3: x/m.prices[1].from: is not after the period before it"
            ),
            (
                #"{"provider":"x","model":"m","prices":[{"input":1,"output":1,"above":[{"input":2}]}],\#(tail)"#,
                "f:3: x/m.prices[0].above[0].tokens: expected how many tokens the prompt has more than"
            ),
            (
                #"{"provider":"x","model":"m","source":"a book","read":"2026-01-01"}"#,
                "f:3: x/m.source: expected the address of the page that says so"
            ),
            (
                #"{"provider":"x","model":"m","source":"https://example.com"}"#,
                "f:3: x/m.read: is missing: the day on which it was so, such as 2027-01-31"
            ),
            (#"{"provider":"x","model":"A",\#(tail)"#, "f:3: x/A: `A` stands on line 2 already"),
            (#"{"provider":"x","model":"m","aliases":["a"],\#(tail)"#, "f:3: x/m: `a` stands on line 2 already"),
        ])
    func problems(row: String, problem: String) {
        let file = CatalogueFile.read("# remarks and empty lines are none\n{\"provider\":\"x\",\"model\":\"a\",\(Self.tail)\n\(row)\n\n")
        #expect(file.problems.map { $0.text(file: "f") }.contains { $0.hasPrefix(problem) }, "\(file.problems)")
    }

    // MARK: LiteLLM's map

    static let foreign = #"""
        {
          "sample_spec": {"litellm_provider": "one of many", "mode": "chat", "input_cost_per_token": 0},
          "groq/big": {"litellm_provider": "groq", "mode": "chat", "input_cost_per_token": 2e-06, "output_cost_per_token": 1e-05,
            "cache_read_input_token_cost": 2e-07, "cache_creation_input_token_cost_above_1hr": 4e-06, "input_cost_per_token_batches": 1e-06,
            "input_cost_per_token_flex": 1e-06, "output_cost_per_token_flex": 5e-06, "input_cost_per_token_priority": 4e-06,
            "output_cost_per_token_priority": 2e-05, "cache_read_input_token_cost_priority": 4e-07, "provider_specific_entry": {"fast": 2.5},
            "input_cost_per_token_above_200k_tokens": 4e-06, "output_cost_per_token_above_200k_tokens": 1.5e-05,
            "input_cost_per_token_above_200k_tokens_priority": 9e-06,
            "max_input_tokens": 200000, "max_output_tokens": "8000", "supports_vision": false, "supports_function_calling": true,
            "deprecation_date": "2027-01-01", "source": "https://example.com/big"},
          "vertex_ai/publisher/some": {"litellm_provider": "vertex_ai-some_models", "mode": "chat",
            "input_cost_per_token": 1e-06, "output_cost_per_token": 2e-06},
          "embed-1": {"litellm_provider": "openai", "mode": "embedding", "input_cost_per_token": 2e-08, "output_vector_size": 1536,
            "max_input_tokens": 8191},
          "dear": {"litellm_provider": "nobody", "mode": "chat", "input_cost_per_token": 1, "output_cost_per_token": 1},
          "picture": {"litellm_provider": "openai", "mode": "image_generation", "input_cost_per_token": 1, "output_cost_per_token": 1},
          "unpriced": {"litellm_provider": "openai", "mode": "chat"}
        }
        """#

    @Test("LiteLLM's map becomes rows; what says nothing to us is counted")
    func liteLLM() throws {
        let file = CatalogueFile.read(Self.foreign, day: try #require(Moment(written: "2026-11-21")))
        #expect(file.problems == [] && file.isForeign && file.skipped == 3)
        #expect(file.rows.map(\.name) == ["groq/big", "vertex/publisher/some", "openai/embed-1"])
        #expect(file.rows.map(\.line) == [3, 11, 13])
        let big = file.rows[0]
        #expect((big.maxInput, big.maxOutput, big.retires?.day, big.source) == (200_000, 8_000, "2027-01-01", "https://example.com/big"))
        #expect(big.can.names == ["tools"] && big.cannot.names == ["vision"])
        let price = try #require(big.periods.first?.price)
        #expect((price.input, price.output, price.cachedInput) == (2_000_000_000, 10_000_000_000, 200_000_000))
        #expect(price.cacheWriteHour == 4_000_000_000 && price.cacheWrite == nil)
        #expect(price.above.map(\.tokens) == [200_000])
        #expect(price.above[0].price.input == 4_000_000_000 && price.above[0].price.output == 15_000_000_000)
        // Half a price of a tier is none.
        #expect(price.tiers == [.flex, .priority, .fast])
        let flex = try #require(price.price(of: .flex))
        #expect((flex.input, flex.output, flex.cachedInput, flex.above.count) == (1_000_000_000, 5_000_000_000, 200_000_000, 0))
        let priority = try #require(price.price(of: .priority))
        #expect((priority.input, priority.output, priority.cachedInput) == (4_000_000_000, 20_000_000_000, 400_000_000))
        #expect(priority.above.map(\.tokens) == [200_000] && priority.above[0].price.input == 9_000_000_000)
        let fast = try #require(price.price(of: .fast))
        #expect((fast.input, fast.output, fast.cachedInput, fast.cacheWriteHour) == (5_000_000_000, 25_000_000_000, 500_000_000, 10_000_000_000))
        #expect(file.rows[2].isEmbedding && file.rows[2].dimensions == 1536 && file.rows[2].periods[0].price?.input == 20_000_000)
        // What is read can be written as rows of our own.
        #expect(CatalogueFile.read(file.rows.map { $0.row + "\n" }.joined()).problems == [])
    }

    @Test("a price that is none is told with its line")
    func badForeign() {
        let text = #"{ "a": {"litellm_provider": "openai",\#n "input_cost_per_token": -1e-06, "output_cost_per_token": 1e-06} }"#
        #expect(
            CatalogueFile.read(text).problems.map { $0.text(file: "f") } == [
                "f:2: a.input_cost_per_token: `-1e-06` is not valid; expected USD per token"
            ])
    }

    // MARK: Differences

    private func catalogue(_ text: String) -> PriceCatalogue { PriceCatalogue(imported: CatalogueFile.read(text).rows) }
    private let old = """
        {"provider":"none","model":"a","context":5,"prices":[{"input":1,"output":2}],\(tail)
        {"provider":"none","model":"b","prices":[{"input":1,"output":2}],\(tail)
        """

    @Test("a newer list adds, removes and changes")
    func differences() {
        let new = """
            {"provider":"none","model":"a","context":5,"prices":[{"input":1,"output":2},{"from":"2027-01-01","input":3,"output":2}],\(Self.tail)
            {"provider":"none","model":"c","prices":[{"input":1,"output":2}],\(Self.tail)
            """
        let diff = CatalogueDiff(from: catalogue(old), to: CatalogueFile.read(new).rows)
        #expect(diff.added.map(\.name) == ["none/c"] && diff.removed.map(\.name) == ["none/b"])
        #expect(diff.changed.map(\.name) == ["none/a"])
        #expect(diff.changed.first?.members.map(\.name) == ["prices"])
        #expect(diff.changed.first?.members.first?.old == "input 1 output 2")
        #expect(diff.changed.first?.members.first?.new == "input 1 output 2; from 2027-01-01: input 3 output 2")
        #expect(CatalogueDiff(from: catalogue(old), to: CatalogueFile.read(old).rows).isEmpty)
    }

    @Test("LiteLLM's map keeps what it does not know, and the past")
    func completed() throws {
        let day = try #require(Moment(written: "2026-11-21"))
        let known = catalogue(
            #"{"provider":"groq","model":"big","aliases":["big-2026-01-02"],"context":208000,"can":["vision","json"],"prices":[{"input":1,"output":9}],\#(Self.tail)"#
        )
        let file = CatalogueFile.read(Self.foreign, day: day)
        let row = try #require(known.completed(file, from: day).first)
        #expect(row.context == 208_000 && row.aliases == ["big-2026-01-02"])
        #expect(row.can.names == ["tools", "json"] && row.cannot.names == ["vision"], "what the newer list says counts")
        #expect(row.periods.count == 2)
        #expect(row.price(at: Moment(seconds: day.seconds - 1))?.input == 1_000_000_000)
        #expect(row.price(at: day)?.input == 2_000_000_000)
        let again = PriceCatalogue(imported: [row]).completed(file, from: day)
        #expect(again.first?.periods == row.periods, "a second import changes nothing")
    }

    @Test("a list that says nothing of tiers leaves them, unless the usual price is another one")
    func tiersStay() throws {
        let day = try #require(Moment(written: "2026-11-21"))
        func row(_ price: String) -> ModelFacts? {
            CatalogueFile.read(#"{"provider":"groq","model":"m","prices":[\#(price)],\#(Self.tail)"#).rows.first
        }
        let old = try #require(row(#"{"input":1,"output":2,"tiers":{"flex":{"input":0.5,"output":1}}}"#))
        #expect(old.periods[0].described == "input 1 output 2, flex: input 0.5 output 1")
        #expect(try #require(row(#"{"input":1,"output":2}"#)).over(old, from: day).periods == old.periods)
        let more = try #require(row(#"{"input":1,"output":2,"tiers":{"priority":{"input":2,"output":4}}}"#)).over(old, from: day)
        #expect(more.price(at: day)?.tiers == [.flex, .priority])
        #expect(try #require(row(#"{"input":3,"output":2}"#)).over(old, from: day).price(at: day)?.tiers == [])
    }

    @Test(
        "what is wrong with the prices of tiers is told with its place",
        arguments: [
            (#"{"fast":1}"#, "tiers.fast: expected an object with prices"), (#"{"slow":{"input":1}}"#, "tiers: unknown member `slow`"),
            (#"{"flex":{"input":"x"}}"#, "tiers.flex.input: `x` is not valid"), (#"[]"#, "tiers: expected an object with service tiers"),
            (#"{"flex":{"input":1,"tiers":{}}}"#, "tiers.flex: unknown member `tiers`"),
        ])
    func wrongTiers(_ tiers: String, _ problem: String) {
        let row = #"{"provider":"x","model":"m","prices":[{"input":1,"output":1,"tiers":\#(tiers)}],\#(Self.tail)"#
        let found = CatalogueFile.read(row).problems.map { $0.text(file: "f") }
        #expect(found.contains { $0.hasPrefix("f:1: x/m.prices[0].\(problem)") }, "\(found)")
    }

    @Test("rows of a file stand in place of the bundled ones, the others stay")
    func above() throws {
        let bundled = PriceCatalogue.bundled.rows(of: "openai")
        let other = PriceCatalogue(
            imported: CatalogueFile.read(#"{"provider":"openai","model":"\#(bundled[0].model)","prices":[{"input":77,"output":78}],\#(Self.tail)"#)
                .rows)
        #expect(other.rows(of: "openai").count == bundled.count)
        #expect(other.facts(provider: "openai", model: bundled[0].model)?.price(at: .now)?.input == 77_000_000_000)
        #expect(other.facts(provider: "openai", model: bundled[1].model) == bundled[1])
    }
}
