/// Names one request everywhere: in the answer's header, in logs, as the ledger's key.
///
/// 63 bits, so that it is a SQLite rowid: appended at the right edge of the table, unique without a second index.
/// From the top: 41 bits of milliseconds since 2024 (until 2093), 10 bits of node, 12 bits of sequence. Ids of one node
/// never repeat; ids sort by the time a request began. Two requests can share an id only if two generators hold the same
/// node in the same millisecond: see `Store.leaseNodes`.
public struct RequestID: Hashable, Comparable, Sendable {
    public let rawValue: Int64

    /// Milliseconds from 1970 to 2024-01-01.
    static let epoch: Int64 = 1_704_067_200_000
    static let timeBits = 41
    static let nodeBits = 10
    static let sequenceBits = 12
    /// How many nodes there are, 1,024.
    public static let nodes = 1 << nodeBits
    /// Bytes of the textual form: `req_` and 13 digits.
    public static let textLength = 17

    /// Nil for a negative number.
    public init?(rawValue: Int64) {
        guard rawValue >= 0 else { return nil }
        self.rawValue = rawValue
    }

    init(millisecond: Int64, node: Int64, sequence: Int64) {
        rawValue = millisecond << Int64(Self.nodeBits + Self.sequenceBits) | node << Int64(Self.sequenceBits) | sequence
    }

    /// The smallest id of a moment: ids from it on began then or later.
    public static func first(atUnixMilliseconds moment: Int64) -> RequestID {
        RequestID(millisecond: min(max(0, moment - epoch), 1 << Int64(timeBits) - 1), node: 0, sequence: 0)
    }

    /// When the generator says the request began; later than its clock said only after the clock was set back.
    public var unixMilliseconds: Int64 { rawValue >> Int64(Self.nodeBits + Self.sequenceBits) + Self.epoch }

    /// Whose generator made it, 0 ..< `nodes`.
    var node: Int { Int(rawValue >> Int64(Self.sequenceBits)) & (Self.nodes - 1) }

    public static func < (left: RequestID, right: RequestID) -> Bool { left.rawValue < right.rawValue }
}

extension RequestID: CustomStringConvertible {
    /// Crockford's digits: no I, L, O or U, so that an id can be read out.
    private static let digits: StaticString = "0123456789abcdefghjkmnpqrstvwxyz"

    /// Writes the textual form, `textLength` bytes of ASCII, without making a `String`.
    public func write(to bytes: UnsafeMutableRawBufferPointer) {
        precondition(bytes.count >= Self.textLength, "an id takes \(Self.textLength) bytes")
        bytes.storeBytes(of: UInt32(littleEndian: 0x5f71_6572), as: UInt32.self)  // req_
        let digits = Self.digits.utf8Start
        var rest = UInt64(rawValue)
        var index = Self.textLength
        while index > 4 {
            index &-= 1
            bytes[index] = digits[Int(rest & 31)]
            rest >>= 5
        }
    }

    public var description: String {
        String(unsafeUninitializedCapacity: Self.textLength) { buffer in
            write(to: UnsafeMutableRawBufferPointer(buffer))
            return Self.textLength
        }
    }

    /// Reads the textual form in either case. Digits that mean the same to a reader (`o` for 0, `i` and `l` for 1) are not taken.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == Self.textLength, bytes.starts(with: "req_".utf8) else { return nil }
        var value: UInt64 = 0
        for byte in bytes[4...] {
            let lower = byte | (byte >= 0x41 && byte <= 0x5a ? 0x20 : 0)
            guard let digit = (0..<32).first(where: { Self.digits.utf8Start[$0] == lower }) else { return nil }
            // The first of 13 digits carries 3 bits: more would not fit into 63.
            guard value < 1 << 58 else { return nil }
            value = value << 5 | UInt64(digit)
        }
        self.init(rawValue: Int64(value))
    }
}
