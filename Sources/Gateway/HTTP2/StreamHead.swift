import NIOCore
import NIOHPACK

/// Heads on their way between HTTP/1.1, which the gateway prepares and parses, and HTTP/2.
///
/// A reply's head is written as one of HTTP/1.1 and read by the same strict parser, so that there is one truth of what a head
/// may be. Both ways refuse what would read as two lines, or as a pseudo header.
enum StreamHead {
    // MARK: Request

    struct Request {
        var fields: HPACKHeaders
        /// Bytes of the body that follows.
        var length: Int

        /// What a frame holds that every provider has to take (RFC 9113, 4.2), less a change of table sizes in front.
        private static let frame = 16_384 - 64

        /// Its fields go into one frame, whatever the connection's table holds. Usual heads are not compressed to know that.
        var fitsFrame: Bool {
            let bytes = fields.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count + 8 }
            if bytes <= Self.frame / 4 { return true }  // a byte becomes 30 bits at most (RFC 7541, appendix B)
            var encoder = HPACKEncoder(allocator: ByteBufferAllocator(), maxDynamicTableSize: 0)
            var block = ByteBuffer()
            do { try encoder.encode(headers: fields, to: &block) } catch { return false }
            return block.readableBytes <= Self.frame
        }
    }

    /// Takes the head off the front of `bytes`: `METHOD target HTTP/1.1`, lines of `name: value` and a blank one.
    ///
    /// Nil: it is no head that HTTP/2 can carry. Linear; about ten short strings.
    static func request(from bytes: inout ByteBuffer) -> Request? {
        var request: Request?
        let length = bytes.withUnsafeReadableBytes { raw -> Int in
            var lines = Lines(raw: raw)
            guard let first = lines.next(), var made = requestLine(first) else { return 0 }
            var authority: Substring?
            var plain: [(Substring, Substring)] = []
            while let line = lines.next() {
                if line.isEmpty {
                    guard let authority else { return 0 }
                    made.fields.add(name: ":authority", value: String(authority))
                    for (name, value) in plain { add(name, value, to: &made) }
                    request = made.length < 0 ? nil : made
                    return lines.at
                }
                guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex else { return 0 }
                let name = text(line[..<colon])
                let value = trimmed(text(line[(colon + 1)...]))
                guard isName(name), isValue(value) else { return 0 }
                if name == "host" { authority = value } else if !isOfConnection(name) { plain.append((name, value)) }
            }
            return 0
        }
        if request != nil { bytes.moveReaderIndex(forwardBy: length) }
        return request
    }

    private static func requestLine(_ line: Slice<UnsafeRawBufferPointer>) -> Request? {
        let words = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        guard words.count == 3, text(words[2]) == "HTTP/1.1", words[1].first == UInt8(ascii: "/") || text(words[1]) == "*" else { return nil }
        var fields = HPACKHeaders()
        fields.reserveCapacity(16)
        fields.add(name: ":method", value: String(text(words[0])))
        fields.add(name: ":scheme", value: "https")
        fields.add(name: ":path", value: String(text(words[1])))
        return Request(fields: fields, length: 0)
    }

    private static func add(_ name: Substring, _ value: Substring, to request: inout Request) {
        guard name == "content-length" else { return request.fields.add(name: String(name), value: String(value)) }
        request.length = Int(value) ?? -1
        // Differs from request to request: it would only push others out of the table.
        request.fields.add(name: "content-length", value: String(value), indexing: .nonIndexable)
    }

    // MARK: Reply

    /// `fields` as a head of HTTP/1.1; nil where they cannot be one. `status` is the text of three digits.
    static func reply(_ fields: HPACKHeaders, allocator: ByteBufferAllocator) -> (bytes: ByteBuffer, status: Int)? {
        guard let status = fields.first(name: ":status"), status.utf8.count == 3, let number = Int(status), number >= 100 else { return nil }
        var bytes = allocator.buffer(capacity: 512)
        bytes.writeStaticString("HTTP/1.1 ")
        bytes.writeString(status)
        bytes.writeStaticString(" \r\n")
        for (name, value, _) in fields where name != ":status" {
            guard isName(name), !isOfConnection(name), isValue(value) else { return nil }
            bytes.writeString(name)
            bytes.writeStaticString(": ")
            bytes.writeString(value)
            bytes.writeStaticString("\r\n")
        }
        bytes.writeStaticString("\r\n")
        return (bytes, number)
    }

    // MARK: Fields

    /// Lower case, and no colon: neither a pseudo header nor the end of a name.
    private static func isName(_ name: some StringProtocol) -> Bool {
        !name.isEmpty && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: ":") && !(0x41...0x5a ~= $0) }
    }

    private static func isValue(_ value: some StringProtocol) -> Bool {
        value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f || $0 == 9 }
    }

    /// About one connection of HTTP/1.1 (RFC 9113, 8.2.2): never sent, and a reply that has one is malformed.
    private static func isOfConnection(_ name: some StringProtocol) -> Bool {
        switch name {
        case "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "te": true
        default: false
        }
    }

    private static func text(_ bytes: Slice<UnsafeRawBufferPointer>) -> Substring { Substring(decoding: bytes, as: UTF8.self) }

    private static func trimmed(_ value: Substring) -> Substring {
        var value = value
        while value.first == " " { value.removeFirst() }
        while value.last == " " { value.removeLast() }
        return value
    }

    /// The lines of a head, without their ends.
    private struct Lines {
        let raw: UnsafeRawBufferPointer
        var at = 0

        init(raw: UnsafeRawBufferPointer) { self.raw = raw }

        mutating func next() -> Slice<UnsafeRawBufferPointer>? {
            guard at < raw.count, let end = raw[at...].firstIndex(of: UInt8(ascii: "\r")), end + 1 < raw.count,
                raw[end + 1] == UInt8(ascii: "\n")
            else { return nil }
            let line = raw[at..<end]
            at = end + 2
            return line
        }
    }
}
