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

    /// What a member of the object counts, or of the details of prompt and completion inside it.
    private enum Member {
        case prompt, completion, total, promptDetails, completionDetails, cached, otherCached, cacheWrite, reasoning, audio

        static let names: [(name: StaticString, member: Member)] = [
            ("prompt_tokens", .prompt), ("input_tokens", .prompt), ("completion_tokens", .completion), ("output_tokens", .completion),
            ("total_tokens", .total), ("prompt_tokens_details", .promptDetails), ("completion_tokens_details", .completionDetails),
            ("input_tokens_details", .promptDetails), ("output_tokens_details", .completionDetails),
            ("cached_tokens", .cached), ("prompt_cache_hit_tokens", .otherCached), ("num_cached_tokens", .otherCached),
            ("cache_write_tokens", .cacheWrite), ("reasoning_tokens", .reasoning), ("audio_tokens", .audio),
        ]

        /// By the length of the name first: every answer passes here, with ten names in its usage.
        @inline(__always)
        static func of(_ name: JSONText, _ scanner: JSONScanner) -> Member? {
            switch name.range.count {
            case 12: return scanner.text(name, is: "total_tokens") ? .total : scanner.text(name, is: "audio_tokens") ? .audio : rare(name, scanner)
            case 13:
                if scanner.text(name, is: "prompt_tokens") { return .prompt }
                return scanner.text(name, is: "cached_tokens") ? .cached : rare(name, scanner)
            case 16: return scanner.text(name, is: "reasoning_tokens") ? .reasoning : rare(name, scanner)
            case 17: return scanner.text(name, is: "completion_tokens") ? .completion : rare(name, scanner)
            case 21: return scanner.text(name, is: "prompt_tokens_details") ? .promptDetails : rare(name, scanner)
            case 25: return scanner.text(name, is: "completion_tokens_details") ? .completionDetails : rare(name, scanner)
            case 18, 20, 23: return rare(name, scanner)
            default: return name.escaped ? rare(name, scanner) : nil
            }
        }

        @inline(never)
        private static func rare(_ name: JSONText, _ scanner: JSONScanner) -> Member? {
            names.first { scanner.text(name, is: $0.name) }?.member
        }
    }

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
            switch Member.of(name, scanner) {
            case .prompt: if let count = try counts.count(&scanner) { (counts.prompt, known) = (count, true) }
            case .completion: if let count = try counts.count(&scanner) { (counts.completion, known) = (count, true) }
            case .total: if let count = try counts.count(&scanner) { (counts.total, known) = (count, true) }
            case .promptDetails: if let audio = try counts.details(&scanner) { counts.audioIn = audio }
            case .completionDetails: if let audio = try counts.details(&scanner) { counts.audioOut = audio }
            // The others are DeepSeek's, Moonshot's and Together's, Mistral's; Perplexity's.
            case .cached, .otherCached: if let count = try counts.count(&scanner) { counts.cached = max(counts.cached, count) }
            case .reasoning: if let count = try counts.count(&scanner) { counts.reasoning = max(counts.reasoning, count) }
            case .cacheWrite, .audio, nil: try scanner.skip()
            }
        }
        return known ? counts.report() : nil
    }

    /// The audio tokens, whose class depends on where the details stand. What is said in several places: the largest holds.
    private mutating func details(_ scanner: inout JSONScanner) throws(JSONProblem) -> Int64? {
        guard try scanner.peek() == .object else {
            try scanner.skip()
            return nil
        }
        var audio: Int64?
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            switch Member.of(name, scanner) {
            case .cached: if let count = try count(&scanner) { cached = max(cached, count) }
            case .reasoning: if let count = try count(&scanner) { reasoning = max(reasoning, count) }
            case .cacheWrite: if let count = try count(&scanner) { cacheWrite = count }  // OpenRouter
            case .audio: audio = try count(&scanner) ?? audio
            default: try scanner.skip()
            }
        }
        return audio
    }

    /// What the next value counts, bounded to what can be believed. Nil: it is no number.
    private mutating func count(_ scanner: inout JSONScanner) throws(JSONProblem) -> Int64? {
        guard let said = try scanner.looseInteger() else { return nil }
        let believed = min(max(said, 0), Self.absurd)
        if believed != said { doubtful = true }
        return believed
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

extension Usage {
    /// What to bill. What a provider did not say, counts as nothing although it was read or written, or was written after it said so, is
    /// counted here; that, and what it contradicts itself in, is marked as estimated.
    /// - Parameters:
    ///   - said: The provider's last word; nil: none.
    ///   - input: What the request comes to, as counted here.
    ///   - output: What was written, as counted here; 0: nothing.
    ///   - isLast: It was said of the whole answer.
    static func billed(_ said: Usage?, input: Int64, output: Int64, isLast: Bool, isDoubtful: Bool = false) -> Usage {
        guard var billed = said else {
            var counted = Usage()
            (counted.input, counted.output, counted.estimated) = (input, output, true)
            return counted
        }
        // Nothing was made, and nothing is asked for it.
        guard billed.countsSomething || output > 0 else { return billed }
        if isDoubtful { billed.estimated = true }
        if billed.totalInput == 0 { (billed.input, billed.estimated) = (input, true) }
        let missing = output - billed.totalOutput
        if missing > 0, billed.totalOutput == 0 || !isLast {
            billed.output += missing
            billed.estimated = true
        }
        return billed
    }
}
