/// When a provider's own limit begins anew, in the forms providers write it.
public enum ResetTime {
    /// `6m0s`, `1h2m3.5s`, `120ms`, `250us`: Go's durations, which OpenAI and Groq send; a plain number is seconds; or
    /// `2026-01-27T12:00:00Z`, which Anthropic sends. `now`: Unix milliseconds. Nil for anything else; what has passed is zero.
    public static func parse(_ value: UnsafeRawBufferPointer, now: Int64) -> Duration? {
        if value.count >= 20, value[4] == UInt8(ascii: "-") {
            guard let date = RFC3339.parse(value) else { return nil }
            return .milliseconds(min(max(0, date * 1000 - now), 86_400_000))
        }
        return RetryAfter.parse(value, now: now / 1000) ?? duration(value)
    }

    private static func duration(_ value: UnsafeRawBufferPointer) -> Duration? {
        var at = 0
        var nanoseconds = 0.0
        while at < value.count {
            var number = 0.0
            var scale = 1.0
            var digits = 0
            var isFraction = false
            while at < value.count, value[at].isDigit || (value[at] == UInt8(ascii: ".") && !isFraction) {
                if value[at] == UInt8(ascii: ".") {
                    isFraction = true
                } else {
                    number = number * 10 + Double(value[at] - 0x30)
                    if isFraction { scale *= 10 }
                    digits += 1
                }
                at += 1
            }
            guard digits > 0, digits < 16, let unit = unit(value, &at) else { return nil }
            nanoseconds += number / scale * unit
        }
        return value.isEmpty ? nil : min(.nanoseconds(Int64(min(nanoseconds, 1e17))), RetryAfter.longest)
    }

    /// In nanoseconds.
    private static func unit(_ value: UnsafeRawBufferPointer, _ at: inout Int) -> Double? {
        guard at < value.count else { return nil }
        let next = at + 1 < value.count ? value[at + 1] : 0
        let hasSecond = next == UInt8(ascii: "s")
        switch value[at] {
        case UInt8(ascii: "d"):
            at += 1
            return 86_400e9
        case UInt8(ascii: "h"):
            at += 1
            return 3600e9
        case UInt8(ascii: "m") where hasSecond:
            at += 2
            return 1e6
        case UInt8(ascii: "m"):
            at += 1
            return 60e9
        case UInt8(ascii: "s"):
            at += 1
            return 1e9
        case UInt8(ascii: "u") where hasSecond:
            at += 2
            return 1e3
        case UInt8(ascii: "n") where hasSecond:
            at += 2
            return 1
        default: return nil
        }
    }
}

/// `2026-01-27T12:00:00Z` (RFC 3339), in UTC; a fraction of a second is passed over.
enum RFC3339 {
    /// Unix seconds.
    static func parse(_ text: UnsafeRawBufferPointer) -> Int64? {
        guard text.count >= 20, text[text.count - 1] == UInt8(ascii: "Z"), text[4] == UInt8(ascii: "-"), text[7] == UInt8(ascii: "-"),
            text[10] == UInt8(ascii: "T"), text[13] == UInt8(ascii: ":"), text[16] == UInt8(ascii: ":"),
            let year = HTTPDate.number(text, 0, 4), let month = HTTPDate.number(text, 5, 2), let day = HTTPDate.number(text, 8, 2),
            let hour = HTTPDate.number(text, 11, 2), let minute = HTTPDate.number(text, 14, 2), let second = HTTPDate.number(text, 17, 2),
            year >= 1970, 1...12 ~= month, 1...31 ~= day, hour < 24, minute < 60, second <= 60,
            text.count == 20 || text[19] == UInt8(ascii: ".")
        else { return nil }
        return (HTTPDate.daysSince1970(year, month, day) * 24 + hour) * 3600 + minute * 60 + second
    }
}
