/// What OpenTelemetry calls providers and calls: `gen_ai.provider.name`, `gen_ai.operation.name`.
public enum GenAINames {
    /// Of attributes, whoever the provider is: there is no other name for it.
    public static let requestedTier = "openai.request.service_tier"
    public static let servedTier = "openai.response.service_tier"

    private static let providers = [
        "azure": "azure.ai.openai", "bedrock": "aws.bedrock", "gemini": "gcp.gemini", "vertex": "gcp.vertex_ai", "mistral": "mistral_ai",
        "xai": "x_ai",
        "moonshot": "moonshot_ai",
    ]

    /// - Parameter type: A provider's type in settings. What the conventions do not list has its own name.
    public static func provider(_ type: String) -> String { providers[type] ?? type }

    public static func operation(_ api: API) -> String {
        switch api.family {
        case .embedding: "embeddings"
        case .completion: "text_completion"
        case .chat, .count, .passThrough: api == .generateContent ? "generate_content" : "chat"
        }
    }
}
