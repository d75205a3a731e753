/// One message of an AWS event stream (`application/vnd.amazon.eventstream`), as ranges of the bytes it was found in.
///
///     total length (4) · length of headers (4) · CRC of these 8 (4) · headers · payload · CRC of all before (4)
///
/// Numbers are big-endian, CRCs are CRC-32 (Amazon Transcribe developer guide, "Event stream encoding"; botocore/eventstream.py).
public struct EventStreamFrame: Hashable, Sendable {
    /// What `:message-type` says.
    public enum Kind: UInt8, Sendable { case event, exception, error, other }

    public var raw = 0..<0
    public var headers = 0..<0
    public var payload = 0..<0
    public var kind = Kind.other
    /// The value of `:event-type`, of `:exception-type` or, of an error, of `:error-code`. Empty where there was none.
    public var name = 0..<0
    /// Of an error: `:error-message`.
    public var message = 0..<0

    /// Lengths and CRC in front, and the CRC behind.
    static let preludeLength = 12
    static let overhead = 16

    /// The headers, in order. `bytes`: those in which the frame was found.
    public func fields(in bytes: UnsafeRawBufferPointer) -> EventStreamHeaders { EventStreamHeaders(bytes, headers) }
}

/// The value of a header. Texts and byte arrays are ranges of the bytes the frame was found in.
public enum EventStreamValue: Hashable, Sendable {
    case bool(Bool)
    case byte(Int8)
    case short(Int16)
    case integer(Int32)
    case long(Int64)
    case bytes(Range<Int>)
    case string(Range<Int>)
    /// Milliseconds since 1970.
    case timestamp(Int64)
    case uuid(Range<Int>)
}

/// Walks over the headers of a frame: length of name (1) · name · type (1) · value.
public struct EventStreamHeaders: Sequence, IteratorProtocol {
    private let bytes: UnsafeRawBufferPointer
    private var at: Int
    private let end: Int
    /// A header did not fit its place, or was of an unknown type: the walk ended there.
    public private(set) var isMalformed = false

    init(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) {
        self.bytes = bytes
        at = range.lowerBound
        end = range.upperBound
    }

    public mutating func next() -> (name: Range<Int>, value: EventStreamValue)? {
        guard at < end, !isMalformed else { return nil }
        let length = Int(bytes[at])
        guard length > 0, let name = take(length, from: at + 1), let type = take(1, from: name.upperBound),
            let value = value(bytes[type.lowerBound], from: type.upperBound)
        else {
            isMalformed = true
            return nil
        }
        return (name, value)
    }

    private mutating func value(_ type: UInt8, from start: Int) -> EventStreamValue? {
        switch type {
        case 0, 1:
            at = start
            return .bool(type == 0)
        case 2: return number(from: start).map { .byte($0) }
        case 3: return number(from: start).map { .short($0) }
        case 4: return number(from: start).map { .integer($0) }
        case 5: return number(from: start).map { .long($0) }
        case 6: return counted(from: start).map { .bytes($0) }
        case 7: return counted(from: start).map { .string($0) }
        case 8: return number(from: start).map { .timestamp($0) }
        case 9:
            guard let place = take(16, from: start) else { return nil }
            at = place.upperBound
            return .uuid(place)
        default: return nil
        }
    }

    private func take(_ count: Int, from start: Int) -> Range<Int>? { end - start >= count ? start..<start + count : nil }

    private mutating func number<Number: FixedWidthInteger>(from start: Int) -> Number? {
        guard let place = take(MemoryLayout<Number>.size, from: start) else { return nil }
        at = place.upperBound
        return Number(bigEndian: bytes.loadUnaligned(fromByteOffset: start, as: Number.self))
    }

    /// Two bytes of length, then so many.
    private mutating func counted(from start: Int) -> Range<Int>? {
        guard let length: UInt16 = number(from: start), let place = take(Int(length), from: at) else { return nil }
        at = place.upperBound
        return place
    }
}
