import Routing
import Wire

/// Reads a request to `/v1/chat/completions`, with the members that OpenAI-compatible providers have added.
struct OpenAIChatRequestReader {
    private var reader: SliceReader
    private let conversation = Conversation()
    private var seen: UInt64 = 0
    /// The deprecated pair `functions` and `function_call` was used: results name the function and have no id.
    private var legacyCalls = 0

    static func read(_ body: UnsafeRawBufferPointer) throws(Malformed) -> Conversation {
        var reading = OpenAIChatRequestReader(reader: SliceReader(body))
        reading.conversation.api = .chatCompletions
        try reading.members()
        return reading.conversation
    }

    private init(reader: SliceReader) { self.reader = reader }

    private mutating func members() throws(Malformed) {
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
            if try sampling(name) { continue }
            if try choice(name) { continue }
            if try wishes(name) { continue }
            if let other = try reader.other(name) { conversation.others.append(other) }
        }
        try reader.finish()
        reader.reportUnknown(to: conversation)
        guard seen & (1 << UInt64(CallMember.messages.rawValue)) != 0 else {
            throw Malformed(offset: 0, message: "`messages` must be given", member: "messages")
        }
    }

    /// Members that routing reads too. False: not for chats.
    private mutating func known(_ member: CallMember) throws(Malformed) -> Bool {
        switch member {
        case .model: try reader.skip()
        case .stream: conversation.stream = try reader.flag() ?? false
        case .streamOptions: try streamOptions()
        case .maxTokens, .maxCompletionTokens: conversation.maxTokens = try reader.number() ?? conversation.maxTokens
        case .choices: conversation.choices = try reader.number()
        case .messages: try messages()
        case .tools: try tools()
        case .functions: try functions()
        case .responseFormat: try responseFormat()
        case .reasoningEffort: if let effort = try reader.text() { wish { $0.effort = effort } }
        case .modalities: try texts { $0.modalities.append($1) }
        case .user: conversation.user = try reader.text()
        case .promptCacheKey: conversation.promptCacheKey = try reader.text()
        case .metadata: conversation.metadata = try reader.object()
        case .store: conversation.store = try reader.flag()
        default: return false
        }
        return true
    }

    private mutating func sampling(_ name: JSONText) throws(Malformed) -> Bool {
        if reader.says(name, "temperature") {
            conversation.sampling.temperature = try reader.number()
        } else if reader.says(name, "top_p") {
            conversation.sampling.topP = try reader.number()
        } else if reader.says(name, "top_k") {
            conversation.sampling.topK = try reader.number()
        } else if reader.says(name, "min_p") {
            conversation.sampling.minP = try reader.number()
        } else if reader.says(name, "seed") || reader.says(name, "random_seed") {  // Mistral's name
            conversation.sampling.seed = try reader.number()
        } else if reader.says(name, "frequency_penalty") {
            conversation.sampling.frequencyPenalty = try reader.number()
        } else if reader.says(name, "presence_penalty") {
            conversation.sampling.presencePenalty = try reader.number()
        } else if reader.says(name, "logit_bias") {
            conversation.sampling.logitBias = try reader.object()
        } else if reader.says(name, "logprobs") {
            conversation.logprobs = try reader.value()
        } else if reader.says(name, "top_logprobs") {
            conversation.topLogprobs = try reader.number()
        } else if reader.says(name, "stop") {
            if try reader.peek() == .array { try texts { $0.stops.append($1) } } else if let stop = try reader.text() { conversation.stops = [stop] }
        } else {
            return false
        }
        return true
    }

    private mutating func choice(_ name: JSONText) throws(Malformed) -> Bool {
        if reader.says(name, "tool_choice") {
            try toolChoice()
        } else if reader.says(name, "function_call") {
            try functionChoice()
        } else if reader.says(name, "parallel_tool_calls") {
            conversation.parallelTools = try reader.flag()
        } else {
            return false
        }
        return true
    }

    private mutating func wishes(_ name: JSONText) throws(Malformed) -> Bool {
        if reader.says(name, "service_tier") {
            conversation.serviceTier = try reader.text()
        } else if reader.says(name, "verbosity") {
            conversation.verbosity = try reader.text()
        } else if reader.says(name, "prompt_cache_retention") {
            conversation.promptCacheRetention = try reader.text()
        } else if reader.says(name, "safety_identifier") {
            conversation.safetyIdentifier = try reader.text()
        } else if reader.says(name, "audio") {
            conversation.audio = try reader.object()
        } else if reader.says(name, "reasoning"), try reader.peek() == .object {
            try openRouterReasoning()
        } else if reader.says(name, "thinking"), try reader.peek() == .object {
            try thinking()
        } else {
            return false
        }
        return true
    }

    private func wish(_ change: (inout ReasoningWish) -> Void) {
        var wish = conversation.reasoning ?? ReasoningWish()
        change(&wish)
        conversation.reasoning = wish
    }

    /// OpenRouter's `reasoning: {effort, max_tokens, enabled, exclude}` (openrouter.ai/docs, reasoning tokens, read 2026-11).
    private mutating func openRouterReasoning() throws(Malformed) {
        var reasoning = conversation.reasoning ?? ReasoningWish()
        try reader.enterObject()
        while let name = try reader.nextKey() {
            if reader.says(name, "effort") {
                reasoning.effort = try reader.text() ?? reasoning.effort
            } else if reader.says(name, "max_tokens") {
                reasoning.budget = try reader.number()
            } else if reader.says(name, "enabled") {
                reasoning.isEnabled = try reader.flag()
            } else if reader.says(name, "exclude") {
                if try reader.flag() == true { reasoning.summary = TextSlice("none") }
            } else {
                try reader.unknown(name)
            }
        }
        conversation.reasoning = reasoning
    }

    /// `thinking: {type, budget_tokens}`, as DeepSeek, Z.ai and users of LiteLLM write it.
    private mutating func thinking() throws(Malformed) {
        var reasoning = conversation.reasoning ?? ReasoningWish()
        try reader.enterObject()
        while let name = try reader.nextKey() {
            if reader.says(name, "type") {
                if let type = try reader.text() { reasoning.isEnabled = !type.says("disabled") }
            } else if reader.says(name, "budget_tokens") {
                reasoning.budget = try reader.number()
            } else {
                try reader.unknown(name)
            }
        }
        conversation.reasoning = reasoning
    }

    private mutating func streamOptions() throws(Malformed) {
        conversation.wantsUsage = false
        guard try reader.peek() == .object else {
            try reader.skip()
            return
        }
        try reader.enterObject()
        while let name = try reader.nextKey() {
            if reader.says(name, "include_usage") { conversation.wantsUsage = try reader.flag() ?? false } else { try reader.unknown(name) }
        }
    }

    private mutating func texts(_ add: (Conversation, TextSlice) -> Void) throws(Malformed) {
        guard try reader.peek() != .null else {
            try reader.skip()
            return
        }
        try reader.enterArray()
        while try reader.nextElement() { add(conversation, try reader.requiredText()) }
    }

    // MARK: Tools and format

    private mutating func tools() throws(Malformed) {
        guard try reader.peek() != .null else {
            try reader.skip()
            return
        }
        try reader.enterArray()
        while try reader.nextElement() {
            guard try reader.peek() == .object else { throw reader.wrong("an object") }
            let start = reader.scanner.offset
            var ahead = reader
            let whole = try ahead.skip()
            var type: TextSlice?
            var tool = Tool(name: .empty)
            try reader.enterObject()
            while let name = try reader.nextKey() {
                if reader.says(name, "type") {
                    type = try reader.text()
                } else if reader.says(name, "function"), try reader.peek() == .object {
                    try function(&tool)
                } else if reader.says(name, "cache_control") {
                    tool.cache = try cacheMark()
                } else {
                    try reader.unknown(name)
                }
            }
            if let type, !type.says("function") {
                tool.kind = .native(type: type, whole)
            } else if tool.name.isEmpty {
                throw reader.wrong("a tool with a `function` that has a `name`", at: start)
            }
            conversation.tools.append(tool)
        }
    }

    private mutating func functions() throws(Malformed) {
        guard try reader.peek() != .null else {
            try reader.skip()
            return
        }
        try reader.enterArray()
        while try reader.nextElement() {
            var tool = Tool(name: .empty)
            try function(&tool)
            conversation.tools.append(tool)
        }
    }

    private mutating func function(_ tool: inout Tool) throws(Malformed) {
        try reader.enterObject()
        while let name = try reader.nextKey() {
            if reader.says(name, "name") {
                tool.name = try reader.requiredText()
            } else if reader.says(name, "description") {
                tool.description = try reader.text()
            } else if reader.says(name, "parameters") {
                tool.schema = try reader.object()
            } else if reader.says(name, "strict") {
                tool.strict = try reader.flag()
            } else {
                try reader.unknown(name)
            }
        }
    }

    private mutating func toolChoice() throws(Malformed) {
        guard try reader.peek() == .object else {
            guard let word = try reader.text() else { return }
            conversation.toolChoice = word.says("none") ? ToolChoice.none : word.says("required") || word.says("any") ? .required : .auto
            return
        }
        var named: TextSlice?
        var among: [TextSlice]?
        var isRequired = false
        try reader.enterObject()
        while let name = try reader.nextKey() {
            if reader.says(name, "function") {
                named = try functionName()
            } else if reader.says(name, "allowed_tools"), try reader.peek() == .object {
                var allowed: [TextSlice] = []
                try allowedTools(&allowed, &isRequired)
                among = allowed
            } else {
                try reader.unknown(name)
            }
        }
        if let among {
            conversation.toolChoice = .among(among, isRequired: isRequired)
        } else if let named {
            conversation.toolChoice = .named(named)
        }
    }

    private mutating func allowedTools(_ allowed: inout [TextSlice], _ isRequired: inout Bool) throws(Malformed) {
        try reader.enterObject()
        while let name = try reader.nextKey() {
            if reader.says(name, "mode") {
                isRequired = try reader.text()?.says("required") ?? false
            } else if reader.says(name, "tools") {
                try reader.enterArray()
                while try reader.nextElement() {
                    try reader.enterObject()
                    while let inner = try reader.nextKey() {
                        if reader.says(inner, "function"), let name = try functionName() { allowed.append(name) } else { try reader.unknown(inner) }
                    }
                }
            } else {
                try reader.unknown(name)
            }
        }
    }

    private mutating func functionName() throws(Malformed) -> TextSlice? {
        var found: TextSlice?
        try reader.enterObject()
        while let name = try reader.nextKey() {
            if reader.says(name, "name") { found = try reader.text() } else { try reader.unknown(name) }
        }
        return found
    }

    private mutating func functionChoice() throws(Malformed) {
        if try reader.peek() == .object {
            if let name = try functionName() { conversation.toolChoice = .named(name) }
        } else if let word = try reader.text() {
            conversation.toolChoice = word.says("none") ? ToolChoice.none : .auto
        }
    }

    private mutating func responseFormat() throws(Malformed) {
        guard try reader.peek() != .null else {
            try reader.skip()
            return
        }
        var type: TextSlice?
        var schema: JSONSlice?
        var described = ResponseFormat.Schema(schema: JSONSlice(UnsafeRawBufferPointer(start: nil, count: 0)))
        try reader.enterObject()
        while let name = try reader.nextKey() {
            if reader.says(name, "type") {
                type = try reader.requiredText()
            } else if reader.says(name, "json_schema"), try reader.peek() == .object {
                try reader.enterObject()
                while let inner = try reader.nextKey() {
                    if reader.says(inner, "name") {
                        described.name = try reader.text()
                    } else if reader.says(inner, "description") {
                        described.description = try reader.text()
                    } else if reader.says(inner, "schema") {
                        schema = try reader.object()
                    } else if reader.says(inner, "strict") {
                        described.strict = try reader.flag()
                    } else {
                        try reader.unknown(inner)
                    }
                }
            } else {
                try reader.unknown(name)
            }
        }
        guard let type else { return }
        if type.says("json_object") {
            conversation.format = .object
        } else if type.says("json_schema"), let schema {
            described.schema = schema
            conversation.format = .schema(described)
        } else if type.says("text") {
            conversation.format = .text
        }
    }

    // MARK: Messages

    private mutating func messages() throws(Malformed) {
        try reader.enterArray()
        while try reader.nextElement() {
            var reading = OpenAIChatMessageReader(conversation, legacyCalls: legacyCalls)
            try reading.read(&reader)
            legacyCalls = reading.legacyCalls
        }
    }

    private mutating func cacheMark() throws(Malformed) -> CacheMark? { try reader.cacheMark() }
}

extension SliceReader {
    /// Anthropic's `cache_control: {type: ephemeral, ttl}`, which other dialects have taken over.
    mutating func cacheMark() throws(Malformed) -> CacheMark? {
        guard try peek() != .null else {
            try skip()
            return nil
        }
        var mark = CacheMark()
        try enterObject()
        while let name = try nextKey() {
            if says(name, "ttl") { mark.ttl = try text() } else { try skip() }
        }
        return mark
    }
}
