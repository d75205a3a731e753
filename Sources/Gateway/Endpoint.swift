import Translation
import Wire

/// What a method and a path ask for.
enum Endpoint: Sendable {
    case call(API)
    /// A call whose path names the model, undecoded, in these bytes of it, and says whether it wants a stream.
    case modelCall(API, name: Range<Int>, stream: Bool)
    /// What is kept of the Responses API.
    case stored(StoredPath)
    /// What a client thinks of an answer.
    case feedback
    case models
    /// The model's name as it stands in the path, undecoded, behind this offset.
    case model(nameAt: Int)
    case healthz, readyz
    case unknown
    /// The path exists, for other methods; the value of `allow`.
    case wrongMethod(allow: StaticString)
}

extension Endpoint {
    /// What a provider is to be asked. Nil: nobody is.
    var asked: API? {
        switch self {
        case .call(let api), .modelCall(let api, _, _): api
        default: nil
        }
    }

    private struct Row {
        let path: StaticString
        let post: Bool
        let endpoint: Endpoint
    }

    private static let rows: [Row] = [
        Row(path: "/v1/chat/completions", post: true, endpoint: .call(.chatCompletions)),
        Row(path: "/v1/completions", post: true, endpoint: .call(.completions)),
        Row(path: "/v1/embeddings", post: true, endpoint: .call(.embeddings)),
        Row(path: "/v1/messages", post: true, endpoint: .call(.messages)),
        Row(path: "/v1/messages/count_tokens", post: true, endpoint: .call(.countTokens)),
        Row(path: "/v1/responses", post: true, endpoint: .call(.responses)),
        Row(path: "/v1/feedback", post: true, endpoint: .feedback),
        Row(path: "/v1/models", post: false, endpoint: .models),
        Row(path: "/healthz", post: false, endpoint: .healthz),
        Row(path: "/readyz", post: false, endpoint: .readyz),
    ]

    /// Paths are compared byte by byte: an encoded, doubled or trailing slash is another path, and unknown.
    static func find(_ method: Method, path: UnsafeRawBufferPointer) -> Endpoint {
        for row in rows {
            guard path.equals(row.path) else { continue }
            if row.post { return method == .post ? row.endpoint : .wrongMethod(allow: "POST") }
            return method == .get ? row.endpoint : .wrongMethod(allow: "GET")
        }
        if let call = modelCall(path) { return method == .post ? call : .wrongMethod(allow: "POST") }
        let prefix: StaticString = "/v1/models/"
        if path.count > prefix.utf8CodeUnitCount, path.starts(with: prefix) {
            return method == .get ? .model(nameAt: prefix.utf8CodeUnitCount) : .wrongMethod(allow: "GET")
        }
        return StoredPath.find(method, path: path) ?? .unknown
    }

    /// Gemini's `/v1beta/models/NAME:METHOD` and Bedrock's `/model/NAME/METHOD`.
    private static func modelCall(_ path: UnsafeRawBufferPointer) -> Endpoint? {
        for prefix in ["/v1beta/models/", "/v1/models/", "/model/"] as [StaticString] where path.starts(with: prefix) {
            let start = prefix.utf8CodeUnitCount
            let isFolder = path.starts(with: "/model/")
            guard let mark = path.lastIndex(of: isFolder ? UInt8(ascii: "/") : UInt8(ascii: ":")), mark > start else { continue }
            let method = UnsafeRawBufferPointer(rebasing: path[(mark + 1)...])
            for row in modelRows where method.equals(row.method) && (row.api == .converse) == isFolder {
                return .modelCall(row.api, name: start..<mark, stream: row.stream)
            }
        }
        return nil
    }

    private static let modelRows: [(method: StaticString, api: API, stream: Bool)] = [
        ("generateContent", .generateContent, false), ("streamGenerateContent", .generateContent, true),
        ("countTokens", .generateContentTokens, false), ("embedContent", .embedContent, false),
        ("batchEmbedContents", .batchEmbedContents, false), ("converse", .converse, false), ("converse-stream", .converse, true),
    ]

    /// The name in metrics and the access log.
    var name: StaticString {
        switch self {
        case .call(let api), .modelCall(let api, _, _): api.word
        case .stored: "stored_responses"
        case .feedback: "feedback"
        case .models, .model: "models"
        case .healthz: "healthz"
        case .readyz: "readyz"
        case .unknown, .wrongMethod: "unknown"
        }
    }
}

extension UnsafeRawBufferPointer {
    func equals(_ text: StaticString) -> Bool {
        count == text.utf8CodeUnitCount && starts(with: text)
    }

    /// Eight bytes a step.
    func starts(with text: StaticString) -> Bool {
        let length = text.utf8CodeUnitCount
        guard count >= length, let base = baseAddress else { return length == 0 }
        let other = UnsafeRawPointer(text.utf8Start)
        var at = 0
        while length &- at >= 8 {
            if base.loadUnaligned(fromByteOffset: at, as: UInt64.self) != other.loadUnaligned(fromByteOffset: at, as: UInt64.self) {
                return false
            }
            at &+= 8
        }
        while at < length {
            if base.load(fromByteOffset: at, as: UInt8.self) != other.load(fromByteOffset: at, as: UInt8.self) { return false }
            at &+= 1
        }
        return true
    }
}
