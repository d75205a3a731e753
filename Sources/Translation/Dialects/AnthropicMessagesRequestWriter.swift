import Wire

/// Writes a request to a provider of Anthropic's dialect.
struct AnthropicMessagesRequestWriter {
    private let conversation: Conversation
    private let target: TranslationTarget
    private let model: ClaudeModel
    /// For `/v1/messages/count_tokens`: only what counts as input.
    private let isCount: Bool
    private var writer: JSONWriter
    private var loss: Loss

    static func write(
        _ conversation: Conversation, to target: TranslationTarget, isCount: Bool, loss: inout Loss
    ) throws(Malformed) -> [UInt8] {
        var writing = AnthropicMessagesRequestWriter(
            conversation: conversation, target: target, model: ClaudeModel(target.model), isCount: isCount,
            writer: JSONWriter(capacity: 4_096), loss: loss)
        try writing.request()
        loss = writing.loss
        return writing.writer.bytes
    }

    private mutating func request() throws(Malformed) {
        let turns = Turn.all(of: conversation, alternates: false, liftsSystem: conversation.api != .messages)
        var messages = AnthropicMessagesWriter(conversation, target)
        let thinking = AnthropicThinking(
            conversation, target, startsWithThoughts: messages.startsWithThoughts(turns), loss: &loss)
        writer.beginObject()
        writer.name("model")
        writer.string(target.model)
        if !isCount { limits(thinking) }
        system(messages)
        try messages.write(turns, into: &writer, &loss)
        tools(thinking)
        say(thinking)
        output(thinking)
        if !isCount { sampling(thinking) }
        rest()
        writer.endObject()
    }

    private mutating func limits(_ thinking: AnthropicThinking) {
        writer.name("max_tokens")
        if let limit = conversation.maxTokens {
            writer.value(limit)
        } else {
            writer.number(thinking.maxTokens ?? target.maxOutputTokens.map(Int64.init) ?? AnthropicThinking.usualMaxTokens)
        }
        guard conversation.stream else { return }
        writer.name("stream")
        writer.bool(true)
    }

    /// A single text is written as a string.
    private mutating func system(_ messages: AnthropicMessagesWriter) {
        var parts: [(Part, Int, Int)] = []
        var hasBegun = false
        for (index, message) in conversation.messages.enumerated() {
            guard message.role == .system || message.role == .developer else {
                hasBegun = true
                continue
            }
            if hasBegun, conversation.api == .messages { continue }
            for (at, part) in message.parts.enumerated() { parts.append((part, index, at)) }
        }
        guard !parts.isEmpty else { return }
        if parts.count == 1, case .text(let part) = parts[0].0, part.cache == nil {
            if !part.text.isEmpty { writer.member("system", part.text) }
            return
        }
        writer.name("system")
        writer.beginArray()
        for (part, index, at) in parts {
            if case .text(let text) = part {
                messages.text(text, into: &writer)
            } else {
                loss.lose("messages[\(index)].content[\(at)]")
            }
        }
        writer.endArray()
    }

    // MARK: Tools

    private mutating func tools(_ thinking: AnthropicThinking) {
        var names: [TextSlice]?
        if case .among(let allowed, _) = conversation.toolChoice { names = allowed }
        if !conversation.tools.isEmpty {
            writer.name("tools")
            writer.beginArray()
            for (index, tool) in conversation.tools.enumerated() {
                // There is no list of allowed tools here: what is not allowed is not offered.
                if let names, case .function = tool.kind, !names.contains(where: { $0.string == tool.name.string }) { continue }
                write(tool, index)
            }
            writer.endArray()
        }
        choice(thinking)
    }

    private mutating func write(_ tool: Tool, _ index: Int) {
        if case .native(_, let whole) = tool.kind {
            if conversation.api == .messages || conversation.api == .countTokens { writer.value(whole) } else { loss.lose("tools[\(index)]") }
            return
        }
        writer.beginObject()
        writer.member("name", tool.name)
        writer.member("description", ifPresent: tool.description)
        writer.name("input_schema")
        if let schema = tool.schema { writer.value(schema) } else { AnthropicMessagesWriter.emptySchema(into: &writer) }
        if let strict = tool.strict {
            if model.takesSchema {
                writer.name("strict")
                writer.bool(strict)
            } else if strict {
                loss.lose("tools[\(index)].strict")
            }
        }
        if let cache = tool.cache { writer.mark(cache) }
        writer.endObject()
    }

