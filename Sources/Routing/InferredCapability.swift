/// How good models' answers are thought to be, 0 ... 1, where neither an operator nor experience says so: by what is charged for them.
///
/// Among models of one time the dearer are the better ones, and what a model can do costs a tenth a year later. `training/capability` says
/// how often that is so.
public enum InferredCapability {
    /// Of prompt and answer, three to one, in the middle of 2025: US dollars per million tokens.
    private static let usualPrice = 3.0
    private static let usualYear = 2025.5
    /// Whose release nobody knows is drawn towards the middle.
    private static let shrinkage = 0.8
    /// Below it prices say nothing more.
    private static let least = 0.02

    /// - Parameters:
    ///   - input: US dollars per million tokens; `output` too.
    ///   - released: As a year with its fraction. Nil: unknown.
    public static func of(input: Double, output: Double, released: Double?) -> Double {
        let price = max(least, (3 * input + output) / 4)
        guard price.isFinite else { return 0.5 }
        var tenfolds = Random.logarithm(price / usualPrice) / 2.302_585_092_994_046
        if let released { tenfolds += min(max(released, 2020), 2040) - usualYear } else { tenfolds *= shrinkage }
        let bent = 0.8 * tenfolds
        return 0.5 + 0.5 * bent / (1 + abs(bent))
    }

    /// The year, with its fraction, of a date that a model's name carries: `2024-08-06` or `20241022`. Nil: none.
    public static func releaseYear(in name: String) -> Double? {
        let bytes = Array(name.utf8)
        for start in bytes.indices where start == 0 || !isDigit(bytes[start - 1]) {
            if let date = date(bytes, at: start) { return date }
        }
        return nil
    }

    private static func date(_ bytes: [UInt8], at start: Int) -> Double? {
        var digits: [Int] = []
        var at = start
        while at < bytes.count, digits.count < 8 {
            if isDigit(bytes[at]) {
                digits.append(Int(bytes[at] - 0x30))
            } else if bytes[at] != 0x2d || (digits.count != 4 && digits.count != 6) {
                break
            }
            at += 1
        }
        guard digits.count == 8, at == bytes.count || !isDigit(bytes[at]) else { return nil }
        func number(_ range: Range<Int>) -> Int { digits[range].reduce(0) { $0 * 10 + $1 } }
        let (year, month, day) = (number(0..<4), number(4..<6), number(6..<8))
        guard 2020...2040 ~= year, 1...12 ~= month, 1...31 ~= day else { return nil }
        return Double(year) + (Double(month - 1) + Double(day) / 31) / 12
    }

    private static func isDigit(_ byte: UInt8) -> Bool { 0x30...0x39 ~= byte }
}

/// What was observed of models, in place of what is declared or inferred.
public struct ObservedCapabilities: Hashable, Sendable {
    /// By deployment name, 0 ... 1.
    public var byName: [String: Double]

    public init(_ byName: [String: Double] = [:]) { self.byName = byName }

    /// Nil: nothing was observed.
    public func capability(of deploymentName: String) -> Double? { byName[deploymentName] }
}
