import Routing

extension FaultyReply {
    /// The class of a failure as OpenAI and those who follow it tell it: by status, then by what `code`, `type` and `message` say.
    /// OpenAI, "Error codes", read 2026-11; the messages are those of vLLM 0.11, llama.cpp, Perplexity and OpenRouter.
    public var usualFault: Fault {
        switch status {
        case 401: .auth
        case 403: says(Self.flagged) ? .contentPolicy : .auth
        case 402: .quotaExceeded
        case 404: .notFound
        case 408, 504: .timeout
        case 429: says(Self.quota) ? .quotaExceeded : .rateLimit
        case 400, 413, 422: ofDeployment ?? ofContent ?? .badRequest
        // Groq, when its flex tier is full (docs, "Flex processing", read 2026-11).
        case 498: .rateLimit
        case 405...499: .badRequest
        case 500...599: .serverError
        // An error event in a stream that began with 200.
        default: ofEvent
        }
    }

    private static let quota = ["insufficient_quota", "quota_exceeded", "billing"]
    private static let context = [
        "context_length_exceeded", "exceed_context_size", "too_many_prompt_tokens", "maximum context length", "context window",
    ]
    private static let content = ["content_policy_violation", "content_filter", "responsibleaipolicyviolation"]
    /// OpenRouter's 403 is about the prompt, not the key: "… requires moderation … Your input was flagged for …" (docs, "Errors").
    private static let flagged = ["requires moderation", "input was flagged"]

    /// Said as a 400, and yet about the deployment and not the client's request: the name of the model and the key are ours. Whole
    /// codes only, and the beginning of a message: the rest may repeat what a client wrote, who must not put a deployment to rest.
    private var ofDeployment: Fault? {
        // OpenAI says both with 400 on some endpoints; `invalid_model` is Mistral's and Perplexity's (recorded replies).
        if code == "model_not_found" || type == "invalid_model" { return .notFound }
        if code == "insufficient_quota" || type == "insufficient_quota" { return .quotaExceeded }
        // Groq: more tokens than a minute allows, with 413.
        if code == "rate_limit_exceeded" { return .rateLimit }
        // xAI says so in words alone.
        return message?.hasPrefix("Incorrect API key provided") ?? false ? .auth : nil
    }

    private var ofContent: Fault? {
        if says(Self.context) { return .contextWindow }
        return says(Self.content) ? .contentPolicy : nil
    }

    private var ofEvent: Fault {
        if let number = code.flatMap({ Int($0) }), 400...599 ~= number {
            var numbered = self
            numbered.status = number
            return numbered.usualFault
        }
        if let fault = ofContent { return fault }
        if says(Self.quota) { return .quotaExceeded }
        if says(["rate_limit", "too_many_requests"]) { return .rateLimit }
        if says(["timeout"]) { return .timeout }
        if says(["authentication", "permission_denied", "invalid_api_key"]) { return .auth }
        if says(["invalid_request"]) { return .badRequest }
        return .serverError
    }

    /// Codes and types are searched whole; of a message only phrases with a space or an underscore count, which prose has not by chance.
    private func says(_ words: [String]) -> Bool {
        let said = [code, type].compactMap { $0?.lowercased() }
        let message = message?.lowercased() ?? ""
        return words.contains { word in
            said.contains { $0.contains(word) } || (word.contains { $0 == " " || $0 == "_" } && message.contains(word))
        }
    }
}
