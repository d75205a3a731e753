import Routing
import Wire

/// Writes a request to `/v1/responses`.
struct OpenAIResponsesRequestWriter {
    let conversation: Conversation
    let target: TranslationTarget
    var json = JSONWriter(capacity: 4_096)
    var loss = Loss()
    // Calls and results without ids are told apart by their order.
    var namelessCalls = 0
    var namelessResults = 0
    private var hasSeals = false

    init(_ conversation: Conversation, _ target: TranslationTarget) {
        (self.conversation, self.target) = (conversation, target)
    }

    /// The client speaks this dialect too: what only it has goes along.
    var isOwn: Bool { conversation.api == .responses }

    mutating func write() {
        json.beginObject()
        json.member("model", target.model)
        var messages = conversation.messages[...]
        if let instructions = conversation.responses?.instructions, !instructions.isEmpty, messages.first?.role == .system {
            json.member("instructions", instructions)
            messages = messages.dropFirst()
        }
        json.name("input")
        json.beginArray()
        for index in messages.indices { write(messages[index], index) }
        json.endArray()
        tools()
        toolChoice()
        if let parallel = conversation.parallelTools { json.member("parallel_tool_calls", parallel) }
        sampling()
        text()
        reasoning()
        include()
        rest()
        others()
        json.endObject()
    }

    /// Sealed thoughts of this provider are among the input.
    mutating func noteSeal() { hasSeals = true }

    // MARK: Tools

    private mutating func tools() {
        guard !conversation.tools.isEmpty else { return }
        json.name("tools")
        json.beginArray()
        for (index, tool) in conversation.tools.enumerated() {
            if case .native(_, let whole) = tool.kind {
                if isOwn { json.value(whole) } else { loss.lose("tools[\(index)]") }
                continue
            }
            json.beginObject()
            json.member("type", word: "function")
            json.member("name", tool.name)
            json.member("description", ifPresent: tool.description)
            json.name("parameters")
            if let schema = tool.schema { json.value(schema) } else { json.raw("{\"type\":\"object\",\"properties\":{}}") }
            // Here functions are strict unless they say otherwise, everywhere else it is the other way round.
            if let strict = tool.strict { json.member("strict", strict) } else if !isOwn { json.member("strict", false) }
            json.endObject()
            if tool.cache != nil { loss.lose("tools[\(index)].cache_control") }
        }
        json.endArray()
    }

    private mutating func toolChoice() {
        if isOwn, let choice = conversation.responses?.toolChoice {
            json.member("tool_choice", choice)
            return
        }
        guard let choice = conversation.toolChoice else { return }
        json.name("tool_choice")
        switch choice {
        case .auto: json.word("auto")
        case .none: json.word("none")
        case .required: json.word("required")
        case .named(let name): function(name)
        case .among(let names, let isRequired):
            json.beginObject()
            json.member("type", word: "allowed_tools")
            json.member("mode", word: isRequired ? "required" : "auto")
            json.name("tools")
            json.beginArray()
            for name in names { function(name) }
            json.endArray()
            json.endObject()
        }
    }

    private mutating func function(_ name: TextSlice) {
        json.beginObject()
        json.member("type", word: "function")
        json.member("name", name)
        json.endObject()
    }

    // MARK: How to answer

    private mutating func sampling() {
        let sampling = conversation.sampling
        json.member("temperature", ifPresent: sampling.temperature)
        json.member("top_p", ifPresent: sampling.topP)
        json.member("top_logprobs", ifPresent: conversation.topLogprobs)
        own("frequency_penalty", sampling.frequencyPenalty)
        own("presence_penalty", sampling.presencePenalty)
        lose("top_k", sampling.topK)
        lose("min_p", sampling.minP)
        lose("seed", sampling.seed)
        lose("logit_bias", sampling.logitBias)
        if !conversation.stops.isEmpty { loss.lose("stop") }
        if let choices = conversation.choices, !choices.bytes.says("1") { loss.lose("n") }
        if conversation.modalities.contains(where: { !$0.says("text") }) { loss.lose("modalities") }
        lose("audio", conversation.audio)
        maxTokens()
    }

    private mutating func maxTokens() {
        guard let most = conversation.maxTokens else { return }
        var scanner = JSONScanner(most.bytes)
        // A slice of a number is read without fail; one that is none goes on as it stands.
        if let count = try? scanner.number().integer, count < OpenAIResponses.fewestOutputTokens {
            json.member("max_output_tokens", OpenAIResponses.fewestOutputTokens)
            loss.lose("max_tokens")
        } else {
            json.member("max_output_tokens", most)
        }
    }

