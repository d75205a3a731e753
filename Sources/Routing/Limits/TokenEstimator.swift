/// What there is to count of a prompt, in bytes of the body as it came.
public struct PromptSize: Hashable, Sendable {
    /// Messages, instructions, tools and schemas, without what is neither.
    public var textBytes: Int64
    /// The whole body.
    public var bodyBytes: Int64
    public var images: Int64
    /// Audio and files, in base64 or by reference.
    public var attachmentBytes: Int64
    public var hasTools: Bool
    /// The provider adds what nobody sees here: its own tools search or run code, an earlier answer or cached content goes along.
    public var isOpenEnded: Bool

    public init(
        textBytes: Int64, bodyBytes: Int64 = 0, images: Int64 = 0, attachmentBytes: Int64 = 0, hasTools: Bool = false, isOpenEnded: Bool = false
    ) {
        self.textBytes = max(0, textBytes)
        self.bodyBytes = max(0, bodyBytes)
        self.images = max(0, images)
        self.attachmentBytes = max(0, attachmentBytes)
        self.hasTools = hasTools
        self.isOpenEnded = isOpenEnded
    }

    /// Base64 of a file is hardly shorter: it is a link or an id, and what is behind it nobody knows.
    var hasReference: Bool { attachmentBytes > 0 && attachmentBytes < 2_048 }
    var isText: Bool { images == 0 && attachmentBytes == 0 && !isOpenEnded }
}

/// How many tokens a prompt comes to at most, for reserving. Learns from what providers counted, model by model: bounds come down from a
/// prior that hardly any tokenizer exceeds to half above the densest prompt lately seen, and rise at once where one was denser.
///
/// Deterministic, and bounded by the number of models. 827 recorded exchanges of 20 providers stay below its bounds.
public struct TokenEstimator: Sendable {
    /// Models beyond these share one place, which does not learn.
    public static let mostModels = 4_096
    /// Where the context window is not known.
    static let largestWindow: Int64 = 1_048_576

    private var numbers: [String: Int] = [:]
    private var models: [Model] = [Model()]

    public init() {}

    /// The place of a model, to be asked for when settings are read. 0: no room.
    public mutating func number(of model: String) -> Int {
        if let known = numbers[model] { return known }
        guard models.count < Self.mostModels else { return 0 }
        numbers[model] = models.count
        models.append(Model())
        return models.count - 1
    }

    /// At most so many tokens will be counted for the prompt; never more than `contextWindow`, where one is known.
    public func bound(_ prompt: PromptSize, model: Int, contextWindow: Int64? = nil) -> Int64 {
        let window = contextWindow.map { max(1, $0) } ?? Self.largestWindow
        if prompt.isOpenEnded || prompt.hasReference { return window }
        let tokens = models.indices.contains(model) ? models[model].bound(prompt) : Model().bound(prompt)
        return min(tokens, window)
    }

    /// The same at whichever of several models counts most.
    public func bound(_ prompt: PromptSize, models numbers: [Int], contextWindow: Int64?) -> Int64 {
        let window = contextWindow.map { max(1, $0) } ?? Self.largestWindow
        if prompt.isOpenEnded || prompt.hasReference { return window }
        var most: Int64 = 0
        models.withUnsafeBufferPointer { models in
            for number in numbers {
                // The first has learned nothing.
                most = max(most, models[number >= 0 && number < models.count ? number : 0].bound(prompt))
            }
        }
        return min(most, window)
    }

    /// The tokens that will likely be counted for the prompt: what `bound` stays above. For choosing what to send, not for reserving.
    public func expected(_ prompt: PromptSize, model: Int) -> Int64 {
        (models.indices.contains(model) ? models[model] : Model()).expected(prompt)
    }

    /// What a provider counted, cached tokens among it. Estimates of our own teach nothing.
    public mutating func observe(_ prompt: PromptSize, model: Int, tokens: Int64) {
        guard model > 0, models.indices.contains(model), tokens > 0, tokens <= Self.largestWindow * 16 else { return }
        guard !prompt.isOpenEnded, !prompt.hasReference else { return }
        models[model].observe(prompt, tokens)
    }

    private struct Model: Sendable {
        var text = Density(prior: 1_024, least: 300, enough: 16)
        var image = Density(prior: 16_384 << 10, least: 512 << 10, enough: 8)
        var attachment = Density(prior: 4 << 10, least: 64, enough: 8)
        var usual = Usual()
        /// What goes before every prompt: the provider's own words, and those that explain tools.
        var base: Int64 = 1_152
        var toolBase: Int64 = 2_304

