/// The last measurements of a deployment, in a ring: a true sliding window. The newest replaces the oldest.
public struct LatencyWindow: Hashable, Sendable {
    public static let capacity = 64
    /// Samples older than this say nothing of now.
    public static let maxAge = Duration.seconds(900)

    private struct Sample: Hashable {
        var at: Instant
        var nanoseconds: Int64
    }

    private var samples: [Sample] = []
    private var next = 0

    public init() {}

    public mutating func add(_ duration: Duration, at now: Instant) {
        let sample = Sample(at: now, nanoseconds: max(0, duration.nanoseconds))
        if samples.count < Self.capacity {
            if samples.isEmpty { samples.reserveCapacity(Self.capacity) }
            samples.append(sample)
        } else {
            samples[next] = sample
            next = (next + 1) & (Self.capacity - 1)
        }
    }

    /// The nearest-rank percentile of what is recent, or nil without any. Sorts, so it is for looking, not for deciding.
    public func percentile(_ share: Double, at now: Instant) -> Duration? {
        let recent = recent(now).sorted()
        guard !recent.isEmpty else { return nil }
        let wanted = share * Double(recent.count)
        let rank = Int(wanted) - (Double(Int(wanted)) == wanted ? 1 : 0)
        return .nanoseconds(recent[min(max(0, rank), recent.count - 1)])
    }

    public func mean(at now: Instant) -> Duration? {
        let recent = recent(now)
        guard !recent.isEmpty else { return nil }
        return .nanoseconds(recent.reduce(0) { $0 + $1 / Int64(recent.count) })
    }

    public func count(at now: Instant) -> Int { recent(now).count }

    private func recent(_ now: Instant) -> [Int64] {
        let oldest = now + (.zero - Self.maxAge)
        return samples.lazy.filter { $0.at >= oldest }.map(\.nanoseconds)
    }
}
