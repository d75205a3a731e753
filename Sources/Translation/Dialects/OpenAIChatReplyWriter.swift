import Routing
import Wire

/// What both forms of an answer in OpenAI's chat dialect begin with, and the words they share.
struct OpenAIChatAnswer {
    var id: [UInt8] = []
    var model: [UInt8] = []
    var created: Int64

    init(_ context: ReplyContext) {
        created = context.unixSeconds
        id = Self.quoted(TextSlice(plain: UnsafeRawBufferPointer(start: nil, count: 0)), or: "chatcmpl-\(context.requestID)")
        model = Self.quoted(.empty, or: context.model)
    }

    mutating func began(_ id: TextSlice?, _ model: TextSlice?, _ created: Int64?) {
        if let id, !id.isEmpty { self.id = Self.quoted(id, or: "") }
        if let model, !model.isEmpty { self.model = Self.quoted(model, or: "") }
        if let created, created > 0 { self.created = created }
    }

    private static func quoted(_ text: TextSlice, or other: String) -> [UInt8] {
        var writer = JSONWriter()
        if text.isEmpty { writer.string(other) } else { writer.string(text) }
        return writer.bytes
    }

    func head(_ object: StaticString, into writer: inout JSONWriter) {
        writer.beginObject()
        writer.name("id")
        id.withUnsafeBytes { writer.raw($0) }
        writer.member("object", word: object)
        writer.name("created")
        writer.number(created)
        writer.name("model")
        model.withUnsafeBytes { writer.raw($0) }
    }

    /// OpenAI's arithmetic: cached, written and audio tokens are part of the prompt, reasoning and audio part of the completion.
    static func usage(_ usage: Usage, into writer: inout JSONWriter) {
        writer.name("usage")
        writer.beginObject()
        writer.name("prompt_tokens")
        writer.number(usage.totalInput)
        writer.name("completion_tokens")
        writer.number(usage.totalOutput)
        writer.name("total_tokens")
        writer.number(usage.totalInput + usage.totalOutput)
        writer.name("prompt_tokens_details")
        writer.beginObject()
        writer.name("cached_tokens")
        writer.number(usage.cachedInput)
        writer.name("audio_tokens")
        writer.number(usage.audioInput)
        if usage.cacheWrite + usage.cacheWriteHour > 0 {
            writer.name("cache_write_tokens")
            writer.number(usage.cacheWrite + usage.cacheWriteHour)
        }
        writer.endObject()
        writer.name("completion_tokens_details")
        writer.beginObject()
        writer.name("reasoning_tokens")
        writer.number(usage.reasoning)
        writer.name("audio_tokens")
        writer.number(usage.audioOutput)
        writer.endObject()
        writer.endObject()
    }

    static func reason(_ reason: FinishReason, into writer: inout JSONWriter) {
        switch reason {
        case .stop, .pause: writer.word("stop")
        case .length, .contextFull: writer.word("length")
        case .toolCalls: writer.word("tool_calls")
        case .contentFilter, .refusal: writer.word("content_filter")
        case .error: writer.word("error")
        case .other(let word): writer.string(word)
        }
    }

    /// `reasoning_details` of one seal, in OpenRouter's form; see `Seal`.
    ///
    /// The index tells entries apart: OpenAI's SDKs join those of a stream that have the same, and refuse those that have none.
    static func detail(_ seal: Seal, index: Int, into writer: inout JSONWriter) {
        writer.beginObject()
        writer.name("index")
        writer.number(index)
        if seal.kind == .signature {
            writer.member("type", word: "reasoning.text")
            writer.member("text", word: "")
            writer.name("signature")
        } else {
            writer.member("type", word: "reasoning.encrypted")
            writer.name("data")
        }
        writer.string(seal.packed)
        writer.member("format", word: "unknown")
        writer.endObject()
    }

    static func extraContent(_ signature: Seal, into writer: inout JSONWriter) {
        writer.name("extra_content")
        writer.beginObject()
        writer.name("google")
        writer.beginObject()
        writer.member("thought_signature", signature.data)
        writer.endObject()
        writer.endObject()
    }
}

/// Writes a stream of `chat.completion.chunk` events.
final class OpenAIChatStreamWriter: ReplyWriter {
    var output = JSONWriter(capacity: 512)
    private(set) var loss = Loss()
    private let context: ReplyContext
    private var answer: OpenAIChatAnswer
    private var block = Block(.text)
    private var spoken: Set<Int> = []
    private var calls: [Int: Int] = [:]
    /// The open call has no arguments so far.
    private var lacksArguments = false
    private var details: [Int: Int] = [:]
    private var images: [Int: Int] = [:]
    private var usage: Usage?
    private var hasFailed = false
    private var tier: [UInt8]?

    init(_ context: ReplyContext) {
        self.context = context
        answer = OpenAIChatAnswer(context)
    }

    func write(_ event: ReplyEvent) {
        switch event {
        case .began(let id, let model, let created): answer.began(id, model, created)
        case .opened(let block): open(block)
        case .piece(let text): piece(text)
        case .seal(let seal): self.seal(seal)
        case .citation(let json, let api): citation(json, api)
        case .closed: if lacksArguments { piece(TextSlice("{}")) }
        case .finished(let choice, let reason, let sequence):
            if sequence != nil { loss.lose("stop_sequence") }
            if case .pause = reason { loss.lose("stop_reason") }
            finish(choice, reason)
        case .logprobs(let choice, let json): logprobs(choice, json)
        case .usage(let usage): self.usage = usage
        case .tier(let tier):
            var writer = JSONWriter()
            writer.string(tier)
            self.tier = writer.bytes
        case .failed(let reply): fail(reply)
        }
    }

