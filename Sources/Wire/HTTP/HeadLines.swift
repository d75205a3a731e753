import CBytes

/// Finds the lines of a head one after another, looking at each byte once however the head is cut.
///
/// Bytes beyond the limit are never looked at, so a head that arrives whole and one that trickles in fail alike.
struct HeadLines: Sendable {
    /// Where the line begins that is being read.
    private(set) var start = 0
    private var searched = 0

    /// The end of the line at `start`, before its CRLF. Nil: it needs more bytes. `over` is the problem when it does not end
    /// within `limit` bytes from the head's start.
    @inline(__always)
    mutating func next(
        _ base: UnsafePointer<UInt8>, count: Int, limit: Int, over: HeadProblem.Reason
    ) throws(HeadProblem) -> Int? {
        let visible = min(count, limit)
        precondition(visible >= searched, "a head's bytes are offered again from its start")
        let stop = cbytes_value_end(base + searched, base + visible) - base
        if stop &+ 1 < visible {
            if base[stop] == .carriageReturn, base[stop &+ 1] == .lineFeed { return stop }
        } else if stop == visible || base[stop] == .carriageReturn {
            searched = stop
            if visible < limit { return nil }
            throw HeadProblem(over, at: limit)
        }
        throw Self.problem(base[stop], at: stop)
    }

    /// Goes on behind the line that ended at `end`.
    @inline(__always) mutating func advance(past end: Int) {
        start = end &+ 2
        searched = start
    }

    @inline(never) private static func problem(_ byte: UInt8, at offset: Int) -> HeadProblem {
        switch byte {
        case .carriageReturn: HeadProblem(.bareCR, at: offset)
        case .lineFeed: HeadProblem(.bareLF, at: offset)
        case 0x16 where offset == 0: HeadProblem(.tls, at: offset)  // a TLS record that holds a handshake
        default: HeadProblem(.control, at: offset)
        }
    }
}

extension UInt8 {
    @inline(__always) static var tab: UInt8 { 0x09 }
    @inline(__always) static var lineFeed: UInt8 { 0x0a }
    @inline(__always) static var carriageReturn: UInt8 { 0x0d }
    @inline(__always) static var space: UInt8 { 0x20 }
    @inline(__always) var isBlank: Bool { self == .space || self == .tab }
    @inline(__always) var isDigit: Bool { self &- 0x30 < 10 }
    var isToken: Bool { isOf(cbytes_token) }
    @inline(__always) var isHex: Bool { isOf(cbytes_hex) }
    @inline(__always) private func isOf(_ kind: Int) -> Bool { cbytes_class(self) & UInt8(kind) != 0 }
}
