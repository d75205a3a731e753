import Wire

/// What the mock provider reads of a request.
struct MockRequest: Hashable, Sendable {
    enum Asked: Hashable, Sendable {
        case chat, completions, embeddings, models
        case model(String)
        case unknown
    }

    var asked: Asked
    var model = "mock"
    var stream = false
    var includeUsage = false
    var maxTokens: Int?
    var base64 = false
    var dimensions: Int?
    /// One for each text to embed.
    var inputs: [UInt64] = []
    /// About what a provider would count: a token has four bytes.
    var promptTokens = 1

    static func asked(_ method: Method, _ path: String) -> Asked {
        switch (method, path) {
        case (.post, "/v1/chat/completions"): return .chat
        case (.post, "/v1/completions"): return .completions
        case (.post, "/v1/embeddings"): return .embeddings
        case (.get, "/v1/models"): return .models
        default:
            let prefix = "/v1/models/"
            return method == .get && path.hasPrefix(prefix) ? .model(String(path.dropFirst(prefix.count))) : .unknown
        }
    }

    init(_ asked: Asked, body: UnsafeRawBufferPointer) throws(JSONProblem) {
        self.asked = asked
        switch asked {
        case .models, .model, .unknown: return
        case .chat, .completions, .embeddings: break
        }
        var scanner = JSONScanner(body)
        try scanner.enterObject()
        while let key = try scanner.nextKey() { try read(scanner.decoded(key), &scanner, body) }
        try scanner.finish()
    }

    private mutating func read(_ key: String, _ scanner: inout JSONScanner, _ body: UnsafeRawBufferPointer) throws(JSONProblem) {
        let kind = try scanner.peek()
        switch (key, kind) {
        case ("model", .string): model = scanner.decoded(try scanner.string())
        case ("stream", .bool): stream = try scanner.bool()
        case ("max_tokens", .number), ("max_completion_tokens", .number):
            maxTokens = min(maxTokens ?? .max, Int(try scanner.number().integer))
        case ("dimensions", .number): dimensions = Int(try scanner.number().integer)
        case ("encoding_format", .string): base64 = scanner.decoded(try scanner.string()) == "base64"
        case ("stream_options", .object):
            try scanner.enterObject()
            while let option = try scanner.nextKey() {
                if scanner.decoded(option) == "include_usage" { includeUsage = try scanner.bool() } else { _ = try scanner.skip() }
            }
        case ("messages", _), ("prompt", _): promptTokens = max(1, (try scanner.skip().count + 3) / 4)
        case ("input", _): try readInput(kind, &scanner, body)
        default: _ = try scanner.skip()
        }
    }

    /// A text, a list of texts, a list of tokens, or a list of such lists.
    private mutating func readInput(_ kind: JSONKind, _ scanner: inout JSONScanner, _ body: UnsafeRawBufferPointer) throws(JSONProblem) {
        let whole: ByteRange
        if kind == .array {
            let start = scanner.offset
            var tokens = false
            try scanner.enterArray()
            while try scanner.nextElement() {
                tokens = try scanner.peek() == .number
                let element = try scanner.skip()
                if !tokens { inputs.append(MockEmbedding.seed(element.of(body))) }
            }
            whole = ByteRange(start, scanner.offset)
            if tokens { inputs = [MockEmbedding.seed(whole.of(body))] }
        } else {
            whole = try scanner.skip()
            inputs = [MockEmbedding.seed(whole.of(body))]
        }
        promptTokens = max(1, (whole.count + 3) / 4)
    }
}
