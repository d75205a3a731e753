import Wire

/// Writes the messages of a request in Bedrock's dialect.
struct BedrockConverseWriter {
    private let conversation: Conversation
    private let target: TranslationTarget
    private let takesCachePoints: Bool
    private var ids: CallIDs
    private var scratch: [UInt8] = []
    /// So many, for names of documents that have none.
    private var documents = 0

    init(_ conversation: Conversation, _ target: TranslationTarget, takesCachePoints: Bool) {
        (self.conversation, self.target, self.takesCachePoints) = (conversation, target, takesCachePoints)
        ids = CallIDs(conversation, .bedrock)
    }

    mutating func system(into writer: inout JSONWriter, _ loss: inout Loss) {
        var system = JSONWriter()
        for (index, message) in conversation.messages.enumerated() where message.role == .system || message.role == .developer {
            for (at, part) in message.parts.enumerated() {
                switch part {
                case .text: write(part, "messages[\(index)].content[\(at)]", into: &system, &loss)
                default: loss.lose("messages[\(index)].content[\(at)]")
                }
            }
        }
        guard !system.bytes.isEmpty else { return }
        writer.name("system")
        writer.beginArray()
        system.bytes.withUnsafeBytes { writer.raw($0) }
        writer.endArray()
    }

    mutating func write(_ turns: [Turn], into writer: inout JSONWriter, _ loss: inout Loss) throws(Malformed) {
        writer.name("messages")
        writer.beginArray()
        for turn in turns where turn.messages.contains(where: { conversation.messages[$0].parts.contains { writes($0) } }) {
            writer.beginObject()
            if turn.speaker == .assistant { writer.member("role", word: "assistant") } else { writer.member("role", word: "user") }
            writer.name("content")
            writer.beginArray()
            try content(turn, into: &writer, &loss)
            writer.endArray()
            writer.endObject()
        }
        writer.endArray()
    }

