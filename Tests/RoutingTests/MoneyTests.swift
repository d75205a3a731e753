import Testing

@testable import Routing

@Suite("Money") struct MoneyTests {
    struct Row: Sendable {
        var price: Price
        var usage: Usage
        var cost: Int64
    }

    private static func usage(_ set: (inout Usage) -> Void) -> Usage {
        var usage = Usage()
        set(&usage)
        return usage
    }

    private static func price(_ input: Int64, _ output: Int64, _ set: (inout Price) -> Void = { _ in }) -> Price {
        var price = Price(input: input, output: output)
        set(&price)
        return price
    }

    @Test(
        "a cost is the sum of every class times its price, rounded up",
        arguments: [
            // 1 USD per million in, 2 out: 187 and 124 tokens are 0.000435 USD.
            Row(price: price(1_000_000_000, 2_000_000_000), usage: usage { ($0.input, $0.output) = (187, 124) }, cost: 435_000),
            // A third of a nano-dollar is a whole one.
            Row(price: price(333_333, 0), usage: usage { $0.input = 1 }, cost: 1),
            Row(price: .free, usage: usage { ($0.input, $0.output, $0.reasoning) = (1 << 40, 1 << 40, 1) }, cost: 0),
            // A class without a price of its own costs what its base class costs; one with its own costs that.
            Row(price: price(10_000_000, 20_000_000), usage: usage { ($0.cachedInput, $0.reasoning) = (100, 100) }, cost: 3_000),
            Row(
                price: price(10_000_000, 20_000_000) { ($0.cachedInput, $0.reasoning, $0.audioOutput) = (1_000_000, 0, 80_000_000) },
                usage: usage { ($0.cachedInput, $0.reasoning, $0.audioOutput) = (100, 100, 1) }, cost: 180),
            // An hour's cache write costs what a write costs, unless it is said; so do images.
            Row(price: price(10_000_000, 0) { $0.cacheWrite = 20_000_000 }, usage: usage { $0.cacheWriteHour = 100 }, cost: 2_000),
            Row(
                price: price(10_000_000, 0) { ($0.cacheWrite, $0.cacheWriteHour) = (20_000_000, 30_000_000) },
                usage: usage { ($0.cacheWrite, $0.cacheWriteHour) = (100, 100) }, cost: 5_000),
            Row(
                price: price(10_000_000, 20_000_000) { $0.imageOutput = 90_000_000 },
                usage: usage { ($0.imageInput, $0.imageOutput) = (100, 100) }, cost: 10_000),
            // Of a whole request, and by all of its prompt, cached or not: 100 + 101 tokens are above 200.
            Row(price: tiered, usage: usage { ($0.input, $0.cachedInput, $0.output) = (100, 100, 10) }, cost: 1_200),
            Row(price: tiered, usage: usage { ($0.input, $0.cachedInput, $0.output) = (100, 101, 10) }, cost: 3_410),
            Row(price: tiered, usage: usage { $0.input = 1_001 }, cost: 50_050),
            // Of another tier by its own price, long prompts by its own long ones; of one that nobody knows by the usual one.
            Row(price: served, usage: usage { ($0.input, $0.output, $0.tier) = (100, 10, .flex) }, cost: 600),
            Row(price: served, usage: usage { ($0.input, $0.output, $0.tier) = (100, 10, .priority) }, cost: 2_400),
            Row(price: served, usage: usage { ($0.input, $0.output, $0.tier) = (201, 10, .priority) }, cost: 201 * 30 + 10 * 60),
            Row(price: served, usage: usage { ($0.input, $0.output, $0.tier) = (201, 10, .flex) }, cost: 201 * 5 + 10 * 10),
            Row(price: served, usage: usage { ($0.input, $0.output, $0.tier) = (201, 10, .standard) }, cost: 4_420),
            Row(price: served, usage: usage { ($0.input, $0.output, $0.tier) = (201, 10, .other) }, cost: 4_420),
            Row(price: served, usage: usage { ($0.input, $0.output, $0.tier) = (100, 10, .fast) }, cost: 2_400),
            Row(price: price(10_000_000, 20_000_000), usage: usage { ($0.input, $0.output, $0.tier) = (100, 10, .fast) }, cost: 1_200),
            // Nobody is paid for having sent fewer tokens than none.
            Row(price: price(1_000_000, 1_000_000), usage: usage { ($0.input, $0.output) = (-5, 7) }, cost: 7),
            // Beyond 64 bits on the way: 2^40 tokens at 1,000 USD per million are 1,099,511,627.776 USD.
            Row(
                price: price(1_000_000_000_000, 0), usage: usage { $0.input = 1 << 40 }, cost: 1_099_511_627_776_000_000),
            Row(price: price(.max, .max), usage: usage { ($0.input, $0.output) = (.max, .max) }, cost: .max),
        ])
    func cost(_ row: Row) {
        #expect(row.price.cost(of: row.usage).amount == row.cost)
    }

