/// How long a provider asks to be left alone.
public enum RetryAfter {
    /// The longest that is believed; a provider that says a week is asked again sooner.
    public static let longest = Duration.seconds(86_400)

    /// The value of `retry-after`: seconds (some providers send fractions) or a date. `now`: Unix seconds. A date that has
    /// passed is zero, anything else is nil.
    public static func parse(_ value: UnsafeRawBufferPointer, now: Int64) -> Duration? {
        if let seconds = decimal(value) { return capped(.milliseconds(seconds)) }
        guard let date = HTTPDate.parse(value) else { return nil }
        return capped(.seconds(max(0, min(date, now + 1_000_000) - now)))
    }

    /// The value of `retry-after-ms`.
    public static func parseMilliseconds(_ value: UnsafeRawBufferPointer) -> Duration? {
        decimal(value).map { capped(.microseconds($0)) }
    }

    private static func capped(_ duration: Duration) -> Duration { min(duration, longest) }

    /// A plain decimal number times 1,000, rounded up; at most 12 digits count before the point.
    private static func decimal(_ value: UnsafeRawBufferPointer) -> Int64? {
        var sum: Int64 = 0
        var decimals = -1
        var digits = 0
        var rest = false
        for byte in value {
            if byte == UInt8(ascii: "."), decimals < 0, digits > 0 {
                decimals = 0
                continue
            }
            guard byte.isDigit else { return nil }
            digits += 1
            if decimals < 0 {
                sum = min(sum * 10 + Int64(byte - 0x30), 999_999_999_999)
            } else if decimals < 3 {
                sum = sum * 10 + Int64(byte - 0x30)
                decimals += 1
            } else if byte != 0x30 {
                rest = true
            }
        }
        guard digits > 0, decimals != 0 else { return nil }
        for _ in max(decimals, 0)..<3 { sum *= 10 }
        return sum + (rest ? 1 : 0)
    }
}

/// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, section 5.6.7); the two obsolete forms are not read.
enum HTTPDate {
    private static let months: StaticString = "JanFebMarAprMayJunJulAugSepOctNovDec"
    private static let days: StaticString = "MonTueWedThuFriSatSun"

    /// Unix seconds.
    static func parse(_ text: UnsafeRawBufferPointer) -> Int64? {
        guard text.count == 29, index(text, 0, of: days) != nil, literal(text, 3, ", "), literal(text, 7, " "), literal(text, 11, " "),
            literal(text, 16, " "), literal(text, 19, ":"), literal(text, 22, ":"), literal(text, 25, " GMT"),
            let day = number(text, 5, 2), let month = index(text, 8, of: months), let year = number(text, 12, 4),
            let hour = number(text, 17, 2), let minute = number(text, 20, 2), let second = number(text, 23, 2),
            day >= 1, day <= 31, year >= 1970, hour < 24, minute < 60, second <= 60
        else { return nil }
        return (daysSince1970(year, month + 1, day) * 24 + hour) * 3600 + minute * 60 + second
    }

    /// Howard Hinnant's days_from_civil: years begin in March, so that the leap day is their last.
    static func daysSince1970(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let y = month <= 2 ? year - 1 : year
        let era = y / 400
        let yearOfEra = y - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func literal(_ text: UnsafeRawBufferPointer, _ at: Int, _ wanted: StaticString) -> Bool {
        (0..<wanted.utf8CodeUnitCount).allSatisfy { text[at + $0] == wanted.utf8Start[$0] }
    }

    static func number(_ text: UnsafeRawBufferPointer, _ at: Int, _ count: Int) -> Int64? {
        var sum: Int64 = 0
        for byte in text[at..<at + count] {
            guard byte.isDigit else { return nil }
            sum = sum * 10 + Int64(byte - 0x30)
        }
        return sum
    }

    /// Which of the three-letter names stands at `at`.
    private static func index(_ text: UnsafeRawBufferPointer, _ at: Int, of names: StaticString) -> Int64? {
        for name in 0..<names.utf8CodeUnitCount / 3 where (0..<3).allSatisfy({ text[at + $0] == names.utf8Start[name * 3 + $0] }) {
            return Int64(name)
        }
        return nil
    }
}
