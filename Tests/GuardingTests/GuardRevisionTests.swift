import Testing

@testable import Guarding

/// Answers are kept under what guards made of their prompts and replies: who changes what they find says so (`Guard.revision`), or answers of
/// before would be given that nobody looked at so.
@Suite("What guards find has a number") struct GuardRevisionTests {
    /// Of what the guards of `Guard.revision` make of the corpus of personal data and of texts that rules and keywords change.
    private static let known = (revision: 1, digest: UInt64(5_084_064_172_610_652_165))

    private static func policy() -> GuardPolicy {
        var card = FirewallRules.Rule(name: "cards")
        (card.kind, card.pattern, card.action, card.replacement, card.scope) = (.regex, #"\b\d{4} \d{4}\b"#, .mask, "[$0]", .both)
        var policy = GuardPolicy(words: Keywords.compile(["blue heron", "проект"]).keywords, rules: FirewallRules.compile([card]).rules)
        policy.personalData = .init(.mask, roles: .all)
        policy.keywords = .init(.mask, roles: .all)
        return policy
    }

    private static func digest() throws -> UInt64 {
        let tools = Guard(policy())
        var corpus = try PersonalDataCorpus(seed: 6)
        var texts = corpus.cases(times: 2).map(\.text)
        texts += [
            "The BLUE\u{200B} heron and the ｂｌｕｅ heron", "Ymx1ZSBoZXJvbiBmbGllcyBvdmVyIHRoZSBsYWtl", "проект 1234 5678 проекта",
            "4111 1111 1111 1111",
        ].map { Array($0.utf8) }
        var sum: UInt64 = 0xCBF2_9CE4_8422_2325
        func add(_ bytes: some Sequence<UInt8>) { for byte in bytes { sum = (sum ^ UInt64(byte)) &* 0x100_0000_01B3 } }
        for text in texts {
            var masking = PersonalDataMasking()
            let outcome = tools.check([GuardedText(.user, text)], masking: &masking)
            for finding in outcome.findings { add("\(finding.kind) \(finding.detail) \(finding.range) \(finding.score)".utf8) }
            add(outcome.texts[0] ?? [])
        }
        return sum
    }

    @Test("what is found is what was found with this number: else count `Guard.revision` up and write both down here") func revision() throws {
        #expect(Guard.revision == Self.known.revision)
        let found = try Self.digest()
        #expect(found == Self.known.digest)
    }

    @Test("the fingerprint follows number and weights") func fingerprint() {
        #expect(Guard.fingerprint == "\(Guard.revision) \(ScorerWeights().computedChecksum())")
    }
}
