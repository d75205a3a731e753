/// Numbers of payment cards: ranges of issuers (ISO/IEC 7812-1; the networks' published BIN ranges, read 2026-03) and the check digit.
enum PaymentCard {
    static func confidence(_ view: NumberView) -> Double? {
        guard view.count >= 13, view.count <= 19, !view.hasPlus, !view.hasBracket, isGrouped(view), isIssued(view), Checksum.luhn(view.digits),
            view.digits.contains(where: { $0 != view.digits[0] })
        else { return nil }
        return view.isPlain && view.count != 16 && view.count != 15 ? 0.8 : 0.95
    }

    private static func isGrouped(_ view: NumberView) -> Bool {
        if view.isPlain { return true }
        guard view.gaps == .space || view.gaps == .dash || view.gaps == .dot else { return false }
        switch view.shape {
        case 0x4444, 0x465, 0x464, 0x44443, 0x446, 0x4442, 0x4441, 0x44441, 0x44442: return true
        default: return false
        }
    }

    private static func isIssued(_ view: NumberView) -> Bool {
        let four = view.number(0..<4)
        let count = view.count
        switch four {
        case 4000...4999: return count == 13 || count == 16 || count == 19
        case 5100...5599, 2221...2720, 2200...2204: return count == 16
        case 3400...3499, 3700...3799: return count == 15
        case 3000...3059, 3095, 3600...3699, 3800...3999: return count == 14 || count == 16
        case 3528...3589, 6011, 6200...6299, 6440...6599, 6000...6099, 8100...8299, 5080...5089, 9792: return count >= 16
        case 5018, 5020, 5038, 5893, 6304, 6759, 6761, 6762, 6763: return count >= 13
        default: return false
        }
    }
}
