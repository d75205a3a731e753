import NIOPosix
import Testing
import Translation
import Wire

@testable import Gateway

@Suite("Mock provider") struct MockServerTests {
    static func with(_ behaviour: MockBehaviour, _ body: (MockServer) async throws -> Void) async throws {
        let server = try await MockServer.start(behaviour, group: MultiThreadedEventLoopGroup.singleton)
        defer { server.close() }
        try await body(server)
    }

    /// Eight bytes of prompt are two tokens.
    static let chat = #"{"model":"m\"1","messages":[1,2,3]}"#

    static func streaming(_ more: String = "") -> String { chat.dropLast() + #","stream":true\#(more)}"# }

    /// The data of the events, and the text that their deltas make up.
    static func events(_ body: String) -> (all: [String], text: String) {
        let all = body.split(separator: "\n\n").map { String($0.dropFirst("data: ".count)) }
        let text = all.compactMap { event in
            event.firstMatch(of: /"(?:content|text)":"([^"]*)"/).map { String($0.1) }
        }.joined()
        return (all, text)
    }

    @Test("a chat completion has the text and counts what it says")
    func whole() async throws {
        try await Self.with(MockBehaviour()) { server in
            let client = MockClient(port: server.port)
            client.post("/v1/chat/completions", Self.chat)
            let reply = try #require(try client.reply())
            #expect(reply.head.status == 200)
            #expect(reply.head.contentType == .json)
            #expect(
                reply.body
                    == #"{"id":"chatcmpl-mock-0","object":"chat.completion","created":1760000000,"model":"m\"1","choices":[{"index":0,"#
                    + #""message":{"role":"assistant","content":"Hello from the mock provider."},"finish_reason":"stop"}],"#
                    + #""usage":{"prompt_tokens":2,"completion_tokens":5,"total_tokens":7}}"#)
            #expect(server.tally.served.load(ordering: .relaxed) == 1)
            #expect(server.tally.tokens.load(ordering: .relaxed) == 5)
        }
    }

