import Routing
import Settings
import Testing

@Suite("Pass-through endpoints in settings") struct PassThroughTests {
    static func endpoints(_ text: String) -> [String] { problems("general:\n  pass_through_endpoints:\n    - \(text)\n") }

    @Test("all that LiteLLM has is read, with its defaults")
    func reads() throws {
        let blueprint = try #require(
            compile(
                """
                general:
                  pass_through_request_timeout: 90s
                  pass_through_endpoints:
                    - { path: /v1/rerank, target: "https://api.cohere.com/v1/rerank" }
                    - id: all
                      path: /bria/
                      target: wss://bria.example:8443/base/
                      headers: { Authorization: bearer os.environ/BRIA_KEY, X-Two: Bearer env:TWO, x-three: "file:/three", X-Four: plain text }
                      forward_headers: true
                      auth: false
                      include_subpath: true
                      methods: [POST, get]
                      default_query_params: { version: 2, key: env:QUERY, empty: "" }
                      timeout: 5
                      cost_per_request: 0.003
                """
            ).blueprint)
        let (plain, full) = (blueprint.passThrough[0], blueprint.passThrough[1])
        #expect(plain.id == "/v1/rerank" && plain.auth && !plain.forwardsHeaders && !plain.includesSubpath && plain.methods.isEmpty)
        #expect(plain.timeout == .seconds(90) && plain.cost == .zero && plain.headers.entries.isEmpty && plain.defaultQuery.entries.isEmpty)
        #expect(plain.target?.written == "https://api.cohere.com/v1/rerank")
        #expect(full.id == "all" && !full.auth && full.forwardsHeaders && full.includesSubpath && full.methods == [.post, .get])
        #expect(full.target?.written == "https://bria.example:8443/base/")
        #expect(
            full.headers.entries.map { "\($0.name)=\($0.value.reveal())" } == [
                "Authorization=bearer sk-canary-BRIA_KEY", "X-Two=Bearer sk-canary-TWO", "x-three=sk-canary-/three", "X-Four=plain text",
            ])
        #expect(full.defaultQuery.entries.map { "\($0.name)=\($0.value.reveal())" } == ["version=2", "key=sk-canary-QUERY", "empty="])
        #expect(full.timeout == .seconds(5) && full.cost == Nanodollars(3_000_000))
        #expect("\(full.headers)\(full.defaultQuery)".contains("canary") == false)
    }

    @Test(
        "what is wrong is said with its line",
        arguments: [
            ("path: /x", "f:3: general.pass_through_endpoints[0].target: is missing"),
            ("target: https://x", "f:3: general.pass_through_endpoints[0].path: is missing"),
            ("{ target: https://x, path: x }", "[0].path: `x` is not valid"),
            ("{ target: https://x, path: //x }", "[0].path: `//x` is not valid"),
            ("{ target: https://x, path: /x//y }", "[0].path: `/x//y` is not valid"),
            ("{ target: https://x, path: /x/./y }", "[0].path: `/x/./y` is not valid"),
            ("{ target: https://x, path: '/x?y' }", "[0].path: `/x?y` is not valid"),
            ("{ target: https://x, path: /%78 }", "[0].path: `/%78` is not valid"),
            ("{ target: https://x, path: '/x y' }", "[0].path: `/x y` is not valid"),
            ("{ target: 'https://x y', path: /x }", "[0].target: expected an address"),
            ("{ target: 'https://x', path: /v1/models }", "[0].path: `/v1/models` is one of the gateway's own paths"),
            ("{ target: 'https://x', path: /v1/models/, include_subpath: true }", "[0].path: `/v1/models/` is one of the gateway's own paths"),
            ("{ target: 'https://x', path: /x, methods: [TRACE] }", "[0].methods[0]: `TRACE` is not valid"),
            (
                "{ target: 'https://x', path: /x }\n    - { target: 'https://y', path: /x }",
                "f:4: general.pass_through_endpoints[1].path: `/x` is the path"
            ),
            (
                "{ target: 'https://x', path: /x }\n    - { target: 'https://y', path: /x/, include_subpath: true }",
                "f:4: general.pass_through_endpoints[1].path: `/x/` is the path of another endpoint already, of line 3"
            ),
            (
                "{ target: 'https://x', id: a, path: /x }\n    - { target: 'https://y', id: a, path: /y }",
                "f:4: general.pass_through_endpoints[1].id: `a` is the id of another endpoint already, of line 3"
            ),
            (
                "{ target: 'https://x', path: /x, headers: { a: \"b\\nc: d\" } }",
                "[0].headers.a: the value has characters that a header must not have"
            ),
            ("{ target: 'https://x', path: /x, headers: { Connection: close } }", "[0].headers.Connection: the header `connection` is set"),
            ("{ target: 'https://x', path: /x, headers: { a: Bearer env:UNSET } }", "[0].headers.a: the environment variable UNSET is not set"),
            (
                "{ target: 'https://x', path: /x, default_query_params: { a: env:UNSET } }",
                "[0].default_query_params.a: the environment variable UNSET"
            ),
        ])
    func wrong(text: String, problem: String) {
        let found = Self.endpoints(text)
        #expect(found.contains { $0.contains(problem) }, "\(found)")
    }

    @Test(
        "targets are addresses",
        arguments: [
            ("https://a.example/v1", "https://a.example/v1"), ("HTTP://a.example:81", "http://a.example:81"), ("ws://h/x/", "http://h/x/"),
            ("WSS://h", "https://h"), ("https://[::1]:9/a", "https://[::1]:9/a"), ("ftp://x", nil), ("https://", nil), ("https://u@x", nil),
            ("https://x#y", nil), ("https://x?y", nil), ("/x", nil), ("https://x\"y/", nil), ("https://x/<y>", nil), ("https://x:99999", nil),
        ] as [(String, String?)])
    func targets(text: String, written: String?) { #expect(PassTarget(written: text)?.written == written) }

    @Test("nothing stands in the messages of what may be a secret")
    func silent() {
        let text = "{ target: 'https://canary:canary@x', path: /x, headers: { a: \"canary\\ncanary\", Host: canary } }"
        #expect(Self.endpoints(text).count == 3 && Self.endpoints(text).allSatisfy { !$0.contains("canary") })
    }
}
