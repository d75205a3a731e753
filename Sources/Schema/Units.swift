/// `200ms 30s 5m 1h 7d`, several of them (`1h30m`), or a plain number of seconds.
extension Duration: SettingValue {
    public static let shape = Shape.text("duration", example: "30s", pattern: #"^[0-9.]+(us|ms|s|m|h|d)?([0-9.]+(us|ms|s|m|h|d))*$"#)

    private static let units: [(name: String, nanoseconds: Double)] = [
        ("us", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 60e9), ("h", 3600e9), ("d", 86_400e9),
    ]

    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> Duration? {
        readWord(node, at: path, &reading, expected: "a duration such as 200ms, 30s, 5m or 1h") { Duration(written: $0) }
    }

    public init?(written text: String) {
        if let seconds = Double(text) {
            guard seconds >= 0, seconds <= 1e9 else { return nil }
            self = .nanoseconds(Int64((seconds * 1e9).rounded()))
            return
        }
        var sum = 0.0
        var rest = text[...]
        while !rest.isEmpty {
            guard let part = Quantity(takenFrom: &rest), let unit = Self.units.first(where: { $0.name == part.unit }) else { return nil }
            sum += part.amount * unit.nanoseconds
        }
        // Thirty years: longer than any process lives, far below what Int64 holds.
        guard !text.isEmpty, sum <= 1e18 else { return nil }
        self = .nanoseconds(Int64(sum.rounded()))
    }

    /// In the largest unit that divides it.
    public var written: String? {
        let (seconds, attoseconds) = components
        let nanoseconds = seconds * 1_000_000_000 + attoseconds / 1_000_000_000
        if nanoseconds == 0 { return "0s" }
        for unit in Self.units.reversed() where nanoseconds % Int64(unit.nanoseconds) == 0 {
            return "\(nanoseconds / Int64(unit.nanoseconds))\(unit.name)"
        }
        return "\(Double(nanoseconds) / 1e3)us"
    }
}

/// A size: `8MiB`, `500KB`, or plain bytes. KiB is 1024, KB is 1000.
public struct ByteCount: Hashable, Comparable, Sendable, SettingValue {
    public var bytes: Int

    public init(_ bytes: Int) { self.bytes = bytes }

    public static func < (left: ByteCount, right: ByteCount) -> Bool { left.bytes < right.bytes }

    public static let shape = Shape.text("size", example: "8MiB", pattern: #"^[0-9.]+ ?(B|KB|MB|GB|KiB|MiB|GiB)?$"#)

    private static let units: [(name: String, bytes: Int)] = [
        ("B", 1), ("KB", 1000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30),
    ]

    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> ByteCount? {
        readWord(node, at: path, &reading, expected: "a size such as 500KB or 8MiB") { ByteCount(written: $0) }
    }

    public init?(written text: String) {
        if let bytes = Int(text), bytes >= 0 {
            self.bytes = bytes
            return
        }
        var rest = text[...]
        guard let part = Quantity(takenFrom: &rest), rest.isEmpty,
            let unit = Self.units.first(where: { $0.name.lowercased() == part.unit.lowercased() })
        else { return nil }
        let amount = part.amount * Double(unit.bytes)
        guard amount < 1e18 else { return nil }
        bytes = Int(amount.rounded())
    }

    public var written: String? {
        if bytes == 0 { return "0" }
        for unit in Self.units.reversed() where bytes % unit.bytes == 0 && bytes >= unit.bytes && unit.name != "B" {
            return "\(bytes / unit.bytes)\(unit.name)"
        }
        return "\(bytes)"
    }
}

/// A number and the letters after it.
private struct Quantity {
    var amount: Double
    var unit: String

    /// Nil where no number begins, or a number has no unit.
    init?(takenFrom rest: inout Substring) {
        let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        rest = rest.dropFirst(digits.count).drop { $0 == " " }
        let letters = rest.prefix { $0.isASCII && $0.isLetter }
        rest = rest.dropFirst(letters.count)
        guard let amount = Double(digits), !letters.isEmpty else { return nil }
        self.amount = amount
        unit = String(letters)
    }
}
