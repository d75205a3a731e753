import Wire

/// Writes a request to a provider of OpenAI's chat dialect.
struct OpenAIChatRequestWriter {
    private let conversation: Conversation
    private let target: TranslationTarget
    private var writer: JSONWriter
    private var loss: Loss

    static func write(_ conversation: Conversation, to target: TranslationTarget, loss: inout Loss) -> [UInt8] {
        var writing = OpenAIChatRequestWriter(conversation: conversation, target: target, writer: JSONWriter(capacity: 4_096), loss: loss)
        writing.request()
        loss = writing.loss
        return writing.writer.bytes
    }

    private var quirks: ChatQuirks { target.quirks }

    private mutating func request() {
        writer.beginObject()
        writer.name("model")
        writer.string(target.model)
        messages()
        limits()
        sampling()
        tools()
        format()
        reasoning()
        rest()
        writer.endObject()
    }

    private mutating func messages() {
        writer.name("messages")
        writer.beginArray()
        var messages = OpenAIChatMessageWriter(conversation, target)
        for index in conversation.messages.indices { messages.write(index, into: &writer, &loss) }
        writer.endArray()
        guard conversation.isUnfinished, quirks.contains(.continueFinal) else { return }
        writer.name("continue_final_message")
        writer.bool(true)
        writer.name("add_generation_prompt")
        writer.bool(false)
    }

    private mutating func limits() {
        if let limit = conversation.maxTokens {
            if quirks.contains(.maxTokens) { writer.member("max_tokens", limit) } else { writer.member("max_completion_tokens", limit) }
        }
        writer.member("n", ifPresent: conversation.choices)
        guard conversation.stream else { return }
        writer.name("stream")
        writer.bool(true)
        guard !quirks.contains(.noStreamOptions) else { return }
        // Usage is always asked for: it is what is billed.
        writer.name("stream_options")
        writer.beginObject()
        writer.name("include_usage")
        writer.bool(true)
        writer.endObject()
    }

    private mutating func sampling() {
        let sampling = conversation.sampling
        writer.member("temperature", ifPresent: sampling.temperature)
        writer.member("top_p", ifPresent: sampling.topP)
        if quirks.contains(.topK) {
            writer.member("top_k", ifPresent: sampling.topK)
            writer.member("min_p", ifPresent: sampling.minP)
        } else {
            if sampling.topK != nil { loss.lose("top_k") }
            if sampling.minP != nil { loss.lose("min_p") }
        }
        if quirks.contains(.randomSeed) {
            writer.member("random_seed", ifPresent: sampling.seed)
        } else {
            writer.member("seed", ifPresent: sampling.seed)
        }
        writer.member("frequency_penalty", ifPresent: sampling.frequencyPenalty)
        writer.member("presence_penalty", ifPresent: sampling.presencePenalty)
        unusual("logit_bias", sampling.logitBias)
        unusual("logprobs", conversation.logprobs)
        unusual("top_logprobs", conversation.topLogprobs)
        guard !conversation.stops.isEmpty else { return }
        writer.name("stop")
        writer.beginArray()
        for stop in conversation.stops { writer.string(stop) }
        writer.endArray()
    }

    /// A member that not every provider takes.
    private mutating func unusual(_ name: StaticString, _ value: JSONSlice?) {
        guard let value else { return }
        if quirks.contains(.fewMembers) { loss.lose("\(name)") } else { writer.member(name, value) }
    }

    private mutating func unusual(_ name: StaticString, _ value: TextSlice?) {
        guard let value else { return }
        if quirks.contains(.fewMembers) { loss.lose("\(name)") } else { writer.member(name, value) }
    }

    // MARK: Tools

    private mutating func tools() {
        let functions = conversation.tools.contains { if case .function = $0.kind { true } else { false } }
        if functions {
            writer.name("tools")
            writer.beginArray()
        }
        var names: [TextSlice]?
        if !takesAllowedTools, case .among(let allowed, _) = conversation.toolChoice { names = allowed }
        for (index, tool) in conversation.tools.enumerated() {
            // Where there is no list of allowed tools, what is not allowed is not offered.
            if let names, case .function = tool.kind, !names.contains(where: { $0.string == tool.name.string }) { continue }
            if case .native = tool.kind { loss.lose("tools[\(index)]") } else { write(tool, index) }
        }
        guard functions else { return }
        writer.endArray()
        if let choice = conversation.toolChoice { write(choice) }
        guard let parallel = conversation.parallelTools else { return }
        if quirks.contains(.noParallelSwitch) {
            loss.lose("parallel_tool_calls")
        } else {
            writer.name("parallel_tool_calls")
            writer.bool(parallel)
        }
    }

    private mutating func write(_ tool: Tool, _ index: Int) {
        writer.beginObject()
        writer.member("type", word: "function")
        writer.name("function")
        writer.beginObject()
        writer.member("name", tool.name)
        writer.member("description", ifPresent: tool.description)
        writer.member("parameters", ifPresent: tool.schema)
        if let strict = tool.strict {
            if !quirks.contains(.noStrictTools) {
                writer.name("strict")
                writer.bool(strict)
            } else if strict {
                loss.lose("tools[\(index)].strict")
            }
        }
        writer.endObject()
        if let cache = tool.cache {
            if quirks.contains(.cacheControl) { writer.mark(cache) } else { loss.lose("tools[\(index)].cache_control") }
        }
        writer.endObject()
    }

    private var takesAllowedTools: Bool { target.provider == "openai" || target.provider == "azure" }

