import Routing
import Schema
import Settings
import Testing
import Translation

@Suite("Providers") struct ProviderTests {
    @Test(
        "a failure has the class that status, code, type and message say",
        arguments: [
            (FaultyReply(status: 401), Fault.auth), (FaultyReply(status: 403), .auth), (FaultyReply(status: 404), .notFound),
            (FaultyReply(status: 408), .timeout), (FaultyReply(status: 504), .timeout), (FaultyReply(status: 402), .quotaExceeded),
            (FaultyReply(status: 429), .rateLimit), (FaultyReply(status: 429, code: "rate_limit_exceeded"), .rateLimit),
            (FaultyReply(status: 429, code: "insufficient_quota"), .quotaExceeded),
            (FaultyReply(status: 429, type: "insufficient_quota"), .quotaExceeded),
            (FaultyReply(status: 429, code: "billing_hard_limit_reached"), .quotaExceeded),
            (FaultyReply(status: 400), .badRequest), (FaultyReply(status: 413), .badRequest), (FaultyReply(status: 422), .badRequest),
            (FaultyReply(status: 409), .badRequest), (FaultyReply(status: 499), .badRequest),
            (FaultyReply(status: 400, code: "context_length_exceeded"), .contextWindow),
            (FaultyReply(status: 400, type: "exceed_context_size_error"), .contextWindow),
            (FaultyReply(status: 400, message: "This model's maximum context length is 4096 tokens."), .contextWindow),
            (FaultyReply(status: 400, code: "content_policy_violation"), .contentPolicy),
            (FaultyReply(status: 400, code: "content_filter"), .contentPolicy),
            (FaultyReply(status: 400, message: "billing is a word"), .badRequest),
            (FaultyReply(status: 400, type: "too_many_prompt_tokens", message: "The total length of all messages is too long."), .contextWindow),
            // Said as a 400, and not the client's doing.
            (FaultyReply(status: 400, code: "model_not_found", type: "invalid_request_error"), .notFound),
            (FaultyReply(status: 400, code: "1500", type: "invalid_model", message: "Invalid model: m"), .notFound),
            (FaultyReply(status: 400, type: "insufficient_quota"), .quotaExceeded),
            (FaultyReply(status: 413, code: "rate_limit_exceeded", type: "tokens"), .rateLimit),
            (FaultyReply(status: 400, code: "invalid-argument", message: "Incorrect API key provided. You can obtain one."), .auth),
            (FaultyReply(status: 498, code: "capacity_exceeded"), .rateLimit),
            (FaultyReply(status: 403, code: "403", message: "m requires moderation on P. Your input was flagged for \"x\"."), .contentPolicy),
            // What a client wrote may be repeated in a message; it puts no deployment to rest.
            (FaultyReply(status: 400, message: "bad value: 'Incorrect API key provided'"), .badRequest),
            (FaultyReply(status: 400, message: "bad value: 'model_not_found insufficient_quota'"), .badRequest),
            (FaultyReply(status: 500), .serverError), (FaultyReply(status: 503), .serverError), (FaultyReply(status: 529), .serverError),
            (FaultyReply(status: 500, message: "maximum context length"), .serverError),
            // Events within a stream that began with 200.
            (FaultyReply(status: 200), .serverError), (FaultyReply(status: 200, type: "overloaded_error"), .serverError),
            (FaultyReply(status: 200, code: "rate_limit_exceeded"), .rateLimit), (FaultyReply(status: 200, code: "429"), .rateLimit),
            (FaultyReply(status: 200, code: "502"), .serverError), (FaultyReply(status: 200, code: "401"), .auth),
            (FaultyReply(status: 200, code: "content_filter"), .contentPolicy),
            (FaultyReply(status: 200, type: "insufficient_quota"), .quotaExceeded), (FaultyReply(status: 200, code: "200"), .serverError),
            (FaultyReply(status: 200, type: "invalid_request_error"), .badRequest),
        ])
    func faults(reply: FaultyReply, expected: Fault) {
        #expect(OpenAICompatible().fault(of: reply) == expected)
    }

