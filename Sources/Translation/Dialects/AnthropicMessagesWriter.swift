import Wire

/// Writes the messages of a request in Anthropic's dialect.
struct AnthropicMessagesWriter {
    private let conversation: Conversation
    private let target: TranslationTarget
    private var ids: CallIDs
    private var scratch: [UInt8] = []

    init(_ conversation: Conversation, _ target: TranslationTarget) {
        (self.conversation, self.target) = (conversation, target)
        ids = CallIDs(conversation, .wordsAndDashes)
    }

    /// Whether the last answer, should it have called tools, begins with a thought that this target takes back.
    func startsWithThoughts(_ turns: [Turn]) -> Bool {
        guard let last = turns.last(where: { $0.speaker == .assistant }), let turn = turns.last, turn.hasResults else { return true }
        for index in last.messages {
            for part in conversation.messages[index].parts {
                if case .reasoning(let reasoning) = part, isOwn(reasoning) { return true }
                if writes(part) { return false }
            }
        }
        return true
    }

    mutating func write(_ turns: [Turn], into writer: inout JSONWriter, _ loss: inout Loss) throws(Malformed) {
        writer.name("messages")
        writer.beginArray()
        for turn in turns where turn.messages.contains(where: { conversation.messages[$0].parts.contains { writes($0) } }) {
            writer.beginObject()
            switch turn.speaker {
            case .user: writer.member("role", word: "user")
            case .assistant: writer.member("role", word: "assistant")
            case .system: writer.member("role", word: "system")
            }
            try content(turn, into: &writer, &loss)
            writer.endObject()
        }
        writer.endArray()
    }

    /// A single text is written as a string. Results of tools come first.
    private mutating func content(_ turn: Turn, into writer: inout JSONWriter, _ loss: inout Loss) throws(Malformed) {
        writer.name("content")
        if turn.messages.count == 1, let part = conversation.messages[turn.messages[0]].parts.first,
            conversation.messages[turn.messages[0]].parts.count == 1, case .text(let text) = part, text.cache == nil, text.citations == nil
        {
            writer.string(text.text)
            return
        }
        writer.beginArray()
        if turn.hasResults {
            for index in turn.messages {
                for (at, part) in conversation.messages[index].parts.enumerated() {
                    if case .toolResult(let result) = part { try write(result, "messages[\(index)].content[\(at)]", into: &writer, &loss) }
                }
            }
        }
        for index in turn.messages {
            var calls = 0
            for (at, part) in conversation.messages[index].parts.enumerated() {
                if case .toolCall(let call) = part {
                    try write(call, index, calls, into: &writer, &loss)
                    calls += 1
                } else {
                    write(part, "messages[\(index)].content[\(at)]", into: &writer, &loss)
                }
            }
        }
        writer.endArray()
    }

    /// Empty texts are refused, and say nothing.
    private func writes(_ part: Part) -> Bool {
        switch part {
        case .text(let text): !text.text.isEmpty
        case .reasoning(let reasoning): isOwn(reasoning) || isUnsigned(reasoning)
        default: true
        }
    }

    // MARK: Parts

    private func write(_ part: Part, _ path: @autoclosure () -> String, into writer: inout JSONWriter, _ loss: inout Loss) {
        switch part {
        case .text(let text):
            if !text.text.isEmpty {
                self.text(text, into: &writer)
                if text.citations != nil, conversation.api != .messages { loss.lose("\(path()).annotations") }
            }
        case .media(let media): AnthropicMedia.write(media, conversation, path(), into: &writer, &loss)
        case .reasoning(let reasoning): write(reasoning, into: &writer)
        case .refusal(let text): self.text(TextPart(text), into: &writer)
        case .native(_, let whole): if conversation.api == .messages { writer.value(whole) } else { loss.lose(path()) }
        case .toolCall, .toolResult: break
        }
    }

    func text(_ part: TextPart, into writer: inout JSONWriter) {
        guard !part.text.isEmpty else { return }
        writer.beginObject()
        writer.member("type", word: "text")
        writer.member("text", part.text)
        if conversation.api == .messages { writer.member("citations", ifPresent: part.citations) }
        if let cache = part.cache { writer.mark(cache) }
        writer.endObject()
    }