    private mutating func choice(_ thinking: AnthropicThinking) {
        let hasTools = !conversation.tools.isEmpty
        guard hasTools else {
            switch conversation.toolChoice {
            case .required, .named, .among(_, isRequired: true): loss.lose("tool_choice")
            default: break
            }
            return
        }
        guard conversation.toolChoice != nil || conversation.parallelTools == false else { return }
        writer.name("tool_choice")
        writer.beginObject()
        var takesParallel = true
        switch conversation.toolChoice {
        case nil, .auto, .among(_, isRequired: false): writer.member("type", word: "auto")
        case .some(.none):
            writer.member("type", word: "none")
            takesParallel = false
        case .required, .among, .named:
            if !thinking.isForced {
                loss.lose("tool_choice")
                writer.member("type", word: "auto")
            } else if case .named(let name) = conversation.toolChoice {
                writer.member("type", word: "tool")
                writer.member("name", name)
            } else {
                writer.member("type", word: "any")
            }
        }
        if takesParallel, let parallel = conversation.parallelTools {
            writer.name("disable_parallel_tool_use")
            writer.bool(!parallel)
        }
        writer.endObject()
    }

    // MARK: Thinking, format, sampling

    private mutating func say(_ thinking: AnthropicThinking) {
        guard thinking.mode != .unsaid else { return }
        writer.name("thinking")
        thinking.write(summary: conversation.reasoning?.summary, into: &writer)
    }

    private mutating func output(_ thinking: AnthropicThinking) {
        var schema: JSONSlice?
        switch conversation.format {
        case .schema(let format):
            if model.takesSchema { schema = format.schema } else { loss.lose("response_format") }
            if format.description != nil { loss.lose("response_format.json_schema.description") }
        case .object: loss.lose("response_format")
        case .text, nil: break
        }
        guard schema != nil || thinking.effort != nil else { return }
        writer.name("output_config")
        writer.beginObject()
        writer.member("effort", ifPresent: thinking.effort)
        if let schema {
            writer.name("format")
            writer.beginObject()
            writer.member("type", word: "json_schema")
            writer.member("schema", schema)
            writer.endObject()
        }
        writer.endObject()
    }

    private mutating func sampling(_ thinking: AnthropicThinking) {
        let sampling = thinking.sampling(conversation.sampling, model, &loss)
        writer.member("temperature", ifPresent: sampling.temperature)
        writer.member("top_p", ifPresent: sampling.topP)
        writer.member("top_k", ifPresent: sampling.topK)
        let stops = conversation.stops.filter { stop in
            // "each stop sequence must contain non-whitespace"
            let isBlank = stop.string.allSatisfy(\.isWhitespace)
            if isBlank { loss.lose("stop") }
            return !isBlank
        }
        if !stops.isEmpty {
            writer.name("stop_sequences")
            writer.beginArray()
            for stop in stops { writer.string(stop) }
            writer.endArray()
        }
        if let tier = conversation.serviceTier { say(tier) }
        if conversation.user != nil, conversation.safetyIdentifier != nil { loss.lose("safety_identifier") }
        if let user = conversation.user ?? conversation.safetyIdentifier {
            writer.name("metadata")
            writer.beginObject()
            writer.member("user_id", user)
            writer.endObject()
        }
    }

    private mutating func say(_ tier: TextSlice) {
        switch tier.string {
        case "auto", "priority": writer.member("service_tier", word: "auto")
        case "default", "standard", "standard_only": writer.member("service_tier", word: "standard_only")
        default: loss.lose("service_tier")
        }
    }

    private mutating func rest() {
        conversation.loseWishes(.anthropic, &loss)
        for other in conversation.others {
            let name = other.name.string
            if conversation.api == .messages, !isCount, !name.contains(where: { $0 == "." || $0 == "[" }) {
                writer.key(name)
                writer.value(other.value)
            } else {
                loss.lose(name)
            }
        }
    }
}
