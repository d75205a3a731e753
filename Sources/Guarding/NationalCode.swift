/// National numbers with letters in them.
struct NationalCode {
    let text: UnsafeBufferPointer<UInt8>
    private let edge: UnsafeMutablePointer<Bool>
    let start: Int
    let wordEnd: Int
    private(set) var confidence = 0.95

    init(_ scan: PersonalDataScan, start: Int, wordEnd: Int) {
        (text, edge, self.start, self.wordEnd) = (scan.text, scan.edge, start, wordEnd)
    }

    /// Those that begin with a letter; where the code ends.
    mutating func check(isNamed: Bool) -> Int? {
        let length = wordEnd - start
        guard text[start].isAlphanumeric else { return nil }
        switch length {
        case 16: return isCodiceFiscale ? wordEnd : nil
        case 18: return isCURP ? wordEnd : nil
        case 10: return isPAN ? wordEnd : nil
        case 9:
            if isNINO(start) || isNRIC || isNIE(start, 8) { return wordEnd }
            return nil
        case 8 where byte(wordEnd) == UInt8(ascii: "-"):
            // `X1234567-L`
            return isNIE(start, 9) ? wordEnd + 2 : nil
        case 1 where byte(wordEnd) == UInt8(ascii: "-"): return nil
        default: return nil
        }
    }

    private func byte(_ index: Int) -> UInt8 {
        if index < text.count { return text[index] }
        edge.pointee = true
        return 0
    }
    private func upper(_ place: Int) -> UInt8 { byte(start + place).isLetter ? byte(start + place) & 0xDF : 0 }
    private func digit(_ place: Int) -> Int { Int(byte(start + place).value) }
    private func isDigits(_ range: Range<Int>) -> Bool { range.allSatisfy { byte(start + $0).isDigit } }
    private func isLetters(_ range: Range<Int>) -> Bool { range.allSatisfy { byte(start + $0).isLetter } }

    /// Agenzia delle Entrate (D.M. 23/12/1976): letters of the names, date, place, check letter; digits may be replaced by letters where
    /// two people would have the same.
    private var isCodiceFiscale: Bool {
        guard isLetters(0..<6), isLetters(8..<9), isLetters(11..<12), isLetters(15..<16), "ABCDEHLMPRST".utf8.contains(upper(8)) else { return false }
        for place in [6, 7, 9, 10, 12, 13, 14] where !byte(start + place).isDigit && !"LMNPQRSTUV".utf8.contains(upper(place)) { return false }
        let odd: StaticString = "BAKPLCQDREVOSFTGUHMINJWZYX"
        var sum = 0
        for place in 0..<15 {
            let value = byte(start + place).isDigit ? digit(place) : Int(upper(place)) - 65
            if place % 2 == 1 { sum += value } else { sum += (0..<26).first { Int(odd.utf8Start[$0]) - 65 == value } ?? 0 }
        }
        return Int(upper(15)) - 65 == sum % 26
    }

    /// RENAPO, Mexico: names, date, sex, state, consonants, check digit.
    private var isCURP: Bool {
        guard isLetters(0..<4), isDigits(4..<10), "HMX".utf8.contains(upper(10)), isLetters(11..<16), isDigits(17..<18) else { return false }
        var sum = 0
        for place in 0..<17 {
            // The alphabet has Ñ after N.
            let value = byte(start + place).isDigit ? digit(place) : Int(upper(place)) - 55 + (upper(place) > UInt8(ascii: "N") ? 1 : 0)
            sum += value * (18 - place)
        }
        return (10 - sum % 10) % 10 == digit(17)
    }

    /// Income Tax Department, India: the fourth letter is the kind of holder.
    private var isPAN: Bool {
        isLetters(0..<5) && isDigits(5..<9) && isLetters(9..<10) && "ABCFGHLJPTK".utf8.contains(upper(3)) && byte(start).isUpper
            && byte(start + 4).isUpper
    }

    /// HMRC, NIM39110: letters that are not used, prefixes that are not issued, suffix A…D.
    func isNINO(_ first: Int) -> Bool {
        guard byte(first).isUpper, byte(first + 1).isUpper else { return false }
        if "DFIQUV".utf8.contains(byte(first)) || "DFIQUVO".utf8.contains(byte(first + 1)) { return false }
        for pair: StaticString in ["BG", "GB", "NK", "KN", "TN", "NT", "ZZ"]
        where byte(first) == pair.utf8Start[0] && byte(first + 1) == pair.utf8Start[1] {
            return false
        }
        var index = first + 2
        var digits = 0
        while digits < 6 {
            if byte(index) == 0x20 && digits % 2 == 0 { index += 1 }
            guard byte(index).isDigit else { return false }
            digits += 1
            index += 1
        }
        if byte(index) == 0x20 { index += 1 }
        return (UInt8(ascii: "A")...UInt8(ascii: "D")).contains(byte(index)) && !byte(index + 1).isAlphanumeric
    }

