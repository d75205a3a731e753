import Wire

/// `tools` and `tool_choice` of a Responses request: flat, where the chat dialect nests.
enum OpenAIResponsesTools {
    static func read(_ reader: inout SliceReader, into conversation: Conversation) throws(Malformed) {
        guard try reader.peek() == .object else { throw reader.wrong("an object") }
        let start = reader.scanner.offset
        var ahead = reader
        let whole = try ahead.skip()
        var type: TextSlice?
        var tool = Tool(name: .empty)
        let known = reader.unknownCount
        try reader.enterObject()
        while let name = try reader.nextKey() {
            if reader.says(name, "type") {
                type = try reader.requiredText()
            } else if reader.says(name, "name"), try reader.peek() == .string {
                tool.name = try reader.requiredText()
            } else if reader.says(name, "description"), try reader.peek() == .string {
                tool.description = try reader.text()
            } else if reader.says(name, "parameters"), try reader.peek() == .object {
                tool.schema = try reader.object()
            } else if reader.says(name, "strict"), try reader.peek() == .bool {
                tool.strict = try reader.flag()
            } else {
                try reader.unknown(name)
            }
        }
        guard let type else { throw reader.wrong("a tool with a `type`", at: start) }
        if !type.says("function") {
            reader.forgetUnknown(since: known)
            tool.kind = .native(type: type, whole)
        } else if tool.name.isEmpty {
            throw reader.wrong("a function with a `name`", at: start)
        }
        conversation.tools.append(tool)
    }

    static func readChoice(_ reader: inout SliceReader, into conversation: Conversation) throws(Malformed) {
        guard try reader.peek() == .object else {
            guard let word = try reader.text() else { return }
            switch word.string {
            case "auto": conversation.toolChoice = .auto
            case "none": conversation.toolChoice = ToolChoice.none
            case "required": conversation.toolChoice = .required
            default: throw reader.wrong("auto, none, required or an object")
            }
            return
        }
        var type: TextSlice?
        var named: TextSlice?
        var allowed: [TextSlice] = []
        var isRequired = false
        var ahead = reader
        let whole = try ahead.skip()
        let known = reader.unknownCount
        try reader.enterObject()
        while let name = try reader.nextKey() {
            if reader.says(name, "type") {
                type = try reader.text()
            } else if reader.says(name, "name") {
                named = try reader.text()
            } else if reader.says(name, "mode") {
                isRequired = try reader.text()?.says("required") ?? false
            } else if reader.says(name, "tools"), try reader.peek() == .array {
                try readAllowed(&reader, into: &allowed)
            } else {
                try reader.unknown(name)
            }
        }
        if type?.says("allowed_tools") == true {
            conversation.toolChoice = .among(allowed, isRequired: isRequired)
        } else if type?.says("function") == true, let named {
            conversation.toolChoice = .named(named)
        } else {
            // One of OpenAI's own tools is to be used: no other dialect can say that.
            reader.forgetUnknown(since: known)
            conversation.others.append((TextSlice("tool_choice"), whole))
        }
    }

    private static func readAllowed(_ reader: inout SliceReader, into allowed: inout [TextSlice]) throws(Malformed) {
        try reader.enterArray()
        while try reader.nextElement() {
            try reader.enterObject()
            while let name = try reader.nextKey() {
                if reader.says(name, "name"), let text = try reader.text() { allowed.append(text) } else { try reader.unknown(name) }
            }
        }
    }
}
