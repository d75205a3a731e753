import Wire

/// Top-level members of a request body that we act on. All others pass through unread.
enum CallMember: UInt8 {
    case model, stream, streamOptions, maxTokens, maxCompletionTokens, choices, bestOf
    case messages, prompt, input, tools, functions, responseFormat, reasoningEffort, modalities
    case user, promptCacheKey, metadata, store
    // Of other dialects than OpenAI's chat.
    case system, instructions, systemInstruction, contents, content, requests, thinking, reasoning, textFormat, outputFormat
    case maxOutputTokens, generationConfig, inferenceConfig, toolConfig
    case serviceTier, speed, performanceConfig
    // From here on ours alone: cut out before the body goes on.
    case tags, fallbacks, retries, disableFallbacks, timeout, includeRoutingMetadata
    case router, extra, routerMode, routerProvider, routerModel, routingPolicy, project, vendor, maxRetries

    var isOurs: Bool { rawValue >= CallMember.tags.rawValue }

    /// By the length of the name first, so that a foreign member costs one or two comparisons.
    static func named(_ name: UnsafeRawBufferPointer) -> CallMember? {
        switch name.count {
        case 1: return name.says("n") ? .choices : nil
        case 4: return name.says("user") ? .user : name.says("tags") ? .tags : name.says("text") ? .textFormat : nil
        case 5:
            if name.says("model") { return .model }
            if name.says("input") { return .input }
            if name.says("tools") { return .tools }
            if name.says("store") { return .store }
            return name.says("extra") ? .extra : name.says("speed") ? .speed : nil
        case 6:
            if name.says("stream") { return .stream }
            if name.says("prompt") { return .prompt }
            if name.says("vendor") { return .vendor }
            return name.says("router") ? .router : name.says("system") ? .system : nil
        case 7: return name.says("timeout") ? .timeout : name.says("content") ? .content : name.says("best_of") ? .bestOf : nil
        case 8:
            if name.says("messages") { return .messages }
            if name.says("metadata") { return .metadata }
            if name.says("contents") { return .contents }
            return name.says("thinking") ? .thinking : name.says("requests") ? .requests : nil
        case 9:
            if name.says("functions") { return .functions }
            return name.says("fallbacks") ? .fallbacks : name.says("reasoning") ? .reasoning : nil
        case 10:
            if name.says("max_tokens") { return .maxTokens }
            if name.says("modalities") { return .modalities }
            return name.says("project_id") ? .project : name.says("toolConfig") ? .toolConfig : nil
        case 11:
            if name.says("num_retries") { return .retries }
            if name.says("max_retries") { return .maxRetries }
            return name.says("router_mode") ? .routerMode : name.says("serviceTier") ? .serviceTier : nil
        case 12:
            if name.says("service_tier") { return .serviceTier }
            return name.says("router_model") ? .routerModel : name.says("instructions") ? .instructions : nil
        case 13: return name.says("output_config") || name.says("output_format") ? .outputFormat : nil
        case 14: return name.says("stream_options") ? .streamOptions : nil
        case 15:
            if name.says("response_format") { return .responseFormat }
            return name.says("router_provider") ? .routerProvider : name.says("inferenceConfig") ? .inferenceConfig : nil
        case 16:
            if name.says("reasoning_effort") { return .reasoningEffort }
            return name.says("prompt_cache_key") ? .promptCacheKey : name.says("generationConfig") ? .generationConfig : nil
        case 17: return named17(name)
        case 18: return name.says("system_instruction") ? .systemInstruction : nil
        case 21: return name.says("max_completion_tokens") ? .maxCompletionTokens : nil
        case 24: return name.says("include_routing_metadata") ? .includeRoutingMetadata : nil
        default: return nil
        }
    }

    private static func named17(_ name: UnsafeRawBufferPointer) -> CallMember? {
        if name.says("disable_fallbacks") { return .disableFallbacks }
        if name.says("routing_policy_id") { return .routingPolicy }
        if name.says("max_output_tokens") { return .maxOutputTokens }
        if name.says("performanceConfig") { return .performanceConfig }
        return name.says("systemInstruction") ? .systemInstruction : name.says("generation_config") ? .generationConfig : nil
    }

    /// As `named`, of a name as it stands in a body: an escaped name means the member all the same.
    static func of(_ text: JSONText, in body: UnsafeRawBufferPointer) -> CallMember? {
        guard text.escaped else { return named(text.range.of(body)) }
        var plain: [UInt8] = []
        JSONEscapes.decode(text.range.of(body)) { plain.append($0) }
        return plain.withUnsafeBytes { named($0) }
    }
}

extension UnsafeRawBufferPointer {
    /// Whether these bytes are `word`, which is ASCII.
    @inline(__always) func says(_ word: StaticString) -> Bool {
        guard count == word.utf8CodeUnitCount, let base = baseAddress else { return false }
        let wanted = UnsafeRawPointer(word.utf8Start)
        if word.utf8CodeUnitCount < 8 {
            for i in 0..<word.utf8CodeUnitCount where self[i] != word.utf8Start[i] { return false }
            return true
        }
        // Eight bytes at a time, the last eight once more: names have at most 24.
        var at = 0
        while at < word.utf8CodeUnitCount &- 8 {
            if base.loadUnaligned(fromByteOffset: at, as: UInt64.self) != wanted.loadUnaligned(fromByteOffset: at, as: UInt64.self) { return false }
            at &+= 8
        }
        at = word.utf8CodeUnitCount &- 8
        return base.loadUnaligned(fromByteOffset: at, as: UInt64.self) == wanted.loadUnaligned(fromByteOffset: at, as: UInt64.self)
    }
}
