import Routing
import Wire

/// What we want to know of a whole (not streamed) reply in OpenAI's dialect. Its bytes go to the client as they came.
public struct ReplyFacts: Sendable {
    public internal(set) var usage: UsageReport?
    /// The top-level `error` of a reply whose status pretends success.
    public internal(set) var error: FaultyReply?
    /// Elements of `choices`, or of `data` for embeddings. Nil: there is no such list, so this is no answer.
    public internal(set) var answers: Int?
    /// Of the first choice, inside its quotes.
    public internal(set) var finishReason: JSONText?
    /// As the provider names it, inside its quotes.
    public internal(set) var model: JSONText?
    /// How soon it was served, where the reply says so.
    public internal(set) var tier: ServiceTier?
    private var textBytes = 0

    /// Nothing read yet.
    public init() {}

    /// Validates all of `body`. A thrown problem means that the reply is malformed.
    public static func read(_ body: UnsafeRawBufferPointer, api: API) throws(JSONProblem) -> ReplyFacts {
        var facts = ReplyFacts()
        try facts.take(body, api: api)
        return facts
    }

    /// The same, into facts that hold nothing yet: they are large.
    public mutating func take(_ body: UnsafeRawBufferPointer, api: API) throws(JSONProblem) {
        var scanner = JSONScanner(body)
        var seen = false
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            // `data`; `usage`, `error` and `model`; `choices`.
            if !name.escaped, name.range.count != 5, name.range.count != 7, name.range.count != 4 {
                if name.range.count == 12, scanner.text(name, is: "service_tier"), try scanner.peek() == .string {
                    tier = ServiceTier(try scanner.string().range.of(body))
                } else {
                    try scanner.skip()
                }
            } else if scanner.text(name, is: "usage") {
                if let usage = try UsageCounts.read(&scanner) { self.usage = usage }
                if seen { usage?.doubtful = true }
                seen = true
            } else if scanner.text(name, is: "choices") || scanner.text(name, is: "data") {
                try readAnswers(&scanner, api)
            } else if scanner.text(name, is: "error") {
                error = try FaultyReply.member(&scanner)
            } else if scanner.text(name, is: "model"), try scanner.peek() == .string {
                model = try scanner.string()
            } else {
                try scanner.skip()
            }
        }
        try scanner.finish()
    }

    private mutating func readAnswers(_ scanner: inout JSONScanner, _ api: API) throws(JSONProblem) {
        guard try scanner.peek() == .array else {
            try scanner.skip()
            return
        }
        try scanner.enterArray()
        var count = 0
        while try scanner.nextElement() {
            if api == .embeddings {
                try scanner.skip()
            } else {
                try readChoice(&scanner, first: count == 0)
            }
            count += 1
        }
        answers = count
    }

    private mutating func readChoice(_ scanner: inout JSONScanner, first: Bool) throws(JSONProblem) {
        guard try scanner.peek() == .object else {
            try scanner.skip()
            return
        }
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            if first, scanner.text(name, is: "finish_reason"), try scanner.peek() == .string {
                finishReason = try scanner.string()
            } else if scanner.text(name, is: "message") || scanner.text(name, is: "text") {
                textBytes += try scanner.skip().count
            } else {
                try scanner.skip()
            }
        }
    }

    /// What to bill: the provider's word, else four bytes a token of what was asked and answered, marked as estimated.
    public func billed(estimatedInput: Int64) -> Usage {
        .billed(usage?.usage, input: estimatedInput, output: Int64(textBytes + 3) / 4, isLast: true, isDoubtful: usage?.doubtful ?? false)
    }
}
