/// Telephone numbers: E.164 with its country codes (ITU-T, list of 2016-11 and amendments), and the national forms of countries whose
/// numbers people write in recognisable groups.
enum Telephone {
    /// `isNamed`: a word for telephones stands shortly before.
    static func confidence(_ view: NumberView, isNamed: Bool) -> Double? {
        let count = view.count
        guard count >= 7, count <= 15, !isDate(view), isVaried(view) else { return nil }
        if view.hasPlus { return isInternational(view.digits.dropFirst(0)) ? 0.95 : nil }
        var head = view.shape
        while head > 15 { head >>= 4 }
        if view.digits[0] == 0, view.digits[1] == 0, count >= 10, head > 1 {
            guard isInternational(view.digits.dropFirst(2)) else { return nil }
            return isNamed ? 0.9 : view.isPlain ? nil : 0.8
        }
        if isNamed { return count <= 13 && groupsFit(view) ? 0.85 : nil }
        if isTrunk(view) || isNorthAmerican(view) || isElsewhere(view) { return 0.7 }
        return nil
    }

    /// Country code and between seven digits and fifteen in all.
    private static func isInternational(_ digits: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        guard digits.count >= 8, digits.count <= 15, let length = codeLength(digits) else { return false }
        let first = digits[digits.startIndex]
        if first == 1 { return digits.count == 11 && digits[digits.startIndex + 1] >= 2 }
        return digits.count - length >= 6
    }

    /// Two digits but for the zones 1 and 7, and for the codes of three that their second digit tells.
    private static func codeLength(_ digits: Slice<UnsafeBufferPointer<UInt8>>) -> Int? {
        let (first, second) = (digits[digits.startIndex], digits[digits.startIndex + 1])
        switch (first, second) {
        case (1, _), (7, _): return 1
        case (0, _): return nil
        case (2, 0), (2, 7), (3, 0...4), (3, 6), (3, 9), (4, 0...1), (4, 3...9), (5, 1...8), (6, 0...6), (8, 1), (8, 2), (8, 4), (8, 6), (9, 0...5),
            (9, 8):
            return 2
        case (2, 8), (8, 3), (8, 9): return nil
        default: return 3
        }
    }

    /// Three digits at least: neither one all over, nor binary.
    private static func isVaried(_ view: NumberView) -> Bool {
        view.digits.reduce(UInt16(0)) { $0 | 1 << UInt16($1) }.nonzeroBitCount > 2
    }

    /// `2024-03-05 10`, `05.03.2024`, `20240305-1200`, `2024 2025`.
    private static func isDate(_ view: NumberView) -> Bool {
        if view.hasPlus || view.hasBracket { return false }
        func year(_ place: Int) -> Bool { (1900...2100).contains(view.number(place..<place + 4)) }
        func month(_ place: Int) -> Bool { (1...12).contains(view.number(place..<place + 2)) }
        func day(_ place: Int) -> Bool { (1...31).contains(view.number(place..<place + 2)) }
        let groups = view.shape
        var width = 0
        while groups >> UInt64(4 * width) != 0 { width += 1 }
        let head = width >= 3 ? groups >> UInt64(4 * (width - 3)) : 0
        if head == 0x422, year(0), month(4), day(6) { return true }
        if head == 0x224, year(4), day(0) && month(2) || month(0) && day(2) { return true }
        if groups >> UInt64(4 * max(0, width - 1)) == 8, year(0), month(4), day(6) { return true }
        if width > 1, groups >> UInt64(4 * (width - 2)) == 0x44, year(0), year(4) { return true }
        return width == 3 && groups == 0x422
    }

    /// Groups of two digits or more, one at the start aside.
    private static func groupsFit(_ view: NumberView) -> Bool {
        var rest = view.shape
        while rest > 15 {
            if rest & 15 < 2 { return false }
            rest >>= 4
        }
        return view.isPlain ? view.count >= 7 : true
    }

    /// `030 1234567`, `06 12 34 56 78`, `020-7946 0958`, `(0)171/123456`: a trunk zero, and groups.
    private static func isTrunk(_ view: NumberView) -> Bool {
        guard view.digits[0] == 0, view.digits[1] != 0, view.count >= 9, view.count <= 12, groupsFit(view) else { return false }
        if view.isPlain {
            // Mobiles of Germany, France, the United Kingdom, Italy's fixed lines not.
            let three = view.number(0..<3)
            return view.count == 11 && (three >= 15 && three <= 17 || three >= 71 && three <= 79) || view.count == 12 && three >= 15 && three <= 17
        }
        var head = view.shape
        while head > 15 { head >>= 4 }
        return head >= 2 && head <= 5 && !(view.gaps == .dot && view.shape & 15 == 4 && view.count == 8)
    }

    /// `(212) 555-0123`, `212-555-0123`, `1 212 555 0123`.
    private static func isNorthAmerican(_ view: NumberView) -> Bool {
        let first = view.count == 11 && view.digits[0] == 1 ? 1 : 0
        guard view.count - first == 10, view.shape == 0x334 || view.shape == 0x1334, view.digits[first] >= 2, view.digits[first + 3] >= 2 else {
            return false
        }
        // Area codes have no 9 in the middle; a space alone separates other numbers as well.
        return view.digits[first + 1] != 9 && !view.gaps.contains(.slash)
    }

    /// Brazil `(11) 91234-5678`, India `98765 43210`, China `138 1234 5678`, Russia `8 (916) 123-45-67`, Spain `612 34 56 78`.
    private static func isElsewhere(_ view: NumberView) -> Bool {
        switch view.shape {
        case 0x254, 0x244: return view.hasBracket && view.digits[0] != 0
        case 0x55: return view.digits[0] >= 6 && view.gaps.isSubset(of: [.space, .dash])
        case 0x344: return view.digits[0] == 1 && view.digits[1] >= 3
        case 0x13322: return view.digits[0] == 8
        case 0x3222: return view.digits[0] >= 6 && view.gaps != .dot
        default: return false
        }
    }
}
