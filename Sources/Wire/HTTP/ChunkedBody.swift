/// Why a chunked body is not read on. Where it ends is unknown, so the connection closes.
public struct ChunkProblem: Error, Hashable, Sendable {
    public enum Reason: UInt8, CaseIterable, Sendable {
        case size, sizeTooLarge, sizeEnd, extensions, dataEnd, trailer, trailersTooLarge
    }

    public var reason: Reason
    /// Bytes of the body, framing included, before the first wrong one.
    public var offset: Int

    public init(_ reason: Reason, at offset: Int) {
        self.reason = reason
        self.offset = offset
    }

    public var message: String {
        switch reason {
        case .size: "expected a chunk's size in hexadecimal digits"
        case .sizeTooLarge: "a chunk's size is too large"
        case .sizeEnd: "expected a line end behind a chunk's size"
        case .extensions: "chunk extensions hold control bytes or are too long"
        case .dataEnd: "expected a line end behind a chunk's data"
        case .trailer: "a trailer is not a field"
        case .trailersTooLarge: "the trailers are too large"
        }
    }
}

/// Takes the chunks off a body (RFC 9112, section 7.1), in place and however it is cut.
///
/// Extensions are skipped, 256 bytes of them in all; trailers are checked and dropped, 8 KiB of them. Every byte is looked at
/// once, payload not at all.
public struct ChunkedBody: Sendable {
    public enum Step: Hashable, Sendable {
        /// Where payload stands in the bytes given; never empty.
        case payload(Range<Int>)
        /// All bytes given are used up.
        case needMore
        /// The body is over; what follows it belongs to the next message.
        case end
    }

    private enum State: UInt8 {
        case firstDigit, digits, extensions, sizeLF, data, dataCR, dataLF
        case trailerStart, trailerName, trailerValue, trailerLF, lastLF, ended
    }

    public static let extensionLimit = 256
    public static let trailerLimit = 8192

    /// Payload bytes in all.
    public let limit: Int
    /// Payload bytes announced so far.
    public private(set) var total = 0
    public var ended: Bool { state == .ended }

    private var state = State.firstDigit
    /// Of the chunk being read.
    private var left = 0
    private var digits = 0
    private var extensionBytes = 0
    private var trailerBytes = 0
    private var walked = 0

    public init(limit: Int = 1 << 53) { self.limit = limit }

    /// The next piece of payload in `bytes`, from `at` on, which moves behind it. Call until it says `needMore` or `end`.
    public mutating func next(_ bytes: UnsafeRawBufferPointer, from at: inout Int) throws(ChunkProblem) -> Step {
        let begin = at
        defer { walked &+= at &- begin }
        while state != .ended {
            guard at < bytes.count else { return .needMore }
            if state == .dataCR || state == .firstDigit { pass(bytes, &at) }
            if state == .data, at < bytes.count {
                let range = at..<at + min(left, bytes.count - at)
                left -= range.count
                at = range.upperBound
                if left == 0 { state = .dataCR }
                return .payload(range)
            }
            guard at < bytes.count else { return .needMore }
            if let reason = take(bytes[at]) { throw ChunkProblem(reason, at: walked + at - begin) }
            at &+= 1
        }
        return .end
    }

    /// Goes in one step over what nearly always stands between payload and payload: CRLF, a size of up to eight digits, CRLF.
    /// Where it is anything else, or cut, the bytes are left to be taken one by one.
    @inline(__always) private mutating func pass(_ bytes: UnsafeRawBufferPointer, _ at: inout Int) {
        if state == .dataCR {
            guard bytes.count &- at >= 2, bytes[at] == .carriageReturn, bytes[at &+ 1] == .lineFeed else { return }
            at &+= 2
            state = .firstDigit
        }
        let first = at
        var digit = at
        var size = 0
        while digit < bytes.count, digit &- first < 8, bytes[digit].isHex {
            let byte = bytes[digit]
            size = size << 4 | Int(byte & 0xf) &+ (byte > 0x39 ? 9 : 0)
            digit &+= 1
        }
        guard digit > first, bytes.count &- digit >= 2, bytes[digit] == .carriageReturn, bytes[digit &+ 1] == .lineFeed,
            size <= limit &- total
        else { return }
        total &+= size
        left = size
        at = digit &+ 2
        state = size == 0 ? .trailerStart : .data
    }

    private mutating func take(_ byte: UInt8) -> ChunkProblem.Reason? {
        switch state {
        case .firstDigit, .digits: return takeSize(byte)
        case .extensions: return takeExtension(byte)
        case .sizeLF:
            if byte != .lineFeed { return .sizeEnd }
            state = left == 0 ? .trailerStart : .data
        case .dataCR:
            if byte != .carriageReturn { return .dataEnd }
            state = .dataLF
        case .dataLF:
            if byte != .lineFeed { return .dataEnd }
            state = .firstDigit
        case .lastLF:
            if byte != .lineFeed { return .trailer }
            state = .ended
        case .trailerStart, .trailerName, .trailerValue, .trailerLF: return takeTrailer(byte)
        case .data, .ended: break
        }
        return nil
    }

    private mutating func takeSize(_ byte: UInt8) -> ChunkProblem.Reason? {
        let value: UInt8
        switch byte {
        case 0x30...0x39: value = byte &- 0x30
        case 0x41...0x46: value = byte &- 0x37
        case 0x61...0x66: value = byte &- 0x57
        case .carriageReturn where state == .digits: return sizeEnded(.sizeLF)
        case UInt8(ascii: ";") where state == .digits: return sizeEnded(.extensions)
        default: return state == .firstDigit ? .size : .sizeEnd
        }
        if state == .firstDigit {
            state = .digits
            left = 0
            digits = 0
        }
        digits &+= 1
        // 15 digits cannot overflow, and no more are ever needed.
        if digits > 15 { return .sizeTooLarge }
        left = left << 4 | Int(value)
        return left > limit - total ? .sizeTooLarge : nil
    }

    private mutating func sizeEnded(_ next: State) -> ChunkProblem.Reason? {
        total += left
        state = next
        return nil
    }

    private mutating func takeExtension(_ byte: UInt8) -> ChunkProblem.Reason? {
        if byte == .carriageReturn {
            state = .sizeLF
            return nil
        }
        extensionBytes += 1
        return byte < 0x20 && byte != .tab || byte == 0x7f || extensionBytes > Self.extensionLimit ? .extensions : nil
    }

    private mutating func takeTrailer(_ byte: UInt8) -> ChunkProblem.Reason? {
        trailerBytes += 1
        if trailerBytes > Self.trailerLimit { return .trailersTooLarge }
        switch (state, byte) {
        case (.trailerStart, .carriageReturn): state = .lastLF
        case (.trailerName, UInt8(ascii: ":")): state = .trailerValue
        case (.trailerStart, _), (.trailerName, _):
            if !byte.isToken { return .trailer }
            state = .trailerName
        case (.trailerValue, .carriageReturn): state = .trailerLF
        case (.trailerLF, _):
            if byte != .lineFeed { return .trailer }
            state = .trailerStart
        default:
            if byte < 0x20 && byte != .tab || byte == 0x7f { return .trailer }
        }
        return nil
    }
}
