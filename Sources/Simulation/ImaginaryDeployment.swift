import Routing

/// A provider made of numbers: how long it takes, and when and how it fails.
public struct ImaginaryDeployment: Sendable {
    public indirect enum Mishap: Sendable {
        /// Each call fails with this probability.
        case fails(Double, Fault)
        /// Down for `down` at the start of every `period`.
        case flaps(period: Duration, down: Duration, Fault)
        /// More calls within each `per` than this get a rate limit that names this time.
        case limits(calls: Int, per: Duration, retryAfter: Duration?)
        /// Takes so many times longer.
        case slow(Double)
        /// This share of the calls takes so many times longer.
        case lags(Double, times: Double)
        /// This share of the calls gets no answer: the caller's clock ends them.
        case hangs(Double)
        /// Fails while more than so many calls are open.
        case crowded(above: Int, Fault)
        /// Takes longer in proportion while more than so many calls are open.
        case queues(above: Int)
        /// This share of the users fails, always the same ones.
        case refuses(Double, Fault)
        /// Prompts of more tokens than this fail.
        case tooLong(above: Int, Fault)
        /// This share of the streams breaks off after its first tokens, when no other can answer any more.
        case cuts(Double)
        /// Only calls that begin within these times.
        case during(Instant, Instant, Mishap)

        public static func outage(from: Instant, to: Instant, _ fault: Fault) -> Mishap { .during(from, to, .fails(1, fault)) }

        /// Something that makes it fail, not merely wait.
        var fails: Bool {
            switch self {
            case .slow, .lags, .queues: false
            case .during(_, _, let mishap): mishap.fails
            default: true
            }
        }
    }

    /// What a call comes to, and when.
    struct Answer {
        var outcome: Outcome
        var after: Duration
        /// Nil: none ever came.
        var firstByte: Duration?
        /// The stream breaks off then: what its client has seen cannot be taken back.
        var isCut = false
    }

    /// The shortest time to the first byte, and what an exponential tail adds on average.
    public var least: Duration
    public var tail: Duration
    /// Zero: the whole answer comes at once.
    public var tokensPerSecond: Double
    public var mishaps: [Mishap]

    private(set) var open = 0
    private var window = Int64.min
    private var callsInWindow = 0

    public init(
        least: Duration = .milliseconds(80), tail: Duration = .milliseconds(120), tokensPerSecond: Double = 800, mishaps: [Mishap] = []
    ) {
        self.least = least
        self.tail = tail
        self.tokensPerSecond = tokensPerSecond
        self.mishaps = mishaps
    }

    public var neverFails: Bool { !mishaps.contains(where: \.fails) }

    /// What has gone wrong with one call so far.
    private struct Verdict {
        var fault: Fault?
        var retryAfter: Duration?
        var hangs = false
        var isCut = false
        var factor = 1.0
    }

    /// A fault comes after the shortest time, and some only when the caller's clock ends it.
    mutating func call(_ facts: borrowing Facts, tokens: Int, at now: Instant, random: inout Random) -> Answer {
        var verdict = Verdict()
        for mishap in mishaps { judge(mishap, facts, at: now, &verdict, &random) }
        open += 1
        let never = Duration.seconds(1_000_000)
        if let fault = verdict.fault {
            return Answer(outcome: .fault(fault, retryAfter: verdict.retryAfter), after: fault == .timeout ? never : least)
        }
        if verdict.hangs { return Answer(outcome: .fault(.timeout, retryAfter: nil), after: never) }
        let first = (Double(least.nanoseconds) + random.exponential() * Double(tail.nanoseconds)) * verdict.factor
        let rest = tokensPerSecond > 0 ? Double(tokens) / tokensPerSecond * 1e9 * verdict.factor : 0
        let firstByte = Duration.nanoseconds(Int64(first))
        let total = Duration.nanoseconds(Int64(first + rest))
        if verdict.isCut, facts.needs.contains(.streaming) {
            let half = Duration.nanoseconds(Int64(first + rest / 2))
            return Answer(outcome: .fault(.unavailable, retryAfter: nil), after: half, firstByte: firstByte, isCut: true)
        }
        let streams = facts.needs.contains(.streaming)
        let success = Outcome.success(
            firstByte: streams ? firstByte : total, total: total, outputTokens: tokens, streamed: streams, inputTokens: facts.inputTokens)
        return Answer(outcome: success, after: total, firstByte: firstByte)
    }

    mutating func ended() { open -= 1 }

    private mutating func judge(
        _ mishap: Mishap, _ facts: borrowing Facts, at now: Instant, _ verdict: inout Verdict, _ random: inout Random
    ) {
        func fail(_ fault: Fault) { if verdict.fault == nil { verdict.fault = fault } }
        switch mishap {
        case .fails(let share, let fault): if random.unit() < share { fail(fault) }
        case .flaps(let period, let down, let fault):
            if now.nanoseconds % max(1, period.nanoseconds) < down.nanoseconds { fail(fault) }
        case .limits(let calls, let per, let wait):
            if isOver(calls, per, at: now), verdict.fault == nil {
                verdict.fault = .rateLimit
                verdict.retryAfter = wait
            }
        case .slow(let times): verdict.factor *= times
        case .lags(let share, let times): if random.unit() < share { verdict.factor *= times }
        case .hangs(let share): if random.unit() < share { verdict.hangs = true }
        case .crowded(let above, let fault): if open >= above { fail(fault) }
        case .queues(let above): if open >= above { verdict.factor *= Double(open + 1) / Double(max(1, above)) }
        case .refuses(let share, let fault):
            if Double(Random.mix(facts.user) >> 11) * 0x1p-53 < share { fail(fault) }
        case .tooLong(let above, let fault): if facts.inputTokens > above { fail(fault) }
        case .cuts(let share): if random.unit() < share { verdict.isCut = true }
        case .during(let from, let to, let mishap):
            if now >= from, now < to { judge(mishap, facts, at: now, &verdict, &random) }
        }
    }

    private mutating func isOver(_ calls: Int, _ per: Duration, at now: Instant) -> Bool {
        let current = now.nanoseconds / max(1, per.nanoseconds)
        if current != window {
            window = current
            callsInWindow = 0
        }
        callsInWindow += 1
        return callsInWindow > calls
    }
}
