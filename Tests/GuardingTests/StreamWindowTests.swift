import Testing

@testable import Guarding

@Suite("A text that passes a firewall in pieces") struct StreamWindowTests {
    /// Sends `text` in pieces and gives back what came out of it.
    private static func pass(
        _ text: [UInt8], _ rules: FirewallRules, _ scratch: FirewallScratch, cut: (Int) -> Int, check: (StreamWindow) -> Void = { _ in }
    ) -> (output: [UInt8], window: StreamWindow) {
        var window = StreamWindow(rules)
        var (output, at): ([UInt8], Int) = ([], 0)
        while at < text.count {
            let next = min(text.count, at + cut(at))
            guard window.push(text[at..<next], scratch, into: &output) else { return (output, window) }
            check(window)
            at = next
        }
        _ = window.finish(scratch, into: &output)
        return (output, window)
    }

    private static func masked(_ text: [UInt8], _ rules: FirewallRules, _ scratch: FirewallScratch) -> (text: [UInt8], report: FirewallReport) {
        text.withUnsafeBufferPointer { bytes in
            var output: [UInt8]?
            let report = rules.check(bytes, .reply, scratch, masked: &output)
            return (output ?? text, report)
        }
    }

    static func rules(_ written: [(kind: FirewallRules.Kind, pattern: String, action: FirewallRules.Action, replacement: String)]) -> FirewallRules {
        let rules = written.enumerated().map { index, row in
            var rule = FirewallRules.Rule(name: "rule \(index)")
            (rule.kind, rule.pattern, rule.action, rule.replacement, rule.scope) = (row.kind, row.pattern, row.action, row.replacement, .both)
            return rule
        }
        return FirewallRules.compile(rules).rules
    }

    @Test("however it is cut, what comes out is what masking the whole text gives", arguments: UInt64(1)...12)
    func same(seed: UInt64) {
        var random = Dice(seed)
        var changed = 0
        for round in 0..<60 {
            let written = (0..<1 + random.below(5)).map { _ -> (FirewallRules.Kind, String, FirewallRules.Action, String) in
                let action: FirewallRules.Action = random.pick([.mask, .mask, .mask, .allow, .warn])
                switch random.below(4) {
                case 0: return (.substring, random.pick(["ab", "é a", "bab", "😀", "baéa"]), action, "[s]")
                case 1: return (.keywords, random.pick(["ab", "a b", "é", "babab"]), action, "[k]")
                default: return (.regex, PatternSetFuzzTests.pattern(&random, depth: 4), action, random.pick(["[r]", "<$0>", "é"]))
                }
            }
            let rules = Self.rules(written)
            let scratch = FirewallScratch(rules)
            for _ in 0..<4 {
                let text = Array(PatternSetFuzzTests.written(PatternSetFuzzTests.text(&random, upTo: 60)).utf8)
                let whole = Self.masked(text, rules, scratch)
                let size = 1 + random.below(9)
                let pieces = Self.pass(text, rules, scratch, cut: { _ in 1 + random.below(size) })
                let what = "seed \(seed), round \(round): \(written) on \(String(decoding: text, as: UTF8.self).debugDescription)"
                #expect(pieces.output == whole.text, "\(what): \(String(decoding: pieces.output, as: UTF8.self).debugDescription)")
                #expect(pieces.window.report.counts == whole.report.counts, "\(what)")
                #expect(String(validating: pieces.output, as: UTF8.self) != nil)
                changed += whole.text == text ? 0 : 1
            }
        }
        #expect(changed > 60)
    }

    @Test("a byte is held back only while something may begin before it, and never longer than the longest match", arguments: UInt64(1)...4)
    func held(seed: UInt64) throws {
        var random = Dice(seed)
        let rules = Self.rules([
            (.substring, "password", .mask, "*"), (.regex, "\\d{4}[ -]?\\d{4}[ -]?\\d{4}[ -]?\\d{4}", .mask, "*"),
            (.regex, "me@[a-z]{1,20}\\.com", .mask, "*"),
        ])
        let scratch = FirewallScratch(rules)
        let words = ["hello ", "pass", "word", "4111 ", "1111-", "me@", "x.com", "é😀"]
        let text = Array((0..<2_000).map { _ in random.pick(words) }.joined().utf8)
        var most = 0
        let passed = Self.pass(text, rules, scratch, cut: { _ in 1 + random.below(20) }) { most = max(most, $0.held) }
        #expect(passed.output == Self.masked(text, rules, scratch).text)
        #expect(most <= 40, "seed \(seed)")
    }

