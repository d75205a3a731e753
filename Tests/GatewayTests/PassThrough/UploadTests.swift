import NIOCore
import Testing
import Wire

@testable import Gateway

@Suite("Bodies that are sent on as they come") struct UploadTests {
    /// What came out, and how it ended; the bytes come in pieces of `size`.
    static func run(_ framing: RequestHead.Framing, _ bytes: [UInt8], size: Int, limit: Int = 1000) -> (body: [UInt8], end: String, left: Int) {
        var upload = Upload(framing, limit: limit)
        var waiting = ByteBuffer()
        var body: [UInt8] = []
        var at = 0
        while at < bytes.count {
            waiting.writeBytes(bytes[at..<min(bytes.count, at + size)])
            at += size
            switch upload.take(&waiting, ByteBufferAllocator()) {
            case .more(let piece): body += piece.map { Array($0.readableBytesView) } ?? []
            case .ended(let piece):
                return (body + (piece.map { Array($0.readableBytesView) } ?? []), "ended", waiting.readableBytes + max(0, bytes.count - at))
            case .refused(let refusal): return (body, refusal.code.rawValue, 0)
            }
        }
        return (body, "more", 0)
    }

    @Test("the framing goes and the bytes stay, however they are cut", arguments: 1...40)
    func cut(size: Int) {
        let payload = Array("hello, wide world\r\n0\r\n".utf8)
        let chunks = Array("5\r\nhello\r\n00c;x=y\r\n, wide world\r\n5\r\n\r\n0\r\n\r\n0\r\na: b\r\n\r\nGET".utf8)
        #expect(Self.run(.chunked, chunks, size: size) == (payload, "ended", 3))
        #expect(Self.run(.length(payload.count), payload + Array("GET".utf8), size: size) == (payload, "ended", 3))
        #expect(Self.run(.length(payload.count + 1), payload, size: size) == (payload, "more", 0))
    }

    @Test("more than may come is refused, and so is nonsense")
    func refused() {
        #expect(Self.run(.chunked, Array("3\r\nabc\r\n8\r\nabcdefgh\r\n".utf8), size: 100, limit: 10).end == "request_too_large")
        #expect(Self.run(.chunked, Array("3\r\nabcd\r\n".utf8), size: 100).end == "invalid_request")
        #expect(Self.run(.chunked, Array("x\r\n".utf8), size: 1).end == "invalid_request")
    }
}
