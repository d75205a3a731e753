/// What a client asked for: one row per client endpoint. More rows come with more dialects.
public enum API: UInt8, CaseIterable, Sendable {
    case chatCompletions, completions, embeddings

    /// The name in events and conditions (`request.api`).
    public var name: String { "\(word)" }

    public var word: StaticString {
        switch self {
        case .chatCompletions: "chat_completions"
        case .completions: "completions"
        case .embeddings: "embeddings"
        }
    }

    /// Path below an OpenAI-style base URL, which itself ends in `/v1`.
    public var path: String {
        switch self {
        case .chatCompletions: "/chat/completions"
        case .completions: "/completions"
        case .embeddings: "/embeddings"
        }
    }
}