        @inline(__always) func bound(_ prompt: PromptSize) -> Int64 {
            var sum = prompt.hasTools ? toolBase : base
            sum = saturatingSum(sum, text.tokens(prompt.textBytes))
            // Names of members and roles; with images nobody knows how much of the body they are.
            let around = prompt.images > 0 ? 0 : prompt.bodyBytes - prompt.textBytes - prompt.attachmentBytes
            sum = saturatingSum(sum, max(0, around) / 4)
            if prompt.images > 0 { sum = saturatingSum(sum, image.tokens(prompt.images)) }
            if prompt.attachmentBytes > 0 { sum = saturatingSum(saturatingSum(sum, 4_096), attachment.tokens(prompt.attachmentBytes)) }
            return sum
        }

        /// An image is counted as OpenAI counts a large one. Of a small document six bytes of base64 are a token, of recordings and scans
        /// dozens to hundreds.
        func expected(_ prompt: PromptSize) -> Int64 {
            let small = min(prompt.attachmentBytes, 49_152)
            let files = small / 6 + (prompt.attachmentBytes - small) / 40
            return saturatingSum(saturatingSum(usual.tokens(prompt.textBytes), min(prompt.images, 1_000_000) * 1_105), files + 3)
        }

        mutating func observe(_ prompt: PromptSize, _ tokens: Int64) {
            if prompt.isText {
                if prompt.textBytes >= 2_048 {
                    usual.learn(tokens, of: prompt.textBytes)
                    text.learn(tokens, of: prompt.textBytes)
                } else {
                    let excess = tokens - text.tokens(prompt.textBytes)
                    let needed = saturatingSum(excess, excess / 4)
                    if prompt.hasTools { toolBase = max(toolBase, needed) } else { base = max(base, needed) }
                }
            } else if prompt.images > 0, prompt.attachmentBytes == 0 {
                image.learn(max(0, tokens - prompt.textBytes / 8), of: prompt.images)
            } else if prompt.images == 0 {
                attachment.learn(max(0, tokens - 4_096), of: prompt.attachmentBytes)
            }
        }
    }

    /// Tokens for each byte of text, times 1,024, on average: four bytes a token until something was counted, then as the last few
    /// dozen prompts had it.
    private struct Usual: Sendable {
        private var perByte: Int64 = 256
        /// What is assumed weighs as much as four prompts.
        private var count: Int64 = 4
        /// From ten bytes a token to a quarter of one: who counts otherwise counts something else.
        private static let believable = 102...4_096 as ClosedRange<Int64>

        func tokens(_ bytes: Int64) -> Int64 { Int64(clamping: (Int128(bytes) * Int128(perByte) + 1_023) >> 10) }

        mutating func learn(_ tokens: Int64, of bytes: Int64) {
            let seen = Int64(clamping: (Int128(tokens) << 10) / Int128(max(1, bytes)))
            guard Self.believable ~= seen else { return }
            count = min(count + 1, 32)
            perByte += (seen - perByte) / count
        }
    }

    /// Tokens for each byte or image, times 1,024: the densest of the last thousand or so, and half more.
    private struct Density: Sendable {
        static let epoch = 512

        let prior: Int64
        let least: Int64
        let enough: Int
        private var count = 0
        private var densestNow: Int64 = 0
        private var densestBefore: Int64 = 0

        init(prior: Int64, least: Int64, enough: Int) {
            self.prior = prior
            self.least = least
            self.enough = enough
        }

        private var perUnit: Int64 {
            let densest = max(densestNow, densestBefore)
            let learned = max(least, saturatingSum(densest, densest / 2))
            return count < enough ? max(prior, learned) : learned
        }

        @inline(__always) func tokens(_ units: Int64) -> Int64 {
            // Nearly always small numbers, for which 64 bits are enough.
            let (product, isLong) = units.multipliedReportingOverflow(by: perUnit)
            let (sum, isBeyond) = product.addingReportingOverflow(1_023)
            return isLong || isBeyond ? longTokens(units) : sum >> 10
        }

        @inline(never) private func longTokens(_ units: Int64) -> Int64 { Int64(clamping: (Int128(units) * Int128(perUnit) + 1_023) >> 10) }

        mutating func learn(_ tokens: Int64, of units: Int64) {
            densestNow = max(densestNow, Int64(clamping: (Int128(tokens) << 10) / Int128(max(1, units))))
            count += 1
            if count % Self.epoch == 0 {
                densestBefore = densestNow
                densestNow = 0
            }
        }
    }
}
