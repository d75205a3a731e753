import Wire

/// Writes the messages of a chat request.
struct OpenAIChatMessageWriter {
    private let conversation: Conversation
    private let target: TranslationTarget
    private var ids: CallIDs
    /// Media of results, for which a tool's message has no place.
    private var waiting: [(media: Media, path: String)] = []

    init(_ conversation: Conversation, _ target: TranslationTarget) {
        (self.conversation, self.target) = (conversation, target)
        ids = CallIDs(conversation, target.quirks.contains(.nineCharacterIDs) ? .nineAlphanumerics : .any)
    }

    mutating func write(_ index: Int, into writer: inout JSONWriter, _ loss: inout Loss) {
        let message = conversation.messages[index]
        for other in message.others { loss.lose("messages[\(index)].\(other.name.string)") }
        switch message.role {
        case .tool:
            results(of: message, index, into: &writer, &loss)
            let goesOn = index + 1 < conversation.messages.count && conversation.messages[index + 1].role == .tool
            if !goesOn { handOver(into: &writer, &loss) }
        case .assistant: assistant(message, index, into: &writer, &loss)
        default: plain(message, index, into: &writer, &loss)
        }
    }

    private func role(of message: Message) -> StaticString {
        switch message.role {
        case .system: "system"
        case .developer: target.quirks.contains(.systemRole) ? "system" : "developer"
        case .assistant: "assistant"
        default: "user"
        }
    }

    private func plain(_ message: Message, _ index: Int, into writer: inout JSONWriter, _ loss: inout Loss) {
        writer.beginObject()
        writer.member("role", word: role(of: message))
        content(message.parts, "messages[\(index)]", into: &writer, &loss)
        name(of: message, index, into: &writer, &loss)
        writer.endObject()
    }

    private func name(of message: Message, _ index: Int, into writer: inout JSONWriter, _ loss: inout Loss) {
        guard let name = message.name else { return }
        if target.quirks.contains(.fewMembers) { loss.lose("messages[\(index)].name") } else { writer.member("name", name) }
    }

    // MARK: Content

    /// A single text is written as a string, which everybody takes; more parts as a list.
    private func content(_ parts: [Part], _ path: @autoclosure () -> String, into writer: inout JSONWriter, _ loss: inout Loss) {
        writer.name("content")
        if parts.count == 1, case .text(let part) = parts[0], part.cache == nil || !target.quirks.contains(.cacheControl) {
            if part.cache != nil { loss.lose("\(path()).content[0].cache_control") }
            writer.string(part.text)
            return
        }
        writer.beginArray()
        for (index, part) in parts.enumerated() { write(part, "\(path()).content[\(index)]", into: &writer, &loss) }
        writer.endArray()
    }

    private func write(_ part: Part, _ path: @autoclosure () -> String, into writer: inout JSONWriter, _ loss: inout Loss) {
        switch part {
        case .text(let part):
            writer.beginObject()
            writer.member("type", word: "text")
            writer.member("text", part.text)
            if let cache = part.cache {
                if target.quirks.contains(.cacheControl) { writer.mark(cache) } else { loss.lose("\(path()).cache_control") }
            }
            writer.endObject()
        case .media(let media): OpenAIChatMedia.write(media, conversation, path(), into: &writer, &loss)
        case .refusal(let text):
            writer.beginObject()
            writer.member("type", word: "refusal")
            writer.member("refusal", text)
            writer.endObject()
        case .native, .reasoning, .toolCall, .toolResult: loss.lose(path())
        }
    }

    // MARK: Assistants

    private mutating func assistant(_ message: Message, _ index: Int, into writer: inout JSONWriter, _ loss: inout Loss) {
        var texts: [Part] = []
        var calls: [ToolCall] = []
        var thoughts: [Reasoning] = []
        var refusal: TextSlice?
        for (at, part) in message.parts.enumerated() {
            switch part {
            case .toolCall(let call): calls.append(call)
            case .reasoning(let reasoning): thoughts.append(reasoning)
            case .refusal(let text) where target.quirks.contains(.fewMembers):
                // As what it says; that it was a refusal has no place.
                loss.lose("messages[\(index)].refusal")
                texts.append(.text(TextPart(text)))
            case .refusal(let text): refusal = text
            case .native: loss.lose("messages[\(index)].content[\(at)]")
            default: texts.append(part)
            }
        }
        writer.beginObject()
        writer.member("role", word: "assistant")
        if target.quirks.contains(.thinkingParts), !thoughts.isEmpty {
            thinkingParts(thoughts, texts, index, into: &writer, &loss)
        } else if texts.isEmpty {
            writer.name("content")
            writer.null()
        } else {
            content(texts, "messages[\(index)]", into: &writer, &loss)
        }
        writer.member("refusal", ifPresent: refusal)
        write(thoughts, index, into: &writer, &loss)
        write(calls, index, into: &writer, &loss)
        name(of: message, index, into: &writer, &loss)
        if conversation.isUnfinished, index == conversation.messages.count - 1, !target.quirks.isDisjoint(with: [.prefixMark, .partialMark]) {
            if target.quirks.contains(.prefixMark) { writer.name("prefix") } else { writer.name("partial") }
            writer.bool(true)
        }
        writer.endObject()
    }

