import Routing
import Wire

/// Writes a whole message.
final class AnthropicMessagesWholeWriter: ReplyWriter {
    private enum Kind { case none, text, thinking, call }

    var output = JSONWriter(capacity: 2_048)
    private(set) var loss = Loss()
    private var answer: AnthropicMessagesAnswer
    /// The blocks so far, an array.
    private var content = JSONWriter(capacity: 2_048)
    private var kind = Kind.none
    /// The open block's text as the inside of a JSON string; of a call the arguments as they are.
    private var text: [UInt8] = []
    /// Type, id and name of the open call.
    private var head = JSONWriter()
    private var citations = JSONWriter()
    private var signature = JSONWriter()
    /// Sealed blocks before and behind the open one.
    private var sealsBefore = JSONWriter()
    private var sealsBehind = JSONWriter()

    init(_ context: ReplyContext) {
        answer = AnthropicMessagesAnswer(context)
        content.beginArray()
    }

    func write(_ event: ReplyEvent) {
        switch event {
        case .began(let id, let model, _): answer.began(id, model)
        case .opened(let block): open(block)
        case .piece(let piece): append(piece)
        case .seal(let seal): self.seal(seal)
        case .citation(let json, let api): if api == .messages { citations.value(json) } else { loss.lose("content.citations") }
        case .closed: close()
        case .finished(let choice, let reason, let sequence): if choice == 0 { answer.finished(reason, sequence) }
        case .logprobs: loss.lose("logprobs")
        case .usage(let usage): answer.usage = usage
        case .tier(let tier): answer.said(tier)
        case .failed: break  // a whole reply that failed is answered by a refusal
        }
    }

    private func open(_ block: Block) {
        kind = .none
        text.removeAll(keepingCapacity: true)
        guard block.choice == 0 else { return loss.lose("choices[\(block.choice)]") }
        switch block.kind {
        case .text, .refusal: kind = .text
        case .reasoning: kind = .thinking
        case .toolCall(let id, let name):
            kind = .call
            head.clear()
            head.beginObject()
            answer.call(id, name, into: &head)
        case .media(let media): loss.lose("content.\(media.kind)")
        case .native(let type, let whole, let api): if api == .messages { content.value(whole) } else { loss.lose("content.\(type.string)") }
        }
    }

    private func append(_ piece: TextSlice) {
        if kind == .call {
            piece.decode { text.append($0) }
        } else if piece.form == .quoted {
            text.append(contentsOf: piece.bytes)
        } else {
            JSONWriter.escape(piece.bytes, into: &text)
        }
    }

    private func seal(_ seal: Seal) {
        switch kind {
        case .none: break
        case .text: answer.redacted(seal, into: &sealsBehind)
        case .call: answer.redacted(seal, into: &sealsBefore)
        case .thinking:
            // Redacted thoughts of Anthropic's are blocks; whatever vouches for the text beside it stands as its signature.
            let isBlock = text.isEmpty && !(seal.origin == .anthropic && seal.kind == .signature) || answer.isBare(seal) && seal.kind == .redacted
            if isBlock || !signature.bytes.isEmpty { answer.redacted(seal, into: &sealsBehind) } else { answer.string(seal, into: &signature) }
        }
    }

    private func close() {
        flush(&sealsBefore)
        switch kind {
        case .none: break
        case .text:
            content.beginObject()
            content.member("type", word: "text")
            content.name("text")
            text.withUnsafeBytes { content.quoted($0) }
            if !citations.bytes.isEmpty {
                content.name("citations")
                content.beginArray()
                flush(&citations)
                content.endArray()
            }
            content.endObject()
        case .thinking:
            guard !text.isEmpty || !signature.bytes.isEmpty else { break }
            content.beginObject()
            content.member("type", word: "thinking")
            content.name("thinking")
            text.withUnsafeBytes { content.quoted($0) }
            content.name("signature")
            if signature.bytes.isEmpty { content.word("") } else { flush(&signature) }
            content.endObject()
        case .call:
            head.name("input")
            text.withUnsafeBytes { _ = Self.input($0, into: &head, &loss) }
            head.endObject()
            head.bytes.withUnsafeBytes { content.raw($0) }
        }
        flush(&sealsBehind)
        kind = .none
    }

    /// A provider's arguments may be no JSON, cut off by a limit: there is no place for such.
    private static func input(_ json: UnsafeRawBufferPointer, into writer: inout JSONWriter, _ loss: inout Loss) -> Bool {
        var scratch: [UInt8] = []
        if TextSlice(plain: json).write(asObject: &writer, &scratch) { return true }
        loss.lose("content.input")
        writer.beginObject()
        writer.endObject()
        return false
    }

    private func flush(_ written: inout JSONWriter) {
        guard !written.bytes.isEmpty else { return }
        written.bytes.withUnsafeBytes { content.raw($0) }
        written.clear()
    }

    func end() {
        content.endArray()
        output.beginObject()
        answer.head(into: &output)
        output.name("content")
        content.bytes.withUnsafeBytes { output.raw($0) }
        answer.ending(into: &output, &loss)
        AnthropicUsage.write(answer.usage, tier: answer.tier, into: &output)
        output.endObject()
    }
}
