import Guarding
import Schema
import Settings
import Testing

@Suite("The firewall of a document") struct FirewallTests {
    @Test("its rules are compiled in the order in which they are asked, each with its condition")
    func compiled() throws {
        let yaml =
            good + """
                firewall:
                - { name: late, pattern: a+b, action: mask, replacement: "[x]" }
                - { name: off, type: contains, pattern: x, enabled: false }
                - { name: first, priority: 9, type: keywords, words: [one, two], scope: response, action: warn, when: { tags.team: red } }
                """
        let blueprint = try #require(compile(yaml).blueprint)
        let firewall = blueprint.firewall
        #expect(firewall.rules.rules.map(\.name) == ["first", "late"])
        #expect(firewall.conditions.map { $0 == nil } == [false, true])
        #expect(!firewall.rules.isEmpty(.prompt))
        #expect(!firewall.rules.isEmpty(.reply))
        let scratch = FirewallScratch(firewall.rules)
        var text = "say aaab or one"
        var masked: [UInt8]?
        let report = text.withUTF8 { firewall.rules.check($0, .prompt, scratch, masked: &masked) }
        #expect(masked.map { String(decoding: $0, as: UTF8.self) } == "say [x] or one")
        #expect(report.action == .mask)
    }

    @Test("a list is compiled by itself, and what is wrong is said with its place in it")
    func list() {
        let list = Node.list([.map([("name", .text("a")), ("pattern", .text("[a"))]), .map([("name", .text("b")), ("pattren", .text("x"))])])
        let (firewall, problems) = Firewall.compile(list)
        #expect(firewall.rules.rules.isEmpty)
        #expect(
            problems.map { "\($0.path): \($0.message)" } == [
                "firewall[1].pattren: unknown setting `pattren`; did you mean `pattern`?",
                "firewall[1].pattern: is missing: what a rule of type `regex` looks for", "firewall[0].pattern: `[` is not closed (character 1)",
            ])
        #expect(Firewall.compile(.text("x")).problems.count == 1)
    }
}
