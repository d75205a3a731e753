import Wire

/// Writes the body of a Converse request. Model and streaming are in its path.
struct BedrockConverseRequestWriter {
    private let conversation: Conversation
    private let target: TranslationTarget
    private let model: ClaudeModel
    private var writer: JSONWriter
    private var loss: Loss

    static func write(_ conversation: Conversation, to target: TranslationTarget, loss: inout Loss) throws(Malformed) -> [UInt8] {
        var writing = BedrockConverseRequestWriter(
            conversation: conversation, target: target, model: ClaudeModel(target.model), writer: JSONWriter(capacity: 4_096), loss: loss)
        try writing.request()
        loss = writing.loss
        return writing.writer.bytes
    }

    /// Amazon's own models, which say some things in their own way.
    private var isNova: Bool { target.model.contains("amazon.nova") }
    /// Cache points are refused by models other than these (Bedrock's user guide, prompt caching, read 2026-11).
    private var takesCachePoints: Bool { model.isClaude || isNova }

    private mutating func request() throws(Malformed) {
        let turns = Turn.all(of: conversation, alternates: true, liftsSystem: true)
        let thinks = AnthropicMessagesWriter(conversation, target).startsWithThoughts(turns)
        let thinking = model.isClaude ? AnthropicThinking(conversation, target, startsWithThoughts: thinks, loss: &loss) : nil
        var messages = BedrockConverseWriter(conversation, target, takesCachePoints: takesCachePoints)
        writer.beginObject()
        messages.system(into: &writer, &loss)
        try messages.write(turns, into: &writer, &loss)
        inference(thinking)
        tools(thinking)
        format()
        additional(thinking)
        rest()
        writer.endObject()
    }

    // MARK: Limits and sampling

    private mutating func inference(_ thinking: AnthropicThinking?) {
        let sampling = thinking?.sampling(conversation.sampling, model, &loss) ?? conversation.sampling
        let isEmpty =
            conversation.maxTokens == nil && sampling.temperature == nil && sampling.topP == nil && conversation.stops.isEmpty
        guard !isEmpty else { return }
        writer.name("inferenceConfig")
        writer.beginObject()
        writer.member("maxTokens", ifPresent: conversation.maxTokens)
        writer.member("temperature", ifPresent: sampling.temperature)
        writer.member("topP", ifPresent: sampling.topP)
        if !conversation.stops.isEmpty {
            writer.name("stopSequences")
            writer.beginArray()
            for stop in conversation.stops { writer.string(stop) }
            writer.endArray()
        }
        writer.endObject()
    }

    // MARK: Tools

    /// `none` has no form: the tools are left out, unless the history calls some.
    private mutating func tools(_ thinking: AnthropicThinking?) {
        let called = conversation.calledNames()
        var isNone = false
        if case .some(.none) = conversation.toolChoice { isNone = true }
        guard !called.isEmpty || !conversation.tools.isEmpty && !isNone else { return }
        if isNone, !conversation.tools.isEmpty { loss.lose("tool_choice") }
        writer.name("toolConfig")
        writer.beginObject()
        writer.name("tools")
        writer.beginArray()
        if conversation.tools.isEmpty {
            // "The toolConfig field must be defined when using toolUse and toolResult content blocks."
            for name in called { write(Tool(name: name), 0) }
        }
        var allowed: [TextSlice]?
        if case .among(let names, _) = conversation.toolChoice { allowed = names }
        for (index, tool) in conversation.tools.enumerated() {
            if let allowed, case .function = tool.kind, !allowed.contains(where: { $0.string == tool.name.string }) { continue }
            write(tool, index)
        }
        writer.endArray()
        choice(thinking)
        writer.endObject()
    }

    private mutating func write(_ tool: Tool, _ index: Int) {
        if case .native(_, let whole) = tool.kind {
            if conversation.api == .converse { writer.value(whole) } else { loss.lose("tools[\(index)]") }
            return
        }
        writer.beginObject()
        writer.name("toolSpec")
        writer.beginObject()
        writer.member("name", tool.name)
        if let description = tool.description, !description.isEmpty { writer.member("description", description) }
        writer.name("inputSchema")
        writer.beginObject()
        writer.name("json")
        if let schema = tool.schema { writer.value(schema) } else { AnthropicMessagesWriter.emptySchema(into: &writer) }
        writer.endObject()
        if let strict = tool.strict {
            if model.isClaude, model.takesSchema {
                writer.name("strict")
                writer.bool(strict)
            } else if strict {
                loss.lose("tools[\(index)].strict")
            }
        }
        writer.endObject()
        writer.endObject()
        guard let cache = tool.cache else { return }
        if takesCachePoints { writer.cachePoint(cache) } else { loss.lose("tools[\(index)].cache_control") }
    }

    private mutating func choice(_ thinking: AnthropicThinking?) {
        guard !conversation.tools.isEmpty else {
            switch conversation.toolChoice {
            case .required, .named, .among(_, isRequired: true): loss.lose("tool_choice")
            default: return
            }
            return
        }
        switch conversation.toolChoice {
        case nil, .some(.none): return
        case .required, .named, .among(_, isRequired: true):
            if let thinking, !thinking.isForced { return loss.lose("tool_choice") }
        default: break
        }
        writer.name("toolChoice")
        writer.beginObject()
        switch conversation.toolChoice {
        case .named(let name):
            writer.name("tool")
            writer.beginObject()
            writer.member("name", name)
        case .required, .among(_, isRequired: true):
            writer.name("any")
            writer.beginObject()
        default:
            writer.name("auto")
            writer.beginObject()
        }
        writer.endObject()
        writer.endObject()
    }

