/// The most that requests may come to, before anybody knows.
public enum WorstCase {
    /// Where neither the request nor the settings say how long an answer may be.
    public static let longestOutput: Int64 = 131_072

    /// What a request costs at most at this price: all of the prompt at its dearest class, all of the answer at its. Saturated.
    /// - Parameter tier: What was asked for; a provider may serve it as an ordinary request.
    public static func cost(
        input: Int64, output: Int64, choices: Int64 = 1, tier: ServiceTier = .standard, at price: Price
    ) -> Nanodollars {
        var worst = flat(input, output, choices, price)
        price.forEachSpecial(tier, input: input) { worst = max(worst, flat(input, output, choices, $0)) }
        return worst
    }

    /// At the dearest of deployments that a request may reach. Nil: one of them has no price, so nobody knows; 0: all are free.
    public static func cost(input: Int64, output: Int64, choices: Int64 = 1, among prices: some Sequence<Price?>) -> Nanodollars? {
        var worst = Nanodollars.zero
        for price in prices {
            guard let price else { return nil }
            worst = max(worst, cost(input: input, output: output, choices: choices, at: price))
        }
        return worst
    }

    /// Tokens of an answer at most: what the request says, no more than the model can, times the answers it asks for.
    public static func output(asked: Int64?, model: Int64?) -> Int64 {
        let most = model.map { max(1, $0) } ?? longestOutput
        guard let asked, asked > 0 else { return most }
        return model == nil ? asked : min(asked, most)
    }

    private static func flat(_ input: Int64, _ output: Int64, _ choices: Int64, _ price: Price) -> Nanodollars {
        flat(input, output, choices, price.dearestInput, price.dearestOutput)
    }

    fileprivate static func flat(
        _ input: Int64, _ output: Int64, _ choices: Int64, _ dearestInput: Int64, _ dearestOutput: Int64
    ) -> Nanodollars {
        let (product, tooMany) = max(0, output).multipliedReportingOverflow(by: max(1, choices))
        // Nearly always small numbers, for which 64 bits are enough.
        let (answers, isLong) = product.multipliedReportingOverflow(by: dearestOutput)
        let (prompt, isLongToo) = max(0, input).multipliedReportingOverflow(by: dearestInput)
        let (both, isTooMuch) = answers.addingReportingOverflow(prompt)
        let (rounded, isBeyond) = both.addingReportingOverflow(999_999)
        if !tooMany, !isLong, !isLongToo, !isTooMuch, !isBeyond { return Nanodollars(rounded / 1_000_000) }
        let sum = Int128(max(0, input)) * Int128(dearestInput) + Int128(tooMany ? Int64.max : product) * Int128(dearestOutput)
        return Nanodollars(Int64(clamping: (sum + 999_999) / 1_000_000))
    }

    /// The dearest classes of a price, looked up once.
    public struct Rates: Sendable {
        private let input: Int64
        private let output: Int64
        private let price: Price
        private let isFlat: Bool

        public init(_ price: Price) {
            (input, output, self.price) = (price.dearestInput, price.dearestOutput, price)
            isFlat = price.above.isEmpty
        }

        public func cost(input: Int64, output: Int64, choices: Int64, tier: ServiceTier = .standard) -> Nanodollars {
            guard isFlat, tier == .standard else { return WorstCase.cost(input: input, output: output, choices: choices, tier: tier, at: price) }
            return WorstCase.flat(input, output, choices, self.input, self.output)
        }
    }
}

extension Price {
    /// The dearest class of prompt: cache writes cost more than plain input at most providers, audio at some.
    public var dearestInput: Int64 {
        max(input, cachedInput ?? 0, cacheWrite ?? 0, cacheWriteHour ?? 0, audioInput ?? 0, imageInput ?? 0)
    }
    public var dearestOutput: Int64 { max(output, reasoning ?? 0, audioOutput ?? 0, imageOutput ?? 0) }
}
