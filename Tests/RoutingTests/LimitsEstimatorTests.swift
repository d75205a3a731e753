import Testing

@testable import Routing

@Suite("Limits: the estimator of tokens") struct LimitsEstimatorTests {
    struct Recorded: Sendable {
        var tokens: Int64
        var size: PromptSize
        var model: String

        init(_ tokens: Int64, text: Int64, body: Int64, images: Int64, files: Int64, tools: Bool, _ model: String) {
            self.tokens = tokens
            size = PromptSize(textBytes: text, bodyBytes: body, images: images, attachmentBytes: files, hasTools: tools)
            self.model = model
        }
    }

    /// Of 827 recorded exchanges with usage: the densest, the longest, those with the dearest images and files, and some others.
    static let recorded: [Recorded] = [
        Recorded(1042, text: 8432, body: 8472, images: 0, files: 0, tools: false, "anthropic/claude-sonnet-4-20250514"),
        Recorded(4250, text: 168, body: 25428, images: 0, files: 25230, tools: false, "anthropic/claude-haiku-4-5-20251001"),
        Recorded(2706, text: 142, body: 25517, images: 1, files: 25175, tools: false, "anthropic/claude-haiku-4-5-20251001"),
        Recorded(5341, text: 146, body: 25447, images: 0, files: 25269, tools: false, "anthropic/claude-haiku-4-5-20251001"),
        Recorded(5558, text: 1176, body: 26530, images: 0, files: 25269, tools: false, "anthropic/claude-haiku-4-5-20251001"),
        Recorded(16, text: 131, body: 151, images: 0, files: 0, tools: false, "anthropic/claude-sonnet-4-0"),
        Recorded(811, text: 832, body: 1006, images: 0, files: 0, tools: true, "anthropic/claude-sonnet-4-5"),
        Recorded(651, text: 559, body: 770, images: 0, files: 104, tools: true, "anthropic/claude-sonnet-4-5"),
        Recorded(2094, text: 357, body: 1128, images: 1, files: 571, tools: false, "anthropic/claude-3-5-haiku-20241022"),
        Recorded(2265, text: 1065, body: 1836, images: 1, files: 571, tools: false, "anthropic/claude-3-5-haiku-20241022"),
        Recorded(208, text: 752, body: 828, images: 0, files: 0, tools: true, "azure/completions?api-version=2024-12-01-pre"),
        Recorded(259, text: 498, body: 582, images: 0, files: 0, tools: true, "bedrock/converse-stream"),
        Recorded(28, text: 303, body: 358, images: 0, files: 0, tools: false, "bedrock/converse-stream"),
        Recorded(7361, text: 32830, body: 33317, images: 0, files: 0, tools: false, "bedrock/converse"),
        Recorded(658, text: 508, body: 750, images: 0, files: 98, tools: true, "bedrock/converse"),
        Recorded(1715, text: 5473, body: 5916, images: 0, files: 292, tools: false, "bedrock/converse"),
        Recorded(1951, text: 6622, body: 7110, images: 0, files: 292, tools: false, "bedrock/converse"),
        Recorded(1626, text: 477, body: 677, images: 1, files: 0, tools: true, "bedrock/converse"),
        Recorded(436, text: 447, body: 668, images: 0, files: 98, tools: true, "bedrock/converse"),
        Recorded(1382, text: 515, body: 715, images: 1, files: 0, tools: true, "bedrock/converse"),
        Recorded(1384, text: 537, body: 737, images: 1, files: 0, tools: true, "bedrock/converse"),
        Recorded(1606, text: 111, body: 646, images: 0, files: 512, tools: false, "bedrock/converse"),
        Recorded(9514, text: 43446, body: 43483, images: 0, files: 0, tools: false, "bedrock/invoke"),
        Recorded(11470, text: 49708, body: 49950, images: 0, files: 0, tools: false, "bedrock/invoke"),
        Recorded(18, text: 148, body: 171, images: 0, files: 0, tools: false, "deepseek/deepseek-v4-flash"),
        Recorded(17713, text: 203, body: 338, images: 0, files: 81, tools: false, "gemini/gemini-2.5-flash:generateContent"),
        Recorded(2014, text: 4942, body: 5142, images: 1, files: 0, tools: true, "gemini/gemini-3-flash-preview:generateConten"),
        Recorded(1515, text: 641, body: 841, images: 1, files: 0, tools: true, "groq/meta-llama/llama-4-maverick-17b-128e-in"),
        Recorded(84, text: 124, body: 144, images: 0, files: 0, tools: false, "groq/openai/gpt-oss-120b"),
        Recorded(336, text: 1475, body: 1693, images: 0, files: 0, tools: true, "groq/openai/gpt-oss-120b"),
        Recorded(254, text: 616, body: 816, images: 1, files: 0, tools: true, "mistral/mistral-medium-latest"),
        Recorded(1220, text: 7354, body: 7382, images: 0, files: 0, tools: false, "openai/gpt-4o"),
        Recorded(21, text: 160, body: 180, images: 0, files: 0, tools: false, "openai/gpt-5-nano"),
        Recorded(2245, text: 125, body: 325, images: 1, files: 0, tools: false, "openai/gpt-5-nano"),
        Recorded(12, text: 94, body: 114, images: 0, files: 0, tools: false, "openai/gpt-4o-mini"),
        Recorded(189, text: 920, body: 965, images: 0, files: 0, tools: false, "openai/gpt-4o-mini"),
        Recorded(392, text: 609, body: 18504, images: 0, files: 17787, tools: true, "openai/gpt-5-mini"),
        Recorded(6165, text: 32888, body: 33369, images: 0, files: 0, tools: false, "openai/gpt-5.2"),
        Recorded(9, text: 51, body: 60, images: 0, files: 0, tools: false, "openai/gpt-4.1"),
        Recorded(18417, text: 202, body: 1357, images: 0, files: 1125, tools: false, "openai/responses"),
        Recorded(11041, text: 253, body: 744, images: 2, files: 91, tools: false, "openai/responses"),
        Recorded(11041, text: 212, body: 703, images: 2, files: 91, tools: false, "openai/responses"),
        Recorded(532, text: 6304, body: 6504, images: 0, files: 0, tools: true, "openai/gpt-5.5"),
        Recorded(14363, text: 971, body: 1171, images: 1, files: 0, tools: false, "openai/gpt-4o-mini"),
        Recorded(769, text: 185, body: 284, images: 0, files: 64, tools: false, "openai/gpt-5-nano"),
        Recorded(80, text: 357, body: 386, images: 0, files: 0, tools: false, "openrouter/anthropic/claude-haiku-4.5"),
        Recorded(1294, text: 83, body: 25247, images: 0, files: 25124, tools: false, "vertex/gemini-2.5-flash:generateContent"),
        Recorded(159, text: 97, body: 213, images: 0, files: 79, tools: false, "vertex/gemini-2.0-flash:generateContent"),
        Recorded(19875, text: 97, body: 249, images: 0, files: 115, tools: false, "vertex/gemini-2.0-flash:generateContent"),
        Recorded(19875, text: 97, body: 264, images: 0, files: 130, tools: false, "vertex/gemini-2.0-flash:generateContent"),
        Recorded(2589, text: 97, body: 297, images: 1, files: 0, tools: false, "vertex/gemini-2.0-flash:generateContent"),
    ]