    /// Policía Nacional: X, Y, Z stand for 0, 1, 2; then as the DNI.
    private func isNIE(_ first: Int, _ last: Int) -> Bool {
        guard (UInt8(ascii: "X")...UInt8(ascii: "Z")).contains(upper(0)), isDigits(1..<8), byte(start + last).isLetter else { return false }
        let number = (1..<8).reduce(Int(upper(0)) - 88) { $0 * 10 + digit($1) }
        return Self.dniLetter(number) == byte(start + last) & 0xDF
    }

    static func dniLetter(_ number: Int) -> UInt8 { ("TRWAGMYFPDXBNJZSQVHLCKE" as StaticString).utf8Start[number % 23] }

    /// ICA, Singapore: weights and a table of letters for each first letter.
    private var isNRIC: Bool {
        guard "STFGM".utf8.contains(upper(0)), isDigits(1..<8), isLetters(8..<9), byte(start).isUpper else { return false }
        var sum = zip([2, 7, 6, 5, 4, 3, 2], 1..<8).reduce(0) { $0 + $1.0 * digit($1.1) }
        let first = upper(0)
        if first == UInt8(ascii: "T") || first == UInt8(ascii: "G") { sum += 4 }
        if first == UInt8(ascii: "M") { sum += 3 }
        let letters: StaticString =
            first == UInt8(ascii: "S") || first == UInt8(ascii: "T") ? "JZIHGFEDCBA" : first == UInt8(ascii: "M") ? "XWUTRQPNJLK" : "XWUTRQPNMLK"
        let place = first == UInt8(ascii: "M") ? 10 - sum % 11 : sum % 11
        return letters.utf8Start[place] == upper(8)
    }
}

extension PersonalDataScan {
    /// Digits with letters behind them: DNI, HETU, the resident id that ends with X, PPS; where it ends.
    func suffixed(_ view: NumberView) -> (end: Int, confidence: Double)? {
        let end = view.range.upperBound
        let isNamed = cues.suggestsIdentity(at: view.range.lowerBound)
        var letter = end
        if byte(end) == UInt8(ascii: "-") || byte(end) == 0x20 && view.count == 8 { letter += 1 }
        if byte(letter).isLetter, !byte(letter + 1).isAlphanumeric, byte(letter + 1) != UInt8(ascii: "_") {
            // Spain: 8 digits modulo 23, in groups or not.
            if view.count == 8, view.shape == 8 || view.shape == 0x233, letter == end || byte(end) == UInt8(ascii: "-") || isNamed,
                NationalCode.dniLetter(view.number(0..<8)) == byte(letter) & 0xDF
            {
                return (letter + 1, isNamed ? 0.95 : 0.8)
            }
            if view.shape == 15, view.count == 17, byte(end) & 0xDF == UInt8(ascii: "X"), NationalNumber.isResidentID(view.digits, last: 10) {
                return (end + 1, 0.95)
            }
        }
        // Ireland: 7 digits, a letter modulo 23, and perhaps one more.
        if view.shape == 7, isNamed, byte(end).isLetter {
            let second = byte(end + 1).isLetter ? Int(byte(end + 1) & 0xDF) - 64 : 0
            let sum = Checksum.weighted(view.digits, [8, 7, 6, 5, 4, 3, 2]) + (second == 23 ? 0 : second * 9)
            if (sum % 23 == 0 ? 23 : sum % 23) == Int(byte(end) & 0xDF) - 64 { return (end + (second > 0 ? 2 : 1), 0.9) }
        }
        return hetu(view, end)
    }

    /// Finland: date, a sign for the century, three digits and one of 31 signs. The sign `-` is read as a gap, others end the number.
    private func hetu(_ view: NumberView, _ end: Int) -> (end: Int, confidence: Double)? {
        var number = 0
        var stop = end
        if view.shape == 0x63, view.gaps == .dash || view.hasPlus {
            number = view.number(0..<9)
        } else if view.shape == 6, byte(end).isUpper || byte(end) == UInt8(ascii: "+"), byte(end + 1).isDigit, byte(end + 2).isDigit,
            byte(end + 3).isDigit
        {
            number = view.number(0..<6) * 1000 + Int(byte(end + 1).value) * 100 + Int(byte(end + 2).value) * 10 + Int(byte(end + 3).value)
            stop = end + 4
        } else {
            return nil
        }
        guard (1...31).contains(view.number(0..<2)), (1...12).contains(view.number(2..<4)) else { return nil }
        let signs: StaticString = "0123456789ABCDEFHJKLMNPRSTUVWXY"
        guard signs.utf8Start[number % 31] == byte(stop), !byte(stop + 1).isAlphanumeric else { return nil }
        return (stop + 1, 0.95)
    }

