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
        var digits = 1
        var scale = 10
        while digits < 19, value >= scale {
            digits += 1
            scale &*= 10
        }
        reserve(digits)
        var rest = value
        var at = count + digits
        repeat {
            at -= 1
            bytes.storeBytes(of: UInt8(ascii: "0") + UInt8(rest % 10), toByteOffset: at, as: UInt8.self)
            rest /= 10
        } while at > count
        count += digits
    }

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
