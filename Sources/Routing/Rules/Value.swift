/// What a field of a request or of the router holds, and what a condition compares it with.
public enum Value: Hashable, Sendable {
    /// Nobody said: most conditions on it are false.
    case missing
    case flag(Bool)
    case number(Double)
    case text(String)
    case list([Value])

    public var isMissing: Bool { if case .missing = self { true } else { false } }

    /// A number, or text that is written like one: `"12"`, `"-0.5"`, `"1e3"`. Not what Swift also reads: `nan`, `inf`, `0x10`.
    @inline(__always)
    public var number: Double? {
        switch self {
        case .number(let number): number
        case .text(let text): Self.number(of: text)
        default: nil
        }
    }

    /// `true` or `false`, also as text: tags know only text.
    public var flag: Bool? {
        switch self {
        case .flag(let flag): flag
        case .text("true"): true
        case .text("false"): false
        default: nil
        }
    }

    static func number(of text: String) -> Double? {
        var text = text
        let looksRight =
            text.utf8.count <= 32
            && text.withUTF8 { bytes in
                var digits = false
                for byte in bytes {
                    switch byte {
                    case UInt8(ascii: "0")...UInt8(ascii: "9"): digits = true
                    case UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"): continue
                    default: return false
                    }
                }
                return digits
            }
        return looksRight ? Double(text).flatMap { $0.isFinite ? $0 : nil } : nil
    }
}

extension Value: CustomStringConvertible {
    /// As it would be written in a condition.
    public var description: String {
        switch self {
        case .missing: "nothing"
        case .flag(let flag): flag ? "true" : "false"
        case .number(let number): number == number.rounded() && abs(number) < 1e15 ? "\(Int(number))" : "\(number)"
        case .text(let text): text
        case .list(let items): "[" + items.map(\.description).joined(separator: ", ") + "]"
        }
    }
}

extension Value: ExpressibleByStringLiteral, ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral {
    public init(stringLiteral text: String) { self = .text(text) }
    public init(floatLiteral number: Double) { self = .number(number) }
    public init(integerLiteral number: Int) { self = .number(Double(number)) }
    public init(booleanLiteral flag: Bool) { self = .flag(flag) }
}

extension Value: ExpressibleByArrayLiteral {
    public init(arrayLiteral items: Value...) { self = .list(items) }
}
