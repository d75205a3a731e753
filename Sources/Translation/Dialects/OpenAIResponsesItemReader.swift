import Wire

/// Reads one element of `input` and adds it to the conversation.
///
/// What the model said between two turns of the user is several items: they become one message, as other dialects have it.
struct OpenAIResponsesItemReader {
    private let conversation: Conversation
    private var type: TextSlice?
    private var role: TextSlice?
    private var hasContent = false
    private var id: TextSlice?
    private var callID: TextSlice?
    private var name: TextSlice?
    private var arguments: TextSlice?
    private var sealed: TextSlice?
    private var parts: [Part] = []
    private var summary: [TextSlice] = []
    private var thoughts: [TextSlice] = []
    private var output: [Part] = []
    private var phase: (name: TextSlice, value: JSONSlice)?

    init(_ conversation: Conversation) { self.conversation = conversation }

    mutating func read(_ reader: inout SliceReader) throws(Malformed) {
        guard try reader.peek() == .object else { throw reader.wrong("an object") }
        let start = reader.scanner.offset
        var ahead = reader
        let whole = try ahead.skip()
        try findType(reader)
        guard Self.isOurs(type) else {
            reader = ahead
            addNative(whole)
            return
        }
        try reader.enterObject()
        while let key = try reader.nextKey() { try member(key, &reader) }
        if type?.says("function_call") == true {
            try addCall(start, reader)
        } else if type?.says("function_call_output") == true {
            try addResult(start, reader)
        } else if type?.says("reasoning") == true {
            addReasoning()
        } else {
            try addMessage(start, reader)
        }
    }

    /// A look ahead: items of kinds that only this dialect has are not taken apart.
    private mutating func findType(_ reader: SliceReader) throws(Malformed) {
        var reader = reader
        try reader.enterObject()
        while let key = try reader.nextKey() {
            if reader.says(key, "type") {
                type = try reader.text()
                return
            }
            try reader.skip()
        }
    }

    private static func isOurs(_ type: TextSlice?) -> Bool {
        guard let type else { return true }
        return type.says("message") || type.says("function_call") || type.says("function_call_output") || type.says("reasoning")
    }

    private mutating func member(_ key: JSONText, _ reader: inout SliceReader) throws(Malformed) {
        if reader.says(key, "role") {
            role = try reader.requiredText()
        } else if reader.says(key, "content") {
            hasContent = true
            try content(&reader)
        } else if reader.says(key, "call_id") {
            callID = try reader.requiredText()
        } else if reader.says(key, "name") {
            name = try reader.text()
        } else if reader.says(key, "arguments") {
            arguments = try reader.requiredText().asArguments
        } else if reader.says(key, "output") {
            try OpenAIResponsesParts.read(&reader, conversation, into: &output)
        } else if reader.says(key, "id") {
            id = try reader.text()
        } else if reader.says(key, "encrypted_content") {
            sealed = try reader.text()
        } else if reader.says(key, "summary"), try reader.peek() == .array {
            try texts(&reader, into: &summary)
        } else if reader.says(key, "phase") {
            phase = try reader.other(key)
        } else {
            if reader.says(key, "status") { try reader.skip() } else { try reader.unknown(key) }
        }
    }

    private mutating func content(_ reader: inout SliceReader) throws(Malformed) {
        if type?.says("reasoning") == true {
            if try reader.peek() == .array { try texts(&reader, into: &thoughts) } else { try reader.skip() }
        } else {
            try OpenAIResponsesParts.read(&reader, conversation, into: &parts)
        }
    }

    /// The texts of `summary_text` or `reasoning_text` parts.
    private func texts(_ reader: inout SliceReader, into texts: inout [TextSlice]) throws(Malformed) {
        try reader.enterArray()
        while try reader.nextElement() {
            try reader.enterObject()
            while let key = try reader.nextKey() {
                if reader.says(key, "text") { texts.append(try reader.requiredText()) } else { try reader.unknown(key) }
            }
        }
    }

    // MARK: Adding

    private func addMessage(_ start: Int, _ reader: SliceReader) throws(Malformed) {
        guard let role else { throw reader.wrong("an item with a `type`, or a message with a `role`", at: start) }
        guard hasContent else { throw reader.wrong("a message with `content`", at: start) }
        switch role.string {
        case "assistant":
            for part in parts { addOfModel(part) }
            if let phase, let last = conversation.messages.indices.last { conversation.messages[last].others.append(phase) }
        case "user": conversation.messages.append(Message(.user, parts))
        case "system": conversation.messages.append(Message(.system, parts))
        case "developer": conversation.messages.append(Message(.developer, parts))
        default: throw reader.wrong("user, assistant, system or developer", role)
        }
    }

    private func addCall(_ start: Int, _ reader: SliceReader) throws(Malformed) {
        guard let callID else { throw reader.wrong("a call with a `call_id`", at: start) }
        guard let name else { throw reader.wrong("a call with a `name`", at: start) }
        addOfModel(.toolCall(ToolCall(id: callID, name: name, arguments: arguments ?? .empty)))
    }

    /// Results of one turn follow one another: they become one message.
    private func addResult(_ start: Int, _ reader: SliceReader) throws(Malformed) {
        guard let callID else { throw reader.wrong("an output with a `call_id`", at: start) }
        let result = Part.toolResult(ToolResult(id: callID, parts: output))
        if let last = conversation.messages.indices.last, conversation.messages[last].role == .tool {
            conversation.messages[last].parts.append(result)
        } else {
            conversation.messages.append(Message(.tool, [result]))
        }
    }

    private func addReasoning() {
        let seal = sealed.flatMap { Seal.read($0, kind: .redacted, bare: .openai, keep: conversation.keep) }
        if let seal, seal.kind == .thought {
            addThought(seal)
            return
        }
        let texts = thoughts.isEmpty ? summary : thoughts
        guard seal != nil || !texts.isEmpty || id != nil else { return }
        addOfModel(.reasoning(Reasoning(texts.first ?? .empty, seal: seal, id: id)))
        for text in texts.dropFirst() { addOfModel(.reasoning(Reasoning(text, id: id))) }
    }

    /// A seal of a call or text: our reply writer puts it into an item behind the one it belongs to.
    private func addThought(_ seal: Seal) {
        guard let last = conversation.messages.indices.last, conversation.messages[last].role == .assistant,
            let end = conversation.messages[last].parts.indices.last
        else {
            addOfModel(.text(TextPart(.empty, seal: seal)))
            return
        }
        switch conversation.messages[last].parts[end] {
        case .toolCall(var call):
            call.seal = seal
            conversation.messages[last].parts[end] = .toolCall(call)
        case .text(var text):
            text.seal = seal
            conversation.messages[last].parts[end] = .text(text)
        default: addOfModel(.text(TextPart(.empty, seal: seal)))
        }
    }

    private func addNative(_ whole: JSONSlice) {
        guard let type else { return }
        let part = Part.native(type: type, whole)
        let name = type.string
        if name.hasSuffix("_output") || name.hasSuffix("_response") || name == "item_reference" || name == "additional_tools" {
            conversation.messages.append(Message(.user, [part]))
        } else {
            addOfModel(part)
        }
    }

    private func addOfModel(_ part: Part) {
        if let last = conversation.messages.indices.last, conversation.messages[last].role == .assistant {
            conversation.messages[last].parts.append(part)
        } else {
            conversation.messages.append(Message(.assistant, [part]))
        }
    }
}
