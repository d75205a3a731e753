import NIOCore
import Routing
import Storage

/// Writes the head of an answer into memory reserved once: an answer's head is some twenty short pieces.
struct HeadWriter {
    private let bytes: UnsafeMutableRawPointer
    private let capacity: Int
    private(set) var count = 0

    init(_ buffer: UnsafeMutableRawBufferPointer) {
        // A reserved buffer of no bytes has no address; then nothing may be written either.
        bytes = buffer.baseAddress ?? UnsafeMutableRawPointer(bitPattern: 1).unsafelyUnwrapped
        capacity = buffer.count
    }

    @inline(__always) mutating func text(_ text: StaticString) {
        append(UnsafeRawPointer(text.utf8Start), text.utf8CodeUnitCount)
    }

    @inline(__always) mutating func bytes(_ piece: UnsafeRawBufferPointer) {
        if let base = piece.baseAddress { append(base, piece.count) }
    }

    mutating func lines(_ buffer: ByteBuffer) {
        buffer.withUnsafeReadableBytes { bytes($0) }
    }

    mutating func string(_ text: String) {
        var text = text
        text.withUTF8 { bytes(UnsafeRawBufferPointer($0)) }
    }

    mutating func decimal(_ value: Int) {
        precondition(value >= 0, "lengths and counts are never negative")
        var rest = UInt64(truncatingIfNeeded: value)
        // 1233 / 4096 is a little more than the decimal logarithm of 2.
        let estimate = ((UInt64.bitWidth - (rest | 1).leadingZeroBitCount) &* 1_233) &>> 12
        let length = rest >= Self.powers[estimate] ? estimate + 1 : max(1, estimate)
        reserve(length)
        // From behind, two digits at a time: dividing is what takes long.
        var at = count &+ length
        while rest >= 100 {
            let quotient = rest / 100
            at &-= 2
            pair(rest &- quotient &* 100, at)
            rest = quotient
        }
        if rest >= 10 {
            pair(rest, at &- 2)
        } else {
            bytes.storeBytes(of: UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest), toByteOffset: at &- 1, as: UInt8.self)
        }
        count &+= length
    }

    /// Two digits; `value` is below 100.
    @inline(__always) private func pair(_ value: UInt64, _ at: Int) {
        let digits = UnsafeRawPointer(Self.pairs.utf8Start) + Int(truncatingIfNeeded: value &* 2)
        bytes.storeBytes(of: digits.loadUnaligned(as: UInt16.self), toByteOffset: at, as: UInt16.self)
    }

    private static let pairs: StaticString = """
        00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748495051525354555657585960616263\
        646566676869707172737475767778798081828384858687888990919293949596979899
        """

    /// Of ten, up to the last that 64 bits hold.
    private static let powers: [UInt64] = [
        1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000, 10_000_000_000, 100_000_000_000,
        1_000_000_000_000, 10_000_000_000_000, 100_000_000_000_000, 1_000_000_000_000_000, 10_000_000_000_000_000,
        100_000_000_000_000_000, 1_000_000_000_000_000_000, 10_000_000_000_000_000_000,
    ]

    mutating func requestID(_ id: RequestID) {
        text("x-swiftlet-request-id: ")
        reserve(RequestID.textLength)
        id.write(to: UnsafeMutableRawBufferPointer(start: bytes + count, count: RequestID.textLength))
        count += RequestID.textLength
        text("\r\n")
    }

    @inline(__always) mutating func digits(_ digits: Digits) {
        reserve(Digits.most)
        (bytes + count).storeBytes(of: digits.words, as: Digits.Words.self)
        count &+= digits.count
    }

    /// US dollars with as many of nine decimals as are needed.
    mutating func dollars(_ money: Nanodollars) {
        let amount = UInt64(max(0, money.amount))
        let whole = amount / 1_000_000_000
        decimal(Int(truncatingIfNeeded: whole))
        var rest = amount &- whole &* 1_000_000_000
        guard rest > 0 else { return }
        reserve(10)
        bytes.storeBytes(of: UInt8(ascii: "."), toByteOffset: count, as: UInt8.self)
        // From behind, without the noughts at the end.
        var end = count &+ 10
        while rest % 100 == 0 {
            rest /= 100
            end &-= 2
        }
        var at = end
        while at > count &+ 2 {
            let quotient = rest / 100
            at &-= 2
            pair(rest &- quotient &* 100, at)
            rest = quotient
        }
        bytes.storeBytes(of: UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest), toByteOffset: count &+ 1, as: UInt8.self)
        count = bytes.load(fromByteOffset: end &- 1, as: UInt8.self) == UInt8(ascii: "0") ? end &- 1 : end
    }

    @inline(__always) private mutating func append(_ source: UnsafeRawPointer, _ length: Int) {
        reserve(length)
        (bytes + count).copyMemory(from: source, byteCount: length)
        count &+= length
    }

    @inline(__always) private func reserve(_ length: Int) {
        precondition(length <= capacity &- count, "the head has more bytes than were reserved for it")
    }
}

/// A number as it is written, for those that stand in many heads.
struct Digits: Sendable {
    fileprivate typealias Words = (UInt64, UInt64, UInt64)
    /// More than any number has, fractions of dollars among them.
    fileprivate static let most = MemoryLayout<Words>.size

    fileprivate let words: Words
    fileprivate let count: Int

    init() { (words, count) = ((0, 0, 0), 0) }

    init(_ write: (inout HeadWriter) -> Void) {
        var (words, count): (Words, Int) = ((0, 0, 0), 0)
        withUnsafeMutableBytes(of: &words) { room in
            var writer = HeadWriter(room)
            write(&writer)
            count = writer.count
        }
        (self.words, self.count) = (words, count)
    }
}

extension ByteBuffer {
    /// Reserves `bound` bytes and appends what `write` writes of them.
    @inline(__always)
    mutating func writeHead(atMost bound: Int, _ write: (inout HeadWriter) -> Void) {
        writeWithUnsafeMutableBytes(minimumWritableBytes: bound) { room in
            var writer = HeadWriter(room)
            write(&writer)
            return writer.count
        }
    }
}
