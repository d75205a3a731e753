import NIOCore
import Testing
import Wire

@testable import Translation

/// Recorded replies of real providers, read by our readers and by others'; then written in every other dialect and read again.
@Suite("Recorded replies") struct RecordedRepliesTests {
    typealias Meaning = RecordedExchange.Meaning

    /// Those that are not what they seem, or mean what we do not read.
    static let doubtful: Set = [
        // Made up by a test: a status that OpenAI does not know.
        "openai.responses.test-openai-previous-response-id.1.62b67e48",
        // Shortened by its recorder: the done text is not the sum of its deltas.
        "openai.responses.openai-shell-container-1-chunks.0.83b7242c", "openai.responses.openai-phase-1-chunks.0.5c849f27",
        // Two choices in turns: several are never asked for across dialects.
        "openai.chat.completion-stream-multiple-choices-with-tools.0.90be6cb6",
        // Arguments by JSON path, which the readers in Python do not put together.
        "gemini.streamGenerateContent.google-stream-tool-call-array-arguments-missing-terminal-fun.0.58b491e3",
    ]
    static let replies = RecordedExchange.all.filter { $0.status == 200 && $0.framing != .array && !doubtful.contains($0.id) }
    static let streams = replies.filter { $0.framing != nil }
    static let dialects: [API] = [.chatCompletions, .responses, .messages, .generateContent, .converse].filter { $0.dialect != nil }

    /// What became of a reply.
    struct Carried {
        var bytes: [UInt8] = []
        /// The provider said all it wanted to.
        var isWhole = true
        /// The provider said an error instead.
        var failed = false
    }

    static func context(_ exchange: RecordedExchange) -> ReplyContext {
        var context = ReplyContext.test(stream: exchange.framing != nil)
        context.provider = exchange.provider
        return context
    }

    /// Reads the reply of `exchange`, a stream in pieces of `step` bytes, and has `writer` write it.
    static func carry(_ exchange: RecordedExchange, to writer: any ReplyWriter, step: Int = .max) -> Carried {
        guard let reader = exchange.api.dialect?.replyReader(context(exchange)) else { return Carried(isWhole: false) }
        return exchange.framing == nil ? whole(exchange.reply, reader, writer) : stream(exchange.reply, reader, writer, step)
    }

    private static func whole(_ reply: [UInt8], _ reader: any ReplyReader, _ writer: any ReplyWriter) -> Carried {
        do throws(JSONProblem) {
            try reply.withUnsafeBufferPointer { bytes throws(JSONProblem) in
                try reader.read(whole: UnsafeRawBufferPointer(bytes), to: writer)
            }
        } catch { return Carried(isWhole: false) }
        writer.end()
        return Carried(bytes: writer.output.bytes)
    }

    private static func stream(_ reply: [UInt8], _ reader: any ReplyReader, _ writer: any ReplyWriter, _ step: Int) -> Carried {
        let translation = StreamTranslation(from: reader, to: writer)
        var out = ByteBuffer()
        do throws(StreamProblem) { try Translating.feed(reply, translation, step, &out) } catch { return Carried(isWhole: false) }
        let end = translation.end(into: &out)
        if case .truncated = end { return Carried(isWhole: false, failed: translation.error != nil) }
        return Carried(bytes: Array(out.readableBytesView), failed: translation.error != nil)
    }

    static func meaning(_ exchange: RecordedExchange, step: Int = .max) -> (Meaning, isWhole: Bool, disorder: [String]) {
        let recorder = MeaningRecorder()
        let carried = carry(exchange, to: recorder, step: step)
        if carried.failed { recorder.meaning.failed = true }
        return (recorder.meaning, carried.isWhole, recorder.disorder)
    }

    @Test("enough of them are there")
    func present() { #expect(Self.replies.count >= 100 && Self.streams.count >= 40) }

    @Test("a reader finds what others' readers found, and brings it in order", arguments: replies)
    func found(_ exchange: RecordedExchange) {
        let (meaning, isWhole, disorder) = Self.meaning(exchange)
        #expect(disorder.isEmpty)
        Self.compare(meaning, exchange.meaning)
        #expect(isWhole || exchange.meaning.finish == nil)
    }

    @Test("however a stream is cut, the same is found", arguments: streams)
    func cut(_ exchange: RecordedExchange) {
        let (meaning, isWhole, _) = Self.meaning(exchange)
        for step in exchange.reply.count < 20_000 ? [1, 7] : [61] {
            let (again, isWholeAgain, _) = Self.meaning(exchange, step: step)
            #expect(again == meaning && isWholeAgain == isWhole, "in pieces of \(step) bytes")
        }
    }

    @Test("what is written in another dialect says the same", arguments: replies, dialects)
    func rewritten(_ exchange: RecordedExchange, _ api: API) throws {
        let before = Self.meaning(exchange)
        guard exchange.api != api, before.isWhole, !before.0.failed else { return }
        let dialect = try #require(api.dialect)
        let carried = Self.carry(exchange, to: dialect.replyWriter(Self.context(exchange)))
        var rewritten = exchange
        (rewritten.api, rewritten.reply, rewritten.provider) = (api, carried.bytes, "")
        if exchange.framing != nil { rewritten.framing = api == .converse ? .eventStream : .events }
        let after = Self.meaning(rewritten)
        if before.0.finish == "error", after.0.failed { return }
        #expect(after.isWhole && after.disorder.isEmpty, "\(String(decoding: carried.bytes.prefix(300), as: UTF8.self))")
        // Arguments that are no JSON, of a stream that was cut by max_tokens, have no place where arguments are objects.
        if before.0.calls.contains(where: { $0.arguments == nil }), [.generateContent, .converse].contains(api) { return }
        Self.compare(after.0, before.0, rewritten: true)
    }

    static func compare(_ got: Meaning, _ wanted: Meaning, rewritten: Bool = false) {
        #expect(got.failed == wanted.failed || wanted.finish == "error")
        guard !wanted.failed, wanted.finish != "error" else { return }
        if wanted.refusal.isEmpty { #expect(got.text == wanted.text) } else { #expect([got.refusal, got.text].contains(wanted.refusal)) }
        #expect(got.thoughts.filter { !$0.isWhitespace } == wanted.thoughts.filter { !$0.isWhitespace })
        #expect(got.calls == wanted.calls)
        if let input = wanted.inputTokens { #expect(got.inputTokens == input) }
        if let output = wanted.outputTokens { #expect(got.outputTokens == output) }
        if let cached = wanted.cachedTokens, cached > 0 { #expect(got.cachedTokens == cached) }
        #expect(Self.allowed(wanted, rewritten).contains(got.finish ?? "nothing"))
    }

    /// Providers say `stop` with calls, and not every dialect has a word for declining, pausing and failing.
    private static func allowed(_ wanted: Meaning, _ rewritten: Bool) -> Set<String> {
        switch wanted.finish {
        case "filter", "refusal": rewritten ? ["filter", "refusal", "stop"] : ["filter", "refusal"]
        case "pause", "error", "other", nil: ["pause", "error", "other", "stop", "length", "filter", "tool_calls", "nothing"]
        case "stop" where !wanted.calls.isEmpty, "tool_calls": ["stop", "tool_calls"]
        case let finish?: wanted.refusal.isEmpty ? [finish] : [finish, "refusal", "filter"]
        }
    }
}
