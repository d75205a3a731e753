import Schema
import Settings
import Testing

@Suite("Documents gone wrong") struct MutationTests {
    /// SplitMix64: a seed names a run.
    struct Chance: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var z = state
            z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
            z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
            return z ^ (z >> 31)
        }
    }

    static let scraps = [
        "", "~", "null", "{}", "[]", "-", "- -", ": ", "'", "\"", "&a", "*a", "? ", "!!int", "|", ">", "#", "%", "@", "\u{0}", "\u{feff}", "\t",
        "💣",
        "999999999999999999999", "-1", "1e999", ".nan", "{ a: 1, a: 2 }", "chat", "openai/gpt-5", "{ fallback: [smart] }", "env:", "file:/",
        "env:UNSET",
    ]

    /// Cuts, doubles, swaps or replaces lines and words.
    static func mutated(_ text: String, _ chance: inout Chance) -> String {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        for _ in 0..<Int.random(in: 1...3, using: &chance) {
            let at = Int.random(in: 0..<lines.count, using: &chance)
            switch Int.random(in: 0..<7, using: &chance) {
            case 0: lines[at] = ""
            case 1: lines.insert(lines[at], at: at)
            case 2: lines.swapAt(at, Int.random(in: 0..<lines.count, using: &chance))
            case 3: lines[at] = String(lines[at].prefix(Int.random(in: 0...lines[at].count, using: &chance)))
            case 4: lines[at] = " " + lines[at]
            case 5:
                var words = lines[at].split(separator: " ", omittingEmptySubsequences: false).map(String.init)
                words[Int.random(in: 0..<words.count, using: &chance)] = scraps.randomElement(using: &chance) ?? ""
                lines[at] = words.joined(separator: " ")
            default:
                var letters = Array(lines[at])
                if !letters.isEmpty { letters.remove(at: Int.random(in: 0..<letters.count, using: &chance)) }
                lines[at] = String(letters)
            }
        }
        return lines.joined(separator: "\n")
    }

    @Test("whatever becomes of the full example, it is served or refused with problems, and never shows a secret", arguments: 0..<8)
    func mutations(seed: Int) {
        let text = Files.text("examples/full.yaml")
        #expect(!text.isEmpty)
        var chance = Chance(state: UInt64(seed))
        for round in 0..<60 {
            let compilation = compile(Self.mutated(text, &chance))
            switch compilation {
            case .ready(let blueprint, let warnings):
                #expect(warnings.errors.isEmpty)
                #expect(blueprint.upstreams.count == blueprint.table.deployments.count)
            case .refused(let problems): #expect(!problems.errors.isEmpty, "seed \(seed), round \(round)")
            }
            for problem in compilation.problems { #expect(!problem.text(file: "f").contains("canary"), "seed \(seed), round \(round)") }
        }
    }
}
