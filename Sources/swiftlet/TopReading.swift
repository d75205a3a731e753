import Console
import Schema

/// What a gateway said of itself at one moment.
struct TopReading {
    struct Row {
        var name: String
        var provider: String
        var state: String
        var inFlight: Double
        var answered: Double
        var failed: Double
        var dollars: Double
    }

    var milliseconds: Double
    var gateway: String
    /// Answered well, refused for the client's sake, failed, left by their client.
    var sums: [Double]
    var inFlight: Double
    var refusedByLimits: Double
    /// Requests by bucket; the bound of a bucket is 2^n ms, the last has none.
    var durations: [Double]
    var rows: [Row]

    init(_ live: Node) {
        func number(_ node: Node?) -> Double { node?.scalar.flatMap { Double($0) } ?? 0 }
        func text(_ node: Node?) -> String { node?.scalar ?? "" }
        milliseconds = number(live["at"])
        gateway = text(live["gateway"])
        sums = ["ok", "client_error", "server_error", "client_left"].map { number(live["requests"]?[$0]) }
        inFlight = number(live["in_flight"])
        refusedByLimits = number(live["refused_by_limits"])
        durations = (live["duration"]?.items ?? []).map { number($0) }
        rows = (live["deployments"]?.items ?? []).map { row in
            Row(
                name: text(row["name"]), provider: text(row["provider"]), state: text(row["state"]), inFlight: number(row["in_flight"]),
                answered: number(row["answered"]), failed: number(row["failed"]), dollars: number(row["cost_usd"]))
        }
    }
}

/// What came between two readings, a second each.
struct TopFigures {
    struct Row {
        var name: String
        var state: String
        var inFlight: Double
        var rate: Double
        /// Of its attempts, so many answered; nil: there were none.
        var success: Double?
        var dollarsPerHour: Double
        /// Since the gateway started.
        var answered: Double
        var failed: Double
        var dollars: Double
    }

    var seconds: Double
    var rate: Double
    var success: Double?
    var median: Double?
    var p95: Double?
    var inFlight: Double
    var refused: Double
    var providers: [Row]
    var deployments: [Row]

    init(_ now: TopReading, since before: TopReading) {
        let seconds = max(0.001, (now.milliseconds - before.milliseconds) / 1000)
        self.seconds = seconds
        // Another process has begun to count where sums fall.
        func grown(_ new: Double, _ old: Double) -> Double { new >= old ? new - old : new }
        let sums = zip(now.sums, before.sums).map { grown($0, $1) }
        let all = sums.reduce(0, +)
        rate = all / seconds
        success = all > 0 ? (sums[0] + sums[1]) / all : nil
        inFlight = now.inFlight
        refused = grown(now.refusedByLimits, before.refusedByLimits) / seconds
        let durations = now.durations.enumerated().map { grown($1, before.durations.indices.contains($0) ? before.durations[$0] : 0) }
        (median, p95) = (Self.quantile(0.5, durations), Self.quantile(0.95, durations))
        func row(_ new: TopReading.Row, _ old: TopReading.Row?, name: String) -> Row {
            let (answered, failed) = (grown(new.answered, old?.answered ?? 0), grown(new.failed, old?.failed ?? 0))
            return Row(
                name: name, state: new.state, inFlight: new.inFlight, rate: (answered + failed) / seconds,
                success: answered + failed > 0 ? answered / (answered + failed) : nil,
                dollarsPerHour: grown(new.dollars, old?.dollars ?? 0) / seconds * 3600, answered: new.answered, failed: new.failed,
                dollars: new.dollars)
        }
        let old = Dictionary(before.rows.map { ($0.name, $0) }) { first, _ in first }
        deployments = now.rows.map { row($0, old[$0.name], name: $0.name) }.sorted { ($1.rate, $0.name) < ($0.rate, $1.name) }
        let (sumsNow, sumsBefore) = (Self.byProvider(now.rows), Self.byProvider(before.rows))
        providers = sumsNow.values.map { row($0, sumsBefore[$0.name], name: $0.name) }.sorted { ($1.rate, $0.name) < ($0.rate, $1.name) }
    }

    private static func byProvider(_ rows: [TopReading.Row]) -> [String: TopReading.Row] {
        rows.reduce(into: [:]) { sums, row in
            guard var sum = sums[row.provider] else {
                sums[row.provider] = row
                sums[row.provider]?.name = row.provider
                return
            }
            sum.inFlight += row.inFlight
            sum.answered += row.answered
            sum.failed += row.failed
            sum.dollars += row.dollars
            // One that rests makes a provider of which not all serve.
            if sum.state != row.state { sum.state = "partly" }
            sums[row.provider] = sum
        }
    }

    /// In milliseconds, as if what is in a bucket lay evenly in it. Nil: there was nothing.
    static func quantile(_ share: Double, _ buckets: [Double]) -> Double? {
        let all = buckets.reduce(0, +)
        guard all > 0 else { return nil }
        var left = share * all
        for (index, count) in buckets.enumerated() {
            let bound = Double(1 << min(index, 40))
            if count >= left, count > 0 {
                let floor = index == 0 ? 0 : bound / 2
                // The last bucket has no bound.
                return index == buckets.count - 1 ? floor : floor + (bound - floor) * left / count
            }
            left -= count
        }
        return nil
    }
}