    /// 10 and 20 nano-dollars a token, cached 0; above 200 tokens 20 and 40, cached 10; above 1,000 tokens 50.
    private static let tiered = price(10_000_000, 20_000_000) {
        $0.cachedInput = 0
        $0.setPrice(Price(input: 50_000_000, output: 60_000_000), above: 1_000)
        $0.setPrice(price(20_000_000, 40_000_000) { $0.cachedInput = 10_000_000 }, above: 200)
    }

    /// Half of `tiered` as flex whatever the length, as priority twice of it and above 200 tokens thrice.
    private static let served = price(10_000_000, 20_000_000) {
        $0.setPrice(Price(input: 20_000_000, output: 40_000_000), above: 200)
        $0.setPrice(Price(input: 5_000_000, output: 10_000_000), of: .flex)
        $0.setPrice(price(20_000_000, 40_000_000) { $0.setPrice(Price(input: 30_000_000, output: 60_000_000), above: 200) }, of: .priority)
    }

    @Test("prices of tiers are told apart from those of long prompts")
    func tiers() {
        var price = Self.served
        #expect(price.tiers == [.flex, .priority])
        #expect(price.above == [Price.LongPrompt(tokens: 200, price: Price(input: 20_000_000, output: 40_000_000))])
        #expect(price.price(of: .priority)?.above == [Price.LongPrompt(tokens: 200, price: Price(input: 30_000_000, output: 60_000_000))])
        #expect(price.price(of: .standard) == nil && price.price(of: .fast) == nil)
        #expect(price.knows(.standard) && price.knows(.flex) && price.knows(.fast) && !price.knows(.batch) && !price.knows(.other))
        price.setPrice(nil, of: .priority)
        #expect(!price.knows(.priority) && !price.knows(.fast) && price.tiers == [.flex])
        price.forgetTiers()
        #expect(price.tiers == [] && price.above.count == 1)
        price.forgetLongPrompts()
        #expect(price == Price(input: 10_000_000, output: 20_000_000))
    }

    @Test("the worst case of a request of another tier is the dearest of that tier and the usual one, for prompts of all lengths")
    func worstCase() {
        func worst(_ input: Int64, _ tier: ServiceTier) -> Int64 {
            let rates = WorstCase.Rates(Self.served).cost(input: input, output: 10, choices: 1, tier: tier)
            #expect(rates == WorstCase.cost(input: input, output: 10, tier: tier, at: Self.served))
            return rates.amount
        }
        #expect(worst(100, .standard) == 1_200 && worst(100, .flex) == 1_200 && worst(100, .other) == 1_200)
        #expect(worst(100, .priority) == 2_400 && worst(100, .fast) == 2_400)
        #expect(worst(201, .standard) == 4_420 && worst(201, .flex) == 4_420 && worst(201, .priority) == 6_630)
    }

    @Test("a cost is the sum over classes in exact arithmetic, rounded up once", arguments: [1, 2, 3, 4] as [UInt64])
    func sumOfClasses(seed: UInt64) {
        var random = Random(seed: seed)
        func amount(_ most: Int64) -> Int64 { Int64.random(in: 0...most, using: &random) }
        let prices: [any WritableKeyPath<Price, Int64?> & Sendable] = [
            \.cachedInput, \.cacheWrite, \.cacheWriteHour, \.reasoning, \.audioInput, \.audioOutput, \.imageInput, \.imageOutput,
        ]
        let counts: [any WritableKeyPath<Usage, Int64> & Sendable] = [
            \.cachedInput, \.cacheWrite, \.cacheWriteHour, \.reasoning, \.audioInput, \.audioOutput, \.imageInput, \.imageOutput,
        ]
        for _ in 0..<500 {
            let most: Int64 = random.below(4) == 0 ? .max / 4 : 3_000_000_000
            var price = Price(input: amount(most), output: amount(most))
            var usage = Usage()
            (usage.input, usage.output) = (amount(200_000), amount(50_000))
            var sum = Int128(usage.input) * Int128(price.input) + Int128(usage.output) * Int128(price.output)
            for (place, count) in zip(prices, counts) where random.below(3) > 0 {
                price[keyPath: place] = amount(most)
                usage[keyPath: count] = amount(100_000)
                sum += Int128(usage[keyPath: count]) * Int128(price[keyPath: place] ?? 0)
            }
            let cost = (sum + 999_999) / 1_000_000
            #expect(Int128(price.cost(of: usage).amount) == min(cost, Int128(Int64.max)))
        }
    }

    @Test("what is not said is nil, what is said stays")
    func classes() {
        var price = Price(input: 1, output: 2)
        #expect(price.cachedInput == nil && price.imageOutput == nil && price.above.isEmpty)
        (price.cachedInput, price.cacheWriteHour, price.audioInput) = (0, 7, 8)
        #expect(price.cachedInput == 0 && price.cacheWriteHour == 7 && price.audioInput == 8 && price.cacheWrite == nil)
        price.cacheWriteHour = nil
        #expect(price.cacheWriteHour == nil && price != Price(input: 1, output: 2))
    }

    @Test("sums do not wrap")
    func saturates() {
        #expect(Nanodollars(.max) + Nanodollars(1) == Nanodollars(.max))
    }
}
