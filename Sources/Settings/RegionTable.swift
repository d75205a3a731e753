/// Where callers are, by the longest prefix of their address.
public struct RegionTable: Sendable {
    /// Bits of an IPv6 address; IPv4 stands at `::ffff:0:0/96` (RFC 4291, section 2.5.5.2).
    private var regions: [[UInt128: String]] = Array(repeating: [:], count: 129)
    /// Lengths that occur, the longest first.
    private var lengths: [Int] = []

    public init() {}

    public var isEmpty: Bool { lengths.isEmpty }

    /// False when `prefix` is none: an address, and after a slash its leading bits that count; without a slash all.
    public mutating func add(_ prefix: String, region: String) -> Bool {
        let parts = prefix.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = InternetAddress(String(parts[0])) else { return false }
        let width = address.isV4 ? 32 : 128
        var length = width
        if parts.count == 2 {
            guard let written = Int(parts[1]), 0...width ~= written else { return false }
            length = written
        }
        length += 128 - width
        if regions[length].isEmpty {
            lengths.append(length)
            lengths.sort(by: >)
        }
        regions[length][address.bits & Self.mask(length)] = region
        return true
    }

    /// The region of an address as text. At most one look-up for each length that occurs.
    public func region(of address: String) -> String? {
        guard !lengths.isEmpty, let address = InternetAddress(address) else { return nil }
        for length in lengths {
            if let region = regions[length][address.bits & Self.mask(length)] { return region }
        }
        return nil
    }

    private static func mask(_ length: Int) -> UInt128 { length == 0 ? 0 : UInt128.max << UInt128(128 - length) }
}

/// An IPv4 or IPv6 address.
struct InternetAddress: Hashable {
    var bits: UInt128
    var isV4: Bool

    init?(_ text: String) {
        if text.utf8.count > 45 { return nil }
        if let four = Self.four(text[...]) {
            bits = 0xffff_0000_0000 | UInt128(four)
            isV4 = true
        } else if let six = Self.six(text) {
            bits = six
            isV4 = six >> 32 == 0xffff
        } else {
            return nil
        }
    }

    private static func four(_ text: Substring) -> UInt32? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bits: UInt32 = 0
        for part in parts {
            guard (1...3).contains(part.count), part.utf8.allSatisfy({ 48...57 ~= $0 }), let byte = UInt8(part) else { return nil }
            bits = bits << 8 | UInt32(byte)
        }
        return bits
    }

    /// Groups of 16 bits; `::` stands for as many zero groups as are missing.
    private static func six(_ text: String) -> UInt128? {
        let halves = text.split(separator: "::", maxSplits: 2, omittingEmptySubsequences: false)
        guard halves.count <= 2, let head = groups(halves[0]) else { return nil }
        guard halves.count == 2 else { return head.count == 8 ? number(head) : nil }
        guard let tail = groups(halves[1]), head.count + tail.count < 8 else { return nil }
        return number(head + Array(repeating: 0, count: 8 - head.count - tail.count) + tail)
    }

    private static func groups(_ text: Substring) -> [UInt16]? {
        if text.isEmpty { return [] }
        var groups: [UInt16] = []
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            if index == parts.count - 1, let four = four(part) {
                groups += [UInt16(four >> 16), UInt16(truncatingIfNeeded: four)]
            } else {
                guard (1...4).contains(part.utf8.count), part.utf8.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
                    let group = UInt16(part, radix: 16)
                else { return nil }
                groups.append(group)
            }
        }
        return groups
    }

    private static func number(_ groups: [UInt16]) -> UInt128 { groups.reduce(0) { $0 << 16 | UInt128($1) } }
}
