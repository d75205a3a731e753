import Wire

/// Wishes of OpenAI's that some dialects have no place for.
struct WishSet: OptionSet {
    let rawValue: UInt8

    static let minP = WishSet(rawValue: 1)
    static let topK = WishSet(rawValue: 2)
    static let metadata = WishSet(rawValue: 4)
    static let user = WishSet(rawValue: 8)
    static let effort = WishSet(rawValue: 16)

    static let anthropic: WishSet = [.minP, .metadata]
    static let converse: WishSet = [.minP, .user]
}

extension Conversation {
    /// Notes what neither Anthropic's nor Bedrock's dialect can say, and of `more` what is asked for.
    func loseWishes(_ more: WishSet, _ loss: inout Loss) {
        if more.contains(.minP), sampling.minP != nil { loss.lose("min_p") }
        if more.contains(.topK), sampling.topK != nil { loss.lose("top_k") }
        if more.contains(.metadata), metadata != nil { loss.lose("metadata") }
        if more.contains(.user), user != nil { loss.lose("user") }
        if more.contains(.user), safetyIdentifier != nil { loss.lose("safety_identifier") }
        if sampling.seed != nil { loss.lose("seed") }
        // Zero is what they are anyway.
        if let penalty = sampling.frequencyPenalty, penalty.millionths != 0 { loss.lose("frequency_penalty") }
        if let penalty = sampling.presencePenalty, penalty.millionths != 0 { loss.lose("presence_penalty") }
        if let bias = sampling.logitBias, bias.bytes.count > 2 { loss.lose("logit_bias") }
        if let choices, (choices.integer ?? 2) > 1 { loss.lose("n") }
        if let logprobs, !logprobs.bytes.says("false") { loss.lose("logprobs") }
        if topLogprobs != nil { loss.lose("top_logprobs") }
        if promptCacheKey != nil { loss.lose("prompt_cache_key") }
        if promptCacheRetention != nil { loss.lose("prompt_cache_retention") }
        if verbosity != nil { loss.lose("verbosity") }
        if store == true { loss.lose("store") }
        if modalities.contains(where: { !$0.says("text") }) { loss.lose("modalities") }
        if audio != nil { loss.lose("audio") }
        for (index, message) in messages.enumerated() {
            if message.name != nil { loss.lose("messages[\(index)].name") }
            for other in message.others { loss.lose("messages[\(index)].\(other.name.string)") }
        }
    }
}
