import Schema
import Settings
import Testing

@testable import Console

@Suite("Routes of the admin API") struct RouteTests {
    @Test(
        "the closest route answers; names may have slashes",
        arguments: [
            ("GET", "/api/v1/keys", "/api/v1/keys"), ("GET", "/api/v1/models/openai/gpt-5", "/api/v1/models/{name}"),
            ("POST", "/api/v1/deployments/openai/gpt-5/reset", "/api/v1/deployments/{name}/reset"),
            ("GET", "/api/v1/deployments/openai/gpt-5", "/api/v1/deployments/{name}"), ("GET", "/api/v1/policies/draft", "/api/v1/policies/draft"),
            ("GET", "/api/v1/policies/other", "/api/v1/policies/{name}"),
            ("POST", "/api/v1/policies/draft/x/commit", "/api/v1/policies/draft/{id}/commit"),
            ("GET", "/api/v1/settings/versions", "/api/v1/settings/versions"), ("GET", "/api/v1/settings/router/timeout", "/api/v1/settings/{path}"),
            ("HEAD", "/healthz", "/healthz"),
        ])
    func find(method: String, path: String, expected: String) {
        #expect(AdminRoutes.all.find(method, AdminCall(method, path).path).route?.path == expected)
    }

    @Test(
        "another method is told which there are, another path nothing", arguments: [("POST", "/api/v1/requests", ["GET"]), ("GET", "/api/v2/x", [])])
    func others(method: String, path: String, allowed: [String]) {
        let found = AdminRoutes.all.find(method, AdminCall(method, path).path)
        #expect(found.route == nil && found.allowed == allowed)
    }

    @Test("no two routes have the same method and path, and nobody but admins writes what admins alone may")
    func table() {
        let all = AdminRoutes.all.map { "\($0.method) \($0.path)" }
        #expect(Set(all).count == all.count)
        // Those that answer what would be, and change nothing.
        let asking = [
            "/api/v1/explain", "/api/v1/firewall/test", "/api/v1/guardrails/test", "/api/v1/replay", "/api/v1/simulate", "/api/v1/tokens",
        ]
        for route in AdminRoutes.all where route.method != "GET" && !asking.contains(route.path) {
            #expect(!route.right.roles.contains(.auditor), "\(route.method) \(route.path)")
            let isKeys = route.path.hasPrefix("/api/v1/keys")
            #expect(route.right.roles.contains(.keyManager) == isKeys, "\(route.method) \(route.path)")
        }
    }

    @Test("every route that answers is described, with the settings that it takes")
    func description() throws {
        let document = try #require(JSONNode.read(OpenAPI.text))
        #expect(document["openapi"]?.scalar == "3.1.0")
        for route in AdminRoutes.all {
            let operation = document["paths"]?[route.path]?[route.method.lowercased()]
            #expect(operation?["summary"]?.scalar == route.summary, "\(route.method) \(route.path)")
            if case .item(let section) = route.body {
                #expect(document["components"]?["schemas"]?[section]?["properties"]?.entries?.isEmpty == false, "\(section)")
            }
        }
        let key = document["components"]?["schemas"]?["keys"]?["properties"]
        #expect(key?["budget"] != nil && key?["max_parallel_requests"] != nil && key?["name"] != nil)
    }

