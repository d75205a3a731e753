import Wire

extension GeminiRequestWriter {
    mutating func generationConfig() {
        json.name("generationConfig")
        json.beginObject()
        sampling()
        json.member("maxOutputTokens", ifPresent: conversation.maxTokens)
        json.member("candidateCount", ifPresent: conversation.choices)
        if !conversation.stops.isEmpty {
            json.name("stopSequences")
            json.beginArray()
            for stop in conversation.stops { json.string(stop) }
            json.endArray()
        }
        json.member("responseLogprobs", ifPresent: conversation.logprobs)
        json.member("logprobs", ifPresent: conversation.topLogprobs)
        format()
        modalities()
        thinking()
        members(ownMembers("generationConfig.").filter { !$0.name.contains(".") })
        json.endObject()
    }

    private mutating func sampling() {
        let sampling = conversation.sampling
        json.member("temperature", ifPresent: sampling.temperature)
        json.member("topP", ifPresent: sampling.topP)
        json.member("topK", ifPresent: sampling.topK)
        json.member("seed", ifPresent: sampling.seed)
        json.member("presencePenalty", ifPresent: sampling.presencePenalty)
        json.member("frequencyPenalty", ifPresent: sampling.frequencyPenalty)
        if sampling.minP != nil { loss.lose("min_p") }
        if sampling.logitBias != nil { loss.lose("logit_bias") }
    }

    private mutating func format() {
        switch conversation.format {
        case nil: break
        case .text: json.member("responseMimeType", word: "text/plain")
        case .object: json.member("responseMimeType", word: "application/json")
        case .schema(let format):
            json.member("responseMimeType", word: "application/json")
            json.member("responseJsonSchema", format.schema)
            if format.description != nil { loss.lose("response_format.json_schema.description") }
        }
    }

    private mutating func modalities() {
        if conversation.audio != nil { loss.lose("audio") }  // voices are other ones
        let known = conversation.modalities.compactMap { modality -> StaticString? in
            if modality.says("text") { return "TEXT" }
            if modality.says("image") { return "IMAGE" }
            return modality.says("audio") ? "AUDIO" : nil
        }
        if known.count < conversation.modalities.count { loss.lose("modalities") }
        guard !known.isEmpty else { return }
        json.name("responseModalities")
        json.beginArray()
        for modality in known { json.word(modality) }
        json.endArray()
    }

    // MARK: Thinking

    private mutating func thinking() {
        guard let wish = conversation.reasoning else { return }
        json.name("thinkingConfig")
        json.beginObject()
        let isOff = wish.isEnabled == false || wish.effort?.says("none") == true
        if generation == .levelled, let effort = wish.effort, !isOff {
            level(effort)
        } else if let budget = wish.budget, !isOff {
            json.member("thinkingBudget", budget)
        } else if isOff {
            off()
        } else if let effort = wish.effort {
            budget(effort)
        } else if wish.isEnabled == true, generation == .budgeted {
            json.name("thinkingBudget")
            json.number(-1)
        }
        if let summary = wish.summary {
            json.name("includeThoughts")
            json.bool(!StaticString.among(["none", "omitted"], summary))
        } else if wish.isEnabled == true {
            json.name("includeThoughts")
            json.bool(true)
        }
        json.endObject()
    }

    /// Models from 3 on cannot stop thinking altogether (Gemini API, "Thinking", read 2026-11).
    private mutating func off() {
        guard generation == .levelled else {
            json.name("thinkingBudget")
            json.number(0)
            return
        }
        json.member("thinkingLevel", word: target.model.contains("flash") ? "MINIMAL" : "LOW")
        loss.lose("reasoning_effort")
    }

    private mutating func level(_ effort: TextSlice) {
        if effort.says("minimal") {
            json.member("thinkingLevel", word: target.model.contains("flash") ? "MINIMAL" : "LOW")  // Pro has no MINIMAL
        } else if effort.says("low") {
            json.member("thinkingLevel", word: "LOW")
        } else if effort.says("medium") {
            json.member("thinkingLevel", word: "MEDIUM")
        } else if effort.says("high") {
            json.member("thinkingLevel", word: "HIGH")
        } else if effort.says("xhigh") || effort.says("max") {
            json.member("thinkingLevel", word: "HIGH")
            loss.lose("reasoning_effort")
        } else if !effort.says("dynamic") {
            loss.lose("reasoning_effort")
        }
    }

    /// Google's own table for `reasoning_effort` ("OpenAI compatibility", read 2026-11).
    private mutating func budget(_ effort: TextSlice) {
        let tokens: Int
        if effort.says("minimal") || effort.says("low") {
            tokens = 1_024
        } else if effort.says("medium") {
            tokens = 8_192
        } else if StaticString.among(["high", "xhigh", "max"], effort) {
            tokens = 24_576
            if !effort.says("high") { loss.lose("reasoning_effort") }
        } else if effort.says("dynamic") {
            tokens = -1
        } else {
            loss.lose("reasoning_effort")
            return
        }
        json.name("thinkingBudget")
        json.number(tokens)
    }
}
