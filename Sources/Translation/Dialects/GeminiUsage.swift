import Routing
import Wire

/// `usageMetadata`, brought into classes that do not overlap. `candidatesTokenCount` leaves thoughts out and may be missing,
/// `toolUsePromptTokenCount` is input beside the prompt, cached tokens are part of the prompt.
struct GeminiUsage {
    private(set) var isKnown = false
    private(set) var tier: TextSlice?
    private var prompt: Int64 = 0
    private var cached: Int64 = 0
    private var toolUse: Int64 = 0
    private var candidates: Int64 = 0
    private var thoughts: Int64 = 0
    private var audioPrompt: Int64 = 0
    private var audioCached: Int64 = 0
    private var audioToolUse: Int64 = 0
    private var audioCandidates: Int64 = 0

    init() {}

    mutating func read(_ body: UnsafeRawBufferPointer) throws(JSONProblem) {
        var scanner = JSONScanner(body)
        guard try scanner.peek() == .object else { return }
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            if scanner.text(name, is: "promptTokenCount") {
                prompt = try count(&scanner)
            } else if scanner.text(name, is: "candidatesTokenCount") || scanner.text(name, is: "responseTokenCount") {
                candidates = try count(&scanner)
            } else if scanner.text(name, is: "thoughtsTokenCount") {
                thoughts = try count(&scanner)
            } else if scanner.text(name, is: "cachedContentTokenCount") {
                cached = try count(&scanner)
            } else if scanner.text(name, is: "toolUsePromptTokenCount") {
                toolUse = try count(&scanner)
            } else if scanner.text(name, is: "promptTokensDetails") || scanner.text(name, is: "promptTokenDetails") {
                audioPrompt = try audio(&scanner)
            } else if scanner.text(name, is: "candidatesTokensDetails") {
                audioCandidates = try audio(&scanner)
            } else if scanner.text(name, is: "cacheTokensDetails") {
                audioCached = try audio(&scanner)
            } else if scanner.text(name, is: "toolUsePromptTokensDetails") {
                audioToolUse = try audio(&scanner)
            } else if scanner.text(name, is: "serviceTier"), try scanner.peek() == .string {
                tier = TextSlice(try scanner.string(), of: body)
            } else {
                try scanner.skip()
            }
        }
    }

    private mutating func count(_ scanner: inout JSONScanner) throws(JSONProblem) -> Int64 {
        guard try scanner.peek() == .number else {
            try scanner.skip()
            return 0
        }
        isKnown = true
        return min(max(try scanner.number().integer, 0), UsageCounts.absurd)
    }

    /// Tokens of audio in a list of counts by modality.
    private mutating func audio(_ scanner: inout JSONScanner) throws(JSONProblem) -> Int64 {
        guard try scanner.peek() == .array else {
            try scanner.skip()
            return 0
        }
        var total: Int64 = 0
        try scanner.enterArray()
        while try scanner.nextElement() {
            var isAudio = false
            var tokens: Int64 = 0
            try scanner.enterObject()
            while let name = try scanner.nextKey() {
                if scanner.text(name, is: "modality"), try scanner.peek() == .string {
                    isAudio = scanner.text(try scanner.string(), is: "AUDIO")
                } else if scanner.text(name, is: "tokenCount") {
                    tokens = try count(&scanner)
                } else {
                    try scanner.skip()
                }
            }
            if isAudio { total = min(total + tokens, UsageCounts.absurd) }
        }
        return total
    }

    var usage: Usage {
        var usage = Usage()
        usage.cachedInput = min(cached, prompt)
        let fresh = prompt - usage.cachedInput
        let audioFresh = min(max(audioPrompt - audioCached, 0), fresh)
        let audioTool = min(audioToolUse, toolUse)
        usage.audioInput = audioFresh + audioTool
        usage.input = fresh - audioFresh + toolUse - audioTool
        usage.audioOutput = min(audioCandidates, candidates)
        usage.output = candidates - usage.audioOutput
        usage.reasoning = thoughts
        return usage
    }
}
