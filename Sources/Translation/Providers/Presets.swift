/// OpenAI-compatible providers by name: rows instead of types. Addresses are from each provider's API reference, read 2026-11, most
/// of them seen in recorded exchanges too; those of local servers are their usual ports. `alibaba` is the international address
/// (China's is dashscope.aliyuncs.com), `zai` the general one (its coding plan has another).
public struct Preset: Sendable {
    /// The `type` in settings.
    public var name: String
    public var baseURL: String
    public var kind = ProviderKind.paid
    /// Where its key usually stands; nil where none is needed.
    public var keyVariable: String?

    public static let all: [Preset] = [
        Preset(name: "mistral", baseURL: "https://api.mistral.ai/v1", keyVariable: "MISTRAL_API_KEY"),
        Preset(name: "deepseek", baseURL: "https://api.deepseek.com/v1", keyVariable: "DEEPSEEK_API_KEY"),
        Preset(name: "meta", baseURL: "https://api.llama.com/compat/v1", keyVariable: "LLAMA_API_KEY"),
        Preset(name: "groq", baseURL: "https://api.groq.com/openai/v1", keyVariable: "GROQ_API_KEY"),
        Preset(name: "xai", baseURL: "https://api.x.ai/v1", keyVariable: "XAI_API_KEY"),
        Preset(name: "openrouter", baseURL: "https://openrouter.ai/api/v1", keyVariable: "OPENROUTER_API_KEY"),
        Preset(name: "together", baseURL: "https://api.together.ai/v1", keyVariable: "TOGETHER_API_KEY"),
        Preset(name: "perplexity", baseURL: "https://api.perplexity.ai", keyVariable: "PERPLEXITY_API_KEY"),
        Preset(name: "cerebras", baseURL: "https://api.cerebras.ai/v1", keyVariable: "CEREBRAS_API_KEY"),
        Preset(name: "moonshot", baseURL: "https://api.moonshot.ai/v1", keyVariable: "MOONSHOT_API_KEY"),
        Preset(name: "zai", baseURL: "https://api.z.ai/api/paas/v4", keyVariable: "ZAI_API_KEY"),
        Preset(name: "alibaba", baseURL: "https://dashscope-intl.aliyuncs.com/compatible-mode/v1", keyVariable: "DASHSCOPE_API_KEY"),
        Preset(name: "huggingface", baseURL: "https://router.huggingface.co/v1", keyVariable: "HF_TOKEN"),
        Preset(name: "fireworks", baseURL: "https://api.fireworks.ai/inference/v1", keyVariable: "FIREWORKS_API_KEY"),
        Preset(name: "ollama", baseURL: "http://127.0.0.1:11434/v1", kind: .selfHosted),
        Preset(name: "vllm", baseURL: "http://127.0.0.1:8000/v1", kind: .selfHosted),
        Preset(name: "llamacpp", baseURL: "http://127.0.0.1:8080/v1", kind: .selfHosted),
        Preset(name: "lmstudio", baseURL: "http://127.0.0.1:1234/v1", kind: .selfHosted),
    ]
}
