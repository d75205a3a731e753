import Testing

@testable import Guarding

@Suite("Personal data") struct PersonalDataTests {
    struct Score {
        var expected = 0
        var found = 0
        var wrong = 0
        var findings = 0

        var recall: Double { expected == 0 ? 1 : Double(found) / Double(expected) }
        var precision: Double { findings == 0 ? 1 : 1 - Double(wrong) / Double(findings) }
    }

    /// What is expected counts as found if a finding of its kind covers nine tenths of it; a finding is wrong if it meets nothing expected
    /// of its kind.
    static func score(_ cases: [PersonalDataCorpus.Case], _ note: (String) -> Void) -> (all: Score, kinds: [PersonalData.Kind: Score]) {
        var scanner = PersonalDataScanner()
        var (all, kinds) = (Score(), [PersonalData.Kind: Score]())
        for sample in cases {
            let findings = scanner.scan(sample.text)
            for (kind, range) in sample.expected {
                let isFound = findings.contains { $0.kind == kind && $0.range.clamped(to: range).count * 10 >= range.count * 9 }
                kinds[kind, default: Score()].expected += 1
                all.expected += 1
                if isFound {
                    kinds[kind, default: Score()].found += 1
                    all.found += 1
                } else {
                    note("missed \(kind) of \(sample.language): \(String(decoding: sample.text, as: UTF8.self))")
                }
            }
            for finding in findings {
                let isRight = sample.expected.contains { $0.kind == finding.kind && $0.range.overlaps(finding.range) }
                kinds[finding.kind, default: Score()].findings += 1
                all.findings += 1
                guard !isRight else { continue }
                kinds[finding.kind, default: Score()].wrong += 1
                all.wrong += 1
                note(
                    "wrong \(finding.kind) of \(sample.language): \(String(decoding: sample.text[finding.range], as: UTF8.self)) in "
                        + String(decoding: sample.text, as: UTF8.self))
            }
        }
        return (all, kinds)
    }

    @Test("of what is there 98 of 100 are found, and 95 of 100 findings are right", arguments: [UInt64(7), 19])
    func figures(seed: UInt64) throws {
        var corpus = try PersonalDataCorpus(seed: seed)
        let cases = corpus.cases(times: 7)
        #expect(cases.count >= 1500)
        var notes: [String] = []
        let (all, kinds) = Self.score(cases) { notes.append($0) }
        #expect(all.recall >= 0.98, "\(all.recall)\n\(notes.joined(separator: "\n"))")
        #expect(all.precision >= 0.95, "\(all.precision)\n\(notes.joined(separator: "\n"))")
        for (kind, score) in kinds {
            #expect(score.recall >= 0.95, "\(kind): \(score.recall)")
            #expect(score.precision >= 0.93, "\(kind): \(score.precision)")
        }
    }
}
