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

    @Test("sums do not wrap")
    func saturates() {
        #expect(Nanodollars(.max) + Nanodollars(1) == Nanodollars(.max))
    }
}
