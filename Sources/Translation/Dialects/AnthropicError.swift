import Routing
import Wire

/// Anthropic's error object: `{type, message}`, of which the type says what kind of failure it is.
enum AnthropicError {
    /// docs.claude.com, Errors, and the SDK's list of types (read 2026-11).
    static func type(status: Int) -> StaticString {
        switch status {
        case 401: "authentication_error"
        case 402: "billing_error"
        case 403: "permission_error"
        case 404: "not_found_error"
        case 408, 504: "timeout_error"
        case 409: "conflict_error"
        case 413: "request_too_large"
        case 429: "rate_limit_error"
        case 503, 529: "overloaded_error"
        case 500...: "api_error"
        default: "invalid_request_error"
        }
    }

    /// Of an error after the 200: by what the provider says of it.
    static func type(of reply: FaultyReply) -> StaticString {
        let said = reply.type?.lowercased() ?? ""
        for type in known where said == "\(type)" { return type }
        if said.contains("overloaded") || said == "serviceunavailableexception" { return "overloaded_error" }
        return switch reply.usualFault {
        case .rateLimit: "rate_limit_error"
        case .quotaExceeded: "billing_error"
        case .timeout: "timeout_error"
        case .badRequest, .contextWindow, .contentPolicy: "invalid_request_error"
        case .serverError, .unavailable, .auth, .notFound, .malformedReply, .cancelled: "api_error"
        }
    }

    private static let known: [StaticString] = [
        "overloaded_error", "api_error", "rate_limit_error", "invalid_request_error", "timeout_error", "billing_error",
    ]

    /// The member `error`.
    static func write(_ type: StaticString, _ message: String, into writer: inout JSONWriter) {
        writer.name("error")
        writer.beginObject()
        writer.member("type", word: type)
        writer.member("message", message)
        writer.endObject()
    }

    static func body(of refusal: Refusal, requestID: String) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("type", word: "error")
        write(type(status: refusal.status), refusal.message, into: &writer)
        writer.member("request_id", requestID)
        writer.endObject()
        return writer.bytes
    }
}
