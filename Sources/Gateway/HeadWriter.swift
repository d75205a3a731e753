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
        var at = count + length
        while rest >= 100 {
            let (quotient, pair) = (rest / 100, rest % 100)
            let tens = (pair &* 103) &>> 10
            at -= 2
            bytes.storeBytes(of: UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: tens), toByteOffset: at, as: UInt8.self)
            bytes.storeBytes(of: UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: pair &- tens &* 10), toByteOffset: at + 1, as: UInt8.self)
            rest = quotient
        }
        if rest >= 10 {
            let tens = (rest &* 103) &>> 10
            at -= 1
            bytes.storeBytes(of: UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest &- tens &* 10), toByteOffset: at, as: UInt8.self)
            rest = tens
        }
        bytes.storeBytes(of: UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest), toByteOffset: at - 1, as: UInt8.self)
        count += length
    }

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

    /// US dollars with as many of nine decimals as are needed.
    mutating func dollars(_ money: Nanodollars) {
        let amount = Int(max(0, money.amount))
        decimal(amount / 1_000_000_000)
        var rest = amount % 1_000_000_000
        guard rest > 0 else { return }
        text(".")
        reserve(9)
        var scale = 100_000_000
        while rest > 0 {
            bytes.storeBytes(of: UInt8(ascii: "0") + UInt8(rest / scale), toByteOffset: count, as: UInt8.self)
            count += 1
            rest %= scale
            scale /= 10
        }
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
