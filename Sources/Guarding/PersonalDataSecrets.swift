/// Keys and tokens that vendors gave a shape, so that scanners find them. The shapes are from the vendors' own pages on secret scanning and
/// from GitHub's list of supported patterns (docs.github.com, "Supported secret scanning patterns", read 2026-03).
struct SecretShape: Sendable {
    enum Alphabet: UInt8 {
        /// Letters and digits; these with `_` and `-`; hexadecimal; capital letters and digits; base64 with `+/=`; these and dots.
        case word, dashed, hex, capitals, base64, dotted

        @inline(__always) func holds(_ byte: UInt8) -> Bool {
            switch self {
            case .word: byte.isAlphanumeric
            case .dashed: byte.isAlphanumeric || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
            case .hex: byte.isHex
            case .capitals: byte.isUpper || byte.isDigit
            case .base64: byte.isAlphanumeric || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "/") || byte == UInt8(ascii: "=")
            case .dotted:
                byte.isAlphanumeric || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
                    || byte == UInt8(ascii: "/")
                    || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "=")
            }
        }
    }

    let prefix: StaticString
    let alphabet: Alphabet
    let least: Int
    let most: Int

    init(_ prefix: StaticString, _ alphabet: Alphabet, _ lengths: ClosedRange<Int>) {
        (self.prefix, self.alphabet, least, most) = (prefix, alphabet, lengths.lowerBound, lengths.upperBound)
    }

    /// Longer prefixes before shorter ones that begin them.
    static let all: [SecretShape] = [
        // Model providers.
        .init("sk-ant-", .dashed, 20...200), .init("sk-proj-", .dashed, 20...300), .init("sk-svcacct-", .dashed, 20...300),
        .init("sk-admin-", .dashed, 20...300), .init("sk-or-v1-", .hex, 32...80), .init("sk-lf-", .dashed, 20...60), .init("sk-", .dashed, 24...200),
        .init("gsk_", .word, 40...80), .init("xai-", .word, 40...120), .init("pplx-", .word, 32...80), .init("nvapi-", .dashed, 40...100),
        .init("hf_", .word, 30...50), .init("r8_", .word, 30...50), .init("tgp_v1_", .dashed, 30...80), .init("fw_", .word, 20...40),
        .init("AIza", .dashed, 35...35), .init("ya29.", .dashed, 40...400), .init("GOCSPX-", .dashed, 28...28), .init("tvly-", .dashed, 20...60),
        .init("sl-", .word, 32...80),
        // Clouds.
        .init("AKIA", .capitals, 16...16), .init("ASIA", .capitals, 16...16), .init("ABIA", .capitals, 16...16), .init("ACCA", .capitals, 16...16),
        .init("dop_v1_", .hex, 64...64), .init("doo_v1_", .hex, 64...64), .init("hvs.", .dashed, 24...200), .init("hvb.", .dashed, 24...300),
        .init("dp.pt.", .word, 40...50), .init("AGE-SECRET-KEY-1", .capitals, 50...70), .init("PMAK-", .dashed, 50...70),
        // Code and packages.
        .init("github_pat_", .dashed, 60...100), .init("ghp_", .word, 36...60), .init("gho_", .word, 36...60), .init("ghu_", .word, 36...60),
        .init("ghs_", .word, 36...60), .init("ghr_", .word, 36...90), .init("glpat-", .dashed, 20...60), .init("gldt-", .dashed, 20...60),
        .init("glrt-", .dashed, 20...60), .init("npm_", .word, 36...36), .init("pypi-AgEI", .dashed, 50...300), .init("dckr_pat_", .dashed, 27...40),
        .init("rubygems_", .hex, 48...48), .init("sntrys_", .dotted, 40...300), .init("ATATT3", .dotted, 100...250),
        .init("lin_api_", .word, 32...48),
        .init("oy2", .word, 43...43),
        // Money, mail, talk.
        .init("sk_live_", .word, 20...120), .init("sk_test_", .word, 20...120), .init("rk_live_", .word, 20...120),
        .init("rk_test_", .word, 20...120),
        .init("whsec_", .base64, 24...64), .init("sq0atp-", .dashed, 22...22), .init("sq0csp-", .dashed, 43...43), .init("shpat_", .hex, 32...32),
        .init("shpss_", .hex, 32...32), .init("shpca_", .hex, 32...32), .init("SG.", .dotted, 60...70), .init("key-", .hex, 32...32),
        .init("xoxb-", .dashed, 20...100), .init("xoxp-", .dashed, 20...100), .init("xoxa-", .dashed, 20...100), .init("xoxr-", .dashed, 20...100),
        .init("xoxs-", .dashed, 20...100), .init("xoxe-", .dashed, 20...200), .init("xapp-", .dashed, 30...120), .init("EAAC", .word, 80...250),
        .init("secret_", .word, 40...50), .init("ntn_", .word, 40...60), .init("figd_", .dashed, 36...60), .init("SK", .hex, 32...32),
        .init("AC", .hex, 32...32), .init("eyJ", .dotted, 60...4096),
    ]

    /// First bytes of prefixes, and for each of them the shapes to try.
    static let byFirst: [[SecretShape]] = (0..<128).map { byte in all.filter { Int($0.prefix.utf8Start[0]) == byte } }
    private static let firsts: (UInt64, UInt64) = all.reduce(into: (0, 0)) { bits, shape in
        let byte = shape.prefix.utf8Start[0]
        if byte < 64 { bits.0 |= 1 << UInt64(byte) } else { bits.1 |= 1 << UInt64(byte - 64) }
    }

    @inline(__always) static func mayBegin(_ byte: UInt8) -> Bool {
        byte < 64 ? firsts.0 >> UInt64(byte) & 1 == 1 : byte < 128 && firsts.1 >> UInt64(byte - 64) & 1 == 1
    }
}