    /// Decimal degrees as a pair, with a sign or a letter for the half: `52.5200, 13.4050`, `40.7128° N, 74.0060° W`.
    mutating func coordinates(at start: Int) -> Int? {
        // Two or three digits, a point: else it is dear for every number.
        guard let point = (1...3).first(where: { byte(start + $0) == UInt8(ascii: ".") }), byte(start + point + 1).isDigit else {
            return degrees(at: start)
        }
        guard let (latitude, decimals, end) = decimal(at: start, most: 90), decimals >= 3 else { return nil }
        let before = byte(start - 1)
        let isNegative = before == UInt8(ascii: "-")
        let opening = isNegative ? byte(start - 2) : before
        var index = hemisphere(end, "NS")
        let hasLetter = index > end
        let gap = index
        while index - gap < 16, Self.joinsCoordinates(byte(index)) || index > gap && byte(index).isLetter && byte(index) | 0x20 <= 0x75 { index += 1 }
        guard index > gap else { return nil }
        if byte(index) == UInt8(ascii: "-") { index += 1 }
        guard byte(index).isDigit, let (longitude, more, stop) = decimal(at: index, most: 180), more >= 3 else { return nil }
        let last = hemisphere(stop, "EWO")
        let isNamed = cues.suggestsPlace(at: start)
        // A list of numbers is no pair, nor are small ones, nor what has units.
        let isOfList = [opening, byte(start - 2), byte(last)].contains(UInt8(ascii: ",")) || opening == UInt8(ascii: "[")
        let hasWords = text[gap..<index].contains { $0.isLetter }
        let isPair = decimals >= 4 && more >= 4 && decimals <= 8 && max(latitude, longitude) >= 10 && !isOfList && !hasWords
        guard isNamed || hasLetter || isPair, !byte(last).isDigit else { return nil }
        found(.coordinates, (isNegative ? start - 1 : start)..<last, isNamed || hasLetter ? 0.9 : 0.65)
        return last
    }

    private static func joinsCoordinates(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x20, UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "/"), UInt8(ascii: "\""), UInt8(ascii: ":"), UInt8(ascii: "="): true
        default: false
        }
    }

    /// `52°31'12"N 13°24'18"E`; at its first digit.
    private mutating func degrees(at start: Int) -> Int? {
        guard let sign = (1...3).first(where: { byte(start + $0) == 0xC2 && byte(start + $0 + 1) == 0xB0 }) else { return nil }
        var index = start + sign + 2
        var halves = 0
        while index - start < 48 {
            let byte = byte(index)
            let isAlone = !self.byte(index + 1).isLetter
            if isAlone, byte == UInt8(ascii: "N") || byte == UInt8(ascii: "S") { halves |= 1 }
            if isAlone, byte == UInt8(ascii: "E") || byte == UInt8(ascii: "W") || byte == UInt8(ascii: "O") {
                guard halves == 1 else { return nil }
                found(.coordinates, start..<index + 1, 0.95)
                return index + 1
            }
            let joins = byte.isDigit || byte >= 0x80 || Self.joinsCoordinates(byte) || byte == UInt8(ascii: "'") || byte == UInt8(ascii: ".")
            guard joins || isAlone && (byte == UInt8(ascii: "N") || byte == UInt8(ascii: "S")) else { return nil }
            index += 1
        }
        return nil
    }

    /// Whole degrees, the number of decimals, and where it ends.
    private func decimal(at start: Int, most: Int) -> (Int, Int, Int)? {
        var index = start
        var whole = 0
        while byte(index).isDigit, index - start < 4 {
            whole = whole * 10 + Int(byte(index).value)
            index += 1
        }
        guard byte(index) == UInt8(ascii: "."), whole <= most else { return nil }
        let point = index
        index += 1
        while byte(index).isDigit, index - point < 20 { index += 1 }
        return (whole, index - point - 1, index)
    }

    /// Past `°`, `° N`, ` N`; where it is none, `end`.
    private func hemisphere(_ end: Int, _ letters: StaticString) -> Int {
        var index = end
        if byte(index) == 0xC2, byte(index + 1) == 0xB0 { index += 2 }
        let degrees = index
        if byte(index) == 0x20 { index += 1 }
        for place in 0..<letters.utf8CodeUnitCount where byte(index) == letters.utf8Start[place] && !byte(index + 1).isAlphanumeric {
            return index + 1
        }
        return degrees
    }
}
