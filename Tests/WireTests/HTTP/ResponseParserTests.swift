import Testing
import Wire

@Suite("Reply heads") struct ResponseParserTests {
    @Test("a provider's reply comes out in parts")
    func whole() throws {
        let bytes = Array(
            (head(
                "HTTP/1.1 429 Too Many Requests", "Content-Type: application/json; charset=utf-8", "Content-Length: 2", "Retry-After: 7",
                "retry-after-ms: 6500", "x-should-retry: true", "Request-Id: second", "X-Request-Id: first", "Content-Encoding: gzip",
                "cf-ray: 1", "Connection: close") + "{}").utf8)
        let head = try #require(ResponseParser.take(bytes).head)
        #expect(head.status == 429)
        #expect(head.minorVersion == 1)
        #expect(head.length == bytes.count - 2)
        #expect(head.framing == .length(2))
        #expect(!head.keepAlive)
        #expect(!head.isInterim)
        #expect(head.contentType == .json)
        #expect(head.hasContentEncoding)
        let parts = [head.retryAfter, head.retryAfterMilliseconds, head.shouldRetry, head.requestID, head.contentEncoding]
        #expect(parts.map { $0.text(bytes) } == ["7", "6500", "true", "first", "gzip"])
        var names: [String] = []
        bytes.withUnsafeBytes { raw in head.forEachField(in: raw) { name, _ in names.append(String(decoding: name, as: UTF8.self)) } }
        #expect(names.count == 10)
        #expect(names[8] == "cf-ray")
    }

    struct Framed: Sendable {
        var lines: [String]
        var toHead = false
        var framing: ResponseHead.Framing
        var keepAlive: Bool
    }

    @Test(
        "where a reply ends follows RFC 9112, section 6.3",
        arguments: [
            Framed(lines: ["HTTP/1.1 200 OK", "content-length: 0"], framing: .length(0), keepAlive: true),
            Framed(lines: ["HTTP/1.1 200 OK", "transfer-encoding: chunked"], framing: .chunked, keepAlive: true),
            Framed(lines: ["HTTP/1.1 200 OK"], framing: .untilClose, keepAlive: false),
            Framed(lines: ["HTTP/1.1 200 OK", "connection: keep-alive"], framing: .untilClose, keepAlive: false),
            Framed(lines: ["HTTP/1.0 200 OK", "content-length: 1"], framing: .length(1), keepAlive: false),
            Framed(lines: ["HTTP/1.0 200 OK", "content-length: 1", "connection: keep-alive"], framing: .length(1), keepAlive: true),
            Framed(lines: ["HTTP/1.1 204 No Content"], framing: .none, keepAlive: true),
            Framed(lines: ["HTTP/1.1 204 No Content", "content-length: 0"], framing: .none, keepAlive: true),
            Framed(lines: ["HTTP/1.1 304 Not Modified", "content-length: 9"], framing: .none, keepAlive: true),
            Framed(lines: ["HTTP/1.1 100 Continue"], framing: .none, keepAlive: true),
            Framed(lines: ["HTTP/1.1 103 Early Hints", "link: </a>"], framing: .none, keepAlive: true),
            Framed(lines: ["HTTP/1.1 200 OK", "content-length: 9"], toHead: true, framing: .none, keepAlive: true),
            Framed(lines: ["HTTP/1.1 200 OK", "transfer-encoding: chunked"], toHead: true, framing: .none, keepAlive: true),
            Framed(lines: ["HTTP/1.1 200", "content-length: 1"], framing: .length(1), keepAlive: true),
            Framed(lines: ["HTTP/1.1 200 ", "content-length: 1"], framing: .length(1), keepAlive: true),
            Framed(lines: ["HTTP/1.1 599 \u{e9}\tx", "content-length: 1"], framing: .length(1), keepAlive: true),
        ])
    func framing(_ row: Framed) throws {
        let text = row.lines.map { $0 + "\r\n" }.joined() + "\r\n"
        let head = try #require(ResponseParser.take(Array(text.utf8), toHead: row.toHead).head)
        #expect(head.framing == row.framing)
        #expect(head.keepAlive == row.keepAlive)
    }

    @Test(
        "the kind of content is the media type's, in any case and without its parameters",
        arguments: zip(
            [
                "application/json", "Application/JSON;charset=utf-8", "application/json ; a=b", "application/problem+json", "text/event-stream",
                "TEXT/Event-Stream; charset=utf-8", "text/html", "application/jsonl", "application/json-seq", "text/event-streams", "", "json",
            ],
            [ContentKind.json, .json, .json, .json, .eventStream, .eventStream, .other, .other, .other, .other, .other, .other]))
    func kinds(_ type: String, _ kind: ContentKind) throws {
        let bytes = Array(head("HTTP/1.1 200 OK", "content-type: \(type)").utf8)
        #expect(try #require(ResponseParser.take(bytes).head).contentType == kind)
    }

