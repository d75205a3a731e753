import Testing

@testable import Guarding

@Suite("Firewall rules") struct FirewallTests {
    typealias Rule = FirewallRules.Rule

    static func rule(_ pattern: String, _ action: FirewallRules.Action, _ change: (inout Rule) -> Void = { _ in }) -> Rule {
        var rule = Rule(name: pattern)
        (rule.pattern, rule.action) = (pattern, action)
        change(&rule)
        return rule
    }

    private static func check(_ text: String, _ rules: [Rule], _ scope: FirewallRules.Scope = .prompt) -> (text: String?, report: FirewallReport) {
        let compiled = FirewallRules.compile(rules)
        #expect(compiled.problems.isEmpty)
        let scratch = FirewallScratch(compiled.rules)
        var masked: [UInt8]?
        let bytes = Array(text.utf8)
        let report = bytes.withUnsafeBufferPointer { compiled.rules.check($0, scope, scratch, masked: &masked) }
        return (masked.map { String(decoding: $0, as: UTF8.self) }, report)
    }

    @Test(
        "replacements may hold what groups took",
        arguments: [
            ("(\\d{4})-(\\d{4})", "$2/$1", "a 1234-5678 b", "a 5678/1234 b"), ("(?<user>\\w+)@(?<host>\\w+)", "<${host}>", "me@home", "<home>"),
            ("a(b)?c", "[$1]", "ac abc", "[] [b]"), ("(a|(b))+", "$2", "xbax", "xbx"), ("\\d+", "<$0>", "12 3", "<12> <3>"),
            ("x", "$$1", "x", "$1"), ("x", "costs $", "x", "costs $"), ("(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)", "$10", "abcdefghij", "j"),
            ("(a+?)(a*)", "$1|$2", "aaa", "a|aa"), ("x", "", "axb", "ab"), ("(?<a>é)+", "${a}${a}", "ééé", "éé"),
            ("^(.)(.*)$", "$2$1", "abc", "bca"),
        ])
    func replaced(pattern: String, replacement: String, text: String, expected: String) {
        #expect(Self.check(text, [Self.rule(pattern, .mask) { $0.replacement = replacement }]).text == expected)
    }

    @Test("what groups took is what a backtracking matcher says", arguments: UInt64(1)...6)
    func groups(seed: UInt64) throws {
        var random = Dice(seed)
        var compared = 0
        for _ in 0..<200 {
            let source = PatternSetFuzzTests.pattern(&random, depth: 4)
            guard let term = try? SearchTerm(pattern: source), let program = term.groups else { continue }
            let characters = PatternSetFuzzTests.text(&random, upTo: 12)
            var other = Backtracker(characters)
            var parser = PatternParser(source, ignoringCase: false)
            guard let expected = try other.all(parser.parse()) else { continue }
            var text = PatternSetFuzzTests.written(characters)
            text.withUTF8 { bytes in
                let piece = TextPiece(bytes: bytes, base: 0, isLast: true)
                for (range, groups) in expected {
                    let own = PatternGroups.ranges(program, count: term.groupCount, of: range, in: piece)
                    for number in 1...term.groupCount {
                        let place = "seed \(seed): group \(number) of \(source.debugDescription) in \(range)"
                        #expect(own[number - 1] == groups[number], "\(place) of \(String(decoding: bytes, as: UTF8.self).debugDescription)")
                        compared += 1
                    }
                }
            }
        }
        #expect(compared > 60)
    }

    @Test("patterns without delimiters and substrings are asked in any case; between delimiters flags say so")
    func cases() {
        #expect(Self.check("A SECRET", [Self.rule("secret", .mask)]).text == "A [redacted]")
        #expect(Self.check("A SECRET", [Self.rule("/secret/", .mask)]).text == nil)
        #expect(Self.check("A SECRET", [Self.rule("/secret/i", .mask)]).text == "A [redacted]")
        #expect(Self.check("a.B", [Self.rule("A.b", .mask) { $0.kind = .substring }]).text == "[redacted]")
        #expect(Self.check("axB", [Self.rule("A.b", .mask) { $0.kind = .substring }]).text == nil)
        #expect(Self.check("ÄRGER", [Self.rule("ärger", .mask) { $0.kind = .substring }]).text == "[redacted]")
        #expect(Self.check("see /api/v1", [Self.rule("/api/v1", .mask)]).text == "see [redacted]")
    }

    @Test("each side has its own rules")
    func scopes() {
        let rules = [
            Self.rule("one", .mask), Self.rule("two", .mask) { $0.scope = .reply }, Self.rule("three", .mask) { $0.scope = .both },
            Self.rule("four", .mask) { $0.isEnabled = false },
        ]
        #expect(Self.check("one two three four", rules).text == "[redacted] two [redacted] four")
        #expect(Self.check("one two three four", rules, .reply).text == "one [redacted] [redacted] four")
    }

