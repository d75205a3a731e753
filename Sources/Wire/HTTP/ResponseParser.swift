import CBytes

/// Reads the head of a provider's reply, as strictly as `RequestParser`: a reply that is garbage is a fault of the provider,
/// and its connection is not used again.
public struct ResponseParser: Sendable {
    public let limits: HeadLimits
    /// Once `parse` has said that it is whole.
    public private(set) var head = ResponseHead()
    private var lines = HeadLines()
    private var hasStatusLine = false
    private var fieldCount = 0
    private var body = BodyFields()
    private var otherRequestID = Part.absent

    public init(limits: HeadLimits = HeadLimits()) { self.limits = limits }

    /// Gets ready for the next head of a connection: after an interim one, and after a body.
    public mutating func reset() { self = ResponseParser(limits: limits) }

    /// As `RequestParser.parse`. `toHead`: the request was a HEAD, whose reply has no body. `mayUpgrade`: it asked for another
    /// protocol, so that 101 is an answer.
    public mutating func parse(_ bytes: UnsafeRawBufferPointer, toHead: Bool = false, mayUpgrade: Bool = false) throws(HeadProblem) -> Bool {
        guard let base = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return false }
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
            if !hasStatusLine {
                try readStatusLine(base, end, mayUpgrade: mayUpgrade)
                hasStatusLine = true
                continue
            }
            if end == start {
                try finish(length: end + 2, toHead: toHead)
                return true
            }
            fieldCount &+= 1
            if fieldCount > limits.fields { throw HeadProblem(.tooManyFields, at: start) }
            try take(Field(base, start, end, readable: bytes.count), base, bytes.count)
        }
        return false
    }

    /// `HTTP/1.x SP 3DIGIT [SP reason]`. The space belongs there even without a reason, but not every server sends it.
    private mutating func readStatusLine(_ base: UnsafePointer<UInt8>, _ end: Int, mayUpgrade: Bool) throws(HeadProblem) {
        guard end >= 12, base[8] == .space, end == 12 || base[12] == .space else { throw HeadProblem(.statusLine, at: 0) }
        switch UnsafeRawPointer(base).loadUnaligned(as: UInt64.self) {
        case UInt64(ascii: "HTTP/1.1"): head.minorVersion = 1
        case UInt64(ascii: "HTTP/1.0"): head.minorVersion = 0
        default: throw HeadProblem(.statusLine, at: 0)
        }
        let a = base[9] &- 0x30, b = base[10] &- 0x30, c = base[11] &- 0x30
        guard a <= 9, b <= 9, c <= 9 else { throw HeadProblem(.statusLine, at: 9) }
        head.status = Int(a) * 100 + Int(b) * 10 + Int(c)
        guard head.status >= 100, head.status <= 599 else { throw HeadProblem(.status, at: 9) }
        if head.status == 101, !mayUpgrade { throw HeadProblem(.switchingProtocols, at: 9) }
        head.fields = Int32(truncatingIfNeeded: end &+ 2)
    }

    @inline(__always)
    private mutating func take(_ field: Field, _ base: UnsafePointer<UInt8>, _ count: Int) throws(HeadProblem) {
        let value = field.value
        switch field.nameCount {
        case 10:
            if field.matches("connection") { return body.connection(base, value) }
            if field.matches("request-id") { return first(&otherRequestID, value) }
        case 11:
            if field.matches("retry-after") { return first(&head.retryAfter, value) }
        case 12:
            if field.matches("content-type") { return contentType(base, value) }
            if field.matches("x-request-id") { return first(&head.requestID, value) }
        case 14:
            if field.matches("content-length") { return try body.contentLength(base, value) }
            if field.matches("retry-after-ms") { return first(&head.retryAfterMilliseconds, value) }
            if field.matches("x-should-retry") { return first(&head.shouldRetry, value) }
        case 16:
            if field.matches("content-encoding") { return contentEncoding(base, value) }
        case 17:
            if field.matches("transfer-encoding") { return try body.transferEncoding(base, value) }
        default: break
        }
        try field.checkName(base, readable: count)
    }

    @inline(__always) private func first(_ part: inout Part, _ value: Part) {
        if !part.isPresent { part = value }
    }

    /// Of two, neither is believed.
    private mutating func contentType(_ base: UnsafePointer<UInt8>, _ value: Part) {
        head.contentType = head.contentType == .none ? ContentKind(base, value) : .other
    }

    private mutating func contentEncoding(_ base: UnsafePointer<UInt8>, _ value: Part) {
        if value.count > 0, !base.equals(value, "identity") { head.hasContentEncoding = true }
        first(&head.contentEncoding, value)
    }

    private mutating func finish(length: Int, toHead: Bool) throws(HeadProblem) {
        try body.check(minorVersion: head.minorVersion, at: length - 2)
        let bodiless = head.status < 200 || head.status == 204
        if bodiless, body.chunked || body.length > 0 { throw HeadProblem(.bodyForbidden, at: length - 2) }
        head.length = length
        head.keepAlive = body.staysOpen(minorVersion: head.minorVersion)
        if bodiless || head.status == 304 || toHead {
            head.framing = .none
        } else if body.chunked {
            head.framing = .chunked
        } else if body.length >= 0 {
            head.framing = .length(body.length)
        } else {
            head.framing = .untilClose
            head.keepAlive = false
        }
        if !head.requestID.isPresent { head.requestID = otherRequestID }
    }
}

extension ContentKind {
    /// The media type's kind; parameters do not matter.
    init(_ base: UnsafePointer<UInt8>, _ value: Part) {
        let end = value.range.upperBound
        var stop = value.range.lowerBound
        while stop < end, base[stop] != UInt8(ascii: ";"), !base[stop].isBlank { stop &+= 1 }
        let type = Part(value.range.lowerBound, stop)
        if base.equals(type, "application/json") {
            self = .json
        } else if base.equals(type, "text/event-stream") {
            self = .eventStream
        } else if base.equals(type, "application/vnd.amazon.eventstream") {
            self = .amazonEventStream
        } else if type.count > 5, base.equals(Part(stop - 5, stop), "+json") {
            self = .json
        } else {
            self = .other
        }
    }
}
