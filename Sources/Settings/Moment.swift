import Schema

/// A day or a second in UTC: `2027-01-31`, which is its beginning, or `2027-01-31T12:00:00Z`.
public struct Moment: Hashable, Comparable, SettingValue {
    /// Since 1970.
    public var seconds: Int64

    public init(seconds: Int64) { self.seconds = seconds }

    public static func < (left: Moment, right: Moment) -> Bool { left.seconds < right.seconds }

    public static let shape = Shape.text(
        "day or time in UTC", example: "2027-01-31", pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)?$")

    public static func read(_ node: Node, at path: String, _ reading: inout Reading) -> Moment? {
        readWord(node, at: path, &reading, expected: "a day such as 2027-01-31, or a time such as 2027-01-31T12:00:00Z") { Moment(written: $0) }
    }

    public init?(written text: String) {
        let halves = text.split(separator: "T", omittingEmptySubsequences: false)
        guard let day = Self.numbers(halves[0], by: "-", digits: [4, 2, 2]), 1970...9999 ~= day[0], 1...12 ~= day[1] else { return nil }
        let isLeap = day[0] % 4 == 0 && (day[0] % 100 != 0 || day[0] % 400 == 0)
        let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard 1...lengths[day[1] - 1] ~= day[2] else { return nil }
        let year = day[0] - 1
        let leapDays = (year / 4 - year / 100 + year / 400) - (1969 / 4 - 1969 / 100 + 1969 / 400)
        let days = (day[0] - 1970) * 365 + leapDays + lengths[..<(day[1] - 1)].reduce(0, +) + day[2] - 1
        seconds = Int64(days) * 86_400
        if halves.count == 1 { return }
        guard halves.count == 2, halves[1].hasSuffix("Z"), let time = Self.numbers(halves[1].dropLast(), by: ":", digits: [2, 2, 2]),
            time[0] < 24, time[1] < 60, time[2] < 60
        else { return nil }
        seconds += Int64(time[0] * 3600 + time[1] * 60 + time[2])
    }

    /// As it would be written, to the second.
    public var written: String? {
        var days = seconds / 86_400
        var year = 1970
        func length(_ year: Int) -> Int64 { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 366 : 365 }
        while days >= length(year) {
            days -= length(year)
            year += 1
        }
        let lengths = [31, length(year) == 366 ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        var month = 0
        while days >= Int64(lengths[month]) {
            days -= Int64(lengths[month])
            month += 1
        }
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let rest = seconds % 86_400
        return "\(year)-\(two(Int64(month + 1)))-\(two(days + 1))T\(two(rest / 3600)):\(two(rest / 60 % 60)):\(two(rest % 60))Z"
    }

    private static func numbers(_ text: Substring, by separator: Character, digits: [Int]) -> [Int]? {
        let parts = text.split(separator: separator, omittingEmptySubsequences: false)
        guard parts.map(\.utf8.count) == digits, parts.allSatisfy({ $0.utf8.allSatisfy { 0x30...0x39 ~= $0 } }) else { return nil }
        return parts.compactMap { Int($0) }
    }
}
