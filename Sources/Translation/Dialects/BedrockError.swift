import Routing
import Wire

/// Bedrock's exceptions: the kind is a name in the header `x-amzn-errortype` (of a stream in its `:exception-type`), the body
/// says `{message}`.
enum BedrockError {
    /// The value of `x-amzn-errortype`, from which AWS SDKs make their exception (botocore's service model, read 2026-11).
    static func type(status: Int) -> StaticString {
        switch status {
        case 401, 403: "AccessDeniedException"
        case 402: "ServiceQuotaExceededException"
        case 404: "ResourceNotFoundException"
        case 408, 504: "ModelTimeoutException"
        case 409: "ConflictException"
        case 424: "ModelErrorException"
        case 429: "ThrottlingException"
        case 502, 503, 529: "ServiceUnavailableException"
        case 500...: "InternalServerException"
        default: "ValidationException"
        }
    }

    /// What a stream can say after its 200.
    static func streamType(of reply: FaultyReply) -> StaticString {
        switch reply.usualFault {
        case .rateLimit, .quotaExceeded: "throttlingException"
        case .badRequest, .contextWindow, .contentPolicy: "validationException"
        case .unavailable, .timeout: "serviceUnavailableException"
        case .serverError, .auth, .notFound, .malformedReply, .cancelled:
            reply.type?.lowercased().contains("overloaded") ?? false ? "serviceUnavailableException" : "modelStreamErrorException"
        }
    }

    /// The status that a request would have had which failed with `name`.
    static func status(of name: String) -> Int {
        switch name.lowercased() {
        case "throttlingexception": 429
        case "validationexception": 400
        case "accessdeniedexception": 403
        case "resourcenotfoundexception": 404
        case "modeltimeoutexception": 408
        case "modelstreamerrorexception", "modelerrorexception": 424
        case "serviceunavailableexception", "modelnotreadyexception": 503
        default: 500
        }
    }

    static func body(_ message: String) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("message", message)
        writer.endObject()
        return writer.bytes
    }
}

extension API {
    /// The header of an error answer that says its kind, beside the body. Nil: the dialect has none.
    public func errorHeader(status: Int) -> (name: StaticString, value: StaticString)? {
        self == .converse ? ("x-amzn-errortype", BedrockError.type(status: status)) : nil
    }
}
