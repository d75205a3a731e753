import Routing
import Schema

extension ReplayReport {
    /// For people.
    /// - Parameter name: A request's id as it is written.
    public func text(_ breaches: [ReplayGates.Breach], name: (UInt64) -> String) -> String {
        var lines = ["\(requests) requests, \(changed) would go elsewhere\(Self.share(changedShare))"]
        if let agreed { lines.append("replayed as it is, the policy in force agrees with \(agreed) of them\(Self.share(agreedShare))") }
        lines.append(
            "not answered then: \(unansweredThen); would be refused: \(refused)\(Self.share(refusedShare)), "
                + "would fail: \(failed)\(Self.share(failedShare))")
        lines.append("cost: \(Self.dollars(cost.before)) -> \(Self.dollars(cost.after))\(Self.change(cost.increase)), of \(cost.count) requests")
        if let half = percentile(0.5), let slow = percentile(0.95) {
            let times = "p50: \(Self.seconds(half.was)) -> \(Self.seconds(half.would)), p95: \(Self.seconds(slow.was)) -> \(Self.seconds(slow.would))"
            lines.append("latency \(times), mean\(Self.change(latency.increase)), of \(latency.count) requests")
        }
        lines.append("")
        let width = rows.map(\.deployment.count).max() ?? 0
        for row in rows {
            let space = String(repeating: " ", count: width - row.deployment.count)
            lines.append(
                "  \(row.deployment)\(space)  \(row.was) -> \(row.would) requests, \(Self.dollars(row.costWas)) -> \(Self.dollars(row.costWould))")
        }
        if !differences.isEmpty { lines.append("") }
        for difference in differences {
            lines.append("  \(name(difference.id))  \(difference.was ?? "nobody") -> \(difference.would.place)  \(difference.would.why)")
        }
        if changed > differences.count { lines.append("  and \(changed - differences.count) others") }
        if !assumptions.isEmpty { lines += ["", "What the log does not know:"] }
        for assumption in assumptions { lines.append("  \(assumption.requests) requests \(assumption.text)") }
        if !breaches.isEmpty { lines.append("") }
        for breach in breaches { lines.append("FAILED \(breach.what): \(Self.percent(breach.value)) is above \(Self.percent(breach.limit))") }
        return lines.joined(separator: "\n") + "\n"
    }

    /// For programs: shares and increases as parts of one, money in dollars, times in milliseconds.
    public func json(_ breaches: [ReplayGates.Breach], name: (UInt64) -> String) -> JSONText {
        let percentiles = [("p50", 0.5), ("p95", 0.95)].map { name, part -> (String, JSONText) in
            guard let (was, would) = percentile(part) else { return (name, .object([])) }
            return (name, .object([("was", was.json(scale: 1000)), ("would_be", would.json(scale: 1000))]))
        }
        var members: [(String, JSONText)] = [
            ("requests", .number("\(requests)")), ("changed", .number("\(changed)")), ("changed_share", Interval.json(changedShare)),
            ("not_answered_then", .number("\(unansweredThen)")), ("refused", .number("\(refused)")), ("refused_share", Interval.json(refusedShare)),
            ("failed", .number("\(failed)")), ("failed_share", Interval.json(failedShare)),
        ]
        if let agreed { members += [("agreement", .number("\(agreed)")), ("agreement_share", Interval.json(agreedShare))] }
        members += [
            (
                "cost_usd",
                .object([
                    ("requests", .number("\(cost.count)")), ("was", .decimal(cost.before)), ("would_be", .decimal(cost.after)),
                    ("increase", Interval.json(cost.increase)),
                ])
            ),
            ("latency_ms", .object([("requests", .number("\(latency.count)")), ("increase", Interval.json(latency.increase))] + percentiles)),
            ("deployments", .list(rows.map { $0.json })), ("differences", .list(differences.map { $0.json(name) })),
            ("assumptions", .list(assumptions.map { .object([("text", .string($0.text)), ("requests", .number("\($0.requests)"))]) })),
            (
                "failed_gates",
                .list(
                    breaches.map {
                        .object([
                            ("gate", .string($0.what)), ("limit", .decimal($0.limit)),
                            ("value", $0.value.isFinite ? .decimal($0.value) : .number("null")),
                        ])
                    })
            ),
        ]
        return .object(members)
    }

    private static func share(_ share: Interval?) -> String {
        share.map { " (\(percent($0.estimate)), \(percent($0.low)) to \(percent($0.high)))" } ?? ""
    }

    private static func change(_ change: Interval?) -> String {
        change.map { " (\(signed($0.estimate)), \(signed($0.low)) to \(signed($0.high)))" } ?? ""
    }

    private static func signed(_ part: Double) -> String { (part >= 0 ? "+" : "") + percent(part) }

    static func percent(_ part: Double) -> String {
        guard part.isFinite else { return "unknown" }
        let tenths = Int64((min(max(part, -1e12), 1e12) * 1000).rounded())
        return (tenths < 0 ? "-" : "") + "\(tenths.magnitude / 10).\(tenths.magnitude % 10) %"
    }

    static func dollars(_ amount: Double) -> String { "$\((amount * 1e6).rounded() / 1e6)" }

    private static func seconds(_ time: Interval) -> String { "\(Int64((time.estimate * 1000).rounded())) ms" }
}

extension ReplayedRequest {
    var place: String {
        switch end {
        case .answered: deployment ?? "an answer of its own"
        case .refused: "refused"
        case .failed: "fails at \(deployment ?? "all")"
        }
    }

    fileprivate var word: String {
        switch end {
        case .answered: "answered"
        case .refused: "refused"
        case .failed: "failed"
        }
    }
}

extension ReplayReport.Row {
    fileprivate var json: JSONText {
        .object([
            ("deployment", .string(deployment)), ("was", .number("\(was)")), ("would_be", .number("\(would)")), ("cost_usd_was", .decimal(costWas)),
            ("cost_usd_would_be", .decimal(costWould)),
        ])
    }
}

extension ReplayReport.Difference {
    fileprivate func json(_ name: (UInt64) -> String) -> JSONText {
        func text(_ text: String?) -> JSONText { text.map { .string($0) } ?? .number("null") }
        func dollars(_ cost: Nanodollars?) -> JSONText { cost.map { .decimal($0.inDollars) } ?? .number("null") }
        return .object([
            ("request", .string(name(id))), ("was", text(was)), ("would_be", text(would.end == .answered ? would.deployment : nil)),
            ("end", .string(would.word)), ("route", .string(would.route)), ("rule", text(would.rule)), ("reason", .string(would.why)),
            ("cost_usd_was", dollars(costWas)), ("cost_usd_would_be", dollars(would.cost)),
        ])
    }
}

extension Interval {
    static func json(_ interval: Interval?) -> JSONText { interval?.json() ?? .number("null") }

    public func json(scale: Double = 1) -> JSONText {
        .object([("estimate", .decimal(estimate * scale)), ("low", .decimal(low * scale)), ("high", .decimal(high * scale))])
    }
}

extension JSONText {
    /// With at most nine digits behind the point; what is no number is null.
    public static func decimal(_ number: Double) -> JSONText {
        guard number.isFinite else { return .number("null") }
        let rounded = (number * 1e9).rounded() / 1e9
        return .number(rounded == rounded.rounded() && abs(rounded) < 1e15 ? "\(Int64(rounded))" : "\(rounded)")
    }
}
