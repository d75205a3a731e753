import Wire

/// Reads a request to `/v1/messages` or `/v1/messages/count_tokens`.
///
/// What has no place in a conversation goes to its `others`: top-level members by their names, deeper ones by their whole path.
struct AnthropicMessagesRequestReader {
    /// The members that are acted on.
    private enum Member: Int {
        case model, messages, system, maxTokens, stream, temperature, topP, topK, stopSequences, tools, toolChoice
        case thinking, outputConfig, outputFormat, metadata, serviceTier

        static let count = 16

        var name: StaticString {
            switch self {
            case .model: "model"
            case .messages: "messages"
            case .system: "system"
            case .maxTokens: "max_tokens"
            case .stream: "stream"
            case .temperature: "temperature"
            case .topP: "top_p"
            case .topK: "top_k"
            case .stopSequences: "stop_sequences"
            case .tools: "tools"
            case .toolChoice: "tool_choice"
            case .thinking: "thinking"
            case .outputConfig: "output_config"
            case .outputFormat: "output_format"
            case .metadata: "metadata"
            case .serviceTier: "service_tier"
            }
        }
    }

    private var reader: SliceReader
    private let conversation = Conversation()
    private var seen: UInt64 = 0
    private var system: [Part] = []

    static func read(_ body: UnsafeRawBufferPointer, api: API) throws(Malformed) -> Conversation {
        var reading = AnthropicMessagesRequestReader(reader: SliceReader(body))
        reading.conversation.api = api
        try reading.members()
        return reading.conversation
    }

    private init(reader: SliceReader) { self.reader = reader }

    private mutating func members() throws(Malformed) {
        try reader.enterObject()
        while let name = try reader.nextKey() {
            if let member = member(of: name) {
                try reader.once(name, member.rawValue, &seen)
                try read(member)
            } else if CallMember.of(name, in: reader.body)?.isOurs == true {
                try reader.skip()
            } else if let other = try reader.other(name) {
                conversation.others.append(other)
            }
        }
        try reader.finish()
        guard seen & (1 << UInt64(Member.messages.rawValue)) != 0 else {
            throw Malformed(offset: 0, message: "`messages` must be given", member: "messages")
        }
        guard conversation.maxTokens != nil || conversation.api == .countTokens else {
            throw Malformed(offset: 0, message: "`max_tokens` must be given", member: "max_tokens")
        }
        if !system.isEmpty { conversation.messages.insert(Message(.system, system), at: 0) }
    }

    private func member(of name: JSONText) -> Member? {
        for raw in 0..<Member.count {
            if let member = Member(rawValue: raw), reader.says(name, member.name) { return member }
        }
        return nil
    }

    private mutating func read(_ member: Member) throws(Malformed) {
        switch member {
        case .model: try reader.skip()
        case .messages: try messages()
        case .system:
            var parts: [Part] = []
            try texts(&parts)
            system = parts
        case .maxTokens: conversation.maxTokens = try reader.number()
        case .stream: conversation.stream = try reader.flag() ?? false
        case .temperature: conversation.sampling.temperature = try reader.number()
        case .topP: conversation.sampling.topP = try reader.number()
        case .topK: conversation.sampling.topK = try reader.number()
        case .stopSequences: try stopSequences()
        case .tools: try tools()
        case .toolChoice: try toolChoice()
        case .thinking: try thinking()
        case .outputConfig: try outputConfig()
        case .outputFormat: try format()
        case .metadata: try metadata()
        case .serviceTier: try serviceTier()
        }
    }

    // MARK: Messages

    private mutating func messages() throws(Malformed) {
        guard try reader.peek() == .array else { throw reader.wrong("an array") }
        try reader.enterArray()
        while try reader.nextElement() { try message() }
    }

    private mutating func message() throws(Malformed) {
        guard try reader.peek() == .object else { throw reader.wrong("an object") }
        let start = reader.scanner.offset
        var role: Message.Role?
        var content: SliceReader?
        try reader.enterObject()
        while let name = try reader.nextKey() {
            if reader.says(name, "role") {
                let at = reader.scanner.offset
                let word = try reader.requiredText()
                role = word.says("user") ? .user : word.says("assistant") ? .assistant : word.says("system") ? .system : nil
                if role == nil { throw reader.wrong("user, assistant or system", at: at) }
            } else if reader.says(name, "content") {
                _ = try reader.peek()
                content = reader
                try reader.skip()
            } else {
                try lose(name)
            }
        }
        guard let role else { throw reader.wrong("an object with a `role`", at: start) }
        guard var content else { throw reader.wrong("an object with `content`", at: start) }
        var parts: [Part] = []
        if role == .system {
            swap(&reader, &content)
            try texts(&parts)
            swap(&reader, &content)
        } else {
            try AnthropicMessagesBlocks.read(&content, conversation, &parts)
        }
        conversation.add(role, parts)
    }

    /// A system prompt: a string or text blocks.
    private mutating func texts(_ parts: inout [Part]) throws(Malformed) {
        switch try reader.peek() {
        case .null: try reader.skip()
        case .string: parts.append(.text(TextPart(try reader.requiredText())))
        case .array: try AnthropicMessagesBlocks.read(&reader, conversation, &parts)
        default: throw reader.wrong("a string or an array of text blocks")
        }
    }

    private mutating func lose(_ name: JSONText) throws(Malformed) {
        try AnthropicMessagesBlocks.lose(name, &reader, conversation)
    }

    // MARK: Tools

