import Testing

@testable import Guarding

@Suite("Regular expressions") struct PatternTests {
    struct Row: CustomTestStringConvertible {
        var pattern: String
        var yes: [String]
        var no: [String]
        init(_ pattern: String, yes: [String] = [], no: [String] = []) { (self.pattern, self.yes, self.no) = (pattern, yes, no) }
        var testDescription: String { pattern }
    }

    @Test(
        "they occur where they should and nowhere else",
        arguments: [
            Row("", yes: ["", "a"]), Row("abc", yes: ["abc", "xabcx"], no: ["ab", "acb", ""]), Row("a|bc|", yes: ["", "zz"]),
            Row("^a", yes: ["ab"], no: ["ba", "b\na"]), Row("(?m)^a", yes: ["b\na"], no: ["ba"]), Row("a$", yes: ["ba"], no: ["ab", "a\nb"]),
            Row("/a$/m", yes: ["a\nb"], no: ["ab"]), Row("\\Aa\\z", yes: ["a"], no: ["aa", "a\n"]),
            Row("a.c", yes: ["abc", "aäc"], no: ["a\nc", "ac"]),
            Row("(?s)a.c", yes: ["a\nc"]), Row("(?i)straße", yes: ["STRAßE", "straße"], no: ["strasse"]), Row("(?i)É", yes: ["é"], no: ["e"]),
            Row("a(?i)b", yes: ["ab", "aB"], no: ["Ab"]), Row("(?i:a)b", yes: ["Ab"], no: ["AB"]), Row("(?i)a(?-i)b", yes: ["Ab"], no: ["AB"]),
            Row("/Foo/i", yes: ["a FOO b"]), Row("/api/v1", yes: ["/api/v1"], no: ["/api/v2"]),
            Row("[a-c]+x", yes: ["abcx", "cx"], no: ["dx"]), Row("[^a-c]", yes: ["d", "€"], no: ["abc", ""]),
            Row("[]a]", yes: ["]", "a"], no: ["b"]), Row("[a-]", yes: ["-"], no: ["b"]), Row("[\\d.-]{3}", yes: ["1.-"], no: ["1.a"]),
            Row("[[:alpha:]_]+$", yes: ["ab_"], no: ["1"]), Row("[[:^digit:]]", yes: ["a"], no: ["12"]), Row("[\\n\\]]", yes: ["\n", "]"]),
            Row("\\d{3}-\\d{2,4}", yes: ["555-12", "555-1234"], no: ["55-12", "555-1"]),
            Row("\\bcat\\b", yes: ["a cat.", "cat"], no: ["cats", "concat"]),
            Row("\\Bcat", yes: ["concat"], no: ["cat", "a cat"]), Row("\\w+@\\w+\\.com", yes: ["me@x.com"], no: ["me@x.org"]),
            Row("a{2}", yes: ["aa"], no: ["a"]), Row("^a{2,}$", yes: ["aaa"], no: ["a"]), Row("^a{0,2}$", yes: ["", "aa"], no: ["aaa"]),
            Row("a{,2}", yes: ["a{,2}"], no: ["aa"]), Row("a{x", yes: ["a{x"], no: ["a"]), Row("^(ab)*?c", yes: ["ababc", "c"], no: ["abac"]),
            Row("(a*)*b", yes: ["b", "aab"], no: ["aa"]), Row("(|a)+$", yes: ["", "aa"]), Row("(?:a|b){3}", yes: ["aba"], no: ["ab"]),
            Row("(?<year>\\d{4})", yes: ["in 2026"], no: ["26"]), Row("(?#any)a", yes: ["a"], no: ["b"]), Row("\\x41\\u00e4\\x{1F600}", yes: ["Aä😀"]),
            Row("😀+", yes: ["x😀😀"], no: ["😁"]), Row("[α-ω]", yes: ["λ"], no: ["Λ", "a"]), Row("(?i)[α-ω]", yes: ["Λ"]),
            Row("\\.\\*\\[", yes: [".*["]),
            Row("^[^@]+$", yes: ["aé€😀"], no: ["a@b"]), Row("[\\u{10000}-\\u{10FFFF}]", yes: ["😀"], no: ["€"]),
            Row("[߿ࠀ]", yes: ["߿", "ࠀ"], no: ["ࠁ"]),
        ])
    func occurs(_ row: Row) throws {
        let pattern = try Pattern(row.pattern)
        for text in row.yes { #expect(pattern.matches(text), "\(text.debugDescription)") }
        for text in row.no { #expect(!pattern.matches(text), "\(text.debugDescription)") }
    }

    @Test(
        "what is not supported or not right is refused, with its place",
        arguments: [
            ("(a)\\1", "back references", 4), ("\\k<a>", "back references", 1), ("a(?=b)", "looking ahead", 2), ("(?!b)", "looking ahead", 1),
            ("(?<=a)b", "looking behind", 1), ("(?<!a)b", "looking behind", 1), ("(?>a)", "atomic", 1), ("a++", "possessive", 2),
            ("(?R)", "references to groups", 1), ("(?1)", "references to groups", 1), ("(?(1)a)", "conditional", 1), ("(a", "not closed", 1),
            ("a)", "closes nothing", 2), ("[a", "not closed", 1), ("*a", "nothing to repeat", 1), ("a**", "repeated already", 3),
            ("a{3,2}", "at least 3", 2), ("a{1001}", "more than 1000", 2), ("[z-a]", "backwards", 3), ("\\", "lone", 1), ("\\y", "no escape", 1),
            ("\\p{L}", "Unicode", 1), ("\\xg1", "hexadecimal", 1), ("(?x)a", "no flag", 3), ("[[:foo:]]", "no class", 2),
            ("\\u{110000}", "number", 1),
            ("((a{100}){100}){100}", "too large", 1), ("(()" + "{1000})" + "{1000}", "too large", 1), ("(?<a-b>x)", "letters", 5),
        ])
    func refused(pattern: String, why: String, position: Int) {
        do {
            _ = try Pattern(pattern)
            Issue.record("accepted")
        } catch {
            #expect(error.message.contains(why), "\(error)")
            #expect(error.position == position, "\(error)")
        }
    }

    @Test("deep nesting and long expressions are refused, not run into the ground")
    func bounds() {
        #expect(throws: PatternError.self) { try Pattern(String(repeating: "(", count: 2000) + String(repeating: ")", count: 2000)) }
        #expect(throws: PatternError.self) { try Pattern(String(repeating: "a", count: 5000)) }
        #expect(throws: Never.self) { try Pattern(String(repeating: "(a", count: 90) + String(repeating: ")", count: 90)) }
    }

    @Test(
        "no text makes them slow: steps are at most the program's size for each byte",
        arguments: [
            "(a+)+b", "(a|a)*b", "(a|aa)+$b", "(.*)*b", "(a*)*(a*)*b", "^(([a-z])+.)+[A-Z]([a-z])+$", "(x+x+)+y", "(a?){30}a{30}b",
            "(\\w+\\s?)*!", "(.*a){20}b", "(a|b)*a(a|b){14}c", "([a-zA-Z]+)*\\d",
        ])
    func linear(source: String) throws {
        let pattern = try Pattern(source)
        var before = 0
        for length in [1_000, 2_000, 4_000] {
            let text = String(repeating: "a", count: length) + " "
            var steps = 0
            #expect(!pattern.matches(text, steps: &steps))
            #expect(steps <= (length + 2) * (pattern.isTable ? 1 : pattern.programSize))
            // Twice the text, at most twice the steps.
            if before > 0 { #expect(steps <= 2 * before + 1_000) }
            before = steps
        }
    }

    @Test("usual expressions become tables, those with too many states stay programs and say the same")
    func tables() throws {
        #expect(try Pattern("\\b(card|iban)\\s*[:#]?\\s*[0-9]{4,19}\\b").isTable)
        let large = try Pattern("(a|b)*a(a|b){14}c")
        #expect(!large.isTable)
        #expect(large.matches("bbab" + String(repeating: "b", count: 13) + "c"))
        #expect(!large.matches("bbbb" + String(repeating: "b", count: 13) + "c"))
    }

    @Test("a literal stands for itself, in either case")
    func literal() throws {
        let pattern = try Pattern(literal: "a.Ü*", ignoringCase: true)
        #expect(pattern.matches("xA.ü*"))
        #expect(!pattern.matches("axü*"))
    }
}
