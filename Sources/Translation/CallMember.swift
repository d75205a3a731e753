import Wire

/// Top-level members of a request body that we act on. All others pass through unread.
enum CallMember: UInt8 {
    case model, stream, streamOptions, maxTokens, maxCompletionTokens, choices
    case messages, prompt, input, tools, functions, responseFormat, reasoningEffort, modalities
    case user, promptCacheKey, metadata, store
    // From here on ours alone: cut out before the body goes on.
    case tags, fallbacks, retries, disableFallbacks, timeout, includeRoutingMetadata
    case router, extra, routerMode, routerProvider, routerModel, routingPolicy, project, vendor, maxRetries

    var isOurs: Bool { rawValue >= CallMember.tags.rawValue }

    /// By the length of the name first, so that a foreign member costs one or two comparisons.
    static func named(_ name: UnsafeRawBufferPointer) -> CallMember? {
        switch name.count {
        case 1: return name.says("n") ? .choices : nil
        case 4: return name.says("user") ? .user : name.says("tags") ? .tags : nil
        case 5:
            if name.says("model") { return .model }
            if name.says("input") { return .input }
            if name.says("tools") { return .tools }
            if name.says("store") { return .store }
            return name.says("extra") ? .extra : nil
        case 6:
            if name.says("stream") { return .stream }
            if name.says("prompt") { return .prompt }
            if name.says("vendor") { return .vendor }
            return name.says("router") ? .router : nil
        case 7: return name.says("timeout") ? .timeout : nil
        case 8: return name.says("messages") ? .messages : name.says("metadata") ? .metadata : nil
        case 9: return name.says("functions") ? .functions : name.says("fallbacks") ? .fallbacks : nil
        case 10:
            if name.says("max_tokens") { return .maxTokens }
            return name.says("modalities") ? .modalities : name.says("project_id") ? .project : nil
        case 11:
            if name.says("num_retries") { return .retries }
            return name.says("max_retries") ? .maxRetries : name.says("router_mode") ? .routerMode : nil
        case 12: return name.says("router_model") ? .routerModel : nil
        case 14: return name.says("stream_options") ? .streamOptions : nil
        case 15: return name.says("response_format") ? .responseFormat : name.says("router_provider") ? .routerProvider : nil
        case 16: return name.says("reasoning_effort") ? .reasoningEffort : name.says("prompt_cache_key") ? .promptCacheKey : nil
        case 17: return name.says("disable_fallbacks") ? .disableFallbacks : name.says("routing_policy_id") ? .routingPolicy : nil
        case 21: return name.says("max_completion_tokens") ? .maxCompletionTokens : nil
        case 24: return name.says("include_routing_metadata") ? .includeRoutingMetadata : nil
        default: return nil
        }
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
        guard count == word.utf8CodeUnitCount else { return false }
        for i in 0..<count where self[i] != word.utf8Start[i] { return false }
        return true
    }
}
