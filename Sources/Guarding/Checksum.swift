/// Checksums of the numbers that people and accounts bear. Digits are values 0…9; each call is one pass.
enum Checksum {
    /// ISO/IEC 7812-1 annex B: payment cards, IMEI, several national numbers. The last digit is the check digit.
    static func luhn(_ digits: some BidirectionalCollection<UInt8>) -> Bool {
        var sum = 0
        var doubles = false
        for digit in digits.reversed() {
            let value = doubles ? Int(digit) * 2 : Int(digit)
            sum += value > 9 ? value - 9 : value
            doubles.toggle()
        }
        return sum % 10 == 0
    }

    /// J. Verhoeff, "Error detecting decimal codes" (1969): the dihedral group of order ten. The last digit is the check digit.
    static func verhoeff(_ digits: some BidirectionalCollection<UInt8>) -> Bool {
        var check = 0
        var place = 0
        for digit in digits.reversed() {
            check = product(check, permuted(Int(digit), place % 8))
            place += 1
        }
        return check == 0
    }

    /// ISO 7064 MOD 11,10. The last digit is the check digit.
    static func mod11Of10(_ digits: some BidirectionalCollection<UInt8>) -> Bool {
        guard let last = digits.last else { return false }
        var carry = 10
        for digit in digits.dropLast() {
            var sum = (Int(digit) + carry) % 10
            if sum == 0 { sum = 10 }
            carry = sum * 2 % 11
        }
        return (11 - carry) % 10 == Int(last)
    }

    /// The sum of digits times weights, as far as both go.
    static func weighted(_ digits: some Sequence<UInt8>, _ weights: some Sequence<Int>) -> Int {
        var sum = 0
        for (digit, weight) in zip(digits, weights) { sum += Int(digit) * weight }
        return sum
    }

    /// The number that digits write, modulo `divisor`.
    static func remainder(of digits: some Sequence<UInt8>, by divisor: Int) -> Int {
        var rest = 0
        for digit in digits { rest = (rest * 10 + Int(digit)) % divisor }
        return rest
    }

    /// Multiplication in D5: 0…4 are rotations, 5…9 reflections.
    private static func product(_ a: Int, _ b: Int) -> Int {
        switch (a < 5, b < 5) {
        case (true, true): (a + b) % 5
        case (true, false): 5 + (a + b - 5) % 5
        case (false, true): 5 + (a - 5 - b + 5) % 5
        case (false, false): (a - b + 5) % 5
        }
    }

    /// Verhoeff's permutation (1 5 8 9 4 2 7 0)(3 6), applied `times` times.
    private static func permuted(_ digit: Int, _ times: Int) -> Int {
        var digit = digit
        for _ in 0..<times { digit = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4][digit] }
        return digit
    }
}
