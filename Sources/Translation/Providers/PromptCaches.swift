import Routing

/// What providers' own caches of prompts promise, by who issues the answers. Where a page gives a span, its short end stands here: a
/// prompt that is still there is a gain, one that is believed to be there and is not costs the price of reading it.
enum PromptCaches {
    static func terms(of origin: Seal.Origin?) -> PromptCacheTerms? {
        switch origin {
        // developers.openai.com, "Prompt caching", read 2026-11: from 1,024 tokens on, 5 to 10 minutes without use, up to an hour.
        case .openai: PromptCacheTerms(lifetime: .seconds(300), minTokens: 1_024)
        // platform.claude.com, "Prompt caching", read 2026-11: what `cache_control` marks, 5 minutes from its last use; 1,024 tokens, some
        // models 2,048 or 4,096.
        case .anthropic: PromptCacheTerms(lifetime: .seconds(300), minTokens: 1_024, isExplicit: true)
        // docs.aws.amazon.com, Bedrock, "Prompt caching", read 2026-11: cache points, 5 minutes from their last hit.
        case .bedrock: PromptCacheTerms(lifetime: .seconds(300), minTokens: 1_024, isExplicit: true)
        // ai.google.dev, "Context caching", read 2026-11: implicit from 2,048 tokens on; how long is not said, others measured 3 to 5 minutes.
        case .gemini: PromptCacheTerms(lifetime: .seconds(180), minTokens: 2_048)
        // api-docs.deepseek.com, "Context caching", read 2026-11: from 64 tokens on, a few hours to a few days without use.
        case .deepseek: PromptCacheTerms(lifetime: .seconds(3_600), minTokens: 64)
        // docs.x.ai, "Cached prompt tokens", read 2026-11: automatic, no time said.
        case .xai: PromptCacheTerms(lifetime: .seconds(300), minTokens: 1_024)
        default: nil
        }
    }
}
