import Wire

struct CohereRequestWriter {
    let conversation: Conversation
    let target: TranslationTarget
    var json = JSONWriter(capacity: 8_192)
    var loss: Loss
    /// Text documents stand apart from the messages.
    private var documents: [(media: Media, text: TextSlice)] = []

    init(_ conversation: Conversation, _ target: TranslationTarget, _ loss: Loss) {
        (self.conversation, self.target, self.loss) = (conversation, target, loss)
    }

    mutating func write() throws(Malformed) {
        json.beginObject()
        json.member("model", target.model)
        json.name("stream")
        json.bool(conversation.stream)
        json.name("messages")
        json.beginArray()
        for (index, message) in conversation.messages.enumerated() { try write(message, index) }
        json.endArray()
        writeDocuments()
        tools()
        sampling()
        format()
        thinking()
        lost()
        json.endObject()
    }

    // MARK: Messages

    private mutating func write(_ message: Message, _ index: Int) throws(Malformed) {
        switch message.role {
        case .tool:
            for (place, part) in message.parts.enumerated() {
                if case .toolResult(let result) = part { write(result, index) } else { loss.lose("messages[\(index)].content[\(place)]") }
            }
        case .assistant: try assistant(message, index)
        case .system, .developer, .user:
            json.beginObject()
            json.member("role", word: message.role == .user ? "user" : "system")
            json.name("content")
            json.beginArray()
            for (place, part) in message.parts.enumerated() { write(part, "messages[\(index)].content[\(place)]") }
            json.endArray()
            json.endObject()
        }
        if message.name != nil { loss.lose("messages[\(index)].name") }
        for other in message.others { loss.lose("messages[\(index)].\(other.name.string)") }
    }

    private mutating func write(_ part: Part, _ path: String) {
        switch part {
        case .text(let text):
            if text.cache != nil { loss.lose("\(path).cache_control") }
            block(text.text)
        case .media(let media): write(media, path)
        default: loss.lose(path)
        }
    }

    private mutating func block(_ text: TextSlice) {
        json.beginObject()
        json.member("type", word: "text")
        json.member("text", text)
        json.endObject()
    }

    private mutating func write(_ media: Media, _ path: String) {
        if media.cache != nil { loss.lose("\(path).cache_control") }
        switch (media.kind, media.source) {
        case (.image, .url(let url)): image(media) { $0.appendText(url) }
        case (.image, .base64(let data)):
            image(media) { json in
                json.appendPlain("data:")
                if let type = media.type { json.appendText(type) } else { json.appendPlain("image/jpeg") }
                json.appendPlain(";base64,")
                json.appendText(data)
            }
        case (.document, .text(let text)): documents.append((media, text))
        default: loss.lose(path)
        }
    }

    private mutating func image(_ media: Media, _ url: (inout JSONWriter) -> Void) {
        json.beginObject()
        json.member("type", word: "image_url")
        json.name("image_url")
        json.beginObject()
        json.name("url")
        json.beginString()
        url(&json)
        json.endString()
        json.member("detail", ifPresent: media.detail)
        json.endObject()
        json.endObject()
    }

    /// Thoughts go back where they came from: beside calls as `tool_plan`, else as thinking.
    private mutating func assistant(_ message: Message, _ index: Int) throws(Malformed) {
        let hasCalls = message.parts.contains { if case .toolCall = $0 { true } else { false } }
        json.beginObject()
        json.member("role", word: "assistant")
        var isOpen = false
        func open(_ json: inout JSONWriter) {
            guard !isOpen else { return }
            json.name("content")
            json.beginArray()
            isOpen = true
        }
        for (place, part) in message.parts.enumerated() {
            let path = "messages[\(index)].content[\(place)]"
            switch part {
            case .text(let text):
                guard !text.text.isEmpty else { continue }
                open(&json)
                write(part, path)
            case .refusal(let text):
                loss.lose("messages[\(index)].refusal")
                guard !text.isEmpty else { continue }
                open(&json)
                block(text)
            case .reasoning(let reasoning):
                guard !hasCalls, !reasoning.text.isEmpty else { continue }
                open(&json)
                json.beginObject()
                json.member("type", word: "thinking")
                json.member("thinking", reasoning.text)
                json.endObject()
            case .toolCall: continue
            case .media, .native, .toolResult: loss.lose(path)
            }
        }
        if isOpen { json.endArray() }
        if hasCalls {
            plan(message)
            try calls(message, index)
        }
        json.endObject()
    }

