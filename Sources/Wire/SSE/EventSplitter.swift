import CBytes

/// One server-sent event, as ranges of the bytes it was found in.
public struct ServerSentEvent: Hashable, Sendable {
    /// The event with its comments, line ends and closing blank line.
    public var raw = 0..<0
    /// The value of the `data` field. Of several data lines: the first; all of them, joined, are in `EventSplitter.joined`.
    public var data = 0..<0
    /// 0: no data, so clients ignore the event (a comment, a stray blank line).
    public var dataLines = 0
    /// The value of the `event` field; empty when there was none.
    public var name = 0..<0
    /// The stream ended without the blank line that closes an event.
    public var unterminated = false
}

/// An event grew beyond the splitter's limit.
public struct EventTooLarge: Error, Hashable, Sendable {
    public var limit: Int

    public init(limit: Int) { self.limit = limit }
}

/// Finds the events of a server-sent event stream (WHATWG HTML, section 9.2.6), however it is cut.
///
/// Tolerates LF, CRLF and CR, comments, several data lines, a byte order mark, fields it does not know. The caller keeps
/// the bytes of an event that has not ended and offers them again with more behind them; nothing is looked at twice.
/// A CR that is the last byte so far is not yet a line end, since an LF may follow.
public struct EventSplitter: Sendable {
    /// As large as an answer may be without a setting: models that draw put a whole picture into one event. A lower `max_response`
    /// ends the stream first.
    public static let largest = 64 << 20

    /// Bytes that one event may have.
    public let limit: Int
    /// The data lines of the last event that had more than one, joined by LF.
    public private(set) var joined: [UInt8] = []

    // All relative to the start of the event that is being read.
    private var lines = 0
    private var searched = 0
    private var event = ServerSentEvent()
    private var first = true

    public init(limit: Int = EventSplitter.largest) { self.limit = limit }

    /// The event that begins at `start`, once it is whole. Nil: it needs more bytes; offer it again from its start.
    /// `last`: nothing will follow, so what is there is an event.
    public mutating func next(
        in bytes: UnsafeRawBufferPointer, from start: Int, last: Bool = false
    ) throws(EventTooLarge) -> ServerSentEvent? {
        guard start < bytes.count, let address = bytes.baseAddress else { return nil }
        let base = address.assumingMemoryBound(to: UInt8.self)
        let end = base + bytes.count
        let origin = base + start
        while true {
            guard let found = cjson_line_end(origin + searched, end) else { return nil }
            var after = found + 1
            if found == end {
                searched = end - origin
                guard last else { return try unfinished() }
                if lines < searched { field(origin + lines, found, of: origin) }
                return close(start, bytes.count, terminated: false)
            }
            if found.pointee == UInt8(ascii: "\r") {
                if after == end, !last {
                    searched = found - origin
                    return try unfinished()
                }
                if after < end, after.pointee == UInt8(ascii: "\n") { after += 1 }
            }
            if found == origin + lines { return try within(close(start, after - base, terminated: true)) }
            field(origin + lines, found, of: origin)
            lines = after - origin
            searched = lines
        }
    }

    private func unfinished() throws(EventTooLarge) -> ServerSentEvent? {
        if searched > limit { throw EventTooLarge(limit: limit) }
        return nil
    }

    private func within(_ event: ServerSentEvent) throws(EventTooLarge) -> ServerSentEvent? {
        if event.raw.count > limit { throw EventTooLarge(limit: limit) }
        return event
    }

    private mutating func close(_ start: Int, _ end: Int, terminated: Bool) -> ServerSentEvent {
        var done = event
        done.raw = start..<end
        done.data = done.data.lowerBound + start..<done.data.upperBound + start
        done.name = done.name.lowerBound + start..<done.name.upperBound + start
        done.unterminated = !terminated
        event = ServerSentEvent()
        lines = 0
        searched = 0
        first = false
        return done
    }

    /// Takes note of the field in `lineStart ..< end`.
    private mutating func field(_ lineStart: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, of origin: UnsafePointer<UInt8>) {
        var p = lineStart
        if first {
            first = false
            if end - p >= 3, p[0] == 0xef, p[1] == 0xbb, p[2] == 0xbf { p += 3 }
        }
        if let value = Self.value(p, end, "data") {
            let range = value - origin..<end - origin
            event.dataLines += 1
            if event.dataLines == 1 {
                event.data = range
            } else {
                if event.dataLines == 2 { joined = Array(UnsafeBufferPointer(start: origin + event.data.lowerBound, count: event.data.count)) }
                joined.append(UInt8(ascii: "\n"))
                joined.append(contentsOf: UnsafeBufferPointer(start: value, count: range.count))
            }
        } else if let value = Self.value(p, end, "event") {
            event.name = value - origin..<end - origin
        }
    }

    /// Where the value of field `name` begins in this line; nil when the line is another field or a comment.
    @inline(__always) private static func value(
        _ p: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, _ name: StaticString
    ) -> UnsafePointer<UInt8>? {
        let count = name.utf8CodeUnitCount
        guard end - p >= count else { return nil }
        for i in 0..<count where p[i] != name.utf8Start[i] { return nil }
        if p + count == end { return end }
        guard p[count] == UInt8(ascii: ":") else { return nil }
        let value = p + count + 1
        return value < end && value.pointee == UInt8(ascii: " ") ? value + 1 : value
    }
}
