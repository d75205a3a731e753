import Wire

/// Reads a request to `/model/{id}/converse` or `converse-stream`. What has no place in a conversation goes to its `others`, as in
/// `AnthropicMessagesRequestReader`.
struct BedrockConverseRequestReader {
    private enum Member: Int {
        case messages, system, inferenceConfig, toolConfig, outputConfig, additional, serviceTier, metadata

        static let count = 8

        var name: StaticString {
            switch self {
            case .messages: "messages"
            case .system: "system"
            case .inferenceConfig: "inferenceConfig"
            case .toolConfig: "toolConfig"
            case .outputConfig: "outputConfig"
            case .additional: "additionalModelRequestFields"
            case .serviceTier: "serviceTier"
            case .metadata: "requestMetadata"
            }
        }
    }

    private var reader: SliceReader
    private let conversation = Conversation()
    private var seen: UInt64 = 0

    static func read(_ body: UnsafeRawBufferPointer, stream: Bool) throws(Malformed) -> Conversation {
        var reading = BedrockConverseRequestReader(reader: SliceReader(body))
        reading.conversation.api = .converse
        reading.conversation.stream = stream
        try reading.members()
        return reading.conversation
    }

    private init(reader: SliceReader) { self.reader = reader }

    private mutating func members() throws(Malformed) {
        var system: [Part] = []
        try reader.enterObject()
        while let name = try reader.nextKey() {
            if let member = member(of: name) {
                try reader.once(name, member.rawValue, &seen)
                if member == .system { try parts(&system) } else { try read(member) }
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
        case .messages: try messages()
        case .system: try reader.skip()
        case .inferenceConfig: try inferenceConfig()
        case .toolConfig: try toolConfig()
        case .outputConfig: try outputConfig()
        case .additional: try additional()
        case .serviceTier: try serviceTier()
        case .metadata: conversation.metadata = try reader.object()
        }
    }

    private mutating func lose(_ name: JSONText) throws(Malformed) { try AnthropicMessagesBlocks.lose(name, &reader, conversation) }

    /// Enters the object that stands next; false: it is null.
    private mutating func entered() throws(Malformed) -> Bool {
        guard try reader.peek() != .null else {
            try reader.skip()
            return false
        }
        try reader.enterObject()
        return true
    }

    private mutating func parts(_ parts: inout [Part]) throws(Malformed) {
        guard try reader.peek() != .null else {
            try reader.skip()
            return
        }
        try BedrockConverseBlocks.read(&reader, conversation, &parts)
    }

    private mutating func messages() throws(Malformed) {
        guard try reader.peek() == .array else { throw reader.wrong("an array") }
        try reader.enterArray()
        while try reader.nextElement() { try message() }
    }

    private mutating func message() throws(Malformed) {
        guard try reader.peek() == .object else { throw reader.wrong("an object") }
        let start = reader.scanner.offset
        var role: Message.Role?
        var parts: [Part] = []
        var hasContent = false
        try reader.enterObject()
        while let name = try reader.nextKey() {
            if reader.says(name, "role") {
                let at = reader.scanner.offset
                let word = try reader.requiredText()
                role = word.says("user") ? .user : word.says("assistant") ? .assistant : word.says("system") ? .system : nil
                if role == nil { throw reader.wrong("user, assistant or system", at: at) }
            } else if reader.says(name, "content") {
                hasContent = true
                try BedrockConverseBlocks.read(&reader, conversation, &parts)
            } else {
                try lose(name)
            }
        }
        guard let role else { throw reader.wrong("an object with a `role`", at: start) }
        guard hasContent else { throw reader.wrong("an object with `content`", at: start) }
        conversation.add(role, parts)
    }

    // MARK: Limits and sampling

    private mutating func inferenceConfig() throws(Malformed) {
        guard try entered() else { return }
        while let name = try reader.nextKey() {
            if reader.says(name, "maxTokens") {
                conversation.maxTokens = try reader.number()
            } else if reader.says(name, "temperature") {
                conversation.sampling.temperature = try reader.number()
            } else if reader.says(name, "topP") {
                conversation.sampling.topP = try reader.number()
            } else if reader.says(name, "stopSequences"), try reader.peek() == .array {
                try reader.enterArray()
                while try reader.nextElement() { conversation.stops.append(try reader.requiredText()) }
            } else {
                try lose(name)
            }
        }
    }

    /// What is said to the model past Converse: of this Claude's thinking and effort, others' effort, and both
    /// names of `top_k` are understood.
    private mutating func additional() throws(Malformed) {
        guard try entered() else { return }
        while let name = try reader.nextKey() {
            if reader.says(name, "thinking") || reader.says(name, "reasoning_config"), try reader.peek() == .object {
                try thinking()
            } else if reader.says(name, "output_config"), try reader.peek() == .object {
                try effort()
            } else if reader.says(name, "reasoning_effort") || reader.says(name, "reasoning_config"), try reader.peek() == .string {
                let word = try reader.text()
                wish { $0.effort = word }
            } else if reader.says(name, "tool_choice"), try reader.peek() == .object {
                try parallelTools()
            } else if reader.says(name, "top_k"), try reader.peek() == .number {
                conversation.sampling.topK = try reader.number()
            } else if reader.says(name, "inferenceConfig"), try reader.peek() == .object {
                try reader.enterObject()
                while let inner = try reader.nextKey() {
                    if reader.says(inner, "topK") { conversation.sampling.topK = try reader.number() } else { try lose(inner) }
                }
            } else {
                try lose(name)
            }
        }
    }

    private func wish(_ change: (inout ReasoningWish) -> Void) {
        var wish = conversation.reasoning ?? ReasoningWish()
        change(&wish)
        conversation.reasoning = wish
    }

    private mutating func thinking() throws(Malformed) {
        var wish = conversation.reasoning ?? ReasoningWish()
        try reader.enterObject()
        while let name = try reader.nextKey() {
            if reader.says(name, "type") {
                wish.isEnabled = try !reader.requiredText().says("disabled")
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

    /// Claude's own choice of tools, of which Converse lacks the half.
    private mutating func parallelTools() throws(Malformed) {
        try reader.enterObject()
        while let name = try reader.nextKey() {
            if reader.says(name, "disable_parallel_tool_use") {
                conversation.parallelTools = try reader.flag().map { !$0 }
            } else if reader.says(name, "type"), conversation.toolChoice == nil {
                if let type = try reader.text(), !type.says("auto") { AnthropicMessagesBlocks.lose(name, reader.body, conversation) }
            } else {
                try lose(name)
            }
        }
    }

    private mutating func effort() throws(Malformed) {
        try reader.enterObject()
        while let name = try reader.nextKey() {
            if reader.says(name, "effort") {
                let word = try reader.text()
                wish { $0.effort = word }
            } else {
                try lose(name)
            }
        }
    }

    private mutating func serviceTier() throws(Malformed) {
        guard try entered() else { return }
        while let name = try reader.nextKey() {
            if reader.says(name, "type") { conversation.serviceTier = try reader.text() } else { try lose(name) }
        }
    }

    // MARK: Tools

    private mutating func toolConfig() throws(Malformed) {
        guard try entered() else { return }
        while let name = try reader.nextKey() {
            if reader.says(name, "tools") {
                try reader.enterArray()
                while try reader.nextElement() { try tool() }
            } else if reader.says(name, "toolChoice") {
                try toolChoice()
            } else {
                try lose(name)
            }
        }
    }

    private mutating func tool() throws(Malformed) {
        guard try reader.peek() == .object else { throw reader.wrong("an object") }
        let start = reader.scanner.offset
        var tool: Tool?
        var unknown: [JSONText] = []
        var isMark = false
        try reader.enterObject()
        while let name = try reader.nextKey() {
            if reader.says(name, "toolSpec") {
                var spec = Tool(name: .empty)
                try toolSpec(&spec)
                tool = spec
            } else if reader.says(name, "cachePoint") {
                isMark = true
                let mark = try reader.cacheMark()
                if conversation.tools.isEmpty { AnthropicMessagesBlocks.lose(name, reader.body, conversation) }
                if let last = conversation.tools.indices.last { conversation.tools[last].cache = mark }
            } else if try reader.value() != nil {
                unknown.append(name)
            }
        }
        if let tool {
            guard !tool.name.isEmpty else { throw reader.wrong("a tool with a `name`", at: start) }
            conversation.tools.append(tool)
        } else if let native = unknown.first, !isMark {
            unknown.removeAll()
            var tool = Tool(name: .empty)
            tool.kind = .native(type: reader.slice(native), JSONSlice(ByteRange(start, reader.scanner.offset), of: reader.body))
            conversation.tools.append(tool)
        }
        for name in unknown { AnthropicMessagesBlocks.lose(name, reader.body, conversation) }
    }

    private mutating func toolSpec(_ tool: inout Tool) throws(Malformed) {
        try reader.enterObject()
        while let name = try reader.nextKey() {
            if reader.says(name, "name") {
                tool.name = try reader.requiredText()
            } else if reader.says(name, "description") {
                tool.description = try reader.text()
            } else if reader.says(name, "strict") {
                tool.strict = try reader.flag()
            } else if reader.says(name, "inputSchema"), try reader.peek() == .object {
                try reader.enterObject()
                while let inner = try reader.nextKey() {
                    if reader.says(inner, "json") { tool.schema = try reader.object() } else { try lose(inner) }
                }
            } else {
                try lose(name)
            }
        }
    }

    /// An object that has no members so far.
    private mutating func empty() throws(Malformed) {
        guard try entered() else { return }
        while let name = try reader.nextKey() { try lose(name) }
    }

    private mutating func toolChoice() throws(Malformed) {
        guard try entered() else { return }
        while let name = try reader.nextKey() {
            if reader.says(name, "auto") {
                conversation.toolChoice = .auto
                try empty()
            } else if reader.says(name, "any") {
                conversation.toolChoice = .required
                try empty()
            } else if reader.says(name, "tool"), try reader.peek() == .object {
                try reader.enterObject()
                while let inner = try reader.nextKey() {
                    if reader.says(inner, "name") { conversation.toolChoice = .named(try reader.requiredText()) } else { try lose(inner) }
                }
            } else {
                try lose(name)
            }
        }
    }

    // MARK: Format

    /// `{textFormat: {type, structure: {jsonSchema: {schema, name, description}}}, effort}`, of which `schema` is JSON in a string.
    private mutating func outputConfig() throws(Malformed) {
        guard try entered() else { return }
        while let name = try reader.nextKey() {
            if reader.says(name, "effort") {
                let word = try reader.text()
                wish { $0.effort = word }
            } else if reader.says(name, "textFormat") || reader.says(name, "structure"), try reader.peek() == .object {
                try outputConfig()
            } else if reader.says(name, "jsonSchema"), try reader.peek() == .object {
                try jsonSchema()
            } else if reader.says(name, "type") {
                try reader.skip()
            } else {
                try lose(name)
            }
        }
    }

    private mutating func jsonSchema() throws(Malformed) {
        var schema: JSONSlice?
        var named: TextSlice?
        var described: TextSlice?
        try reader.enterObject()
        while let name = try reader.nextKey() {
            if reader.says(name, "schema") {
                let at = reader.scanner.offset
                let json = Array(try reader.requiredText().string.utf8)
                let isJSON = json.withUnsafeBytes { bytes in
                    do throws(JSONProblem) { try JSONScanner.validate(bytes) } catch { return false }
                    return true
                }
                guard isJSON else { throw reader.wrong("a JSON Schema in a string", at: at) }
                schema = conversation.keep(json: json)
            } else if reader.says(name, "name") {
                named = try reader.text()
            } else if reader.says(name, "description") {
                described = try reader.text()
            } else {
                try lose(name)
            }
        }
        guard let schema else { throw reader.wrong("a `schema`") }
        conversation.format = .schema(ResponseFormat.Schema(name: named, description: described, schema: schema))
    }
}
