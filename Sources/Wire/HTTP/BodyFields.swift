/// What a head says about the bytes behind it and about the connection (RFC 9112, sections 6 and 9.3).
///
/// Wherever two readers of a message could disagree about where it ends, it is refused.
struct BodyFields: Sendable {
    private(set) var length = -1
    private(set) var chunked = false
    private var close = false
    private var keepAlive = false

    /// A number without sign, list or blanks inside, of at most 18 digits.
    mutating func contentLength(_ base: UnsafePointer<UInt8>, _ value: Part) throws(HeadProblem) {
        guard length < 0 else { throw HeadProblem(.repeatedContentLength, at: Int(value.start)) }
        if chunked { throw HeadProblem(.lengthAndEncoding, at: Int(value.start)) }
        let range = value.range
        guard !range.isEmpty else { throw HeadProblem(.contentLength, at: range.lowerBound) }
        var sum = 0
        var at = range.lowerBound
        while at < range.upperBound {
            let digit = base[at] &- 0x30
            if digit > 9 { throw HeadProblem(.contentLength, at: at) }
            if at &- range.lowerBound == 18 { throw HeadProblem(.contentLengthOverflow, at: at) }
            sum = sum &* 10 &+ Int(digit)
            at &+= 1
        }
        length = sum
    }

    mutating func transferEncoding(_ base: UnsafePointer<UInt8>, _ value: Part) throws(HeadProblem) {
        if chunked { throw HeadProblem(.repeatedTransferEncoding, at: Int(value.start)) }
        if length >= 0 { throw HeadProblem(.lengthAndEncoding, at: Int(value.start)) }
        guard base.equals(value, "chunked") else { throw HeadProblem(.transferEncoding, at: Int(value.start)) }
        chunked = true
    }

    /// The options that are ours to act on; others are about fields that we do not pass on.
    @inline(__always) mutating func connection(_ base: UnsafePointer<UInt8>, _ value: Part) {
        if base.equals(value, "keep-alive") { keepAlive = true } else { options(base, value) }
    }

    private mutating func options(_ base: UnsafePointer<UInt8>, _ value: Part) {
        let end = value.range.upperBound
        var at = value.range.lowerBound
        while at < end {
            var stop = at
            while stop < end, base[stop] != UInt8(ascii: ",") { stop &+= 1 }
            var last = stop
            while last > at, base[last &- 1].isBlank { last &-= 1 }
            let option = Part(at, last)
            if base.equals(option, "close") { close = true }
            if base.equals(option, "keep-alive") { keepAlive = true }
            at = stop &+ 1
            while at < end, base[at].isBlank { at &+= 1 }
        }
    }

    func staysOpen(minorVersion: UInt8) -> Bool { !close && (minorVersion == 1 || keepAlive) }

    func check(minorVersion: UInt8, at end: Int) throws(HeadProblem) {
        if chunked, minorVersion == 0 { throw HeadProblem(.transferEncodingVersion, at: end) }
    }
}
