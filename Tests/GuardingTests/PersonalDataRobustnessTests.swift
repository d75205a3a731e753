import Testing

@testable import Guarding

@Suite("Personal data in odd texts") struct PersonalDataRobustnessTests {
    func expectWhole(_ findings: [PersonalData.Finding], _ text: [UInt8]) {
        var end = 0
        for finding in findings {
            #expect(finding.range.lowerBound >= end && finding.range.upperBound <= text.count && !finding.range.isEmpty)
            end = finding.range.upperBound
        }
    }

    /// What one place looks at is bounded: 48 KiB of each is read in about as many steps as prose of that length. Were one
    /// of them quadratic, this would take minutes.
    @Test(
        "texts made to be slow are read to their end",
        arguments: [
            "@", "a@", "a@b.c.", "1 ", "1", "12 34-", "1.", "+", "(", "(1", "4111 ", "52.5200, ", "1\u{B0}", ":", "a:", "::", "://a:", "-----BEGIN ",
            "-----BEGIN PRIVATE KEY-----", "sk-", "sk-a", "eyJ", "eyJeyJ.", "api key = ", "password is ", "password: ", "Mr. ", "Mr. A. ", "Name: ",
            "12 Oak Street ", "rue de ", "Via Roma ", "A ", "Anna ", "DE89 3704 ", "DE00", "AB 12 34 ", "a\u{200B}", "a\u{43E}", "a\u{301}",
            "\u{FB01}",
            "regards,\n", "X1234567", "12345678Z", "131052-", "hooks.slack.com/services/", "\u{0}", "\\", "\"", "{", "kind regards\n\n",
        ])
    func slow(piece: String) {
        let text = Array(String(repeating: piece, count: 49_152 / piece.utf8.count).utf8)
        var scanner = PersonalDataScanner()
        expectWhole(scanner.scan(text), text)
        var redaction = PersonalDataRedaction()
        #expect(redaction.redact(json: text).count > 0)
    }

    @Test("any bytes are read, and what is found lies in order within them", arguments: [UInt64](1...60))
    func random(seed: UInt64) {
        var random = Seeded(seed)
        let pieces =
            [
                "m@x.example", "4111 1111 1111 1111", "Mr. ", "M\u{FC}ller ", "12 ", "rue ", "Oak ", "Street ", "+49 ", "030/", "password: ", "x9!aQ",
                "\"", "\\u00e9",
                "52.5200, 13.4050", "192.0.2.", "1", "::1", "-----BEGIN RSA PRIVATE KEY-----", "\u{200B}", "\u{43E}", " ", "\n", ",",
                "DE89 3704 0044 0532 0130 00",
                "my name is ", "Anna ", "van ", "12345678Z", "{", "}", "ssn ",
            ].map { Array($0.utf8) } + [[0xFF], [0xE2, 0x80], [0xC3], [0xF0, 0x9D]]
        let text = (0..<random.below(80)).flatMap { _ in pieces[random.below(pieces.count)] }
        var scanner = PersonalDataScanner()
        let findings = scanner.scan(text)
        expectWhole(findings, text)
        #expect(scanner.scan(text) == findings, "the same again")
        var masking = PersonalDataMasking()
        let masked = masking.mask(text, findings)
        #expect(masking.restore(masked) == text)
        // A text before it changes nothing.
        _ = scanner.scan(Array("password: hunter22! Mr. Smith".utf8))
        #expect(scanner.scan(text) == findings)
    }

    @Test("kinds that are not wanted, or not certain enough, are left out")
    func choice() {
        let text = Array("m@x.example from 203.0.113.9".utf8)
        var mails = PersonalDataScanner(kinds: .init([.email]))
        #expect(mails.scan(text).map(\.kind) == [.email])
        var certain = PersonalDataScanner(leastConfidence: 0.92)
        #expect(certain.scan(text).map(\.kind) == [.email])
    }

    @Test("names of kinds are read back", arguments: PersonalData.Kind.allCases)
    func names(kind: PersonalData.Kind) {
        #expect(PersonalData.Kind(name: kind.name) == kind)
        #expect(PersonalData.Kind(name: kind.name.uppercased()) == nil)
    }
}
