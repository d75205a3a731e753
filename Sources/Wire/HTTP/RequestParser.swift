import CBytes

/// Reads the head of a request, strictly: what two servers could read in two ways is refused (RFC 9112 and 9110).
///
/// One empty line before the request line is skipped, which RFC 9112, section 2.2, asks for.
public struct RequestParser: Sendable {
    public let limits: HeadLimits
    /// Once `parse` has said that it is whole.
    public private(set) var head = RequestHead()
    private var lines = HeadLines()
    private var hasRequestLine = false
    private var fieldCount = 0
    private var body = BodyFields()
    private var expects = false
    /// Of an absolute target.
    private var authority = Part.absent

    public init(limits: HeadLimits = HeadLimits()) { self.limits = limits }

    /// Gets ready for the next request of a connection.
    public mutating func reset() { self = RequestParser(limits: limits) }

    /// Whether `head` is whole; its places count from the first of `bytes`. If not, offer all of them again with more behind:
    /// what was searched is not searched again. After a problem the connection has to close.
    ///
    /// The head is not returned, because swiftc 6.3 compiles a throwing function wrongly whose last act is to copy more than 128
    /// bytes to its result: optimised, it leaves the register of the error in disorder.
    public mutating func parse(_ bytes: UnsafeRawBufferPointer) throws(HeadProblem) -> Bool {
        guard let base = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return false }
        if !hasRequestLine {
            guard try takeRequestLine(base, bytes.count) else { return false }
        }
        // Copies, because what lives in registers need not be stored for each line.
        var lines = lines
        var fieldCount = fieldCount
        defer {
            self.lines = lines
            self.fieldCount = fieldCount
        }
        while let end = try lines.next(base, count: bytes.count, limit: limits.bytes, over: .tooLarge) {
            let start = lines.start
            lines.advance(past: end)
            if end == start {
                try finish(base, length: end + 2)
                return true
            }
            fieldCount &+= 1
            if fieldCount > limits.fields { throw HeadProblem(.tooManyFields, at: start) }
            try take(Field(base, start, end, readable: bytes.count), base, bytes.count)
        }
        return false
    }

    private mutating func takeRequestLine(_ base: UnsafePointer<UInt8>, _ count: Int) throws(HeadProblem) -> Bool {
        // Room for an empty line, the longest method, two spaces and the version.
        let limit = min(limits.target + 32, limits.bytes)
        while let end = try lines.next(base, count: count, limit: limit, over: .targetTooLong) {
            let start = lines.start
            lines.advance(past: end)
            if end == 0 { continue }
            if end == start { throw HeadProblem(.requestLine, at: start) }
            try RequestLine(base: base, start: start, end: end).read(into: &head, limits: limits)
            authority = head.host
            head.host = .absent
            head.fields = Int32(truncatingIfNeeded: end &+ 2)
            hasRequestLine = true
            return true
        }
        return false
    }

    @inline(__always)
    private mutating func take(_ field: Field, _ base: UnsafePointer<UInt8>, _ count: Int) throws(HeadProblem) {
        let value = field.value
        switch field.nameCount {
        case 4:
            if field.matches("host") { return try once(&head.host, value) }
        case 6:
            if field.matches("accept") { return first(&head.accept, value) }
            if field.matches("x-tags") { return try once(&head.tags, value) }
            if field.matches("expect") { return try expect(base, value) }
        case 9:
            if field.matches("x-api-key") { return try once(&head.apiKey, value) }
        case 10:
            if field.matches("connection") { return body.connection(base, value) }
            if field.matches("user-agent") { return first(&head.userAgent, value) }
        case 12:
            if field.matches("content-type") { return try once(&head.contentType, value) }
            if field.matches("x-request-id") { return first(&head.requestID, value) }
            if field.matches("x-project-id") { return try once(&head.projectID, value) }
        case 13:
            if field.matches("authorization") { return try once(&head.authorization, value) }
        case 14:
            if field.matches("content-length") { return try body.contentLength(base, value) }
            if field.matches("x-goog-api-key") { return try once(&head.googleAPIKey, value) }
            if field.matches("x-litellm-tags") { return try once(&head.litellmTags, value) }
        case 15:
            if field.matches("idempotency-key") { return try once(&head.idempotencyKey, value) }
            if field.matches("x-swiftlet-tags") { return try once(&head.swiftletTags, value) }
        case 16:
            if field.matches("content-encoding") { return first(&head.contentEncoding, value) }
        case 17:
            if field.matches("transfer-encoding") { return try body.transferEncoding(base, value) }
            if field.matches("x-swiftlet-region") { return try once(&head.swiftletRegion, value) }
        case 22:
            if field.matches("x-swiftlet-deadline-ms") { return try once(&head.swiftletDeadline, value) }
        default: break
        }
        try field.checkName(base, readable: count)
    }

    /// For fields on whose value we act: of two we would choose another than somebody else.
    @inline(__always) private func once(_ part: inout Part, _ value: Part) throws(HeadProblem) {
        if part.isPresent { throw HeadProblem(.repeated, at: Int(value.start)) }
        part = value
    }

    @inline(__always) private func first(_ part: inout Part, _ value: Part) {
        if !part.isPresent { part = value }
    }

    private mutating func expect(_ base: UnsafePointer<UInt8>, _ value: Part) throws(HeadProblem) {
        guard base.equals(value, "100-continue") else { throw HeadProblem(.expectation, at: Int(value.start)) }
        expects = true
    }

    private mutating func finish(_ base: UnsafePointer<UInt8>, length: Int) throws(HeadProblem) {
        try checkHost(base, end: length - 2)
        try body.check(minorVersion: head.minorVersion, at: length - 2)
        head.length = length
        head.framing = body.chunked ? .chunked : body.length >= 0 ? .length(body.length) : .none
        head.keepAlive = body.staysOpen(minorVersion: head.minorVersion)
        // HTTP/1.0 knows no 100 (RFC 9110, section 10.1.1), and without a body nothing is waited for.
        head.expectContinue = expects && head.minorVersion == 1 && (body.chunked || body.length > 0)
    }

    private func checkHost(_ base: UnsafePointer<UInt8>, end: Int) throws(HeadProblem) {
        guard head.host.isPresent else {
            if head.minorVersion == 1 { throw HeadProblem(.missingHost, at: end) }
            return
        }
        if let wrong = Authority.problem(base, head.host) { throw HeadProblem(.host, at: wrong) }
        if authority.isPresent, !Authority.same(base, authority, head.host) {
            throw HeadProblem(.hostDiffers, at: Int(head.host.start))
        }
    }
}
