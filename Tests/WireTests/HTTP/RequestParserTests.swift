import Testing
import Wire

@Suite("Request heads") struct RequestParserTests {
    @Test("a client's request comes out in parts")
    func whole() throws {
        let bytes = Array(
            (head(
                "POST /v1/chat/completions?beta=true&x=%20 HTTP/1.1", "HOST: localhost:8080",
                "Authorization:   Bearer abc \t",
                "X-Api-Key: k1", "x-goog-api-key: k2", "content-TYPE: application/json", "Content-Encoding: gzip", "Accept:*/*", "User-Agent: a b/1",
                "X-Request-Id: r1", "Idempotency-Key: i1", "X-Swiftlet-Tags: a,b", "X-Swiftlet-Deadline-Ms: 1500", "X-Swiftlet-Region: eu",
                "X-LiteLLM-Tags: c", "X-Tags: d", "X-Project-Id: p", "Content-Length: 7", "X-Unknown_1!: \u{e9}", "Empty:") + "payload").utf8)
        let head = try #require(RequestParser.take(bytes).head)
        #expect(head.length == bytes.count - 7)
        #expect(head.method == .post)
        #expect(head.minorVersion == 1)
        #expect(head.framing == .length(7))
        #expect(head.keepAlive)
        #expect(!head.expectContinue)
        #expect(head.target.text(bytes) == "/v1/chat/completions?beta=true&x=%20")
        #expect(head.path.text(bytes) == "/v1/chat/completions")
        #expect(head.query.text(bytes) == "beta=true&x=%20")
        let parts = [
            head.host, head.authorization, head.apiKey, head.googleAPIKey, head.contentType, head.contentEncoding, head.accept, head.userAgent,
            head.requestID, head.idempotencyKey, head.swiftletTags, head.swiftletDeadline, head.swiftletRegion, head.litellmTags, head.tags,
            head.projectID,
        ]
        #expect(
            parts.map { $0.text(bytes) } == [
                "localhost:8080", "Bearer abc", "k1", "k2", "application/json", "gzip", "*/*", "a b/1", "r1", "i1", "a,b", "1500", "eu", "c",
                "d", "p",
            ])
        var fields: [String] = []
        bytes.withUnsafeBytes { raw in
            head.forEachField(in: raw) { fields.append(String(decoding: $0, as: UTF8.self) + "=" + String(decoding: $1, as: UTF8.self)) }
        }
        #expect(fields.count == 19)
        #expect(fields.prefix(2) == ["HOST=localhost:8080", "Authorization=Bearer abc"])
        #expect(fields.suffix(2) == ["X-Unknown_1!=\u{e9}", "Empty="])
    }

    @Test("absent fields are absent, and an empty one is not")
    func absent() throws {
        let bytes = Array(head("GET / HTTP/1.1", "host: a", "x-api-key:").utf8)
        let head = try #require(RequestParser.take(bytes).head)
        #expect(!head.authorization.isPresent)
        #expect(head.authorization.range.isEmpty)
        #expect(head.apiKey.isPresent)
        #expect(head.apiKey.text(bytes) == "")
        #expect(head.framing == .none)
        #expect(!head.query.isPresent)
    }

    struct Target: Sendable {
        var line: String
        var method = Method.get
        var path: String
        var query: String?
    }

    @Test(
        "targets are taken apart and stay as sent",
        arguments: [
            Target(line: "GET / HTTP/1.1", path: "/"),
            Target(line: "GET /? HTTP/1.1", path: "/", query: ""),
            Target(line: "GET //a/../b;c=d/%2F?x=?y HTTP/1.1", path: "//a/../b;c=d/%2F", query: "x=?y"),
            Target(line: "GET /a?include[]=b HTTP/1.1", path: "/a", query: "include[]=b"),
            Target(line: "GET http://a/ HTTP/1.1", path: "/"),
            Target(line: "GET http://a HTTP/1.1", path: "/"),
            Target(line: "GET HTTPS://A?k=v HTTP/1.1", path: "/", query: "k=v"),
            Target(line: "POST http://a/v1/models?k=v HTTP/1.1", method: .post, path: "/v1/models", query: "k=v"),
            Target(line: "OPTIONS * HTTP/1.1", method: .options, path: "*"),
            Target(line: "OPTIONS /a HTTP/1.1", method: .options, path: "/a"),
            Target(line: "HEAD /a HTTP/1.1", method: .head, path: "/a"),
            Target(line: "PUT /a HTTP/1.1", method: .put, path: "/a"),
            Target(line: "DELETE /a HTTP/1.1", method: .delete, path: "/a"),
            Target(line: "PATCH /a HTTP/1.1", method: .patch, path: "/a"),
        ])
    func targets(_ row: Target) throws {
        let bytes = Array(head(row.line, "host: a").utf8)
        let head = try #require(RequestParser.take(bytes).head)
        #expect(head.method == row.method)
        #expect(bytes.withUnsafeBytes { String(decoding: head.path(in: $0), as: UTF8.self) } == row.path)
        #expect(head.query.text(bytes) == row.query)
    }

    struct Connection: Sendable {
        var version: String
        var fields: [String]
        var framing = RequestHead.Framing.none
        var keepAlive: Bool
        var expects = false
    }

    @Test(
        "framing, keep-alive and expectation follow version and fields",
        arguments: [
            Connection(version: "1.1", fields: [], keepAlive: true),
            Connection(version: "1.1", fields: ["connection: close"], keepAlive: false),
            Connection(version: "1.1", fields: ["Connection: TE, , Close ,x"], keepAlive: false),
            Connection(version: "1.1", fields: ["connection: closed"], keepAlive: true),
            Connection(version: "1.1", fields: ["connection: keep-alive", "connection: close"], keepAlive: false),
            Connection(version: "1.0", fields: [], keepAlive: false),
            Connection(version: "1.0", fields: ["connection: Keep-Alive"], keepAlive: true),
            Connection(version: "1.0", fields: ["connection: keep-alive, close"], keepAlive: false),
            Connection(version: "1.0", fields: ["content-length: 3"], framing: .length(3), keepAlive: false),
            Connection(version: "1.0", fields: ["content-length: 3", "expect: 100-continue"], framing: .length(3), keepAlive: false),
            Connection(version: "1.1", fields: ["content-length: 0"], framing: .length(0), keepAlive: true),
            Connection(version: "1.1", fields: ["content-length: 007"], framing: .length(7), keepAlive: true),
            Connection(version: "1.1", fields: ["content-length: 999999999999999999"], framing: .length(999_999_999_999_999_999), keepAlive: true),
            Connection(version: "1.1", fields: ["Transfer-Encoding:\tChunked "], framing: .chunked, keepAlive: true),
            Connection(version: "1.1", fields: ["expect: 100-Continue", "content-length: 1"], framing: .length(1), keepAlive: true, expects: true),
            Connection(
                version: "1.1", fields: ["transfer-encoding: chunked", "expect: 100-continue"], framing: .chunked, keepAlive: true, expects: true),
            Connection(version: "1.1", fields: ["expect: 100-continue", "content-length: 0"], framing: .length(0), keepAlive: true),
            Connection(version: "1.1", fields: ["expect: 100-continue"], keepAlive: true),
        ])
    func connections(_ row: Connection) throws {
        let lines = ["POST / HTTP/\(row.version)", "host: a"] + row.fields
        let bytes = Array((lines.map { $0 + "\r\n" }.joined() + "\r\n").utf8)
        let head = try #require(RequestParser.take(bytes).head)
        #expect(head.framing == row.framing)
        #expect(head.keepAlive == row.keepAlive)
        #expect(head.expectContinue == row.expects)
    }

    @Test(
        "hosts are names or addresses with an optional port",
        arguments: ["a", "a.b-c_d~e", "127.0.0.1:8080", "[::1]", "[::ffff:1.2.3.4]:1", "LOCALHOST:65535", "a:0"])
    func hosts(_ host: String) {
        #expect(RequestParser.take(Array(head("GET / HTTP/1.1", "host: \(host)").utf8)).head != nil)
    }

    @Test("one empty line before a request is skipped, and counted in its length")
    func emptyLine() throws {
        let bytes = Array(("\r\n" + head("GET /a HTTP/1.1", "host: a")).utf8)
        let head = try #require(RequestParser.take(bytes).head)
        #expect(head.length == bytes.count)
        #expect(head.path.text(bytes) == "/a")
    }

    @Test("pipelined requests come out one after another")
    func pipelined() throws {
        let first = Array(head("GET /1 HTTP/1.1", "host: a").utf8), second = Array(head("GET /2 HTTP/1.1", "host: b", "x-tags: t").utf8)
        var parser = RequestParser()
        try (first + second).withUnsafeBytes { raw in
            try #require(try parser.parse(raw))
            #expect(parser.head.length == first.count)
            parser.reset()
            try #require(try parser.parse(UnsafeRawBufferPointer(rebasing: raw[first.count...])))
        }
        #expect(parser.head.path.text(second) == "/2")
        #expect(parser.head.tags.text(second) == "t")
    }
}
