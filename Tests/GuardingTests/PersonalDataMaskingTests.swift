import Testing

@testable import Guarding

@Suite("Masking of personal data") struct PersonalDataMaskingTests {
    func masked(_ text: String, with masking: inout PersonalDataMasking) -> String {
        var scanner = PersonalDataScanner()
        let bytes = Array(text.utf8)
        return String(decoding: masking.mask(bytes, scanner.scan(bytes)), as: UTF8.self)
    }

    @Test("the same value has the same number, in later texts too")
    func numbers() {
        var masking = PersonalDataMasking()
        #expect(
            masked("From a.b@c.example to d@e.example, cc a.b@c.example", with: &masking) == "From [EMAIL_1] to [EMAIL_2], cc [EMAIL_1]")
        #expect(masked("Again d@e.example from 203.0.113.9", with: &masking) == "Again [EMAIL_2] from [IP_1]")
        #expect(masking.count == 3)
    }

    @Test("what was masked comes back, what was not stays")
    func back() {
        var masking = PersonalDataMasking()
        let text = "Mr. M\u{FC}ller, card 4111 1111 1111 1111, mail m@x.example; key [0] and [EMAIL_9]"
        let hidden = masked(text, with: &masking)
        #expect(!hidden.contains("4111") && !hidden.contains("ller") && hidden.contains("[CARD_1]"))
        #expect(String(decoding: masking.restore(Array(hidden.utf8)), as: UTF8.self) == text)
    }

    @Test("bytes are cut where they came from, whatever was folded before")
    func folded() {
        var masking = PersonalDataMasking()
        #expect(masked("an\u{200B}na@\u{FF45}xample.com!", with: &masking) == "[EMAIL_1]!")
        #expect(masked("card \u{FF14}111-1111-1111-111\u{FF11}.", with: &masking) == "card [CARD_1].")
    }

    @Test(
        "a stream waits for the end of a stand-in and for nothing else",
        arguments: [("see [EMA", 4), ("see [", 1), ("[EMAIL_1]", 0), ("[x", 0), ("a", 0)])
    func waiting(text: String, count: Int) {
        var masking = PersonalDataMasking()
        _ = masked("a@b.example", with: &masking)
        #expect(masking.held(Array(text.utf8)) == count)
    }

    @Test("more values than are remembered are masked all the same")
    func many() {
        var masking = PersonalDataMasking()
        for number in 0..<PersonalDataMasking.maxValues + 5 { _ = masking.standIn(for: Array("\(number)".utf8), .phone) }
        #expect(masking.count == PersonalDataMasking.maxValues)
        #expect(masking.standIn(for: Array("new".utf8), .phone) == Array("[PHONE]".utf8))
        #expect(masking.standIn(for: Array("0".utf8), .phone) == Array("[PHONE_1]".utf8))
    }

    @Test("a stand-in has no name that somebody else has written; what the model says again is meant as it was")
    func avoids() {
        var policy = GuardPolicy()
        policy.personalData.action = .mask
        func masked(_ texts: GuardedText...) -> [String?] {
            var masking = PersonalDataMasking()
            return Guard(policy).check(texts, masking: &masking).texts.map { $0.map { String(decoding: $0, as: UTF8.self) } }
        }
        #expect(masked(GuardedText(.user, "[EMAIL_3] and m@x.example")) == ["[EMAIL_3] and [EMAIL_4]"])
        #expect(masked(GuardedText(.assistant, "to [EMAIL_3]"), GuardedText(.user, "m@x.example")) == [nil, "[EMAIL_1]"])
        #expect(masked(GuardedText(.user, "[EMAIL_99999999999999999999] [X_1] [EMAIL_] [ m@x.example")).count == 1)
        #expect(masked(GuardedText(.user, "m@x.example, then [EMAIL_"))[0] == "[EMAIL_1], then [EMAIL_")
    }
}