    @Test("without a content type there is no kind, and two of them are no kind that we read")
    func noKind() throws {
        #expect(try #require(ResponseParser.take(Array(head("HTTP/1.1 200 OK").utf8)).head).contentType == .none)
        let two = head("HTTP/1.1 200 OK", "content-type: application/json", "content-type: application/json")
        #expect(try #require(ResponseParser.take(Array(two.utf8)).head).contentType == .other)
    }

    @Test("identity is no encoding", arguments: zip(["identity", "Identity", "", "gzip", "identity, gzip"], [false, false, false, true, true]))
    func encodings(_ value: String, _ encoded: Bool) throws {
        let bytes = Array(head("HTTP/1.1 200 OK", "content-encoding: \(value)").utf8)
        #expect(try #require(ResponseParser.take(bytes).head).hasContentEncoding == encoded)
    }

    @Test(
        "garbage is refused with the place",
        arguments: [
            ("HTTP/1.1 200 OK\ncontent-length: 1\n\n", HeadProblem.Reason.bareLF, 15),
            ("\r\n", .statusLine, 0),
            ("<html>\r\n", .statusLine, 0),
            ("HTTP/2 200\r\n", .statusLine, 0),
            ("HTTP/1.2 200 OK\r\n", .statusLine, 0),
            ("http/1.1 200 OK\r\n", .statusLine, 0),
            ("ICY 200 OK\r\n\r\n", .statusLine, 0),
            ("HTTP/1.1  200 OK\r\n", .statusLine, 0),
            ("HTTP/1.1 2o0 OK\r\n", .statusLine, 9),
            ("HTTP/1.1 20 OK\r\n", .statusLine, 0),
            ("HTTP/1.1 2000 OK\r\n", .statusLine, 0),
            ("HTTP/1.1 200OK\r\n", .statusLine, 0),
            ("HTTP/1.1 099 OK\r\n", .status, 9),
            ("HTTP/1.1 600 OK\r\n", .status, 9),
            ("HTTP/1.1 101 Switching Protocols\r\n", .switchingProtocols, 9),
            ("HTTP/1.1 200 \u{0}\r\n", .control, 13),
            ("HTTP/1.1 204 No Content\r\ncontent-length: 1\r\n\r\n", .bodyForbidden, 44),
            ("HTTP/1.1 204 No Content\r\ntransfer-encoding: chunked\r\n\r\n", .bodyForbidden, 53),
            ("HTTP/1.1 103 Hints\r\ncontent-length: 1\r\n\r\n", .bodyForbidden, 39),
            ("HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", .transferEncodingVersion, 45),
            ("HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 1\r\n", .repeatedContentLength, 52),
            ("HTTP/1.1 200 OK\r\ncontent-length: 1, 1\r\n", .contentLength, 34),
            ("HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n", .lengthAndEncoding, 55),
            ("HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n", .transferEncoding, 36),
            ("HTTP/1.1 200 OK\r\na : b\r\n", .spaceBeforeColon, 18),
            ("HTTP/1.1 200 OK\r\na: b\r\n c\r\n", .fold, 23),
            ("HTTP/1.1 200 OK\r\nnothing\r\n", .noColon, 24),
        ])
    func refused(_ text: String, _ reason: HeadProblem.Reason, _ at: Int) throws {
        let problem = try #require(ResponseParser.take(Array(text.utf8)).problem)
        #expect(problem.reason == reason)
        #expect(problem.offset == at)
    }

    @Test("another protocol is an answer to those who asked for one")
    func upgrade() throws {
        var parser = ResponseParser()
        try Array(head("HTTP/1.1 101 Switching Protocols", "upgrade: websocket", "connection: Upgrade").utf8).withUnsafeBytes { raw in
            let isWhole = try parser.parse(raw, mayUpgrade: true)
            #expect(isWhole)
            #expect(parser.head.status == 101 && parser.head.framing == .none && parser.head.length == raw.count)
        }
    }

    @Test("an interim head is followed by the one that counts")
    func interim() throws {
        let first = Array(head("HTTP/1.1 100 Continue").utf8), second = Array(head("HTTP/1.1 200 OK", "content-length: 0").utf8)
        var parser = ResponseParser()
        try (first + second).withUnsafeBytes { raw in
            try #require(try parser.parse(raw))
            #expect(parser.head.isInterim)
            let length = parser.head.length
            parser.reset()
            try #require(try parser.parse(UnsafeRawBufferPointer(rebasing: raw[length...])))
        }
        #expect(parser.head.status == 200)
    }

    @Test("limits hold for replies too")
    func limits() {
        let text = Array(head("HTTP/1.1 200 OK", "a: b", "c: d").utf8)
        #expect(ResponseParser.take(text, limits: HeadLimits(fields: 1)).problem?.reason == .tooManyFields)
        #expect(ResponseParser.take(text, limits: HeadLimits(bytes: text.count - 1)).problem?.reason == .tooLarge)
        #expect(ResponseParser.take(text, limits: HeadLimits(bytes: text.count, fields: 2)).head != nil)
    }
}
