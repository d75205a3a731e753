import NIOCore
import Translation
import Wire

/// A client's request as it is sent on: the head rewritten, the body as it came.
struct PassedRequest {
    enum Body: Equatable {
        case none
        case length(Int)
        case chunked
    }

    /// The whole head, with the blank line.
    let head: ByteBuffer
    let isUpgrade: Bool
    /// May be sent twice: the method is idempotent (RFC 9110, section 9.2.2), or the request has a key that makes it so.
    let isRepeatable: Bool

    /// - Parameters:
    ///   - rest: Where the part of the path begins that follows on the target's.
    ///   - withheld: What must not leave.
    ///   - isRead: Guards look at the reply: it is to come whole, and as it is.
    init(
        _ head: RequestHead, in bytes: UnsafeRawBufferPointer, to endpoint: PassEndpoint, rest: Int, body: Body, _ withheld: Withheld,
        isRead: Bool = false, allocator: ByteBufferAllocator
    ) {
        let options = ConnectionOptions { head.forEachField(in: bytes, $0) }
        isUpgrade = options.asksWebSocket && head.method == .get && head.minorVersion == 1 && body == .none
        isRepeatable = ![.post, .patch].contains(head.method) || head.idempotencyKey.isPresent
        var out = allocator.buffer(capacity: head.length + endpoint.headerLines.count + 256)
        out.writeString("\(head.method.name) ")
        Self.writeTarget(head, bytes, endpoint, rest, withheld, into: &out)
        out.writeString(" HTTP/1.1\r\nhost: \(endpoint.authority)\r\n")
        out.writeBytes(endpoint.headerLines)
        Self.writeFields(head, bytes, endpoint, options, isUpgrade, withheld, isRead: isRead, into: &out)
        if isUpgrade { out.writeStaticString("connection: Upgrade\r\nupgrade: websocket\r\n") }
        switch body {
        case .none where [.post, .put, .patch].contains(head.method): out.writeStaticString("content-length: 0\r\n")
        case .none: break
        case .length(let length): out.writeString("content-length: \(length)\r\n")
        case .chunked: out.writeStaticString("transfer-encoding: chunked\r\n")
        }
        out.writeStaticString("\r\n")
        self.head = out
    }

    // MARK: Target

    private static func writeTarget(
        _ head: RequestHead, _ bytes: UnsafeRawBufferPointer, _ endpoint: PassEndpoint, _ rest: Int, _ withheld: Withheld,
        into out: inout ByteBuffer
    ) {
        let path = head.path(in: bytes)
        if rest < path.count {
            out.writeBytes(endpoint.targetPath)
            out.writeBytes(path[rest...])
        } else {
            out.writeBytes(endpoint.wholeTargetPath)
        }
        let query = Query(head.query.isPresent ? head.query.bytes(in: bytes) : nil, endpoint.defaultQuery, withheld)
        if let text = query.text {
            out.writeStaticString("?")
            out.writeBytes(text)
        }
    }

    /// A query without our keys, and with the parameters that the client did not give.
    struct Query {
        /// Nil: there is none.
        private(set) var text: [UInt8]?

        init(_ query: UnsafeRawBufferPointer?, _ defaults: [(name: [UInt8], text: [UInt8])], _ withheld: Withheld) {
            var kept: [UInt8]?
            var names: Set<[UInt8]> = []
            if let query {
                let pairs = query.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false)
                let good = pairs.filter { pair in
                    let equals = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
                    let value = Self.decoded(pair[equals...].dropFirst())
                    if value.withUnsafeBytes({ withheld.hides($0, named: true) }) { return false }
                    names.insert(Self.decoded(pair[..<equals]))
                    return true
                }
                // As it came, byte by byte, unless something had to go.
                kept = good.count == pairs.count ? Array(query) : good.isEmpty ? nil : Array(good.joined(separator: [UInt8(ascii: "&")]))
            }
            for parameter in defaults where !names.contains(parameter.name) {
                kept = (kept.map { $0.isEmpty ? $0 : $0 + [UInt8(ascii: "&")] } ?? []) + parameter.text
            }
            text = kept
        }

