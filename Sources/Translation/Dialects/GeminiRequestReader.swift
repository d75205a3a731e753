import Wire

/// Reads a body of `generateContent`. Names are taken in both of Google's spellings, `topP` and `top_p`, as its own parser
/// does (protobuf's JSON).
struct GeminiRequestReader {
    let conversation: Conversation
    var reader: SliceReader
    private var seen: UInt64 = 0

    // Of the contents, see GeminiTurnReader.swift.
    /// Calls that no result has answered yet: results without an id belong to the first of their name.
    var unanswered: [(name: TextSlice, id: TextSlice)] = []
    var calls = 0
    /// Pieces of one text or one thought, as streams leave them in a history: joined, since a signature vouches for all.
    var pending = Pieces()

    struct Pieces {
        var isThought = false
        var texts: [TextSlice] = []
    }

    init(_ body: UnsafeRawBufferPointer, into conversation: Conversation) {
        self.conversation = conversation
        conversation.api = .generateContent
        reader = SliceReader(body)
    }

    /// One bit for each name that is acted on: none may come twice.
    private enum Place: Int {
        case contents, systemInstruction, tools, toolConfig, generationConfig, serviceTier
    }

    private mutating func once(_ name: JSONText, _ place: Place) throws(Malformed) { try reader.once(name, place.rawValue, &seen) }

    func says(_ name: JSONText, _ camel: StaticString, _ snake: StaticString) -> Bool { reader.says(name, camel) || reader.says(name, snake) }

    /// A body of `countTokens` has the request itself, or one level down.
    mutating func read(isCount: Bool = false) throws(Malformed) {
        try members(isCount: isCount)
        try reader.finish()
        reader.reportUnknown(to: conversation)
        guard seen & (1 << UInt64(Place.contents.rawValue)) != 0 else {
            throw Malformed(offset: reader.scanner.offset, message: "`contents` must be given", member: "contents")
        }
    }

    private mutating func members(isCount: Bool) throws(Malformed) {
        try reader.enterObject()
        var system: [Part] = []
        while let name = try reader.nextKey() {
            if reader.says(name, "contents") {
                try once(name, .contents)
                try contents()
            } else if says(name, "systemInstruction", "system_instruction") {
                try once(name, .systemInstruction)
                try systemInstruction(&system)
            } else if reader.says(name, "tools") {
                try once(name, .tools)
                try tools()
            } else if says(name, "toolConfig", "tool_config") {
                try once(name, .toolConfig)
                try toolConfig()
            } else if says(name, "generationConfig", "generation_config") {
                try once(name, .generationConfig)
                try generationConfig()
            } else if says(name, "serviceTier", "service_tier") {
                try once(name, .serviceTier)
                conversation.serviceTier = try reader.text()
            } else if reader.says(name, "model") {
                try reader.skip()  // in the path
            } else if isCount, says(name, "generateContentRequest", "generate_content_request") {
                try members(isCount: false)
            } else if let other = try reader.other(name) {
                conversation.others.append(other)
            }
        }
        if !system.isEmpty { conversation.messages.insert(Message(.system, system), at: 0) }
    }

    /// Keeps a member that only this dialect has, under its path.
    mutating func keepOther(_ path: String, _ name: JSONText) throws(Malformed) {
        guard let value = try reader.value() else { return }
        conversation.others.append((conversation.keep(path + reader.slice(name).string), value))
    }

    private mutating func systemInstruction(_ parts: inout [Part]) throws(Malformed) {
        switch try reader.peek() {
        case .null: try reader.skip()
        case .string: parts.append(.text(TextPart(try reader.requiredText())))
        default:
            let offset = reader.scanner.offset
            var message = Message(.system)
            var results = Message(.tool)
            try content(into: &message, &results)
            for part in message.parts {
                guard case .text = part else { throw reader.wrong("parts of text only", at: offset) }
                parts.append(part)
            }
        }
    }

    // MARK: Tools

