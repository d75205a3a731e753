import CBytes

/// Why bytes are no AWS event stream. Nothing after it can be read.
public enum EventStreamProblem: Error, Hashable, Sendable {
    /// The sum of the lengths in front is wrong.
    case prelude
    /// Lengths that contradict each other.
    case lengths
    case tooLarge(limit: Int)
    /// The sum of the whole message is wrong.
    case checksum
    case headers
    /// The stream ended within a message.
    case truncated
}

/// Finds the messages of an AWS event stream, however it is cut.
///
/// The caller keeps the bytes of a message that has not ended and offers them again with more behind them. Lengths are
/// believed only after their own sum was right, and never beyond `limit`: whoever says 4 GB is not waited for.
public struct EventStreamSplitter: Sendable {
    public static let largest = 1 << 20
    /// Bytes of headers, which AWS bounds by 128 KiB.
    public static let largestHeaders = 1 << 17

    /// Bytes that one message may have.
    public let limit: Int
    /// Length of the message that is being read, whose prelude was right; 0: it has not come.
    private var expected = 0

    public init(limit: Int = EventStreamSplitter.largest) { self.limit = limit }

    /// The message that begins at `start`, once it is whole. Nil: it needs more bytes; offer it again from its start.
    /// `last`: nothing will follow.
    public mutating func next(
        in bytes: UnsafeRawBufferPointer, from start: Int, last: Bool = false
    ) throws(EventStreamProblem) -> EventStreamFrame? {
        let have = bytes.count - start
        if expected == 0, have >= EventStreamFrame.preludeLength { expected = try length(in: bytes, at: start) }
        guard expected > 0, have >= expected else {
            if last, have > 0 { throw .truncated }
            return nil
        }
        let end = start + expected
        expected = 0
        guard Self.sum(bytes, start..<end - 4) == Self.number(bytes, end - 4) else { throw .checksum }
        let headersStart = start + EventStreamFrame.preludeLength
        let headersEnd = headersStart + Int(Self.number(bytes, start + 4))
        var frame = EventStreamFrame()
        frame.raw = start..<end
        frame.headers = headersStart..<headersEnd
        frame.payload = headersEnd..<end - 4
        try Self.read(&frame, bytes)
        return frame
    }

    /// What the prelude at `start` says of the message's length.
    private func length(in bytes: UnsafeRawBufferPointer, at start: Int) throws(EventStreamProblem) -> Int {
        guard Self.sum(bytes, start..<start + 8) == Self.number(bytes, start + 8) else { throw .prelude }
        let total = Int(Self.number(bytes, start))
        let headers = Int(Self.number(bytes, start + 4))
        guard total >= EventStreamFrame.overhead, headers <= total - EventStreamFrame.overhead else { throw .lengths }
        guard total <= limit else { throw .tooLarge(limit: limit) }
        guard headers <= Self.largestHeaders else { throw .tooLarge(limit: Self.largestHeaders) }
        return total
    }

    private static func read(_ frame: inout EventStreamFrame, _ bytes: UnsafeRawBufferPointer) throws(EventStreamProblem) {
        var fields = frame.fields(in: bytes)
        while let (name, value) = fields.next() {
            guard case .string(let text) = value, bytes[name.lowerBound] == UInt8(ascii: ":") else { continue }
            let name = UnsafeRawBufferPointer(rebasing: bytes[name])
            switch name.count {
            case 13 where name.says(":message-type"): frame.kind = kind(UnsafeRawBufferPointer(rebasing: bytes[text]))
            case 11 where name.says(":event-type") || name.says(":error-code"): frame.name = text
            case 15 where name.says(":exception-type"): frame.name = text
            case 14 where name.says(":error-message"): frame.message = text
            default: break
            }
        }
        if fields.isMalformed { throw .headers }
    }

    private static func kind(_ text: UnsafeRawBufferPointer) -> EventStreamFrame.Kind {
        if text.says("event") { return .event }
        if text.says("exception") { return .exception }
        return text.says("error") ? .error : .other
    }

    private static func number(_ bytes: UnsafeRawBufferPointer, _ at: Int) -> UInt32 {
        UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self))
    }

    private static func sum(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> UInt32 {
        UnsafeRawBufferPointer(rebasing: bytes[range]).crc32
    }
}

extension UnsafeRawBufferPointer {
    /// CRC-32 as in zip.
    var crc32: UInt32 { baseAddress.map { ccrc_32(0, $0.assumingMemoryBound(to: UInt8.self), count) } ?? 0 }

    fileprivate func says(_ word: StaticString) -> Bool {
        guard count == word.utf8CodeUnitCount else { return false }
        for at in 0..<count where self[at] != word.utf8Start[at] { return false }
        return true
    }
}
