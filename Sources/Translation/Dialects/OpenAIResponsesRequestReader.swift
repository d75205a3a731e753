import Routing
import Wire

/// Reads a request to `/v1/responses`.
struct OpenAIResponsesRequestReader {
    private var reader: SliceReader
    private let conversation = Conversation()
    private var members = ResponsesMembers()
    private var seen: UInt64 = 0

    static func read(_ body: UnsafeRawBufferPointer) throws(Malformed) -> Conversation {
        var reading = OpenAIResponsesRequestReader(reader: SliceReader(body))
        try reading.read()
        return reading.conversation
    }

    private init(reader: SliceReader) { self.reader = reader }

    private mutating func read() throws(Malformed) {
        try reader.enterObject()
        while let name = try reader.nextKey() {
            if let member = CallMember.of(name, in: reader.body) {
                if member.isOurs {
                    try reader.skip()
                    continue
                }
                try reader.once(name, Int(member.rawValue), &seen)
                if try known(member) { continue }
            }
            if try limits(name) { continue }
            if try wishes(name) { continue }
            if try ownMembers(name) { continue }
            if let other = try reader.other(name) { conversation.others.append(other) }
        }
        try reader.finish()
        reader.reportUnknown(to: conversation)
        if let instructions = members.instructions, !instructions.isEmpty {
            conversation.messages.insert(Message(.system, [.text(TextPart(instructions))]), at: 0)
        }
        conversation.responses = members
        conversation.api = .responses
    }

    /// Members that routing reads too. False: not for this dialect.
    private mutating func known(_ member: CallMember) throws(Malformed) -> Bool {
        switch member {
        case .model: try reader.skip()
        case .stream: conversation.stream = try reader.flag() ?? false
        case .streamOptions: try reader.skip()  // obfuscation of events, which ours have not
        case .input: try input()
        case .tools: try tools()
        case .user: conversation.user = try reader.text()
        case .promptCacheKey: conversation.promptCacheKey = try reader.text()
        case .metadata: conversation.metadata = try reader.object()
        case .store: conversation.store = try reader.flag()
        default: return false
        }
        return true
    }

    private mutating func limits(_ name: JSONText) throws(Malformed) -> Bool {
        if reader.says(name, "temperature") {
            conversation.sampling.temperature = try reader.number()
        } else if reader.says(name, "top_p") {
            conversation.sampling.topP = try reader.number()
        } else if reader.says(name, "frequency_penalty") {
            conversation.sampling.frequencyPenalty = try reader.number()
        } else if reader.says(name, "presence_penalty") {
            conversation.sampling.presencePenalty = try reader.number()
        } else if reader.says(name, "max_output_tokens") {
            conversation.maxTokens = try reader.number()
        } else if reader.says(name, "top_logprobs") {
            conversation.topLogprobs = try reader.number()
        } else {
            return false
        }
        return true
    }

    private mutating func wishes(_ name: JSONText) throws(Malformed) -> Bool {
        if reader.says(name, "instructions") {
            members.instructions = try reader.text()
        } else if reader.says(name, "tool_choice") {
            try toolChoice()
        } else if reader.says(name, "parallel_tool_calls") {
            conversation.parallelTools = try reader.flag()
        } else if reader.says(name, "reasoning") {
            try reasoning()
        } else if reader.says(name, "text") {
            try text()
        } else if reader.says(name, "service_tier") {
            conversation.serviceTier = try reader.text()
        } else if reader.says(name, "safety_identifier") {
            conversation.safetyIdentifier = try reader.text()
        } else if reader.says(name, "prompt_cache_retention") {
            conversation.promptCacheRetention = try reader.text()
        } else {
            return false
        }
        return true
    }

    private mutating func ownMembers(_ name: JSONText) throws(Malformed) -> Bool {
        if reader.says(name, "include") {
            try include(name)
        } else if reader.says(name, "truncation") {
            members.truncation = try reader.text()
            // `disabled` is what every other dialect does.
            if let truncation = members.truncation, !truncation.says("disabled") { report(name, truncation) }
        } else if reader.says(name, "max_tool_calls") {
            members.maxToolCalls = try reader.number()
            if let most = members.maxToolCalls { conversation.others.append((reader.slice(name), most)) }
        } else if reader.says(name, "previous_response_id") {
            members.previousResponseID = try reader.text()
            // Resolved before anybody translates, where answers are kept here.
            if let id = members.previousResponseID { report(name, id) }
        } else if reader.says(name, "background") {
            members.background = try reader.flag() ?? false
        } else if reader.says(name, "conversation") {
            try reader.skip()  // resolved before anybody translates
        } else {
            return false
        }
        return true
    }

