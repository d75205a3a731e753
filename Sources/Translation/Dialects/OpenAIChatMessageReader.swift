import Wire

/// Reads one message of a chat request and adds it to the conversation.
struct OpenAIChatMessageReader {
    private let conversation: Conversation
    var legacyCalls: Int
    private var parts: [Part] = []
    private var calls: [Part] = []
    private var reasoning: [Part] = []
    private var role: TextSlice?
    private var name: TextSlice?
    private var toolCallID: TextSlice?
    private var others: [(name: TextSlice, value: JSONSlice)] = []
    private var plainReasoning: TextSlice?

    init(_ conversation: Conversation, legacyCalls: Int) { (self.conversation, self.legacyCalls) = (conversation, legacyCalls) }

    mutating func read(_ reader: inout SliceReader) throws(Malformed) {
        guard try reader.peek() == .object else { throw reader.wrong("an object") }
        let start = reader.scanner.offset
        try reader.enterObject()
        while let key = try reader.nextKey() { try member(key, &reader) }
        guard let role else { throw reader.wrong("an object with a `role`", at: start) }
        try add(as: role, start, reader)
    }

    private mutating func member(_ key: JSONText, _ reader: inout SliceReader) throws(Malformed) {
        if reader.says(key, "role") {
            role = try reader.requiredText()
        } else if reader.says(key, "content") {
            try content(&reader)
        } else if reader.says(key, "name") {
            name = try reader.text()
        } else if reader.says(key, "tool_call_id") {
            toolCallID = try reader.text()
        } else if reader.says(key, "tool_calls") {
            try toolCalls(&reader)
        } else if reader.says(key, "function_call"), try reader.peek() == .object {
            var call = ToolCall(id: conversation.keep("call_legacy_\(legacyCalls)"), name: .empty, arguments: .empty)
            try function(&call, &reader)
            calls.append(.toolCall(call))
        } else if reader.says(key, "refusal") {
            if let refusal = try reader.text() { parts.append(.refusal(refusal)) }
        } else if reader.says(key, "reasoning_content") || reader.says(key, "reasoning") {
            if try reader.peek() == .string { plainReasoning = try reader.text() } else { try reader.unknown(key) }
        } else if reader.says(key, "reasoning_details"), try reader.peek() == .array {
            try reasoningDetails(&reader)
        } else if reader.says(key, "annotations") {
            try reader.skip()  // citations of an answer that came from here: they say nothing to the next model
        } else if let other = try reader.other(key) {
            others.append(other)
        }
    }

    private mutating func add(as role: TextSlice, _ start: Int, _ reader: SliceReader) throws(Malformed) {
        let known: Message.Role
        switch role.string {
        case "user": known = .user
        case "assistant": known = .assistant
        case "system": known = .system
        case "developer": known = .developer
        case "tool", "function":
            if role.says("tool"), toolCallID == nil { throw reader.wrong("a message with the `tool_call_id` of its call", at: start) }
            addResult(isLegacy: role.says("function"))
            return
        default: throw reader.wrong("system, developer, user, assistant or tool", role)
        }
        var message = Message(known)
        if reasoning.isEmpty, let plainReasoning, !plainReasoning.isEmpty { reasoning.append(.reasoning(Reasoning(plainReasoning))) }
        message.parts = reasoning + parts + calls
        message.name = name
        message.others = others
        conversation.messages.append(message)
    }

    /// Results of one turn follow one another: they become one message.
    private mutating func addResult(isLegacy: Bool) {
        var id = toolCallID
        if isLegacy {
            id = conversation.keep("call_legacy_\(legacyCalls)")
            legacyCalls += 1
        }
        let result = Part.toolResult(ToolResult(id: id, name: name, parts: parts))
        if let last = conversation.messages.indices.last, conversation.messages[last].role == .tool {
            conversation.messages[last].parts.append(result)
            conversation.messages[last].others += others
        } else {
            var message = Message(.tool, [result])
            message.others = others
            conversation.messages.append(message)
        }
    }

    // MARK: Content

    private mutating func content(_ reader: inout SliceReader) throws(Malformed) {
        switch try reader.peek() {
        case .null: try reader.skip()
        case .string: parts.append(.text(TextPart(try reader.requiredText())))
        case .array:
            try reader.enterArray()
            while try reader.nextElement() {
                var part = OpenAIChatPartReader()
                try part.read(&reader, conversation, &parts, &reasoning)
            }
        default: throw reader.wrong("a string or an array of parts")
        }
    }

    // MARK: Calls and thoughts

