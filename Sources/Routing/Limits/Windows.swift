/// A day of the proleptic Gregorian calendar in UTC.
public struct CivilDay: Hashable, Sendable {
    public var year: Int64
    /// 1 to 12.
    public var month: Int64
    /// 1 to 31.
    public var day: Int64

    public init(year: Int64, month: Int64, day: Int64) {
        self.year = year
        self.month = month
        self.day = day
    }

    /// Howard Hinnant's civil_from_days, for days since 1970, negative ones too.
    public init(daysSince1970: Int64) {
        let days = daysSince1970 + 719_468
        let era = Self.floor(days, 146_097)
        let dayOfEra = days - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shifted + 2) / 5 + 1
        month = shifted < 10 ? shifted + 3 : shifted - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    /// days_from_civil, of the same page.
    public var daysSince1970: Int64 {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = Self.floor(shiftedYear, 400)
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    var unixMilliseconds: Int64 { daysSince1970 * LimitWindow.day }

    /// The first day of a month so many months later.
    func firstOfMonth(adding months: Int64) -> CivilDay {
        let number = year * 12 + month - 1 + months
        let year = Self.floor(number, 12)
        return CivilDay(year: year, month: number - year * 12 + 1, day: 1)
    }

    static func floor(_ value: Int64, _ divisor: Int64) -> Int64 {
        value >= 0 ? value / divisor : -((divisor - 1 - value) / divisor)
    }
}

/// From when until when an account counts before it begins anew: milliseconds since 1970, the end excluded.
public struct LimitWindow: Hashable, Sendable {
    public var start: Int64
    public var end: Int64

    public init(start: Int64, end: Int64) {
        self.start = start
        self.end = end
    }

    /// That of accounts that never begin anew.
    public static let always = LimitWindow(start: 0, end: .max)

    static let minute: Int64 = 60_000
    static let day: Int64 = 86_400_000
    /// The years 0 to 9999: a clock beyond them is taken for the nearest of them.
    static let times: ClosedRange<Int64> = -62_167_219_200_000...253_402_300_799_999

    public func contains(_ unixMilliseconds: Int64) -> Bool { unixMilliseconds >= start && unixMilliseconds < end }
}

extension LimitPeriod {
    /// The window that a moment falls into.
    public func window(at unixMilliseconds: Int64) -> LimitWindow {
        let now = min(max(unixMilliseconds, LimitWindow.times.lowerBound), LimitWindow.times.upperBound)
        switch self {
        case .total, .second: return .always
        case .minute:
            let start = CivilDay.floor(now, LimitWindow.minute) * LimitWindow.minute
            return LimitWindow(start: start, end: start + LimitWindow.minute)
        case .day:
            let start = CivilDay.floor(now, LimitWindow.day) * LimitWindow.day
            return LimitWindow(start: start, end: start + LimitWindow.day)
        case .week:
            // 1970-01-01 was a Thursday: Mondays are three days before and four days after it.
            let week = CivilDay.floor(now + 3 * LimitWindow.day, 7 * LimitWindow.day)
            let start = week * 7 * LimitWindow.day - 3 * LimitWindow.day
            return LimitWindow(start: start, end: start + 7 * LimitWindow.day)
        case .month: return Self.months(1, at: now)
        case .quarter: return Self.months(3, at: now)
        case .year: return Self.months(12, at: now)
        }
    }

    /// The window of so many whole months that divide a year.
    private static func months(_ count: Int64, at now: Int64) -> LimitWindow {
        let today = CivilDay(daysSince1970: CivilDay.floor(now, LimitWindow.day))
        let first = CivilDay(year: today.year, month: (today.month - 1) / count * count + 1, day: 1)
        return LimitWindow(start: first.unixMilliseconds, end: first.firstOfMonth(adding: count).unixMilliseconds)
    }
}

/// The windows of this moment, found anew once a minute: all begin and end with whole minutes.
struct WindowClock: Sendable {
    /// Clocks are set back by this much in daily life: so long the youngest time seen counts on.
    static let jitter: Int64 = 5_000

    private(set) var now = LimitWindow.times.lowerBound
    private var minute = LimitWindow(start: .min, end: .min)
    /// By raw value of `LimitPeriod`.
    private var windows = Array(repeating: LimitWindow.always, count: LimitPeriod.allCases.count)

    subscript(period: LimitPeriod) -> LimitWindow { windows[Int(period.rawValue)] }

    /// True: windows are others than before.
    mutating func advance(to unixMilliseconds: Int64) -> Bool {
        let time = min(max(unixMilliseconds, LimitWindow.times.lowerBound), LimitWindow.times.upperBound)
        if time >= now || now - time > Self.jitter { now = time }
        if minute.contains(now) { return false }
        for period in LimitPeriod.allCases { windows[Int(period.rawValue)] = period.window(at: now) }
        minute = self[.minute]
        return true
    }
}
