import Routing
import Testing
import Translation

/// What providers really answered where something was wrong: recorded exchanges by their ids, the bodies cut down to what a reader
/// looks at.
@Suite("Recorded faults") struct RecordedFaultTests {
    struct Row: Sendable {
        var id: String
        var status: Int
        var fault: Fault
        var headers: [(String, String)]
        var retryAfter: Duration?
        var body: String

        init(
            _ id: String, _ status: Int, _ fault: Fault, headers: [(String, String)] = [], retryAfter: Duration? = nil, _ body: String
        ) {
            (self.id, self.status, self.fault) = (id, status, fault)
            (self.headers, self.retryAfter, self.body) = (headers, retryAfter, body)
        }

        /// As the gateway reads it.
        var read: FaultyReply {
            var head = FaultHeaders()
            for (name, value) in headers {
                Array(name.utf8).withUnsafeBytes { name in Array(value.utf8).withUnsafeBytes { head.take(name, $0) } }
            }
            return Array(body.utf8).withUnsafeBytes { FaultyReply.read(status: status, body: $0, headers: head) }
        }
    }

    static let rows: [Row] = [
        Row(
            "anthropic.count_tokens.test-anthropic-count-tokens-error.0.913ce5a5", 404, .notFound,
            #"{"error":{"message":"model: claude-does-not-exist","type":"not_found_error"},"type":"error"}"#),
        Row(
            "anthropic.messages.anthropic-completion-error.0.f9d35a52", 400, .badRequest, headers: [("x-should-retry", "false")],
            #"{"type":"error","error":{"type":"invalid_request_error","message":"messages.0: Input does not match the expected shape."}}"#),
        Row(
            "anthropic.messages.anthropic-v1-messages-post-d65e09ee.0.1b6e5525", 401, .auth, headers: [("x-should-retry", "false")],
            #"{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}"#),
        Row(
            "azure.chat.chat-error-handling-with-azure-grok-4-1-fast-non-reasoning-r.0.fb93de0c", 401, .auth,
            #"{"error":{"code":"401","message":"Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for a..."}}"#
        ),
        Row(
            "azure.chat.chat-real-error-scenarios-azure-grok-4-1-fast-non-reasoning-.0.c1297a0f", 429, .rateLimit,
            #"{"error":{"code":"RateLimitReached","message":"Your requests to grok-4-1-fast-non-reasoning for grok-4-1-fast-non-reasoning in westeurope have exceeded ra...","details":"Your requests to grok-4-1-fast-non-reasoning for grok-4-1-fast-non-reasoning in westeurope have exceeded rate limit."}}"#
        ),
        Row(
            "azure.chat.test-chat-reasoning.1.19979bbd", 404, .notFound,
            #"{"error":{"type":"invalid_request_error","code":"DeploymentNotFound","message":"The API deployment for this resource does not exist. If you created the deployment within the last 5 minute..."}}"#
        ),
        Row(
            "bedrock.converse-stream.test-bedrock-streaming-error.0.504da98f", 400, .notFound,
            #"{"message":"The provided model identifier is invalid."}"#),
        Row(
            "bedrock.converse.bedrock-converse-error.0.e7c50c2f", 403, .auth,
            headers: [("x-amzn-errortype", "ExpiredTokenException:http://internal.amazon.com/coral/com.amazon.coral.service/")],
            #"{"message":"The security token included in the request is expired"}"#),
        Row(
            "bedrock.converse.test-multimodal-tool-return-matrix-direct-uploaded-file-imag.1.758122ed", 400, .badRequest,
            #"{"message":"This model doesn't support the s3Uri field. Remove s3Uri and try again."}"#),
        Row(
            "bedrock.converse.test-multimodal-tool-return-matrix-direct-uploaded-file-vide.1.41292125", 400, .badRequest,
            #"{"message":"This model doesn't support the video content block that you provided. Update the content block and try again."}"#),
        Row(
            "bedrock.count-tokens.test-anthropic-bedrock-count-tokens-error.0.c5c0c8e9", 400, .badRequest,
            #"{"message":"The provided model doesn't support counting tokens."}"#),
        Row(
            "cohere.cohere-chat.chat-real-error-scenarios-cohere-command-a-03-2025-handles-c.0.e9b61978", 400, .contextWindow,
            #"{"error_type":"TOO_MANY_TOKENS","id":"c167e04b-cfc2-44a9-927c-6d78c47fb5fe","message":"too many tokens: size limit exceeded by 25836 tokens. Try using shorter or fewer inputs. The limit for this..."}"#
        ),
        Row(
            "cohere.embeddings.testcohere-test-embed-error.0.a5001930", 404, .notFound,
            #"{"id":"8bd5b608-887c-49f7-a6b3-d3bd5830c3de","message":"model 'nonexistent' not found, make sure the correct model ID was used and that you have access to the model."}"#
        ),
        Row(
            "deepseek.chat.chat-real-error-scenarios-deepseek-deepseek-chat-handles-con.0.005694e7", 400, .contextWindow,
            #"{"error":{"message":"This model's maximum context length is 1048565 tokens. However, you requested 1250025 tokens (1250025 in th...","type":"invalid_request_error","param":null,"code":"invalid_request_error"}}"#
        ),
        Row(
            "gemini.countTokens.testgoogle-test-count-tokens-error.0.5c522112", 404, .notFound,
            #"{"error":{"code":404,"message":"models/nonexistent-model is not found for API version v1beta, or is not supported for countTokens. Call Lis...","status":"NOT_FOUND"}}"#
        ),
        Row(
            "gemini.generateContent.chat-error-handling-with-gemini-gemini-2-5-flash-raises-appr.0.1b25d2ad", 400, .auth,
            #"{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID"}]}}"#
        ),
        Row(
            "gemini.generateContent.chat-real-error-scenarios-gemini-gemini-2-5-flash-handles-co.0.f7a610e2", 429, .rateLimit,
            retryAfter: .milliseconds(48000),
            #"{"error":{"code":429,"message":"You exceeded your current quota, please check your plan and billing details. For more information on this e...","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaId":"GenerateContentPaidTierInputTokensPerModelPerMinute"}]},{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"48s"}]}}"#
        ),
        Row(
            "gemini.generateContent.testagentmultimodalgemini-test-video-file-gemini-gemini-2-0-.0.dd7183fe", 429, .rateLimit,
            #"{"error":{"code":429,"message":"Resource exhausted. Please try again later. Please refer to https://cloud.google.com/vertex-ai/generative-a...","status":"RESOURCE_EXHAUSTED"}}"#
        ),
        Row(
            "groq.chat.test-model-name-suggestion-groq.0.7e65f408", 404, .notFound,
            #"{"error":{"code":"model_not_found","message":"The model `llama-3.3-70b-versatlie` does not exist or you do not have access to it.","type":"invalid_request_error"}}"#
        ),
        Row(
            "groq.chat.test-tool-use-failed-error.0.136b80f8", 400, .badRequest,
            #"{"error":{"code":"tool_use_failed","message":"Tool call validation failed: tool call validation failed: parameters for tool get_something_by_name did not...","type":"invalid_request_error"}}"#
        ),
        Row(
            "llamacpp.chat.chat-bad-role.0.3cd8b36e", 400, .badRequest,
            #"{"error":{"code":400,"message":"All non-assistant messages must contain 'content'","type":"invalid_request_error"}}"#),
        Row(
            "llamacpp.chat.chat-too-long.0.68e63141", 400, .contextWindow,
            #"{"error":{"code":400,"message":"request (9031 tokens) exceeds the available context size (2048 tokens), try increasing it","type":"exceed_context_size_error","n_prompt_tokens":9031,"n_ctx":2048}}"#
        ),
        Row(
            "openai.chat.chat-bad-request.0.312572b3", 400, .badRequest,
            #"{"error":{"code":"unsupported_parameter","message":"Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.","param":"max_tokens","type":"invalid_request_error"}}"#
        ),
        Row(
            "openai.chat.chat-no-messages.0.ca0fed2e", 400, .badRequest,
            #"{"error":{"code":"empty_array","message":"Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.","param":"messages","type":"invalid_request_error"}}"#
        ),
        Row(
            "openai.chat.llama-index-chat-error.0.5645fc5c", 401, .auth,
            #"{"error":{"message":"Incorrect API key provided: bad-key-**********test. You can find your API key at https://platform.openai.co...","type":"invalid_request_error","param":null,"code":"invalid_api_key"}}"#
        ),
        Row(
            "openai.chat.reasoning-model-legacy-parameter-error.0.bed30b59", 400, .badRequest,
            #"{"error":{"message":"Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.","type":"invalid_request_error","param":"max_tokens","code":"unsupported_parameter"}}"#
        ),
        Row(
            "openai.chat.test-agents-and-tools.2.6eb98ca8", 404, .notFound,
            #"{"error":{"message":"The model `gpt-3.5-turbo-0613` has been deprecated, learn more here: https://platform.openai.com/docs/depre...","type":"invalid_request_error","param":null,"code":"model_not_found"}}"#
        ),
        Row(
            "openai.chat.test-chat-completion-404.0.0b77ef42", 404, .notFound,
            #"{"error":{"message":"The model `this-model-does-not-exist` does not exist or you do not have access to it.","type":"invalid_request_error","param":null,"code":"model_not_found"}}"#
        ),
        Row(
            "openai.chat.test-custom-llm-within-crew.0.deae469d", 400, .badRequest,
            #"{"error":{"message":"Missing required parameter: 'messages[1].content[0].type'.","type":"invalid_request_error","param":"messages[1].content[0].type","code":"missing_required_parameter"}}"#
        ),
        Row(
            "openai.chat.test-llm-call-when-stop-is-unsupported.0.4ce62e71", 400, .badRequest,
            #"{"error":{"message":"Unsupported parameter: 'stop' is not supported with this model.","type":"invalid_request_error","param":"stop","code":"unsupported_parameter"}}"#
        ),
        Row(
            "openai.chat.test-model-name-suggestion-openai-chat.0.1429ac8f", 404, .notFound,
            #"{"error":{"code":"model_not_found","message":"The model `gpt-5.2-proo` does not exist or you do not have access to it.","param":null,"type":"invalid_request_error"}}"#
        ),
        Row(
            "openai.chat.test-openai-o1-mini-system-role-system.0.479fba4b", 400, .badRequest,
            #"{"error":{"code":"unsupported_value","message":"Unsupported value: 'messages[0].role' does not support 'system' with this model.","param":"messages[0].role","type":"invalid_request_error"}}"#
        ),
        Row(
            "openai.chat.test-openai-web-search-tool-model-not-supported.0.6befb0ba", 400, .badRequest,
            #"{"error":{"code":null,"message":"Web search options not supported with this model.","param":"web_search_options","type":"invalid_request_error"}}"#
        ),
        Row(
            "openai.chat.testinputvalueimagehiding-test-input-value-hides-regular-url.0.7910024a", 400, .badRequest,
            #"{"error":{"message":"Error while downloading https://example.com/test-image.jpg.","type":"invalid_request_error","param":null,"code":"invalid_image_url"}}"#
        ),
        Row(
            "openai.completions.completion-bad-request.0.06856ca3", 400, .badRequest,
            #"{"error":{"code":"integer_below_min_value","message":"Invalid 'max_tokens': integer below minimum value. Expected a value >= 0, but got -1 instead.","param":"max_tokens","type":"invalid_request_error"}}"#
        ),
        Row(
            "openai.completions.openai-completions-post-48ee296c.0.56fbc297", 400, .badRequest,
            #"{"error":{"message":"Invalid token in prompt: 123456. Minimum value is 0, maximum value is 100257 (inclusive).","type":"invalid_request_error","param":null,"code":null}}"#
        ),
        Row(
            "openai.embeddings.embeddings-bad-request.0.2ae98159", 400, .badRequest,
            #"{"error":{"code":null,"message":"-1 is less than the minimum of 1 - 'dimensions'","param":null,"type":"invalid_request_error"}}"#),
        Row(
            "openai.embeddings.test-embeddings-model-not-found.0.4316723d", 404, .notFound,
            #"{"error":{"message":"The model `non-existent-embedding-model` does not exist or you do not have access to it.","type":"invalid_request_error","param":null,"code":"model_not_found"}}"#
        ),
        Row(
            "openai.embeddings.testopenai-test-embed-error.0.1bddf4c7", 404, .notFound,
            #"{"error":{"code":"model_not_found","message":"The model `nonexistent` does not exist or you do not have access to it.","param":null,"type":"invalid_request_error"}}"#
        ),
        Row(
            "openai.responses.chat-real-error-scenarios-openai-gpt-5-nano-handles-context-.0.1d81a020", 400, .contextWindow,
            #"{"error":{"message":"Your input exceeds the context window of this model. Please adjust your input and try again.","type":"invalid_request_error","param":"input","code":"context_length_exceeded"}}"#
        ),
        Row(
            "openai.responses.response-create-error.0.11d66b49", 400, .notFound,
            #"{"error":{"message":"The requested model 'invalid-model' does not exist.","type":"invalid_request_error","param":"model","code":"model_not_found"}}"#
        ),
        Row(
            "openai.responses.test-inferred-model-name-suggestion.0.f1fe1c0a", 400, .notFound,
            #"{"error":{"code":"model_not_found","message":"The requested model 'gpt-5.2-proo' does not exist.","param":"model","type":"invalid_request_error"}}"#
        ),
        Row(
            "openai.responses.test-openai-responses-model-http-error.0.8931277b", 400, .badRequest,
            #"{"error":{"code":"decimal_below_min_value","message":"Invalid 'temperature': decimal below minimum value. Expected a value >= 0, but got -1 instead.","param":"temperature","type":"invalid_request_error"}}"#
        ),
        Row(
            "openai.responses.test-responses-create-api-error-content-mode0.0.6281ae9d", 400, .notFound,
            #"{"error":{"message":"The requested model 'this-model-does-not-exist' does not exist.","type":"invalid_request_error","param":"model","code":"model_not_found"}}"#
        ),
        Row(
            "openrouter.chat.test-agent-knowledege-with-crewai-knowledge.1.64b5f172", 401, .auth,
            #"{"error":{"message":"No cookie auth credentials found","code":401}}"#),
        Row(
            "openrouter.chat.test-openrouter-errors-raised.0.140242e2", 429, .rateLimit,
            #"{"error":{"code":429,"message":"Provider returned error"}}"#),
        Row(
            "perplexity.chat.chat-real-error-scenarios-perplexity-sonar-handles-context-l.0.5c0954d7", 400, .contextWindow,
            #"{"error":{"message":"The total length of all messages is too long.","type":"too_many_prompt_tokens","code":400}}"#),
        Row(
            "vertex.generateContent.test-generate-content-invalid-role.0.b2088a11", 400, .badRequest,
            #"{"error":{"code":400,"message":"Please use a valid role: user, model.","status":"INVALID_ARGUMENT","details":[]}}"#),
        Row(
            "vertex.generateContent.test-generate-content-missing-model.0.4b42bf48", 404, .notFound,
            #"{"error":{"code":404,"message":"Publisher Model `projects/example-project/locations/us-central1/publishers/google/models/gemini-does-not-ex...","status":"NOT_FOUND","details":[]}}"#
        ),
        Row(
            "vertex.generateContent.test-multimodal-tool-return-matrix-direct-url-image-google-v.2.53ddcc81", 400, .badRequest,
            #"{"error":{"code":400,"message":"Cannot fetch content from the provided URL. Please ensure the URL is valid and accessible by Vertex AI. Ver...","status":"INVALID_ARGUMENT"}}"#
        ),
        Row(
            "xai.responses.chat-error-handling-with-xai-grok-4-1-fast-non-reasoning-rai.0.fdf6d71a", 400, .auth,
            #"{"code":"invalid-argument","error":"Incorrect API key provided. You can obtain an API key from https://console.x.ai."}"#),
    ]

    @Test("have the class that they deserve, and the provider's words are found", arguments: rows)
    func classes(_ row: Row) {
        let reply = row.read
        #expect(reply.usualFault == row.fault, "\(reply)")
        #expect(reply.message?.isEmpty == false)
        #expect(reply.retryAfter == row.retryAfter)
    }

    struct Told: Sendable {
        var row: Row
        var code: String?
        var type: String?
        var reason: String?
        var shouldRetry: Bool?
    }

    /// Shapes of the providers' references where no recording is at hand.
    @Test(
        "code, type and the wish to be asked later are found wherever a provider puts them",
        arguments: [
            Told(
                row: Row(
                    "bedrock", 429, .rateLimit, headers: [("X-Amzn-ErrorType", "ThrottlingException:http://internal.amazon.com/coral/")],
                    #"{"message":"Too many requests, please wait before trying again."}"#), type: "ThrottlingException"),
            Told(
                row: Row("bedrock", 429, .quotaExceeded, #"{"message":"Too many tokens per day, please wait before trying again."}"#)),
            Told(
                row: Row("bedrock", 403, .auth, #"{"Message":"User: arn:x is not authorized to perform: bedrock:InvokeModel"}"#)),
            Told(
                row: Row(
                    "bedrock", 400, .auth,
                    #"{"__type":"com.amazon.coral.service#UnrecognizedClientException","message":"The security token is invalid."}"#),
                type: "UnrecognizedClientException"),
            Told(
                row: Row("bedrock", 400, .quotaExceeded, headers: [("x-amzn-errortype", "ServiceQuotaExceededException")], #"{"message":"quota"}"#),
                type: "ServiceQuotaExceededException"),
            Told(
                row: Row("bedrock", 408, .timeout, headers: [("x-amzn-errortype", "ModelTimeoutException")], #"{"message":"Model has timed out"}"#),
                type: "ModelTimeoutException"),
            Told(
                row: Row(
                    "anthropic", 529, .serverError, headers: [("x-should-retry", "true")],
                    #"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#),
                type: "overloaded_error", shouldRetry: true),
            Told(
                row: Row(
                    "anthropic", 409, .serverError, headers: [("x-should-retry", "true")],
                    #"{"type":"error","error":{"type":"api_error","message":"busy"}}"#),
                type: "api_error", shouldRetry: true),
            Told(
                row: Row(
                    "openai", 409, .badRequest, headers: [("x-should-retry", "false")], #"{"error":{"message":"conflict","type":"x","code":"c"}}"#),
                code: "c", type: "x", shouldRetry: false),
            Told(
                row: Row(
                    "gemini", 429, .quotaExceeded, retryAfter: .milliseconds(1_250),
                    #"[{"error":{"code":429,"message":"Quota exceeded","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaId":"GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]},{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"1.25s"}]}}]"#
                ),
                code: "429", type: "RESOURCE_EXHAUSTED", reason: "GenerateRequestsPerDayPerProjectPerModel-FreeTier"),
            Told(
                row: Row(
                    "mistral", 422, .badRequest,
                    #"{"object":"error","message":{"detail":[{"type":"extra_forbidden","loc":["body","stream_options"],"msg":"Extra inputs are not permitted"}]},"type":"invalid_request_error","code":null}"#
                ),
                type: "extra_forbidden"),
            Told(row: Row("ollama", 404, .notFound, #"{"error":"model 'x' not found"}"#)),
            Told(row: Row("xai", 429, .rateLimit, #"{"code":"rate","error":"Too many requests"}"#), code: "rate"),
        ])
    func details(_ told: Told) {
        let reply = told.row.read
        #expect(reply.usualFault == told.row.fault, "\(told.row.id): \(reply)")
        #expect(reply.code == told.code && reply.type == told.type && reply.reason == told.reason, "\(told.row.id): \(reply)")
        #expect(reply.shouldRetry == told.shouldRetry && reply.retryAfter == told.row.retryAfter, "\(told.row.id): \(reply)")
    }
}
