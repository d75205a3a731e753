import Wire

/// Writes a conversation as the body of `generateContent`.
struct GeminiRequestWriter {
    let conversation: Conversation
    let target: TranslationTarget
    let generation: GeminiGeneration
    /// The conversation came from this dialect, so that its natives are ours.
    let isOwn: Bool
    var json = JSONWriter(capacity: 8_192)
    var loss: Loss

    // Of the contents, see GeminiContents.swift.
    /// Whose content is open: the model's, the user's or none.
    var openIsModel: Bool?
    var hasCall = false
    /// A signature that was carried apart and belongs to the next call.
    var waitingSeal: Seal?
    /// Media of results for models that take them only beside a result; written behind the last one.
    var waitingMedia: [(media: Media, path: String)] = []

    init(_ conversation: Conversation, _ target: TranslationTarget, _ loss: Loss) {
        (self.conversation, self.target, self.loss) = (conversation, target, loss)
        generation = GeminiGeneration(model: target.model)
        isOwn = conversation.api == .generateContent
    }

    mutating func write() throws(Malformed) {
        json.beginObject()
        try prompt()
        tools()
        toolConfig()
        generationConfig()
        others()
        lost()
        json.endObject()
    }

    /// A body of `countTokens`: the Gemini API takes tools and instructions only one level down, Vertex only so.
    mutating func writeCount() throws(Malformed) {
        json.beginObject()
        let isNested = target.provider != "vertex"
        if isNested {
            json.name("generateContentRequest")
            json.beginObject()
            json.member("model", target.model.hasPrefix("models/") ? target.model : "models/\(target.model)")
        }
        try prompt()
        tools()
        if isNested { json.endObject() }
        json.endObject()
    }

    private mutating func prompt() throws(Malformed) {
        let hasTurns = conversation.messages.contains { $0.role != .system && $0.role != .developer }
        if hasTurns { systemInstruction() }
        try contents(systemToo: !hasTurns)
    }

    private mutating func systemInstruction() {
        var isOpen = false
        for (index, message) in conversation.messages.enumerated() where message.role == .system || message.role == .developer {
            for (place, part) in message.parts.enumerated() {
                guard case .text(let text) = part else {
                    loss.lose("messages[\(index)].content[\(place)]")
                    continue
                }
                if text.cache != nil { loss.lose("messages[\(index)].content[\(place)].cache_control") }
                if text.text.isEmpty { continue }
                if !isOpen {
                    json.name("systemInstruction")
                    json.beginObject()
                    json.name("parts")
                    json.beginArray()
                    isOpen = true
                }
                json.beginObject()
                json.member("text", text.text)
                json.endObject()
            }
            loseMembers(of: message, index)
        }
        if isOpen {
            json.endArray()
            json.endObject()
        }
    }

    mutating func loseMembers(of message: Message, _ index: Int) {
        if message.name != nil { loss.lose("messages[\(index)].name") }
        for other in message.others { loss.lose("messages[\(index)].\(other.name.string)") }
    }

    // MARK: Tools

    mutating func tools() {
        guard !conversation.tools.isEmpty else { return }
        json.name("tools")
        json.beginArray()
        var isOpen = false
        for (index, tool) in conversation.tools.enumerated() {
            guard case .function = tool.kind else { continue }
            if !isOpen {
                json.beginObject()
                json.name("functionDeclarations")
                json.beginArray()
                isOpen = true
            }
            json.beginObject()
            json.member("name", tool.name)
            json.member("description", ifPresent: tool.description)
            json.member("parametersJsonSchema", ifPresent: tool.schema)
            json.endObject()
            if tool.strict == true, !validates { loss.lose("tools[\(index)].strict") }
            if tool.cache != nil { loss.lose("tools[\(index)].cache_control") }
        }
        if isOpen {
            json.endArray()
            json.endObject()
        }
        for (index, tool) in conversation.tools.enumerated() {
            guard case .native(_, let value) = tool.kind else { continue }
            if isOwn { json.value(value) } else { loss.lose("tools[\(index)]") }
        }
        json.endArray()
    }

    private mutating func toolConfig() {
        let own = ownMembers("toolConfig.")
        let isStrict = validates && conversation.tools.contains { $0.strict == true }
        guard conversation.toolChoice != nil || !own.isEmpty || isStrict else { return }
        json.name("toolConfig")
        json.beginObject()
        if let choice = conversation.toolChoice ?? (isStrict ? .auto : nil) {
            json.name("functionCallingConfig")
            json.beginObject()
            switch choice {
            case .auto:
                let isValidated = isStrict || own.contains { $0.name == "functionCallingConfig.mode" }
                json.member("mode", word: isValidated ? "VALIDATED" : "AUTO")
            case .none: json.member("mode", word: "NONE")
            case .required: json.member("mode", word: "ANY")
            case .named(let name): mode("ANY", [name])
            case .among(let names, let isRequired): mode(isRequired ? "ANY" : "VALIDATED", names)
            }
            json.endObject()
        }
        members(own.filter { !$0.name.contains(".") })
        json.endObject()
    }

    /// Calls can be held to their schemas: `VALIDATED` where the model may also answer, `ANY` where it must call (Gemini API,
    /// "Function calling modes", read 2026-11; from 2.5 on).
    private var validates: Bool { generation != .early }

    private mutating func mode(_ mode: StaticString, _ names: [TextSlice]) {
        json.member("mode", word: mode)
        json.name("allowedFunctionNames")
        json.beginArray()
        for name in names { json.string(name) }
        json.endArray()
    }

    // MARK: The rest

    private mutating func others() {
        if let tier = conversation.serviceTier {
            if tier.says("default") {
                json.member("serviceTier", word: "standard")
            } else if StaticString.among(["standard", "flex", "priority"], tier) {
                json.member("serviceTier", tier)
            } else if !tier.says("auto") {
                loss.lose("service_tier")
            }
        }
        guard isOwn else {
            for other in conversation.others { loss.lose(other.name.string) }
            return
        }
        members(ownMembers("").filter { !$0.name.contains(".") })
        for place in ["tools.", "generationConfig.thinkingConfig."] {
            for member in ownMembers(place) { loss.lose(place + member.name) }
        }
    }

    /// Members that only this dialect has, which its reader kept by their path.
    func ownMembers(_ path: String) -> [(name: String, value: JSONSlice)] {
        guard isOwn else { return [] }
        return conversation.others.compactMap { other in
            let name = other.name.string
            return name.hasPrefix(path) ? (String(name.dropFirst(path.count)), other.value) : nil
        }
    }

    mutating func members(_ members: [(name: String, value: JSONSlice)]) {
        for member in members {
            json.key(member.name)
            json.value(member.value)
        }
    }

    private mutating func lost() {
        if conversation.parallelTools == false { loss.lose("parallel_tool_calls") }
        if conversation.user != nil { loss.lose("user") }
        if conversation.metadata != nil { loss.lose("metadata") }
        if conversation.promptCacheKey != nil { loss.lose("prompt_cache_key") }
        if conversation.promptCacheRetention != nil { loss.lose("prompt_cache_retention") }
        if conversation.safetyIdentifier != nil { loss.lose("safety_identifier") }
        if conversation.verbosity != nil { loss.lose("verbosity") }
        if conversation.store == true { loss.lose("store") }
    }
}
