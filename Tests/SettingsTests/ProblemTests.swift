import Settings
import Testing

@Suite("Problems of documents") struct ProblemTests {
    struct Row: CustomTestStringConvertible {
        /// Put behind the good document, from line 8 on.
        var text: String
        var expected: [String]
        var testDescription: String { text }

        init(_ text: String, _ expected: String...) {
            self.text = text
            self.expected = expected
        }
    }

    @Test("a good document has none")
    func none() {
        #expect(problems(good) == [])
        #expect(problems("") == [])
    }

    @Test(
        "two listeners at one place are refused, with both lines",
        arguments: [
            ("127.0.0.1:4000\n  admin: 127.0.0.1:4000", "f:3: server.admin: is where server.listen listens already (line 2): give it another port"),
            ("0.0.0.0:4000\n  admin: 127.0.0.1:4000", "f:3: server.admin: is where server.listen listens already (line 2): give it another port"),
            (
                "127.0.0.1:8081",
                "f:2: server.admin: is where server.listen listens already (line 2); its default is 127.0.0.1:8081: give it another port"
            ),
            ("127.0.0.1:4000\n  admin: 127.0.0.2:4000", nil), ("127.0.0.1:4000\n  admin: 127.0.0.1:4001", nil),
            ("127.0.0.1:0\n  admin: 127.0.0.1:0", nil), ("0.0.0.0:4000\n  admin: '[::1]:4000'", nil),
        ] as [(String, String?)])
    func listeners(listen: String, expected: String?) {
        #expect(problems(good.replacing("127.0.0.1:0", with: listen)) == (expected.map { [$0] } ?? []))
    }

    @Test(
        "each is said with line, path and the nearest valid name",
        arguments: [
            Row("modells: {}", "f:8: modells: unknown setting `modells`; did you mean `models`?"),
            Row("server: {}", "f:8: server: `server` is written twice; first on line 1"),
            Row("router:\n  timeout: 5 parsecs", "f:9: router.timeout: `5 parsecs` is not valid; expected a duration such as 200ms, 30s, 5m or 1h"),
            Row("router: { strategy: shufle }", "f:8: router.strategy: there is no strategy `shufle`; did you mean `shuffle`?"),
            Row("router: { strategy: least-bussy }", "f:8: router.strategy: there is no strategy `least-bussy`; did you mean `least-busy`?"),
            Row("router: { allowed_fails: 64 }", "f:8: router.allowed_fails: `64` is not valid; expected 0 to 63"),
            Row("router: { fallbacks: [ { chta: [chat] } ] }", "f:8: router.fallbacks.chta: there is no model `chta`; did you mean `chat`?"),
            Row(
                "router: { fallbacks: [ { chat: [local/other, chet] } ] }",
                "f:8: router.fallbacks.chat: there is no model `chet`; did you mean `chat`?"),
            Row("router: { default_fallbacks: [nobody] }", "f:8: router.default_fallbacks: there is no model `nobody`; expected `auto`, `chat`"),
            Row("router: { model_group_alias: { chat: chat } }", "f:8: router.model_group_alias.chat: `chat` is a model group already"),
            Row("router: { model_group_alias: { gpt: chta } }", "f:8: router.model_group_alias.gpt: there is no model `chta`; did you mean `chat`?"),
            Row(
                "router: { retry_policy: { rate_limt: 1 } }",
                "f:8: router.retry_policy.rate_limt: there is no fault `rate_limt`; did you mean `rate_limit`?"),
            Row(
                "router: { retry_policy: { TimeoutErrorRetries: -1 } }",
                "f:8: router.retry_policy.TimeoutErrorRetries: `-1` is not valid; expected 0 to 100"),
            Row("store: mysql:canary", "f:8: store: expected sqlite:PATH, postgres://... or memory:"),
            Row("store: [postgres://u:canary@h/db]", "f:8: store: expected sqlite:PATH, postgres://... or memory:, found a list"),
            Row(
                "projects: { acme: { policy: defalt } }\npolicies: { default: {} }",
                "f:8: projects.acme.policy: there is no policy `defalt`; did you mean `default`?"),
            Row(
                "policies: { p: { route: chta } }",
                "f:8: policies.p.route: there is no model `chta`; did you mean `chat`?"),
            Row(
                "policies: { p: { rules: [ { name: r, when: { tags.a: 1 }, then: { route: chta } } ] } }",
                "f:8: policies.p.rules[0].then.route: there is no model `chta`; did you mean `chat`?"),
            Row(
                "policies: { p: { rules: [ { name: r, then: {} } ] } }",
                "f:8: policies.p.rules[0]: has neither `when` nor `after`, so it is never asked",
                "f:8: policies.p.rules[0].then: does nothing"),
            Row(
                "firewall: [ { name: x, action: maks } ]",
                "f:8: firewall[0].action: `maks` is not known; did you mean `mask`?",
                "f:8: firewall[0].pattern: is missing: what a rule of type `regex` looks for"),
            Row(
                "firewall: [ { name: x, type: keywords }, { name: y, type: keyword, words: [z] } ]",
                "f:8: firewall[0].words: is missing: what a rule of type `keywords` looks for"),
            Row(
                "firewall:\n- name: a\n  pattern: (a+\n- { name: b, pattern: a(?=b) }\n- name: c\n  pattern: (a)\n  replacement: $2\n- { name: d, type: keyword, words: [a, \"\"] }",
                "f:10: firewall[0].pattern: `(` is not closed (character 1)",
                "f:11: firewall[1].pattern: looking ahead is not supported (character 2)",
                "f:14: firewall[2].replacement: there is no group `2`: the pattern has one (character 1)",
                "f:15: firewall[3].words[1]: is empty, so it would be found everywhere"),
            Row(
                "firewall: [ { name: x, pattern: a*, enabled: false }, { name: y, type: substring, pattern: \"\" } ]",
                "f:8: firewall[0].pattern: matches a text of nothing, so it would be found everywhere (character 1)",
                "f:8: firewall[1].pattern: is empty, so it would be found everywhere (character 1)"),
            Row(
                "guardrails: { pii: maks }",
                "f:8: guardrails.pii: `maks` is not known; did you mean `mask`?"),
            Row("general: { max_request_size_mb: 0 }", "f:8: general.max_request_size_mb: `0` is not valid; expected 0.001 to 1024"),
        ])
    func sections(row: Row) {
        #expect(problems(good + row.text) == row.expected)
    }

