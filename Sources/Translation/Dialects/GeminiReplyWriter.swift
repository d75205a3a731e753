import Routing
import Wire

/// Writes an answer as `generateContent` gives it: whole, or in events of the same shape (SSE with CRLF, or the elements of
/// one array).
final class GeminiReplyWriter: ReplyWriter {
    let context: ReplyContext
    var output: JSONWriter
    var loss = Loss()
    private var usage: Usage?
    /// Only words of Google's own.
    private var tier: String?
    private var ended = false
    private var events = 0
    /// `,"modelVersion":…,"responseId":…}`, the same for every event.
    private var tail: [UInt8] = []
    /// Of a whole answer: what is said so far; of a stream only how it ends.
    private var candidates: [Candidate] = []
    private var block = GeminiBlock()
    private var choice = 0

    private struct Candidate {
        /// Elements of `content.parts`, with commas between.
        var parts = JSONWriter()
        /// Members behind `content`, each with its comma.
        var members = JSONWriter()
        var finish: FinishReason?
        /// A call whose arguments are no JSON object.
        var broken: String?
    }

    init(_ context: ReplyContext) {
        self.context = context
        output = JSONWriter(capacity: context.isStream ? 1_024 : 8_192)
    }

    func write(_ event: ReplyEvent) {
        guard !ended else { return }
        switch event {
        case .began(let id, let model, _): began(id, model)
        case .opened(let block): opened(block)
        case .piece(let text):
            if context.isStream, block.isText { part { self.block.write(piece: text, to: &$0) } } else { block.add(text) }
        case .seal(let seal): if let text = block.seal(seal, isStream: context.isStream) { part { self.block.write(seal: text, to: &$0) } }
        case .citation(let json, let api):
            if api == .generateContent {
                member(Self.isCitations(json) ? "citationMetadata" : "groundingMetadata", json)
            } else {
                loss.lose("annotations")
            }
        case .closed: closed()
        case .finished(let choice, let reason, let sequence):
            ensure(choice)
            candidates[choice].finish = reason
            if sequence != nil { loss.lose("stop_sequence") }
        case .logprobs(let choice, let json):
            self.choice = choice
            ensure(choice)
            let converted = GeminiLogprobs.write(json)
            converted.withUnsafeBytes { member("logprobsResult", JSONSlice($0)) }
        case .usage(let usage): self.usage = usage
        case .tier(let text): tier = StaticString.among(["standard", "flex", "priority"], text) ? text.string : nil
        case .failed(let reply): fail(reply)
        }
    }

    private func ensure(_ choice: Int) { while candidates.count <= choice { candidates.append(Candidate()) } }

    private func began(_ id: TextSlice?, _ model: TextSlice?) {
        var writer = JSONWriter()
        writer.beginObject()
        if let model { writer.member("modelVersion", model) } else { writer.member("modelVersion", context.model) }
        if let id, !id.isEmpty { writer.member("responseId", id) } else { writer.member("responseId", context.requestID) }
        writer.endObject()
        tail = [UInt8(ascii: ",")] + writer.bytes.dropFirst()
    }

    // MARK: Blocks

    private func opened(_ opened: Block) {
        choice = opened.choice
        ensure(choice)
        block = GeminiBlock()
        switch opened.kind {
        case .text, .refusal: block.kind = .text
        case .reasoning: block.kind = .thought
        case .toolCall(let id, let name): block.begin(call: id, name)
        case .media(let media): part { Self.write(media, to: &$0) }
        case .native(let type, let json, let api):
            if api == .generateContent { part { $0.value(json) } } else { loss.lose("choices[\(choice)].message.\(type.string)") }
        }
    }

    private func closed() {
        defer { block = GeminiBlock() }
        switch block.kind {
        case .none: return
        case .call:
            guard let arguments = block.object() else {
                candidates[choice].broken = block.name
                loss.lose("choices[\(choice)].message.tool_calls[0].function.arguments")
                return
            }
            part { self.block.write(call: arguments, to: &$0) }
        case .text, .thought:
            guard !context.isStream, block.hasContent else { return }
            part { self.block.writeWhole(to: &$0) }
        }
    }

    private static func write(_ media: Media, to json: inout JSONWriter) {
        json.beginObject()
        switch media.source {
        case .base64(let data):
            json.name("inlineData")
            json.beginObject()
            if let type = media.type { json.member("mimeType", type) } else { json.member("mimeType", word: MediaType.usual(media.kind)) }
            json.member("data", data)
            json.endObject()
        case .url(let uri), .file(let uri), .location(let uri):
            json.name("fileData")
            json.beginObject()
            if let type = media.type { json.member("mimeType", type) } else { json.member("mimeType", word: MediaType.usual(media.kind)) }
            json.member("fileUri", uri)
            json.endObject()
        case .text(let text): json.member("text", text)
        }
        json.endObject()
    }

    /// `citationMetadata` and `groundingMetadata` come as one event; their first member tells them apart.
    private static func isCitations(_ json: JSONSlice) -> Bool {
        var scanner = JSONScanner(json.bytes)
        do throws(JSONProblem) {
            try scanner.enterObject()
            guard let name = try scanner.nextKey() else { return false }
            return scanner.text(name, is: "citations") || scanner.text(name, is: "citationSources")
        } catch {
            return false
        }
    }

    // MARK: Where parts go

