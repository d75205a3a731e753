import Testing

@testable import Guarding

@Suite("Finding many patterns, at random") struct PatternSetFuzzTests {
    static let atoms = [
        "a", "b", "ab", ".", "[ab]", "[^a]", "\\b", "\\B", "^", "$", "(?m:^)", "(?m:$)", "é", "[é-ü]", "\\w", "\\W", "(?i:A)", "😀", "[^é]", "",
        "abab", "(?i:BAé)",
    ]
    static let characters: [Unicode.Scalar] = ["a", "b", "a", "b", "A", "é", "ö", "😀", " ", "\n"]

    static func pattern(_ random: inout Dice, depth: Int) -> String {
        switch depth == 0 ? 0 : random.below(6) {
        case 1: "(" + pattern(&random, depth: depth - 1) + "|" + pattern(&random, depth: depth - 1) + ")"
        case 2: "(" + pattern(&random, depth: depth - 1) + ")" + random.pick(["*", "+", "?", "{2}", "{0,2}", "{1,}", "*?", "+?", "??", "{1,2}?"])
        case 3, 4: pattern(&random, depth: depth - 1) + pattern(&random, depth: depth - 1)
        default: random.pick(atoms)
        }
    }

    static func text(_ random: inout Dice, upTo length: Int) -> [Unicode.Scalar] {
        (0..<random.below(length)).map { _ in random.pick(characters) }
    }

    static func written(_ text: [Unicode.Scalar]) -> String {
        var written = ""
        written.unicodeScalars.append(contentsOf: text)
        return written
    }

    @Test("every match of every term is the one a backtracking matcher finds", arguments: UInt64(1)...12)
    func same(seed: UInt64) throws {
        var random = Dice(seed)
        var (compared, matched) = (0, 0)
        for _ in 0..<60 {
            var (sources, terms): ([String], [SearchTerm]) = ([], [])
            while terms.count < 4 {
                let source = Self.pattern(&random, depth: 4)
                guard let term = try? SearchTerm(pattern: source) else { continue }
                sources.append(source)
                terms.append(term)
            }
            let set = PatternSet(terms)
            let scratch = PatternScratch(set)
            for _ in 0..<6 {
                let text = Self.text(&random, upTo: 14)
                let found = set.matches(in: Self.written(text), scratch)
                #expect(found == found.sorted { ($0.range.lowerBound, $0.term) < ($1.range.lowerBound, $1.term) })
                for (index, source) in sources.enumerated() {
                    var parser = PatternParser(source, ignoringCase: false)
                    var other = Backtracker(text)
                    guard let expected = try other.all(parser.parse()) else { continue }
                    let own = found.filter { $0.term == index }.map(\.range)
                    #expect(own == expected.map(\.range), "seed \(seed): \(source.debugDescription) in \(Self.written(text).debugDescription)")
                    compared += 1
                    matched += own.isEmpty ? 0 : 1
                }
            }
        }
        #expect(compared > 1_000 && matched > 200, "\(compared) compared, \(matched) with matches")
    }

    @Test("looking backwards from the end finds what trying every start finds, however long a match may be", arguments: UInt64(1)...8)
    func backwards(seed: UInt64) throws {
        var random = Dice(seed)
        var matched = 0
        for _ in 0..<150 {
            let source = Self.pattern(&random, depth: 4)
            guard let term = try? SearchTerm(pattern: source) else { continue }
            let states = LazyStates(term.program, term.classes, anchored: true)
            for longest in [1, 2, 3, 5, 50] {
                var text = Self.written(Self.text(&random, upTo: 16))
                text.withUTF8 { bytes in
                    let piece = TextPiece(bytes: bytes, base: 0, isLast: true)
                    guard !bytes.isEmpty else { return }
                    var distances = PatternDistances(term.program, in: piece, starts: 0..<bytes.count, longest: longest)
                    var walk = PatternWalk(term.program)
                    for start in bytes.indices {
                        var run = PatternRun(from: start, in: piece, states)
                        let outcome = run.advance(in: piece, states, longest: longest)
                        let end = distances.end(from: start, in: piece, &walk)
                        let place = "seed \(seed): \(source.debugDescription) from \(start), at most \(longest)"
                        #expect(
                            outcome == end.map(PatternRun.Outcome.match) ?? .none,
                            "\(place) in \(String(decoding: bytes, as: UTF8.self).debugDescription)")
                        matched += end == nil ? 0 : 1
                    }
                }
            }
        }
        #expect(matched > 500)
    }
}
