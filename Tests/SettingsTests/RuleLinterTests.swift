import Settings
import Testing

@Suite("Rules that cannot decide") struct RuleLinterTests {
    private func warnings(_ text: String) -> [String] {
        let indented = text.split(separator: "\n").map { "      \($0)" }.joined(separator: "\n")
        let compilation = compile(
            """
            providers: { local: { type: openai_compatible, base_url: http://127.0.0.1:9000/v1 } }
            models: { chat: { deployments: [ { provider: local, model: small } ] }, smart: { deployments: [ { provider: local, model: big } ] } }
            policies:
              default:
                route: chat
                rules:
            \(indented)

            """)
        #expect(compilation.problems.errors.isEmpty, "\(compilation.problems)")
        return compilation.problems.warnings.map { "\($0.line): \($0.path): \($0.message)" }
    }

    @Test(
        "they are found, with the line of what is in their way",
        arguments: [
            (
                "- { name: a, when: {}, then: { route: smart } }\n- { name: b, when: { tags.t: x }, then: { warn: w } }", 8,
                "`a` (line 7) is asked before it and always applies"
            ),
            (
                "- { name: b, when: { tags.t: x }, then: { warn: w } }\n- { name: a, priority: 1, when: { tags.t: { exists: true } }, then: { route: smart } }",
                7, "`a` (line 8) is asked before it and applies whenever"
            ),
            (
                "- { name: a, when: { tokens.day: { gte: 50 } }, then: { route: smart } }\n- { name: b, when: { tokens.day: { gte: 80 } }, then: { warn: w } }",
                8, "applies whenever this one would"
            ),
            (
                "- { name: a, when: { request.region: { in: [eu, us] } }, then: { route: smart } }\n- { name: b, when: { request.region: eu, tags.t: x }, then: { warn: w } }",
                8, "applies whenever"
            ),
            (
                "- { name: a, when: { any: [ { tags.t: x }, { tags.u: y } ] }, then: { route: smart } }\n- { name: b, when: { tags.u: y }, then: { warn: w } }",
                8, "applies whenever"
            ),
            (
                "- { name: a, when: { tags.t: { ne: x } }, then: { route: smart } }\n- { name: b, when: { tags.t: y }, then: { warn: w } }", 8,
                "applies whenever"
            ),
            (
                "- { name: a, when: { tokens.day: { gt: 5, lt: 3 } }, then: { warn: w } }", 7,
                "can never apply: `tokens.day gt 5` and `tokens.day lt 3` never hold together"
            ),
            ("- { name: a, when: { all: [ { tags.t: x }, { tags.t: y } ] }, then: { warn: w } }", 7, "never hold together"),
            ("- { name: a, when: { request.region: { in: [] } }, then: { warn: w } }", 7, "can never apply: `request.region in []` never holds"),
            ("- { name: a, when: { tags.t: { exists: false, eq: x } }, then: { warn: w } }", 7, "never hold together"),
            ("- { name: a, when: { not: {} }, then: { warn: w } }", 7, "can never apply"),
            ("- { name: a, enabled: false, when: {}, then: { warn: w } }", 7, "is switched off"),
            (
                "- { name: a, when: { tags.t: x }, then: { route: smart } }\n- { name: b, when: { tags.t: { eq: x } }, then: { route: chat } }", 8,
                "contradicts `a` (line 7)"
            ),
            (
                "- { name: a, after: [timeout], then: { route: smart } }\n- { name: b, after: [timeout], then: { route: chat } }", 8,
                "contradicts `a` (line 7)"
            ),
            ("- { name: a, after: [timeout], when: { tokens.day: { gt: 5, lt: 5 } }, then: { warn: w } }", 7, "never hold together"),
        ])
    func found(rules: String, line: Int, message: String) {
        let found = warnings(rules)
        #expect(found.count == 1, "\(found)")
        #expect(found.allSatisfy { $0.hasPrefix("\(line): policies.default.rules[") && $0.contains(message) }, "\(found)")
    }

    @Test(
        "sane policies have no warnings",
        arguments: [
            "- { name: a, priority: 10, when: { tags.t: x }, then: { route: smart } }\n- { name: b, when: {}, then: { warn: w } }",
            "- { name: a, when: { tokens.day: { gte: 80 } }, then: { deny: no } }\n- { name: b, when: { tokens.day: { gte: 50 } }, then: { warn: w } }",
            "- { name: a, when: { tags.t: x, tags.u: y }, then: { route: smart } }\n- { name: b, when: { tags.t: x }, then: { warn: w } }",
            "- { name: a, when: { any: [ { tags.t: x }, { tags.u: y } ] }, then: { route: smart } }\n- { name: b, when: { any: [ { tags.t: x }, { tags.v: y } ] }, then: { warn: w } }",
            "- { name: a, when: { tags.t: { in: [x, y] } }, then: { route: smart } }\n- { name: b, when: { tags.t: { in: [y, z] } }, then: { warn: w } }",
            "- { name: a, when: { request.text: { contains: foo } }, then: { route: smart } }\n- { name: b, when: { request.text: { contains: fo } }, then: { warn: w } }",
            "- { name: a, when: { request.text: { matches: '^a' } }, then: { route: smart } }\n- { name: b, when: { request.text: { matches: '^b' } }, then: { warn: w } }",
            "- { name: a, when: {}, then: { route: smart } }\n- { name: b, after: [timeout], then: { route: chat } }\n- { name: c, after: [timeout], when: { tags.t: x }, then: { warn: w } }",
            "- { name: a, when: { tokens.day: { gte: 5, lte: 5 } }, then: { warn: w } }\n- { name: b, when: { tokens.day: { gt: 5, lt: 9 } }, then: { route: smart } }",
            "- { name: a, when: { not: { tags.t: x } }, then: { warn: w } }\n- { name: b, when: { tags.t: x }, then: { route: smart } }",
            "- { name: a, when: { tags.t: { exists: true } }, then: { warn: w } }\n- { name: b, when: { tags.t: { ne: x } }, then: { route: smart } }",
            "- { name: a, when: { user.tier: { in: [x] } }, then: { warn: w } }\n- { name: b, when: { user.tier: { contains: x } }, then: { route: smart } }",
            "- { name: a, when: { tags.t: { eq: x, ne: y } }, then: { warn: w } }",
        ])
    func sane(rules: String) {
        let found = warnings(rules)
        #expect(found.isEmpty, "\(found)")
    }

    @Test("branches that others hide, or that never hold, are found too")
    func branches() {
        let problems = compile(
            good
                + """
                routes:
                  r:
                    conditional:
                      branches:
                        - { when: { tags.t: { exists: true } }, route: chat }
                        - { when: { tags.t: x }, route: local/other }
                        - { when: { tags.u: { in: [] } }, route: chat }
                        - { when: { tags.u: x }, route: chat }
                      default: chat

                """
        ).problems.map { $0.text(file: "f") }
        #expect(
            problems == [
                "f:13: routes.r.conditional.branches[1].when: warning: is never asked first: the branch on line 12 comes before it and holds whenever this one does",
                "f:14: routes.r.conditional.branches[2].when: warning: can never hold: `tags.u in []` never holds",
            ])
    }
}
