/// Money in billionths of a US dollar. A request's cost is a few thousand to a few billion of them; `Int64` holds
/// nine billion dollars.
public struct Nanodollars: Hashable, Comparable, Sendable {
    public var amount: Int64
    public init(_ amount: Int64) { self.amount = amount }
    public static let zero = Nanodollars(0)
    public static func < (left: Nanodollars, right: Nanodollars) -> Bool { left.amount < right.amount }
    public static func + (left: Nanodollars, right: Nanodollars) -> Nanodollars {
        let (sum, overflow) = left.amount.addingReportingOverflow(right.amount)
        return Nanodollars(overflow ? .max : sum)
    }
}

/// What a deployment charges, in nano-dollars per million tokens (1 USD per million tokens is 1,000,000,000).
/// A class without a price of its own is charged like its base class: cached and written input like input, reasoning like output.
public struct Price: Hashable, Sendable {
    public var input: Int64
    public var output: Int64
    public var cachedInput: Int64?
    public var cacheWrite: Int64?
    public var reasoning: Int64?
    public var audioInput: Int64?
    public var audioOutput: Int64?

    public init(input: Int64, output: Int64) {
        self.input = input
        self.output = output
    }

    public static let free = Price(input: 0, output: 0)

    /// Rounded up, saturated; negative counts are a liar's and cost nothing. In 64 bits where the sum fits, as nearly all do.
    public func cost(of usage: Usage) -> Nanodollars {
        var sum: Int64 = 0
        var fits = true
        classes(of: usage) { tokens, price in
            let (product, tooLarge) = tokens.multipliedReportingOverflow(by: price)
            let (total, tooMuch) = sum.addingReportingOverflow(product)
            fits = fits && !tooLarge && !tooMuch
            sum = total
        }
        if fits, sum <= .max - 999_999 { return Nanodollars((sum + 999_999) / 1_000_000) }
        return largeCost(of: usage)
    }

    private func largeCost(of usage: Usage) -> Nanodollars {
        var sum: Int128 = 0
        classes(of: usage) { sum += Int128($0) * Int128($1) }
        let dollars = (sum + 999_999) / 1_000_000
        return Nanodollars(dollars > Int128(Int64.max) ? .max : Int64(dollars))
    }

    @inline(__always) private func classes(of usage: Usage, _ each: (_ tokens: Int64, _ price: Int64) -> Void) {
        each(max(0, usage.input), input)
        each(max(0, usage.cachedInput), cachedInput ?? input)
        each(max(0, usage.cacheWrite), cacheWrite ?? input)
        each(max(0, usage.audioInput), audioInput ?? input)
        each(max(0, usage.output), output)
        each(max(0, usage.reasoning), reasoning ?? output)
        each(max(0, usage.audioOutput), audioOutput ?? output)
    }
}