    private mutating func tools() throws(Malformed) {
        guard try reader.peek() != .null else {
            try reader.skip()
            return
        }
        guard try reader.peek() == .array else { throw reader.wrong("an array") }
        try reader.enterArray()
        while try reader.nextElement() { try tool() }
    }

    private mutating func tool() throws(Malformed) {
        guard try reader.peek() == .object else { throw reader.wrong("an object") }
        let start = reader.scanner.offset
        var tool = Tool(name: .empty)
        var type: TextSlice?
        var unknown: [JSONText] = []
        try reader.enterObject()
        while let name = try reader.nextKey() {
            if reader.says(name, "name") {
                tool.name = try reader.requiredText()
            } else if reader.says(name, "description") {
                tool.description = try reader.text()
            } else if reader.says(name, "input_schema") {
                tool.schema = try reader.object()
            } else if reader.says(name, "type") {
                type = try reader.text()
            } else if reader.says(name, "strict") {
                tool.strict = try reader.flag()
            } else if reader.says(name, "cache_control") {
                tool.cache = try reader.cacheMark()
            } else if try reader.value() != nil {
                unknown.append(name)
            }
        }
        if let type, !type.says("custom") {
            tool.kind = .native(type: type, JSONSlice(ByteRange(start, reader.scanner.offset), of: reader.body))
        } else if tool.name.isEmpty {
            throw reader.wrong("a tool with a `name`", at: start)
        } else {
            for name in unknown { AnthropicMessagesBlocks.lose(name, reader.body, conversation) }
        }
        conversation.tools.append(tool)
    }

    private mutating func toolChoice() throws(Malformed) {
        guard try reader.peek() != .null else {
            try reader.skip()
            return
        }
        guard try reader.peek() == .object else { throw reader.wrong("an object") }
        let start = reader.scanner.offset
        var type: TextSlice?
        var named: TextSlice?
        try reader.enterObject()
        while let name = try reader.nextKey() {
            if reader.says(name, "type") {
                type = try reader.requiredText()
            } else if reader.says(name, "name") {
                named = try reader.text()
            } else if reader.says(name, "disable_parallel_tool_use") {
                conversation.parallelTools = try reader.flag().map { !$0 }
            } else {
                try lose(name)
            }
        }
        switch type?.string {
        case "auto": conversation.toolChoice = .auto
        case "any": conversation.toolChoice = .required
        case "none": conversation.toolChoice = ToolChoice.none
        case "tool":
            guard let named else { throw reader.wrong("a choice of type tool with a `name`", at: start) }
            conversation.toolChoice = .named(named)
        default: throw reader.wrong("a choice whose `type` is auto, any, tool or none", at: start)
        }
    }

    // MARK: Thinking, format, the rest

    private func wish(_ change: (inout ReasoningWish) -> Void) {
        var wish = conversation.reasoning ?? ReasoningWish()
        change(&wish)
        conversation.reasoning = wish
    }

    private mutating func thinking() throws(Malformed) {
        guard try reader.peek() == .object else {
            _ = try reader.object()
            return
        }
        var wish = conversation.reasoning ?? ReasoningWish()
        try reader.enterObject()
        while let name = try reader.nextKey() {
            if reader.says(name, "type") {
                let type = try reader.requiredText()
                wish.isEnabled = !type.says("disabled")
                if type.says("between_tools") { AnthropicMessagesBlocks.lose(name, reader.body, conversation) }
            } else if reader.says(name, "budget_tokens") {
                wish.budget = try reader.number()
            } else if reader.says(name, "display") {
                wish.summary = try reader.text().map { $0.says("omitted") ? TextSlice("none") : TextSlice("auto") }
            } else {
                try lose(name)
            }
        }
        conversation.reasoning = wish
    }

    private mutating func outputConfig() throws(Malformed) {
        guard try reader.peek() == .object else {
            _ = try reader.object()
            return
        }
        try reader.enterObject()
        while let name = try reader.nextKey() {
            if reader.says(name, "effort") {
                if let effort = try reader.text() { wish { $0.effort = effort } }
            } else if reader.says(name, "format") {
                try format()
            } else {
                try lose(name)
            }
        }
    }

    /// `{type: json_schema, schema}`.
    private mutating func format() throws(Malformed) {
        guard try reader.peek() == .object else {
            _ = try reader.object()
            return
        }
        let start = reader.scanner.offset
        var schema: JSONSlice?
        try reader.enterObject()
        while let name = try reader.nextKey() {
            if reader.says(name, "schema") {
                schema = try reader.object()
            } else if reader.says(name, "type") {
                guard try reader.requiredText().says("json_schema") else { throw reader.wrong("of type json_schema", at: start) }
            } else {
                try lose(name)
            }
        }
        guard let schema else { throw reader.wrong("an object with a `schema`", at: start) }
        conversation.format = .schema(ResponseFormat.Schema(schema: schema))
    }

    private mutating func stopSequences() throws(Malformed) {
        guard try reader.peek() != .null else {
            try reader.skip()
            return
        }
        try reader.enterArray()
        while try reader.nextElement() { conversation.stops.append(try reader.requiredText()) }
    }

    private mutating func metadata() throws(Malformed) {
        guard try reader.peek() == .object else {
            _ = try reader.object()
            return
        }
        try reader.enterObject()
        while let name = try reader.nextKey() {
            if reader.says(name, "user_id") { conversation.user = try reader.text() } else { try lose(name) }
        }
    }

    /// Kept in OpenAI's words: `default` is what `standard_only` says.
    private mutating func serviceTier() throws(Malformed) {
        guard let tier = try reader.text() else { return }
        conversation.serviceTier = tier.says("standard_only") ? TextSlice("default") : tier
    }
}
