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

    /// Multiplied in 128 bits, rounded up, saturated; negative counts are a liar's and cost nothing.
    public func cost(of usage: Usage) -> Nanodollars {
        var sum: Int128 = 0
        func add(_ tokens: Int64, at price: Int64) { sum += Int128(max(0, tokens)) * Int128(price) }
        add(usage.input, at: input)
        add(usage.cachedInput, at: cachedInput ?? input)
        add(usage.cacheWrite, at: cacheWrite ?? input)
        add(usage.audioInput, at: audioInput ?? input)
        add(usage.output, at: output)
        add(usage.reasoning, at: reasoning ?? output)
        add(usage.audioOutput, at: audioOutput ?? output)
        let dollars = (sum + 999_999) / 1_000_000
        return Nanodollars(dollars > Int128(Int64.max) ? .max : Int64(dollars))
    }
}
