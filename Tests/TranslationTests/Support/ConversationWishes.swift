import Wire

@testable import Translation

/// The members of a request apart from messages and tools, as facts.
struct ConversationWishes {
    private(set) var facts: [ConversationFacts.Fact] = []

    init(_ conversation: Conversation) {
        let sampling = conversation.sampling
        add("temperature", sampling.temperature)
        add("top_p", sampling.topP)
        add("top_k", sampling.topK)
        add("min_p", sampling.minP)
        add("seed", sampling.seed)
        add("frequency_penalty", sampling.frequencyPenalty)
        add("presence_penalty", sampling.presencePenalty)
        add("logit_bias", sampling.logitBias)
        add("logprobs", conversation.logprobs)
        add("top_logprobs", conversation.topLogprobs, or: "logprobs")
        add("max_tokens", conversation.maxTokens)
        add("n", conversation.choices?.bytes.says("1") == true ? nil : conversation.choices)
        add("metadata", conversation.metadata)
        add("audio", conversation.audio)
        for stop in conversation.stops { add("stop", stop) }
        // Dialects with one name for the user take either.
        let users = [conversation.user, conversation.safetyIdentifier].compactMap { $0 }
        if let user = users.first { add("user", user, or: "safety_identifier") }
        if users.count == 2 { add("safety_identifier", users[1]) }
        if let tier = conversation.serviceTier, !tier.says("auto") { add("service_tier", tier.says("standard") ? "default" : tier) }
        add("prompt_cache_key", conversation.promptCacheKey)
        add("prompt_cache_retention", conversation.promptCacheRetention)
        add("verbosity", conversation.verbosity)
        if conversation.store == true { facts.append(.init(text: "store", place: nil, names: ["store"])) }
        for modality in conversation.modalities where !modality.says("text") { add("modalities", modality) }
        if conversation.stream { facts.append(.init(text: "stream", place: nil, names: [])) }
        // A schema's name is a label: dialects that demand none have none.
        format(conversation.format)
        reasoning(conversation.reasoning)
    }

    private mutating func add(_ name: String, _ value: JSONSlice?, or other: String? = nil) {
        guard let value, !value.bytes.says("false") else { return }
        facts.append(.init(text: "\(name) \(String(decoding: value.bytes, as: UTF8.self))", place: nil, names: [name, other ?? name]))
    }

    private mutating func add(_ name: String, _ value: TextSlice?, or other: String? = nil) {
        if let value { facts.append(.init(text: "\(name) \(value.string)", place: nil, names: [name, other ?? name])) }
    }

    private mutating func format(_ format: ResponseFormat?) {
        func add(_ text: String, _ name: String) {
            facts.append(.init(text: "format \(text)", place: nil, names: ["response_format", "response_format.json_schema.\(name)"]))
        }
        switch format {
        case .object: add("object", "")
        case .schema(let schema):
            add("schema \(String(decoding: schema.schema.bytes, as: UTF8.self))", "schema")
            if let description = schema.description { add("described \(description.string)", "description") }
            if schema.strict == true { add("strict", "strict") }
        case .text, nil: break
        }
    }

    /// Efforts and budgets become one another, in three steps.
    private mutating func reasoning(_ wish: ReasoningWish?) {
        guard let wish else { return }
        let names = ["reasoning_effort", "reasoning", "thinking", "thinking.budget_tokens"]
        let level =
            switch wish.effortWord?.string {
            case "none": "off"
            case "minimal", "low": "low"
            case "medium": "medium"
            case "high", "xhigh", "max": "high"
            default: wish.isOn.map { $0 ? "on" : "off" }
            }
        if let level { facts.append(.init(text: "thinking \(level)", place: nil, names: names)) }
        if let summary = wish.summary, level != "off" {
            facts.append(.init(text: "thoughts \(summary.says("none") ? "hidden" : "shown")", place: nil, names: ["reasoning.summary"] + names))
        }
    }
}
