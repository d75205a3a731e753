/// Hours since 1970 and the UTC days and months they are in.
enum UsageCalendar {
    static let millisecondsOfHour: Int64 = 3_600_000

    static func hour(of unixMilliseconds: Int64) -> Int64 { floor(unixMilliseconds, millisecondsOfHour) }

    /// The hour in which the day, or month, of this hour begins.
    static func start(of span: UsageCell.Span, at hour: Int64) -> Int64 {
        switch span {
        case .hour: return hour
        case .day: return floor(hour, 24) * 24
        case .month:
            let (year, month) = civil(floor(hour, 24))
            return days(year, month) * 24
        }
    }

    /// The first day, or month, that begins in this hour or later.
    static func next(_ span: UsageCell.Span, from hour: Int64) -> Int64 {
        let start = start(of: span, at: hour)
        guard start < hour else { return hour }
        switch span {
        case .hour: return hour
        case .day: return start + 24
        case .month:
            let (year, month) = civil(floor(hour, 24))
            return days(month == 12 ? year + 1 : year, month == 12 ? 1 : month + 1) * 24
        }
    }

    private static func floor(_ value: Int64, _ unit: Int64) -> Int64 { value / unit - (value % unit < 0 ? 1 : 0) }

    // Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": eras of 400 years that begin in March.

    /// Year and month of a day since 1970.
    private static func civil(_ day: Int64) -> (year: Int64, month: Int64) {
        let shifted = day + 719_468
        let era = floor(shifted, 146_097)
        let ofEra = shifted - era * 146_097
        let year = (ofEra - ofEra / 1_460 + ofEra / 36_524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * year + year / 4 - year / 100)
        let month = (5 * ofYear + 2) / 153
        return (era * 400 + year + (month < 10 ? 0 : 1), month < 10 ? month + 3 : month - 9)
    }

    /// Days from 1970 to the first of a month.
    private static func days(_ year: Int64, _ month: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = floor(shifted, 400)
        let ofEra = shifted - era * 400
        let ofYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5
        return era * 146_097 + ofEra * 365 + ofEra / 4 - ofEra / 100 + ofYear - 719_468
    }
}