    @Test("bounds hold for what providers counted, before and after they are learned")
    func recordings() {
        var estimator = TokenEstimator()
        for pass in 1...40 {
            for row in Self.recorded {
                let model = estimator.number(of: row.model)
                #expect(estimator.bound(row.size, model: model) >= row.tokens, "pass \(pass): \(row)")
                estimator.observe(row.size, model: model, tokens: row.tokens)
            }
        }
    }

    static let prose = PromptSize(textBytes: 40_000, bodyBytes: 40_400)

    @Test("a bound begins at a token a byte and comes down to half above the densest prompt seen")
    func learning() {
        var estimator = TokenEstimator()
        let model = estimator.number(of: "m")
        #expect(estimator.bound(Self.prose, model: model) == 40_000 + 100 + 1_152)
        for _ in 0..<15 { estimator.observe(Self.prose, model: model, tokens: 10_000) }
        #expect(estimator.bound(Self.prose, model: model) == 41_252, "too few yet")
        estimator.observe(Self.prose, model: model, tokens: 10_000)
        #expect(estimator.bound(Self.prose, model: model) == 15_000 + 1_252)
        // Denser than believed: believed at once.
        estimator.observe(Self.prose, model: model, tokens: 38_000)
        #expect(estimator.bound(Self.prose, model: model) >= 38_000 * 3 / 2)
        // Forgotten after two epochs of prose.
        for _ in 0..<1_024 { estimator.observe(Self.prose, model: model, tokens: 10_000) }
        #expect(estimator.bound(Self.prose, model: model) == 15_000 + 1_252)
        // Of another model nothing was learned.
        let other = estimator.number(of: "other")
        #expect(estimator.bound(Self.prose, model: other) == 41_252)
    }

    @Test(
        "what nobody sees here is as much as the model can take in",
        arguments: [
            PromptSize(textBytes: 10, isOpenEnded: true), PromptSize(textBytes: 10, attachmentBytes: 90),
        ])
    func openEnded(size: PromptSize) {
        var estimator = TokenEstimator()
        let model = estimator.number(of: "m")
        #expect(estimator.bound(size, model: model, contextWindow: 200_000) == 200_000)
        #expect(estimator.bound(size, model: model) == 1_048_576)
        for _ in 0..<100 { estimator.observe(size, model: model, tokens: 5) }
        #expect(estimator.bound(size, model: model) == 1_048_576)
    }

    @Test("a dear image raises the bound at once, cheap ones lower it in time")
    func images() {
        var estimator = TokenEstimator()
        let model = estimator.number(of: "mini")
        let size = PromptSize(textBytes: 100, bodyBytes: 90_000, images: 1)
        estimator.observe(size, model: model, tokens: 36_000)
        #expect(estimator.bound(size, model: model) >= 36_000)
        let cheap = estimator.number(of: "cheap")
        for _ in 0..<8 { estimator.observe(size, model: cheap, tokens: 900) }
        let bound = estimator.bound(size, model: cheap)
        #expect(bound >= 900 && bound < 3_000)
    }

