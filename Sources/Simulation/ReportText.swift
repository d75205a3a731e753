import Routing
import Schema

extension Report: CustomStringConvertible {
    /// For people: one line of sums, then tables.
    public var description: String {
        var lines = [headline]
        if !failed.isEmpty { lines.append("failed: " + Self.list(failed.map { ($0.key, $0.value) })) }
        if !rules.isEmpty { lines.append("rules: " + Self.list(rules.map { ($0.key, $0.value) })) }
        let counts = events.map { ($0.key.rawValue, $0.value) }
        if !counts.isEmpty { lines.append("events: " + Self.list(counts)) }
        lines.append("")
        lines += Self.table(
            ["deployment", "share", "attempts", "answered", "p50", "p95", "p99", "cost $", "probes", "panics", "hedges", "faults"],
            deployments.map(row))
        lines.append("")
        lines += Self.table(["route", "requests", "answered", "p50", "p95", "p99", "cut", "left", "failed"], routes.map(row))
        if !violations.isEmpty {
            lines.append("")
            lines.append("violations:")
            lines += violations.map { "  \($0)" }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    public var headline: String {
        let clock = Self.fixed(ended.secondsSinceZero, 1)
        let times = "latency p50 \(Self.time(latency.percentile(0.5))), p95 \(Self.time(latency.percentile(0.95)))"
        return "\(scenario), seed \(seed): \(requests) requests in \(clock) s, \(Self.percent(success)) answered, \(attempts) attempts, "
            + "\(waits) waits, \(times), p99 \(Self.time(latency.percentile(0.99))), $\(Self.dollars(spent))"
    }

    private func row(_ row: DeploymentRow) -> [String] {
        [
            row.name, Self.percent(share(of: row.name)), "\(row.attempts)", "\(row.answered)", Self.time(row.latency.percentile(0.5)),
            Self.time(row.latency.percentile(0.95)), Self.time(row.latency.percentile(0.99)), Self.dollars(row.cost), "\(row.probes)",
            "\(row.panics)", "\(row.hedges)", Self.list(row.faults.map { ($0.key.name, $0.value) }),
        ]
    }

    private func row(_ row: RouteRow) -> [String] {
        [
            row.name, "\(row.requests)", "\(row.answered)", Self.time(row.latency.percentile(0.5)), Self.time(row.latency.percentile(0.95)),
            Self.time(row.latency.percentile(0.99)), "\(row.cut)", "\(row.left)", "\(row.failed.values.reduce(0, +))",
        ]
    }

    // MARK: Words and columns

    private static func table(_ head: [String], _ rows: [[String]]) -> [String] {
        let all = [head] + rows
        let widths = head.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        return all.map { row in
            let cells = row.enumerated().map { column, text in
                let space = String(repeating: " ", count: widths[column] - text.count)
                return column == 0 || column == head.count - 1 ? text + space : space + text
            }
            return String(cells.joined(separator: "  ").reversed().drop { $0 == " " }.reversed())
        }
    }

    /// The most frequent first.
    static func list(_ counts: [(String, Int)]) -> String {
        counts.sorted { $0.1 == $1.1 ? $0.0 < $1.0 : $0.1 > $1.1 }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
    }

    static func percent(_ share: Double) -> String { fixed(share * 100, 2) + " %" }
    static func dollars(_ money: Nanodollars) -> String { fixed(Double(money.amount) * 1e-9, 4) }
    static func time(_ duration: Duration?) -> String { duration.map { "\(fixed($0.inSeconds * 1000, 0)) ms" } ?? "-" }

    static func fixed(_ value: Double, _ digits: Int) -> String {
        let scale = (0..<digits).reduce(Int64(1)) { power, _ in power * 10 }
        let scaled = Int64((abs(value) * Double(scale)).rounded())
        let sign = value < 0 && scaled > 0 ? "-" : ""
        guard digits > 0 else { return sign + "\(scaled)" }
        let rest = "\(scaled % scale)"
        return sign + "\(scaled / scale)." + String(repeating: "0", count: digits - rest.count) + rest
    }
}

extension Instant {
    var secondsSinceZero: Double { Double(nanoseconds) * 1e-9 }
}
