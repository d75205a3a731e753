import Storage
import Translation
import Wire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// One JSON object on one line, built in place.
public struct LogLine {
    private(set) var bytes: [UInt8]
    private var first = true

    public init() {
        bytes = []
        bytes.reserveCapacity(512)
        bytes.append(UInt8(ascii: "{"))
    }

    /// A member's name, which needs no escapes, and its colon.
    private mutating func name(_ name: StaticString) {
        if !first { bytes.append(UInt8(ascii: ",")) }
        first = false
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
    }

    public mutating func text(_ name: StaticString, _ value: String) {
        self.name(name)
        JSONWriter.append(value, to: &bytes)
    }

    /// A value that is written as JSON already.
    mutating func quoted(_ name: StaticString, _ value: QuotedText) {
        self.name(name)
        bytes += value.bytes
    }

    /// A value of which it is known that it needs no escapes.
    mutating func plain(_ name: StaticString, _ value: StaticString) {
        self.name(name)
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: UnsafeBufferPointer(start: value.utf8Start, count: value.utf8CodeUnitCount))
        bytes.append(UInt8(ascii: "\""))
    }

    mutating func time(_ cache: inout Timestamp.Cache, _ unixMilliseconds: Int64) {
        name("time")
        cache.append(unixMilliseconds, to: &bytes)
    }

    mutating func requestID(_ id: RequestID) {
        name("request_id")
        bytes.append(UInt8(ascii: "\""))
        withUnsafeTemporaryAllocation(byteCount: RequestID.textLength, alignment: 4) { text in
            id.write(to: text)
            bytes.append(contentsOf: text)
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// A name that is not known beforehand.
    public mutating func text(named name: String, _ value: String) {
        if !first { bytes.append(UInt8(ascii: ",")) }
        first = false
        JSONWriter.append(name, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        JSONWriter.append(value, to: &bytes)
    }

    public mutating func number(_ name: StaticString, _ value: Int64) {
        self.name(name)
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        withUnsafeTemporaryAllocation(byteCount: 20, alignment: 1) { digits in
            var at = 20
            var rest = value.magnitude
            repeat {
                at -= 1
                digits[at] = UInt8(ascii: "0") + UInt8(rest % 10)
                rest /= 10
            } while rest > 0
            bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: digits[at...]))
        }
    }

    public mutating func flag(_ name: StaticString, _ value: Bool) {
        self.name(name)
        let word: StaticString = value ? "true" : "false"
        bytes.append(contentsOf: UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
    }

    public mutating func end() { bytes.append(UInt8(ascii: "}")) }
}

/// The wall clock, for ids, records and dates that people read. Durations are measured on `Instant`.
public enum WallClock {
    public static func milliseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}

/// Moments as RFC 3339 writes them, in UTC.
public enum Timestamp {
    public static func now() -> String { text(unixMilliseconds: WallClock.milliseconds()) }

    /// The last second written, of one loop: the calendar is asked once a second, not once a line.
    struct Cache {
        private var second: Int64 = -1
        private var text: [UInt8] = []

        /// `"2026-11-21T06:46:42.861Z"`, quotes and all.
        mutating func append(_ unixMilliseconds: Int64, to bytes: inout [UInt8]) {
            if unixMilliseconds / 1000 != second {
                second = unixMilliseconds / 1000
                text = Array("\"\(Timestamp.text(unixMilliseconds: unixMilliseconds))\"".utf8)
            }
            let millisecond = UInt8(ascii: "0")
            let value = unixMilliseconds % 1000
            bytes += text
            // The three digits stand before `Z"`.
            let end = bytes.count - 2
            bytes[end - 3] = millisecond + UInt8(value / 100)
            bytes[end - 2] = millisecond + UInt8(value / 10 % 10)
            bytes[end - 1] = millisecond + UInt8(value % 10)
        }
    }

    public static func text(unixMilliseconds: Int64) -> String {
        var seconds = time_t(unixMilliseconds / 1000)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let milliseconds = unixMilliseconds % 1000
        let padding = milliseconds < 10 ? "00" : milliseconds < 100 ? "0" : ""
        return "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))T\(two(parts.tm_hour)):\(two(parts.tm_min))"
            + ":\(two(parts.tm_sec)).\(padding)\(milliseconds)Z"
    }
}