        private static func decoded(_ text: some RandomAccessCollection<UInt8>) -> [UInt8] {
            PercentEncoding.bytes(text.map { $0 == UInt8(ascii: "+") ? 0x20 : $0 })
        }
    }

    // MARK: Fields

    private static func writeFields(
        _ head: RequestHead, _ bytes: UnsafeRawBufferPointer, _ endpoint: PassEndpoint, _ options: ConnectionOptions, _ isUpgrade: Bool,
        _ withheld: Withheld, isRead: Bool, into out: inout ByteBuffer
    ) {
        // What stands under `x-pass-` is meant instead of the client's own field of that name.
        var passed: Set<[UInt8]> = []
        head.forEachField(in: bytes) { name, _ in
            if let wanted = PassFields.passed(PassFields.lowered(name)) { passed.insert(wanted) }
        }
        head.forEachField(in: bytes) { name, value in
            let lowered = PassFields.lowered(name)
            guard let wanted = self.name(of: lowered, endpoint, options, passed, isUpgrade), !isRead || !PassFields.hides(wanted) else { return }
            if wanted == PassFields.protocols {
                guard let value = protocols(value, withheld) else { return }
                return write(wanted, value, into: &out)
            }
            if withheld.hides(value, named: PassFields.mayHoldKey(lowered)) { return }
            if wanted == lowered { out.writeBytes(name) } else { out.writeBytes(name[PassFields.prefix...]) }
            out.writeStaticString(": ")
            out.writeBytes(value)
            out.writeStaticString("\r\n")
        }
    }

    private static func write(_ name: [UInt8], _ value: [UInt8], into out: inout ByteBuffer) {
        out.writeBytes(name)
        out.writeStaticString(": ")
        out.writeBytes(value)
        out.writeStaticString("\r\n")
    }

    /// The name that a field goes on under. Nil: it does not.
    private static func name(
        of name: [UInt8], _ endpoint: PassEndpoint, _ options: ConnectionOptions, _ passed: Set<[UInt8]>, _ isUpgrade: Bool
    ) -> [UInt8]? {
        guard options.mayGoOn(name) else { return nil }
        if PassFields.isPass(name) { return PassFields.passed(name).flatMap { endpoint.headerNames.contains($0) ? nil : $0 } }
        if PassFields.isOwn(name) || passed.contains(name) || endpoint.headerNames.contains(name) { return nil }
        if !isUpgrade, name.starts(with: "sec-websocket-".utf8) { return nil }
        return endpoint.forwardsHeaders || PassFields.describes(name) ? name : nil
    }

    /// Without the key that browsers, which cannot set headers, have among the protocols. Nil: nothing is left.
    private static func protocols(_ value: UnsafeRawBufferPointer, _ withheld: Withheld) -> [UInt8]? {
        let all = value.split(separator: UInt8(ascii: ",")).map { WebSocketKey.trimmed(UnsafeRawBufferPointer(rebasing: $0)) }
        let kept = all.filter { !withheld.hides(WebSocketKey.key(in: $0) ?? $0, named: true) }
        return kept.isEmpty ? nil : Array(kept.joined(separator: ", ".utf8))
    }
}

/// A key among the protocols of a WebSocket, as OpenAI's realtime API takes it: `openai-insecure-api-key.KEY`.
enum WebSocketKey {
    private static var prefix: StaticString { RealtimeKey.prefix }

    static func trimmed(_ text: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        var (start, end) = (0, text.count)
        while start < end, text[start] == 0x20 || text[start] == 0x09 { start += 1 }
        while end > start, text[end - 1] == 0x20 || text[end - 1] == 0x09 { end -= 1 }
        return UnsafeRawBufferPointer(rebasing: text[start..<end])
    }

    static func key(in item: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        item.starts(with: prefix) ? UnsafeRawBufferPointer(rebasing: item[prefix.utf8CodeUnitCount...]) : nil
    }

    /// The key in the request's protocols.
    static func find(_ head: RequestHead, in bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        var found: UnsafeRawBufferPointer?
        head.forEachField(in: bytes) { name, value in
            guard found == nil, name.isLowered("sec-websocket-protocol") else { return }
            for item in value.split(separator: UInt8(ascii: ",")) where found == nil {
                found = key(in: trimmed(UnsafeRawBufferPointer(rebasing: item)))
            }
        }
        return found
    }
}