    private mutating func toolCalls(_ reader: inout SliceReader) throws(Malformed) {
        guard try reader.peek() != .null else {
            try reader.skip()
            return
        }
        try reader.enterArray()
        while try reader.nextElement() {
            var call = ToolCall(id: nil, name: .empty, arguments: .empty)
            try reader.enterObject()
            while let key = try reader.nextKey() {
                if reader.says(key, "id") {
                    call.id = try reader.text()
                } else if reader.says(key, "function"), try reader.peek() == .object {
                    try function(&call, &reader)
                } else if reader.says(key, "extra_content"), try reader.peek() == .object {
                    try extraContent(&call, &reader)
                } else {
                    try reader.unknown(key)
                }
            }
            calls.append(.toolCall(call))
        }
    }

    private mutating func function(_ call: inout ToolCall, _ reader: inout SliceReader) throws(Malformed) {
        try reader.enterObject()
        while let key = try reader.nextKey() {
            if reader.says(key, "name") {
                call.name = try reader.requiredText()
            } else if reader.says(key, "arguments") {
                // Some clients send the object itself.
                if try reader.peek() == .object {
                    call.arguments = TextSlice(plain: try reader.skip().bytes)
                } else {
                    call.arguments = (try reader.text() ?? .empty).asArguments
                    try check(call.arguments, reader)
                }
            } else {
                try reader.unknown(key)
            }
        }
    }

    /// Other dialects carry arguments as an object: a text that spells none cannot be translated.
    private func check(_ arguments: TextSlice, _ reader: SliceReader) throws(Malformed) {
        guard !arguments.isEmpty else { return }
        var decoded: [UInt8] = []
        if arguments.hasEscapes { arguments.decode { decoded.append($0) } }
        let isObject =
            arguments.hasEscapes
            ? decoded.withUnsafeBytes { Self.isObject($0) } : Self.isObject(arguments.bytes)
        if !isObject { throw reader.wrong("a string that spells a JSON object", at: reader.scanner.offset - 1) }
    }

    private static func isObject(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var scanner = JSONScanner(bytes)
        do throws(JSONProblem) {
            guard try scanner.peek() == .object else { return false }
            try scanner.skip()
            try scanner.finish()
        } catch { return false }
        return true
    }

    /// Gemini's seal in OpenAI's dialect: `extra_content.google.thought_signature` (ai.google.dev, OpenAI compatibility, read 2026-11).
    private mutating func extraContent(_ call: inout ToolCall, _ reader: inout SliceReader) throws(Malformed) {
        try reader.enterObject()
        while let key = try reader.nextKey() {
            guard reader.says(key, "google"), try reader.peek() == .object else {
                try reader.skip()
                continue
            }
            try reader.enterObject()
            while let inner = try reader.nextKey() {
                if reader.says(inner, "thought_signature"), let data = try reader.text() {
                    call.seal = Seal(.gemini, .thought, data)
                } else {
                    try reader.unknown(inner)
                }
            }
        }
    }

    /// OpenRouter's `reasoning_details`, which we write too: what a client got from us comes back so.
    private mutating func reasoningDetails(_ reader: inout SliceReader) throws(Malformed) {
        try reader.enterArray()
        while try reader.nextElement() {
            var detail = Reasoning()
            var format: TextSlice?
            var seal: (Seal.Kind, TextSlice)?
            try reader.enterObject()
            while let key = try reader.nextKey() {
                if reader.says(key, "text") || reader.says(key, "summary") {
                    detail.text = try reader.text() ?? .empty
                } else if reader.says(key, "signature") {
                    if let data = try reader.text() { seal = (.signature, data) }
                } else if reader.says(key, "data") {
                    if let data = try reader.text() { seal = (.redacted, data) }
                } else if reader.says(key, "format") {
                    format = try reader.text()
                } else if reader.says(key, "id") {
                    detail.id = try reader.text()
                } else {
                    try reader.unknown(key)
                }
            }
            if let (kind, data) = seal {
                detail.seal = Seal.read(data, kind: kind, bare: Self.origin(of: format), keep: conversation.keep)
            }
            reasoning.append(.reasoning(detail))
        }
    }

    /// By the names that OpenRouter gives the formats (openrouter.ai/docs, reasoning_details, read 2026-11).
    private static func origin(of format: TextSlice?) -> Seal.Origin {
        guard let name = format?.string else { return .openrouter }
        if name.hasPrefix("anthropic") { return .anthropic }
        if name.hasPrefix("google") { return .gemini }
        if name.hasPrefix("openai") || name.hasPrefix("azure") { return .openai }
        return name.hasPrefix("xai") ? .xai : .openrouter
    }
}
