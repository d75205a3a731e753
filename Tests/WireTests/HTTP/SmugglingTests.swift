import Testing
import Wire

/// Shapes known from request smuggling: a second request hidden where one server sees a body and another a head.
@Suite("Request smuggling") struct SmugglingTests {
    static let hidden = "GET /hidden HTTP/1.1\r\nhost: a\r\n\r\n"

    @Test(
        "no shape lets a hidden request through",
        arguments: [
            "content-length: 6\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
            "transfer-encoding: chunked\r\ncontent-length: 6\r\n\r\n0\r\n\r\n",
            "transfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
            "transfer-encoding : chunked\r\n\r\n0\r\n\r\n",
            "transfer-encoding: chunked\r\ntransfer-encoding: x\r\n\r\n0\r\n\r\n",
            "transfer-encoding: x\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
            "transfer-encoding:\u{b}chunked\r\n\r\n0\r\n\r\n",
            "transfer-encoding: chunked\u{0}\r\n\r\n0\r\n\r\n",
            " transfer-encoding: chunked\r\n\r\n0\r\n\r\n",
            "x: y\n transfer-encoding: chunked\r\n\r\n0\r\n\r\n",
            "x: y\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
            "x: y\rtransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
            "transfer\u{0}-encoding: chunked\r\n\r\n0\r\n\r\n",
            "transfer-encoding\n: chunked\r\n\r\n0\r\n\r\n",
            "transfer-encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
            "transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n",
            "transfer-encoding: identity, chunked\r\n\r\n0\r\n\r\n",
            "content-length: 0\r\ncontent-length: 33\r\n\r\n",
            "content-length: 0, 33\r\n\r\n",
            "content-length: 33 0\r\n\r\n",
            "content-length: 33\u{b}\r\n\r\n",
            "content-length: +33\r\n\r\n",
            "content-length: 0x21\r\n\r\n",
            "content-length: 3_3\r\n\r\n",
            "content-length: 33\r\n \r\n\r\n",
            "content-length : 33\r\n\r\n",
            "content-length\t: 33\r\n\r\n",
            "\"content-length\": 33\r\n\r\n",
            "host: b\r\n\r\n",
        ])
    func refused(_ tail: String) {
        let bytes = Array(("POST / HTTP/1.1\r\nhost: a\r\n" + tail + Self.hidden).utf8)
        #expect(RequestParser.take(bytes).problem != nil)
    }

    @Test(
        "names that only look like framing frame nothing",
        arguments: ["content_length: 33", "content-length-: 33", "x-content-length: 33", "transferencoding: chunked"])
    func lookalikes(_ line: String) throws {
        let text = "POST / HTTP/1.1\r\nhost: a\r\n\(line)\r\n\r\n"
        let head = try #require(RequestParser.take(Array((text + Self.hidden).utf8)).head)
        #expect(head.framing == .none)
        #expect(head.length == text.utf8.count)
    }

    /// Bit 5 lowers letters when names are compared; these differ from a known name in just that bit.
    @Test("names that differ from a known one by more than case are other names, or none", arguments: 0..<14)
    func folding(_ position: Int) {
        for flip in [UInt8(0x20), 0x40, 0x60, 0x80] {
            var name = Array("content-length".utf8)
            name[position] ^= flip
            let taken = RequestParser.take(Array("POST / HTTP/1.1\r\nhost: a\r\n".utf8) + name + Array(": 33\r\n\r\n".utf8))
            let isLetter = position != 7
            #expect((taken.head?.framing == .length(33)) == (isLetter && flip == 0x20), "\(name)")
        }
    }

    @Test(
        "chunk sizes that others read otherwise are refused",
        arguments: [
            "0x1\r\na\r\n", "1 \r\na\r\n", "1\t\r\na\r\n", "1\n\ra\r\n", "1;\u{b}\r\na\r\n", "1\r\na\n0\r\n",
            "1\r\naX0\r\n", "FFFFFFFFFFFFFFFF1\r\na", "-1\r\n", "1,1\r\na",
        ])
    func chunks(_ text: String) {
        #expect(Unchunked(Array(text.utf8)).problem != nil)
    }
}