    private mutating func plan(_ message: Message) {
        var isOpen = false
        for case .reasoning(let reasoning) in message.parts where !reasoning.text.isEmpty {
            if !isOpen {
                json.name("tool_plan")
                json.beginString()
                isOpen = true
            }
            json.appendText(reasoning.text)
        }
        if isOpen { json.endString() }
    }

    private mutating func calls(_ message: Message, _ index: Int) throws(Malformed) {
        json.name("tool_calls")
        json.beginArray()
        for (place, part) in message.parts.enumerated() {
            guard case .toolCall(let call) = part else { continue }
            if call.cache != nil { loss.lose("messages[\(index)].content[\(place)].cache_control") }
            json.beginObject()
            if let id = call.id { json.member("id", id) } else { json.member("id", "call_\(index)_\(place)") }
            json.member("type", word: "function")
            json.name("function")
            json.beginObject()
            json.member("name", call.name)
            json.name("arguments")
            if call.arguments.isEmpty { json.word("{}") } else { json.string(call.arguments) }
            json.endObject()
            json.endObject()
        }
        json.endArray()
    }

    private mutating func write(_ result: ToolResult, _ index: Int) {
        if result.isError { loss.lose("messages[\(index)].is_error") }
        if result.cache != nil { loss.lose("messages[\(index)].cache_control") }
        json.beginObject()
        json.member("role", word: "tool")
        json.member("tool_call_id", result.id ?? .empty)
        json.name("content")
        json.beginArray()
        if let object = result.object {
            json.beginObject()
            json.member("type", word: "document")
            json.name("document")
            json.beginObject()
            json.member("data", object)
            json.endObject()
            json.endObject()
        }
        for (place, part) in result.parts.enumerated() {
            let path = "messages[\(index)].content[\(place)]"
            if case .text = part { write(part, path) } else { loss.lose(path) }
        }
        json.endArray()
        json.endObject()
    }

    private mutating func writeDocuments() {
        guard !documents.isEmpty else { return }
        json.name("documents")
        json.beginArray()
        for document in documents {
            json.beginObject()
            json.name("data")
            json.beginObject()
            json.member("title", ifPresent: document.media.name)
            json.member("context", ifPresent: document.media.context)
            json.member("text", document.text)
            json.endObject()
            json.endObject()
        }
        json.endArray()
    }

    // MARK: Tools

    /// Choosing among some tools is offering only those.
    private mutating func tools() {
        var only: [TextSlice]?
        switch conversation.toolChoice {
        case nil, .auto?: break
        case .required?: json.member("tool_choice", word: "REQUIRED")
        case ToolChoice.none?: json.member("tool_choice", word: "NONE")
        case .named(let name)?:
            json.member("tool_choice", word: "REQUIRED")
            only = [name]
        case .among(let names, let isRequired)?:
            if isRequired { json.member("tool_choice", word: "REQUIRED") }
            only = names
        }
        var isStrict = false
        var isLoose = false
        var isOpen = false
        for (index, tool) in conversation.tools.enumerated() {
            guard case .function = tool.kind else {
                loss.lose("tools[\(index)]")
                continue
            }
            if let only, !only.contains(where: { $0.same(as: tool.name) }) { continue }
            if !isOpen {
                json.name("tools")
                json.beginArray()
                isOpen = true
            }
            if tool.strict == true { isStrict = true } else { isLoose = true }
            if tool.cache != nil { loss.lose("tools[\(index)].cache_control") }
            write(tool)
        }
        guard isOpen else { return }
        json.endArray()
        if isStrict, !isLoose {
            json.name("strict_tools")
            json.bool(true)
        } else if isStrict {
            loss.lose("tools[0].strict")  // it is for all tools or for none
        }
    }

