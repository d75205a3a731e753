/// Codes of letters and digits: accounts and national numbers that begin with a letter.
extension PersonalDataScan {
    /// A word with digits in it, at its first letter; where the code ends.
    mutating func code(at start: Int, wordEnd: Int) -> Int? {
        if byte(start).isLetter, byte(start + 1).isLetter, byte(start + 2).isDigit, byte(start + 3).isDigit, let end = iban(at: start) { return end }
        let length = wordEnd - start
        if starts("fe80", at: start) || length <= 4, byte(wordEnd) == UInt8(ascii: ":"), let end = ipV6(at: start) { return end }
        guard length <= 20 || byte(start + 2) == 0x20 else { return nil }
        var code = NationalCode(self, start: start, wordEnd: wordEnd)
        guard let end = code.check(isNamed: cues.suggestsIdentity(at: start)) else { return nil }
        found(.nationalID, start..<end, code.confidence)
        return end
    }

    /// ISO 13616; lengths from the registry (SWIFT, IBAN Registry release 98). In groups of four or without spaces, either case.
    private mutating func iban(at start: Int) -> Int? {
        guard let length = Self.ibanLength(text[start] & 0xDF, text[start + 1] & 0xDF) else { return nil }
        var remainder = 0
        var count = 0
        var index = start
        var heads: (UInt8, UInt8, UInt8, UInt8) = (0, 0, 0, 0)
        while has(index), count < length {
            let byte = text[index]
            if byte == 0x20 || byte == UInt8(ascii: "-") {
                guard count % 4 == 0 || has(index + 1) && text[index - 1].isAlphanumeric, self.byte(index + 1).isAlphanumeric else {
                    return nil
                }
                index += 1
                continue
            }
            guard byte.isAlphanumeric else { return nil }
            switch count {
            case 0: heads.0 = byte
            case 1: heads.1 = byte
            case 2: heads.2 = byte
            case 3: heads.3 = byte
            default: remainder = Self.fold(byte, into: remainder)
            }
            count += 1
            index += 1
        }
        guard count == length, !byte(index).isAlphanumeric else { return nil }
        for byte in [heads.0, heads.1, heads.2, heads.3] { remainder = Self.fold(byte, into: remainder) }
        guard remainder == 1 else { return nil }
        found(.iban, start..<index, 0.98)
        return index
    }

    private static func fold(_ byte: UInt8, into remainder: Int) -> Int {
        byte.isDigit ? (remainder * 10 + Int(byte.value)) % 97 : (remainder * 100 + Int(byte & 0xDF) - 55) % 97
    }

    private static func ibanLength(_ first: UInt8, _ second: UInt8) -> Int? {
        var index = 0
        while index < ibans.utf8CodeUnitCount {
            let row = ibans.utf8Start + index
            if row[0] == first, row[1] == second { return Int(row[2] - 0x30) * 10 + Int(row[3] - 0x30) }
            index += 4
        }
        return nil
    }

    /// Country and length.
    private static let ibans: StaticString =
        """
        AD24AE23AL28AT20AZ28BA20BE16BG22BH22BI27BR29BY28CH21CR22CY28CZ24DE22DJ27DK18DO28EE20EG29ES24FI18FK18FO18FR27GB22GE22GI23GL18GR27GT28HR21HU28IE22\
        IL23IQ23IS26IT27JO30KW30KZ20LB28LC32LI21LT20LU20LV21LY25MC27MD24ME22MK19MN20MR27MT31MU30NI28NL18NO15OM23PK24PL28PS29PT25QA29RO24RS22RU33SA24SC31\
        SD18SE24SI19SK24SM27SO23ST25SV28TL23TN24TR26UA29VA22VG24XK20YE30
        """

    /// RFC 4291, text form, with `::` and at least three groups or all eight; nothing of private use alone. At its first byte.
    mutating func ipV6(at start: Int) -> Int? {
        guard start == 0 || !(text[start - 1].isAlphanumeric || text[start - 1] == UInt8(ascii: ":") || text[start - 1] == UInt8(ascii: "_")) else {
            return nil
        }
        var index = start
        var (groups, longest, hasGap) = (0, 0, false)
        while has(index), groups < 8 {
            let first = index
            while has(index), index - first < 5, text[index].isHex { index += 1 }
            if index > first {
                guard index - first <= 4 else { return nil }
                groups += 1
                longest = max(longest, index - first)
            }
            guard byte(index) == UInt8(ascii: ":") else { break }
            if byte(index + 1) == UInt8(ascii: ":") {
                guard !hasGap else { return nil }
                hasGap = true
                index += 2
                if !byte(index).isHex { break }
            } else if byte(index + 1).isHex {
                index += 1
            } else {
                break
            }
        }
        let isWhole = groups == 8 && !hasGap
        guard isWhole && longest > 2 || hasGap && groups >= 2 && longest > 2, !byte(index).isAlphanumeric,
            byte(start) != UInt8(ascii: ":") || groups > 2
        else {
            return nil
        }
        found(.ip, start..<index, isWhole ? 0.95 : 0.85)
        return index
    }
}

extension PersonalDataScan {
    /// `AB 12 34 56 C`: its first two letters are a word of their own.
    mutating func spacedNINO(at start: Int) -> Int? {
        guard NationalCode(self, start: start, wordEnd: start + 2).isNINO(start) else { return nil }
        var end = start
        var signs = 0
        while signs < 9 {
            if text[end].isAlphanumeric { signs += 1 }
            end += 1
        }
        found(.nationalID, start..<end, 0.95)
        return end
    }
}
