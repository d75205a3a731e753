/// An estimate, and between which numbers the truth lies in 95 of 100 cases.
public struct Interval: Hashable, Sendable {
    public var estimate: Double
    public var low: Double
    public var high: Double

    public init(estimate: Double, low: Double, high: Double) {
        self.estimate = estimate
        self.low = low
        self.high = high
    }

    /// Of a normal distribution: 95 of 100 lie within as many standard deviations.
    static let normal = 1.959_963_985

    /// A share, by Wilson's score: right also near 0 and 1. Nil of nothing.
    public static func share(_ hits: Int, of count: Int) -> Interval? {
        guard count > 0 else { return nil }
        let (n, p, z2) = (Double(count), Double(hits) / Double(count), normal * normal)
        let middle = (p + z2 / (2 * n)) / (1 + z2 / n)
        let half = normal / (1 + z2 / n) * (p * (1 - p) / n + z2 / (4 * n * n)).squareRoot()
        return Interval(estimate: p, low: max(0, min(p, middle - half)), high: min(1, max(p, middle + half)))
    }

    /// A percentile of `sorted`, its range by the ranks next to it: nothing is assumed of how the numbers are spread. Nil of nothing.
    public static func percentile(_ part: Double, of sorted: [Double]) -> Interval? {
        guard let last = sorted.last else { return nil }
        let n = Double(sorted.count)
        func at(_ rank: Double) -> Double { rank >= n ? last : sorted[max(0, Int(rank.rounded(.up)) - 1)] }
        let half = normal * (n * part * (1 - part)).squareRoot()
        return Interval(estimate: at(n * part), low: at(n * part - half), high: at(n * part + half + 1))
    }
}

/// Count, mean and spread of numbers that come one by one (Welford 1962): no sum of squares that cancels.
public struct Moments: Hashable, Sendable {
    public private(set) var count = 0
    public private(set) var mean = 0.0
    /// The sum of squared distances from the mean.
    public private(set) var squares = 0.0

    public init() {}

    /// As they were written down.
    public init(count: Int, mean: Double, squares: Double) {
        self.count = count
        self.mean = mean
        self.squares = squares
    }

    /// Those of two together (Chan, Golub and LeVeque 1979).
    public static func += (left: inout Moments, right: Moments) {
        guard right.count > 0 else { return }
        let (n, m) = (Double(left.count), Double(right.count))
        let off = right.mean - left.mean
        left.count += right.count
        left.mean += off * m / (n + m)
        left.squares += right.squares + off * off * n * m / (n + m)
    }

    public mutating func add(_ value: Double) {
        count += 1
        let off = value - mean
        mean += off / Double(count)
        squares += off * (value - mean)
    }

    /// Of the sample; 0 of fewer than two.
    public var variance: Double { count < 2 ? 0 : squares / Double(count - 1) }
    /// Of the mean.
    public var errorSquared: Double { count == 0 ? 0 : variance / Double(count) }

    /// By the normal distribution, which means of some thirty and more follow. Nil of nothing.
    public var interval: Interval? {
        guard count > 0 else { return nil }
        let half = Interval.normal * errorSquared.squareRoot()
        return Interval(estimate: mean, low: mean - half, high: mean + half)
    }
}

/// Pairs of what was and what would be, for the change of their sum.
public struct PairedSums: Hashable, Sendable {
    public internal(set) var count = 0
    public internal(set) var before = 0.0
    public internal(set) var after = 0.0
    var beforeSquared = 0.0
    var afterSquared = 0.0
    var product = 0.0

    public init() {}

    public mutating func add(before: Double, after: Double) {
        count += 1
        self.before += before
        self.after += after
        beforeSquared += before * before
        afterSquared += after * after
        product += before * after
    }

    /// By how much the sum grows, as a part of what it was, by the delta method. Nil where there was nothing.
    public var increase: Interval? {
        guard count > 0, before > 0 else { return nil }
        let n = Double(count)
        let (x, y) = (before / n, after / n)
        let ratio = y / x
        // Spread of y - ratio * x, whose mean is 0.
        let spread = max(0, (afterSquared - 2 * ratio * product + ratio * ratio * beforeSquared) / n)
        let half = Interval.normal * (spread / n).squareRoot() / x
        return Interval(estimate: ratio - 1, low: ratio - 1 - half, high: ratio - 1 + half)
    }
}
