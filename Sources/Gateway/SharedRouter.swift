import Routing
import Storage

/// The one router of all event loops, behind one lock: `next` with `record` costs well under a microsecond, so loops
/// seldom meet.
final class SharedRouter: Sendable {
    private let router: Locked<Router>

    init(_ router: consuming Router) { self.router = Locked(router) }

    func next(_ journey: inout Journey, at now: Instant) -> Step {
        router.withLock { $0.next(&journey, at: now) }
    }

    func record(_ outcome: Outcome, of attempt: Attempt, in journey: inout Journey, at now: Instant) {
        router.withLock { $0.record(outcome, of: attempt, in: &journey, at: now) }
    }

    func withdraw(_ attempt: Attempt, from journey: inout Journey, because reason: Ineligibility, at now: Instant) {
        router.withLock { $0.withdraw(attempt, from: &journey, because: reason, at: now) }
    }

    func replace(_ table: RoutingTable, at now: Instant) {
        router.withLock { $0.replace(table, at: now) }
    }

    func rule(of policy: RoutingPolicy.ID, facts: Facts, at now: Instant) -> RuleHit? {
        router.withLock { $0.rule(of: policy, facts: facts, at: now) }
    }

    func extend(with table: RoutingTable) -> Bool { router.withLock { $0.extend(with: table) } }

    func learn(_ limits: AccountLimits, of attempt: Attempt, at now: Instant) {
        router.withLock { $0.learn(limits, of: attempt, at: now) }
    }

    /// What the provider of an attempt has read, for routes that look at that.
    func warmed(_ attempt: Attempt, by usage: Usage, _ facts: Facts, at now: Instant) {
        guard !facts.beginnings.parts.isEmpty else { return }
        router.withLock { $0.warmed(attempt, by: usage, facts, at: now) }
    }

    func hedgeTime(of attempt: Attempt, in journey: Journey, at now: Instant) -> Instant? {
        router.withLock { $0.hedgeTime(of: attempt, in: journey, at: now) }
    }

    func hedge(_ journey: inout Journey, beside attempt: Attempt, at now: Instant) -> Attempt? {
        router.withLock { $0.hedge(&journey, beside: attempt, at: now) }
    }

    func observe(_ observed: ObservedCapabilities) { router.withLock { $0.observe(observed) } }

    /// For what is rare: operators, timers.
    func with<Result: Sendable>(_ body: (inout Router) -> sending Result) -> sending Result { router.withLock { body(&$0) } }

    /// A copy to look at: metrics, readiness.
    func snapshot() -> Router { router.withLock { $0 } }
}
