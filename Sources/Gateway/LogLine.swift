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
        bytes = [UInt8(ascii: "{")]
        bytes.reserveCapacity(512)
    }

    private mutating func name(_ name: StaticString) {
        bytes += first ? [UInt8(ascii: "\"")] : [UInt8(ascii: ","), UInt8(ascii: "\"")]
        first = false
        bytes.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
        bytes += [UInt8(ascii: "\""), UInt8(ascii: ":")]
    }

    public mutating func text(_ name: StaticString, _ value: String) {
        self.name(name)
        JSONWriter.append(value, to: &bytes)
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
        bytes.append(contentsOf: "\(value)".utf8)
    }

    public mutating func flag(_ name: StaticString, _ value: Bool) {
        self.name(name)
        bytes.append(contentsOf: (value ? "true" : "false").utf8)
    }

    public mutating func end() { bytes.append(UInt8(ascii: "}")) }
}

/// The wall clock, for ids, records and dates that people read. Durations are measured on `Instant`.
enum WallClock {
    static func milliseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}

/// Moments as RFC 3339 writes them, in UTC.
public enum Timestamp {
    public static func now() -> String { text(unixMilliseconds: WallClock.milliseconds()) }

    static func text(unixMilliseconds: Int64) -> String {
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
