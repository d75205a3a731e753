import Wire

/// Reads the content of messages and results in Anthropic's dialect.
enum AnthropicMessagesBlocks {
    /// The string or blocks that stand next.
    static func read(_ reader: inout SliceReader, _ conversation: Conversation, _ parts: inout [Part]) throws(Malformed) {
        switch try reader.peek() {
        case .string: parts.append(.text(TextPart(try reader.requiredText())))
        case .array:
            // A seal of ours that belongs to what follows it.
            var pending: Seal?
            try reader.enterArray()
            while try reader.nextElement() {
                var block = AnthropicMessagesBlock(conversation)
                try block.read(&reader)
                try block.add(to: &parts, &pending, reader)
            }
            // Gemini seals the end of its answer so.
            if let pending { parts.append(.text(TextPart(.empty, seal: pending))) }
        default: throw reader.wrong("a string or an array of blocks")
        }
    }

    /// Skips a member that has no place in a conversation and notes its path, unless it is null and so says nothing.
    static func lose(_ name: JSONText, _ reader: inout SliceReader, _ conversation: Conversation) throws(Malformed) {
        if try reader.value() != nil { lose(name, reader.body, conversation) }
    }

    static func lose(_ name: JSONText, _ body: UnsafeRawBufferPointer, _ conversation: Conversation) {
        let path = conversation.keep(JSONPath.of(offset: Int(name.range.start), in: body))
        conversation.others.append((name: path, value: JSONSlice(name.range, of: body)))
    }
}

/// One block: its members in whatever order, then the part they make.
private struct AnthropicMessagesBlock {
    private let conversation: Conversation
    private var range = ByteRange(0, 0)
    private var type = TextSlice.empty
    private var text: TextSlice?
    private var source: SliceReader?
    private var content: SliceReader?
    private var thinking: TextSlice?
    private var signature: TextSlice?
    private var data: TextSlice?
    private var id: TextSlice?
    private var name: TextSlice?
    private var input: JSONSlice?
    private var isError = false
    private var cache: CacheMark?
    private var title: TextSlice?
    private var context: TextSlice?
    private var citations: JSONSlice?
    private var unknown: [JSONText] = []

    init(_ conversation: Conversation) { self.conversation = conversation }

    mutating func read(_ reader: inout SliceReader) throws(Malformed) {
        guard try reader.peek() == .object else { throw reader.wrong("an object") }
        let start = reader.scanner.offset
        try reader.enterObject()
        while let key = try reader.nextKey() { try member(key, &reader) }
        range = ByteRange(start, reader.scanner.offset)
        if type.isEmpty { throw reader.wrong("an object with a `type`", at: start) }
    }

    private mutating func member(_ key: JSONText, _ reader: inout SliceReader) throws(Malformed) {
        if reader.says(key, "type") {
            type = try reader.requiredText()
        } else if reader.says(key, "text") {
            text = try reader.requiredText()
        } else if reader.says(key, "cache_control") {
            cache = try reader.cacheMark()
        } else if reader.says(key, "content") {
            content = try aside(&reader)
        } else if reader.says(key, "source") {
            source = try aside(&reader)
        } else if reader.says(key, "id") || reader.says(key, "tool_use_id") {
            id = try reader.requiredText()
        } else if reader.says(key, "name") {
            name = try reader.requiredText()
        } else if reader.says(key, "input") {
            input = try reader.value()
        } else if reader.says(key, "is_error") {
            isError = try reader.flag() ?? false
        } else if reader.says(key, "thinking") {
            thinking = try reader.requiredText()
        } else if reader.says(key, "signature") {
            signature = try reader.text()
        } else if reader.says(key, "data") {
            data = try reader.text()
        } else if reader.says(key, "title") {
            title = try reader.text()
        } else if reader.says(key, "context") {
            context = try reader.text()
        } else if reader.says(key, "citations") {
            citations = try reader.value()
        } else if let value = try reader.value(), !isDirect(key, value, reader) {
            unknown.append(key)
        }
    }

    /// `caller: {type: direct}`: the model itself called, as always where there is nobody else to call.
    private func isDirect(_ key: JSONText, _ value: JSONSlice, _ reader: SliceReader) -> Bool {
        reader.says(key, "caller") && value.bytes.count < 24 && String(decoding: value.bytes, as: UTF8.self).contains("\"direct\"")
    }

