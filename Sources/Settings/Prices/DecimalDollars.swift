/// US dollars as decimal text and as nano-dollars: exact both ways.
enum DecimalDollars {
    /// A million dollars for a million tokens: dearer is a slip of the pen.
    static let most: Int64 = 1_000_000 * 1_000_000_000

    /// Nil: no decimal number, negative, above `most`, or finer than a nano-dollar.
    /// - Parameter shift: Powers of ten that the number is multiplied by, 6 for a price of one token.
    /// - Parameter rounding: What is finer than a nano-dollar is rounded; for numbers that went through floating point.
    static func nanodollars(_ text: String, shift: Int = 0, rounding: Bool = false) -> Int64? {
        guard JSONNumber.isNumber(text), !text.hasPrefix("-") else { return nil }
        let halves = text.lowercased().split(separator: "e")
        guard let exponent = halves.count == 2 ? Int(halves[1]) : 0, abs(exponent) < 100 else { return nil }
        let parts = halves[0].split(separator: ".")
        let fraction = parts.count == 2 ? parts[1] : ""
        var digits = Array((parts[0] + fraction).utf8).map { Int64($0) - 0x30 }
        var power = exponent + shift + 9 - fraction.utf8.count
        while power < 0, let last = digits.popLast() {
            if last != 0, !rounding { return nil }
            power += 1
            if power == 0, last >= 5 { return sum(digits, power: 0).flatMap { $0 < most ? $0 + 1 : nil } }
        }
        return sum(digits, power: max(power, 0))
    }

    private static func sum(_ digits: [Int64], power: Int) -> Int64? {
        var amount: Int64 = 0
        for digit in digits {
            guard amount <= most / 10 else { return nil }
            amount = amount * 10 + digit
        }
        for _ in 0..<power where amount > 0 {
            guard amount <= most / 10 else { return nil }
            amount *= 10
        }
        return amount <= most ? amount : nil
    }

    /// Without a needless zero.
    static func text(_ nanodollars: Int64) -> String {
        let (whole, rest) = nanodollars.quotientAndRemainder(dividingBy: 1_000_000_000)
        guard rest > 0 else { return "\(whole)" }
        var digits = "\(rest)"
        digits = String(repeating: "0", count: 9 - digits.utf8.count) + digits
        while digits.hasSuffix("0") { digits.removeLast() }
        return "\(whole).\(digits)"
    }
}
