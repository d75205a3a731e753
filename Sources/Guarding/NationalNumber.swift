/// Numbers of digits that states give to people, each by its own checksum. Where the checksum is weak or none and the form common, a word
/// before it must name such a number.
enum NationalNumber {
    typealias Digits = UnsafeBufferPointer<UInt8>

    /// `isNamed`: a word for such numbers stands shortly before. `isThing`: a word for numbers of things does.
    static func confidence(_ view: NumberView, isNamed: Bool, isThing: Bool) -> Double? {
        guard !view.hasPlus, !view.hasBracket, !isThing || isNamed, view.digits.contains(where: { $0 != view.digits[0] }) else { return nil }
        if isFormed(view) || isUnmistakable(view) { return 0.95 }
        if isNamed && isWeak(view) { return 0.9 }
        return isFair(view) ? 0.7 : nil
    }

    /// In the groups their states print them in.
    private static func isFormed(_ view: NumberView) -> Bool {
        let digits = view.digits
        switch view.shape {
        // United States: Social Security number (SSA, "randomization" of 2011): no area 000, 666 or 9xx, no zero group; ITIN: 9xx.
        case 0x324: return view.gaps == .dash && isSocialSecurity(view)
        // Brazil: CPF, CNPJ (Receita Federal). Argentina: CUIT (AFIP).
        case 0x3332: return isCPF(digits)
        case 0x23342: return isCNPJ(digits)
        case 0x281: return view.gaps == .dash && mod11(digits, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2], control: 11) == digits[10]
        // Germany: Steuer-ID. Belgium: Rijksregisternummer. Switzerland: AHV. France: NIR. India: Aadhaar.
        case 0x2333: return isSteuerID(digits)
        case 0x22232, 0x632: return isRijksregister(view)
        case 0x3442: return isAHV(view)
        case 0x122233, 0x1222332, 0xD2: return isNIR(view)
        case 0x444: return isAadhaar(digits)
        // Netherlands: BSN with dots. Sweden: personnummer. Norway, Korea, Czechia and Slovakia, Malaysia.
        case 0x423: return view.gaps == .dot && isBSN(digits)
        case 0x64: return view.gaps == .dash && isPersonnummer(view, from: 0) || view.gaps == .slash && isRodneCislo(view)
        case 0x84: return view.gaps == .dash && isPersonnummer(view, from: 2)
        case 0x65: return isFodselsnummer(view)
        case 0x67: return view.gaps == .dash && isDate(view, 0, 2, 4) && (1...8).contains(digits[6])
        case 0x624: return view.gaps == .dash && isDate(view, 0, 2, 4)
        default: return false
        }
    }

    /// Without groups, where chance passes once in a hundred times or less.
    private static func isUnmistakable(_ view: NumberView) -> Bool {
        guard view.isPlain else { return false }
        switch view.count {
        case 11: return isCPF(view.digits) || isKimlik(view.digits) || isSteuerID(view.digits) || isFodselsnummer(view) || isRijksregister(view)
        case 13: return isAHV(view) || isCNP(view)
        case 14: return isCNPJ(view.digits)
        case 15: return isNIR(view)
        case 18: return isResidentID(view.digits, last: view.digits[17])
        default: return false
        }
    }

    /// Without groups, where the checksum and a date leave one in fifty.
    private static func isFair(_ view: NumberView) -> Bool { view.shape == 11 && isPESEL(view) }

    /// Any form, if a word says that it is one.
    private static func isWeak(_ view: NumberView) -> Bool {
        let digits = view.digits
        switch view.count {
        case 8: return false
        case 9:
            // SSN, SIN of Canada (Luhn), NIF of Portugal, BSN, TFN of Australia (ATO), the number of Israel (Luhn).
            return isSocialSecurity(view) || Checksum.luhn(digits) || isNIF(digits) || isBSN(digits)
                || Checksum.weighted(digits, [1, 4, 3, 7, 5, 8, 6, 9, 10]) % 11 == 0
        case 10:
            // NHS number, personnummer, SVNR of Austria, EGN of Bulgaria, CPR of Denmark, rodné číslo, NIP of Poland.
            return mod11(digits, [10, 9, 8, 7, 6, 5, 4, 3, 2], control: 11) == digits[9] || isPersonnummer(view, from: 0) || isSVNR(view)
                || isDate(view, 4, 2, 0) || isRodneCislo(view)
                || Checksum.weighted(digits, [2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11 % 10 == Int(digits[9])
                || Checksum.weighted(digits, [6, 5, 7, 2, 3, 4, 5, 6, 7]) % 11 == Int(digits[9])
        case 11:
            // PESEL, OIB of Croatia, isikukood, AMKA, TFN of companies left out.
            return isPESEL(view) || Checksum.mod11Of10(digits) || isCPF(digits) || isRijksregister(view) || isFodselsnummer(view)
                || isDate(view, 1, 3, 5) && isIsikukood(digits) || isDate(view, 4, 2, 0) && Checksum.luhn(digits) || isKimlik(digits)
                || mod11(digits, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2], control: 11) == digits[10]
        case 12: return isAadhaar(digits) || isPersonnummer(view, from: 2) || isMyNumber(digits)
        case 13: return isDate(view, 0, 2, 4) && Checksum.luhn(digits) || isNIRWithoutKey(view) || isAHV(view) || isCNP(view)
        case 14: return isCNPJ(digits)
        case 15: return isNIR(view)
        case 18: return isResidentID(digits, last: digits[17])
        default: return false
        }
    }

    // MARK: Dates

    /// Two digits each for year, month and day, at these places.
    static func isDate(_ view: NumberView, _ year: Int, _ month: Int, _ day: Int) -> Bool {
        (1...12).contains(view.number(month..<month + 2)) && (1...31).contains(view.number(day..<day + 2))
    }

    // MARK: Checksums

    private static func isSocialSecurity(_ view: NumberView) -> Bool {
        let area = view.number(0..<3)
        let group = view.number(3..<5)
        if area >= 900 { return (50...65).contains(group) || (70...88).contains(group) || (90...92).contains(group) || group >= 94 }
        return area != 0 && area != 666 && group != 0 && view.number(5..<9) != 0
    }

    /// The check digit of weights modulo 11; `control` minus the remainder, 10 and 11 are 0 or no digit.
    private static func mod11(_ digits: Digits, _ weights: [Int], control: Int) -> UInt8? {
        let rest = control - Checksum.weighted(digits, weights) % 11
        return rest == 11 ? 0 : rest == 10 ? nil : UInt8(rest)
    }

    private static func isCPF(_ digits: Digits) -> Bool {
        guard digits.count == 11 else { return false }
        let first = Checksum.weighted(digits, [10, 9, 8, 7, 6, 5, 4, 3, 2]) * 10 % 11 % 10
        let second = Checksum.weighted(digits, [11, 10, 9, 8, 7, 6, 5, 4, 3, 2]) * 10 % 11 % 10
        return first == Int(digits[9]) && second == Int(digits[10])
    }

    private static func isCNPJ(_ digits: Digits) -> Bool {
        func check(_ sum: Int) -> Int { sum % 11 < 2 ? 0 : 11 - sum % 11 }
        return check(Checksum.weighted(digits, [5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2])) == Int(digits[12])
            && check(Checksum.weighted(digits, [6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2])) == Int(digits[13])
    }

    /// Bundeszentralamt für Steuern: of the first ten digits one occurs two or three times; MOD 11,10.
    private static func isSteuerID(_ digits: Digits) -> Bool {
        guard digits[0] != 0, Checksum.mod11Of10(digits) else { return false }
        var counts: (seen: UInt16, twice: UInt16, thrice: UInt16) = (0, 0, 0)
        for digit in digits.dropLast() {
            let bit = UInt16(1) << UInt16(digit)
            if counts.thrice & bit != 0 { return false }
            if counts.twice & bit != 0 { counts.thrice |= bit } else if counts.seen & bit != 0 { counts.twice |= bit } else { counts.seen |= bit }
        }
        return counts.twice.nonzeroBitCount == 1
    }

    /// 97 minus the remainder of the first nine, with a 2 before them for those born since 2000.
    private static func isRijksregister(_ view: NumberView) -> Bool {
        guard view.count == 11, view.number(2..<4) % 20 <= 12, view.number(4..<6) <= 31, view.number(6..<9) > 0 else { return false }
        let (body, check) = (view.number(0..<9), view.number(9..<11))
        return 97 - body % 97 == check || 97 - (2_000_000_000 + body) % 97 == check
    }

    /// EAN-13 with the country code 756.
    private static func isAHV(_ view: NumberView) -> Bool {
        guard view.count == 13, view.number(0..<3) == 756 else { return false }
        return Checksum.weighted(view.digits, [1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1]) % 10 == 0
    }

    /// INSEE: sex, year, month (20 and more where unknown), department, commune, order; 97 minus the remainder.
    private static func isNIR(_ view: NumberView) -> Bool {
        guard view.count == 15, isNIRWithoutKey(view) else { return view.count == 13 && view.shape != 13 && isNIRWithoutKey(view) }
        return 97 - view.number(0..<13) % 97 == view.number(13..<15)
    }

    private static func isNIRWithoutKey(_ view: NumberView) -> Bool {
        let month = view.number(3..<5)
        return (view.digits[0] == 1 || view.digits[0] == 2) && ((1...12).contains(month) || (20...42).contains(month)) && view.number(5..<7) > 0
    }

    /// UIDAI: begins with 2…9; Verhoeff.
    private static func isAadhaar(_ digits: Digits) -> Bool { digits[0] >= 2 && Checksum.verhoeff(digits) }

    /// The proof of eleven, the last digit counting minus one.
    private static func isBSN(_ digits: Digits) -> Bool {
        digits.count == 9 && Checksum.weighted(digits, [9, 8, 7, 6, 5, 4, 3, 2, -1]) % 11 == 0
    }

    private static func isNIF(_ digits: Digits) -> Bool {
        guard [1, 2, 3, 5, 6, 8, 9].contains(digits[0]) else { return false }
        let rest = Checksum.weighted(digits, [9, 8, 7, 6, 5, 4, 3, 2]) % 11
        return Int(digits[8]) == (rest < 2 ? 0 : 11 - rest)
    }

    /// Skatteverket: year, month, day (60 more for coordination numbers); Luhn over ten.
    private static func isPersonnummer(_ view: NumberView, from first: Int) -> Bool {
        let day = view.number(first + 4..<first + 6)
        return (1...12).contains(view.number(first + 2..<first + 4)) && (1...31).contains(day > 60 ? day - 60 : day)
            && Checksum.luhn(view.digits.dropFirst(first))
    }

    /// Modulo 11; a remainder of 10 is written 0.
    private static func isRodneCislo(_ view: NumberView) -> Bool {
        let month = view.number(2..<4) % 50 % 20
        guard (1...12).contains(month), (1...31).contains(view.number(4..<6)) else { return false }
        return view.number(0..<10) % 11 == 0 || view.number(0..<9) % 11 == 10 && view.digits[9] == 0
    }

    /// Skatteetaten: day, month, year; two check digits.
    private static func isFodselsnummer(_ view: NumberView) -> Bool {
        guard view.count == 11, (1...31).contains(view.number(0..<2) % 40), (1...12).contains(view.number(2..<4) % 40) else { return false }
        return Checksum.weighted(view.digits, [3, 7, 6, 1, 8, 9, 4, 5, 2, 1]) % 11 == 0
            && Checksum.weighted(view.digits, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1]) % 11 == 0
    }

    /// Turkey: the tenth digit of sums of the odd and even ones, the eleventh of all.
    private static func isKimlik(_ digits: Digits) -> Bool {
        guard digits[0] != 0 else { return false }
        let odd = Checksum.weighted(digits, [1, 0, 1, 0, 1, 0, 1, 0, 1])
        let even = Checksum.weighted(digits, [0, 1, 0, 1, 0, 1, 0, 1])
        let tenth = ((odd * 7 - even) % 10 + 10) % 10
        return tenth == Int(digits[9]) && (odd + even + tenth) % 10 == Int(digits[10])
    }

    /// Ministry of Digital Affairs: 80, 20, 40 or 60 more in the month for other centuries.
    private static func isPESEL(_ view: NumberView) -> Bool {
        guard (1...12).contains(view.number(2..<4) % 20), (1...31).contains(view.number(4..<6)) else { return false }
        return Checksum.weighted(view.digits, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]) % 10 == 0
    }

    /// Romania: sex and century, date, county; modulo 11.
    private static func isCNP(_ view: NumberView) -> Bool {
        guard view.count == 13, (1...8).contains(view.digits[0]), isDate(view, 1, 3, 5), view.number(7..<9) <= 52, view.number(7..<9) > 0 else {
            return false
        }
        let rest = Checksum.weighted(view.digits, [2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]) % 11
        return Int(view.digits[12]) == (rest == 10 ? 1 : rest)
    }

    /// Austria: the fourth digit checks; then the day of birth.
    private static func isSVNR(_ view: NumberView) -> Bool {
        guard (1...31).contains(view.number(4..<6)), (1...13).contains(view.number(6..<8)) else { return false }
        return Checksum.weighted(view.digits, [3, 7, 9, 0, 5, 8, 4, 2, 1, 6]) % 11 == Int(view.digits[3])
    }

    /// Estonia, Lithuania: two rounds of weights.
    private static func isIsikukood(_ digits: Digits) -> Bool {
        let first = Checksum.weighted(digits, [1, 2, 3, 4, 5, 6, 7, 8, 9, 1]) % 11
        let second = Checksum.weighted(digits, [3, 4, 5, 6, 7, 8, 9, 1, 2, 3]) % 11
        return Int(digits[10]) == (first < 10 ? first : second < 10 ? second : 0)
    }

    /// Japan's number of 2015.
    private static func isMyNumber(_ digits: Digits) -> Bool {
        let rest = Checksum.weighted(digits, [6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11
        return Int(digits[11]) == (rest <= 1 ? 0 : 11 - rest)
    }

    /// GB 11643-1999: region, date, order; ISO 7064 MOD 11-2, of which 10 is written X.
    static func isResidentID(_ digits: Digits, last: UInt8) -> Bool {
        let year = digits[6...9].reduce(0) { $0 * 10 + Int($1) }
        let (month, day) = (digits[10] * 10 + digits[11], digits[12] * 10 + digits[13])
        guard (1900...2099).contains(year), (1...12).contains(month), (1...31).contains(day), (1...8).contains(digits[0]) else { return false }
        let sum = Checksum.weighted(digits, [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])
        return UInt8((12 - sum % 11) % 11) == last
    }
}