    /// A value to be read when the whole block is known.
    private func aside(_ reader: inout SliceReader) throws(Malformed) -> SliceReader {
        _ = try reader.peek()
        let here = reader
        try reader.skip()
        return here
    }

    // MARK: The part

    mutating func add(to parts: inout [Part], _ pending: inout Seal?, _ reader: SliceReader) throws(Malformed) {
        if type.says("text") {
            guard let text else { throw wrong(reader, "a text block with a `text`") }
            let cited = citations.flatMap { $0.bytes.first == UInt8(ascii: "[") && $0.bytes.count > 2 ? $0 : nil }
            parts.append(.text(TextPart(text, cache: cache, citations: cited, seal: take(&pending))))
        } else if type.says("tool_use") {
            try call(&parts, &pending, reader)
        } else if type.says("tool_result") {
            try result(&parts, reader)
        } else if type.says("thinking") {
            let seal = signature.flatMap { Seal.read($0, kind: .signature, bare: .anthropic, keep: conversation.keep) }
            parts.append(.reasoning(Reasoning(thinking ?? .empty, seal: seal)))
        } else if type.says("redacted_thinking") {
            redacted(&parts, &pending)
        } else if type.says("image") || type.says("document") {
            try media(&parts, reader)
        } else {
            parts.append(.native(type: type, JSONSlice(range, of: reader.body)))
            return
        }
        for key in unknown { AnthropicMessagesBlocks.lose(key, reader.body, conversation) }
    }

    private func wrong(_ reader: SliceReader, _ expected: String) -> Malformed { reader.wrong(expected, at: Int(range.start)) }

    private func take(_ pending: inout Seal?) -> Seal? {
        defer { pending = nil }
        return pending
    }

    private func redacted(_ parts: inout [Part], _ pending: inout Seal?) {
        guard let data, let seal = Seal.read(data, kind: .redacted, bare: .anthropic, keep: conversation.keep) else { return }
        if seal.kind == .thought { pending = seal } else { parts.append(.reasoning(Reasoning(seal: seal))) }
    }

    private func call(_ parts: inout [Part], _ pending: inout Seal?, _ reader: SliceReader) throws(Malformed) {
        guard let id else { throw wrong(reader, "a tool_use block with an `id`") }
        guard let name else { throw wrong(reader, "a tool_use block with a `name`") }
        guard input?.isObject ?? true else { throw wrong(reader, "a tool_use block whose `input` is an object") }
        var call = ToolCall(id: id, name: name, arguments: input.map { TextSlice(plain: $0.bytes) } ?? .empty, seal: take(&pending))
        call.cache = cache
        parts.append(.toolCall(call))
    }

    private func result(_ parts: inout [Part], _ reader: SliceReader) throws(Malformed) {
        guard let id else { throw wrong(reader, "a tool_result block with a `tool_use_id`") }
        var result = ToolResult(id: id, isError: isError)
        result.cache = cache
        if var content, try content.peek() != .null { try AnthropicMessagesBlocks.read(&content, conversation, &result.parts) }
        parts.append(.toolResult(result))
    }

    /// `source` of an image or document. Sources of other types are of use in their own dialect only.
    private func media(_ parts: inout [Part], _ reader: SliceReader) throws(Malformed) {
        guard var source, try source.peek() == .object else { throw wrong(reader, "a block with a `source`") }
        var media = Media(type.says("image") ? .image : .document, .text(.empty))
        (media.name, media.context, media.citations, media.cache) = (title, context, citations, cache)
        var kind = TextSlice.empty
        var value: TextSlice?
        try source.enterObject()
        while let key = try source.nextKey() {
            if source.says(key, "type") {
                kind = try source.requiredText()
            } else if source.says(key, "media_type") {
                media.type = try source.text()
            } else if source.says(key, "data") || source.says(key, "url") || source.says(key, "file_id") {
                value = try source.requiredText()
            } else {
                try AnthropicMessagesBlocks.lose(key, &source, conversation)
            }
        }
        if let value, kind.says("base64") {
            media.source = .base64(value)
        } else if let value, kind.says("url") {
            media.source = .url(value)
        } else if let value, kind.says("file") {
            media.source = .file(value)
        } else if let value, kind.says("text") {
            media.source = .text(value)
        } else {
            parts.append(.native(type: type, JSONSlice(range, of: reader.body)))
            return
        }
        parts.append(.media(media))
    }
}
