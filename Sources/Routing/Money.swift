/// Money in billionths of a US dollar. A request's cost is a few thousand to a few billion of them; `Int64` holds
/// nine billion dollars.
public struct Nanodollars: Hashable, Comparable, Sendable {
    public var amount: Int64
    public init(_ amount: Int64) { self.amount = amount }
    public static let zero = Nanodollars(0)
    public static func < (left: Nanodollars, right: Nanodollars) -> Bool { left.amount < right.amount }
    public static func + (left: Nanodollars, right: Nanodollars) -> Nanodollars {
        let (sum, overflow) = left.amount.addingReportingOverflow(right.amount)
        return Nanodollars(overflow ? .max : sum)
    }
}

extension Nanodollars {
    /// As a JSON number in US dollars, exactly.
    public var dollars: String {
        let units = amount.magnitude
        var fraction = "\(units % 1_000_000_000)"
        fraction = String(repeating: "0", count: 9 - fraction.count) + fraction
        while fraction.hasSuffix("0") { fraction.removeLast() }
        return (amount < 0 ? "-" : "") + "\(units / 1_000_000_000)" + (fraction.isEmpty ? "" : ".\(fraction)")
    }
}
