import Testing

@testable import Guarding

@Suite("Regular expressions, at random") struct PatternFuzzTests {
    private static let atoms = [
        "a", "b", "ab", ".", "[ab]", "[^a]", "\\b", "\\B", "^", "$", "(?m:^)", "(?m:$)", "é", "[é-ü]", "\\w", "\\W", "\\s", "(?i:A)", "😀", "[^é]", "",
    ]
    private static let characters: [Unicode.Scalar] = ["a", "b", "A", "é", "ö", "😀", " ", "\n", "€"]

    private static func pattern(_ random: inout Dice, depth: Int) -> String {
        let kind = depth == 0 ? 0 : Int(random.next() % 6)
        switch kind {
        case 1: return "(" + pattern(&random, depth: depth - 1) + "|" + pattern(&random, depth: depth - 1) + ")"
        case 2:
            let repeats = ["*", "+", "?", "{2}", "{0,2}", "{1,}", "*?"]
            return "(?:" + pattern(&random, depth: depth - 1) + ")" + repeats[Int(random.next() % UInt64(repeats.count))]
        case 3, 4: return pattern(&random, depth: depth - 1) + pattern(&random, depth: depth - 1)
        default: return atoms[Int(random.next() % UInt64(atoms.count))]
        }
    }

    @Test("they say what a backtracking matcher says, as tables and as programs", arguments: UInt64(1)...8)
    func same(seed: UInt64) throws {
        var random = Dice(seed)
        var compared = 0
        for _ in 0..<150 {
            let source = Self.pattern(&random, depth: 4)
            var parser = PatternParser(source, ignoringCase: false)
            let node = try parser.parse()
            let pattern = try Pattern(source)
            var compiler = PatternCompiler()
            let program = try compiler.compile(node)
            for _ in 0..<6 {
                let text = (0..<Int(random.next() % 7)).map { _ in Self.characters[Int(random.next() % UInt64(Self.characters.count))] }
                var other = Backtracker(text)
                guard let expected = other.occurs(node) else { continue }
                var written = ""
                written.unicodeScalars.append(contentsOf: text)
                var steps = 0
                let asProgram = written.withUTF8 { program.matches($0, steps: &steps) }
                #expect(pattern.matches(written) == expected, "seed \(seed): \(source) on \(written.debugDescription)")
                #expect(asProgram == expected, "seed \(seed): the program of \(source) on \(written.debugDescription)")
                compared += 1
            }
        }
        #expect(compared > 700)
    }

    @Test("whatever is written, it is read or refused", arguments: UInt64(1)...4)
    func garbage(seed: UInt64) {
        var random = Dice(seed)
        let pieces = [
            "(", ")", "[", "]", "{", "}", "?", "*", "+", "|", "\\", "^", "$", ".", "-", ",", "1", "9", "a", "é", ":", "<", "=", "!", "/", "i", "x",
            "u", "P",
        ]
        for _ in 0..<1_500 {
            let source = (0..<Int(random.next() % 14)).map { _ in pieces[Int(random.next() % UInt64(pieces.count))] }.joined()
            do {
                _ = try Pattern(source).matches("a1é")
            } catch {
                #expect((1...source.unicodeScalars.count + 1).contains(error.position), "\(source): \(error)")
            }
        }
    }
}