    private mutating func write(_ choice: ToolChoice) {
        writer.name("tool_choice")
        switch choice {
        case .auto: writer.word("auto")
        case .none: writer.word("none")
        case .required: required()
        case .named(let name):
            writer.beginObject()
            writer.member("type", word: "function")
            writer.name("function")
            writer.beginObject()
            writer.member("name", name)
            writer.endObject()
            writer.endObject()
        case .among(let names, let isRequired):
            guard takesAllowedTools else {
                if isRequired { required() } else { writer.word("auto") }
                return
            }
            allowed(names, isRequired)
        }
    }

    private mutating func required() {
        if quirks.contains(.choiceAny) { writer.word("any") } else { writer.word("required") }
    }

    private mutating func allowed(_ names: [TextSlice], _ isRequired: Bool) {
        writer.beginObject()
        writer.member("type", word: "allowed_tools")
        writer.name("allowed_tools")
        writer.beginObject()
        if isRequired { writer.member("mode", word: "required") } else { writer.member("mode", word: "auto") }
        writer.name("tools")
        writer.beginArray()
        for name in names {
            writer.beginObject()
            writer.member("type", word: "function")
            writer.name("function")
            writer.beginObject()
            writer.member("name", name)
            writer.endObject()
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        writer.endObject()
    }

    // MARK: Format, reasoning, the rest

    private mutating func format() {
        guard let format = conversation.format else { return }
        writer.name("response_format")
        writer.beginObject()
        switch format {
        case .text: writer.member("type", word: "text")
        case .object: writer.member("type", word: "json_object")
        case .schema(let schema):
            writer.member("type", word: "json_schema")
            writer.name("json_schema")
            writer.beginObject()
            // A name is demanded; dialects without one do not give any.
            writer.member("name", schema.name ?? TextSlice("response"))
            writer.member("description", ifPresent: schema.description)
            if let strict = schema.strict {
                writer.name("strict")
                writer.bool(strict)
            }
            writer.member("schema", schema.schema)
            writer.endObject()
        }
        writer.endObject()
    }

    private mutating func reasoning() {
        guard let wish = conversation.reasoning else { return }
        if quirks.contains(.reasoningDetails) {
            openRouter(wish)
            return
        }
        if quirks.contains(.thinkingSwitch), let isOn = wish.isOn {
            writer.name("thinking")
            writer.beginObject()
            if isOn { writer.member("type", word: "enabled") } else { writer.member("type", word: "disabled") }
            writer.endObject()
        }
        let shows = !quirks.isDisjoint(with: [.reasoningContent, .thinkingParts])
        if let summary = wish.summary, summary.says("none") == shows { loss.lose("reasoning.summary") }
        guard let effort = wish.effortWord else {
            if wish.isEnabled == true, !quirks.contains(.thinkingSwitch) { loss.lose("thinking") }
            return
        }
        if quirks.contains(.noEffort) {
            if !quirks.contains(.thinkingSwitch) { loss.lose("reasoning_effort") }
        } else {
            writer.member("reasoning_effort", effort)
        }
        if wish.effort == nil, wish.budget != nil { loss.lose("thinking.budget_tokens") }
    }

    private mutating func openRouter(_ wish: ReasoningWish) {
        writer.name("reasoning")
        writer.beginObject()
        if let budget = wish.budget, wish.effort == nil {
            writer.member("max_tokens", budget)
        } else {
            writer.member("effort", ifPresent: wish.effort)
        }
        if let isEnabled = wish.isEnabled, wish.effort == nil, wish.budget == nil {
            writer.name("enabled")
            writer.bool(isEnabled)
        }
        if wish.summary?.says("none") == true {
            writer.name("exclude")
            writer.bool(true)
        }
        writer.endObject()
    }

    private mutating func rest() {
        unusual("user", conversation.user)
        unusual("metadata", conversation.metadata)
        unusual("service_tier", conversation.serviceTier)
        unusual("prompt_cache_key", conversation.promptCacheKey)
        unusual("prompt_cache_retention", conversation.promptCacheRetention)
        unusual("safety_identifier", conversation.safetyIdentifier)
        unusual("verbosity", conversation.verbosity)
        unusual("audio", conversation.audio)
        if let store = conversation.store {
            if !quirks.contains(.fewMembers) {
                writer.name("store")
                writer.bool(store)
            } else if store {
                loss.lose("store")
            }
        }
        modalities()
        for other in conversation.others { loss.lose(other.name.string) }
    }

    private mutating func modalities() {
        let wanted = conversation.modalities
        guard !wanted.isEmpty else { return }
        guard !quirks.contains(.fewMembers) else {
            if wanted.contains(where: { !$0.says("text") }) { loss.lose("modalities") }
            return
        }
        writer.name("modalities")
        writer.beginArray()
        for modality in wanted { writer.string(modality) }
        writer.endArray()
    }
}

extension JSONWriter {
    mutating func mark(_ cache: CacheMark) {
        name("cache_control")
        beginObject()
        member("type", word: "ephemeral")
        member("ttl", ifPresent: cache.ttl)
        endObject()
    }
}

extension ReasoningWish {
    /// Whether thinking is asked for at all; nil: nothing was said.
    public var isOn: Bool? {
        if let isEnabled { return isEnabled }
        if let effort { return !effort.says("none") }
        return budget.map { !$0.bytes.says("0") }
    }

    /// The effort in OpenAI's words. A budget becomes one by the bounds that Google documents for its own translation of efforts
    /// (ai.google.dev, OpenAI compatibility: low 1,024, medium 8,192, high 24,576 tokens; read 2026-11).
    public var effortWord: TextSlice? {
        if let effort { return effort }
        if isEnabled == false { return TextSlice("none") }
        guard let tokens = budget?.integer else { return nil }
        return switch tokens {
        case ..<0: nil
        case 0: TextSlice("none")
        case ..<4_096: TextSlice("low")
        case ..<16_384: TextSlice("medium")
        default: TextSlice("high")
        }
    }
}
