/// The value of a JSON number, of any size: what does not fit is saturated and says so.
public struct JSONNumber: Hashable, Sendable {
    private var magnitude: Int64 = 0
    /// The value is magnitude × 10^shift.
    private var shift = 0
    private var negative = false
    /// Digits did not fit into `magnitude`.
    private var lost = false

    init(_ value: Int64) { magnitude = value }

    /// Without its fraction, saturated at the range of `Int64`.
    public var integer: Int64 { scaled(by: 0) }

    /// The value × 10^`power` without its fraction, saturated: `scaled(by: 3)` of 0.25 seconds are 250 milliseconds.
    public func scaled(by power: Int) -> Int64 {
        var value = magnitude
        var left = shift + power
        if left == 0, !negative { return value }
        while left > 0, value != 0 {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            if overflow { return negative ? .min : .max }
            value = product
            left -= 1
        }
        while left < 0, value != 0 {
            value /= 10
            left += 1
        }
        return negative ? -value : value
    }

    /// `text` is validated.
    init(_ text: UnsafeRawBufferPointer) {
        var inFraction = false
        for i in 0..<text.count {
            let byte = text[i]
            if byte &- 0x30 < 10 {
                append(byte & 0xf, inFraction: inFraction)
            } else if byte == UInt8(ascii: "-") {
                negative = true
            } else if byte == UInt8(ascii: ".") {
                inFraction = true
            } else {
                shift += Self.exponent(text, i + 1)
                break
            }
        }
    }

    private mutating func append(_ digit: UInt8, inFraction: Bool) {
        let (ten, first) = magnitude.multipliedReportingOverflow(by: 10)
        let (sum, second) = ten.addingReportingOverflow(Int64(digit))
        if lost || first || second {
            lost = true
            if !inFraction { shift += 1 }
        } else {
            magnitude = sum
            if inFraction { shift -= 1 }
        }
    }

    /// Bounded: beyond it every value is zero or saturated.
    private static func exponent(_ text: UnsafeRawBufferPointer, _ start: Int) -> Int {
        var value = 0
        for byte in text[start...] where byte &- 0x30 < 10 { value = min(value * 10 + Int(byte & 0xf), 100_000) }
        return text[start] == UInt8(ascii: "-") ? -value : value
    }
}
