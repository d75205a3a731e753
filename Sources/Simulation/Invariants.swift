import Routing

/// What must hold at every moment of every run. It keeps its own books and compares the router's with them.
struct Invariants: Sendable {
    struct Request: Sendable {
        var deadline: Instant
        var maxAttempts: Int
        var attempts = 0
        var open = false
        var ended = false
        /// Deployments by name, with the fault each ended with.
        var tried: [String: Fault] = [:]
        var waitedSinceLast = false
        var lastFault: Fault?
    }

    private(set) var violations: [Report.Violation] = []
    private var requests: [Request] = []
    private var inFlight: [String: Int] = [:]
    private var probes: [String: Int] = [:]

    mutating func arrived(deadline: Instant, maxAttempts: Int) { requests.append(Request(deadline: deadline, maxAttempts: maxAttempts)) }

    mutating func expect(_ holds: Bool, _ request: Int, at now: Instant, _ what: @autoclosure () -> String) {
        if !holds, violations.count < 20 { violations.append(Report.Violation(at: now, request: request, what: what())) }
    }

    /// `before` is the breaker's state when the router was asked, where the newest table still has it.
    mutating func attempt(
        _ attempt: Attempt, of request: Int, name: String, before: HealthReport.State?, retry: RetryPolicy, at now: Instant
    ) {
        requests[request].attempts += 1
        let known = requests[request]
        expect(!known.ended, request, at: now, "is attempted after its end")
        expect(!known.open, request, at: now, "has two attempts at once")
        expect(known.attempts <= known.maxAttempts, request, at: now, "has \(known.attempts) attempts, more than \(known.maxAttempts)")
        expect(attempt.number == known.attempts, request, at: now, "numbers attempt \(known.attempts) as \(attempt.number)")
        expect(now < known.deadline && attempt.deadline <= known.deadline, request, at: now, "is attempted past its deadline")
        if before == .open { expect(attempt.isPanic, request, at: now, "is sent to \(name), whose breaker is open") }
        if before == .halfOpen { expect(attempt.isPanic || attempt.isProbe, request, at: now, "is sent to half-open \(name) beside the probe") }
        if let fault = known.tried[name] {
            expect(known.waitedSinceLast, request, at: now, "tries \(name) again without a wait")
            expect(retry.on.contains(fault), request, at: now, "tries \(name) again after \(fault.name)")
        }
        if let fault = known.lastFault { expect(fault != .badRequest, request, at: now, "goes on after the caller's own mistake") }
        if attempt.isProbe {
            // A deployment that left and came back with another table has a breaker of its own in each.
            let open = (probes["\(name) \(attempt.tableVersion)"] ?? 0) + 1
            probes["\(name) \(attempt.tableVersion)"] = open
            expect(open == 1, request, at: now, "is probe number \(open) of \(name) at once")
        }
        requests[request].open = true
        requests[request].waitedSinceLast = false
        inFlight[name, default: 0] += 1
    }

    mutating func recorded(_ outcome: Outcome, _ attempt: Attempt, of request: Int, name: String, at now: Instant) {
        requests[request].open = false
        inFlight[name, default: 0] -= 1
        if attempt.isProbe { probes["\(name) \(attempt.tableVersion)", default: 0] -= 1 }
        let open = inFlight[name] ?? 0
        expect(open >= 0, request, at: now, "\(name) has fewer than none in flight")
        if case .fault(let fault, _) = outcome {
            requests[request].tried[name] = fault
            requests[request].lastFault = fault
        }
    }

    mutating func waits(until: Instant, request: Int, at now: Instant) {
        expect(until > now, request, at: now, "waits for the past")
        expect(until < requests[request].deadline, request, at: now, "waits beyond its deadline")
        expect(!requests[request].open, request, at: now, "waits while an attempt is open")
        requests[request].waitedSinceLast = true
    }

    /// `why` is nil after a success. `couldServe` are deployments of its route that never fail and were free.
    mutating func ended(_ request: Int, _ why: Exhaustion?, couldServe: [String], at now: Instant) {
        let known = requests[request]
        expect(!known.ended, request, at: now, "ends twice")
        expect(!known.open, request, at: now, "ends with an attempt open")
        requests[request].ended = true
        guard let why else { return }
        switch why.reason {
        case .attempts, .noneEligible:
            // Those two faults bar the way to siblings, which would answer alike.
            let isBarred = known.tried.values.contains { $0 == .contextWindow || $0 == .contentPolicy }
            guard known.attempts < known.maxAttempts, !isBarred else { return }
            for name in couldServe where known.tried[name] == nil {
                expect(false, request, at: now, "fails (\(why.reason)) although \(name) would have served")
            }
        case .deadline: expect(now >= known.deadline, request, at: now, "ends for its deadline too early")
        case .callersFault(let fault): expect(known.lastFault == fault, request, at: now, "ends for a fault that it did not meet")
        case .cancelled, .retryStorm, .noBranch, .denied: break
        case .tableGone: expect(false, request, at: now, "lost its table")
        }
    }

    /// The router's books against ours, by name.
    mutating func compare(_ router: Router, request: Int, at now: Instant) {
        for (id, deployment) in router.table.deployments.enumerated() {
            let counted = inFlight[deployment.name] ?? 0
            let held = router.inFlight(at: id)
            // After a change of tables a deployment may have begun anew while attempts of its former life are open.
            expect(held >= 0 && held <= counted, request, at: now, "\(deployment.name): \(held) in flight, \(counted) by our books")
        }
    }

    mutating func over(_ router: Router, at now: Instant) {
        for (index, request) in requests.enumerated() where !request.ended { expect(false, index, at: now, "never ended") }
        for (id, deployment) in router.table.deployments.enumerated() {
            expect(router.inFlight(at: id) == 0, -1, at: now, "\(deployment.name) has \(router.inFlight(at: id)) in flight at the end")
        }
    }
}