    // MARK: Format

    private mutating func format() {
        switch conversation.format {
        case .schema(let format):
            guard !model.isClaude || model.takesSchema else { return loss.lose("response_format") }
            writer.name("outputConfig")
            writer.beginObject()
            writer.name("textFormat")
            writer.beginObject()
            writer.member("type", word: "json_schema")
            writer.name("structure")
            writer.beginObject()
            writer.name("jsonSchema")
            writer.beginObject()
            writer.name("schema")
            writer.escaping(format.schema.bytes)
            writer.member("name", ifPresent: format.name)
            writer.member("description", ifPresent: format.description)
            writer.endObject()
            writer.endObject()
            writer.endObject()
            writer.endObject()
        case .object: loss.lose("response_format")
        case .text, nil: break
        }
    }

    // MARK: Past Converse

    /// Members that go to the model as they are, in its own dialect.
    private mutating func additional(_ thinking: AnthropicThinking?) {
        var fields = JSONWriter()
        if let thinking {
            claude(thinking, into: &fields)
        } else {
            if conversation.parallelTools == false { loss.lose("parallel_tool_calls") }
            reasoning(into: &fields)
            if let topK = conversation.sampling.topK {
                if isNova {
                    fields.name("inferenceConfig")
                    fields.beginObject()
                    fields.member("topK", topK)
                    fields.endObject()
                } else {
                    loss.lose("top_k")
                }
            }
        }
        guard !fields.bytes.isEmpty else { return }
        writer.name("additionalModelRequestFields")
        writer.beginObject()
        fields.bytes.withUnsafeBytes { writer.raw($0) }
        writer.endObject()
    }

    private mutating func claude(_ thinking: AnthropicThinking, into fields: inout JSONWriter) {
        if thinking.mode != .unsaid {
            fields.name("thinking")
            thinking.write(summary: conversation.reasoning?.summary, into: &fields)
        }
        if let effort = thinking.effort {
            fields.name("output_config")
            fields.beginObject()
            fields.member("effort", effort)
            fields.endObject()
        }
        fields.member("top_k", ifPresent: thinking.sampling(conversation.sampling, model, &loss).topK)
        // Converse has no place for it. Claude's own choice of tools has, of which `toolChoice` says the rest.
        if conversation.parallelTools == false, !conversation.tools.isEmpty {
            switch conversation.toolChoice {
            case nil, .auto, .among(_, isRequired: false):
                fields.name("tool_choice")
                fields.beginObject()
                fields.member("type", word: "auto")
                fields.name("disable_parallel_tool_use")
                fields.bool(true)
                fields.endObject()
            default: loss.lose("parallel_tool_calls")
            }
        }
    }

    /// OpenAI's open models take an effort by its own name (Bedrock's user guide, OpenAI models, read 2026-11), Qwen's in
    /// `reasoning_config` (recorded).
    private mutating func reasoning(into fields: inout JSONWriter) {
        guard let wish = conversation.reasoning else { return }
        if let summary = wish.summary, wish.isOn != false, !summary.says("none") { loss.lose("reasoning.summary") }
        guard let effort = wish.effortWord else {
            if wish.isEnabled == true { loss.lose("thinking") }
            return
        }
        let isRelayed = target.model.contains("openai.")
        guard isRelayed || target.model.contains("qwen."), !effort.says("none") else {
            return loss.lose(conversation.reasoning?.effort == nil ? "thinking" : "reasoning_effort")
        }
        if isRelayed { fields.name("reasoning_effort") } else { fields.name("reasoning_config") }
        switch effort.string {
        case "minimal": fields.word("low")
        case "xhigh", "max": fields.word("high")
        default: fields.string(effort)
        }
    }

    private mutating func rest() {
        if let tier = conversation.serviceTier {
            switch tier.string {
            case "default", "priority", "flex", "reserved":
                writer.name("serviceTier")
                writer.beginObject()
                writer.member("type", tier)
                writer.endObject()
            case "auto": break
            default: loss.lose("service_tier")
            }
        }
        if let metadata = conversation.metadata, metadata.bytes.count > 2 { writer.member("requestMetadata", metadata) }
        conversation.loseWishes(.converse, &loss)
        for other in conversation.others {
            let name = other.name.string
            if conversation.api == .converse, !name.contains(where: { $0 == "." || $0 == "[" }) {
                writer.key(name)
                writer.value(other.value)
            } else {
                loss.lose(name)
            }
        }
    }
}

extension JSONWriter {
    mutating func cachePoint(_ cache: CacheMark) {
        beginObject()
        name("cachePoint")
        beginObject()
        member("type", word: "default")
        member("ttl", ifPresent: cache.ttl)
        endObject()
        endObject()
    }
}

extension Conversation {
    /// Functions that the history calls, each once.
    func calledNames() -> [TextSlice] {
        var names: [TextSlice] = []
        for message in messages where message.role == .assistant {
            for case .toolCall(let call) in message.parts where !names.contains(where: { $0.string == call.name.string }) {
                names.append(call.name)
            }
        }
        return names
    }
}
