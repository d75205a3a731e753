import NIOCore
import Routing
import Schema
import Settings
import Storage
import Testing
import Wire

@testable import Gateway

@Suite("Requests that pass through") struct PassedRequestTests {
    static let key = "sk-of-the-gateway-1"
    static let other = "sk-of-the-gateway-2"

    /// What is sent for `lines`, as lines; the first is the request line.
    static func sent(
        _ line: String, _ fields: [String] = [], endpoint: String = "", presented: String? = key, body: PassedRequest.Body = .none
    ) throws -> [String] {
        let settings = "general: { pass_through_endpoints: [ { path: /p, target: 'https://h.example/t', include_subpath: true, \(endpoint) } ] }"
        let endpoints = try #require(Blueprint.compile(yaml: settings).blueprint).passThrough
        let table = try #require(try PassTable(endpoints, store: MemoryStore(), origins: OriginNumbers()))
        let ring = KeyRing([VirtualKey(name: "a", secret: Secret(key)), VirtualKey(name: "b", secret: Secret(other))], open: false)
        let text = ([line + " HTTP/1.1", "host: gateway"] + fields).joined(separator: "\r\n") + "\r\n\r\n"
        var parser = RequestParser()
        let request = try Array(text.utf8).withUnsafeBytes { raw in
            let isWhole = try parser.parse(raw)
            #expect(isWhole)
            let found = try #require(table.find(parser.head.path(in: raw)))
            return Array((presented ?? "").utf8).withUnsafeBytes { shown in
                PassedRequest(
                    parser.head, in: raw, to: found.endpoint, rest: found.rest, body: body,
                    Withheld(ring, presented: presented == nil ? nil : shown), allocator: ByteBufferAllocator())
            }
        }
        let head = String(buffer: request.head)
        #expect(head.hasSuffix("\r\n\r\n") && !head.dropLast(2).contains("\r\n\r\n"))
        return head.dropLast(2).split(separator: "\r\n", omittingEmptySubsequences: false).map(String.init)
    }

    @Test(
        "the query is the client's, byte by byte, without our keys and with what is missing",
        arguments: [
            ("", "?v=1&w=a%20b"), ("?", "?v=1&w=a%20b"), ("?v=2", "?v=2&w=a%20b"), ("?v&w=", "?v&w="),
            ("?%76=2&x=%2F+%zz".replacing("%zz", with: "%7a"), "?%76=2&x=%2F+%7a&w=a%20b"),
            ("?a=1&&b", "?a=1&&b&v=1&w=a%20b"), ("?key=\(key)", "?v=1&w=a%20b"), ("?a=1&key=\(key)&b=2", "?a=1&b=2&v=1&w=a%20b"),
            ("?api_key=\(other)&b", "?b&v=1&w=a%20b"), ("?a=x\(key)y", "?v=1&w=a%20b"), ("?a=%73k-of-the-gateway-1", "?v=1&w=a%20b"),
            ("?key=of-the-provider", "?key=of-the-provider&v=1&w=a%20b"),
        ])
    func query(written: String, expected: String) throws {
        let line = try Self.sent("GET /p/x\(written)", endpoint: "default_query_params: { v: 1, w: 'a b' }")[0]
        #expect(line == "GET /t/x\(expected) HTTP/1.1")
        if !written.contains(Self.key) && !written.contains(Self.other) && !written.contains("%73k") {
            #expect(try Self.sent("GET /p/x\(written)")[0] == "GET /t/x\(written) HTTP/1.1")
        }
    }

    struct Row: Sendable {
        var fields: [String]
        /// Where all headers go on.
        var forwarded: [String]
        /// Where they do not.
        var plain: [String] = []
    }