    private mutating func own(_ name: StaticString, _ value: JSONSlice?) {
        guard let value else { return }
        if isOwn { json.member(name, value) } else { loss.lose("\(name)") }
    }

    private mutating func lose(_ name: StaticString, _ value: JSONSlice?) {
        if value != nil { loss.lose("\(name)") }
    }

    private mutating func text() {
        guard conversation.format != nil || conversation.verbosity != nil else { return }
        json.name("text")
        json.beginObject()
        if let format = conversation.format {
            json.name("format")
            json.beginObject()
            switch format {
            case .text: json.member("type", word: "text")
            case .object: json.member("type", word: "json_object")
            case .schema(let schema):
                json.member("type", word: "json_schema")
                json.member("name", schema.name ?? TextSlice("answer"))
                json.member("description", ifPresent: schema.description)
                json.member("schema", schema.schema)
                if let strict = schema.strict { json.member("strict", strict) }
            }
            json.endObject()
        }
        json.member("verbosity", ifPresent: conversation.verbosity)
        json.endObject()
    }

    /// An effort stands for a budget where the client gave one: thresholds of OpenRouter's documentation (reasoning tokens,
    /// read 2026-11), whose efforts are 20, 50 and 80 % of an answer of 16,384 tokens.
    private mutating func reasoning() {
        guard let wish = conversation.reasoning else { return }
        var effort = wish.effort
        if let word = effort, word.says("dynamic") { effort = nil }
        if effort == nil, let budget = wish.budget {
            var scanner = JSONScanner(budget.bytes)
            let tokens = (try? scanner.number().integer) ?? -1  // no number: as if the client had not said it
            effort = tokens < 0 ? nil : tokens == 0 ? "minimal" : tokens < 4_096 ? "low" : tokens < 12_288 ? "medium" : "high"
        }
        if effort == nil, let isEnabled = wish.isEnabled {
            loss.lose("thinking")
            if !isEnabled { effort = "minimal" }
        }
        guard effort != nil || wish.summary != nil else { return }
        json.name("reasoning")
        json.beginObject()
        json.member("effort", ifPresent: effort)
        json.member("summary", ifPresent: wish.summary)
        json.endObject()
    }

    /// Thoughts are asked for in sealed form where the model thinks: without it they could not be given back. Models that do not
    /// think refuse the request for it (community.openai.com, "Encrypted content is not supported with this model").
    private mutating func include() {
        var wanted = conversation.responses?.include ?? []
        let sealed: StaticString = "reasoning.encrypted_content"
        let logprobs: StaticString = "message.output_text.logprobs"
        let thinks = conversation.reasoning?.effort != nil || conversation.reasoning?.budget != nil || hasSeals
        if thinks, target.origin == .openai || target.origin == .xai, !wanted.contains(where: { $0.says(sealed) }) {
            wanted.append(TextSlice(sealed))
        }
        if conversation.logprobs?.isTrue == true, !wanted.contains(where: { $0.says(logprobs) }) { wanted.append(TextSlice(logprobs)) }
        guard !wanted.isEmpty else { return }
        json.name("include")
        json.beginArray()
        for name in wanted { json.string(name) }
        json.endArray()
    }

    private mutating func rest() {
        json.member("metadata", ifPresent: conversation.metadata)
        json.member("user", ifPresent: conversation.user)
        json.member("safety_identifier", ifPresent: conversation.safetyIdentifier)
        json.member("prompt_cache_key", ifPresent: conversation.promptCacheKey)
        json.member("prompt_cache_retention", ifPresent: conversation.promptCacheRetention)
        json.member("service_tier", ifPresent: conversation.serviceTier)
        // OpenAI keeps answers unless told not to; the client must have asked for that.
        json.member("store", conversation.store == true)
        if conversation.stream { json.member("stream", true) }
    }

    private mutating func others() {
        for (name, value) in conversation.others {
            let text = name.string
            guard isOwn, !text.contains(".") else {
                loss.lose(text)
                continue
            }
            if text == "include" || text == "tool_choice" { continue }  // written above
            json.key(text)
            json.value(value)
        }
    }
}

extension TextSlice: ExpressibleByStringLiteral {
    public init(stringLiteral value: StaticString) { self.init(value) }
}
