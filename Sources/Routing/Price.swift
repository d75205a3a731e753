/// What a deployment charges, in nano-dollars per million tokens (1 USD per million tokens is 1,000,000,000).
/// A class without a price of its own is charged like its base class: cached, written, spoken and seen input like input, an
/// hour's cache write like a write, reasoning and the rest of output like output.
public struct Price: Hashable, Sendable {
    public var input: Int64
    public var output: Int64
    /// What whole requests cost whose prompt is longer, by rising length; the last that is exceeded counts.
    public private(set) var above: [LongPrompt] = []

    // Negative: not said. Half the size of optionals, and a price is copied for each request.
    private var ownCachedInput: Int64 = -1
    private var ownCacheWrite: Int64 = -1
    private var ownCacheWriteHour: Int64 = -1
    private var ownReasoning: Int64 = -1
    private var ownAudioInput: Int64 = -1
    private var ownAudioOutput: Int64 = -1
    private var ownImageInput: Int64 = -1
    private var ownImageOutput: Int64 = -1

    public struct LongPrompt: Hashable, Sendable {
        /// Holds for prompts with more tokens than these, cached ones among them.
        public var tokens: Int64
        /// Without prices for still longer ones.
        public var price: Price
    }

    public init(input: Int64, output: Int64) {
        self.input = input
        self.output = output
    }

    public static let free = Price(input: 0, output: 0)

    public var cachedInput: Int64? {
        get { Self.said(ownCachedInput) }
        set { ownCachedInput = newValue ?? -1 }
    }
    /// Kept for five minutes, or for as long as the provider usually does.
    public var cacheWrite: Int64? {
        get { Self.said(ownCacheWrite) }
        set { ownCacheWrite = newValue ?? -1 }
    }
    /// Kept for an hour.
    public var cacheWriteHour: Int64? {
        get { Self.said(ownCacheWriteHour) }
        set { ownCacheWriteHour = newValue ?? -1 }
    }
    public var reasoning: Int64? {
        get { Self.said(ownReasoning) }
        set { ownReasoning = newValue ?? -1 }
    }
    public var audioInput: Int64? {
        get { Self.said(ownAudioInput) }
        set { ownAudioInput = newValue ?? -1 }
    }
    public var audioOutput: Int64? {
        get { Self.said(ownAudioOutput) }
        set { ownAudioOutput = newValue ?? -1 }
    }
    public var imageInput: Int64? {
        get { Self.said(ownImageInput) }
        set { ownImageInput = newValue ?? -1 }
    }
    public var imageOutput: Int64? {
        get { Self.said(ownImageOutput) }
        set { ownImageOutput = newValue ?? -1 }
    }

    private static func said(_ price: Int64) -> Int64? { price < 0 ? nil : price }

    /// Sets what prompts with more than `tokens` cost.
    public mutating func setPrice(_ price: Price, above tokens: Int64) {
        var price = price
        price.above = []
        above.removeAll { $0.tokens == tokens }
        above.append(LongPrompt(tokens: tokens, price: price))
        above.sort { $0.tokens < $1.tokens }
    }

    public mutating func forgetLongPrompts() { above = [] }

    /// Rounded up once, saturated; negative counts are a liar's and cost nothing. In 64 bits where the sum fits, as nearly all do.
    public func cost(of usage: Usage) -> Nanodollars {
        if !above.isEmpty, let long = above.last(where: { usage.totalInput > $0.tokens }) { return long.price.flatCost(of: usage) }
        return flatCost(of: usage)
    }

    private func flatCost(of usage: Usage) -> Nanodollars {
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
        func own(_ price: Int64, _ base: Int64) -> Int64 { price < 0 ? base : price }
        each(max(0, usage.input), input)
        each(max(0, usage.output), output)
        each(max(0, usage.cachedInput), own(ownCachedInput, input))
        each(max(0, usage.reasoning), own(ownReasoning, output))
        // Few requests have any of the rest.
        if (usage.cacheWrite | usage.cacheWriteHour | usage.audioInput | usage.audioOutput | usage.imageInput | usage.imageOutput) == 0 { return }
        each(max(0, usage.cacheWrite), own(ownCacheWrite, input))
        each(max(0, usage.cacheWriteHour), own(ownCacheWriteHour, own(ownCacheWrite, input)))
        each(max(0, usage.audioInput), own(ownAudioInput, input))
        each(max(0, usage.audioOutput), own(ownAudioOutput, output))
        each(max(0, usage.imageInput), own(ownImageInput, input))
        each(max(0, usage.imageOutput), own(ownImageOutput, output))
    }
}
