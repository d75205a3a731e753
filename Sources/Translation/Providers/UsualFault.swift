import Routing

extension FaultyReply {
    /// The class of a failure as providers tell it: by status, then by what `code`, `type` and `message` say. The words are those of
    /// recorded replies and of the providers' pages on errors (OpenAI, Azure, Anthropic, Gemini, Bedrock, Mistral, DeepSeek, Groq, xAI,
    /// Together, OpenRouter, Cohere, Perplexity, Moonshot, Alibaba, Hugging Face, vLLM, llama.cpp, Ollama; read 2026-11).
    public var usualFault: Fault {
        switch status {
        // Perplexity says both with 401.
        case 401: isSpent ? .quotaExceeded : .auth
        case 402: .quotaExceeded
        case 403: says(Self.flagged) ? .contentPolicy : isSpent ? .quotaExceeded : .auth
        // OpenRouter: the model is there, but nobody who serves it can do what this request asks.
        case 404: begins(["No endpoints found that support"]) ? .badRequest : .notFound
        // 524 is Cloudflare's: the provider behind it did not answer in time.
        case 408, 504, 524: .timeout
        case 429: isSpent ? .quotaExceeded : .rateLimit
        case 400, 413, 422: ofDeployment ?? ofContent ?? .badRequest
        // Bedrock: the model itself failed.
        case 424: .serverError
        // Groq, when its flex tier is full.
        case 498: .rateLimit
        // Anthropic and OpenAI say of a conflict or the like that it passes.
        case 405...499: shouldRetry == true ? .serverError : .badRequest
        case 500...599: .serverError
        // An error event in a stream that began with 200.
        default: ofEvent
        }
    }

    // MARK: About the deployment

    /// Said as a 400, and yet about the deployment and not the client's request: the name of the model, the key and the account are
    /// ours. Whole codes only, and the beginning or the end of a message: the rest may repeat what a client wrote, who must not put a
    /// deployment to rest.
    private var ofDeployment: Fault? {
        if isOne(of: Self.unknownModel) || begins(Self.unknownModelBegins) || ends(Self.unknownModelEnds) { return .notFound }
        if isOne(of: Self.spentCodes) || begins(Self.spentBegins) { return .quotaExceeded }
        // Groq: more tokens than a minute allows, with 413.
        if isOne(of: ["rate_limit_exceeded", "throttlingexception"]) { return .rateLimit }
        return begins(Self.wrongKeyBegins) || reason == "API_KEY_INVALID" || isOne(of: Self.wrongKeyTypes) ? .auth : nil
    }

    private static let unknownModel = [
        "model_not_found", "invalid_model", "model_decommissioned", "model_not_supported", "model_not_available", "deploymentnotfound",
        "operationnotsupported", "unknown_model",
    ]
    private static let unknownModelBegins = [
        "The provided model identifier is invalid", "Invocation of model ID", "Model Not Exist", "Model not found:",
    ]
    private static let unknownModelEnds = [" is not a valid model ID"]

    private static let wrongKeyBegins = [
        "Incorrect API key provided", "API key not valid", "API key expired", "User location is not supported",
        "Your organization must be verified", "Gemini API free tier is not available",
    ]

    /// AWS's, some of them with 400.
    private static let wrongKeyTypes = [
        "expiredtokenexception", "unrecognizedclientexception", "invalidsignatureexception", "missingauthenticationtokenexception",
        "incompletesignatureexception", "accessdeniedexception",
    ]

    // MARK: Money and rates

    /// Nothing more until somebody pays or a long period ends, as opposed to a moment's rate.
    private var isSpent: Bool {
        isOne(of: Self.spentCodes) || says(Self.spentPhrases) || begins(Self.spentBegins) || reason?.contains("PerDay") ?? false
    }

    private static let spentCodes = [
        "insufficient_quota", "quota_exceeded", "billing_hard_limit_reached", "billing_not_active", "billing_error", "insufficient_user_quota",
        "exceeded_current_quota_error", "servicequotaexceededexception", "arrearage", "allocationquota.freetieronly", "1113",
    ]
    private static let spentPhrases = [
        "insufficient_quota", "used all available credits", "monthly spending limit", "any credits yet", "insufficient balance",
        "insufficient credits", "key limit exceeded", "credit balance is too low", "free tier of the model has been exhausted",
    ]
    private static let spentBegins = [
        "Your credit balance is too low", "You have reached your specified API usage limits", "Too many tokens per day",
    ]

    // MARK: About the request

    private var ofContent: Fault? {
        if says(Self.context) { return .contextWindow }
        return says(Self.content) || isOne(of: ["1301"]) ? .contentPolicy : nil
    }

    private static let context = [
        "context_length_exceeded", "exceed_context_size", "too_many_prompt_tokens", "too_many_tokens", "maximum context length",
        "context window", "context length", "context limit", "available context size", "maximum model length", "maximum prompt length",
        "prompt is too long", "input is too long", "too many input tokens", "input token count", "too many tokens", "model token limit",
        "range of input length", "exceeds max length", "tokens + `max_new_tokens`",
    ]
    private static let content = [
        "content_policy_violation", "content_filter", "responsibleaipolicyviolation", "moderation_blocked", "data_inspection_failed",
        "content management policy", "content filtering policy", "content exists risk", "violates usage guidelines", "prompt was flagged",
        "rejected by the safety system", "responsible ai practices",
    ]
    /// A 403 about the prompt, not the key: OpenRouter's "… requires moderation … Your input was flagged for …", xAI's.
    private static let flagged = ["requires moderation", "input was flagged", "violates usage guidelines", "content_filter"]

    // MARK: Within a stream

    private var ofEvent: Fault {
        if let number = code.flatMap({ Int($0) }), 400...599 ~= number {
            var numbered = self
            numbered.status = number
            return numbered.usualFault
        }
        if isOne(of: ["throttlingexception"]) { return .rateLimit }
        if let fault = ofContent { return fault }
        if isSpent { return .quotaExceeded }
        if says(["rate_limit", "too_many_requests", "throttling", "resource_exhausted"]) { return .rateLimit }
        if says(["timeout", "deadline_exceeded"]) { return .timeout }
        if says(["authentication", "permission_denied", "invalid_api_key", "unauthenticated"]) { return .auth }
        if says(["invalid_request", "invalid_argument", "validationexception"]) { return .badRequest }
        return .serverError
    }

    // MARK: Words

    /// Codes and types are searched whole; of a message only phrases with a space or an underscore count, which prose has not by chance.
    private func says(_ words: [String]) -> Bool {
        let said = [code, type].compactMap { $0?.lowercased() }
        let message = message?.lowercased() ?? ""
        return words.contains { word in
            said.contains { $0.contains(word) } || (word.contains { $0 == " " || $0 == "_" } && message.contains(word))
        }
    }

    private func isOne(of words: [String]) -> Bool {
        [code, type].contains { said in said.map { words.contains($0.lowercased()) } ?? false }
    }

    private func begins(_ words: [String]) -> Bool { message.map { message in words.contains { message.hasPrefix($0) } } ?? false }

    private func ends(_ words: [String]) -> Bool { message.map { message in words.contains { message.hasSuffix($0) } } ?? false }
}
