/// The methods that clients use; others are refused by the parser with 501.
public enum Method: UInt8, CaseIterable, Sendable {
    case get, head, post, put, delete, patch, options

    public var name: StaticString {
        switch self {
        case .get: "GET"
        case .head: "HEAD"
        case .post: "POST"
        case .put: "PUT"
        case .delete: "DELETE"
        case .patch: "PATCH"
        case .options: "OPTIONS"
        }
    }
}

/// A request's head: plain numbers, and places in the bytes that it was parsed from.
public struct RequestHead: Hashable, Sendable {
    public enum Framing: Hashable, Sendable {
        case none
        case length(Int)
        case chunked

        public var length: Int? {
            if case .length(let length) = self { return length }
            return nil
        }
    }

    /// Bytes up to and with the blank line; the body follows.
    public internal(set) var length = 0
    public internal(set) var framing = Framing.none
    public internal(set) var method = Method.get
    /// 1 or 0, of HTTP/1.1 or HTTP/1.0.
    public internal(set) var minorVersion: UInt8 = 1
    /// The client wants to use the connection again.
    public internal(set) var keepAlive = false
    /// The client waits for `100 Continue` before it sends the body that it announces.
    public internal(set) var expectContinue = false

    /// As sent.
    public internal(set) var target = Part.absent
    /// Without the query, as sent: not decoded. Empty for `*` and for an absolute target without a path.
    public internal(set) var path = Part.absent
    /// Behind the question mark.
    public internal(set) var query = Part.absent
    @usableFromInline var fields: Int32 = 0

    // Values of well-known fields.
    public internal(set) var host = Part.absent
    public internal(set) var authorization = Part.absent
    public internal(set) var apiKey = Part.absent
    public internal(set) var googleAPIKey = Part.absent
    public internal(set) var contentType = Part.absent
    public internal(set) var contentEncoding = Part.absent
    public internal(set) var accept = Part.absent
    public internal(set) var userAgent = Part.absent
    public internal(set) var requestID = Part.absent
    public internal(set) var idempotencyKey = Part.absent
    public internal(set) var swiftletTags = Part.absent
    public internal(set) var swiftletDeadline = Part.absent
    public internal(set) var swiftletRegion = Part.absent
    public internal(set) var litellmTags = Part.absent
    public internal(set) var tags = Part.absent
    public internal(set) var projectID = Part.absent

    public init() {}

    /// The path's bytes; a slash where an absolute target has none.
    public func path(in head: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        if path.count > 0 { return path.bytes(in: head) }
        if target.count == 1 { return target.bytes(in: head) }  // `*`
        let slash: StaticString = "/"
        return UnsafeRawBufferPointer(start: slash.utf8Start, count: 1)
    }

    /// Every field in the order sent: name in the sender's case, and value without the blanks around it.
    @inlinable @inline(__always)
    public func forEachField(
        in head: UnsafeRawBufferPointer, _ body: (_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Void
    ) {
        FieldWalk.forEach(in: head, from: Int(fields), to: length, body)
    }
}
