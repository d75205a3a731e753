import Routing
import Wire

/// Writes a whole Converse reply.
final class BedrockConverseWholeWriter: ReplyWriter {
    private enum Kind { case none, text, thinking, call }

    var output = JSONWriter(capacity: 2_048)
    private(set) var loss = Loss()
    private var answer: BedrockConverseAnswer
    private var content = JSONWriter(capacity: 2_048)
    private var kind = Kind.none
    /// The open block's text as the inside of a JSON string; of a call the arguments as they are.
    private var text: [UInt8] = []
    private var head = JSONWriter()
    private var citations = JSONWriter()
    private var signature = JSONWriter()
    /// Sealed blocks before and behind the open one.
    private var sealsBefore = JSONWriter()
    private var sealsBehind = JSONWriter()

    init(_ context: ReplyContext) {
        answer = BedrockConverseAnswer(context)
        content.beginArray()
    }

    func write(_ event: ReplyEvent) {
        switch event {
        case .began: break
        case .opened(let block): open(block)
        case .piece(let piece): append(piece)
        case .seal(let seal): self.seal(seal)
        case .citation(let json, let api): if api == .converse { citations.value(json) } else { loss.lose("content.citations") }
        case .closed: close()
        case .finished(let choice, let reason, let sequence):
            if choice == 0 { answer.reason = reason }
            if sequence != nil { loss.lose("stop_sequence") }
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
        case .media(let media): self.media(media)
        case .native(let type, let whole, let api): if api == .converse { content.value(whole) } else { loss.lose("content.\(type.string)") }
        }
    }

    private func media(_ media: Media) {
        guard media.kind == .image, case .base64(let data) = media.source,
            let format = BedrockFormats.format(.image, type: media.type ?? "image/png")
        else { return loss.lose("content.\(media.kind)") }
        content.beginObject()
        content.name("image")
        content.beginObject()
        content.member("format", word: format)
        content.name("source")
        content.beginObject()
        content.member("bytes", data)
        content.endObject()
        content.endObject()
        content.endObject()
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
        case .text: redacted(seal, into: &sealsBehind)
        case .call: redacted(seal, into: &sealsBefore)
        case .thinking:
            // A signature stands beside its text; whatever has none, and what is itself the thought, is a block.
            let isBlock =
                text.isEmpty && !(BedrockSeals.isBare(seal) && seal.kind == .signature) || BedrockSeals.isBare(seal) && seal.kind == .redacted
            if isBlock || !signature.bytes.isEmpty {
                redacted(seal, into: &sealsBehind)
            } else {
                BedrockConverseAnswer.signature(seal, into: &signature)
            }
        }
    }

    private func redacted(_ seal: Seal, into writer: inout JSONWriter) {
        writer.beginObject()
        writer.name("reasoningContent")
        BedrockConverseAnswer.redacted(seal, into: &writer)
        writer.endObject()
    }

    private func close() {
        flush(&sealsBefore)
        switch kind {
        case .none: break
        case .text: closeText()
        case .thinking: closeThinking()
        case .call:
            var scratch: [UInt8] = []
            head.name("input")
            let isObject = text.withUnsafeBytes { TextSlice(plain: $0).write(asObject: &head, &scratch) }
            if !isObject {
                // Cut off by a limit: there is no place for what is no JSON.
                loss.lose("content.input")
                head.beginObject()
                head.endObject()
            }
            head.endObject()
            content.beginObject()
            content.name("toolUse")
            flush(&head)
            content.endObject()
        }
        flush(&sealsBehind)
        kind = .none
    }

    private func closeText() {
        content.beginObject()
        if citations.bytes.isEmpty {
            content.name("text")
            text.withUnsafeBytes { content.quoted($0) }
        } else {
            content.name("citationsContent")
            content.beginObject()
            content.name("content")
            content.beginArray()
            content.beginObject()
            content.name("text")
            text.withUnsafeBytes { content.quoted($0) }
            content.endObject()
            content.endArray()
            content.name("citations")
            content.beginArray()
            flush(&citations)
            content.endArray()
            content.endObject()
        }
        content.endObject()
    }

    private func closeThinking() {
        guard !text.isEmpty || !signature.bytes.isEmpty else { return }
        content.beginObject()
        content.name("reasoningContent")
        content.beginObject()
        content.name("reasoningText")
        content.beginObject()
        content.name("text")
        text.withUnsafeBytes { content.quoted($0) }
        if !signature.bytes.isEmpty {
            content.name("signature")
            flush(&signature)
        }
        content.endObject()
        content.endObject()
        content.endObject()
    }

    private func flush(_ written: inout JSONWriter) {
        guard !written.bytes.isEmpty else { return }
        written.bytes.withUnsafeBytes { content.raw($0) }
        written.clear()
    }

    func end() {
        content.endArray()
        output.beginObject()
        output.name("output")
        output.beginObject()
        output.name("message")
        output.beginObject()
        output.member("role", word: "assistant")
        output.name("content")
        content.bytes.withUnsafeBytes { output.raw($0) }
        output.endObject()
        output.endObject()
        answer.stopReason(into: &output, &loss)
        answer.ending(into: &output)
        output.endObject()
    }
}
