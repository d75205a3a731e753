import Routing

/// What happened when: counts in steps of one length, which doubles as often as there would be more than `most` of them.
public struct Timeline: Hashable, Sendable {
    public struct Step: Hashable, Sendable {
        public internal(set) var answered = 0
        /// Also those refused, and streams that broke off.
        public internal(set) var failed = 0
        public internal(set) var left = 0
        /// By the place of the deployment in the report; shorter where the last ones have none.
        public internal(set) var attempts: [Int] = []
        /// Of answered requests, from arrival to the last byte.
        public internal(set) var latency = Distribution()

        mutating func add(_ other: Step) {
            answered += other.answered
            failed += other.failed
            left += other.left
            if attempts.count < other.attempts.count { attempts += Array(repeating: 0, count: other.attempts.count - attempts.count) }
            for place in other.attempts.indices { attempts[place] += other.attempts[place] }
            latency.add(other.latency)
        }
    }

    static let most = 120

    public private(set) var length = Duration.seconds(1)
    public private(set) var steps: [Step] = []

    mutating func note(at now: Instant, _ what: (inout Step) -> Void) {
        var place = Int(max(0, now.nanoseconds) / length.nanoseconds)
        while place >= Self.most {
            double()
            place = Int(now.nanoseconds / length.nanoseconds)
        }
        while steps.count <= place { steps.append(Step()) }
        what(&steps[place])
    }

    private mutating func double() {
        length = length + length
        steps = stride(from: 0, to: steps.count, by: 2).map { at in
            var step = steps[at]
            if at + 1 < steps.count { step.add(steps[at + 1]) }
            return step
        }
    }
}
