/// What a reply's body is, as far as it matters how it is read.
public enum ContentKind: UInt8, Sendable {
    case none, json, eventStream
    /// `application/vnd.amazon.eventstream`.
    case amazonEventStream
    case other
}

/// A reply's head: plain numbers, and places in the bytes that it was parsed from.
public struct ResponseHead: Hashable, Sendable {
    public enum Framing: Hashable, Sendable {
        case none
        case length(Int)
        case chunked
        case untilClose
    }

    /// Bytes up to and with the blank line; the body follows.
    public internal(set) var length = 0
    public internal(set) var framing = Framing.none
    /// 100 to 599. Below 200 it is interim: another head follows it.
    public internal(set) var status = 0
    /// 1 or 0, of HTTP/1.1 or HTTP/1.0.
    public internal(set) var minorVersion: UInt8 = 1
    /// The connection may be used again once the body has been read.
    public internal(set) var keepAlive = false
    public internal(set) var contentType = ContentKind.none
    /// The body is compressed.
    public internal(set) var hasContentEncoding = false
    @usableFromInline var fields: Int32 = 0

    // Values of well-known fields.
    public internal(set) var contentEncoding = Part.absent
    public internal(set) var retryAfter = Part.absent
    public internal(set) var retryAfterMilliseconds = Part.absent
    public internal(set) var shouldRetry = Part.absent
    /// `x-request-id`, or else `request-id`.
    public internal(set) var requestID = Part.absent

    public init() {}

    public var isInterim: Bool { status < 200 }

    /// Every field in the order sent: name in the sender's case, and value without the blanks around it.
    @inlinable @inline(__always)
    public func forEachField(
        in head: UnsafeRawBufferPointer, _ body: (_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Void
    ) {
        FieldWalk.forEach(in: head, from: Int(fields), to: length, body)
    }
}
