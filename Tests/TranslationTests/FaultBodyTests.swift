import Routing
import Testing
import Translation

/// Error bodies in the shapes that providers really send, reduced to what tells them apart. Where a provider has answered so in a
/// recorded exchange the words are its own; names, numbers and keys are made up.
@Suite("Faults by their bodies") struct FaultBodyTests {
    struct Row: Sendable {
        var who: String
        var status: Int
        var body: String
        var fault: Fault

        init(_ who: String, _ status: Int, _ fault: Fault, _ body: String) {
            (self.who, self.status, self.fault, self.body) = (who, status, fault, body)
        }
    }

    static func openAI(_ message: String, type: String = "invalid_request_error", code: String? = nil) -> String {
        #"{"error":{"message":"\#(message)","type":"\#(type)","param":null,"code":\#(code.map { "\"\($0)\"" } ?? "null")}}"#
    }

    static func check(_ rows: [Row]) {
        for row in rows {
            let reply = Array(row.body.utf8).withUnsafeBytes { FaultyReply.read(status: row.status, body: $0) }
            #expect(reply.usualFault == row.fault, "\(row.who) \(row.status): \(row.body)")
        }
    }

    @Test("a prompt that is too long, in every tongue")
    func context() {
        Self.check([
            Row("openai", 400, .contextWindow, Self.openAI("Your input exceeds the context window of this model.", code: "context_length_exceeded")),
            Row("openai", 400, .contextWindow, Self.openAI("This model's maximum context length is 8192 tokens. However, you requested 9001.")),
            Row("azure", 400, .contextWindow, Self.openAI("This model's maximum context length is 128000 tokens.", code: "context_length_exceeded")),
            Row(
                "deepseek", 400, .contextWindow, Self.openAI("This model's maximum context length is 1048565 tokens.", code: "invalid_request_error")),
            Row(
                "mistral", 400, .contextWindow,
                #"{"object":"error","message":"Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length","type":"invalid_request_prompt","param":null,"code":"3051"}"#
            ),
            Row("groq", 400, .contextWindow, Self.openAI("Please reduce the length of the messages or completion.", code: "context_length_exceeded")),
            Row(
                "xai", 400, .contextWindow,
                #"{"code":"invalid-argument","error":"This model's maximum prompt length is 131072 but the request contains 300000 tokens."}"#),
            Row("together", 422, .contextWindow, Self.openAI("Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4097.")),
            Row(
                "openrouter", 400, .contextWindow,
                #"{"error":{"message":"This endpoint's maximum context length is 200000 tokens. However, you requested about 250000.","code":400}}"#),
            Row("ollama", 400, .contextWindow, #"{"error":"the input length exceeds the context length"}"#),
            Row(
                "vllm", 400, .contextWindow,
                #"{"object":"error","message":"The decoder prompt (length 9000) is longer than the maximum model length of 4096.","type":"BadRequestError","code":400}"#
            ),
            Row(
                "vllm", 400, .contextWindow,
                #"{"error":{"message":"This model's maximum context length is 4096 tokens. However, you requested 5000.","type":"BadRequestError","code":400}}"#
            ),
            Row(
                "llama.cpp", 400, .contextWindow,
                #"{"error":{"code":400,"message":"request (9031 tokens) exceeds the available context size (2048 tokens), try increasing it","type":"exceed_context_size_error","n_ctx":2048}}"#
            ),
            Row(
                "anthropic", 400, .contextWindow,
                #"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 3333404 tokens > 200000 maximum"}}"#),
            Row(
                "anthropic", 400, .contextWindow,
                #"{"type":"error","error":{"type":"invalid_request_error","message":"input length and `max_tokens` exceed context limit: 199000 + 8192 > 200000"}}"#
            ),
            Row(
                "gemini", 400, .contextWindow,
                #"{"error":{"code":400,"message":"The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).","status":"INVALID_ARGUMENT"}}"#
            ),
            Row("bedrock", 400, .contextWindow, #"{"message":"Input is too long for requested model."}"#),
            Row(
                "bedrock", 400, .contextWindow,
                #"{"message":"The model returned the following errors: prompt is too long: 250000 tokens > 200000 maximum"}"#),
            Row(
                "cohere", 400, .contextWindow,
                #"{"error_type":"TOO_MANY_TOKENS","id":"i","message":"too many tokens: size limit exceeded by 25836 tokens."}"#),
            Row(
                "perplexity", 400, .contextWindow,
                #"{"error":{"message":"The total length of all messages is too long.","type":"too_many_prompt_tokens","code":400}}"#),
            Row("moonshot", 400, .contextWindow, Self.openAI("Invalid request: Your request exceeded model token limit: 8192")),
            Row("alibaba", 400, .contextWindow, Self.openAI("Range of input length should be [1, 129024]", code: "invalid_parameter_error")),
            Row("cerebras", 400, .contextWindow, #"{"message":"Current length is 9000 while limit is 8192","code":"context_length_exceeded"}"#),
        ])
    }

    @Test("what a provider will not hear or say")
    func content() {
        Self.check([
            Row("openai", 400, .contentPolicy, Self.openAI("Your request was rejected by the safety system.", code: "moderation_blocked")),
            Row(
                "openai", 400, .contentPolicy,
                Self.openAI("Invalid prompt: your prompt was flagged as potentially violating our usage policy.", code: "invalid_prompt")),
            Row("openai", 400, .contentPolicy, Self.openAI("Not allowed.", code: "content_policy_violation")),
            Row(
                "azure", 400, .contentPolicy,
                #"{"error":{"message":"The response was filtered due to the prompt triggering Azure OpenAI's content management policy.","type":null,"param":"prompt","code":"content_filter","status":400,"innererror":{"code":"ResponsibleAIPolicyViolation"}}}"#
            ),
            Row(
                "anthropic", 400, .contentPolicy,
                #"{"type":"error","error":{"type":"invalid_request_error","message":"Output blocked by content filtering policy"}}"#),
            Row("deepseek", 400, .contentPolicy, Self.openAI("Content Exists Risk", code: "invalid_request_error")),
            Row("alibaba", 400, .contentPolicy, Self.openAI("Input data may contain inappropriate content.", code: "data_inspection_failed")),
            Row("moonshot", 400, .contentPolicy, Self.openAI("The request was rejected because it was considered high risk", type: "content_filter")),
            Row(
                "xai", 403, .contentPolicy,
                #"{"code":"The caller does not have permission to execute the specified operation","error":"Content violates usage guidelines."}"#),
            Row(
                "openrouter", 403, .contentPolicy,
                #"{"error":{"code":403,"message":"m requires moderation on P. Your input was flagged for \"x\".","metadata":{"reasons":["x"]}}}"#),
            Row("zai", 400, .contentPolicy, #"{"error":{"code":"1301","message":"…"}}"#),
            Row(
                "vertex", 400, .contentPolicy,
                #"{"error":{"code":400,"message":"The prompt contains sensitive words that violate Google's Responsible AI practices.","status":"INVALID_ARGUMENT"}}"#
            ),
        ])
    }

    @Test("money that is spent is told from a moment's rate")
    func quota() {
        Self.check([
            Row(
                "openai", 429, .quotaExceeded, Self.openAI("You exceeded your current quota.", type: "insufficient_quota", code: "insufficient_quota")
            ),
            Row(
                "openai", 400, .quotaExceeded, Self.openAI("You exceeded your current quota.", type: "insufficient_quota", code: "insufficient_quota")
            ),
            Row(
                "openai", 429, .rateLimit,
                Self.openAI("Rate limit reached for gpt-x: Limit 3, Used 3.", type: "requests", code: "rate_limit_exceeded")),
            Row("azure", 429, .rateLimit, #"{"error":{"code":"RateLimitReached","message":"Your requests have exceeded rate limit."}}"#),
            Row("azure", 429, .rateLimit, #"{"error":{"code":"429","message":"Requests to the API have exceeded call rate limit of your tier."}}"#),
            Row(
                "anthropic", 400, .quotaExceeded,
                #"{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the Anthropic API."}}"#),
            Row(
                "anthropic", 400, .quotaExceeded,
                #"{"type":"error","error":{"type":"invalid_request_error","message":"You have reached your specified API usage limits. You will regain access on 2026-12-01."}}"#
            ),
            Row(
                "anthropic", 429, .rateLimit,
                #"{"type":"error","error":{"type":"rate_limit_error","message":"This request would exceed your organization's rate limit."}}"#),
            Row("anthropic", 529, .serverError, #"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#),
            Row(
                "gemini", 429, .rateLimit,
                #"{"error":{"code":429,"message":"You exceeded your current quota, please check your plan and billing details. Please retry in 32s.","status":"RESOURCE_EXHAUSTED"}}"#
            ),
            Row(
                "vertex", 429, .rateLimit,
                #"{"error":{"code":429,"message":"Resource exhausted. Please try again later.","status":"RESOURCE_EXHAUSTED"}}"#),
            Row("bedrock", 429, .rateLimit, #"{"message":"Too many requests, please wait before trying again."}"#),
            Row("bedrock", 400, .quotaExceeded, #"{"__type":"x","code":"ServiceQuotaExceededException","message":"quota"}"#),
            Row("mistral", 429, .rateLimit, #"{"object":"error","message":"Requests rate limit exceeded","type":"rate_limited","code":"1300"}"#),
            Row("deepseek", 402, .quotaExceeded, Self.openAI("Insufficient Balance", type: "unknown_error", code: "invalid_request_error")),
            Row(
                "groq", 413, .rateLimit,
                Self.openAI("Request too large on tokens per minute (TPM): Limit 6000.", type: "tokens", code: "rate_limit_exceeded")),
            Row("groq", 498, .rateLimit, Self.openAI("capacity", code: "capacity_exceeded")),
            Row(
                "xai", 429, .quotaExceeded,
                #"{"code":"Some resource has been exhausted","error":"Your team has either used all available credits or reached its monthly spending limit."}"#
            ),
            Row("xai", 403, .quotaExceeded, #"{"code":"no","error":"Your newly created teams doesn't have any credits yet."}"#),
            Row("together", 402, .quotaExceeded, Self.openAI("Credit limit exceeded", type: "credit_limit")),
            Row("openrouter", 402, .quotaExceeded, #"{"error":{"code":402,"message":"Insufficient credits"}}"#),
            Row("openrouter", 403, .quotaExceeded, #"{"error":{"code":403,"message":"Key limit exceeded (total limit)."}}"#),
            Row(
                "openrouter", 429, .rateLimit,
                #"{"error":{"code":429,"message":"Provider returned error","metadata":{"provider_name":"G","raw":"m is temporarily rate-limited upstream."}}}"#
            ),
            Row(
                "perplexity", 401, .quotaExceeded, #"{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","code":401}}"#),
            Row("moonshot", 429, .quotaExceeded, Self.openAI("Your account is suspended", type: "exceeded_current_quota_error")),
            Row("moonshot", 429, .rateLimit, Self.openAI("try again later", type: "engine_overloaded_error")),
            Row("zai", 429, .quotaExceeded, #"{"error":{"code":"1113","message":"Insufficient balance or no resource package. Please recharge."}}"#),
            Row("alibaba", 400, .quotaExceeded, Self.openAI("Access denied, please make sure your account is in good standing.", code: "Arrearage")),
        ])
    }

    @Test("what is wrong with our own settings: keys and names of models")
    func settings() {
        Self.check([
            Row("openai", 401, .auth, Self.openAI("Incorrect API key provided: sk-x.", code: "invalid_api_key")),
            Row("azure", 401, .auth, #"{"error":{"code":"401","message":"Access denied due to invalid subscription key or wrong API endpoint."}}"#),
            Row("anthropic", 401, .auth, #"{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}"#),
            Row("anthropic", 403, .auth, #"{"type":"error","error":{"type":"permission_error","message":"no"}}"#),
            Row(
                "gemini", 400, .auth,
                #"{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT","details":[{"reason":"API_KEY_INVALID"}]}}"#
            ),
            Row(
                "gemini", 400, .auth,
                #"{"error":{"code":400,"message":"User location is not supported for the API use.","status":"FAILED_PRECONDITION"}}"#),
            Row("xai", 400, .auth, #"{"code":"invalid-argument","error":"Incorrect API key provided. You can obtain an API key."}"#),
            Row("bedrock", 403, .auth, #"{"message":"The security token included in the request is expired"}"#),
            Row("openrouter", 401, .auth, #"{"error":{"message":"No cookie auth credentials found","code":401}}"#),
            Row("openai", 404, .notFound, Self.openAI("The model `m` does not exist or you do not have access to it.", code: "model_not_found")),
            Row("openai", 400, .notFound, Self.openAI("The requested model 'm' does not exist.", code: "model_not_found")),
            Row("azure", 404, .notFound, #"{"error":{"type":"invalid_request_error","code":"DeploymentNotFound","message":"…"}}"#),
            Row(
                "azure", 400, .notFound, #"{"error":{"code":"OperationNotSupported","message":"The chatCompletion operation does not work with m."}}"#
            ),
            Row("anthropic", 404, .notFound, #"{"type":"error","error":{"type":"not_found_error","message":"model: m"}}"#),
            Row("gemini", 404, .notFound, #"{"error":{"code":404,"message":"models/m is not found for API version v1beta.","status":"NOT_FOUND"}}"#),
            Row("bedrock", 400, .notFound, #"{"message":"The provided model identifier is invalid."}"#),
            Row("bedrock", 400, .notFound, #"{"message":"Invocation of model ID m with on-demand throughput isn\u2019t supported."}"#),
            Row("mistral", 400, .notFound, #"{"object":"error","message":"Invalid model: m","type":"invalid_model","param":null,"code":"1500"}"#),
            Row("deepseek", 400, .notFound, Self.openAI("Model Not Exist", code: "invalid_request_error")),
            Row("groq", 400, .notFound, Self.openAI("The model `m` has been decommissioned.", code: "model_decommissioned")),
            Row("together", 404, .notFound, Self.openAI("Unable to access model m.", code: "model_not_available")),
            Row("openrouter", 400, .notFound, #"{"error":{"message":"a/m is not a valid model ID","code":400}}"#),
            Row("ollama", 404, .notFound, #"{"error":{"message":"model 'm' not found","type":"api_error","param":null,"code":null}}"#),
            Row("vllm", 404, .notFound, #"{"object":"error","message":"The model `m` does not exist.","type":"NotFoundError","code":404}"#),
            Row("huggingface", 400, .notFound, Self.openAI("The requested model 'm' is not supported by any provider.", code: "model_not_supported")),
            Row("cohere", 404, .notFound, #"{"id":"i","message":"model 'm' not found"}"#),
        ])
    }

    @Test("the caller's own mistakes, and the provider's own troubles")
    func others() {
        Self.check([
            Row(
                "openai", 400, .badRequest,
                Self.openAI("Unsupported parameter: 'max_tokens' is not supported with this model.", code: "unsupported_parameter")),
            Row("openai", 400, .badRequest, Self.openAI("Invalid token in prompt: 123456.")),
            Row(
                "anthropic", 400, .badRequest,
                #"{"type":"error","error":{"type":"invalid_request_error","message":"messages.0: Input does not match the expected shape."}}"#),
            Row(
                "anthropic", 413, .badRequest, #"{"type":"error","error":{"type":"request_too_large","message":"Request exceeds the maximum size"}}"#),
            Row("bedrock", 400, .badRequest, #"{"message":"This model doesn't support the s3Uri field. Remove s3Uri and try again."}"#),
            Row("gemini", 400, .badRequest, #"{"error":{"code":400,"message":"Please use a valid role: user, model.","status":"INVALID_ARGUMENT"}}"#),
            Row(
                "llama.cpp", 400, .badRequest,
                #"{"error":{"code":400,"message":"All non-assistant messages must contain 'content'","type":"invalid_request_error"}}"#),
            Row("openrouter", 404, .badRequest, #"{"error":{"code":404,"message":"No endpoints found that support tool use."}}"#),
            Row(
                "mistral", 422, .badRequest,
                #"{"object":"error","message":{"detail":[{"type":"missing","loc":["body"],"msg":"Field required"}]},"type":"invalid_request_error"}"#),
            Row("bedrock", 424, .serverError, #"{"message":"The request failed due to an error while processing the model."}"#),
            Row("bedrock", 408, .timeout, #"{"message":"The request took too long to process."}"#),
            Row("gemini", 503, .serverError, #"{"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}"#),
            Row("gemini", 504, .timeout, #"{"error":{"code":504,"message":"Deadline expired","status":"DEADLINE_EXCEEDED"}}"#),
            Row("llama.cpp", 503, .serverError, #"{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}"#),
            Row("proxy", 502, .serverError, "<html><body>502 Bad Gateway</body></html>"),
            Row("proxy", 524, .timeout, ""),
            Row("proxy", 429, .rateLimit, "<html>slow down</html>"),
        ])
    }

    @Test("errors within a stream that began well")
    func events() {
        Self.check([
            Row("anthropic", 200, .serverError, #"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#),
            Row("anthropic", 200, .rateLimit, #"{"type":"error","error":{"type":"rate_limit_error","message":"…"}}"#),
            Row(
                "groq", 200, .badRequest,
                #"{"error":{"message":"Tool choice is required","type":"invalid_request_error","code":"tool_use_failed","status_code":400}}"#),
            Row("gemini", 200, .serverError, #"{"error":{"code":503,"message":"overloaded","status":"UNAVAILABLE"}}"#),
            Row("gemini", 200, .rateLimit, #"{"error":{"message":"…","status":"RESOURCE_EXHAUSTED"}}"#),
            Row("bedrock", 200, .rateLimit, #"{"type":"throttlingException","message":"Too many tokens"}"#),
            Row("bedrock", 200, .serverError, #"{"type":"modelStreamErrorException","message":"…"}"#),
            Row("openrouter", 200, .serverError, #"{"error":{"code":502,"message":"Provider disconnected"}}"#),
            Row("openai", 200, .serverError, Self.openAI("The server had an error.", type: "server_error", code: "server_error")),
        ])
    }

    @Test("what a client wrote and a provider repeats puts no deployment to rest")
    func repeated() {
        for words in [
            "Incorrect API key provided", "API key not valid", "The provided model identifier is invalid", "Your credit balance is too low",
            "Model Not Exist", "a is not a valid model ID", "insufficient quota", "billing_error",
        ] {
            let reply = FaultyReply(status: 400, type: "invalid_request_error", message: "messages[0].role: unknown value '\(words)'")
            #expect(reply.usualFault == .badRequest, "\(words)")
        }
    }
}