    private func thinkingParts(
        _ thoughts: [Reasoning], _ texts: [Part], _ index: Int, into writer: inout JSONWriter, _ loss: inout Loss
    ) {
        writer.name("content")
        writer.beginArray()
        for thought in thoughts where !thought.text.isEmpty {
            writer.beginObject()
            writer.member("type", word: "thinking")
            writer.name("thinking")
            writer.beginArray()
            writer.beginObject()
            writer.member("type", word: "text")
            writer.member("text", thought.text)
            writer.endObject()
            writer.endArray()
            writer.endObject()
        }
        for (at, part) in texts.enumerated() { write(part, "messages[\(index)].content[\(at)]", into: &writer, &loss) }
        writer.endArray()
    }

    private func write(_ thoughts: [Reasoning], _ index: Int, into writer: inout JSONWriter, _ loss: inout Loss) {
        guard !thoughts.isEmpty, !target.quirks.contains(.thinkingParts) else { return }
        if target.quirks.contains(.reasoningContent) {
            writer.name("reasoning_content")
            join(thoughts, into: &writer)
        } else if target.quirks.contains(.reasoningDetails) {
            writer.name("reasoning_details")
            writer.beginArray()
            for thought in thoughts { detail(thought, into: &writer) }
            writer.endArray()
        }
        // Elsewhere thoughts have no place and are not wanted back: nothing the model would read is lost.
    }

    private func join(_ thoughts: [Reasoning], into writer: inout JSONWriter) {
        writer.beginString()
        for thought in thoughts {
            if thought.text.form == .quoted { writer.appendQuoted(thought.text.bytes) } else { writer.appendEscaping(thought.text.bytes) }
        }
        writer.endString()
    }

    private func detail(_ thought: Reasoning, into writer: inout JSONWriter) {
        let seal = thought.seal.flatMap { $0.origin == target.origin ? $0 : nil }
        writer.beginObject()
        if let seal, seal.kind == .redacted {
            writer.member("type", word: "reasoning.encrypted")
            writer.member("data", seal.data)
        } else {
            writer.member("type", word: "reasoning.text")
            writer.member("text", thought.text)
            if let seal { writer.member("signature", seal.data) }
        }
        writer.endObject()
    }

    private mutating func write(_ calls: [ToolCall], _ index: Int, into writer: inout JSONWriter, _ loss: inout Loss) {
        guard !calls.isEmpty else { return }
        writer.name("tool_calls")
        writer.beginArray()
        for (at, call) in calls.enumerated() {
            writer.beginObject()
            writer.name("id")
            writer.string(ids.id(of: call, index, at))
            writer.member("type", word: "function")
            writer.name("function")
            writer.beginObject()
            writer.member("name", call.name)
            writer.name("arguments")
            if call.arguments.isEmpty { writer.word("{}") } else { writer.string(call.arguments) }
            writer.endObject()
            if let seal = call.seal, seal.origin == target.origin, target.quirks.contains(.googleSeals) { googleSeal(seal, into: &writer) }
            writer.endObject()
            if call.cache != nil { loss.lose("messages[\(index)].tool_calls[\(at)].cache_control") }
        }
        writer.endArray()
    }

    private func googleSeal(_ seal: Seal, into writer: inout JSONWriter) {
        writer.name("extra_content")
        writer.beginObject()
        writer.name("google")
        writer.beginObject()
        writer.member("thought_signature", seal.data)
        writer.endObject()
        writer.endObject()
    }

    // MARK: Results

    /// Media of results follows them in a user message of its own.
    private mutating func handOver(into writer: inout JSONWriter, _ loss: inout Loss) {
        guard !waiting.isEmpty else { return }
        writer.beginObject()
        writer.member("role", word: "user")
        writer.name("content")
        writer.beginArray()
        for item in waiting { OpenAIChatMedia.write(item.media, conversation, item.path, into: &writer, &loss) }
        writer.endArray()
        writer.endObject()
        waiting.removeAll()
    }

