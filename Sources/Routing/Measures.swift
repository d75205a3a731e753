/// What strategies want to know of a deployment's calls.
struct Measures: Sendable {
    /// Without an answer it is tried again after this long, so that one that only fails is neither forgotten nor asked by everybody.
    static let pauseAfterFault = Duration.seconds(10)
    /// Who was not asked for so long is measured anew, whatever the window holds.
    static let stale = RecentCalls.maxAge
    /// How long a median is believed: to find it anew on every decision would cost more than the decision.
    static let medianLifetime = Duration.seconds(1)

    private var recent = RecentCalls()
    private var hour = HourOfCalls()
    private var total = CallSums()
    private var lastCall = Instant(nanoseconds: .min)
    private var lastFault = Instant(nanoseconds: .min)
    private var medians = (Median(), Median())

    private struct Median {
        var until = Instant(nanoseconds: .min)
        var seconds = Double.nan
    }

    mutating func add(_ sample: CallSample, at now: Instant) {
        recent.expire(at: now)
        recent.add(sample)
        hour.add(sample, at: now)
        total += sample
        lastCall = now
        if sample.isFault { lastFault = now }
    }

    mutating func sums(_ window: MeasureWindow, at now: Instant) -> CallSums {
        if window.nanoseconds == .max { return total }
        if window.nanoseconds > RecentCalls.maxAge.nanoseconds {
            hour.expire(at: now)
            return window == .hour ? hour.sums : hour.sums(of: window.nanoseconds)
        }
        recent.expire(at: now)
        if window == .quarterHour { return recent.sums }
        return recent.sums(since: now + .nanoseconds(-window.nanoseconds))
    }

    /// Not a number: not measured, and to be tried. The worst there is: not measured, but it failed a moment ago.
    @inline(__always)
    mutating func value(_ kind: Measure.Kind, _ window: MeasureWindow, streaming: Bool, at now: Instant) -> Double {
        if lastCall < now + (.zero - Self.stale) { return .nan }
        if let value = sums(window, at: now).value(kind, streaming: streaming) { return value }
        return unmeasured(kind, at: now)
    }

    private func unmeasured(_ kind: Measure.Kind, at now: Instant) -> Double {
        if lastFault < now + (.zero - Self.pauseAfterFault) { return .nan }
        return kind == .throughput ? -.infinity : .infinity
    }

    /// The middle latency: a few that hung do not hide that the rest are fast. Of a window beyond the quarter hour the mean.
    @inline(__always)
    mutating func typicalLatency(_ window: MeasureWindow, streaming: Bool, at now: Instant) -> Double {
        if window != .quarterHour { return value(.latency, window, streaming: streaming, at: now) }
        let known = streaming ? medians.0 : medians.1
        if now < known.until { return known.seconds }
        return findMedian(streaming: streaming, at: now)
    }

    private mutating func findMedian(streaming: Bool, at now: Instant) -> Double {
        recent.expire(at: now)
        guard let seconds = recent.median(firstByte: streaming) else { return unmeasured(.latency, at: now) }
        let fresh = Median(until: now + Self.medianLifetime, seconds: seconds)
        if streaming { medians.0 = fresh } else { medians.1 = fresh }
        return seconds
    }
}
