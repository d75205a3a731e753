/// Closed, open, half open: whether a deployment may be called. A cooldown is the same with other thresholds.
struct Breaker: Hashable, Sendable {
    enum State: UInt8, Hashable, Sendable { case closed, open, halfOpen }

    private(set) var policy: BreakerPolicy
    /// `halfOpen` from the first probe on; before it an `open` one whose time has come is as good.
    private(set) var state = State.closed
    private(set) var restsUntil = Instant.zero
    /// The provider itself named the time.
    private(set) var restIsNamed = false
    private(set) var probing = false
    private var faults = FaultRing()
    /// Of the classes that have an allowance of their own, by `Fault.rawValue`; empty until one of them comes.
    private var faultsOfClass: [FaultRing] = []
    private var outcomes: OutcomeWindow

    init(_ policy: BreakerPolicy) {
        self.policy = policy
        outcomes = OutcomeWindow(over: policy.window)
    }

    /// Settings changed. What was counted under another window is forgotten, a rest goes on.
    mutating func adopt(_ policy: BreakerPolicy) {
        guard policy != self.policy else { return }
        if !policy.countsLike(self.policy) {
            faults = FaultRing()
            faultsOfClass = []
            outcomes = OutcomeWindow(over: policy.window)
        }
        self.policy = policy
    }

    /// Whether a call now would be the probe.
    @inline(__always)
    func wouldProbe(at now: Instant) -> Bool { state != .closed && !probing && now >= restsUntil }

    @inline(__always)
    func isResting(at now: Instant) -> Bool { state == .open && now < restsUntil }

    /// What an operator or a metric sees.
    func shownState(at now: Instant) -> State { state == .open && now >= restsUntil ? .halfOpen : state }

    mutating func beginProbe() {
        state = .halfOpen
        probing = true
    }

    /// A call ended well, or badly by the caller's own doing: the deployment answers.
    mutating func answered(at now: Instant, probe: Bool, panic: Bool) {
        outcomes.add(success: true, at: now)
        if probe { probing = false }
        if probe || (panic && state != .closed && restsUntil != .distantFuture) { close() }
    }

    /// A probe that ended without a verdict leaves the place to another.
    mutating func withdrawn(probe: Bool) {
        if probe { probing = false }
    }

    /// A call failed. `retryAfter` is the provider's word; `hasSiblings` says that another deployment of the route could serve.
    mutating func failed(_ fault: Fault, retryAfter: Duration?, at now: Instant, probe: Bool, hasSiblings: Bool) {
        if probe { probing = false }
        let allowed = policy.allowed(of: fault)
        guard allowed != nil || policy.counts.contains(fault) else {
            if probe { close() }
            return
        }
        outcomes.add(success: false, at: now)
        let isTooMuch =
            allowed.map { count(fault, allowed: $0, at: now) } ?? faults.add(now, threshold: policy.failureThreshold, within: policy.window)
        let thresholdReached = isTooMuch || ratioReached(at: now, hasSiblings: hasSiblings)
        let limitsRate = fault == .rateLimit || fault == .quotaExceeded
        let atOnce = allowed == nil && policy.restsAtOnce.contains(fault) && (!limitsRate || hasSiblings)
        if probe || thresholdReached || atOnce { rest(after: fault, retryAfter: retryAfter, at: now, forOperator: thresholdReached) }
    }

    /// Another gateway's breaker opened. Its word rests this one no longer than a fault of its own would, and the probe behind it tells
    /// the truth: a gateway that is cut off itself must not silence the others. Returns whether it rests that did not.
    mutating func heardOpen(for rest: Duration, at now: Instant) -> Bool {
        guard policy.cooldown > .zero, state == .closed else { return false }
        state = .open
        restsUntil = now + (rest > .zero ? min(rest, policy.cooldown) : policy.cooldown)
        restIsNamed = false
        return true
    }

    /// Another gateway was answered. One that waits for an operator here goes on waiting.
    mutating func heardClosed(at now: Instant) -> Bool {
        guard isResting(at: now), restsUntil != .distantFuture, !restIsNamed else { return false }
        restsUntil = now
        return true
    }

    mutating func reset() {
        close()
        probing = false
        outcomes.clear()
    }

    func errorRate(at now: Instant) -> Double? {
        let (successes, faults) = outcomes.counts(at: now)
        return successes + faults == 0 ? nil : Double(faults) / Double(successes + faults)
    }

    /// Counted faults within the window.
    func recentFaults(at now: Instant) -> Int { outcomes.counts(at: now).faults }
    /// Calls within the window.
    func counts(at now: Instant) -> (successes: Int, faults: Int) { outcomes.counts(at: now) }

    private mutating func close() {
        state = .closed
        restsUntil = .zero
        restIsNamed = false
        faults.clear()
        for index in faultsOfClass.indices { faultsOfClass[index].clear() }
    }

    /// The deployment's own cooldown wins over the provider's Retry-After, that over the general setting; a zero switches rests off.
    private mutating func rest(after fault: Fault, retryAfter: Duration?, at now: Instant, forOperator: Bool) {
        guard policy.cooldown > .zero else {
            state = .closed
            return
        }
        let named = policy.cooldownIsItsOwn ? nil : retryAfter.map { min(max($0, .zero), policy.longestRetryAfter) }
        let until = !policy.autoRecovery && forOperator ? .distantFuture : now + (named ?? policy.cooldown)
        // An attempt begun before the rest must not shorten it.
        if state != .open || until > restsUntil || !isResting(at: now) {
            restsUntil = until
            restIsNamed = named != nil && until != .distantFuture
        }
        state = .open
    }

    /// Notes a fault of a class with an allowance; true when it is one more than allowed.
    private mutating func count(_ fault: Fault, allowed: Int, at now: Instant) -> Bool {
        if faultsOfClass.isEmpty { faultsOfClass = Array(repeating: FaultRing(), count: Fault.allCases.count) }
        return faultsOfClass[Int(fault.rawValue)].add(now, threshold: allowed + 1, within: policy.window)
    }

    /// Where another could serve, more than a share of the calls; alone, all of very many.
    private func ratioReached(at now: Instant, hasSiblings: Bool) -> Bool {
        guard let ratio = policy.failureRatio else { return false }
        let (successes, faults) = outcomes.counts(at: now)
        if !hasSiblings { return successes == 0 && faults >= policy.loneFaults }
        return successes + faults >= policy.minimumCalls && Double(faults) > ratio * Double(successes + faults)
    }
}
