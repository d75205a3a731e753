import Routing
import Wire

/// Usage as a provider of OpenAI's dialect reports it, brought into classes that do not overlap.
public struct UsageReport: Hashable, Sendable {
    public var usage = Usage()
    /// A count was negative, absurd or contradicts another; what could not be believed was bounded.
    public var doubtful = false
}

/// The counts of one `usage` object, as they stand there.
struct UsageCounts {
    /// No model reads or writes as much in one request.
    static let absurd: Int64 = 1_000_000_000

    private var prompt: Int64 = 0
    private var completion: Int64 = 0
    private var total: Int64 = 0
    private var cached: Int64 = 0
    private var cacheWrite: Int64 = 0
    private var reasoning: Int64 = 0
    private var audioIn: Int64 = 0
    private var audioOut: Int64 = 0
    private var doubtful = false

    /// Reads the object that stands next. Nil when it is not an object or counts nothing.
    static func read(_ scanner: inout JSONScanner) throws(JSONProblem) -> UsageReport? {
        guard try scanner.peek() == .object else {
            try scanner.skip()
            return nil
        }
        var counts = UsageCounts()
        var known = false
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            if scanner.text(name, is: "prompt_tokens") || scanner.text(name, is: "input_tokens") {
                known = try counts.count(&scanner, \.prompt) || known
            } else if scanner.text(name, is: "completion_tokens") || scanner.text(name, is: "output_tokens") {
                known = try counts.count(&scanner, \.completion) || known
            } else if scanner.text(name, is: "total_tokens") {
                known = try counts.count(&scanner, \.total) || known
            } else if scanner.text(name, is: "prompt_tokens_details") {
                try counts.details(&scanner, audio: \.audioIn)
            } else if scanner.text(name, is: "completion_tokens_details") {
                try counts.details(&scanner, audio: \.audioOut)
            } else {
                // DeepSeek, Moonshot and Together, Mistral; Perplexity.
                let cached =
                    scanner.text(name, is: "prompt_cache_hit_tokens") || scanner.text(name, is: "cached_tokens")
                    || scanner.text(name, is: "num_cached_tokens")
                if cached {
                    _ = try counts.count(&scanner, \.cached, orMore: true)
                } else if scanner.text(name, is: "reasoning_tokens") {
                    _ = try counts.count(&scanner, \.reasoning, orMore: true)
                } else {
                    try scanner.skip()
                }
            }
        }
        return known ? counts.report() : nil
    }

    private mutating func details(_ scanner: inout JSONScanner, audio: WritableKeyPath<Self, Int64>) throws(JSONProblem) {
        guard try scanner.peek() == .object else {
            try scanner.skip()
            return
        }
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            if scanner.text(name, is: "cached_tokens") {
                _ = try count(&scanner, \.cached, orMore: true)
            } else if scanner.text(name, is: "reasoning_tokens") {
                _ = try count(&scanner, \.reasoning, orMore: true)
            } else if scanner.text(name, is: "cache_write_tokens") {  // OpenRouter
                _ = try count(&scanner, \.cacheWrite)
            } else if scanner.text(name, is: "audio_tokens") {
                _ = try count(&scanner, audio)
            } else {
                try scanner.skip()
            }
        }
    }

    /// False: there is no number. `orMore`: the same count is said in several places; the largest holds.
    private mutating func count(
        _ scanner: inout JSONScanner, _ place: WritableKeyPath<Self, Int64>, orMore: Bool = false
    ) throws(JSONProblem) -> Bool {
        guard try scanner.peek() == .number else {
            try scanner.skip()
            return false
        }
        let said = try scanner.number().integer
        let believed = min(max(said, 0), Self.absurd)
        if believed != said { doubtful = true }
        self[keyPath: place] = orMore ? max(self[keyPath: place], believed) : believed
        return true
    }

    /// Cached, cache-written and audio tokens are part of the prompt, reasoning and audio part of the completion: OpenAI's
    /// way. Those who count otherwise betray it by a total above prompt plus completion.
    private func report() -> UsageReport {
        var report = UsageReport(doubtful: doubtful)
        let excess = total - prompt - completion
        var prompt = prompt
        var completion = completion
        var reasoning = reasoning
        if excess > 0, reasoning > 0, excess == reasoning || reasoning > completion {
            completion += reasoning  // xAI
        } else if excess > 0, audioIn > 0, excess == audioIn {
            prompt += audioIn  // Mistral
        } else if excess > 0, reasoning == 0 {
            reasoning = excess  // Gemini's OpenAI endpoint
            completion += excess
        }
        if cached > prompt {  // Grok on Azure: cached tokens stand beside the prompt
            report.doubtful = true
            prompt += cached
        }
        func part(_ count: Int64, of whole: inout Int64) -> Int64 {
            if count > whole { report.doubtful = true }
            let taken = min(count, whole)
            whole -= taken
            return taken
        }
        report.usage.cachedInput = part(cached, of: &prompt)
        report.usage.cacheWrite = part(cacheWrite, of: &prompt)
        report.usage.audioInput = part(audioIn, of: &prompt)
        report.usage.input = prompt
        report.usage.reasoning = part(reasoning, of: &completion)
        report.usage.audioOutput = part(audioOut, of: &completion)
        report.usage.output = completion
        return report
    }
}
