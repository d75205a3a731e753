import NIOCore
import NIOHPACK
import Testing

@testable import Gateway

@Suite("Heads over HTTP/2") struct StreamHeadTests {
    @Test("a prepared head becomes fields, and the body stays")
    func request() throws {
        var bytes = ByteBuffer(
            string: "POST /v1/chat/completions?a=b HTTP/1.1\r\nhost: api.example.com:8443\r\nauthorization: Bearer sk-1\r\n"
                + "x-empty:\r\nconnection: keep-alive\r\ncontent-type:  application/json \r\ncontent-length: 5\r\n\r\n{\r\n\r\n}")
        let request = try #require(StreamHead.request(from: &bytes))
        #expect(
            request.fields.map { "\($0.name)=\($0.value)" } == [
                ":method=POST", ":scheme=https", ":path=/v1/chat/completions?a=b", ":authority=api.example.com:8443", "authorization=Bearer sk-1",
                "x-empty=", "content-type=application/json", "content-length=5",
            ])
        #expect(request.length == 5)
        #expect(String(buffer: bytes) == "{\r\n\r\n}")
    }

    @Test(
        "a head that HTTP/2 would read differently is not sent",
        arguments: [
            "POST / HTTP/1.1\r\ncontent-length: 0\r\n\r\n", "POST / HTTP/1.1\r\nhost: a\r\n:path: /other\r\n\r\n",
            "POST / HTTP/1.1\r\nhost: a\r\nX-Upper: 1\r\n\r\n", "POST / HTTP/1.1\r\nhost: a\r\nx: a\nb: c\r\n\r\n",
            "POST / HTTP/1.1\r\nhost: a\r\nx: a\rb\r\n\r\n", "POST / HTTP/1.1\r\nhost: a\r\nx y: a\r\n\r\n",
            "POST / a HTTP/1.1\r\nhost: a\r\n\r\n", "POST x HTTP/1.1\r\nhost: a\r\n\r\n", "POST / HTTP/1.1\r\nhost: a\r\nno colon\r\n\r\n",
            "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n", "POST / HTTP/1.1\r\nhost: a\r\n", "", "\r\n\r\n",
        ])
    func refused(text: String) {
        var bytes = ByteBuffer(string: text)
        #expect(StreamHead.request(from: &bytes) == nil)
        #expect(String(buffer: bytes) == text)
    }

    struct Size: Sendable {
        var character: Character
        var count: Int
        var fits: Bool
    }

    @Test(
        "a head fits one frame or is known not to, whatever its characters cost",
        arguments: [
            Size(character: "a", count: 100, fits: true), Size(character: "~", count: 4000, fits: true),
            Size(character: "a", count: 16_000, fits: true),  // 5 bits each
            Size(character: "a", count: 27_000, fits: false),
            Size(character: "~", count: 9000, fits: true),  // 13 bits
            Size(character: "~", count: 10_500, fits: false),
            Size(character: "\\", count: 7000, fits: false),  // 19 bits
        ])
    func size(_ size: Size) throws {
        var bytes = ByteBuffer(string: "POST / HTTP/1.1\r\nhost: a\r\nx: \(String(repeating: size.character, count: size.count))\r\n\r\n")
        #expect(try #require(StreamHead.request(from: &bytes)).fitsFrame == size.fits)
    }

    @Test("a reply's fields become a head of HTTP/1.1")
    func reply() throws {
        let fields = HPACKHeaders([(":status", "429"), ("retry-after", "7"), ("x-request-id", "a b")])
        let reply = try #require(StreamHead.reply(fields, allocator: ByteBufferAllocator()))
        #expect(String(buffer: reply.bytes) == "HTTP/1.1 429 \r\nretry-after: 7\r\nx-request-id: a b\r\n\r\n")
        #expect(reply.status == 429)
    }

    @Test(
        "a reply that would read as something else is malformed",
        arguments: [
            [("content-type", "a")], [(":status", "20")], [(":status", "abc")], [(":status", "099")], [(":status", "200"), ("x", "a\r\nb: c")],
            [(":status", "200"), ("x", "a\nb")], [(":status", "200"), ("x", "\0")], [(":status", "200"), ("a: b\r\nc", "d")],
            [(":status", "200"), (":path", "/")], [(":status", "200"), ("connection", "close")],
            [(":status", "200"), ("transfer-encoding", "chunked")],
            [(":status", "200"), ("X-Upper", "a")], [(":status", "200"), ("", "a")],
        ])
    func malformed(fields: [(String, String)]) {
        #expect(StreamHead.reply(HPACKHeaders(fields), allocator: ByteBufferAllocator()) == nil)
    }
}