extension PersonalDataScan {
    /// At the first byte of a word of which a secret may begin; where the secret ends.
    mutating func secret(at start: Int, wordEnd: Int) -> Int? {
        if byte(start) == UInt8(ascii: "h") { return slackHook(at: start) ?? shaped(at: start) }
        if byte(start) == UInt8(ascii: "s") || wordEnd - start >= 2 { return shaped(at: start) }
        return nil
    }

    private mutating func shaped(at start: Int) -> Int? {
        let second = byte(start + 1)
        for shape in SecretShape.byFirst[Int(text[start])] where shape.prefix.utf8Start[1] == second && starts(shape.prefix, at: start) {
            if starts("eyJ", at: start), start < refusedToken { continue }
            let first = start + shape.prefix.utf8CodeUnitCount
            var end = first
            var digits = 0
            while has(end), end - first <= shape.most, shape.alphabet.holds(text[end]) {
                if text[end].isDigit { digits += 1 }
                end += 1
            }
            if starts("eyJ", at: start) {
                // What it might be is read once, however often it begins anew.
                refusedToken = end
                if !isToken(start..<end) { continue }
            }
            // A full stop of the sentence is none of the token's.
            while end > first, text[end - 1] == UInt8(ascii: ".") || text[end - 1] == UInt8(ascii: "-") { end -= 1 }
            let length = end - first
            guard length >= shape.least, length <= shape.most || starts("eyJ", at: start), digits > 0 || shape.alphabet == .capitals,
                looksRandom(first..<end)
            else { continue }
            found(.secret, start..<end, 0.95)
            return end
        }
        return nil
    }

    /// Names in words and hyphens (`sk-learn-pipeline-for-2024-models`) are none.
    private func looksRandom(_ range: Range<Int>) -> Bool {
        Entropy.bits(of: UnsafeBufferPointer(rebasing: text[range])) >= 2.8
            && text[range].lazy.filter { $0 == UInt8(ascii: "-") }.count * 5 <= range.count
    }

    /// A JSON Web Token: three parts, the second a JSON object too.
    private func isToken(_ range: Range<Int>) -> Bool {
        guard let dot = text[range].firstIndex(of: UInt8(ascii: ".")), starts("eyJ", at: dot + 1) || dot - range.lowerBound > 15 else { return false }
        let rest = text[(dot + 1)..<range.upperBound]
        return rest.contains(UInt8(ascii: ".")) && rest.count > 20
    }

    /// `hooks.slack.com/services/T…/B…/…`
    private mutating func slackHook(at start: Int) -> Int? {
        guard starts("hooks.slack.com/services/", at: start) else { return nil }
        let first = start + 25
        var end = first
        while has(end), end - first < 80, text[end].isAlphanumeric || text[end] == UInt8(ascii: "/") { end += 1 }
        guard end - first >= 30 else { return nil }
        found(.secret, first..<end, 0.95)
        return end
    }

    /// `-----BEGIN … PRIVATE KEY-----` up to its end, or to the end of what looks like it.
    mutating func pem(at start: Int) -> Int? {
        guard starts("-----BEGIN ", at: start) else { return nil }
        var index = start + 11
        let label = index
        while has(index), index - label < 40, text[index].isUpper || text[index] == 0x20 { index += 1 }
        guard starts("-----", at: index), starts("PRIVATE KEY", at: index - 11) || starts("PRIVATE KEY BLOCK", at: index - 17) else { return index }
        index += 5
        while has(index) {
            if text[index] == UInt8(ascii: "-"), starts("-----END ", at: index) {
                index += 9
                while has(index), text[index] != UInt8(ascii: "-"), text[index] != 0x0A { index += 1 }
                while has(index), text[index] == UInt8(ascii: "-") { index += 1 }
                break
            }
            guard text[index].isAlphanumeric || Self.isOfArmor(text[index]) else { break }
            index += 1
        }
        found(.secret, start..<index, 0.98)
        return index
    }

    private static func isOfArmor(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="), UInt8(ascii: ":"), UInt8(ascii: ","), UInt8(ascii: "-"), UInt8(ascii: "\\"),
            0x20,
            0x0A, 0x0D:
            true
        default: false
        }
    }
}
