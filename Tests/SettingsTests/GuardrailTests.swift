import Guarding
import Schema
import Settings
import Testing

@Suite("Guardrails of a document") struct GuardrailTests {
    /// With its own keys, or those of `good`.
    private static func document(_ yaml: String) -> String {
        guard yaml.split(separator: "\n").contains(where: { $0.hasPrefix("keys:") }) else { return good + yaml }
        return good.split(separator: "\n", omittingEmptySubsequences: false).filter { !$0.hasPrefix("keys:") }.joined(separator: "\n") + yaml
    }

    private func blueprint(_ yaml: String) throws -> Blueprint {
        let compiled = compile(Self.document(yaml))
        return try #require(compiled.blueprint, "\(compiled.problems.map { $0.text(file: "f") })")
    }

    @Test("an action alone is a guardrail, and what is not said is as it begins")
    func short() throws {
        let blueprint = try blueprint(
            "guardrails: { pii: mask, injection: block, toxicity: warn, keywords: { words: [one, two words], action: block } }")
        let policy = try #require(blueprint.guards.policies.first)
        #expect(policy.personalData.action == .mask && policy.personalData.roles == .all && !policy.restores)
        #expect(policy.injection.action == .block && policy.injection.roles == .foreign && policy.injection.threshold == 500)
        #expect(policy.toxicity.action == .warn && policy.toxicity.roles == [.init(.user, .tool, .reply)])
        #expect(policy.words.words == ["one", "two words"])
        #expect(policy.looksAtPrompts && policy.looksAtReplies)
    }

    @Test("a section says threshold, scope, roles, shadow, kinds, route and restore")
    func long() throws {
        let blueprint = try blueprint(
            """
            guardrails:
              pii: { action: mask, kinds: [email, national_id], restore: true, threshold: 0.8, roles: [user, assistant], scope: prompt }
              injection: { action: route, route: chat, shadow: true }
              allow: [Ours@Example.com]
            """)
        let policy = try #require(blueprint.guards.policies.first)
        #expect(policy.personalKinds == PersonalData.Kinds([.email, .nationalID]) && policy.restores)
        #expect(policy.personalData.threshold == 800 && policy.personalData.roles == .init(.user, .assistant))
        #expect(policy.injection.route == "chat" && policy.injection.isShadow)
        #expect(!policy.looksAtReplies && policy.allowed.contains(Array("ours@example.com".utf8)))
    }

    @Test("a reply alone is looked at where that is all that is wished")
    func replies() throws {
        let blueprint = try blueprint("guardrails: { toxicity: { action: block, scope: reply } }")
        let policy = try #require(blueprint.guards.policies.first)
        #expect(!policy.looksAtPrompts && policy.looksAtReplies)
    }

    private let owners = """
        guardrails: { pii: mask, injection: block }
        projects:
          clinic: { guardrails: { pii: block } }
          lab: {}
        keys:
          plain: { key: sk-a }
          nurse: { key: sk-b, project: clinic }
          doctor: { key: sk-c, project: clinic, guardrails: { injection: { threshold: 0.9 }, pii: { action: warn } } }
          free: { key: sk-d, guardrails: { pii: off, injection: off } }
          tester: { key: sk-e, project: lab }
        """

    @Test("projects and keys say otherwise, a key last; those that come to the same share one policy")
    func overrides() throws {
        let guards = try blueprint(owners).guards
        func policy(_ key: Int?, naming project: Int? = nil) -> GuardPolicy? { guards.policy(of: key, naming: project).map { guards.policies[$0] } }
        #expect(policy(0)?.personalData.action == .mask && policy(1)?.personalData.action == .block)
        #expect(policy(2)?.personalData.action == .warn && policy(2)?.injection.threshold == 900 && policy(2)?.injection.action == .block)
        #expect(policy(3) == nil)
        #expect(guards.policy(of: 4) == guards.policy(of: 0))
        // A key without a project may name one.
        #expect(policy(0, naming: 0)?.personalData.action == .block && guards.policy(of: 0, naming: 1) == guards.policy(of: 0))
        #expect(policy(3, naming: 0) == nil)
        #expect(policy(nil)?.personalData.action == .mask)
        #expect(guards.policies.count == 3)
    }

