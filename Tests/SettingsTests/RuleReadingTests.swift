import Routing
import Schema
import Settings
import Testing

/// A document with three providers, a policy `default` and what a test adds below `policies.default`.
private func policy(_ text: String) -> Compilation {
    let indented = text.split(separator: "\n", omittingEmptySubsequences: false).map { "    \($0)" }.joined(separator: "\n")
    return compile(
        """
        providers:
          local: { type: openai_compatible, base_url: http://127.0.0.1:9000/v1 }
          far: { type: openai_compatible, base_url: http://127.0.0.1:9001/v1 }
        models:
          chat: { deployments: [ { provider: local, model: small } ] }
          smart: { deployments: [ { provider: far, model: big } ], aliases: [clever] }
        policies:
          quality: { route: smart }
          default:
        \(indented)

        """)
}

private func table(_ text: String) throws -> RoutingTable {
    let compilation = policy(text)
    #expect(compilation.problems.errors.isEmpty, "\(compilation.problems)")
    return try #require(compilation.blueprint).table
}

private func rules(_ text: String) throws -> [Rule] {
    let table = try table(text)
    return table.policies[try #require(table.policy(named: "default"))].rules
}

private func test(_ name: String, _ operation: Comparison.Operation, _ operand: Value, ignoringCase: Bool = false) -> Condition {
    guard let field = FieldName(name) else { preconditionFailure("no field \(name)") }
    return .test(field, Comparison(operation, operand, ignoringCase: ignoringCase))
}

@Suite("Reading conditions") struct ConditionReadingTests {
    struct Row: CustomTestStringConvertible {
        var written: String
        var means: Condition
        init(_ written: String, _ means: Condition) { (self.written, self.means) = (written, means) }
        var testDescription: String { written }
    }

    @Test(
        "conditions are read as they are meant",
        arguments: [
            Row("{ tags.tier: gold }", test("tags.tier", .eq, "gold")), Row("{ tags.n: 5 }", test("tags.n", .eq, 5)),
            Row("{ tags.n: \"5\" }", test("tags.n", .eq, "5")), Row("{ tags.on: true }", test("tags.on", .eq, true)),
            Row("{ request.model: { eq: 4 } }", test("request.model", .eq, "4")), Row("{ tags.n: { $gte: 5 } }", test("tags.n", .gte, 5)),
            Row("{ request.input_tokens: { gte: \"1e3\" } }", test("request.input_tokens", .gte, 1000)),
            Row("{ request.stream: { ne: \"true\" } }", test("request.stream", .ne, true)), Row("{ tags.a: { neq: x } }", test("tags.a", .ne, "x")),
            Row("{ tags.a: { not_exists: true } }", test("tags.a", .exists, false)),
            Row("{ tags.a: { $any: [x, 2] } }", test("tags.a", .isIn, ["x", 2])),
            Row("{ tags.a: { not_in: [x] } }", test("tags.a", .notIn, ["x"])), Row("{ time.weekday: Monday }", test("time.weekday", .eq, "monday")),
            Row("{ request.text: { contains: Foo, ignore_case: true } }", test("request.text", .contains, "Foo", ignoringCase: true)),
            Row("{ tags.a: { gt: 1, lt: 5 } }", .all([test("tags.a", .gt, 1), test("tags.a", .lt, 5)])),
            Row("{ tags.a: x, tags.b: y }", .all([test("tags.a", .eq, "x"), test("tags.b", .eq, "y")])),
            Row("{ any: [ { tags.a: x }, { not: { tags.b: y } } ] }", .any([test("tags.a", .eq, "x"), .not(test("tags.b", .eq, "y"))])),
            Row(
                "{ and: [ { tag: tier, op: eq, value: gold }, { or: [ { tag: region, op: in, value: [eu] }, { tag: beta, op: exists, value: true } ] } ] }",
                .all([test("tags.tier", .eq, "gold"), .any([test("tags.region", .isIn, ["eu"]), test("tags.beta", .exists, true)])])),
            Row("{ tag: beta, op: not_exists }", test("tags.beta", .exists, false)),
            Row("{ field: user.tier, operator: eq, value: x }", test("user.tier", .eq, "x")),
            Row("{ extra.user.tier: { eq: premium } }", test("user.tier", .eq, "premium")), Row("{ metadata.tags.t: x }", test("tags.t", .eq, "x")),
            Row("{ extra.user.user_id: x }", test("user.id", .eq, "x")), Row("{ extra.guards.pii: true }", test("guardrail.pii", .eq, true)),
            Row("{ metadata.region: EU }", test("metadata.region", .eq, "EU")), Row("{ extra.variables.v: 1 }", test("variables.v", .eq, 1)),
            Row("{ metrics.provider.local.latency: { lt: 5 } }", test("provider.local.latency_ms_p50", .lt, 5)),
            Row("{ metrics.model.local/small.error_rate: { lt: 0.5 } }", test("deployment.local/small.error_rate", .lt, 0.5)), Row("{}", .always),
        ])
    func read(_ row: Row) throws {
        let found = try rules("rules: [ { name: r, when: \(row.written), then: { warn: w } } ]")
        #expect(found.map(\.when) == [row.means])
    }

    @Test("matches makes an expression of our own")
    func pattern() throws {
        let found = try rules("rules: [ { name: r, when: { request.text: { matches: '(?i)^h\\w+' } }, then: { warn: w } } ]")
        #expect(found[0].when.holds { _ in "Hello" })
        #expect(!found[0].when.holds { _ in "oh" })
    }

    @Test(
        "what is wrong is refused with its place and the nearest name",
        arguments: [
            ("{ tags.: x }", "when.tags.: there is no field `tags.`"),
            ("{ request.modell: x }", "there is no field `request.modell`; did you mean `request.model`?"),
            ("{ budgets.day.used: 1 }", "did you mean `budget.day.used`?"),
            ("{ tags.a: { contians: 1 } }", "when.tags.a.contians: there is no operator `contians`; did you mean `contains`?"),
            ("{ tags.a: { in: x } }", "when.tags.a.in: expected a list, found a single value"), ("{ tags.a: {} }", "has no operator"),
            ("{ tags.a: [x] }", "expected an operator and a value, found a list"), ("{ all: { tags.a: x } }", "expected a list of conditions"),
            ("{ any: [] }", "when.any: has no conditions"), ("[ x ]", "expected a condition, found a list"),
            ("{ request.stream: { gt: 1 } }", "`gt` does not go with `request.stream`"),
            ("{ request.stream: maybe }", "`maybe` is not valid; expected true or false"),
            ("{ tokens.day: { gt: many } }", "`many` is not valid; expected a number"),
            ("{ tokens.day: { contains: 1 } }", "`contains` does not go with `tokens.day`, which holds a number"),
            ("{ request.mode: cheap }", "`cheap` is not known"), ("{ deployment.local/small.state: opne }", "did you mean `open`?"),
            ("{ request.text: { matches: 'a(?=b)' } }", "looking ahead is not supported (character 2)"),
            ("{ request.text: { matches: '(' } }", "`(` is not closed (character 1)"), ("{ tags.a: { exists: perhaps } }", "expected true or false"),
            ("{ tag: a, op: inside, value: x }", "there is no operator `inside`; expected one of \(operators)"),
            ("{ tags.a: { equalz: 1 } }", "there is no operator `equalz`; did you mean `equal`? There are \(operators)"),
            ("{ tag: a, op: eq, value: x, why: y }", "unknown setting `why`"),
            ("{ deployment.local/smal.in_flight: { gt: 1 } }", "did you mean `local/small`?"),
            ("{ provider.locl.available: true }", "did you mean `local`?"),
            ("{ tags.a: { eq: null } }", "expected a value, found nothing"),
        ])
    func refused(written: String, message: String) {
        let found = policy("rules:\n  - name: r\n    when: \(written)\n    then: { warn: w }").problems.errors.map { $0.text(file: "f") }
        #expect(found.count == 1 && found.allSatisfy { $0.contains(message) }, "\(found)")
        #expect(
            found.allSatisfy { $0.hasPrefix("f:11: policies.default.rules[0]") || $0.hasPrefix("f:12: policies.default.rules[0].when") }, "\(found)")
    }

    @Test("the committed page of fields is what the registry says; else run `swiftlet schema --fields`")
    func page() {
        #expect(Files.text("docs/reference/fields.md") == Fields.page)
    }

    @Test("nesting and numbers are bounded")
    func bounds() {
        let deep = String(repeating: "{ not: ", count: 40) + "{ tags.a: x }" + String(repeating: " }", count: 40)
        #expect(policy("rules: [ { name: r, when: \(deep), then: { warn: w } } ]").problems.contains { $0.message.contains("nested deeper than 32") })
        let wide = (0..<1_200).map { "{ tags.a: \($0) }" }.joined(separator: ", ")
        #expect(
            policy("rules: [ { name: r, when: { any: [ \(wide) ] }, then: { warn: w } } ]").problems.contains {
                $0.message.contains("more than 1000 tests")
            })
    }
}