    @Test(
        "a key manager gives what it has itself",
        arguments: [
            (#"{"project":"p","models":["chat"],"budget":{"month":5},"rpm":10}"#, nil),
            (#"{"project":"p","models":["chat"],"budget":{"month":5},"rpm":11}"#, "`rpm` must be said, and at most 10"),
            (#"{"project":"p","models":["chat"],"budget":{"month":5}}"#, "`rpm` must be said, and at most 10"),
            (#"{"project":"q","models":["chat"],"budget":{"month":5},"rpm":1}"#, "`project` must be one of `p`"),
            (#"{"models":["chat"],"budget":{"month":5},"rpm":1}"#, "`project` must be one of `p`"),
            (#"{"project":"p","budget":{"month":5},"rpm":1}"#, "`models` must be some of `chat`"),
            (#"{"project":"p","models":["*"],"budget":{"month":5},"rpm":1}"#, "`models` must be some of `chat`"),
            (#"{"project":"p","models":["chat","smart"],"budget":{"month":5},"rpm":1}"#, "`smart` is none of the models that you may give"),
            (#"{"project":"p","models":["chat"],"budget":{"month":6},"rpm":1}"#, "the key may have a budget of at most 5 usd per month"),
            (#"{"project":"p","models":["chat"],"budget":{"day":1},"rpm":1}"#, "the key needs a budget of at most 5 usd per month"),
            (#"{"project":"p","models":["chat"],"budget":{"month":5,"enforcement":"soft"},"rpm":1}"#, "the key's budget must be hard"),
        ] as [(String, String?)])
    func bounds(_ text: String, _ problem: String?) throws {
        let yaml = """
            providers: { l: { type: mock } }
            models: { chat: { deployments: [ { provider: l, model: m } ] } }
            projects: { p: {}, q: {} }
            admin: { tokens: { t: { token: x, role: key_manager, projects: [p], models: [chat], budget: { month: 5 }, rpm: 10 } } }
            """
        let token = try #require(Blueprint.compile(yaml: yaml).blueprint?.adminTokens.first)
        let key = try #require(JSONNode.read(text)).setting("key", .text("sha256:00"))
        guard let problem else { return try KeyBounds(token).check(key, named: "k") }
        let refusal = #expect(throws: AdminRefusal.self) { try KeyBounds(token).check(key, named: "k") }
        #expect(refusal?.message.contains(problem) == true, "\(refusal?.message ?? "")")
        #expect(refusal?.status == 403)
    }

    @Test(
        "what would widen a key past any bound is not a key manager's to send",
        arguments: ["key", "policy", "overrides", "previous_keys", "guardrails"])
    func members(_ name: String) throws {
        #expect(throws: AdminRefusal.self) { try KeyBounds(Self.token).checkBody(.map([("name", .text("k")), (name, .text("x"))])) }
    }

    private static let token = AdminToken(name: "t", secret: Secret("x"), role: .keyManager)

    @Test(
        "names that a spreadsheet would run are made harmless, others quoted as CSV has it",
        arguments: [
            ("plain", "plain"), ("a,b", "\"a,b\""), ("say \"x\"", "\"say \"\"x\"\"\""), ("=1+1", "'=1+1"), ("@x,y", "\"'@x,y\""),
            ("+1", "'+1"), ("-1", "'-1"), ("\tx", "\"'\tx\""), ("\r\n=1", "\"'\r\n=1\""), ("=\u{301}x", "'=\u{301}x"), ("\u{ff1d}1", "'\u{ff1d}1"),
            ("a;b", "\"a;b\""), ("a,\u{301}b", "\"a,\u{301}b\""), ("\"\u{301}", "\"\"\"\u{301}\""), ("two\nlines", "\"two\nlines\""),
            (" x", "\" x\""),
            ("", ""), ("a=1", "a=1"), ("größe", "größe"),
        ])
    func csv(text: String, expected: String) { #expect(UsageTable.field(text) == expected) }

    @Test("documents that are written as YAML read as the same")
    func yaml() throws {
        let text = #"{"a":{"b":[{"name":"x","v":1},{"name":"no","list":[1,"two",[]]}],"c":{},"d":null,"e":"1","f":"x: y","":true},"g":"ä\n"}"#
        let node = try #require(JSONNode.read(text))
        var problems: [Problem] = []
        let again = try #require(YAML.read(YAMLText.text(node), problems: &problems))
        #expect(problems.isEmpty && again.json == node.json, "\(YAMLText.text(node))")
    }
}
