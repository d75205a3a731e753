import Testing

@testable import Bench

@Suite("Figures") struct FiguresTests {
    static func sample(_ target: String, _ round: Int, turn: Int = 0, cpu: Double? = nil, firstByte: Double? = nil) -> Sample {
        var sample = Sample(target: target, round: round, turn: turn)
        sample.cpu = cpu
        sample.firstByte = firstByte
        return sample
    }

    @Test("a ratio is taken within a turn, so that a slow turn is slow for both")
    func ratios() throws {
        let figures = Figures(samples: [
            Self.sample("nginx", 0, cpu: 10), Self.sample("swiftlet", 0, cpu: 11), Self.sample("nginx", 1, cpu: 30),
            Self.sample("swiftlet", 1, cpu: 36), Self.sample("nginx", 2), Self.sample("swiftlet", 2, cpu: 9),
        ])
        let ratio = try #require(figures.ratio("swiftlet", to: "nginx", \.cpu))
        #expect(abs(ratio.median - 1.15) < 1e-9)
        #expect(abs(ratio.low - 1.1) < 1e-9)
        #expect(abs(ratio.high - 1.2) < 1e-9)
        #expect(figures.ratio("swiftlet", to: "envoy", \.cpu) == nil)
        let turns = Figures(samples: [
            Self.sample("nginx", 0, cpu: 10), Self.sample("swiftlet", 0, cpu: 12), Self.sample("nginx", 0, turn: 1, cpu: 30),
            Self.sample("swiftlet", 0, turn: 1, cpu: 36), Self.sample("nginx", 1, turn: 1, cpu: 100),
        ])
        #expect(try #require(turns.ratio("swiftlet", to: "nginx", \.cpu)).high == 1.2)
    }

    @Test("time to the first byte is compared by what is added to direct")
    func firstByte() throws {
        let figures = Figures(samples: [
            Self.sample("direct", 0, firstByte: 2_000), Self.sample("nginx", 0, firstByte: 2_100), Self.sample("swiftlet", 0, firstByte: 2_150),
            // A while in which all took longer, and of which nginx had the end only.
            Self.sample("direct", 0, turn: 1, firstByte: 9_000), Self.sample("nginx", 0, turn: 1, firstByte: 9_100),
            Self.sample("swiftlet", 0, turn: 1, firstByte: 9_150), Self.sample("direct", 0, turn: 2, firstByte: 9_000),
            Self.sample("nginx", 0, turn: 2, firstByte: 2_000), Self.sample("swiftlet", 0, turn: 2, firstByte: 9_150),
        ])
        #expect(try #require(figures.addedFirstByteRatio("swiftlet", to: "nginx")).median == 1.5)
    }

    @Test(
        "the median is the middle one, or between the two",
        arguments: [([3.0, 1.0, 2.0], 2.0), ([4.0, 1.0, 2.0, 3.0], 2.5), ([7.0], 7.0)] as [([Double], Double)])
    func medians(values: [Double], median: Double) {
        #expect(Spread(values)?.median == median)
    }

    @Test("of more than three turns the quartiles are told, so that one odd turn says nothing")
    func quartiles() throws {
        let spread = try #require(Spread([100, 2, 3, 4, 1]))
        #expect((spread.low, spread.median, spread.high) == (1.5, 3, 52))
        let even = try #require(Spread([4, 1, 3, 2]))
        #expect((even.low, even.high) == (1.5, 3.5))
        let few = try #require(Spread([9, 1, 3]))
        #expect((few.low, few.high) == (1, 9))
    }

    @Test(
        "a limit is judged by the median",
        arguments: [([0.9, 1.0, 9.0], Limit.Verdict.aim), ([1.2, 1.4, 1.5], .must), ([1.3, 1.41, 1.5], .missed), ([], .unknown)]
            as [([Double], Limit.Verdict)])
    func verdicts(values: [Double], verdict: Limit.Verdict) {
        let limit = Limit(figure: "", unit: "", must: 1.4, aim: 1.0, places: 2) { _ in nil }
        #expect(limit.verdict(Spread(values)) == verdict)
    }

    @Test(
        "numbers are shown with thousands and places",
        arguments: [
            (1_234_567.0, 0, "1,234,567"), (0.05, 1, "0.1"), (12.345, 2, "12.35"), (-3.04, 1, "-3.0"), (-0.01, 1, "0.0"), (999.96, 1, "1,000.0"),
        ])
    func numerals(value: Double, places: Int, text: String) {
        #expect(Numerals.text(value, places) == text)
    }

    @Test("notes on the page outlive the next run")
    func notes() {
        func page(_ notes: String) -> String {
            Page(
                figures: Figures(samples: []), rows: [], missing: [("envoy", "it is not here")], plan: ComparisonPlan(), machine: "", date: "",
                command: "", notes: notes
            ).markdown()
        }
        let first = page(Page.notes(in: ""))
        #expect(first.contains("Not measured: envoy, because it is not here."))
        let edited = first.replacing(Page.notesBegin + "\n", with: Page.notesBegin + "\n## Why\n\nBecause.\n")
        #expect(page(Page.notes(in: edited)) == edited)
    }
}
