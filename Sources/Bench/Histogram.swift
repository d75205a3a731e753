/// Durations counted in buckets whose width is 1/128 to 1/256 of their value: percentiles are right to 0.8 % at any
/// scale, a record costs a shift, and a second of a million values takes no more memory than one of ten.
struct Histogram {
    private static let bits = 8
    private static let half = 1 << (bits - 1)

    private var buckets: [UInt32] = Array(repeating: 0, count: half * 42)
    private(set) var count = 0
    private(set) var largest: Int64 = 0

    mutating func record(_ nanoseconds: Int64) {
        let value = max(nanoseconds, 0)
        buckets[min(Self.bucket(of: value), buckets.count - 1)] += 1
        count += 1
        largest = max(largest, value)
    }

    /// The middle of the bucket in which the value lies that `fraction` of all are not above; nil when there are none.
    func percentile(_ fraction: Double) -> Double? {
        guard count > 0 else { return nil }
        let rank = min(Int(Double(count) * fraction), count - 1)
        var seen = 0
        for (index, number) in buckets.enumerated() {
            seen += Int(number)
            if seen > rank { return Self.middle(of: index) }
        }
        return Double(largest)
    }

    /// Values under 2^bits have a bucket each; above, each octave is cut into `half` buckets.
    private static func bucket(of value: Int64) -> Int {
        let shift = max(0, 64 - value.leadingZeroBitCount - bits)
        return shift * half + Int(value >> Int64(shift))
    }

    private static func middle(of bucket: Int) -> Double {
        guard bucket >= 2 * half else { return Double(bucket) }
        let shift = bucket / half - 1
        let low = Int64(bucket - shift * half) << Int64(shift)
        return Double(low) + Double(Int64(1) << Int64(shift)) / 2
    }
}

/// Microseconds, as reports give them.
public struct Percentiles: Codable, Sendable {
    public var count: Int
    public var p50: Double
    public var p90: Double
    public var p99: Double
    public var p999: Double
    public var max: Double

    init?(_ histogram: Histogram) {
        guard histogram.count > 0 else { return nil }
        func microseconds(_ fraction: Double) -> Double { ((histogram.percentile(fraction) ?? 0) / 100).rounded() / 10 }
        count = histogram.count
        p50 = microseconds(0.5)
        p90 = microseconds(0.9)
        p99 = microseconds(0.99)
        p999 = microseconds(0.999)
        max = (Double(histogram.largest) / 100).rounded() / 10
    }
}
