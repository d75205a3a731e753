/// Small numbers in few bytes, for records that are stored by the million: LEB128, seven bits a byte, the low ones first.
struct CompactWriter {
    /// Of a number at most.
    static let longestNumber = 10

    private let room: UnsafeMutableBufferPointer<UInt8>
    private var count = 0

    /// What `write` writes, at most `bound` bytes: more is an error of ours. One allocation.
    static func bytes(atMost bound: Int, _ write: (inout CompactWriter) -> Void) -> [UInt8] {
        Array(unsafeUninitializedCapacity: bound) { room, count in
            var writer = CompactWriter(room: room)
            write(&writer)
            count = writer.count
        }
    }

    /// The same on the stack.
    @inline(__always)
    static func lend(atMost bound: Int, _ write: (inout CompactWriter) -> Void, _ body: (UnsafeRawBufferPointer) -> Void) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: bound) { room in
            var writer = CompactWriter(room: room)
            write(&writer)
            body(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(room)[..<writer.count]))
        }
    }

    private init(room: UnsafeMutableBufferPointer<UInt8>) { self.room = room }

    @inline(__always)
    mutating func byte(_ value: UInt8) {
        precondition(count < room.count, "a record has more bytes than were reserved for it")
        room[count] = value
        count &+= 1
    }

    mutating func number(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            byte(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        byte(UInt8(truncatingIfNeeded: rest))
    }

    /// Negative numbers count as zero.
    mutating func count(_ value: Int) { number(UInt64(max(0, value))) }

    /// Nil is 0, others one more than they are.
    mutating func optional(_ value: Int?) { number(value.map { UInt64(max(0, $0)) &+ 1 } ?? 0) }

    mutating func fixed(_ value: UInt64) {
        var rest = value
        for _ in 0..<8 {
            byte(UInt8(truncatingIfNeeded: rest))
            rest >>= 8
        }
    }

    mutating func float(_ value: Float) {
        for shift in stride(from: UInt32(0), to: 32, by: 8) { byte(UInt8(truncatingIfNeeded: value.bitPattern >> shift)) }
    }

    /// UTF-8, cut at a character so that at most `longest` bytes remain.
    mutating func text(_ text: String, longest: Int) {
        var kept = text[...]
        while kept.utf8.count > longest { kept = kept.unicodeScalars.count > longest ? kept.prefix(longest) : kept.dropLast() }
        count(kept.utf8.count)
        for unit in kept.utf8 { byte(unit) }
    }
}

/// Reads what `CompactWriter` wrote. Total: anything else gives nil, never more memory than bytes were given.
struct CompactReader {
    private let bytes: [UInt8]
    private var at = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { at == bytes.count }
    var left: Int { bytes.count - at }

    mutating func byte() -> UInt8? {
        guard at < bytes.count else { return nil }
        defer { at += 1 }
        return bytes[at]
    }

    mutating func number() -> UInt64? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            guard let next = byte() else { return nil }
            if shift == 63, next > 1 { return nil }
            value |= UInt64(next & 0x7f) << shift
            if next < 0x80 { return value }
        }
        return nil
    }

    /// At most 32 bits: nothing here is larger, and sums of them cannot overflow.
    mutating func count() -> Int? { number().flatMap { $0 <= UInt64(UInt32.max) ? Int($0) : nil } }

    /// Of things that take at least a byte each.
    mutating func length() -> Int? { count().flatMap { $0 <= left ? $0 : nil } }

    mutating func optional() -> Int?? {
        guard let value = count() else { return nil }
        return .some(value == 0 ? nil : value - 1)
    }

    mutating func fixed() -> UInt64? {
        guard left >= 8 else { return nil }
        var value: UInt64 = 0
        for index in 0..<8 { value |= UInt64(bytes[at + index]) << UInt64(8 * index) }
        at += 8
        return value
    }

    mutating func float() -> Float? {
        var bits: UInt32 = 0
        for shift in stride(from: UInt32(0), to: 32, by: 8) {
            guard let byte = byte() else { return nil }
            bits |= UInt32(byte) << shift
        }
        return Float(bitPattern: bits)
    }

    mutating func text() -> String? {
        guard let length = length() else { return nil }
        defer { at += length }
        return String(validating: bytes[at..<at + length], as: UTF8.self)
    }
}