    @Test(
        "of providers",
        arguments: [
            Row("{}", "f:4: providers.p.type: is missing: which kind of provider it is, such as `openai_compatible`"),
            Row("{ type: opnai }", "f:4: providers.p.type: there is no provider type `opnai`; did you mean `openai`?"),
            Row(
                "{ type: openai_compatible }",
                "f:4: providers.p.base_url: is missing: a provider of type `openai_compatible` has no address of its own"),
            Row(
                "{ type: openai, base_url: ftp://canary }",
                "f:4: providers.p.base_url: expected an address such as https://api.example.com/v1, without user, query or fragment"),
            Row("{ type: openai, api_key: env:UNSET }", "f:4: providers.p.api_key: the environment variable UNSET is not set"),
            Row("{ type: openai, api_key: \"canary\\r\\nx: y\" }", "f:4: providers.p.api_key: the value has characters that a header must not have"),
            Row(
                "{ type: openai, project: \"canary\\nx\" }", "f:4: providers.p.project: the value has characters that a header must not have"),
            Row("{ type: openai, headers: { Host: a } }", "f:4: providers.p.headers.Host: the header `host` is set by the gateway itself"),
            Row("{ type: openai, headers: { 'a b': c } }", "f:4: providers.p.headers.a b: is no header name"),
            Row(
                "{ type: openai, headers: { a: \"canary\\r\\nb: c\" } }",
                "f:4: providers.p.headers.a: the value has characters that a header must not have"),
            Row("{ type: openai, organisation: o }", "f:4: providers.p.organisation: unknown setting `organisation`; did you mean `organization`?"),
            Row(
                "{ type: mock, faults: [ { kind: stat } ] }",
                "f:4: providers.p.faults[0].kind: `stat` is not known; did you mean `status`?"),
            Row("{ type: mock, faults: [ { status: 500 } ] }", "f:4: providers.p.faults[0].kind: is missing: What goes wrong."),
            Row("{ type: anthropic }"),
            Row(
                "{ type: vertex, project: p }",
                "f:4: providers.p.location: is missing: Its location, such as europe-west4 or global.",
                "f:4: providers.p.credentials: is missing: say it or `access_token`"),
            Row(
                "{ type: bedrock, access_key_id: env:A }",
                "f:4: providers.p.region: is missing: where its models are, such as us-east-1",
                "f:4: providers.p.secret_access_key: is missing: an AWS key has both parts"),
            Row(
                "{ type: azure, api_key: env:A }",
                "f:4: providers.p.base_url: is missing: a provider of type `azure` has no address of its own"),
        ])
    func providers(row: Row) {
        #expect(problems(good.replacing("local: {", with: "p: \(row.text)\n  local: {")) == row.expected)
    }

