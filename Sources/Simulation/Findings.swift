import Routing

/// Breaches of the invariants: the first of a run, for what follows is often their doing.
struct Findings {
    static let most = 20

    private(set) var violations: [Report.Violation] = []

    mutating func expect(_ holds: Bool, _ request: Int, at now: Instant, _ what: @autoclosure () -> String) {
        if !holds, violations.count < Self.most { violations.append(Report.Violation(at: now, request: request, what: what())) }
    }
}