    @Test("in prose nearly nothing is held, whatever an expression could be")
    func prose() throws {
        let rules = Self.rules([(.regex, "-----BEGIN[A-Z ]+-----[\\s\\S]*?-----END", .mask, "*"), (.regex, "\\b\\d+\\b", .mask, "#")])
        let scratch = FirewallScratch(rules)
        let text = Array(String(repeating: "It was a bright cold day in April. ", count: 100).utf8)
        _ = Self.pass(text, rules, scratch, cut: { _ in 20 }) { #expect($0.held <= 20) }
    }

    @Test("what could be longer than the longest match passes, and memory stays as it is")
    func unbounded() throws {
        let rules = Self.rules([(.regex, "begin.*end", .mask, "*")])
        let scratch = FirewallScratch(rules)
        let text = Array(("begin" + String(repeating: "x", count: 20_000) + "end, begin this end").utf8)
        var most = 0
        let passed = Self.pass(text, rules, scratch, cut: { _ in 100 }) { most = max(most, $0.held) }
        #expect(most <= SearchTerm.longestMatch + 100)
        #expect(passed.output == Array(("begin" + String(repeating: "x", count: 20_000) + "end, *").utf8))
        #expect(passed.output == Self.masked(text, rules, scratch).text)
    }

    @Test("a block says where, wherever it is cut, and nothing of it comes out", arguments: 1...30)
    func block(size: Int) throws {
        let rules = Self.rules([(.keywords, "top secret", .block, "")])
        let scratch = FirewallScratch(rules)
        let text = Array("All of this is TOP\u{A0} Secret, is it not?".utf8)
        let passed = Self.pass(text, rules, scratch, cut: { _ in size })
        let block = try #require(passed.window.report.block)
        #expect(block.range == 15..<27)
        #expect(block.evidence == "T•••••••••t")
        #expect(!String(decoding: passed.output, as: UTF8.self).contains("TOP"))
        var rest: [UInt8] = []
        var window = passed.window
        #expect(!window.push(Array("more".utf8), scratch, into: &rest))
        #expect(!window.finish(scratch, into: &rest))
        #expect(rest.isEmpty)
    }

    @Test("streams share tables: many at once, each as if alone, also when the tables were forgotten between two pieces")
    func interleaved() throws {
        let rules = Self.rules([(.regex, "(a|b)*a(a|b){9}c", .mask, "#"), (.regex, "key [a-f]{3,20}", .mask, "#")])
        let scratch = FirewallScratch(rules)
        var random = Dice(5)
        let texts = (0..<8).map { _ in
            Array((0..<3_000).map { _ in random.pick(["a", "b", "b", "abac", "c", "key ", "abc", "é"]) }.joined().utf8)
        }
        var windows = texts.map { _ in StreamWindow(rules) }
        var outputs = texts.map { _ in [UInt8]() }
        var at = texts.map { _ in 0 }
        while let index = at.indices.filter({ at[$0] < texts[$0].count }).randomElement(using: &random) {
            let next = min(texts[index].count, at[index] + 1 + random.below(40))
            #expect(windows[index].push(texts[index][at[index]..<next], scratch, into: &outputs[index]))
            at[index] = next
            if random.below(50) == 0 {
                scratch.reply.states(0, anchored: true).forget()
                scratch.reply.states(0, anchored: false).forget()
            }
        }
        for index in texts.indices {
            _ = windows[index].finish(scratch, into: &outputs[index])
            #expect(outputs[index] == Self.masked(texts[index], rules, FirewallScratch(rules)).text)
        }
    }

    @Test("an empty stream, an empty piece and no rules at all")
    func empty() {
        let none = Self.rules([])
        let scratch = FirewallScratch(none)
        var window = StreamWindow(none)
        var output: [UInt8] = []
        #expect(window.push([], scratch, into: &output))
        #expect(window.push(Array("héllo".utf8), scratch, into: &output))
        #expect(window.held == 0)
        #expect(window.finish(scratch, into: &output))
        #expect(output == Array("héllo".utf8))
    }
}
