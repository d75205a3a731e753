/// What a client asks for, or a provider is asked: one row per endpoint. The numbers are kept in ledgers: new rows at the end.
public enum API: UInt8, CaseIterable, Sendable {
    case chatCompletions, completions, embeddings
    case responses, messages, countTokens
    case generateContent, generateContentTokens, embedContent, batchEmbedContents
    case converse
    // Only providers are asked these.
    case cohereChat, cohereEmbed, bedrockInvoke
    /// Whatever a pass-through endpoint is asked: no provider of a route is asked this.
    case passThrough

    /// What is asked, whatever the dialect: only within one family can one be translated into another.
    public enum Family: UInt8, Sendable { case chat, completion, embedding, count, passThrough }

    public var family: Family {
        switch self {
        case .chatCompletions, .responses, .messages, .generateContent, .converse, .cohereChat: .chat
        case .completions: .completion
        case .embeddings, .embedContent, .batchEmbedContents, .cohereEmbed, .bedrockInvoke: .embedding
        case .countTokens, .generateContentTokens: .count
        case .passThrough: .passThrough
        }
    }

    /// Clients may ask it; the others are only asked of providers.
    public var isAsked: Bool { rawValue <= API.converse.rawValue }

    /// The name in events and conditions (`request.api`).
    public var name: String { "\(word)" }

    public var word: StaticString {
        switch self {
        case .chatCompletions: "chat_completions"
        case .completions: "completions"
        case .embeddings: "embeddings"
        case .responses: "responses"
        case .messages: "messages"
        case .countTokens: "count_tokens"
        case .generateContent: "generate_content"
        case .generateContentTokens: "generate_content_tokens"
        case .embedContent: "embed_content"
        case .batchEmbedContents: "batch_embed_contents"
        case .converse: "converse"
        case .cohereChat: "cohere_chat"
        case .cohereEmbed: "cohere_embed"
        case .bedrockInvoke: "bedrock_invoke"
        case .passThrough: "pass_through"
        }
    }

    /// Path below the provider's base URL (which ends in `/v1` for OpenAI's dialect). Empty where the model is part of it:
    /// the provider's own file says.
    public var path: String {
        switch self {
        case .chatCompletions: "/chat/completions"
        case .completions: "/completions"
        case .embeddings: "/embeddings"
        case .responses: "/responses"
        case .messages: "/messages"
        case .countTokens: "/messages/count_tokens"
        case .cohereChat: "/chat"
        case .cohereEmbed: "/embed"
        case .generateContent, .generateContentTokens, .embedContent, .batchEmbedContents, .converse, .bedrockInvoke, .passThrough: ""
        }
    }

    /// Embeds a member `texts`.
    public var takesTexts: Bool { self == .cohereEmbed }

    /// OpenAI's older three, whose replies a relay of their own watches, without an interpreter.
    public var isRelayed: Bool { self == .chatCompletions || self == .completions || self == .embeddings }
}
