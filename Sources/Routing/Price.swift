/// What a deployment charges, in nano-dollars per million tokens (1 USD per million tokens is 1,000,000,000).
/// A class without a price of its own is charged like its base class: cached, written, spoken and seen input like input, an
/// hour's cache write like a write, reasoning and the rest of output like output.
public struct Price: Hashable, Sendable {
    public var input: Int64
    public var output: Int64
    /// By tier, the usual one first, and rising length. One list, since a price is copied for each request.
    private var special: [Special] = []

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

    /// What whole requests cost of another tier, or with a longer prompt; the last that fits a request counts.
    private struct Special: Hashable, Sendable {
        var tier: ServiceTier
        /// Holds for prompts with more tokens than these; -1: for all.
        var tokens: Int64
        var price: Price
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

    // MARK: Long prompts and service tiers

    /// What whole requests cost whose prompt is longer, by rising length; the last that is exceeded counts.
    public var above: [LongPrompt] { longPrompts(of: .standard) }

    /// Sets what prompts with more than `tokens` cost.
    public mutating func setPrice(_ price: Price, above tokens: Int64) { put(price, .standard, tokens) }

    public mutating func forgetLongPrompts() { special.removeAll { $0.tier == .standard } }

    /// Those with a price of their own.
    public var tiers: [ServiceTier] { special.filter { $0.tokens < 0 }.map(\.tier) }

    /// With its own prices of long prompts. Nil: none is known, and it costs what the usual one does.
    public func price(of tier: ServiceTier) -> Price? {
        guard tier != .standard, var price = special.first(where: { $0.tier == tier && $0.tokens < 0 })?.price else { return nil }
        for long in longPrompts(of: tier) { price.setPrice(long.price, above: long.tokens) }
        return price
    }

    /// Sets what requests of `tier`, which is not the usual one, cost; nil: nobody knows.
    public mutating func setPrice(_ price: Price?, of tier: ServiceTier) {
        special.removeAll { $0.tier == tier }
        guard let price else { return }
        put(price, tier, -1)
        for long in price.above { put(long.price, tier, long.tokens) }
    }

    public mutating func forgetTiers() { special.removeAll { $0.tier != .standard } }

    /// What is known of the price of `tier` is this one's price, or that of the tier that the provider calls otherwise too.
    public func knows(_ tier: ServiceTier) -> Bool { tier == .standard || known(tier) != .standard }

    private func known(_ tier: ServiceTier) -> ServiceTier {
        if special.contains(where: { $0.tier == tier }) { return tier }
        guard let alias = tier.alias, special.contains(where: { $0.tier == alias }) else { return .standard }
        return alias
    }

    private func longPrompts(of tier: ServiceTier) -> [LongPrompt] {
        special.filter { $0.tier == tier && $0.tokens >= 0 }.map { LongPrompt(tokens: $0.tokens, price: $0.price) }
    }

    private mutating func put(_ price: Price, _ tier: ServiceTier, _ tokens: Int64) {
        var price = price
        price.special = []
        special.removeAll { $0.tier == tier && $0.tokens == tokens }
        special.append(Special(tier: tier, tokens: tokens, price: price))
        special.sort { ($0.tier.rawValue, $0.tokens) < ($1.tier.rawValue, $1.tokens) }
    }

    /// Each price that a request of `tier` with a prompt of `input` tokens may come to beside the usual one: it may be served as an
    /// ordinary request too, and a prompt be shorter than it was thought.
    func forEachSpecial(_ tier: ServiceTier, input: Int64, _ each: (Price) -> Void) {
        let tier = tier == .standard ? tier : known(tier)
        for at in special.indices where special[at].tier == .standard || special[at].tier == tier {
            if input > special[at].tokens { each(special[at].price) }
        }
    }

    // MARK: Cost

    /// Rounded up once, saturated; negative counts are a liar's and cost nothing. In 64 bits where the sum fits, as nearly all do.
    /// Of a tier without a price of its own as of the usual one.
    public func cost(of usage: Usage) -> Nanodollars {
        if !special.isEmpty, let at = place(of: usage) { return special[at].price.flatCost(of: usage) }
        return flatCost(of: usage)
    }

    private func place(of usage: Usage) -> Int? {
        let tier = usage.tier == .standard ? usage.tier : known(usage.tier)
        let input = usage.totalInput
        return special.indices.last { special[$0].tier == tier && input > special[$0].tokens }
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