    @Test("a stream brings the same text, usage only when asked, and the connection serves on")
    func stream() async throws {
        try await Self.with(MockBehaviour()) { server in
            let client = MockClient(port: server.port)
            client.post("/v1/chat/completions", Self.streaming())
            client.post("/v1/chat/completions", Self.streaming(#","stream_options":{"include_usage":true}"#))
            client.post("/v1/completions", #"{"prompt":"abcd","stream":true,"max_tokens":2}"#)
            let plain = Self.events(try #require(try client.reply()).body)
            #expect(plain.text == "Hello from the mock provider.")
            #expect(plain.all.count == 8)
            #expect(plain.all.first?.contains(#""role":"assistant""#) == true)
            #expect(plain.all[6].contains(#""finish_reason":"stop""#))
            #expect(plain.all.last == "[DONE]")
            #expect(!plain.all.contains { $0.contains("usage") })
            let counted = Self.events(try #require(try client.reply()).body)
            #expect(counted.all.count == 9)
            #expect(counted.all[3].contains(#""usage":null"#))
            #expect(counted.all[7].hasSuffix(#""choices":[],"usage":{"prompt_tokens":2,"completion_tokens":5,"total_tokens":7}}"#))
            let short = Self.events(try #require(try client.reply()).body)
            #expect(short.text == "Hello from")
            #expect(short.all[2].contains(#""finish_reason":"length""#))
            #expect(server.tally.served.load(ordering: .relaxed) == 3)
        }
    }

    @Test("embeddings depend on the text alone, and are the same in both encodings")
    func embeddings() async throws {
        try await Self.with(MockBehaviour()) { server in
            let client = MockClient(port: server.port)
            for body in [
                #"{"input":["one","two","one"],"dimensions":3}"#, #"{"input":"two","dimensions":3}"#,
                #"{"input":"two","dimensions":3,"encoding_format":"base64"}"#, #"{"input":[1,2,3]}"#, #"{"input":[[1,2],[3]]}"#,
            ] { client.post("/v1/embeddings", body) }
            let vectors = try (0..<5).map { _ in
                try #require(try client.reply()).body.matches(of: /"embedding":(\[[^\]]*\]|"[^"]*")/).map { String($0.1) }
            }
            #expect(vectors.map(\.count) == [3, 1, 1, 1, 2])
            #expect(vectors[0][0] == vectors[0][2])
            #expect(vectors[0][0] != vectors[0][1])
            #expect(vectors[0][1] == vectors[1][0])
            let numbers = vectors[1][0].dropFirst().dropLast().split(separator: ",").compactMap { Float($0) }
            #expect(numbers.count == 3)
            #expect(abs(numbers.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
            #expect(vectors[2][0] == MockEmbedding.json(numbers, base64: true))
            #expect(vectors[2][0].utf8.count == 2 + 16)
            #expect(vectors[3][0].split(separator: ",").count == 8)
        }
    }

    @Test("models are listed, and what is not there is not found")
    func models() async throws {
        var behaviour = MockBehaviour()
        behaviour.models = ["small", "large"]
        try await Self.with(behaviour) { server in
            let client = MockClient(port: server.port)
            for path in ["/v1/models", "/v1/models/large", "/v1/models/none", "/v2"] { client.send("GET \(path) HTTP/1.1\r\nhost: mock\r\n\r\n") }
            let replies = try (0..<4).map { _ in try #require(try client.reply()) }
            #expect(replies.map(\.head.status) == [200, 200, 404, 404])
            #expect(replies[0].body.contains(#""id":"small""#) && replies[0].body.contains(#""id":"large""#))
            #expect(replies[2].body.contains("model_not_found"))
        }
    }

    @Test("a request in chunks and one byte at a time is answered; a bad one is refused")
    func requests() async throws {
        try await Self.with(MockBehaviour()) { server in
            let client = MockClient(port: server.port)
            let head = "POST /v1/completions HTTP/1.1\r\nhost: mock\r\ntransfer-encoding: chunked\r\n\r\n"
            for byte in head + "5\r\n{\"pro\r\nA\r\nmpt\":\"ab\"}\r\n0\r\n\r\n" { client.send(String(byte)) }
            #expect(try client.reply()?.head.status == 200)
            client.post("/v1/completions", "{broken")
            let refused = try #require(try client.reply())
            #expect(refused.head.status == 400)
            #expect(refused.body.contains(#""message":"byte 1: expected a member name in quotes""#))
            #expect(!refused.head.keepAlive)
            let other = MockClient(port: server.port)
            other.send("NOT HTTP\r\n\r\n")
            #expect(try other.reply()?.head.status == 400)
        }
    }

    @Test("a client that leaves is noticed, and costs no more tokens")
    func cancelled() async throws {
        var behaviour = MockBehaviour()
        behaviour.tokens = 1_000_000
        behaviour.tokenInterval = .milliseconds(1)
        try await Self.with(behaviour) { server in
            let client = MockClient(port: server.port)
            client.post("/v1/chat/completions", Self.streaming())
            while !client.rest.contains("from"), client.readSome() {}
            client.disconnect()
            for _ in 0..<1000 where server.tally.cancelled.load(ordering: .relaxed) == 0 { try await Task.sleep(for: .milliseconds(1)) }
            #expect(server.tally.cancelled.load(ordering: .relaxed) == 1)
            #expect(server.tally.served.load(ordering: .relaxed) == 0)
            let tokens = server.tally.tokens.load(ordering: .relaxed)
            try await Task.sleep(for: .milliseconds(20))
            #expect(server.tally.tokens.load(ordering: .relaxed) == tokens)
            #expect(tokens < 100_000)
        }
    }

    @Test("a stream without end waits for a reader who does not read")
    func backpressure() async throws {
        var behaviour = MockBehaviour()
        behaviour.faults = [MockFault(.endless)]
        try await Self.with(behaviour) { server in
            let client = MockClient(port: server.port)
            client.post("/v1/chat/completions", Self.streaming())
            var before = -1
            for _ in 0..<200 {
                try await Task.sleep(for: .milliseconds(50))
                let now = server.tally.tokens.load(ordering: .relaxed)
                if now == before, now > 0 { break }
                before = now
            }
            // Loopback sockets hold some megabytes; a token's event has about 200 bytes.
            #expect(before > 10)
            #expect(before < 200_000)
            for _ in 0..<50 { #expect(client.readSome()) }
            try await Task.sleep(for: .milliseconds(100))
            #expect(server.tally.tokens.load(ordering: .relaxed) > before)
        }
    }
}
