import Foundation
import Testing

@testable import Guarding

/// Recomputes what docs/reference/guardrails.md says of the scorers, from the held-back texts.
@Suite("Figures of the scorers") struct ScorerFiguresTests {
    struct Scored {
        var label: HeldBack.Label
        var lang: String
        var level: Int
        var sum: Int
    }

    static func scored(_ scorer: Int, _ label: (HeldBack) -> HeldBack.Label?) throws -> [Scored] {
        let file = ScorerWeights()
        var reader = ContentScorer()
        return try HeldBack.read().compactMap { row in
            guard let label = label(row) else { return nil }
            let sums = reader.sums(row.bytes)
            let sum = scorer == 0 ? sums.injection : sums.toxicity
            return Scored(label: label, lang: row.lang ?? "", level: file.level(scorer, of: sum), sum: Int(sum))
        }
    }

    /// Whole parts of a thousand, rounded half up.
    static func parts(_ numerator: Int, _ denominator: Int) -> Int { (2_000 * numerator + denominator) / (2 * denominator) }
    static func percent(_ parts: Int) -> String { "\(parts / 10).\(parts % 10)" }

    /// How often a bad text scores higher than a harmless one; a tie is half.
    static func area(_ bad: [Int], _ good: [Int]) -> Int {
        var wins = 0
        for b in bad { for g in good { wins += b > g ? 2 : b == g ? 1 : 0 } }
        return parts(wins, 2 * bad.count * good.count)
    }

    static func row(_ name: String, _ texts: [Scored]) -> String {
        let bad = texts.filter(\.label.bad)
        let good = texts.filter { !$0.label.bad }
        let caught = bad.count { $0.level >= ContentScore.threshold }
        let alarms = good.count { $0.level >= ContentScore.threshold }
        let both = !bad.isEmpty && !good.isEmpty
        let cells = [
            name, "\(bad.count)", "\(good.count)",
            both ? percent(area(bad.map(\.sum), good.map(\.sum))) : "",
            both && caught > 0 ? percent(parts(caught, caught + alarms)) : "",
            bad.isEmpty ? "" : percent(parts(caught, bad.count)),
            good.isEmpty ? "" : percent(parts(alarms, good.count)),
        ]
        return "| " + cells.joined(separator: " | ") + " |"
    }

    @Test("the tables of the reference page are what the held-back texts give", arguments: ["injection", "toxicity"])
    func tables(name: String) throws {
        let texts = try Self.scored(name == "injection" ? 0 : 1) { name == "injection" ? $0.injection : $0.toxicity }
        var expected = [Self.row("**all**", texts)]
        for lang in Set(texts.map(\.lang)).sorted() { expected.append(Self.row("language \(lang)", texts.filter { $0.lang == lang })) }
        for kind in Set(texts.map(\.label.kind)).sorted() {
            expected.append(Self.row("kind \(kind)", texts.filter { $0.label.kind == kind }))
        }
        let page = try String(contentsOf: HeldBack.root.appending(path: "docs/reference/guardrails.md"), encoding: .utf8)
        let start = try #require(page.range(of: "<!-- \(name): written by training/guardrails -->\n"))
        let end = try #require(page.range(of: "<!-- end -->", range: start.upperBound..<page.endIndex))
        let written = page[start.upperBound..<end.lowerBound].split(separator: "\n").dropFirst(2).map(String.init)
        #expect(written.filter { !$0.hasPrefix("| ordinary prompts") } == expected)
    }

    @Test("both scorers part bad from harmless held-back texts: area under the curve of at least 0.95")
    func area() throws {
        for (scorer, texts) in [try Self.scored(0, \.injection), try Self.scored(1, \.toxicity)].enumerated() {
            let bad = texts.filter(\.label.bad).map(\.sum)
            let good = texts.filter { !$0.label.bad }.map(\.sum)
            #expect(bad.count >= 400)
            #expect(good.count >= 500)
            #expect(Self.area(bad, good) >= 950, "scorer \(scorer)")
        }
    }
}