    @Test(
        "headers go on, or not",
        arguments: [
            Row(
                fields: ["X-One: 1", "Accept:  a/b ", "content-TYPE: c/d"], forwarded: ["X-One: 1", "Accept: a/b", "content-TYPE: c/d"],
                plain: ["Accept: a/b", "content-TYPE: c/d"]),
            Row(fields: ["x-a: 1", "x-a: 2"], forwarded: ["x-a: 1", "x-a: 2"]),
            Row(fields: ["authorization: Bearer \(key)"], forwarded: []),
            Row(fields: ["x-api-key: \(key)", "authorization: Bearer theirs"], forwarded: ["authorization: Bearer theirs"]),
            Row(fields: ["x-api-key: \(other)", "x-goog-api-key: theirs"], forwarded: ["x-goog-api-key: theirs"]),
            Row(fields: ["cookie: a=1; key=\(key)", "x-y: <\(key)>", "accept: \(key)"], forwarded: []),
            Row(fields: ["x-pass-x-api-key: \(other)", "x-pass-x-y: \(key)"], forwarded: []),
            Row(fields: ["X-Pass-X-Y: 1", "x-y: 2"], forwarded: ["X-Y: 1"], plain: ["X-Y: 1"]),
            Row(
                fields: ["x-pass-authorization: Bearer theirs", "authorization: Bearer \(key)"], forwarded: ["authorization: Bearer theirs"],
                plain: ["authorization: Bearer theirs"]),
            Row(
                fields: [
                    "x-pass-host: h", "x-pass-content-length: 9", "x-pass-connection: x", "x-pass-upgrade: h2c", "x-pass-x-pass-y: 1", "x-pass-: 1",
                ], forwarded: []),
            Row(fields: ["connection: x-a , X-B,close", "x-a: 1", "X-b: 2", "x-c: 3"], forwarded: ["x-c: 3"]),
            Row(fields: ["connection: x-a", "connection: x-b", "x-a: 1", "x-b: 2"], forwarded: []),
            Row(
                fields: ["te: trailers", "trailer: x", "keep-alive: 1", "proxy-authorization: x", "upgrade: h2c", "expect: 100-continue"],
                forwarded: []),
            Row(fields: ["x-swiftlet-region: eu", "x-swiftlet-anything: 1"], forwarded: []),
            Row(fields: ["x-set: theirs", "x-pass-x-set: theirs"], forwarded: []),
            Row(
                fields: ["range: bytes=0-", "if-none-match: \"x\"", "idempotency-key: k", "user-agent: u"],
                forwarded: ["range: bytes=0-", "if-none-match: \"x\"", "idempotency-key: k", "user-agent: u"],
                plain: ["range: bytes=0-", "if-none-match: \"x\"", "idempotency-key: k", "user-agent: u"]),
            Row(fields: ["sec-websocket-key: x", "sec-websocket-protocol: openai-insecure-api-key.\(key)"], forwarded: []),
        ])
    func headers(row: Row) throws {
        let own = ["host: h.example", "X-Set: ours"]
        #expect(
            try Self.sent("GET /p", row.fields, endpoint: "forward_headers: true, headers: { X-Set: ours }").dropFirst() == (own + row.forwarded)[...]
        )
        #expect(try Self.sent("GET /p", row.fields, endpoint: "headers: { X-Set: ours }").dropFirst() == (own + row.plain)[...])
    }

    @Test(
        "a key is found in whatever a credential is written",
        arguments: [
            "authorization: Basic c2stb2YtdGhlLWdhdGV3YXktMjo=", "authorization: basic dXNlcjpzay1vZi10aGUtZ2F0ZXdheS0y",
            "cookie: a=1; k=\(other); b",
            "x-auth: Token token=\"\(other)\"", "x-my-key: one, \(other)", "authorization: Bearer  \(other)", "x-secret: '\(other)'",
            "authorization: Basic c2stb2YtdGhlLWdhdGV3YXktMTp4",
        ])
    func words(field: String) throws {
        #expect(try Self.sent("GET /p", [field], endpoint: "forward_headers: true").count == 2)
    }

    @Test("wherever a client writes its key, it does not go on", arguments: UInt64(1)...50)
    func never(seed: UInt64) throws {
        var random = Random(seed: seed)
        let names = [
            "authorization", "x-api-key", "cookie", "x-a", "x-pass-b", "accept", "sec-websocket-protocol", "x-pass-authorization", "referer",
        ]
        let around = ["", " ", "Bearer ", "a=", "\"", ";", ", ", "https://h/?key=", "-", "openai-insecure-api-key."]
        func some(_ list: [String]) -> String { list[random.below(list.count)] }
        var fields = ["connection: upgrade", "upgrade: websocket"]
        for _ in 0..<random.below(8) {
            let name = some(names)
            guard !["authorization", "x-api-key"].contains(name) || !fields.contains(where: { $0.hasPrefix(name) }) else { continue }
            fields.append("\(name): \(some(around))\(Self.key)\(some(around))")
        }
        let query = (0..<random.below(4)).map { _ in "\(some(["key", "a", "%6b"]))=\(some(["", "x", "%20"]))\(Self.key)\(some(["", "y", "+"]))" }
        let sent = try Self.sent("GET /p/x?a=1&\(query.joined(separator: "&"))", fields, endpoint: "forward_headers: true")
        #expect(!sent.contains { $0.contains(Self.key) }, "\(sent)")
        #expect(sent[0].hasPrefix("GET /t/x?a=1"))
    }

    @Test("where no key is shown, credentials are the client's own, but for those that we know")
    func open() throws {
        let fields = ["authorization: Bearer theirs", "x-api-key: \(Self.other)"]
        #expect(try Self.sent("GET /p", fields, endpoint: "forward_headers: true", presented: nil).last == "authorization: Bearer theirs")
    }

    @Test("the body is framed as it is known")
    func framing() throws {
        #expect(try Self.sent("POST /p", body: .length(5)).last == "content-length: 5")
        #expect(try Self.sent("POST /p", body: .chunked).last == "transfer-encoding: chunked")
        #expect(try Self.sent("POST /p").last == "content-length: 0")
        #expect(try Self.sent("DELETE /p").last == "host: h.example")
    }

    @Test("a WebSocket is asked for, and no other protocol")
    func upgrades() throws {
        let fields = ["connection: keep-alive, Upgrade", "Upgrade: WebSocket", "sec-websocket-key: k", "sec-websocket-version: 13"]
        let protocols = "sec-websocket-protocol: realtime, openai-insecure-api-key.\(Self.key) ,b"
        #expect(
            try Self.sent("GET /p", fields + [protocols]).dropFirst(2) == [
                "sec-websocket-key: k", "sec-websocket-version: 13", "sec-websocket-protocol: realtime, b", "connection: Upgrade",
                "upgrade: websocket",
            ])
        #expect(try Self.sent("GET /p", ["connection: upgrade", "upgrade: h2c"]).count == 2)
        #expect(try Self.sent("POST /p", fields).count == 3)
        #expect(try Self.sent("GET /p", ["upgrade: websocket", "sec-websocket-key: k"]).count == 2)
    }
}
