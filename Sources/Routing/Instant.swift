/// A point on the monotonic clock, in nanoseconds since an origin that only differences make visible.
///
/// Deciding takes the time as an argument, so a simulator passes made-up instants and the gateway passes its event loop's.
public struct Instant: Hashable, Comparable, Sendable {
    public var nanoseconds: Int64

    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    public static let zero = Instant(nanoseconds: 0)
    public static let distantFuture = Instant(nanoseconds: .max)

    public static func < (left: Instant, right: Instant) -> Bool { left.nanoseconds < right.nanoseconds }

    /// Saturates at `distantFuture`, so that "forever" plus something stays forever.
    public static func + (instant: Instant, duration: Duration) -> Instant {
        let (sum, overflow) = instant.nanoseconds.addingReportingOverflow(duration.nanoseconds)
        return Instant(nanoseconds: overflow ? (duration.nanoseconds < 0 ? .min : .max) : sum)
    }

    public static func - (left: Instant, right: Instant) -> Duration {
        .nanoseconds(left.nanoseconds &- right.nanoseconds)
    }
}

extension Duration {
    /// Whole nanoseconds, saturated at the range of `Int64` (292 years).
    public var nanoseconds: Int64 {
        // Not through `components`, which costs several hundred instructions; nor, below nine seconds, by a division of 128 bits.
        let all = attoseconds
        if let few = Int64(exactly: all) { return few / 1_000_000_000 }
        return Int64(clamping: all / 1_000_000_000)
    }
}
