import Routing

/// What the gateway itself adds to requests, by phase: of one request in `every`, since a look at the clock costs as much as a phase.
struct Overhead: Sendable {
    enum Phase: Int, CaseIterable {
        /// From the request's last byte to its exchange: key, limits, guardrails, what routing needs of the body.
        case admit
        /// Scoring and choosing.
        case decide
        /// Making the provider's request and handing it to a connection that is open.
        case send
        /// From the reply's last byte: usage, cost, the ledger's row, the answer's last frame.
        case settle
        /// Until that row is durable, or patience ends.
        case record

        var name: String { "\(self)" }
    }

    static let every = 32
    /// Bounds double from 1 us to 65.5 ms; the last has none.
    static let buckets = 17
    /// Buckets, then the sum in nanoseconds.
    private static let width = buckets + 2

    private var countdown = 1
    private var cells = Array(repeating: 0, count: Phase.allCases.count * Overhead.width)

    mutating func isDue() -> Bool {
        countdown &-= 1
        if countdown > 0 { return false }
        countdown = Self.every
        return true
    }

    mutating func add(_ phase: Phase, nanoseconds: Int64) {
        let microseconds = (UInt64(max(0, nanoseconds)) + 999) / 1_000
        let bucket = min(microseconds <= 1 ? 0 : UInt64.bitWidth - (microseconds - 1).leadingZeroBitCount, Self.buckets)
        cells[phase.rawValue * Self.width + bucket] += 1
        cells[(phase.rawValue + 1) * Self.width - 1] &+= Int(nanoseconds)
    }

    static func += (left: inout Overhead, right: Overhead) {
        for at in right.cells.indices { left.cells[at] &+= right.cells[at] }
    }

    /// The upper bound of a bucket in seconds.
    static func bound(_ bucket: Int) -> Double { Double(1 << bucket) / 1_000_000 }

    func counts(_ phase: Phase) -> (buckets: [Int], nanoseconds: Int) {
        let first = phase.rawValue * Self.width
        return (Array(cells[first...(first + Self.buckets)]), cells[first + Self.width - 1])
    }
}

extension Exchange {
    /// Whether this request is one of those that are timed; then `mark` is when it began here.
    func timeAdmission(waiting: Bool) {
        guard loop.counters.overhead.isDue() else { return }
        mark = .now()
        if !waiting { loop.counters.overhead.add(.admit, nanoseconds: (mark - started).nanoseconds) }
    }

    func timeSending(since begun: Instant) { loop.counters.overhead.add(.send, nanoseconds: (Instant.now() - begun).nanoseconds) }

    /// From the turn in which the reply's end came.
    func timeSettling() {
        mark = .now()
        loop.counters.overhead.add(.settle, nanoseconds: (mark - loop.time).nanoseconds)
        request.journey.countDecision { _, nanoseconds in
            if nanoseconds > 0 { loop.counters.overhead.add(.decide, nanoseconds: Int64(nanoseconds)) }
        } excluded: { _ in
        }
    }

    func timeRecording() { loop.counters.overhead.add(.record, nanoseconds: (Instant.now() - mark).nanoseconds) }
}

/// Why requests went where they went, and what kept others from serving.
struct DecisionCounts: Sendable {
    /// By `Decision.Reason`.
    var reasons = Array(repeating: 0, count: Decision.Reason.allCases.count)
    /// By `Ineligibility.index`.
    var excluded = Array(repeating: 0, count: Ineligibility.names.count)
    /// Requests whose route a rule chose.
    var byRule = 0

    static func += (left: inout DecisionCounts, right: DecisionCounts) {
        for at in right.reasons.indices { left.reasons[at] += right.reasons[at] }
        for at in right.excluded.indices { left.excluded[at] += right.excluded[at] }
        left.byRule += right.byRule
    }
}

extension Exposition {
    mutating func overhead(_ overhead: Overhead) {
        let name = "swiftlet_overhead_seconds"
        family(name, "histogram", "What this gateway itself adds to a request, by phase; of one request in \(Overhead.every).")
        for phase in Overhead.Phase.allCases {
            let (buckets, nanoseconds) = overhead.counts(phase)
            var below = 0
            for (index, count) in buckets.enumerated() {
                below += count
                let bound = index == Overhead.buckets ? "+Inf" : "\(Overhead.bound(index))"
                sample("\(name)_bucket", ["phase": phase.name, "le": bound], below)
            }
            sample("\(name)_sum", ["phase": phase.name], "\(Double(nanoseconds) / 1e9)")
            sample("\(name)_count", ["phase": phase.name], below)
        }
    }

    mutating func decisions(_ counts: DecisionCounts) {
        family("swiftlet_decisions_total", "counter", "First decisions of requests, by what came of them; none are written down without a ledger.")
        for reason in Decision.Reason.allCases where counts.reasons[Int(reason.rawValue)] > 0 || reason == .strategy {
            sample("swiftlet_decisions_total", ["reason": reason.metric], counts.reasons[Int(reason.rawValue)])
        }
        count("swiftlet_rule_decisions_total", "Requests that a rule sent elsewhere or refused.", counts.byRule)
        family("swiftlet_candidates_excluded_total", "counter", "Deployments that could not serve when a request was decided, by the reason.")
        for (index, name) in Ineligibility.names.enumerated() where counts.excluded[index] > 0 {
            sample("swiftlet_candidates_excluded_total", ["reason": name], counts.excluded[index])
        }
    }
}

extension Decision.Reason {
    /// As metrics name it.
    var metric: String {
        switch self {
        case .strategy: "strategy"
        case .probe: "probe"
        case .panic: "panic"
        case .wait: "wait"
        case .callersFault: "callers_fault"
        case .noneEligible: "none_eligible"
        case .attempts: "attempts"
        case .deadline: "deadline"
        case .cancelled: "cancelled"
        case .tableGone: "table_gone"
        case .retryStorm: "retry_storm"
        case .noBranch: "no_branch"
        case .denied: "denied"
        }
    }
}
