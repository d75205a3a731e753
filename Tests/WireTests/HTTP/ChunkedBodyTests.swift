import Testing
import Wire

@Suite("Chunked bodies") struct ChunkedBodyTests {
    @Test(
        "payload comes out without its framing",
        arguments: [
            ("0\r\n\r\n", ""),
            ("5\r\nhello\r\n0\r\n\r\n", "hello"),
            ("1\r\na\r\nA\r\n0123456789\r\n00b\r\nhello world\r\n000\r\n\r\n", "a0123456789hello world"),
            ("2\r\n\r\n\r\n0\r\n\r\n", "\r\n"),
            ("1;a=b;c=\"d e\"\r\nx\r\n0;last\r\n\r\n", "x"),
            ("1\r\nx\r\n0\r\nTrailer: \u{e9} v\r\nOther:\r\n\r\n", "x"),
        ])
    func payload(_ text: String, _ payload: String) {
        let out = Unchunked(Array((text + "GET").utf8))
        #expect(out.problem == nil)
        #expect(out.ended)
        #expect(String(decoding: out.payload, as: UTF8.self) == payload)
        #expect(out.used == text.utf8.count)
    }

    @Test(
        "anything but hexadecimal digits and exact line ends is refused with the place",
        arguments: [
            ("\r\n", ChunkProblem.Reason.size, 0),
            (" 5\r\nhello\r\n", .size, 0),
            ("+5\r\nhello\r\n", .size, 0),
            ("-1\r\n", .size, 0),
            (";a\r\n", .size, 0),
            ("g\r\n", .size, 0),
            ("0x5\r\nhello\r\n", .sizeEnd, 1),
            ("5 \r\nhello\r\n", .sizeEnd, 1),
            ("5\nhello\n0\n\n", .sizeEnd, 1),
            ("5\rhello", .sizeEnd, 2),
            ("5\r\r\nhello", .sizeEnd, 2),
            ("5_0\r\n", .sizeEnd, 1),
            ("5\r\nhello0\r\n", .dataEnd, 8),
            ("5\r\nhello\n0\r\n", .dataEnd, 8),
            ("5\r\nhello\rX", .dataEnd, 9),
            ("5\r\nhell\r\n0\r\n", .dataEnd, 8),
            ("20000000000001\r\n", .sizeTooLarge, 13),
            ("0000000000000000\r\n", .sizeTooLarge, 15),
            ("ffffffffffffffff\r\n", .sizeTooLarge, 13),
            ("5;a\nhello", .extensions, 3),
            ("5;a\u{0}\r\n", .extensions, 3),
            ("5;a\rb", .sizeEnd, 4),
            ("0\r\n\rX", .trailer, 4),
            ("0\r\n\n", .trailer, 3),
            ("0\r\n: b\r\n\r\n", .trailer, 3),
            ("0\r\na b\r\n\r\n", .trailer, 4),
            ("0\r\na: b\r\n c\r\n\r\n", .trailer, 9),
            ("0\r\na: b\nc: d\r\n\r\n", .trailer, 7),
            ("0\r\na: \u{0}\r\n\r\n", .trailer, 6),
            ("0\r\na: b\rX", .trailer, 8),
            ("0\r\nGET / HTTP/1.1\r\n", .trailer, 6),
        ])
    func refused(_ text: String, _ reason: ChunkProblem.Reason, _ at: Int) {
        let out = Unchunked(Array(text.utf8))
        #expect(out.problem == ChunkProblem(reason, at: at))
        #expect((out.problem?.message.count ?? 0) > 8)
    }

    @Test("extensions may have 256 bytes in all, trailers 8 KiB")
    func caps() {
        func extended(_ count: Int) -> [UInt8] {
            let half = String(repeating: "e", count: count / 2), rest = String(repeating: "e", count: count - count / 2)
            return Array("1;\(half)\r\nx\r\n1;\(rest)\r\ny\r\n0\r\n\r\n".utf8)
        }
        #expect(Unchunked(extended(ChunkedBody.extensionLimit)).ended)
        #expect(Unchunked(extended(ChunkedBody.extensionLimit + 1)).problem?.reason == .extensions)
        // The name, the colon, both bytes of the line's end, and the last line's CR count.
        let fits = String(repeating: "v", count: ChunkedBody.trailerLimit - 5)
        #expect(Unchunked(Array("0\r\na:\(fits)\r\n\r\n".utf8)).ended)
        #expect(Unchunked(Array("0\r\na:\(fits)v\r\n\r\n".utf8)).problem?.reason == .trailersTooLarge)
    }

    @Test("a limit on payload is refused at the size that passes it, before the data")
    func limit() {
        #expect(Unchunked(Array("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n".utf8), limit: 5).ended)
        let over = Unchunked(Array("3\r\nabc\r\n3\r\n".utf8), limit: 5)
        #expect(over.problem == ChunkProblem(.sizeTooLarge, at: 8))
        #expect(over.payload == Array("abc".utf8))
    }

    @Test("a body that stops early has not ended", arguments: 0..<22)
    func unfinished(_ count: Int) {
        let whole = Array("5\r\nhello\r\n0\r\nab: c\r\n\r\n".utf8)
        #expect(whole.count == 22)
        let out = Unchunked(Array(whole.prefix(count)))
        #expect(!out.ended)
        #expect(out.problem == nil)
        #expect(out.used == count)
    }

    @Test("a written chunk header is read back", arguments: [1, 9, 10, 15, 16, 255, 256, 4096, 65_535, 1 << 40, (1 << 53) - 1])
    func header(_ count: Int) throws {
        let bytes = [UInt8](unsafeUninitializedCapacity: ChunkHeader.largest) { buffer, used in
            used = ChunkHeader.write(count, to: UnsafeMutableRawBufferPointer(buffer))
        }
        #expect(String(decoding: bytes, as: UTF8.self) == String(count, radix: 16) + "\r\n")
        var body = ChunkedBody()
        var at = 0
        #expect(try bytes.withUnsafeBytes { try body.next($0, from: &at) } == .needMore)
        #expect(body.total == count)
    }
}