    /// Results of tools come first.
    private mutating func content(_ turn: Turn, into writer: inout JSONWriter, _ loss: inout Loss) throws(Malformed) {
        if turn.hasResults {
            for index in turn.messages {
                for (at, part) in conversation.messages[index].parts.enumerated() {
                    if case .toolResult(let result) = part { write(result, "messages[\(index)].content[\(at)]", into: &writer, &loss) }
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
    }

    /// Blank texts are refused, and say nothing.
    private func writes(_ part: Part) -> Bool {
        switch part {
        case .text(let text): !text.text.isEmpty
        case .reasoning(let reasoning): isOwn(reasoning)
        default: true
        }
    }

    private func isOwn(_ reasoning: Reasoning) -> Bool {
        guard let seal = reasoning.seal, let origin = target.origin else { return false }
        return seal.origin == origin
    }

    // MARK: Parts

    private mutating func write(_ part: Part, _ path: @autoclosure () -> String, into writer: inout JSONWriter, _ loss: inout Loss) {
        switch part {
        case .text(let text):
            guard !text.text.isEmpty else { return }
            self.text(text.text, into: &writer)
            if text.citations != nil { loss.lose("\(path()).annotations") }
            mark(text.cache, path(), into: &writer, &loss)
        case .media(let media):
            if self.media(media, path(), into: &writer, &loss) { mark(media.cache, path(), into: &writer, &loss) }
        case .reasoning(let reasoning): write(reasoning, into: &writer)
        case .refusal(let text): self.text(text, into: &writer)
        case .native(_, let whole): if conversation.api == .converse { writer.value(whole) } else { loss.lose(path()) }
        case .toolCall, .toolResult: break
        }
    }

    private func text(_ text: TextSlice, into writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("text", text)
        writer.endObject()
    }

    private func mark(_ cache: CacheMark?, _ path: @autoclosure () -> String, into writer: inout JSONWriter, _ loss: inout Loss) {
        guard let cache else { return }
        if takesCachePoints { writer.cachePoint(cache) } else { loss.lose("\(path()).cache_control") }
    }

    private func write(_ reasoning: Reasoning, into writer: inout JSONWriter) {
        guard isOwn(reasoning), let seal = reasoning.seal else { return }
        writer.beginObject()
        writer.name("reasoningContent")
        writer.beginObject()
        if seal.kind == .redacted {
            writer.name("redactedContent")
            BedrockSeals.blob(seal, isBare: true, into: &writer)
        } else {
            writer.name("reasoningText")
            writer.beginObject()
            writer.member("text", reasoning.text)
            writer.member("signature", seal.data)
            writer.endObject()
        }
        writer.endObject()
        writer.endObject()
    }

    // MARK: Calls and results

    private mutating func write(
        _ call: ToolCall, _ index: Int, _ place: Int, into writer: inout JSONWriter, _ loss: inout Loss
    ) throws(Malformed) {
        writer.beginObject()
        writer.name("toolUse")
        writer.beginObject()
        writer.member("toolUseId", ids.id(of: call, index, place))
        writer.member("name", call.name)
        writer.name("input")
        guard call.arguments.write(asObject: &writer, &scratch) else {
            let path = "messages[\(index)].tool_calls[\(place)].function.arguments"
            throw Malformed(offset: 0, message: "`\(path)` must be a JSON object", member: path)
        }
        writer.endObject()
        writer.endObject()
        mark(call.cache, "messages[\(index)].tool_calls[\(place)]", into: &writer, &loss)
    }

    private mutating func write(
        _ result: ToolResult, _ path: @autoclosure () -> String, into writer: inout JSONWriter, _ loss: inout Loss
    ) {
        writer.beginObject()
        writer.name("toolResult")
        writer.beginObject()
        writer.member("toolUseId", ids.id(of: result))
        writer.name("content")
        writer.beginArray()
        if let object = result.object, conversation.api == .converse || result.parts.isEmpty {
            writer.beginObject()
            writer.member("json", object)
            writer.endObject()
        }
        for (at, part) in result.parts.enumerated() { write(part, "\(path()).content[\(at)]", into: &writer, &loss) }
        writer.endArray()
        if result.isError { writer.member("status", word: "error") }
        writer.endObject()
        writer.endObject()
        mark(result.cache, path(), into: &writer, &loss)
    }

    // MARK: Media

    /// False: it has no place, as URLs, which Bedrock does not fetch, and files of other providers.
    private mutating func media(_ media: Media, _ path: @autoclosure () -> String, into writer: inout JSONWriter, _ loss: inout Loss) -> Bool {
        let format = media.type.flatMap { BedrockFormats.format(media.kind, type: $0) }
        switch media.source {
        case .base64: if format == nil { return lost(path(), &loss) }
        case .text: if media.kind != .document { return lost(path(), &loss) }
        case .location(let uri): if !uri.starts(with: "s3://") || format == nil && media.kind != .document { return lost(path(), &loss) }
        case .url, .file: return lost(path(), &loss)
        }
        if media.detail != nil { loss.lose("\(path()).image_url.detail") }
        writer.beginObject()
        writer.name(BedrockFormats.word(media.kind))
        writer.beginObject()
        if let format { writer.member("format", word: format) } else if case .text = media.source { writer.member("format", word: "txt") }
        if media.kind == .document {
            writer.member("name", BedrockFormats.name(media.name, documents, conversation))
            documents += 1
            writer.member("context", ifPresent: media.context)
            writer.member("citations", ifPresent: media.citations)
        }
        writer.name("source")
        writer.beginObject()
        switch media.source {
        case .base64(let data): writer.member("bytes", data)
        case .text(let text): writer.member("text", text)
        case .location(let uri), .url(let uri), .file(let uri):
            writer.name("s3Location")
            writer.beginObject()
            writer.member("uri", uri)
            writer.endObject()
        }
        writer.endObject()
        writer.endObject()
        writer.endObject()
        return true
    }

    private func lost(_ path: String, _ loss: inout Loss) -> Bool {
        loss.lose(path)
        return false
    }
}