    @Test(
        "of models",
        arguments: [
            Row("{}", "f:6: models.m: has neither `deployments` nor `route`"),
            Row(
                "{ deployments: [ { provider: locl, model: a } ] }",
                "f:6: models.m.deployments[0].provider: there is no provider `locl`; did you mean `local`?"),
            Row(
                "{ deployments: [ { provider: local, model: '' } ] }",
                "f:6: models.m.deployments[0].model: is missing: The provider's name for the model."),
            Row("{ deployments: [ { provider: local } ] }", "f:6: models.m.deployments[0].model: is missing: The provider's name for the model."),
            Row(
                "{ deployments: [ { provider: local, model: a, wieght: 2 } ] }",
                "f:6: models.m.deployments[0].wieght: unknown setting `wieght`; did you mean `weight`?"),
            Row(
                "{ deployments: [ { provider: local, model: a, input_price: free } ] }",
                "f:6: models.m.deployments[0].input_price: `free` is not valid; expected USD per million tokens, such as 0.15"),
            Row(
                "{ deployments: [ { provider: local, model: a } ], route: chat }",
                "f:6: models.m.deployments: has no meaning beside `route`: say either"),
            Row("{ route: m }", "f:6: models.m: route m: refers to itself: m -> m"),
            Row("{ route: chat, aliases: [chat] }", "f:6: models.m.aliases[0]: `chat` is a model group already"),
            Row("{ route: chat, fallbacks: [chte] }", "f:6: models.m.fallbacks: there is no model `chte`; did you mean `chat`?"),
            Row("{ route: locl/a }", "f:6: models.m.route: there is no model `locl/a`; did you mean `local/a`?"),
            Row(
                "{ route: { fallbak: [chat] } }",
                "f:6: models.m.route: expected a name, `provider` and `model`, or a strategy, found `fallbak`; did you mean `fallback`?"),
            Row("{ route: { fallback: [] } }", "f:6: models.m.route.fallback: has no routes to choose from"),
            Row("{ route: { single: [chat, local/a] } }", "f:6: models.m: route m: single has 2 children; give it one, or use fallback"),
            Row(
                "{ route: { fallback: [chat], window: 5m } }",
                "f:6: models.m.route.window: unknown setting `window`; expected `fallback`, `on`, `weight`"),
            Row(
                "{ route: { percentage: [ { chat: 70 }, { chta: 30 } ] } }",
                "f:6: models.m.route.percentage[1].chta: there is no model `chta`; did you mean `chat`?"),
            Row("{ route: { percentage: { chat: -1 } } }", "f:6: models.m.route.percentage.chat: `-1` is not valid; expected 0 or more"),
            Row(
                "{ route: { percentage: { chat: 1 }, sticky_by: sesion } }",
                "f:6: models.m.route.sticky_by: `sesion` is not known; did you mean `session`?"),
            Row(
                "{ route: { fallback: [ chat, { model: chat, on: [timout] } ] } }",
                "f:6: models.m.route.fallback[1].on[0]: there is no fault `timout`; did you mean `timeout`?"),
            Row(
                "{ route: { type: percentage, targets: [chat, local/a], targets_percentages: [1] } }",
                "f:6: models.m.route.targets_percentages: has 1 numbers for 2 targets"),
            Row(
                "{ route: { type: fallbak, targets: [chat] } }", "f:6: models.m.route.type: there is no strategy `fallbak`; did you mean `fallback`?"),
            Row(
                "{ route: { conditional: { branches: [ { when: { tag.a: 1 }, route: chat } ], default: chat } } }",
                "f:6: models.m.route.conditional.branches[0].when.tag.a: there is no field `tag.a`; did you mean `tags.a`?"),
            Row(
                "{ route: { conditional: { branches: [ { when: { tags.a: { eqq: 1 } }, route: chat } ] } } }",
                "f:6: models.m.route.conditional.branches[0].when.tags.a.eqq: there is no operator `eqq`; did you mean `eq`? There are \(operators)"),
            Row(
                "{ route: { auto: { mode: blance, models: [chat] } } }",
                "f:6: models.m.route.auto.mode: `blance` is not known; did you mean `balance`?"),
        ])
    func models(row: Row) {
        #expect(problems(good.replacing("chat: {", with: "m: \(row.text)\n  chat: {")) == row.expected)
    }