@Suite("Reading rules") struct RuleReadingTests {
    @Test("our own form, with everything it may do")
    func own() throws {
        let found = try rules(
            """
            route: chat
            rules:
              - { name: a, priority: 3, when: { tags.t: x }, then: { route: smart, add_tags: [q], warn: careful } }
              - { name: b, enabled: false, after: [timeout, rate_limit], then: { model: clever, mode: fast, params: { temperature: 0 } } }
              - { name: c, when: { tags.t: y }, then: { provider: local, model: other } }
              - { name: d, when: { tags.t: z }, then: { route: { fallback: [smart, chat] } } }
              - { name: e, when: {}, then: { deny: closed } }
            """)
        #expect(found.map(\.name) == ["a", "b", "c", "d", "e"])
        #expect(found[0].priority == 3 && found[0].then == RuleActions(route: "smart", addTags: ["q"], warn: "careful"))
        #expect(!found[1].isEnabled && found[1].after == FaultSet(.timeout, .rateLimit))
        #expect(found[1].then.route == "smart" && found[1].then.mode == .latency)
        #expect(found[1].then.params?.filter { $0 != " " } == "{\"temperature\":0}")
        #expect(found[2].then == RuleActions(route: "local/other", provider: "local"))
        #expect(found[3].then.route == "policy:default:rule:d")
        #expect(found[4].then.deny == "closed" && found[4].when == .always)
    }

