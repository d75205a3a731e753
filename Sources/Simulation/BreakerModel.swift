import Routing

/// When a deployment must rest, worked out a second time from the policy's words: a list of faults instead of a ring, and no
/// averages. What it says is compared with what the router does.
struct BreakerModel: Sendable {
    private(set) var policy: BreakerPolicy
    /// Those that count towards the threshold, and those of classes with an allowance of their own.
    private var faults: [Instant] = []
    private var faultsOfClass: [Fault: [Instant]] = [:]
    /// Nil: closed.
    private(set) var restsUntil: Instant?
    private(set) var probes = 0

    init(_ policy: BreakerPolicy) { self.policy = policy }

    /// A share of failed calls opens it too, which is counted in coarse steps of time: then this knows only some of the rests.
    var isExact: Bool { policy.failureRatio == nil }

    func isResting(at now: Instant) -> Bool { restsUntil.map { now < $0 } ?? false }
    /// Its rest is over, and only a probe may show whether it is well.
    func wantsProbe(at now: Instant) -> Bool { restsUntil.map { now >= $0 } ?? false }

    func state(at now: Instant) -> HealthReport.State { restsUntil == nil ? .closed : isResting(at: now) ? .open : .halfOpen }

    mutating func adopt(_ policy: BreakerPolicy) {
        let isCountedAlike =
            policy.window == self.policy.window && policy.failureThreshold == self.policy.failureThreshold
            && Fault.allCases.allSatisfy { policy.allowed(of: $0) == self.policy.allowed(of: $0) }
        if !isCountedAlike { forget() }
        self.policy = policy
    }

    private mutating func forget() {
        faults = []
        faultsOfClass = [:]
    }

    mutating func begins(probe: Bool) { if probe { probes += 1 } }

    mutating func ended(_ outcome: Outcome, probe: Bool, panic: Bool, hasSiblings: Bool, at now: Instant) {
        if probe { probes -= 1 }
        switch outcome {
        case .success:
            let canClose = !isExact || (restsUntil != nil && restsUntil != .distantFuture)
            if probe || (panic && canClose) { close() }
        case .cancelled, .fault(.cancelled, retryAfter: _): break
        case .fault(let fault, let retryAfter):
            guard policy.counts.contains(fault) || policy.allowed(of: fault) != nil else {
                if probe { close() }
                return
            }
            let isFull = count(fault, at: now)
            let isLimit = fault == .rateLimit || fault == .quotaExceeded
            let isAtOnce = policy.restsAtOnce.contains(fault) && policy.allowed(of: fault) == nil && (hasSiblings || !isLimit)
            if probe || isFull || isAtOnce { rest(retryAfter, forOperator: isFull && !policy.autoRecovery, at: now) }
        }
    }

    /// Whether it is one more than the policy bears within its window.
    private mutating func count(_ fault: Fault, at now: Instant) -> Bool {
        if let allowed = policy.allowed(of: fault) { return Self.isFull(&faultsOfClass[fault, default: []], allowed + 1, policy.window, at: now) }
        return Self.isFull(&faults, policy.failureThreshold, policy.window, at: now)
    }

    private static func isFull(_ faults: inout [Instant], _ threshold: Int, _ window: Duration, at now: Instant) -> Bool {
        guard threshold > 0 else { return false }
        faults.append(now)
        if faults.count > threshold { faults.removeFirst() }
        return faults.count == threshold && now - faults[0] <= window
    }

    mutating func reset() {
        close()
        probes = 0
    }

    private mutating func close() {
        forget()
        restsUntil = nil
    }

    private mutating func rest(_ retryAfter: Duration?, forOperator: Bool, at now: Instant) {
        guard policy.cooldown > .zero else {
            restsUntil = nil
            return
        }
        var length = policy.cooldown
        if let retryAfter, !policy.cooldownIsItsOwn { length = min(max(retryAfter, .zero), policy.longestRetryAfter) }
        let until = forOperator ? Instant.distantFuture : now + length
        // What was begun before a rest can lengthen it, and not shorten it.
        if isResting(at: now), let current = restsUntil, until < current { return }
        restsUntil = until
    }
}