    /// One message a result.
    private mutating func results(of message: Message, _ index: Int, into writer: inout JSONWriter, _ loss: inout Loss) {
        for (at, part) in message.parts.enumerated() {
            guard case .toolResult(let result) = part else {
                loss.lose("messages[\(index)].content[\(at)]")
                continue
            }
            let path = "messages[\(index)].content[\(at)]"
            if result.isError { loss.lose("\(path).is_error") }
            if result.cache != nil { loss.lose("\(path).cache_control") }
            writer.beginObject()
            writer.member("role", word: "tool")
            writer.name("tool_call_id")
            writer.string(ids.id(of: result))
            text(of: result, path, into: &writer, &loss)
            writer.endObject()
        }
    }

    private mutating func text(of result: ToolResult, _ path: String, into writer: inout JSONWriter, _ loss: inout Loss) {
        writer.name("content")
        if result.parts.isEmpty {
            // A result that is an object goes as its JSON, which is what a tool's text is by custom.
            if let object = result.object { writer.escaping(object.bytes) } else { writer.word("") }
            return
        }
        var texts: [TextSlice] = []
        for (at, part) in result.parts.enumerated() {
            switch part {
            case .text(let part):
                if part.cache != nil { loss.lose("\(path).content[\(at)].cache_control") }
                texts.append(part.text)
            case .media(let media): waiting.append((media, "\(path).content[\(at)]"))
            default: loss.lose("\(path).content[\(at)]")
            }
        }
        guard texts.count != 1 else { return writer.string(texts[0]) }
        if texts.isEmpty { return writer.word("") }
        writer.beginArray()
        for text in texts {
            writer.beginObject()
            writer.member("type", word: "text")
            writer.member("text", text)
            writer.endObject()
        }
        writer.endArray()
    }
}

/// Images, documents and audio in OpenAI's chat dialect.
enum OpenAIChatMedia {
    static func write(
        _ media: Media, _ conversation: Conversation, _ path: @autoclosure () -> String, into writer: inout JSONWriter, _ loss: inout Loss
    ) {
        switch (media.kind, media.source) {
        case (.image, .url), (.image, .base64): image(media, "image_url", into: &writer)
        case (.video, .url), (.video, .base64): image(media, "video_url", into: &writer)
        case (.audio, .base64(let data)): audio(media, data, into: &writer)
        case (.document, .base64(let data)): file(media, data, into: &writer)
        case (.document, .file(let id)) where conversation.api == .chatCompletions || conversation.api == .responses:
            writer.beginObject()
            writer.member("type", word: "file")
            writer.name("file")
            writer.beginObject()
            writer.member("file_id", id)
            writer.endObject()
            writer.endObject()
        case (.document, .text(let text)):
            writer.beginObject()
            writer.member("type", word: "text")
            writer.member("text", text)
            writer.endObject()
            if media.name != nil { loss.lose("\(path()).title") }
        default:
            loss.lose(path())
            return
        }
        if media.cache != nil { loss.lose("\(path()).cache_control") }
        if media.context != nil { loss.lose("\(path()).context") }
        if media.citations != nil { loss.lose("\(path()).citations") }
    }

    private static func image(_ media: Media, _ type: StaticString, into writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("type", word: type)
        writer.name(type)
        writer.beginObject()
        writer.name("url")
        switch media.source {
        case .base64(let data): dataURL(media.type ?? TextSlice("image/png"), data, into: &writer)
        case .url(let url): writer.string(url)
        default: writer.word("")
        }
        writer.member("detail", ifPresent: media.detail)
        writer.endObject()
        writer.endObject()
    }

    static func dataURL(_ type: TextSlice, _ data: TextSlice, into writer: inout JSONWriter) {
        writer.beginString()
        writer.appendQuoted(UnsafeRawBufferPointer(TextSlice("data:").bytes))
        writer.appendQuoted(type.bytes)
        writer.appendQuoted(UnsafeRawBufferPointer(TextSlice(";base64,").bytes))
        writer.appendQuoted(data.bytes)
        writer.endString()
    }

    private static func audio(_ media: Media, _ data: TextSlice, into writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("type", word: "input_audio")
        writer.name("input_audio")
        writer.beginObject()
        writer.member("data", data)
        writer.name("format")
        writer.string(format(of: media.type?.string ?? "audio/wav"))
        writer.endObject()
        writer.endObject()
    }

    /// `audio/mpeg` is `mp3`; of the others the subtype.
    private static func format(of type: String) -> String {
        let subtype = type.split(separator: "/").last.map(String.init) ?? "wav"
        return switch subtype {
        case "mpeg": "mp3"
        case "x-wav", "wave": "wav"
        default: subtype
        }
    }

    private static func file(_ media: Media, _ data: TextSlice, into writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("type", word: "file")
        writer.name("file")
        writer.beginObject()
        // OpenAI demands a name beside the bytes.
        writer.member("filename", media.name ?? TextSlice("document.pdf"))
        writer.name("file_data")
        dataURL(media.type ?? TextSlice("application/pdf"), data, into: &writer)
        writer.endObject()
        writer.endObject()
    }
}
