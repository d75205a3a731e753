import Routing
import Wire

/// Google's `generateContent` and `streamGenerateContent`, of the Gemini API and of Vertex AI.
///
/// Facts are of the discovery document of Vertex AI v1 (2026-10) and the Gemini API's reference, read 2026-11.
struct GenerateContent: Dialect {
    func read(_ body: UnsafeRawBufferPointer, _ call: Call) throws(Malformed) -> Conversation {
        let conversation = Conversation()
        conversation.stream = call.stream
        var reader = GeminiRequestReader(body, into: conversation)
        try reader.read()
        return conversation
    }

    func write(_ conversation: Conversation, to target: TranslationTarget, loss: inout Loss) throws(Malformed) -> [UInt8] {
        var writer = GeminiRequestWriter(conversation, target, loss)
        try writer.write()
        loss = writer.loss
        return writer.json.bytes
    }

    func replyReader(_ context: ReplyContext) -> any ReplyReader { GeminiReplyReader(context) }

    func replyWriter(_ context: ReplyContext) -> any ReplyWriter { GeminiReplyWriter(context) }

    func body(of refusal: Refusal, requestID: String) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.geminiError(
            code: refusal.status, message: refusal.message, reason: refusal.code.rawValue, retryAfter: refusal.retryAfterSeconds, requestID: requestID
        )
        writer.endObject()
        return writer.bytes
    }
}

/// What differs between generations of Gemini models.
enum GeminiGeneration: Int {
    /// Up to 2.0, and models that are no Gemini: no thinking to speak of.
    case early
    /// 2.5: thinks within a budget of tokens.
    case budgeted
    /// 3 and later, and names without a number (`gemini-flash-latest`): levels of thinking, signatures demanded, media in
    /// results of functions.
    case levelled

    init(model: String) {
        guard let start = model.firstRange(of: "gemini-")?.upperBound else {
            self = .early
            return
        }
        let version = model[start...].prefix { $0.isNumber || $0 == "." }.split(separator: ".")
        guard let major = version.first.flatMap({ Int($0) }) else {
            self = .levelled
            return
        }
        let minor = version.dropFirst().first.flatMap { Int($0) } ?? 0
        self = major > 2 ? .levelled : major == 2 && minor >= 5 ? .budgeted : .early
    }
}

extension StaticString {
    /// Whether `text` is one of `words`, which are ASCII.
    static func among(_ words: [StaticString], _ text: TextSlice) -> Bool { words.contains { text.says($0) } }
}

extension JSONWriter {
    /// The member `error` as Google writes it.
    mutating func geminiError(code: Int, message: String, reason: String?, retryAfter: Int64? = nil, requestID: String) {
        name("error")
        beginObject()
        member("code", code)
        member("message", message)
        member("status", Self.geminiStatus(code))
        name("details")
        beginArray()
        if let reason {
            beginObject()
            member("@type", "type.googleapis.com/google.rpc.ErrorInfo")
            member("reason", reason.uppercased())
            member("domain", "swiftlet")
            endObject()
        }
        if let retryAfter {
            beginObject()
            member("@type", "type.googleapis.com/google.rpc.RetryInfo")
            member("retryDelay", "\(retryAfter)s")
            endObject()
        }
        beginObject()
        member("@type", "type.googleapis.com/google.rpc.RequestInfo")
        member("requestId", requestID)
        endObject()
        endArray()
        endObject()
    }

    /// google.rpc.Code for an HTTP status (google/rpc/code.proto).
    private static func geminiStatus(_ code: Int) -> String {
        switch code {
        case 400, 413, 415, 422, 431: "INVALID_ARGUMENT"
        case 401: "UNAUTHENTICATED"
        case 403: "PERMISSION_DENIED"
        case 404, 405: "NOT_FOUND"
        case 409: "ABORTED"
        case 402, 429: "RESOURCE_EXHAUSTED"
        case 408, 504: "DEADLINE_EXCEEDED"
        case 499: "CANCELLED"
        case 501: "UNIMPLEMENTED"
        case 502, 503: "UNAVAILABLE"
        default: code < 500 ? "FAILED_PRECONDITION" : "INTERNAL"
        }
    }
}
