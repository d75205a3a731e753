import Testing

@testable import Routing

/// A second opinion: the textbook's backtracking over the same tree, on characters instead of bytes. Exponential, so texts are short.
private struct Backtracker {
    let text: [Unicode.Scalar]
    var budget = 200_000

    mutating func occurs(_ node: PatternNode) -> Bool? {
        for start in 0...text.count where matches(node, at: start, then: { _, _ in true }) { return budget > 0 ? true : nil }
        return budget > 0 ? false : nil
    }

    private mutating func matches(_ node: PatternNode, at place: Int, then rest: (inout Backtracker, Int) -> Bool) -> Bool {
        budget -= 1
        guard budget > 0 else { return false }
        switch node {
        case .empty: return rest(&self, place)
        case .set(let set):
            guard place < text.count, set.ranges.contains(where: { $0.contains(text[place].value) }) else { return false }
            return rest(&self, place + 1)
        case .sequence(let parts):
            guard let first = parts.first else { return rest(&self, place) }
            return matches(first, at: place) { own, next in own.matches(.sequence(Array(parts.dropFirst())), at: next, then: rest) }
        case .either(let branches):
            for branch in branches where matches(branch, at: place, then: rest) { return true }
            return false
        case .assertion(let assertion): return holds(assertion, at: place) && rest(&self, place)
        case .repeated(let part, let least, let most):
            if let most, most == 0 { return rest(&self, place) }
            if least == 0, rest(&self, place) { return true }
            return matches(part, at: place) { own, next in
                // A round that took nothing may be had again, but leads nowhere new once the least is done.
                if next == place, least == 0 { return false }
                return own.matches(.repeated(part, least: max(0, least - 1), most: most.map { $0 - 1 }), at: next, then: rest)
            }
        }
    }

    private func holds(_ assertion: PatternAssertion, at place: Int) -> Bool {
        let before = place > 0 ? text[place - 1] : nil
        let after = place < text.count ? text[place] : nil
        let isBoundary = (before?.isWord ?? false) != (after?.isWord ?? false)
        switch assertion {
        case .textStart: return before == nil
        case .textEnd: return after == nil
        case .lineStart: return before == nil || before == "\n"
        case .lineEnd: return after == nil || after == "\n"
        case .wordBoundary: return isBoundary
        case .noWordBoundary: return !isBoundary
        }
    }
}

@Suite("Regular expressions, at random") struct RulesPatternFuzzTests {
    private static let atoms = [
        "a", "b", "ab", ".", "[ab]", "[^a]", "\\b", "\\B", "^", "$", "(?m:^)", "(?m:$)", "é", "[é-ü]", "\\w", "\\W", "\\s", "(?i:A)", "😀", "[^é]", "",
    ]
    private static let characters: [Unicode.Scalar] = ["a", "b", "A", "é", "ö", "😀", " ", "\n", "€"]

    private static func pattern(_ random: inout Random, depth: Int) -> String {
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
        var random = Random(seed: seed)
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
                var other = Backtracker(text: text)
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
        var random = Random(seed: seed)
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