    @Test("the highest priority is named and replaces first, nothing that any mask found remains")
    func priorities() {
        let card = Self.rule("\\d{4}-\\d{4}", .mask) { ($0.replacement, $0.priority) = ("[card]", 1) }
        let line = Self.rule("my card is \\d{4}", .mask) { ($0.replacement, $0.priority) = ("[line]", 9) }
        #expect(Self.check("so my card is 1234-5678.", [card, line]).text == "so [line][card].")
        let inner = Self.rule("is", .mask) { ($0.replacement, $0.priority) = ("[is]", 20) }
        #expect(Self.check("so my card is 1234-5678.", [card, line, inner]).text == "so [line][is][card].")
        let blocks = [Self.rule("first", .block), Self.rule("second", .block) { $0.priority = 5 }]
        let (_, report) = Self.check("first and second", blocks)
        #expect(report.block?.range == 10..<16)
        #expect(report.action == .block)
    }

    @Test("a mask hides nothing from a block; what an allow asked before finds is exempt")
    func allowed() {
        let mask = Self.rule("\\d{16}", .mask) { $0.priority = 9 }
        let block = Self.rule("4111\\d+", .block)
        #expect(Self.check("4111111111111111", [mask, block]).report.action == .block)
        let allow = Self.rule("4111111111111111", .allow) { $0.priority = 10 }
        #expect(Self.check("4111111111111111", [mask, block, allow]).report.action == nil)
        #expect(Self.check("41111111111111112", [mask, block, allow]).report.action == .block)
        let late = Self.rule("4111111111111111", .allow) { $0.priority = -1 }
        #expect(Self.check("4111111111111111", [mask, block, late]).report.action == .block)
    }

    @Test("warnings and notes let the text pass and say what was there, its middle hidden")
    func evidence() {
        let (text, report) = Self.check("mail to someone@example.com now", [Self.rule("\\S+@\\S+", .warn), Self.rule("now", .log)])
        #expect(text == nil)
        #expect(report.action == .warn)
        #expect(report.findings.map(\.evidence) == ["so•••••••••••••••om", "•••"])
        let long = String(repeating: "9", count: 200)
        #expect(Self.check(long, [Self.rule("9+", .log)]).report.findings.first?.evidence == "99" + String(repeating: "•", count: 22) + "…")
        let many = Self.check(String(repeating: "a ", count: 500), [Self.rule("a", .log)]).report
        #expect(many.findings.count == FirewallReport.maxFindings)
        #expect(many.counts == [0: 500])
    }

    @Test(
        "what is wrong is said with its place",
        arguments: [
            (Self.rule("(a", .block), "pattern", "not closed"), (Self.rule("a*", .block), "pattern", "text of nothing"),
            (Self.rule("", .block), "pattern", "empty"), (Self.rule("a(?=b)", .block), "pattern", "looking ahead is not supported (character 2)"),
            (Self.rule("(a)\\1", .block), "pattern", "back references"), (Self.rule("/a/x", .block), "pattern", "no flag `x`"),
            (Self.rule("\\bпароль", .block), "pattern", "keywords"),
            (Self.rule("(a)", .mask) { $0.replacement = "$2" }, "replacement", "there is no group `2`: the pattern has one (character 1)"),
            (Self.rule("a", .mask) { $0.replacement = "x ${who}" }, "replacement", "there is no group `who`: the pattern has none (character 3)"),
            (Self.rule("(?<me>a)", .mask) { $0.replacement = "${you}" }, "replacement", "named `me`"),
            (Self.rule("a", .mask) { $0.replacement = "${1" }, "replacement", "expected `}`"),
            (Self.rule("", .block) { $0.kind = .substring }, "pattern", "empty"), (Self.rule("", .block) { $0.kind = .keywords }, "pattern", "empty"),
            (Self.rule("", .block) { ($0.kind, $0.words) = (.keywords, ["a", " "]) }, "words", "empty"),
            (Self.rule("(?<a>x)(?<a>y)", .block), "pattern", "a second group"),
        ])
    func wrong(rule: Rule, setting: String, message: String) {
        let (rules, problems) = FirewallRules.compile([Self.rule("fine", .block), rule])
        #expect(problems.count == 1)
        #expect(problems.first?.index == 1)
        #expect(problems.first?.setting == setting)
        #expect(problems.first?.message.contains(message) == true, "\(problems)")
        #expect(rules.rules.count == 1)
    }

    @Test("all problems are said at once; a replacement of a substring is text as it stands")
    func problems() {
        let rules = [
            Self.rule("(", .block), Self.rule("a", .mask) { $0.replacement = "$9" },
            Self.rule("", .block) { ($0.kind, $0.words) = (.keywords, ["", ""]) },
        ]
        #expect(
            FirewallRules.compile(rules).problems.map { "\($0.index) \($0.setting) \($0.item ?? -1)" } == [
                "0 pattern -1", "1 replacement -1", "2 words 0", "2 words 1",
            ])
        #expect(Self.check("a", [Self.rule("a", .mask) { ($0.kind, $0.replacement) = (.substring, "$9") }]).text == "$9")
    }

    @Test("patterns with nothing certain in them are few")
    func slow() {
        let rules = (0..<70).map { Self.rule("[a-z]{\($0 + 20)}\\d", .log) }
        let problems = FirewallRules.compile(rules).problems
        #expect(problems.map(\.index) == Array(64..<70))
        #expect(problems.allSatisfy { $0.message.contains("at most 64") })
    }
}
