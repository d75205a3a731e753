import Routing

/// Times by their frequency, to three parts in a hundred: enough for percentiles, and small however many are added.
public struct Distribution: Hashable, Sendable {
    /// Thirty-two steps from each power of two to the next.
    private static let stepBits: Int64 = 5
    private var counts: [Int32] = []
    public private(set) var count = 0
    private var sum: Double = 0

    public init() {}

    mutating func add(_ time: Duration) {
        let nanoseconds = max(0, time.nanoseconds)
        let bucket = Self.bucket(nanoseconds)
        if bucket >= counts.count { counts += Array(repeating: 0, count: bucket + 1 - counts.count) }
        counts[bucket] += 1
        count += 1
        sum += Double(nanoseconds)
    }

    mutating func add(_ other: Distribution) {
        if counts.count < other.counts.count { counts += Array(repeating: 0, count: other.counts.count - counts.count) }
        for bucket in other.counts.indices { counts[bucket] += other.counts[bucket] }
        count += other.count
        sum += other.sum
    }

    /// Nil without any.
    public func percentile(_ part: Double) -> Duration? {
        guard count > 0 else { return nil }
        var left = max(1, Int((Double(count) * part).rounded(.up)))
        for (bucket, number) in counts.enumerated() {
            left -= Int(number)
            if left <= 0 { return .nanoseconds(Self.upperBound(of: bucket)) }
        }
        return nil
    }

    public var mean: Duration? { count == 0 ? nil : .nanoseconds(Int64(sum / Double(count))) }

    private static func bucket(_ value: Int64) -> Int {
        let steps = Int64(1) << stepBits
        guard value >= steps else { return Int(value) }
        let shift = Int64(63 - value.leadingZeroBitCount) - stepBits
        return Int(shift * steps + value >> shift)
    }

    private static func upperBound(of bucket: Int) -> Int64 {
        let steps = Int64(1) << stepBits
        let bucket = Int64(bucket)
        guard bucket >= steps else { return bucket }
        let shift = bucket / steps - 1
        return (bucket - shift * steps + 1) << shift - 1
    }
}
