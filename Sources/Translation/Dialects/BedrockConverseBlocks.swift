import Wire

/// Reads the content of messages and results in Bedrock's dialect: objects with one member that says what they are.
enum BedrockConverseBlocks {
    static func read(_ reader: inout SliceReader, _ conversation: Conversation, _ parts: inout [Part]) throws(Malformed) {
        guard try reader.peek() == .array else { throw reader.wrong("an array of blocks") }
        var reading = BedrockConverseBlockReader(conversation)
        try reader.enterArray()
        while try reader.nextElement() { try reading.read(&reader, &parts) }
        reading.finish(&parts)
    }
}

private struct BedrockConverseBlockReader {
    private let conversation: Conversation
    /// A seal of ours that belongs to what follows it.
    private var pending: Seal?

    init(_ conversation: Conversation) { self.conversation = conversation }

    mutating func finish(_ parts: inout [Part]) {
        if let pending { parts.append(.text(TextPart(.empty, seal: pending))) }
    }

    mutating func read(_ reader: inout SliceReader, _ parts: inout [Part]) throws(Malformed) {
        guard try reader.peek() == .object else { throw reader.wrong("an object") }
        let start = reader.scanner.offset
        let count = parts.count
        var native: TextSlice?
        var unknown: [JSONText] = []
        try reader.enterObject()
        while let key = try reader.nextKey() {
            if reader.says(key, "type") {
                try reader.skip()  // says again what the other member says
            } else if try !known(key, &reader, &parts), try reader.value() != nil {
                native = reader.slice(key)
                unknown.append(key)
            }
        }
        if let native, parts.count == count {
            parts.append(.native(type: native, JSONSlice(ByteRange(start, reader.scanner.offset), of: reader.body)))
        } else {
            for key in unknown { AnthropicMessagesBlocks.lose(key, reader.body, conversation) }
        }
    }

    private mutating func known(_ key: JSONText, _ reader: inout SliceReader, _ parts: inout [Part]) throws(Malformed) -> Bool {
        if reader.says(key, "text") {
            parts.append(.text(TextPart(try reader.requiredText(), seal: take())))
            return true
        }
        guard try reader.peek() == .object else { return false }
        if reader.says(key, "toolUse") { return try call(&reader, &parts) }
        if reader.says(key, "toolResult") { return try result(&reader, &parts) }
        if reader.says(key, "cachePoint") {
            if let mark = try reader.cacheMark(), !parts.mark(mark) { AnthropicMessagesBlocks.lose(key, reader.body, conversation) }
        } else if reader.says(key, "reasoningContent") {
            try reasoning(&reader, &parts)
        } else if reader.says(key, "image") {
            return try media(.image, &reader, &parts)
        } else if reader.says(key, "document") {
            return try media(.document, &reader, &parts)
        } else if reader.says(key, "video") {
            return try media(.video, &reader, &parts)
        } else if reader.says(key, "audio") {
            return try media(.audio, &reader, &parts)
        } else if reader.says(key, "guardContent") {
            return try guarded(key, &reader, &parts)
        } else if reader.says(key, "citationsContent") {
            try cited(&reader, &parts)
        } else {
            return false
        }
        return true
    }

    private mutating func take() -> Seal? {
        defer { pending = nil }
        return pending
    }

    private func lose(_ key: JSONText, _ reader: inout SliceReader) throws(Malformed) {
        try AnthropicMessagesBlocks.lose(key, &reader, conversation)
    }

    // MARK: Calls and results

    /// False: the provider's own tool, whose whole block is of use in its own dialect only.
    private mutating func call(_ reader: inout SliceReader, _ parts: inout [Part]) throws(Malformed) -> Bool {
        let before = reader
        var id: TextSlice?
        var called: TextSlice?
        var input: JSONSlice?
        try reader.enterObject()
        while let key = try reader.nextKey() {
            if reader.says(key, "toolUseId") {
                id = try reader.requiredText()
            } else if reader.says(key, "name") {
                called = try reader.requiredText()
            } else if reader.says(key, "input") {
                input = try reader.object()
            } else if reader.says(key, "type") {
                if try reader.text()?.says("server_tool_use") == true {
                    reader = before
                    return false
                }
            } else {
                try lose(key, &reader)
            }
        }
        guard let id, let called else { throw before.wrong("a call with `toolUseId` and `name`") }
        parts.append(.toolCall(ToolCall(id: id, name: called, arguments: input.map { TextSlice(plain: $0.bytes) } ?? .empty, seal: take())))
        return true
    }

    private func result(_ reader: inout SliceReader, _ parts: inout [Part]) throws(Malformed) -> Bool {
        let before = reader
        var result = ToolResult(id: nil)
        try reader.enterObject()
        while let key = try reader.nextKey() {
            if reader.says(key, "toolUseId") {
                result.id = try reader.requiredText()
            } else if reader.says(key, "status") {
                result.isError = try reader.text()?.says("error") ?? false
            } else if reader.says(key, "content"), try reader.peek() == .array {
                try content(&reader, &result)
            } else if reader.says(key, "type"), try reader.peek() == .string {
                reader = before
                return false
            } else {
                try lose(key, &reader)
            }
        }
        guard result.id != nil else { throw before.wrong("a result with `toolUseId`") }
        parts.append(.toolResult(result))
        return true
    }