    @Test("without guardrails and rules nobody looks at anything; a rule is enough that somebody does")
    func nobody() throws {
        #expect(try blueprint("").guards.isEmpty)
        #expect(try blueprint("guardrails: { pii: off, allow: [x], budget_cap: warn }").guards.isEmpty)
        #expect(try blueprint("firewall: [ { name: x, pattern: abc, enabled: false } ]").guards.isEmpty)
        #expect(try blueprint("firewall: [ { name: x, pattern: abc } ]").guards.policies.count == 1)
    }

    @Test("a budget that may be exceeded is soft, for whom that is said", arguments: [("block", true), ("warn", false), ("off", false)])
    func budgetCap(cap: String, isHard: Bool) throws {
        let blueprint = try blueprint(
            """
            keys:
              one: { key: sk-a, budget: { day: 1 }, guardrails: { budget_cap: \(cap) } }
              other: { key: sk-b, budget: { day: 1 } }
            """)
        func account(_ key: String) -> Bool? { blueprint.accounts.accounts.first { $0.owner == key && $0.isBudget }?.isHard }
        #expect(account("one") == isHard && account("other") == true)
    }

    struct Row: Sendable {
        var text: String
        var expected: [String]

        init(_ text: String, _ expected: String...) { (self.text, self.expected) = (text, expected) }
    }

    @Test(
        "what is wrong is said with its place",
        arguments: [
            Row("guardrails: { pi: mask }", "f:8: guardrails.pi: unknown setting `pi`; did you mean `pii`?"),
            Row("guardrails: { pii: { threshold: 2, action: mask } }", "f:8: guardrails.pii.threshold: `2` is not valid; expected 0 to 1"),
            Row("guardrails: { injection: { threshold: 0.5 } }", "f:8: guardrails.injection.action: is missing: what becomes of what is found"),
            Row("guardrails: { injection: route }", "f:8: guardrails.injection.route: is missing: the route that `route` sends requests to"),
            Row("guardrails: { keywords: block }", "f:8: guardrails.keywords.words: is missing: the words that are looked for"),
            Row(
                "guardrails: { keywords: { action: warn, words: [a, \" \"] } }",
                "f:8: guardrails.keywords.words[1]: is empty, so it would be found everywhere"),
            Row(
                "guardrails: { budget_cap: mask }",
                "f:8: guardrails.budget_cap: `mask` is nothing that a budget can do; there are off, warn, block"),
            Row("guardrails: { pii: mask, allow: [\"\"] }", "f:8: guardrails.allow[0]: is empty"),
            Row("guardrails: { pii: { action: mask, kinds: [mail] } }", "f:8: guardrails.pii.kinds[0]: `mail` is not known; did you mean `email`?"),
            Row(
                "guardrails: { pii: mask }\nkeys: { k: { key: sk-a, guardrails: { toxicity: block } } }",
                "f:8: keys.k.guardrails.toxicity: guardrail `toxicity` is not switched on in `guardrails`: "
                    + "only those that are can be changed here, which are `pii`, `budget_cap`"
            ),
            Row(
                "firewall: [ { name: x, pattern: abc, when: { deployment.d.error_rate: { gt: 0.1 } } } ]",
                "f:8: firewall[0].when: `deployment.d.error_rate` is not known yet when the firewall is asked"),
        ])
    func problems(row: Row) {
        #expect(SettingsTests.problems(Self.document(row.text)) == row.expected)
    }

    @Test("a route that is not there is said with the nearest name")
    func unknownRoute() {
        let found = SettingsTests.problems(good + "guardrails: { pii: { action: route, route: mm } }")
        #expect(found.count == 1 && found[0].hasPrefix("f:8: guardrails.pii.route: "), "\(found)")
    }
}
