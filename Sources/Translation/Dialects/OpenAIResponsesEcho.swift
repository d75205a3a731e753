import Wire

/// What a response object repeats of its request, OpenAI's defaults where the request says nothing. Typed clients demand every member.
enum OpenAIResponsesEcho {
    static func of(_ conversation: Conversation) -> RequestEcho {
        var json = JSONWriter(capacity: 1_024)
        let own = conversation.responses ?? ResponsesMembers()
        json.member("background", own.background)
        number("frequency_penalty", conversation.sampling.frequencyPenalty, "0.0", &json)
        text("instructions", own.instructions, &json)
        number("max_output_tokens", conversation.maxTokens, "null", &json)
        number("max_tool_calls", own.maxToolCalls, "null", &json)
        number("metadata", conversation.metadata, "{}", &json)
        json.member("parallel_tool_calls", conversation.parallelTools ?? true)
        number("presence_penalty", conversation.sampling.presencePenalty, "0.0", &json)
        text("previous_response_id", own.previousResponseID, &json)
        text("prompt_cache_key", conversation.promptCacheKey, &json)
        reasoning(conversation.reasoning, &json)
        text("safety_identifier", conversation.safetyIdentifier, &json)
        json.member("store", conversation.store ?? true)
        number("temperature", conversation.sampling.temperature, "1.0", &json)
        format(conversation, &json)
        if let choice = own.toolChoice { json.member("tool_choice", choice) } else { json.member("tool_choice", word: "auto") }
        tools(conversation, &json)
        number("top_logprobs", conversation.topLogprobs, "0", &json)
        number("top_p", conversation.sampling.topP, "1.0", &json)
        if let truncation = own.truncation { json.member("truncation", truncation) } else { json.member("truncation", word: "disabled") }
        text("user", conversation.user, &json)
        var echo = RequestEcho()
        echo.members = json.bytes
        return echo
    }

    /// Of an answer whose request nobody told.
    static let ofNothing = of(Conversation())

    private static func text(_ name: StaticString, _ value: TextSlice?, _ json: inout JSONWriter) {
        json.name(name)
        if let value { json.string(value) } else { json.null() }
    }

    private static func number(_ name: StaticString, _ value: JSONSlice?, _ usual: StaticString, _ json: inout JSONWriter) {
        json.name(name)
        json.raw(value?.bytes ?? UnsafeRawBufferPointer(start: usual.utf8Start, count: usual.utf8CodeUnitCount))
    }

    private static func reasoning(_ wish: ReasoningWish?, _ json: inout JSONWriter) {
        json.name("reasoning")
        json.beginObject()
        text("effort", wish?.effort, &json)
        text("summary", wish?.summary, &json)
        json.endObject()
    }

    private static func format(_ conversation: Conversation, _ json: inout JSONWriter) {
        json.name("text")
        json.beginObject()
        json.name("format")
        json.beginObject()
        switch conversation.format {
        case nil, .text: json.member("type", word: "text")
        case .object: json.member("type", word: "json_object")
        case .schema(let schema):
            json.member("type", word: "json_schema")
            json.name("name")
            json.string(schema.name ?? TextSlice("answer"))
            text("description", schema.description, &json)
            json.member("schema", schema.schema)
            json.member("strict", schema.strict ?? false)
        }
        json.endObject()
        json.name("verbosity")
        json.string(conversation.verbosity ?? TextSlice("medium"))
        json.endObject()
    }

    private static func tools(_ conversation: Conversation, _ json: inout JSONWriter) {
        json.name("tools")
        json.beginArray()
        for tool in conversation.tools {
            if case .native(_, let whole) = tool.kind {
                json.value(whole)
                continue
            }
            json.beginObject()
            json.member("type", word: "function")
            json.member("name", tool.name)
            text("description", tool.description, &json)
            number("parameters", tool.schema, "null", &json)
            json.member("strict", tool.strict ?? true)
            json.endObject()
        }
        json.endArray()
    }
}
