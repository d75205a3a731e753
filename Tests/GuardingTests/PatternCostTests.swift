import Testing

@testable import Guarding

@Suite("What patterns cost, counted in steps") struct PatternCostTests {
    /// Steps to find all matches in `text`; each takes bounded time.
    private static func steps(_ term: SearchTerm, _ text: String) -> (steps: Int, matches: Int) {
        let set = PatternSet([term])
        let scratch = PatternScratch(set)
        let matches = set.matches(in: text, scratch).count
        return (scratch.steps, matches)
    }

    /// Patterns written to explode, and the text that lets them, repeated.
    static let attacks: [(pattern: String, text: String)] = [
        ("(a+)+$", "a"), ("(a|aa)*b", "a"), ("(.*)*x", "a"), ("(a|a)*b", "a"), ("(a*)*(a*)*b", "a"), ("^(([a-z])+.)+[A-Z]([a-z])+$", "a"),
        ("(x+x+)+y", "x"), ("(a?){30}a{30}b", "a"), ("(\\w+\\s?)*!", "ab "), ("(.*a){20}b", "a"), ("(a|b)*a(a|b){14}c", "ab"),
        ("([a-zA-Z]+)*\\d", "a"), ("abcd(x|xx)*y", "abcdxxx"), ("abcd.*?z", "abcd"), ("a.*b|a", "a"), ("a[^b]{0,300}b", "a"),
        ("(a{1,20}){1,20}b", "a"), (".*.*.*=.*", "x"), ("\\s+$", " "), ("(\\d+)+-(\\d+)+!", "1-"), ("[a-z]+@[a-z]+\\.com", "a@"),
    ]

    @Test("no text makes a pattern slow: the work is bounded for each byte", arguments: attacks)
    func linear(pattern: String, text: String) throws {
        let term = try SearchTerm(pattern: pattern)
        let size = term.program.instructions.count
        let length = 10_000
        let (steps, _) = Self.steps(term, String(repeating: text, count: length / text.utf8.count))
        // Forwards a byte costs one step beside the few of wasted starts, backwards thrice the program on twice the stretch. To try
        // every start to its end would be 40 million.
        #expect(steps <= (length + 2 * SearchTerm.longestMatch) * (24 + 8 * size), "\(steps) steps, \(size) instructions")
    }

    @Test(
        "a text ten times as long is ten times the work",
        arguments: [("(a|aa)*b", "a"), ("abcd.*?z", "abcd"), ("secret|password|[0-9]{16}", "no secre7 ")])
    func large(pattern: String, text: String) throws {
        let term = try SearchTerm(pattern: pattern)
        let (small, _) = Self.steps(term, String(repeating: text, count: 50_000 / text.utf8.count))
        let (large, _) = Self.steps(term, String(repeating: text, count: 500_000 / text.utf8.count))
        #expect(large <= 11 * small + 100_000)
    }

    @Test("in a stream a byte is read at most as often as a match is long")
    func streams() throws {
        var rule = FirewallRules.Rule(name: "attack")
        (rule.pattern, rule.scope, rule.action) = ("abcd.{0,200}?z", .both, .mask)
        let rules = FirewallRules.compile([rule]).rules
        let scratch = FirewallScratch(rules)
        var window = StreamWindow(rules)
        var output: [UInt8] = []
        let piece = Array(String(repeating: "abcd", count: 5).utf8)
        for _ in 0..<400 { #expect(window.push(piece, scratch, into: &output)) }
        #expect(scratch.reply.steps <= 8_000 * (2 + rules.reply.patterns.longest))
        #expect(window.held <= rules.reply.patterns.longest + piece.count)
    }

    @Test("huge repetitions are refused, large ones work")
    func repetitions() throws {
        #expect(throws: PatternError.self) { try SearchTerm(pattern: "(a{1000}){1000}") }
        #expect(throws: PatternError.self) { try SearchTerm(pattern: "a{100000}") }
        let term = try SearchTerm(pattern: "a{900}b")
        #expect(Self.steps(term, String(repeating: "a", count: 30_000) + "b").matches == 1)
    }

    @Test("tables stay within their memory, whatever is read")
    func memory() throws {
        let terms = try (0..<5).map { try SearchTerm(pattern: "(a|b)*a(a|b){\(10 + $0)}c") }
        let set = PatternSet(terms)
        let scratch = PatternScratch(set)
        var random = Dice(1)
        let text = String((0..<10_000).map { _ in random.pick(["a", "b"]) as Character })
        _ = set.matches(in: text, scratch)
        #expect(scratch.memory < 2 << 20)
    }
}