    func end() {
        guard !hasFailed else { return }
        if context.wantsUsage, let usage {
            head()
            output.name("choices")
            output.beginArray()
            output.endArray()
            OpenAIChatAnswer.usage(usage, into: &output)
            output.endObject()
            output.framing("\n\n")
        }
        output.framing("data: [DONE]\n\n")
    }

    // MARK: Chunks

    private func head() {
        output.framing("data: ")
        answer.head("chat.completion.chunk", into: &output)
        if let tier {
            output.name("service_tier")
            tier.withUnsafeBytes { output.raw($0) }
        }
    }

    /// The chunk up to the inside of its delta.
    private func begin(_ choice: Int) {
        head()
        output.name("choices")
        output.beginArray()
        output.beginObject()
        output.name("index")
        output.number(choice)
        output.name("delta")
        output.beginObject()
        if spoken.insert(choice).inserted { output.member("role", word: "assistant") }
    }

    private func close(_ finish: (inout JSONWriter) -> Void = { $0.null() }) {
        output.endObject()
        output.name("finish_reason")
        finish(&output)
        output.endObject()
        output.endArray()
        output.endObject()
        output.framing("\n\n")
    }

    private func open(_ block: Block) {
        self.block = block
        switch block.kind {
        case .text, .refusal, .reasoning:
            guard !spoken.contains(block.choice) else { return }
            begin(block.choice)
            output.member("content", word: "")
            close()
        case .toolCall(let id, let name): open(id, name)
        case .media(let media): image(media)
        case .native(let type, _, _): loss.lose("content.\(type.string)")
        }
    }

    private func open(_ id: TextSlice?, _ name: TextSlice) {
        lacksArguments = true
        let index = calls[block.choice, default: 0]
        calls[block.choice] = index + 1
        begin(block.choice)
        output.name("tool_calls")
        output.beginArray()
        output.beginObject()
        output.name("index")
        output.number(index)
        output.name("id")
        if let id, !id.isEmpty { output.string(id) } else { output.string("call_\(context.requestID)_\(block.choice)_\(index)") }
        output.member("type", word: "function")
        output.name("function")
        output.beginObject()
        output.member("name", name)
        output.member("arguments", word: "")
        output.endObject()
        output.endObject()
        output.endArray()
        close()
    }

    private func piece(_ text: TextSlice) {
        guard !text.isEmpty else { return }
        begin(block.choice)
        switch block.kind {
        case .refusal: output.member("refusal", text)
        case .reasoning: output.member("reasoning_content", text)
        case .toolCall:
            lacksArguments = false
            output.name("tool_calls")
            output.beginArray()
            output.beginObject()
            output.name("index")
            output.number(calls[block.choice, default: 1] - 1)
            output.name("function")
            output.beginObject()
            output.member("arguments", text)
            output.endObject()
            output.endObject()
            output.endArray()
        default: output.member("content", text)
        }
        close()
    }

    private func seal(_ seal: Seal) {
        begin(block.choice)
        if case .toolCall = block.kind, seal.origin == .gemini {
            output.name("tool_calls")
            output.beginArray()
            output.beginObject()
            output.name("index")
            output.number(calls[block.choice, default: 1] - 1)
            // OpenAI's SDKs take a piece of a function's call only with its function.
            output.name("function")
            output.beginObject()
            output.member("arguments", word: "")
            output.endObject()
            OpenAIChatAnswer.extraContent(seal, into: &output)
            output.endObject()
            output.endArray()
        } else {
            let index = details[block.choice, default: 0]
            details[block.choice] = index + 1
            output.name("reasoning_details")
            output.beginArray()
            OpenAIChatAnswer.detail(seal, index: index, into: &output)
            output.endArray()
        }
        close()
    }

    private func citation(_ json: JSONSlice, _ api: API) {
        guard api == .chatCompletions else { return loss.lose("content.citations") }
        begin(block.choice)
        output.name("annotations")
        output.beginArray()
        output.value(json)
        output.endArray()
        close()
    }

    private func image(_ media: Media) {
        guard media.kind == .image, case .base64(let data) = media.source else { return loss.lose("content.\(media.kind)") }
        let index = images[block.choice, default: 0]
        images[block.choice] = index + 1
        begin(block.choice)
        output.name("images")
        output.beginArray()
        OpenAIChatWholeWriter.image(media.type ?? TextSlice("image/png"), data, index: index, into: &output)
        output.endArray()
        close()
    }

    private func logprobs(_ choice: Int, _ json: JSONSlice) {
        begin(choice)
        output.endObject()
        output.member("logprobs", json)
        output.name("finish_reason")
        output.null()
        output.endObject()
        output.endArray()
        output.endObject()
        output.framing("\n\n")
    }

    private func finish(_ choice: Int, _ reason: FinishReason) {
        begin(choice)
        close { OpenAIChatAnswer.reason(reason, into: &$0) }
    }

    /// OpenAI's SDKs raise when an event has a member `error`; no `[DONE]` may follow, since that would be a success.
    private func fail(_ reply: FaultyReply) {
        hasFailed = true
        output.framing("data: ")
        output.beginObject()
        output.name("error")
        output.beginObject()
        output.member("message", reply.message ?? "the provider failed in the middle of its answer")
        output.member("type", reply.type ?? "server_error")
        output.member("param", orNull: nil)
        output.member("code", orNull: reply.code)
        output.member("request_id", context.requestID)
        output.endObject()
        output.endObject()
        output.framing("\n\n")
    }
}