    @Test(
        "addresses are read into origin and path",
        arguments: [
            ("https://api.example.com/v1", "https://api.example.com/v1"), ("https://api.example.com", "https://api.example.com"),
            ("HTTP://127.0.0.1:9000/v1///", "http://127.0.0.1:9000/v1"), ("http://[::1]:80/", "http://[::1]"),
            ("https://h:443", "https://h"), ("https://h:80/a/b", "https://h:80/a/b"),
        ])
    func addresses(text: String, expected: String) {
        #expect(BaseURL(written: text)?.written == expected)
    }

    @Test(
        "what is no address is refused",
        arguments: [
            "", "api.example.com", "ftp://h", "http://", "http:///v1", "http://h:0", "http://h:65536", "http://h:x", "http://u:p@h", "http://h/?a=b",
            "http://h/#a", "http://h /", "http://h/ü", "http://h\r\nx: y", "http://[::1", "://h",
        ])
    func noAddresses(text: String) {
        #expect(BaseURL(written: text) == nil)
    }

    @Test(
        "faults of the mock have other words",
        arguments: [
            ("timeout", MockFault.Kind.hang), ("slow", .slowFirstByte), ("slow_body", .slowLoris), ("truncated", .truncate),
            ("truncated_json", .malformedJSON), ("wrong_content_type", .wrongType), ("error_in_stream", .errorEvent),
            ("error_body_with_200", .errorEvent), ("huge", .hugeEvent), ("absurd_usage", .hugeUsage), ("reset_midstream", .resetMidstream),
        ])
    func kinds(word: String, expected: MockFault.Kind) {
        let text = good.replacing("local: {", with: "p: { type: mock, faults: [ { kind: \(word) } ] }\n  local: {")
        #expect(compile(text).blueprint?.mocks.first?.behaviour.faults.map(\.kind) == [expected])
    }

    @Test("every preset and every type with an address of its own has a valid one")
    func presets() {
        for preset in Preset.all {
            #expect(BaseURL(written: preset.baseURL)?.written == preset.baseURL, "\(preset.name)")
            var reading = Reading()
            let node = Node.map([("type", .plain(preset.name))])
            #expect(Catalog.type(named: preset.name)?.read(node, at: "", &reading)?.base?.path == BaseURL(written: preset.baseURL)?.path)
        }
        #expect(Set(Catalog.types.map(\.name)).count == Catalog.types.count)
        #expect(OpenAI().base?.origin == Origin(tls: true, host: "api.openai.com", port: 443))
    }

    @Test("a request's head carries the credential and the headers of the settings, which win")
    func head() throws {
        func headers(_ settings: String) throws -> [String] {
            let text = good.replacing("local: {", with: "p: \(settings)\n  local: {").replacing("provider: local", with: "provider: p")
            let upstream = try #require(compile(text).blueprint?.upstreams.first)
            var head = UpstreamHead(base: "/v1", path: "/v1/chat/completions")
            upstream.provider.prepare(&head, for: .chatCompletions, model: "m", streaming: false)
            return head.headers.map { "\($0.name): \($0.value)" }
        }
        #expect(try headers("{ type: groq }") == [])
        #expect(try headers("{ type: groq, api_key: env:K }") == ["authorization: Bearer sk-canary-K"])
        #expect(
            try headers("{ type: openai, api_key: k, organization: o, headers: { X-Team: birds } }").sorted() == [
                "authorization: Bearer k", "openai-organization: o", "x-team: birds",
            ])
        #expect(try headers("{ type: openai, api_key: k, headers: { Authorization: own } }") == ["authorization: own"])
    }

    @Test(
        "listen addresses",
        arguments: [
            ("127.0.0.1:8080", "127.0.0.1", 8080, true), ("[::1]:0", "::1", 0, true), ("localhost:1", "localhost", 1, true),
            ("0.0.0.0:65535", "0.0.0.0", 65_535, false), ("[::]:80", "::", 80, false), ("gateway.internal:80", "gateway.internal", 80, false),
        ])
    func listening(text: String, host: String, port: Int, loopback: Bool) {
        let address = ListenAddress(written: text)
        #expect(address == ListenAddress(host: host, port: port))
        #expect(address?.isLoopback == loopback)
        #expect(address?.written == text)
    }

    @Test("what is no listen address is refused", arguments: ["", "8080", ":8080", "h", "h:", "h:-1", "h:65536", "::1:80", "h h:80", "h:80x"])
    func notListening(text: String) {
        #expect(ListenAddress(written: text) == nil)
    }
}