    /// Anthropic refuses thoughts that it has not signed; whoever only speaks its dialect takes them unsigned.
    private func isOwn(_ reasoning: Reasoning) -> Bool {
        guard let seal = reasoning.seal, let origin = target.origin else { return false }
        return seal.origin == origin
    }

    private func isUnsigned(_ reasoning: Reasoning) -> Bool {
        guard let origin = target.origin, origin != .anthropic else { return false }
        return !reasoning.text.isEmpty
    }

    private func write(_ reasoning: Reasoning, into writer: inout JSONWriter) {
        let own = isOwn(reasoning) ? reasoning.seal : nil
        guard own != nil || isUnsigned(reasoning) else { return }
        writer.beginObject()
        if let own, own.kind == .redacted {
            writer.member("type", word: "redacted_thinking")
            writer.member("data", own.data)
        } else {
            writer.member("type", word: "thinking")
            writer.member("thinking", reasoning.text)
            writer.member("signature", own?.data ?? .empty)
        }
        writer.endObject()
    }

    // MARK: Calls and results

    private mutating func write(
        _ call: ToolCall, _ index: Int, _ place: Int, into writer: inout JSONWriter, _ loss: inout Loss
    ) throws(Malformed) {
        writer.beginObject()
        writer.member("type", word: "tool_use")
        writer.member("id", ids.id(of: call, index, place))
        writer.member("name", call.name)
        writer.name("input")
        guard call.arguments.write(asObject: &writer, &scratch) else {
            let path = "messages[\(index)].tool_calls[\(place)].function.arguments"
            throw Malformed(offset: 0, message: "`\(path)` must be a JSON object", member: path)
        }
        if let cache = call.cache { writer.mark(cache) }
        writer.endObject()
    }

    private mutating func write(
        _ result: ToolResult, _ path: @autoclosure () -> String, into writer: inout JSONWriter, _ loss: inout Loss
    ) throws(Malformed) {
        writer.beginObject()
        writer.member("type", word: "tool_result")
        writer.member("tool_use_id", ids.id(of: result))
        if result.parts.isEmpty {
            // A result that is an object goes as its JSON, which is what a tool's text is by custom.
            if let object = result.object {
                writer.name("content")
                writer.escaping(object.bytes)
            }
        } else if result.parts.count == 1, case .text(let text) = result.parts[0], text.cache == nil {
            writer.member("content", text.text)
        } else {
            writer.name("content")
            writer.beginArray()
            for (at, part) in result.parts.enumerated() { write(part, "\(path()).content[\(at)]", into: &writer, &loss) }
            writer.endArray()
        }
        if result.isError {
            writer.name("is_error")
            writer.bool(true)
        }
        if let cache = result.cache { writer.mark(cache) }
        writer.endObject()
    }

    static func emptySchema(into writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("type", word: "object")
        writer.name("properties")
        writer.beginObject()
        writer.endObject()
        writer.endObject()
    }
}

extension TextSlice {
    /// Arguments of a call as the JSON object that they spell; empty ones are `{}`. False: they are none, and nothing was written.
    func write(asObject writer: inout JSONWriter, _ scratch: inout [UInt8]) -> Bool {
        if form == .quoted, hasEscapes {
            scratch.removeAll(keepingCapacity: true)
            decode { scratch.append($0) }
            return scratch.withUnsafeBytes { Self.write($0, into: &writer) }
        }
        return Self.write(bytes, into: &writer)
    }

    private static func write(_ json: UnsafeRawBufferPointer, into writer: inout JSONWriter) -> Bool {
        guard let first = json.first(where: { $0 > 0x20 }) else {
            writer.beginObject()
            writer.endObject()
            return true
        }
        guard first == UInt8(ascii: "{") else { return false }
        do throws(JSONProblem) { try JSONScanner.validate(json) } catch { return false }
        writer.raw(json)
        return true
    }
}
