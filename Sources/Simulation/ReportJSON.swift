import Routing
import Schema

extension Report {
    /// For programs: everything, in a fixed order. Times in milliseconds, money in dollars.
    public var json: String {
        var members: [(String, JSONText)] = [
            ("scenario", .string(scenario)), ("seed", .string("\(seed)")), ("seconds", Self.number(ended.secondsSinceZero, 3)),
            ("requests", Self.number(requests)), ("answered", Self.number(answered)), ("success", Self.number(success, 6)),
            ("left", Self.number(left)), ("cut", Self.number(cut)), ("failed", Self.counts(failed)),
            ("attempts", Self.number(attempts)), ("waits", Self.number(waits)), ("hedges", Self.number(hedges)),
            ("probes", Self.number(probes)), ("panics", Self.number(panics)),
        ]
        members += [
            ("latency_ms", Self.times(latency)), ("first_byte_ms", Self.times(firstByte)), ("cost_usd", Self.money(spent)),
            ("wasted_usd", Self.money(wasted)), ("deployments", .list(deployments.map(object))), ("routes", .list(routes.map(object))),
            ("events", Self.counts(events.reduce(into: [:]) { $0[$1.key.rawValue] = $1.value })), ("rules", Self.counts(rules)),
            ("trace", .string("\(trace)")),
            ("violations", .list(violations.map { .string($0.description) })), ("timeline", history),
        ]
        if isCutShort { members.append(("cut_short", .bool(true))) }
        return JSONText.object(members).text() + "\n"
    }

    /// Lists of one length, a value for each step.
    private var history: JSONText {
        let steps = timeline.steps
        let row = { (value: (Timeline.Step) -> JSONText) in JSONText.list(steps.map(value)) }
        let attempts = deployments.enumerated().map { place, deployment in
            (deployment.name, row { Self.number(place < $0.attempts.count ? $0.attempts[place] : 0) })
        }
        let time = { (part: Double) in row { .number($0.latency.percentile(part).map { Self.fixed($0.inSeconds * 1000, 3) } ?? "null") } }
        return .object([
            ("step_seconds", Self.number(timeline.length.inSeconds, 0)), ("answered", row { Self.number($0.answered) }),
            ("failed", row { Self.number($0.failed) }), ("left", row { Self.number($0.left) }), ("p50_ms", time(0.5)), ("p95_ms", time(0.95)),
            ("attempts", .object(attempts)),
        ])
    }

    private func object(_ row: DeploymentRow) -> JSONText {
        .object([
            ("name", .string(row.name)), ("share", Self.number(share(of: row.name), 6)), ("attempts", Self.number(row.attempts)),
            ("first_attempts", Self.number(row.firstAttempts)), ("answered", Self.number(row.answered)),
            ("faults", Self.counts(row.faults.reduce(into: [:]) { $0[$1.key.name] = $1.value })), ("cancelled", Self.number(row.cancelled)),
            ("probes", Self.number(row.probes)), ("panics", Self.number(row.panics)), ("hedges", Self.number(row.hedges)),
            ("latency_ms", Self.times(row.latency)), ("cost_usd", Self.money(row.cost)),
        ])
    }

    private func object(_ row: RouteRow) -> JSONText {
        .object([
            ("name", .string(row.name)), ("requests", Self.number(row.requests)), ("answered", Self.number(row.answered)),
            ("left", Self.number(row.left)), ("cut", Self.number(row.cut)), ("failed", Self.counts(row.failed)),
            ("latency_ms", Self.times(row.latency)),
        ])
    }

    private static func number(_ value: Int) -> JSONText { .number("\(value)") }
    private static func number(_ value: Double, _ digits: Int) -> JSONText { .number(fixed(value, digits)) }
    private static func money(_ value: Nanodollars) -> JSONText { .number(fixed(Double(value.amount) * 1e-9, 9)) }

    /// Null without any.
    private static func times(_ times: Distribution) -> JSONText {
        let parts = [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)]
        return .object(parts.map { ($0.0, .number(times.percentile($0.1).map { fixed($0.inSeconds * 1000, 3) } ?? "null")) })
    }

    private static func counts(_ counts: [String: Int]) -> JSONText {
        .object(counts.sorted { $0.key < $1.key }.map { ($0.key, number($0.value)) })
    }
}