    private mutating func write(_ tool: Tool) {
        json.beginObject()
        json.member("type", word: "function")
        json.name("function")
        json.beginObject()
        json.member("name", tool.name)
        json.member("description", ifPresent: tool.description)
        json.member("parameters", ifPresent: tool.schema)
        json.endObject()
        json.endObject()
    }

    // MARK: The rest

    private mutating func sampling() {
        let sampling = conversation.sampling
        json.member("max_tokens", ifPresent: conversation.maxTokens)
        json.member("temperature", ifPresent: sampling.temperature)
        json.member("p", ifPresent: sampling.topP)
        json.member("k", ifPresent: sampling.topK)
        json.member("seed", ifPresent: sampling.seed)
        json.member("frequency_penalty", ifPresent: sampling.frequencyPenalty)
        json.member("presence_penalty", ifPresent: sampling.presencePenalty)
        json.member("logprobs", ifPresent: conversation.logprobs)
        if sampling.minP != nil { loss.lose("min_p") }
        if sampling.logitBias != nil { loss.lose("logit_bias") }
        guard !conversation.stops.isEmpty else { return }
        json.name("stop_sequences")
        json.beginArray()
        for stop in conversation.stops { json.string(stop) }
        json.endArray()
    }

    private mutating func format() {
        guard let format = conversation.format else { return }
        json.name("response_format")
        json.beginObject()
        switch format {
        case .text: json.member("type", word: "text")
        case .object: json.member("type", word: "json_object")
        case .schema(let format):
            json.member("type", word: "json_object")
            json.member("json_schema", format.schema)
            if format.description != nil { loss.lose("response_format.json_schema.description") }
        }
        json.endObject()
    }

    private mutating func thinking() {
        guard let wish = conversation.reasoning else { return }
        let isOff = wish.isEnabled == false || wish.effort?.says("none") == true || wish.budget?.bytes.says("0") == true
        guard isOff || wish.isEnabled == true || wish.effort != nil || wish.budget != nil else { return }
        json.name("thinking")
        json.beginObject()
        json.member("type", word: isOff ? "disabled" : "enabled")
        if !isOff, let budget = wish.budget, budget.bytes.first != UInt8(ascii: "-") { json.member("token_budget", budget) }
        if !isOff, wish.budget == nil, let effort = wish.effort { budget(effort) }
        json.endObject()
    }

    /// Tokens by Google's table for the same words ("OpenAI compatibility", read 2026-11); without a number there is no bound.
    private mutating func budget(_ effort: TextSlice) {
        if effort.says("minimal") || effort.says("low") {
            json.member("token_budget", 1_024)
        } else if effort.says("medium") {
            json.member("token_budget", 8_192)
        } else if !StaticString.among(["high", "xhigh", "max", "dynamic"], effort) {
            loss.lose("reasoning_effort")
        }
    }

    private mutating func lost() {
        if let choices = conversation.choices, !choices.bytes.says("1") { loss.lose("n") }
        if conversation.topLogprobs != nil { loss.lose("top_logprobs") }
        if conversation.parallelTools == false { loss.lose("parallel_tool_calls") }
        if conversation.user != nil { loss.lose("user") }
        if conversation.metadata != nil { loss.lose("metadata") }
        if let tier = conversation.serviceTier, !tier.says("auto") { loss.lose("service_tier") }
        if conversation.promptCacheKey != nil { loss.lose("prompt_cache_key") }
        if conversation.promptCacheRetention != nil { loss.lose("prompt_cache_retention") }
        if conversation.safetyIdentifier != nil { loss.lose("safety_identifier") }
        if conversation.verbosity != nil { loss.lose("verbosity") }
        if conversation.store == true { loss.lose("store") }
        if conversation.audio != nil { loss.lose("audio") }
        if conversation.modalities.contains(where: { !$0.says("text") }) { loss.lose("modalities") }
        for other in conversation.others { loss.lose(other.name.string) }
    }
}

extension JSONWriter {
    /// More of the string that was begun.
    mutating func appendText(_ text: TextSlice) {
        if text.form == .quoted { appendQuoted(text.bytes) } else { appendEscaping(text.bytes) }
    }

    /// More of the string that was begun: ASCII that needs no escape.
    mutating func appendPlain(_ text: StaticString) {
        appendQuoted(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }
}
