import Routing
import Wire

/// Writes a whole `chat.completion`.
final class OpenAIChatWholeWriter: ReplyWriter {
    /// What has come of one choice; strings as the insides of JSON strings.
    private struct Choice {
        var content: [UInt8] = []
        var hasContent = false
        var refusal: [UInt8] = []
        var hasRefusal = false
        var reasoning: [UInt8] = []
        var details = JSONWriter()
        var annotations = JSONWriter()
        var detailCount = 0
        var images = JSONWriter()
        var imageCount = 0
        var calls = JSONWriter()
        var callCount = 0
        var arguments: [UInt8] = []
        var callSeal: [UInt8] = []
        var logprobs: [UInt8]?
        var reason = FinishReason.stop
    }

    var output = JSONWriter(capacity: 2_048)
    private(set) var loss = Loss()
    private let context: ReplyContext
    private var answer: OpenAIChatAnswer
    private var choices: [Choice] = []
    private var block = Block(.text)
    private var usage: Usage?
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
        case .citation(let json, let api):
            if api == .chatCompletions { choices[block.choice].annotations.value(json) } else { loss.lose("content.citations") }
        case .closed: close()
        case .finished(let choice, let reason, let sequence):
            if sequence != nil { loss.lose("stop_sequence") }
            if case .pause = reason { loss.lose("stop_reason") }
            grow(to: choice)
            choices[choice].reason = reason
        case .logprobs(let choice, let json):
            grow(to: choice)
            choices[choice].logprobs = Array(json.bytes)
        case .usage(let usage): self.usage = usage
        case .tier(let tier):
            var writer = JSONWriter()
            writer.string(tier)
            self.tier = writer.bytes
        case .failed: break  // a whole reply that failed is answered by a refusal
        }
    }

    private func grow(to choice: Int) {
        while choices.count <= choice { choices.append(Choice()) }
    }

    private func open(_ block: Block) {
        self.block = block
        grow(to: block.choice)
        switch block.kind {
        case .text: choices[block.choice].hasContent = true
        case .refusal: choices[block.choice].hasRefusal = true
        case .reasoning: break
        case .toolCall(let id, let name): open(id, name)
        case .media(let media):
            guard media.kind == .image, case .base64(let data) = media.source else { return loss.lose("message.\(media.kind)") }
            let index = choices[block.choice].imageCount
            choices[block.choice].imageCount += 1
            Self.image(media.type ?? TextSlice("image/png"), data, index: index, into: &choices[block.choice].images)
        case .native(let type, _, _): loss.lose("message.\(type.string)")
        }
    }

    private func open(_ id: TextSlice?, _ name: TextSlice) {
        let at = block.choice
        let number = choices[at].callCount
        choices[at].callCount += 1
        choices[at].arguments.removeAll(keepingCapacity: true)
        choices[at].callSeal.removeAll()
        choices[at].calls.beginObject()
        choices[at].calls.name("id")
        if let id, !id.isEmpty { choices[at].calls.string(id) } else { choices[at].calls.string("call_\(context.requestID)_\(at)_\(number)") }
        choices[at].calls.member("type", word: "function")
        choices[at].calls.name("function")
        choices[at].calls.beginObject()
        choices[at].calls.member("name", name)
    }

    private func piece(_ text: TextSlice) {
        let at = block.choice
        switch block.kind {
        case .refusal: Self.append(text, to: &choices[at].refusal)
        case .reasoning: Self.append(text, to: &choices[at].reasoning)
        case .toolCall: Self.append(text, to: &choices[at].arguments)
        default: Self.append(text, to: &choices[at].content)
        }
    }

    private static func append(_ text: TextSlice, to bytes: inout [UInt8]) {
        if text.form == .quoted { bytes.append(contentsOf: text.bytes) } else { JSONWriter.escape(text.bytes, into: &bytes) }
    }

    private func close() {
        guard case .toolCall = block.kind else { return }
        let at = block.choice
        let (arguments, seal) = (choices[at].arguments, choices[at].callSeal)
        choices[at].calls.name("arguments")
        if arguments.isEmpty { choices[at].calls.word("{}") } else { arguments.withUnsafeBytes { choices[at].calls.quoted($0) } }
        choices[at].calls.endObject()
        if !seal.isEmpty {
            seal.withUnsafeBytes {
                OpenAIChatAnswer.extraContent(Seal(.gemini, .thought, TextSlice(plain: $0)), into: &choices[at].calls)
            }
        }
        choices[at].calls.endObject()
    }

    private func seal(_ seal: Seal) {
        if case .toolCall = block.kind, seal.origin == .gemini {
            choices[block.choice].callSeal = Array(seal.data.string.utf8)
        } else {
            let index = choices[block.choice].detailCount
            choices[block.choice].detailCount += 1
            OpenAIChatAnswer.detail(seal, index: index, into: &choices[block.choice].details)
        }
    }

    /// As OpenRouter writes images that a model made (openrouter.ai/docs, image generation, read 2026-11).
    static func image(_ type: TextSlice, _ data: TextSlice, index: Int, into writer: inout JSONWriter) {
        writer.beginObject()
        writer.name("index")
        writer.number(index)
        writer.member("type", word: "image_url")
        writer.name("image_url")
        writer.beginObject()
        writer.name("url")
        OpenAIChatMedia.dataURL(type, data, into: &writer)
        writer.endObject()
        writer.endObject()
    }

    // MARK: The body

    func end() {
        answer.head("chat.completion", into: &output)
        output.name("choices")
        output.beginArray()
        for index in choices.indices { write(index) }
        output.endArray()
        if let usage { OpenAIChatAnswer.usage(usage, into: &output) }
        if let tier {
            output.name("service_tier")
            tier.withUnsafeBytes { output.raw($0) }
        }
        output.endObject()
    }

    private func write(_ index: Int) {
        let choice = choices[index]
        output.beginObject()
        output.name("index")
        output.number(index)
        output.name("message")
        output.beginObject()
        output.member("role", word: "assistant")
        output.name("content")
        if choice.hasContent { choice.content.withUnsafeBytes { output.quoted($0) } } else { output.null() }
        output.name("refusal")
        if choice.hasRefusal { choice.refusal.withUnsafeBytes { output.quoted($0) } } else { output.null() }
        if !choice.reasoning.isEmpty {
            output.name("reasoning_content")
            choice.reasoning.withUnsafeBytes { output.quoted($0) }
        }
        list("reasoning_details", choice.details)
        list("annotations", choice.annotations)
        list("images", choice.images)
        list("tool_calls", choice.calls)
        output.endObject()
        output.name("logprobs")
        if let logprobs = choice.logprobs { logprobs.withUnsafeBytes { output.raw($0) } } else { output.null() }
        output.name("finish_reason")
        OpenAIChatAnswer.reason(choice.reason, into: &output)
        output.endObject()
    }

    private func list(_ name: StaticString, _ elements: JSONWriter) {
        guard !elements.bytes.isEmpty else { return }
        output.name(name)
        output.beginArray()
        elements.bytes.withUnsafeBytes { output.raw($0) }
        output.endArray()
    }
}
