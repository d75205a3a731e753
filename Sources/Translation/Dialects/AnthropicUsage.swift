import Routing
import Wire

/// The counts of Anthropic's `usage`, in Bedrock's spelling too. What is said again replaces what was said; nothing is added.
///
/// `input_tokens` excludes what was read from or written to the cache; `output_tokens` includes thoughts.
struct AnthropicUsage {
    private var input: Int64 = 0
    private var cacheRead: Int64 = 0
    private var cacheWrite: Int64 = 0
    /// Of these, to be kept for an hour.
    private var cacheWriteHour: Int64 = 0
    private var output: Int64 = 0
    private var thinking: Int64 = 0
    /// `service_tier` of the reply, in Anthropic's word.
    private(set) var tier: TextSlice?
    /// `speed`, or Bedrock's latency: what counts for the price and is none of its tiers.
    var served = ServiceTier.standard

    /// Reads the object that stands next in `body`.
    mutating func read(_ scanner: inout JSONScanner, of body: UnsafeRawBufferPointer) throws(JSONProblem) {
        guard try scanner.peek() == .object else {
            try scanner.skip()
            return
        }
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            if scanner.text(name, is: "input_tokens") || scanner.text(name, is: "inputTokens") {
                try count(&scanner, &input)
            } else if scanner.text(name, is: "output_tokens") || scanner.text(name, is: "outputTokens") {
                try count(&scanner, &output)
            } else if scanner.text(name, is: "cache_read_input_tokens") || scanner.text(name, is: "cacheReadInputTokens") {
                try count(&scanner, &cacheRead)
            } else if scanner.text(name, is: "cache_creation_input_tokens") || scanner.text(name, is: "cacheWriteInputTokens") {
                try count(&scanner, &cacheWrite)
            } else if scanner.text(name, is: "cache_creation"), try scanner.peek() == .object {
                try scanner.enterObject()
                while let inner = try scanner.nextKey() {
                    if scanner.text(inner, is: "ephemeral_1h_input_tokens") { try count(&scanner, &cacheWriteHour) } else { try scanner.skip() }
                }
            } else if scanner.text(name, is: "cacheDetails"), try scanner.peek() == .array {
                try cacheDetails(&scanner, of: body)
            } else if scanner.text(name, is: "service_tier"), try scanner.peek() == .string {
                tier = TextSlice(try scanner.string(), of: body)
            } else if scanner.text(name, is: "speed"), try scanner.peek() == .string {
                served = ServiceTier(TextSlice(try scanner.string(), of: body))
            } else if scanner.text(name, is: "output_tokens_details"), try scanner.peek() == .object {
                try scanner.enterObject()
                while let inner = try scanner.nextKey() {
                    if scanner.text(inner, is: "thinking_tokens") { try count(&scanner, &thinking) } else { try scanner.skip() }
                }
            } else {
                try scanner.skip()
            }
        }
    }

    /// Bedrock's list of `{ttl, inputTokens}`.
    private mutating func cacheDetails(_ scanner: inout JSONScanner, of body: UnsafeRawBufferPointer) throws(JSONProblem) {
        try scanner.enterArray()
        while try scanner.nextElement() {
            guard try scanner.peek() == .object else {
                try scanner.skip()
                continue
            }
            var tokens: Int64 = 0
            var isHour = false
            try scanner.enterObject()
            while let name = try scanner.nextKey() {
                if scanner.text(name, is: "inputTokens") {
                    try count(&scanner, &tokens)
                } else if scanner.text(name, is: "ttl"), try scanner.peek() == .string {
                    isHour = TextSlice(try scanner.string(), of: body).says("1h")
                } else {
                    try scanner.skip()
                }
            }
            if isHour { cacheWriteHour = tokens }
        }
    }

    private func count(_ scanner: inout JSONScanner, _ count: inout Int64) throws(JSONProblem) {
        guard try scanner.peek() == .number else {
            try scanner.skip()
            return
        }
        count = min(max(try scanner.number().integer, 0), UsageCounts.absurd)
    }

    /// It is said once, and its text lasts no longer than the event it came in.
    mutating func forgetTier() { tier = nil }

    var usage: Usage {
        var usage = Usage()
        (usage.input, usage.cachedInput) = (input, cacheRead)
        usage.cacheWriteHour = min(cacheWriteHour, cacheWrite)
        usage.cacheWrite = cacheWrite - usage.cacheWriteHour
        usage.reasoning = min(thinking, output)
        usage.output = output - usage.reasoning
        usage.tier = served
        return usage
    }

    /// The word of the neutral form, which is OpenAI's.
    static func neutral(_ tier: TextSlice) -> TextSlice { tier.says("standard") ? "default" : tier }

    /// The members of a `usage` object.
    static func write(_ usage: Usage, tier: StaticString?, into writer: inout JSONWriter) {
        writer.name("usage")
        writer.beginObject()
        writer.name("input_tokens")
        writer.number(usage.input + usage.audioInput + usage.imageInput)
        writer.name("cache_creation_input_tokens")
        writer.number(usage.cacheWrite + usage.cacheWriteHour)
        writer.name("cache_read_input_tokens")
        writer.number(usage.cachedInput)
        if usage.cacheWriteHour > 0 {
            writer.name("cache_creation")
            writer.beginObject()
            writer.name("ephemeral_5m_input_tokens")
            writer.number(usage.cacheWrite)
            writer.name("ephemeral_1h_input_tokens")
            writer.number(usage.cacheWriteHour)
            writer.endObject()
        }
        writer.name("output_tokens")
        writer.number(usage.totalOutput)
        if usage.reasoning > 0 {
            writer.name("output_tokens_details")
            writer.beginObject()
            writer.name("thinking_tokens")
            writer.number(usage.reasoning)
            writer.endObject()
        }
        if let tier { writer.member("service_tier", word: tier) }
        writer.endObject()
    }
}
