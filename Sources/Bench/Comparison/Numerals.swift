/// Numbers as the page shows them.
enum Numerals {
    /// Rounded, with thousands set apart: 12,345.6
    static func text(_ value: Double, _ places: Int) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return "–" }
        let scale = (0..<places).reduce(1.0) { scale, _ in scale * 10 }
        let scaled = Int64((abs(value) * scale).rounded())
        let digits = Array(String(scaled / Int64(scale)))
        var whole = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { whole.append(",") }
            whole.append(digit)
        }
        let fraction = String(scaled % Int64(scale))
        let tail = places == 0 ? "" : "." + String(repeating: "0", count: places - fraction.count) + fraction
        return (value < 0 && scaled > 0 ? "-" : "") + whole + tail
    }

    static func text(_ spread: Spread?, _ places: Int) -> String { spread.map { text($0.median, places) } ?? "–" }

    static func withRange(_ spread: Spread?, _ places: Int) -> String {
        guard let spread else { return "–" }
        return "\(text(spread.median, places)) (\(text(spread.low, places))–\(text(spread.high, places)))"
    }
}
