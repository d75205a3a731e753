import Routing

/// OpenAI-compatible providers by name: rows instead of types. Addresses are from each provider's API reference, read 2026-11, most
/// of them seen in recorded exchanges too; those of local servers are their usual ports. `alibaba` is the international address
/// (China's is dashscope.aliyuncs.com), `zai` the general one (its coding plan has another).
///
/// Quirks are from the same references. All but OpenAI say `max_tokens`, and know `system` but not always `developer`.
public struct Preset: Sendable {
    /// The `type` in settings.
    public var name: String
    public var baseURL: String
    public var kind = ProviderKind.paid
    /// Where its key usually stands; nil where none is needed.
    public var keyVariable: String?
    /// It has the Responses API too.
    public var hasResponses = false
    public var quirks: ChatQuirks = []
    public var sealOrigin: Seal.Origin?
    /// Where its issuer does not say already.
    public var promptCache: PromptCacheTerms?

    private static let usual: ChatQuirks = [.maxTokens, .systemRole]

    public static let all: [Preset] = [
        // 422 `extra_forbidden` for max_completion_tokens and stream_options (avante.nvim 2347, eca 231), for strange members and for
        // `metadata` and a message's `name` (litellm 30882, OpenHands-CLI 83, mistral-go 2); ids of calls and `any`:
        // docs.mistral.ai, "Function calling"; `random_seed`, thoughts as parts of content, `prefix`: its API reference.
        Preset(
            name: "mistral", baseURL: "https://api.mistral.ai/v1", keyVariable: "MISTRAL_API_KEY",
            quirks: usual.union([.noStreamOptions, .nineCharacterIDs, .randomSeed, .choiceAny, .thinkingParts, .prefixMark, .fewMembers])),
        // api-docs.deepseek.com, "Thinking mode": with tool calls reasoning_content must come back; `thinking: {type}` switches.
        // "Chat prefix completion": `prefix`, at the address that ends with /beta.
        Preset(
            name: "deepseek", baseURL: "https://api.deepseek.com/v1", keyVariable: "DEEPSEEK_API_KEY", hasResponses: true,
            quirks: usual.union([.reasoningContent, .thinkingSwitch, .prefixMark]), sealOrigin: .deepseek),
        // llama.developer.meta.com, "OpenAI compatibility": the compatible address takes max_completion_tokens.
        Preset(name: "meta", baseURL: "https://api.llama.com/compat/v1", keyVariable: "LLAMA_API_KEY", quirks: [.systemRole]),
        // console.groq.com/docs/api-reference: max_tokens is deprecated for max_completion_tokens. "Prompt caching": 2 hours without use.
        Preset(
            name: "groq", baseURL: "https://api.groq.com/openai/v1", keyVariable: "GROQ_API_KEY", quirks: [.systemRole],
            promptCache: PromptCacheTerms(lifetime: .seconds(7_200), minTokens: 1_024)),
        // docs.x.ai, API reference: both APIs, both names of the limit.
        Preset(name: "xai", baseURL: "https://api.x.ai/v1", keyVariable: "XAI_API_KEY", hasResponses: true, quirks: [.systemRole], sealOrigin: .xai),
        // openrouter.ai/docs: "Reasoning tokens" (reasoning_details), "Prompt caching" (cache_control), "Parameters" (top_k, min_p).
        Preset(
            name: "openrouter", baseURL: "https://openrouter.ai/api/v1", keyVariable: "OPENROUTER_API_KEY", hasResponses: true,
            quirks: usual.union([.reasoningDetails, .cacheControl, .topK]), sealOrigin: .openrouter),
        // docs.together.ai/reference/chat-completions: max_tokens, top_k, min_p.
        Preset(name: "together", baseURL: "https://api.together.ai/v1", keyVariable: "TOGETHER_API_KEY", quirks: usual.union([.topK])),
        // docs.perplexity.ai/api-reference/chat-completions-post: roles system, user, assistant, tool; top_k.
        Preset(name: "perplexity", baseURL: "https://api.perplexity.ai", keyVariable: "PERPLEXITY_API_KEY", quirks: usual.union([.topK])),
        // inference-docs.cerebras.ai, chat completions: max_completion_tokens.
        Preset(name: "cerebras", baseURL: "https://api.cerebras.ai/v1", keyVariable: "CEREBRAS_API_KEY", quirks: [.systemRole]),
        // platform.moonshot.ai/docs: thinking models want reasoning_content back and are switched by `thinking: {type}`; "Partial mode".
        Preset(
            name: "moonshot", baseURL: "https://api.moonshot.ai/v1", keyVariable: "MOONSHOT_API_KEY",
            quirks: usual.union([.reasoningContent, .thinkingSwitch, .partialMark])),
        // docs.z.ai/api-reference: `thinking: {type}`, reasoning_content kept between calls ("preserved thinking").
        Preset(
            name: "zai", baseURL: "https://api.z.ai/api/paas/v4", keyVariable: "ZAI_API_KEY",
            quirks: usual.union([.reasoningContent, .thinkingSwitch])),
        // alibabacloud.com/help/en/model-studio, "OpenAI compatible - Chat": top_k beside OpenAI's own; "Partial mode".
        Preset(
            name: "alibaba", baseURL: "https://dashscope-intl.aliyuncs.com/compatible-mode/v1", keyVariable: "DASHSCOPE_API_KEY",
            quirks: usual.union([.topK, .partialMark])),
        Preset(name: "huggingface", baseURL: "https://router.huggingface.co/v1", keyVariable: "HF_TOKEN", quirks: usual),
        // docs.fireworks.ai/api-reference/post-chatcompletions: top_k, min_p; reasoning_content of earlier turns is taken back.
        Preset(
            name: "fireworks", baseURL: "https://api.fireworks.ai/inference/v1", keyVariable: "FIREWORKS_API_KEY",
            quirks: usual.union([.topK, .reasoningContent])),
        // docs.ollama.com/api/openai-compatibility: max_tokens, no tool_choice.
        Preset(name: "ollama", baseURL: "http://127.0.0.1:11434/v1", kind: .selfHosted, quirks: usual),
        // docs.vllm.ai, "OpenAI-compatible server": top_k, min_p and continue_final_message as extra parameters.
        Preset(name: "vllm", baseURL: "http://127.0.0.1:8000/v1", kind: .selfHosted, quirks: usual.union([.topK, .continueFinal])),
        // llama.cpp, tools/server/README.md: top_k, min_p; reasoning_content in messages.
        Preset(name: "llamacpp", baseURL: "http://127.0.0.1:8080/v1", kind: .selfHosted, quirks: usual.union([.topK, .reasoningContent])),
        // lmstudio.ai/docs/developer/openai-compat: top_k.
        Preset(name: "lmstudio", baseURL: "http://127.0.0.1:1234/v1", kind: .selfHosted, quirks: usual.union([.topK])),
    ]
}