    private mutating func tools() throws(Malformed) {
        if try reader.peek() == .null {
            try reader.skip()
            return
        }
        try reader.enterArray()
        while try reader.nextElement() {
            guard try reader.peek() == .object else { throw reader.wrong("an object") }
            let start = reader.scanner.offset
            var natives: [TextSlice] = []
            try reader.enterObject()
            while let name = try reader.nextKey() {
                if says(name, "functionDeclarations", "function_declarations") {
                    if try reader.peek() == .null { try reader.skip() } else { try declarations() }
                } else if try reader.value() != nil {
                    natives.append(reader.slice(name))
                }
            }
            guard let first = natives.first else { continue }
            let whole = JSONSlice(ByteRange(start, reader.scanner.offset), of: reader.body)
            var tool = Tool(name: first)
            tool.kind = .native(type: first, whole)
            conversation.tools.append(tool)
        }
    }

    private mutating func declarations() throws(Malformed) {
        try reader.enterArray()
        while try reader.nextElement() {
            var tool = Tool(name: .empty)
            let start = reader.scanner.offset
            try reader.enterObject()
            while let name = try reader.nextKey() {
                if reader.says(name, "name") {
                    tool.name = try reader.requiredText()
                } else if reader.says(name, "description") {
                    tool.description = try reader.text()
                } else if reader.says(name, "parameters") {
                    if let schema = try reader.object() { tool.schema = GeminiSchema.standard(schema, conversation) }
                } else if says(name, "parametersJsonSchema", "parameters_json_schema") {
                    tool.schema = try reader.value() ?? tool.schema
                } else {
                    try keepOther("tools.functionDeclarations.", name)
                }
            }
            if tool.name.isEmpty { throw reader.wrong("a declaration with a `name`", at: start) }
            conversation.tools.append(tool)
        }
    }

    private mutating func toolConfig() throws(Malformed) {
        if try reader.peek() == .null {
            try reader.skip()
            return
        }
        try reader.enterObject()
        while let name = try reader.nextKey() {
            if says(name, "functionCallingConfig", "function_calling_config") {
                if try reader.peek() == .null { try reader.skip() } else { try functionCalling() }
            } else {
                try keepOther("toolConfig.", name)
            }
        }
    }

    private mutating func functionCalling() throws(Malformed) {
        var mode: TextSlice?
        var modeAt = 0
        var names: [TextSlice] = []
        try reader.enterObject()
        while let name = try reader.nextKey() {
            if reader.says(name, "mode") {
                modeAt = reader.scanner.offset
                mode = try reader.text()
            } else if says(name, "allowedFunctionNames", "allowed_function_names") {
                try texts(&names)
            } else {
                try keepOther("toolConfig.functionCallingConfig.", name)
            }
        }
        guard let mode = mode.map({ conversation.keep($0.string.uppercased()) }) else { return }  // Google takes any case
        if mode.says("AUTO") {
            conversation.toolChoice = .auto
        } else if mode.says("NONE") {
            conversation.toolChoice = ToolChoice.none
        } else if mode.says("ANY") {
            conversation.toolChoice = names.isEmpty ? .required : names.count == 1 ? .named(names[0]) : .among(names, isRequired: true)
        } else if mode.says("VALIDATED") {
            if names.isEmpty {
                conversation.toolChoice = .auto
                conversation.others.append((TextSlice("toolConfig.functionCallingConfig.mode"), conversation.keep(json: Array("true".utf8))))
            } else {
                conversation.toolChoice = .among(names, isRequired: false)
            }
        } else if !mode.says("MODE_UNSPECIFIED") {
            throw reader.wrong("AUTO, ANY, NONE or VALIDATED", at: modeAt)
        }
    }

    /// A list of strings.
    mutating func texts(_ list: inout [TextSlice]) throws(Malformed) {
        if try reader.peek() == .null {
            try reader.skip()
            return
        }
        try reader.enterArray()
        while try reader.nextElement() { list.append(try reader.requiredText()) }
    }
}
