/// When the last faults came, as many as are borne and one more, in a ring: full and its oldest within the window means too many.
/// A true sliding window; faults do not leave it a slice at a time.
struct FaultRing: Hashable, Sendable {
    private var times: [Instant] = []
    private var oldest = 0

    /// Notes a fault; true when it is number `threshold` within the window. The threshold is the same at every call; zero is never
    /// reached.
    mutating func add(_ now: Instant, threshold: Int, within window: Duration) -> Bool {
        guard threshold > 0 else { return false }
        if times.count < threshold {
            times.append(now)
        } else {
            times[oldest] = now
            oldest = (oldest + 1) % threshold
        }
        return times.count == threshold && now - times[oldest] <= window
    }

    mutating func clear() {
        times.removeAll(keepingCapacity: true)
        oldest = 0
    }
}