    /// One part: at once as an event of a stream, else to the others.
    private func part(_ write: (inout JSONWriter) -> Void) {
        ensure(choice)
        guard context.isStream else {
            write(&candidates[choice].parts)
            return
        }
        beginEvent()
        output.framing("{\"candidates\":[{\"content\":{\"parts\":[")
        write(&output)
        output.framing("],\"role\":\"model\"},\"index\":")
        output.number(choice)
        output.framing("}]")
        endEvent()
    }

    /// A member beside `content`.
    private func member(_ name: StaticString, _ json: JSONSlice) {
        ensure(choice)
        guard context.isStream else {
            candidates[choice].members.member(name, json)
            return
        }
        beginEvent()
        output.framing("{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"\"}],\"role\":\"model\"},")
        output.member(name, json)
        output.framing(",\"index\":")
        output.number(choice)
        output.framing("}]")
        endEvent()
    }

    private func beginEvent() {
        switch context.framing {
        case .array: if events == 0 { output.framing("[") } else { output.framing(",\r\n") }
        default: output.framing("data: ")
        }
        events += 1
    }

    private func endEvent() {
        if tail.isEmpty { began(nil, nil) }
        tail.withUnsafeBytes { output.appendRaw($0) }
        if context.framing != .array { output.framing("\r\n\r\n") }
    }

    // MARK: The end

    func end() {
        guard !ended else { return }
        ended = true
        ensure(0)
        if context.isStream { beginEvent() }
        output.framing("{")
        output.name("candidates")
        output.beginArray()
        for index in candidates.indices { write(candidate: index) }
        output.endArray()
        if let usage { write(usage) }
        endEvent()
        if context.isStream, context.framing == .array { output.framing("]") }
        if !context.isStream { dropFraming() }
    }

    /// A whole answer has no line behind it.
    private func dropFraming() {
        let body = output.bytes.dropLast(4)
        output = JSONWriter(capacity: body.count)
        body.withUnsafeBytes { output.appendRaw($0) }
    }

    private func write(candidate index: Int) {
        let candidate = candidates[index]
        output.beginObject()
        output.name("content")
        output.beginObject()
        if context.isStream {
            output.framing("\"parts\":[{\"text\":\"\"}],")  // SDKs take an event without parts for a broken answer
        } else if !candidate.parts.bytes.isEmpty {
            output.framing("\"parts\":[")
            candidate.parts.bytes.withUnsafeBytes { output.appendRaw($0) }
            output.framing("],")
        }
        output.member("role", word: "model")
        output.endObject()
        if let broken = candidate.broken {
            output.member("finishReason", word: "MALFORMED_FUNCTION_CALL")
            output.member("finishMessage", "Malformed function call: \(broken)")
        } else if let finish = candidate.finish {
            Self.write(finish, to: &output)
        }
        if !candidate.members.bytes.isEmpty {
            output.framing(",")
            candidate.members.bytes.withUnsafeBytes { output.raw($0) }
        }
        output.member("index", index)
        output.endObject()
    }

    private static func write(_ finish: FinishReason, to json: inout JSONWriter) {
        let word: StaticString
        switch finish {
        case .stop, .toolCalls: word = "STOP"
        case .length, .contextFull: word = "MAX_TOKENS"
        case .contentFilter, .refusal: word = "SAFETY"
        case .pause, .error: word = "OTHER"
        case .other: word = "OTHER"  // only words of Google's own list pass its SDK's types
        }
        json.member("finishReason", word: word)
    }

    private func write(_ usage: Usage) {
        output.name("usageMetadata")
        output.beginObject()
        output.member("promptTokenCount", usage.totalInput)
        if usage.cachedInput > 0 { output.member("cachedContentTokenCount", usage.cachedInput) }
        output.member("candidatesTokenCount", usage.output &+ usage.audioOutput &+ usage.imageOutput)
        if usage.reasoning > 0 { output.member("thoughtsTokenCount", usage.reasoning) }
        output.member("totalTokenCount", usage.totalInput &+ usage.totalOutput)
        audio(usage.audioInput, of: usage.totalInput, "promptTokensDetails")
        audio(usage.audioOutput, of: usage.output &+ usage.audioOutput, "candidatesTokensDetails")
        if let tier { output.member("serviceTier", tier) }
        output.endObject()
    }

    /// Only where there is audio: what else is text and what images nobody said.
    private func audio(_ tokens: Int64, of all: Int64, _ name: StaticString) {
        guard tokens > 0 else { return }
        output.name(name)
        output.beginArray()
        for (modality, count) in [("TEXT", all &- tokens), ("AUDIO", tokens)] {
            output.beginObject()
            output.member("modality", modality)
            output.member("tokenCount", count)
            output.endObject()
        }
        output.endArray()
    }

    /// SDKs raise it: an event that begins with `{"error":`.
    private func fail(_ reply: FaultyReply) {
        ended = true
        if context.isStream { beginEvent() } else { output.clear() }
        output.beginObject()
        let status = (400..<600).contains(reply.status) ? reply.status : 500
        output.geminiError(code: status, message: reply.message ?? "the provider failed", reason: reply.code, requestID: context.requestID)
        output.endObject()
        guard context.isStream else { return }
        if context.framing == .array { output.framing("]") } else { output.framing("\r\n\r\n") }
    }
}