    /// Writers of other dialects report it.
    private mutating func report(_ name: JSONText, _ text: TextSlice) {
        var json = JSONWriter()
        json.string(text)
        conversation.others.append((reader.slice(name), conversation.keep(json: json.bytes)))
    }

    private mutating func include(_ name: JSONText) throws(Malformed) {
        guard try reader.peek() != .null else {
            try reader.skip()
            return
        }
        var ahead = reader
        let whole = try ahead.skip()
        var hasOthers = false
        try reader.enterArray()
        while try reader.nextElement() {
            let wanted = try reader.requiredText()
            members.include.append(wanted)
            if wanted.says("message.output_text.logprobs") {
                conversation.logprobs = JSONSlice(TextSlice("true").bytes)
            } else if !wanted.says("reasoning.encrypted_content") {
                hasOthers = true
            }
        }
        if hasOthers { conversation.others.append((reader.slice(name), whole)) }
    }

    private mutating func reasoning() throws(Malformed) {
        guard try reader.peek() != .null else {
            try reader.skip()
            return
        }
        var wish = ReasoningWish()
        try reader.enterObject()
        while let name = try reader.nextKey() {
            if reader.says(name, "effort") {
                wish.effort = try reader.text()
            } else if reader.says(name, "summary") || reader.says(name, "generate_summary") {
                wish.summary = try reader.text() ?? wish.summary
            } else if let (name, value) = try reader.other(name) {
                conversation.others.append((conversation.keep("reasoning.\(name.string)"), value))
            }
        }
        conversation.reasoning = wish
    }

    private mutating func text() throws(Malformed) {
        guard try reader.peek() != .null else {
            try reader.skip()
            return
        }
        try reader.enterObject()
        while let name = try reader.nextKey() {
            if reader.says(name, "verbosity") {
                conversation.verbosity = try reader.text()
            } else if reader.says(name, "format"), try reader.peek() == .object {
                try format()
            } else if let (name, value) = try reader.other(name) {
                conversation.others.append((conversation.keep("text.\(name.string)"), value))
            }
        }
    }

    private mutating func format() throws(Malformed) {
        let start = reader.scanner.offset
        var type: TextSlice?
        var schema: JSONSlice?
        var described = ResponseFormat.Schema(schema: JSONSlice(UnsafeRawBufferPointer(start: nil, count: 0)))
        try reader.enterObject()
        while let name = try reader.nextKey() {
            if reader.says(name, "type") {
                type = try reader.requiredText()
            } else if reader.says(name, "name") {
                described.name = try reader.text()
            } else if reader.says(name, "description") {
                described.description = try reader.text()
            } else if reader.says(name, "schema") {
                schema = try reader.object()
            } else if reader.says(name, "strict") {
                described.strict = try reader.flag()
            } else {
                try reader.unknown(name)
            }
        }
        guard let type else { throw reader.wrong("an object with a `type`", at: start) }
        if type.says("json_schema") {
            guard let schema else { throw reader.wrong("an object with a `schema`", at: start) }
            described.schema = schema
            conversation.format = .schema(described)
        } else if type.says("json_object") {
            conversation.format = .object
        } else if type.says("text") {
            conversation.format = .text
        } else {
            throw reader.wrong("a format of type text, json_schema or json_object", at: start)
        }
    }

    private mutating func input() throws(Malformed) {
        if try reader.peek() == .string {
            conversation.messages.append(Message(.user, [.text(TextPart(try reader.requiredText()))]))
            return
        }
        guard try reader.peek() == .array else { throw reader.wrong("a string or an array of items") }
        try reader.enterArray()
        while try reader.nextElement() {
            var item = OpenAIResponsesItemReader(conversation)
            try item.read(&reader)
        }
    }

    private mutating func tools() throws(Malformed) {
        guard try reader.peek() != .null else {
            try reader.skip()
            return
        }
        try reader.enterArray()
        while try reader.nextElement() { try OpenAIResponsesTools.read(&reader, into: conversation) }
    }

    private mutating func toolChoice() throws(Malformed) {
        var ahead = reader
        members.toolChoice = try ahead.value()
        try OpenAIResponsesTools.readChoice(&reader, into: conversation)
    }
}