    @Test(
        "of keys",
        arguments: [
            Row("{}", "f:7: keys.k.key: is missing: The key itself, normally env:NAME or file:PATH."),
            Row("{ key: env:UNSET }", "f:7: keys.k.key: the environment variable UNSET is not set"),
            Row("{ key: sk-canary-app }", "f:7: keys.app.key: is the same key as that of `k`"),
            Row("{ key: sk-canary-k, models: [chta] }", "f:7: keys.k.models[0]: there is no model `chta`; did you mean `chat`?"),
            Row("{ key: sk-canary-k, rpmm: 7 }", "f:7: keys.k.rpmm: unknown setting `rpmm`; did you mean `rpm`?"),
            Row(
                "{ key: sk-canary-k, budget: { moth: 7 } }",
                "f:7: keys.k.budget.moth: unknown setting `moth`; did you mean `month`?"),
            Row(
                "{ key: sk-canary-k, budget: { amount: 7, perod: day } }",
                "f:7: keys.k.budget.perod: unknown setting `perod`; did you mean `period`?"),
            Row(
                "{ key: sk-canary-k, project: acme }",
                "f:7: keys.k.project: there is no project `acme`"),
            Row("sk-canary-k", "f:7: keys.k: expected a section with settings, found a single value"),
            Row(
                "{ key: sk-canary-k, expires: 2027-02-29 }",
                "f:7: keys.k.expires: `2027-02-29` is not valid; expected a day such as 2027-01-31, or a time such as 2027-01-31T12:00:00Z"),
        ])
    func keys(row: Row) {
        #expect(problems(good.replacing("keys: {", with: "keys: { k: \(row.text), ")) == row.expected)
    }

    @Test(
        "of what is no document",
        arguments: [
            ("a: [", "f:2: document: is not valid YAML: "), ("\tserver:", "f:1: document: is not valid YAML: "),
            ("server: &a [*a]", "f:1: document: is not valid YAML: "),
            ("- just\n- a list\n", "f:1: document: expected a section with settings, found a list"),
            ("server: 7\n", "f:1: server: expected a section with settings, found a single value"),
            ("just text", "f:1: document: expected a section with settings, found a single value"),
            ("? [a, b]\n: c\n", "f:1: document: a name in a map must be a single value"),
            ("a: b: c", "f:1: document: is not valid YAML: "),
            ("server:\n  <<: [{}, 7]", "f:2: document: `<<` must be followed by a map or a list of maps"),
        ])
    func noDocument(text: String, begin: String) {
        let found = problems(text)
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix(begin) ?? false, "\(found)")
    }

    @Test("names written twice are found everywhere, with all other problems")
    func duplicates() {
        let text = good.replacing("  listen:", with: "  listen: 127.0.0.1:1\n  \"listen\":").replacing(
            "model: smollm2", with: "model: a, model: b, model: c")
        #expect(
            problems(text + "rooter: 1") == [
                "f:3: server.listen: `listen` is written twice; first on line 2",
                "f:7: models.chat.deployments[0].model: `model` is written twice; first on line 7",
                "f:9: rooter: unknown setting `rooter`; did you mean `router`?",
            ])
    }

    @Test("a few lines that mean billions are refused")
    func bomb() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x]\n"
        for level in 1...9 { text += "a\(level): &a\(level) [\(Array(repeating: "*a\(level - 1)", count: 8).joined(separator: ", "))]\n" }
        #expect(problems(text).count == 1)
        #expect(problems(String(repeating: "[", count: 500)).count == 1)
        #expect(problems(String(repeating: "[", count: 200) + String(repeating: "]", count: 200)).first?.contains("nested deeper") ?? false)
    }
}