    /// `json` is the result as an object; texts and media are its parts.
    private func content(_ reader: inout SliceReader, _ result: inout ToolResult) throws(Malformed) {
        var inner = BedrockConverseBlockReader(conversation)
        try reader.enterArray()
        while try reader.nextElement() {
            var ahead = reader
            try ahead.enterObject()
            if let key = try ahead.nextKey(), ahead.says(key, "json"), result.object == nil {
                result.object = try ahead.value()
                while let key = try ahead.nextKey() { try lose(key, &ahead) }
                reader = ahead
            } else {
                try inner.read(&reader, &result.parts)
            }
        }
    }

    // MARK: Thoughts, texts

    private mutating func reasoning(_ reader: inout SliceReader, _ parts: inout [Part]) throws(Malformed) {
        var thought = Reasoning()
        try reader.enterObject()
        while let key = try reader.nextKey() {
            if reader.says(key, "redactedContent") {
                thought.seal = BedrockSeals.redacted(try reader.requiredText(), bare: nil, keep: conversation.keep)
            } else if reader.says(key, "reasoningText"), try reader.peek() == .object {
                try reader.enterObject()
                while let inner = try reader.nextKey() {
                    if reader.says(inner, "text") {
                        thought.text = try reader.requiredText()
                    } else if reader.says(inner, "signature"), let signature = try reader.text() {
                        thought.seal = BedrockSeals.signature(signature, bare: nil, keep: conversation.keep)
                    } else {
                        try lose(inner, &reader)
                    }
                }
            } else {
                try lose(key, &reader)
            }
        }
        if let seal = thought.seal, seal.kind == .thought { pending = seal } else { parts.append(.reasoning(thought)) }
    }

    /// Text that a guardrail looks at: for the model it is text. Which text is to be guarded has no place elsewhere.
    private func guarded(_ key: JSONText, _ reader: inout SliceReader, _ parts: inout [Part]) throws(Malformed) -> Bool {
        let before = reader
        var text: TextSlice?
        try reader.enterObject()
        while let inner = try reader.nextKey() {
            guard reader.says(inner, "text"), try reader.peek() == .object else {
                try reader.skip()
                continue
            }
            try reader.enterObject()
            while let deep = try reader.nextKey() {
                if reader.says(deep, "text") { text = try reader.requiredText() } else { try reader.skip() }
            }
        }
        guard let text else {
            reader = before
            return false
        }
        AnthropicMessagesBlocks.lose(key, reader.body, conversation)
        parts.append(.text(TextPart(text)))
        return true
    }

    /// `{content: [{text}], citations}`.
    private func cited(_ reader: inout SliceReader, _ parts: inout [Part]) throws(Malformed) {
        var texts: [TextSlice] = []
        var citations: JSONSlice?
        try reader.enterObject()
        while let key = try reader.nextKey() {
            if reader.says(key, "content"), try reader.peek() == .array {
                try reader.enterArray()
                while try reader.nextElement() {
                    try reader.enterObject()
                    while let inner = try reader.nextKey() {
                        if reader.says(inner, "text"), let text = try reader.text() { texts.append(text) } else { try lose(inner, &reader) }
                    }
                }
            } else if reader.says(key, "citations") {
                citations = try reader.value()
            } else {
                try lose(key, &reader)
            }
        }
        for (at, text) in texts.enumerated() { parts.append(.text(TextPart(text, citations: at == texts.count - 1 ? citations : nil))) }
    }

    // MARK: Media

    /// False: a source that only Bedrock knows.
    private func media(_ kind: Media.Kind, _ reader: inout SliceReader, _ parts: inout [Part]) throws(Malformed) -> Bool {
        let before = reader
        var media = Media(kind, .text(.empty))
        var hasSource = false
        try reader.enterObject()
        while let key = try reader.nextKey() {
            if reader.says(key, "format") {
                if let format = try reader.text() {
                    media.type = BedrockFormats.type(kind, format: format) ?? conversation.keep("\(BedrockFormats.word(kind))/\(format.string)")
                }
            } else if reader.says(key, "name") {
                media.name = try reader.text()
            } else if reader.says(key, "context") {
                media.context = try reader.text()
            } else if reader.says(key, "citations") {
                media.citations = try reader.value()
            } else if reader.says(key, "source"), try reader.peek() == .object {
                hasSource = try source(&reader, &media)
            } else {
                try lose(key, &reader)
            }
        }
        guard hasSource else {
            reader = before
            return false
        }
        parts.append(.media(media))
        return true
    }

    private func source(_ reader: inout SliceReader, _ media: inout Media) throws(Malformed) -> Bool {
        var has = false
        try reader.enterObject()
        while let key = try reader.nextKey() {
            if reader.says(key, "bytes") {
                media.source = .base64(try reader.requiredText())
                has = true
            } else if reader.says(key, "text") {
                media.source = .text(try reader.requiredText())
                has = true
            } else if reader.says(key, "s3Location"), try reader.peek() == .object {
                try reader.enterObject()
                while let inner = try reader.nextKey() {
                    if reader.says(inner, "uri") {
                        media.source = .location(try reader.requiredText())
                        has = true
                    } else {
                        try lose(inner, &reader)
                    }
                }
            } else {
                try lose(key, &reader)
            }
        }
        return has
    }
}

extension [Part] {
    /// Puts a mark on the last part; false: it takes none.
    fileprivate mutating func mark(_ mark: CacheMark) -> Bool {
        guard let last = indices.last else { return false }
        switch self[last] {
        case .text(var part):
            part.cache = mark
            self[last] = .text(part)
        case .media(var media):
            media.cache = mark
            self[last] = .media(media)
        case .toolCall(var call):
            call.cache = mark
            self[last] = .toolCall(call)
        case .toolResult(var result):
            result.cache = mark
            self[last] = .toolResult(result)
        case .reasoning, .refusal, .native: return false
        }
        return true
    }
}
