import Routing
import Wire

/// The messages of a body, in the dialect that it is written in.
struct PromptOutline {
    private let body: UnsafeRawBufferPointer
    private let api: API
    private var scanner: JSONScanner
    private(set) var messages: [PromptMessage] = []
    /// Something stands there that nobody knows here: nothing may be left out.
    private(set) var isDoubtful = false

    init(_ body: UnsafeRawBufferPointer, _ api: API) throws(JSONProblem) {
        self.body = body
        self.api = api
        scanner = JSONScanner(body)
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            guard isList(name), try scanner.peek() == .array else {
                try scanner.skip()
                continue
            }
            try scanner.enterArray()
            while try scanner.nextElement() { try element() }
        }
    }

    private func isList(_ name: JSONText) -> Bool {
        switch CallMember.of(name, in: body) {
        case .messages: api == .chatCompletions || api == .messages || api == .converse
        case .contents: api == .generateContent
        case .input: api == .responses
        default: false
        }
    }

    private mutating func element() throws(JSONProblem) {
        guard try scanner.peek() == .object else {
            isDoubtful = true
            try scanner.skip()
            return
        }
        let start = scanner.offset
        var ahead = scanner
        let range = try ahead.skip()
        var message = PromptMessage(.user, ByteRange(start, Int(range.end)))
        if api == .responses { try item(&message) } else { try spoken(&message) }
        scanner = ahead
        message.size = Call.size(ofMessage: message.range.of(body), api)
        messages.append(message)
    }

    // MARK: Messages

    private mutating func spoken(_ message: inout PromptMessage) throws(JSONProblem) {
        var isResult = false
        var resultID: [UInt8]?
        var hasRole = api == .generateContent
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            let kind = try scanner.peek()
            if scanner.text(name, is: "role"), kind == .string {
                let role = try scanner.string()
                hasRole = true
                if let side = side(role) { message.side = side } else { isDoubtful = true }
                isResult = scanner.text(role, is: "tool") || scanner.text(role, is: "function")
            } else if scanner.text(name, is: "tool_call_id"), kind == .string {
                resultID = plain(try scanner.string())
            } else if scanner.text(name, is: "tool_calls"), kind == .array {
                try scanner.enterArray()
                while try scanner.nextElement() { message.add(call: try id(called: "id")) }
            } else if scanner.text(name, is: "function_call"), kind == .object {
                try scanner.skip()
                message.add(call: nil)
            } else if kind == .array, scanner.text(name, is: "content") || scanner.text(name, is: "parts") {
                try scanner.enterArray()
                while try scanner.nextElement() { try part(&message) }
            } else {
                try scanner.skip()
            }
        }
        if !hasRole { isDoubtful = true }
        if isResult, api == .chatCompletions { message.add(result: resultID) }
    }

    private func side(_ role: JSONText) -> PromptMessage.Side? {
        if scanner.text(role, is: "user") { return .user }
        if scanner.text(role, is: "assistant") || scanner.text(role, is: "model") { return .assistant }
        if scanner.text(role, is: "system") || scanner.text(role, is: "developer") { return .system }
        return scanner.text(role, is: "tool") || scanner.text(role, is: "function") ? .user : nil
    }

    /// Calls and results as parts: Anthropic's by type, Gemini's and Bedrock's by the name of a member.
    private mutating func part(_ message: inout PromptMessage) throws(JSONProblem) {
        guard try scanner.peek() == .object else {
            try scanner.skip()
            return
        }
        var (isCall, isResult) = (false, false)
        var (callID, resultID): ([UInt8]?, [UInt8]?)
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            let kind = try scanner.peek()
            if kind == .string {
                if scanner.text(name, is: "type") {
                    let type = try scanner.string()
                    isCall = isCall || scanner.text(type, is: "tool_use")
                    isResult = isResult || scanner.text(type, is: "tool_result")
                } else if scanner.text(name, is: "id") {
                    callID = plain(try scanner.string())
                } else if scanner.text(name, is: "tool_use_id") {
                    resultID = plain(try scanner.string())
                } else {
                    try scanner.skip()
                }
            } else if kind == .object {
                try member(name, &message)
            } else {
                try scanner.skip()
            }
        }
        if isCall { message.add(call: callID) }
        if isResult { message.add(result: resultID) }
    }

    private mutating func member(_ name: JSONText, _ message: inout PromptMessage) throws(JSONProblem) {
        if scanner.text(name, is: "toolUse") {
            message.add(call: try id(called: "toolUseId"))
        } else if scanner.text(name, is: "toolResult") {
            message.add(result: try id(called: "toolUseId"))
        } else if scanner.text(name, is: "functionCall") || scanner.text(name, is: "function_call") {
            message.add(call: try id(called: "id"))
        } else if scanner.text(name, is: "functionResponse") || scanner.text(name, is: "function_response") {
            message.add(result: try id(called: "id"))
        } else {
            try scanner.skip()
        }
    }

    /// The string that a member of the object that stands next has.
    private mutating func id(called wanted: StaticString) throws(JSONProblem) -> [UInt8]? {
        guard try scanner.peek() == .object else {
            isDoubtful = true
            try scanner.skip()
            return nil
        }
        var id: [UInt8]?
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            if scanner.text(name, is: wanted), try scanner.peek() == .string { id = plain(try scanner.string()) } else { try scanner.skip() }
        }
        return id
    }

    private func plain(_ text: JSONText) -> [UInt8] {
        var bytes: [UInt8] = []
        JSONEscapes.decode(text.range.of(body)) { bytes.append($0) }
        return bytes
    }

    // MARK: Items of the Responses API

    private mutating func item(_ message: inout PromptMessage) throws(JSONProblem) {
        var (type, role, id, call, request): ([UInt8]?, JSONText?, [UInt8]?, [UInt8]?, [UInt8]?)
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            guard try scanner.peek() == .string else {
                try scanner.skip()
                continue
            }
            let text = try scanner.string()
            if scanner.text(name, is: "type") {
                type = plain(text)
            } else if scanner.text(name, is: "role") {
                role = text
            } else if scanner.text(name, is: "id") {
                id = plain(text)
            } else if scanner.text(name, is: "call_id") {
                call = plain(text)
            } else if scanner.text(name, is: "approval_request_id") {
                request = plain(text)
            }
        }
        guard let type else { return place(&message, role) }
        switch String(decoding: type, as: UTF8.self) {
        case "message": place(&message, role)
        case "reasoning", "web_search_call", "file_search_call", "image_generation_call", "code_interpreter_call", "mcp_call":
            message.side = .assistant
        case "function_call", "custom_tool_call", "computer_call", "local_shell_call", "shell_call", "apply_patch_call":
            message.side = .assistant
            message.add(call: call)
        case "function_call_output", "custom_tool_call_output", "computer_call_output", "shell_call_output", "apply_patch_call_output":
            message.add(result: call)
        case "local_shell_call_output": message.add(result: call ?? id)
        case "mcp_approval_request":
            message.side = .assistant
            message.add(call: id)
        case "mcp_approval_response": message.add(result: request)
        case "mcp_list_tools", "compaction": message.side = .system
        default: isDoubtful = true
        }
    }

    private mutating func place(_ message: inout PromptMessage, _ role: JSONText?) {
        if let role, let side = side(role) { message.side = side } else { isDoubtful = true }
    }
}
