/// The last measurements of a deployment, in a ring: a true sliding window. The newest replaces the oldest.
public struct LatencyWindow: Hashable, Sendable {
    public static let capacity = 64
    /// Samples older than this say nothing of now.
    public static let maxAge = Duration.seconds(900)

    private struct Sample: Hashable {
        var at: Instant
        /// As it came: to make it a number costs more than to store it, and few are ever looked at.
        var duration: Duration
    }

    private var samples: [Sample] = []
    private var next = 0

    public init() {}

    public mutating func add(_ duration: Duration, at now: Instant) {
        let sample = Sample(at: now, duration: duration)
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
        return recent[min(max(0, rank), recent.count - 1)]
    }

    public func mean(at now: Instant) -> Duration? {
        let recent = recent(now)
        guard !recent.isEmpty else { return nil }
        return recent.reduce(.zero, +) / recent.count
    }

    public func count(at now: Instant) -> Int { recent(now).count }

    private func recent(_ now: Instant) -> [Duration] {
        let oldest = now + (.zero - Self.maxAge)
        return samples.lazy.filter { $0.at >= oldest }.map { max($0.duration, .zero) }
    }
}
