import Wire

extension FaultyReply {
    /// Reads what a provider says of its failure, in any of the shapes met: `{error: {message, type, code}}`,
    /// `{error: "…"}`, `{detail}`, `{message}`, a list of one such object, plain text. Anything else (HTML, nothing) says nothing.
    public static func read(status: Int, body: UnsafeRawBufferPointer, headers: FaultHeaders = FaultHeaders()) -> FaultyReply {
        var reply = FaultyReply(status: status)
        reply.type = headers.type
        reply.shouldRetry = headers.shouldRetry
        var scanner = JSONScanner(body)
        do throws(JSONProblem) {
            if try scanner.peek() == .array {
                try scanner.enterArray()
                guard try scanner.nextElement() else { return reply }
            }
            try reply.fill(from: &scanner)
        } catch {
            // A body cut off in the middle: what was read before holds.
            reply.message = reply.message ?? plainText(body)
        }
        return reply
    }

    /// What stands in a body that never was JSON: of a web framework, say, that refuses a request before the provider's own code sees it.
    private static func plainText(_ body: UnsafeRawBufferPointer) -> String? {
        guard let first = body.first(where: { $0 > 0x20 }), !"{[\"<".utf8.contains(first) else { return nil }
        let start = body.prefix(longest)
        guard start.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 || $0 == 0x0a || $0 == 0x0d }) else { return nil }
        let text = String(decoding: start.drop { $0 <= 0x20 }, as: UTF8.self)
        return text.lastIndex { !$0.isWhitespace }.map { String(text[...$0]) }
    }

    /// Reads the value of a member `error` in a reply or chunk. Nil where it says that there is none: null, false, empty.
    static func member(_ scanner: inout JSONScanner) throws(JSONProblem) -> FaultyReply? {
        var reply = FaultyReply(status: 200)
        switch try scanner.peek() {
        case .string:
            try reply.fill(from: &scanner)
            return reply.message == "" ? nil : reply
        case .object:
            let start = scanner.offset
            try reply.fill(from: &scanner)
            return scanner.offset - start > 2 ? reply : nil
        default:
            try scanner.skip()
            return nil
        }
    }

    /// Longer messages are cut: they go into logs and events.
    private static let longest = 2_048

    /// Reads the value that stands next: an object of one of the shapes above, an error object or a string.
    mutating func fill(from scanner: inout JSONScanner) throws(JSONProblem) {
        guard try scanner.peek() == .object else {
            if let text = try Self.text(&scanner) { message = text }
            return
        }
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            if scanner.text(name, is: "error") {
                try fill(from: &scanner)
            } else if scanner.text(name, is: "code") {
                let said = try Self.text(&scanner)
                code = code ?? said
            } else if scanner.text(name, is: "error_type") {
                let said = try Self.text(&scanner)
                type = type ?? said  // Cohere, text-generation-inference
            } else if scanner.text(name, is: "type") {
                let said = try Self.text(&scanner)
                if said != "error" { type = type ?? said }  // Anthropic's outer object
            } else if scanner.text(name, is: "status") {
                let said = try Self.text(&scanner)
                type = type ?? said  // Gemini: RESOURCE_EXHAUSTED
            } else if scanner.text(name, is: "__type") {
                let said = try Self.text(&scanner)  // AWS's front: com.amazon.coral.service#AccessDeniedException
                type = type ?? said?.split(separator: "#").last.map { String($0) }
            } else if scanner.text(name, is: "details") {
                try googleDetails(&scanner)
            } else if scanner.text(name, is: "message") || scanner.text(name, is: "detail") || scanner.text(name, is: "msg")
                || scanner.text(name, is: "Message")
            {
                if try scanner.peek() == .array { try list(&scanner) } else { try fill(from: &scanner) }
            } else {
                try scanner.skip()
            }
        }
    }

    /// Google's list of typed details (google/rpc/error_details.proto): RetryInfo says when to come back, ErrorInfo and QuotaFailure
    /// say more of why. Azure's `details` is a text.
    private mutating func googleDetails(_ scanner: inout JSONScanner) throws(JSONProblem) {
        guard try scanner.peek() == .array else {
            try scanner.skip()
            return
        }
        try scanner.enterArray()
        while try scanner.nextElement() { try googleDetail(&scanner) }
    }

    private mutating func googleDetail(_ scanner: inout JSONScanner) throws(JSONProblem) {
        guard try scanner.peek() == .object else {
            try scanner.skip()
            return
        }
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            if scanner.text(name, is: "retryDelay") {
                // A duration of protobuf's JSON: seconds and `s`.
                guard let text = try Self.text(&scanner), text.hasSuffix("s") else { continue }
                retryAfter = Array(text.dropLast().utf8).withUnsafeBytes { RetryAfter.parse($0, now: 0) }
            } else if scanner.text(name, is: "reason") || scanner.text(name, is: "quotaId") {
                let said = try Self.text(&scanner)
                reason = reason ?? said
            } else if scanner.text(name, is: "violations"), try scanner.peek() == .array {
                try googleDetails(&scanner)
            } else {
                try scanner.skip()
            }
        }
    }

    /// FastAPI's `detail: [{loc, msg, type}]`: the first entry speaks for all.
    private mutating func list(_ scanner: inout JSONScanner) throws(JSONProblem) {
        try scanner.enterArray()
        var first = true
        while try scanner.nextElement() {
            if first { try fill(from: &scanner) } else { try scanner.skip() }
            first = false
        }
    }

    /// A string or a number as text.
    private static func text(_ scanner: inout JSONScanner) throws(JSONProblem) -> String? {
        switch try scanner.peek() {
        case .string:
            let text = try scanner.string()
            return String(scanner.decoded(text).prefix(longest))
        case .number: return "\(try scanner.number().integer)"
        default:
            try scanner.skip()
            return nil
        }
    }
}

extension FaultyReply {
    /// Status, code and type for an operator's log. Not the message: providers repeat prompts and credentials in it.
    public var summary: String {
        (["status \(status)"] + [code, type].compactMap { $0.flatMap(Self.word) }).joined(separator: " ")
    }

    /// Codes and types are words; what is not one is left out.
    private static func word(_ text: String) -> String? {
        let isWord =
            text.utf8.count <= 64 && text.utf8.allSatisfy { $0 &- 0x61 < 26 || $0 &- 0x41 < 26 || $0 &- 0x30 < 10 || "_-.".utf8.contains($0) }
        return isWord && !text.isEmpty ? text : nil
    }
}
