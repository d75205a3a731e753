extension API {
    /// The dialect of its bodies, where we can read and write it. Nil: it only passes unread.
    public var dialect: (any Dialect)? {
        switch self {
        case .chatCompletions: OpenAIChat()
        case .converse: BedrockConverse()
        case .messages: AnthropicMessages()
        case .countTokens: AnthropicCountTokens()
        case .responses: OpenAIResponses()
        case .generateContent: GenerateContent()
        case .cohereChat: CohereChat()
        case .generateContentTokens: GeminiCountTokens()
        default: nil
        }
    }
}
