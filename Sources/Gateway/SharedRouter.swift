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

    func replace(_ table: RoutingTable, at now: Instant) {
        router.withLock { $0.replace(table, at: now) }
    }

    /// A copy to look at: metrics, readiness.
    func snapshot() -> Router { router.withLock { $0 } }
}