    @Test("absurd sizes and counts neither overflow nor teach")
    func absurd() {
        var estimator = TokenEstimator()
        let model = estimator.number(of: "m")
        let huge = PromptSize(textBytes: .max, bodyBytes: .max, images: .max, attachmentBytes: .max)
        for tokens in [Int64.max, .min, 0, -5] { estimator.observe(huge, model: model, tokens: tokens) }
        #expect(estimator.bound(huge, model: model) == 1_048_576)
        #expect(estimator.bound(PromptSize(textBytes: -5), model: -3) == 1_152)
        #expect(estimator.bound(Self.prose, model: model) == 41_252)
    }

    @Test("what is expected is learned as an average, and goes by no count that nobody can believe")
    func expected() {
        var estimator = TokenEstimator()
        let model = estimator.number(of: "m")
        let prompt = PromptSize(textBytes: 40_000)
        #expect(estimator.expected(prompt, model: model) == 10_003)
        for tokens in [0, 1, 11, 500_000] as [Int64] { estimator.observe(prompt, model: model, tokens: tokens) }
        #expect(estimator.expected(prompt, model: model) == 10_003)
        for _ in 0..<200 { estimator.observe(prompt, model: model, tokens: 16_000) }
        #expect(14_500...16_100 ~= estimator.expected(prompt, model: model))
        #expect(estimator.expected(prompt, model: model + 1) == 10_003, "another model's own")
        #expect(estimator.expected(PromptSize(textBytes: 0, images: 2), model: 0) == 2_213)
        #expect(estimator.expected(PromptSize(textBytes: .max, images: .max, attachmentBytes: .max), model: 0) > 0)
    }

    @Test("models beyond the room share a place that does not learn")
    func room() {
        var estimator = TokenEstimator()
        let numbers = (0...TokenEstimator.mostModels).map { estimator.number(of: "m\($0)") }
        #expect(numbers[0] == 1 && numbers.last == 0)
        #expect(estimator.number(of: "m5") == 6)
        for _ in 0..<20 { estimator.observe(Self.prose, model: 0, tokens: 39_000) }
        #expect(estimator.bound(Self.prose, model: 0) == 41_252)
    }

    // MARK: Cost

    static let dear: Price = {
        var price = Price(input: 3_000_000_000, output: 15_000_000_000)
        price.cacheWriteHour = 6_000_000_000
        price.cachedInput = 300_000_000
        price.audioOutput = 20_000_000_000
        return price
    }()

    @Test("the worst case is the dearest class of prompt and answer, at the dearest deployment")
    func cost() {
        #expect(WorstCase.cost(input: 1_000, output: 100, at: Self.dear) == Nanodollars(6_000_000 + 2_000_000))
        #expect(WorstCase.cost(input: 1_000, output: 100, choices: 3, at: Self.dear) == Nanodollars(6_000_000 + 6_000_000))
        let cheap = Price(input: 1, output: 1)
        #expect(WorstCase.cost(input: 1_000, output: 100, among: [cheap, Self.dear, .free]) == Nanodollars(8_000_000))
        #expect(WorstCase.cost(input: 1_000, output: 100, among: [cheap, nil]) == nil)
        #expect(WorstCase.cost(input: 1_000, output: 100, among: [.free, .free]) == .zero)
        #expect(WorstCase.cost(input: 1, output: 0, among: [cheap]) == Nanodollars(1), "rounded up")
        #expect(WorstCase.cost(input: .max, output: .max, choices: .max, at: Self.dear) == Nanodollars(.max))
        #expect(WorstCase.cost(input: -5, output: -5, at: Self.dear) == .zero)
    }

    @Test("no usage within the bounds costs more than the worst case", arguments: 1...50)
    func worst(seed: UInt64) {
        var random = Random(seed: seed)
        var price = Self.dear
        price.setPrice(Price(input: 9_000_000_000, output: 22_000_000_000), above: 500)
        for _ in 0..<100 {
            var usage = Usage()
            usage.input = Int64(random.below(400))
            usage.cachedInput = Int64(random.below(400))
            usage.cacheWriteHour = Int64(random.below(400))
            usage.output = Int64(random.below(400))
            usage.audioOutput = Int64(random.below(400))
            usage.reasoning = Int64(random.below(400))
            #expect(price.cost(of: usage) <= WorstCase.cost(input: usage.totalInput, output: usage.totalOutput, at: price))
        }
    }

    @Test(
        "an answer's length is what is asked for, no more than the model can",
        arguments: [
            (asked: Int64?.none, model: Int64?(8_192), most: Int64(8_192)), (100, 8_192, 100), (1_000_000_000_000, 8_192, 8_192), (-1, 8_192, 8_192),
            (nil, nil, 131_072), (500, nil, 500), (0, nil, 131_072),
        ])
    func output(asked: Int64?, model: Int64?, most: Int64) {
        #expect(WorstCase.output(asked: asked, model: model) == most)
    }
}
