import Wire

extension GeminiRequestReader {
    mutating func generationConfig() throws(Malformed) {
        if try reader.peek() == .null {
            try reader.skip()
            return
        }
        var mime: TextSlice?
        var schema: JSONSlice?
        try reader.enterObject()
        while let name = try reader.nextKey() {
            if try sampling(name) { continue }
            if try limits(name) { continue }
            if says(name, "responseMimeType", "response_mime_type") {
                mime = try reader.text()
            } else if says(name, "responseSchema", "response_schema") {
                if let value = try reader.object() { schema = GeminiSchema.standard(value, conversation) }
            } else if says(name, "responseJsonSchema", "response_json_schema") || reader.says(name, "_responseJsonSchema") {
                schema = try reader.value() ?? schema
            } else if says(name, "thinkingConfig", "thinking_config") {
                try thinking()
            } else if says(name, "responseModalities", "response_modalities") {
                try modalities()
            } else {
                try keepOther("generationConfig.", name)
            }
        }
        guard let mime else {
            if let schema { conversation.format = .schema(ResponseFormat.Schema(schema: schema)) }
            return
        }
        if mime.says("application/json") {
            conversation.format = schema.map { .schema(ResponseFormat.Schema(schema: $0)) } ?? .object
        } else if mime.says("text/plain") {
            conversation.format = .text
        } else {  // text/x.enum
            var json = JSONWriter()
            json.string(mime)
            conversation.others.append((TextSlice("generationConfig.responseMimeType"), conversation.keep(json: json.bytes)))
            if let schema { conversation.others.append((TextSlice("generationConfig.responseJsonSchema"), schema)) }
        }
    }

    /// Whether the member was one of these, which then is read.
    private mutating func sampling(_ name: JSONText) throws(Malformed) -> Bool {
        if reader.says(name, "temperature") {
            conversation.sampling.temperature = try reader.number()
        } else if says(name, "topP", "top_p") {
            conversation.sampling.topP = try reader.number()
        } else if says(name, "topK", "top_k") {
            conversation.sampling.topK = try reader.number()
        } else if reader.says(name, "seed") {
            conversation.sampling.seed = try reader.number()
        } else if says(name, "presencePenalty", "presence_penalty") {
            conversation.sampling.presencePenalty = try reader.number()
        } else if says(name, "frequencyPenalty", "frequency_penalty") {
            conversation.sampling.frequencyPenalty = try reader.number()
        } else {
            return false
        }
        return true
    }

    private mutating func limits(_ name: JSONText) throws(Malformed) -> Bool {
        if says(name, "maxOutputTokens", "max_output_tokens") {
            conversation.maxTokens = try reader.number()
        } else if says(name, "candidateCount", "candidate_count") {
            conversation.choices = try reader.number()
        } else if says(name, "stopSequences", "stop_sequences") {
            try texts(&conversation.stops)
        } else if says(name, "responseLogprobs", "response_logprobs") {
            conversation.logprobs = try reader.flag().map { conversation.keep(json: Array(($0 ? "true" : "false").utf8)) }
        } else if reader.says(name, "logprobs") {
            conversation.topLogprobs = try reader.number()
        } else {
            return false
        }
        return true
    }

    private mutating func thinking() throws(Malformed) {
        if try reader.peek() == .null {
            try reader.skip()
            return
        }
        var wish = ReasoningWish()
        try reader.enterObject()
        while let name = try reader.nextKey() {
            if says(name, "thinkingBudget", "thinking_budget") {
                wish.budget = try reader.number()
            } else if says(name, "thinkingLevel", "thinking_level") {
                if let level = try reader.text(), !level.says("THINKING_LEVEL_UNSPECIFIED") {
                    wish.effort = conversation.keep(level.string.lowercased())
                }
            } else if says(name, "includeThoughts", "include_thoughts") {
                if try reader.flag() == true { wish.summary = TextSlice("auto") }
            } else {
                try keepOther("generationConfig.thinkingConfig.", name)
            }
        }
        conversation.reasoning = wish
    }

    /// `TEXT`, `IMAGE`, `AUDIO`. Text alone is what every model answers anyway.
    private mutating func modalities() throws(Malformed) {
        var said: [TextSlice] = []
        try texts(&said)
        conversation.modalities = said.filter { !$0.says("MODALITY_UNSPECIFIED") }.map { conversation.keep($0.string.lowercased()) }
        if conversation.modalities.count == 1, conversation.modalities[0].says("text") { conversation.modalities = [] }
    }
}
