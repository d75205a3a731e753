import CBytes

/// A host with an optional port, as in the `host` field and in absolute targets.
enum Authority {
    /// Where `part` stops being a name, an IPv4 address or an IPv6 address in brackets, with an optional port; nil when it is
    /// one. Narrower than RFC 3986: no percent-encoding and no commas, which no host on the Internet has.
    static func problem(_ base: UnsafePointer<UInt8>, _ part: Part) -> Int? {
        let range = part.range
        let end = range.upperBound
        guard !range.isEmpty else { return range.lowerBound }
        var at = range.lowerBound
        if base[at] == UInt8(ascii: "[") {
            at += 1
            let inside = at
            while at < end, base[at].isHex || base[at] == UInt8(ascii: ":") || base[at] == UInt8(ascii: ".") { at += 1 }
            guard at > inside + 1, at < end, base[at] == UInt8(ascii: "]") else { return at }
            at += 1
        } else {
            at = cbytes_run(base + at, base + end, UInt8(cbytes_host)) - base
            if at == range.lowerBound { return at }
        }
        if at == end { return nil }
        guard base[at] == UInt8(ascii: ":"), at + 1 < end, end - at <= 6 else { return at }
        at += 1
        while at < end, base[at].isDigit { at += 1 }
        return at == end ? nil : at
    }

    static func same(_ base: UnsafePointer<UInt8>, _ left: Part, _ right: Part) -> Bool {
        guard left.count == right.count else { return false }
        let a = base + Int(left.start), b = base + Int(right.start)
        return (0..<Int(left.count)).allSatisfy { lowered(a[$0]) == lowered(b[$0]) }
    }

    private static func lowered(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }
}