    @Test("rules of all policies stand beside each policy's own; without a default policy they make one")
    func everywhere() throws {
        let base = """
            providers: { local: { type: openai_compatible, base_url: http://127.0.0.1:9000/v1 } }
            models: { chat: { deployments: [ { provider: local, model: small } ] } }
            rules: [ { name: all, when: { tags.t: x }, then: { warn: w } } ]

            """
        let alone = try #require(compile(base).blueprint)
        let index = try #require(alone.defaultPolicy)
        #expect(alone.table.policies[try #require(alone.policies[index].rules)].rules.map(\.name) == ["all"])
        let more = try #require(
            compile(base + "policies: { p: { rules: [ { name: own, when: { tags.t: y }, then: { route: chat } } ] } }\n").blueprint)
        #expect(more.policies.map(\.name) == ["p", "default"])
        #expect(more.policies.map { more.table.policies[$0.rules ?? 0].rules.map(\.name) } == [["own", "all"], ["all"]])
    }

    @Test("Merge's tag rules use policies")
    func merge() throws {
        let found = try rules(
            """
            route: chat
            rules:
              - { priority: 10, name: enterprise, when: { and: [ { tag: customer_tier, op: eq, value: enterprise } ] }, use: { policy: quality } }
              - { name: rest, when: {}, use: { model: chat } }
            """)
        #expect(found[0].then.route == "policy:quality" && found[0].priority == 10)
        #expect(found[1].then.route == "chat")
    }

    struct VueRow: CustomTestStringConvertible {
        var written: String
        var when: Condition
        var after: FaultSet?
        init(_ written: String, _ when: Condition = .always, after: FaultSet? = nil) {
            (self.written, self.when, self.after) = (written, when, after)
        }
        var testDescription: String { written }
    }

    @Test(
        "TokenVue's categories become conditions, or faults of an attempt",
        arguments: [
            VueRow("category: cost_budget, condition: monthly_budget_usage, operator: gte, value: 80", test("budget.month.used_percent", .gte, 80)),
            VueRow(
                "category: Cost & Budget, condition: Daily budget usage, operator: Greater than or equal, value: 50",
                test("budget.day.used_percent", .gte, 50)),
            VueRow("category: cost_budget, condition: token_usage, operator: '>', value: 1000", test("tokens.month", .gt, 1000)),
            VueRow("category: cost_budget, condition: provider_quota_exceeded", after: FaultSet(.quotaExceeded)),
            VueRow("category: performance, condition: latency_threshold, value: 900", test("deployment.local/small.latency_ms_p95", .gte, 900)),
            VueRow("category: reliability, condition: timeout", after: FaultSet(.timeout)),
            VueRow("category: reliability, condition: provider_unavailable", after: FaultSet(.unavailable)),
            VueRow("category: reliability, condition: error_rate, operator: gt, value: 25", test("deployment.local/small.error_rate", .gt, 0.25)),
            VueRow("category: capacity, condition: rate_limit_hit", after: FaultSet(.rateLimit)),
            VueRow("category: region, condition: request_region, operator: '!=', value: eu", test("request.region", .ne, "eu")),
            VueRow("category: security, condition: guardrail_violation", test("guardrail.violated", .eq, true)),
            VueRow("category: custom_signals, condition: load, operator: gt, value: 0.5", test("signal.load", .gt, 0.5)),
        ])
    func tokenVue(_ row: VueRow) throws {
        let found = try rules(
            """
            primary: { provider: local, model: small }
            fallback_chain: [ { provider: far, model: big } ]
            rules: [ { \(row.written), action: use_fallback_chain } ]
            """)
        #expect(found[0].when == row.when)
        #expect(found[0].after == row.after)
        #expect(found[0].then == RuleActions(route: "policy:default:chain"))
    }

    @Test("TokenRouter's match and action, as objects or as text")
    func tokenRouter() throws {
        let found = try rules(
            """
            route: chat
            rules:
              - name: docs
                priority: 50
                is_enabled: true
                match_json: { task: documentation, contains: [README, guide], mode: balanced, metadata_equals: { team: x } }
                action_json: { set_mode: cost, add_warning: { message: cheap } }
              - { name: text, is_enabled: false, match_json: '{"contains":"Hi"}', action_json: '{"set_provider":"far","set_model":"big"}' }
              - { name: rest, is_enabled: true, action_json: { set_model: smart } }
            """)
        #expect(
            found[0].when
                == .all([
                    test("metadata.task", .eq, "documentation"),
                    .any([
                        test("request.text", .contains, "README", ignoringCase: true), test("request.text", .contains, "guide", ignoringCase: true),
                    ]),
                    test("request.mode", .eq, "balance"), test("metadata.team", .eq, "x"),
                ]))
        #expect(found[0].then == RuleActions(mode: .cost, warn: "cheap") && found[0].priority == 50)
        #expect(!found[1].isEnabled && found[1].then == RuleActions(route: "far/big", provider: "far"))
        #expect(found[2].when == .always && found[2].then.route == "smart")
    }

    @Test(
        "what is wrong with a rule is refused with its place",
        arguments: [
            ("{ when: { tags.a: x }, then: { warn: w } }", "rules[0].name: is missing"),
            ("{ name: r, then: { warn: w } }", "has neither `when` nor `after`"),
            ("{ name: r, when: {}, then: {} }", "rules[0].then: does nothing"), ("{ name: r, when: {} }", "rules[0].then: is missing"),
            ("{ name: r, when: {}, then: { route: smrt } }", "did you mean `smart`?"),
            ("{ name: r, when: {}, then: { mode: cheap } }", "then.mode: `cheap` is not known"),
            ("{ name: r, when: {}, then: { provider: fra } }", "there is no provider `fra`; did you mean `far`?"),
            ("{ name: r, when: {}, then: { model: smrt } }", "did you mean `smart`?"),
            ("{ name: r, when: {}, then: { route: chat, model: smart } }", "names several of"),
            ("{ name: r, after: [tiemout], then: { warn: w } }", "did you mean `timeout`?"),
            ("{ name: r, when: {}, use: { policy: qualty } }", "there is no policy `qualty`; did you mean `quality`?"),
            ("{ name: r, when: {}, then: { warn: w }, use: { model: chat } }", "has no meaning beside `then`"),
            ("{ name: r, when: {}, then: { params: x } }", "expected members of a request"),
            ("{ category: cost, condition: x, action: block }", "there is no category `cost`"),
            ("{ category: cost_budget, condition: month, action: block }", "there is no condition `month`"),
            ("{ category: capacity, condition: rate_limit_hit, action: explode }", "there is no action `explode`"),
            ("{ category: capacity, condition: rate_limit_hit }", "the policy has no fallback chain to use"),
            ("{ category: cost_budget, condition: monthly_budget_usage, operator: about, value: 5, action: block }", "there is no operator `about`"),
            ("{ name: r, match_json: '{', action_json: { set_mode: cost } }", "match_json: is no JSON"),
            ("{ name: r, match_json: {}, action_json: {} }", "action_json: does nothing"),
            ("{ name: r, priority: 2000, action_json: { set_mode: cost } }", "expected -1000 to 1000"),
            ("{ name: r, match_json: { contain: x }, action_json: { set_mode: cost } }", "did you mean `contains`?"), ("x", "expected a rule"),
        ])
    func refused(written: String, message: String) {
        let found = policy("route: chat\nrules:\n  - \(written)").problems.errors.map { $0.text(file: "f") }
        #expect(found.contains { $0.contains(message) }, "\(found)")
        #expect(found.allSatisfy { $0.hasPrefix("f:12: policies.default.rules[0]") }, "\(found)")
    }
}
