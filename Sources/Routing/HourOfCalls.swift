/// The calls of the last hour by the minute: sixty sums, and the sum of those.
struct HourOfCalls: Sendable {
    private static let minutes: Int64 = 60
    private static let minute: Int64 = 60_000_000_000

    private var ring: [CallSums] = []
    private var newest = Int64.min
    private(set) var sums = CallSums()

    mutating func add(_ sample: CallSample, at now: Instant) {
        if ring.isEmpty { ring = Array(repeating: CallSums(), count: Int(Self.minutes)) }
        expire(at: now)
        ring[Self.place(newest)] += sample
        sums += sample
    }

    /// Lets go of the minutes that lie an hour back.
    @inline(__always)
    mutating func expire(at now: Instant) {
        let current = Self.number(now)
        if current > newest { advance(to: current) }
    }

    private mutating func advance(to current: Int64) {
        defer { newest = current }
        guard !ring.isEmpty, newest != .min else { return }
        for number in max(newest + 1, current - Self.minutes + 1)...current {
            sums -= ring[Self.place(number)]
            ring[Self.place(number)] = CallSums()
        }
    }

    /// Of a shorter time, to the minute: at most sixty additions. Asked after `expire`.
    func sums(of duration: Int64) -> CallSums {
        var sums = CallSums()
        guard !ring.isEmpty, newest != .min else { return sums }
        for back in 0..<min(Self.minutes, (duration + Self.minute - 1) / Self.minute) { sums += ring[Self.place(newest - back)] }
        return sums
    }

    private static func number(_ now: Instant) -> Int64 {
        let quotient = now.nanoseconds / minute
        return now.nanoseconds < 0 && quotient * minute != now.nanoseconds ? quotient - 1 : quotient
    }

    private static func place(_ number: Int64) -> Int { Int((number % minutes + minutes) % minutes) }
}
