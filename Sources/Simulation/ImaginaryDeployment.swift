import Routing

/// A provider made of numbers: how long it takes, and when and how it fails.
public struct ImaginaryDeployment: Sendable {
    public enum Mishap: Sendable {
        /// Each call fails with this probability.
        case chance(Double, Fault)
        /// Every call that begins within these times.
        case outage(from: Instant, to: Instant, Fault)
        /// Down for `down` at the start of every `period`.
        case flapping(period: Duration, down: Duration, Fault)
        /// More calls in a second than this get a rate limit that names this time.
        case rateLimit(perSecond: Int, retryAfter: Duration?)
        /// Latencies are this many times longer within these times.
        case slow(from: Instant, to: Instant, factor: Double)

        /// Something that makes it fail, not merely wait.
        var fails: Bool { if case .slow = self { false } else { true } }
    }

    /// The shortest answer, and what an exponential tail adds on average.
    public var least: Duration
    public var tail: Duration
    public var mishaps: [Mishap]

    private var second = Int64.min
    private var callsThisSecond = 0

    public init(least: Duration = .milliseconds(100), tail: Duration = .milliseconds(200), mishaps: [Mishap] = []) {
        self.least = least
        self.tail = tail
        self.mishaps = mishaps
    }

    public var neverFails: Bool { mishaps.isEmpty }

    /// What a call begun now comes to, and when. A fault comes after the shortest time, a timeout never: the caller's clock ends it.
    mutating func call(at now: Instant, random: inout Random) -> (outcome: Outcome, after: Duration) {
        var factor = 1.0
        var fault: Fault?
        var retryAfter: Duration?
        for mishap in mishaps {
            switch mishap {
            case .chance(let probability, let kind): if random.unit() < probability { fault = fault ?? kind }
            case .outage(let from, let to, let kind): if now >= from, now < to { fault = fault ?? kind }
            case .flapping(let period, let down, let kind):
                if now.nanoseconds % max(1, period.nanoseconds) < down.nanoseconds { fault = fault ?? kind }
            case .rateLimit(let perSecond, let wait):
                if isOver(perSecond, at: now), fault == nil {
                    fault = .rateLimit
                    retryAfter = wait
                }
            case .slow(let from, let to, let times): if now >= from, now < to { factor *= times }
            }
        }
        if let fault { return (.fault(fault, retryAfter: retryAfter), fault == .timeout ? .seconds(1_000_000) : least) }
        let tokens = 1 + random.below(500)
        let total = Double(least.nanoseconds) + random.exponential() * Double(tail.nanoseconds)
        let duration = Duration.nanoseconds(Int64(total * factor))
        return (.success(firstByte: duration / 4, total: duration, outputTokens: tokens), duration)
    }

    private mutating func isOver(_ perSecond: Int, at now: Instant) -> Bool {
        let current = now.nanoseconds / 1_000_000_000
        if current != second {
            second = current
            callsThisSecond = 0
        }
        callsThisSecond += 1
        return callsThisSecond > perSecond
    }
}
