import Gateway
import Routing
import Settings
import Storage
import Wire

/// `GET /api/v1/insights`: what is slow, what fails, what nobody asks for, and what would do as well for less. Requests and cost come from
/// sums and are exact; times and failures from the newest rows, of which at most `mostRows` are read.
struct InsightsDesk: Sendable {
    let server: Server
    let book: SettingsBook
    let store: any Store

    static let parameters: [AdminRoute.Parameter] = [
        .init(name: "from", help: "RFC 3339, a day, or milliseconds since 1970; a day ago without it."),
        .init(name: "to", help: "The same; now without it."),
    ]
    /// About 10 µs each.
    static let mostRows = 20_000
    private static let page = 2_000

    func answer(_ call: AdminCall) async throws -> AdminAnswer {
        try call.checkQuery(Self.parameters.map(\.name))
        let now = WallClock.milliseconds()
        let query = UsageQuery(from: try call.moment("from") ?? now - 86_400_000, to: try call.moment("to", roundedUp: true) ?? now)
        guard query.from < query.to else { throw AdminRefusal(400, "invalid_value", "`from` must be before `to`") }
        guard let blueprint = server.blueprint else { throw AdminRefusal(503, "starting", "the gateway does not serve yet") }
        let (document, catalogue) = (await book.document, await book.catalogue)
        return try await blocking {
            let names = try store.names()
            let sums = try UsageSums(query, store)
            let sample = try sample(query)
            let idle = IdleParts(document: document, blueprint: blueprint, sums: sums, sample: sample, names: names)
            let cheaper = CheaperModels(catalogue: catalogue, blueprint: blueprint, names: names).found(
                sums.parts[.deployment] ?? [], days: Double(query.to - query.from) / 86_400_000)
            return Self.write(query, names, sums, sample, idle, cheaper)
        }
    }

    /// The newest rows of the time, read in pages.
    private func sample(_ query: UsageQuery) throws -> InsightSample {
        var sample = InsightSample()
        var ledger = LedgerQuery(limit: Self.page)
        (ledger.from, ledger.before) = (.first(atUnixMilliseconds: query.from), .first(atUnixMilliseconds: query.to))
        while sample.rows < Self.mostRows {
            let page = try store.requests(ledger)
            for row in page.rows { sample.add(row) }
            guard let next = page.next, page.rows.count == Self.page else { return sample }
            ledger.before = next
        }
        sample.isWhole = false
        return sample
    }

    // MARK: Writing

    private static func write(
        _ query: UsageQuery, _ names: [NameID: StoredName], _ sums: UsageSums, _ sample: InsightSample, _ idle: IdleParts,
        _ cheaper: [CheaperModels.Found]
    ) -> AdminAnswer {
        AdminAnswer { whole in
            whole.object { whole in
                whole.member("from", Timestamp.text(unixMilliseconds: query.from))
                whole.member("to", Timestamp.text(unixMilliseconds: query.to))
                whole.key("sample")
                whole.object { line in
                    line.member("rows", sample.rows)
                    line.member("whole", sample.isWhole)
                    line.member("oldest", orNull: sample.oldest.map { Timestamp.text(unixMilliseconds: $0) })
                }
                whole.key("total")
                whole.object { write(sums.total, sample.all, &$0) }
                for (name, dimension) in [("models", UsageDimension.model), ("deployments", .deployment), ("providers", .provider)] {
                    whole.key(name)
                    whole.array { list in
                        for row in sums.parts[dimension] ?? [] {
                            let id = NameID(rawValue: Int32(clamping: row.group[0]))
                            list.object { line in
                                line.member("name", orNull: names[id]?.name)
                                write(row.totals, sample.parts[dimension]?[id] ?? InsightSample.Part(), &line)
                            }
                        }
                    }
                }
                whole.key("hours")
                whole.array { list in for hour in sums.hours { list.object { write(hour, &$0) } } }
                whole.key("errors")
                whole.array { list in for cluster in sample.clusters { list.object { write(cluster, names, &$0) } } }
                whole.key("idle")
                whole.object { idle.write(to: &$0) }
                whole.key("cheaper")
                whole.array { list in for found in cheaper { list.object { found.write(to: &$0) } } }
            }
        }
    }

    private static func write(_ totals: LedgerTotals, _ part: InsightSample.Part, _ line: inout JSONWriter) {
        line.member("requests", totals.requests)
        line.member("failed", totals.failed)
        line.key("success_rate")
        if totals.requests > 0 { line.raw("\(Double(totals.requests - totals.failed) / Double(totals.requests))") } else { line.null() }
        line.member("input_tokens", totals.usage.totalInput)
        line.member("output_tokens", totals.usage.totalOutput)
        line.member("unpriced", totals.requests - totals.priced)
        line.key("cost_usd")
        line.raw(totals.cost.dollars)
        milliseconds("p50_ms", part.durations.quantile(0.5), &line)
        milliseconds("p95_ms", part.durations.quantile(0.95), &line)
        milliseconds("first_byte_p50_ms", part.firstBytes.quantile(0.5), &line)
        line.key("tokens_per_second")
        if part.streaming > 0, part.tokens > 0 {
            line.raw("\((Double(part.tokens) / Double(part.streaming) * 1e7).rounded() / 10)")
        } else {
            line.null()
        }
    }

    private static func write(_ hour: UsageSums.HourOfWeek, _ line: inout JSONWriter) {
        line.member("weekday", hour.weekday)
        line.member("hour", hour.hour)
        line.member("requests", hour.requests)
        line.member("failed", hour.failed)
        line.key("cost_usd")
        line.raw(hour.cost.dollars)
    }

    private static func write(_ cluster: InsightSample.Cluster, _ names: [NameID: StoredName], _ line: inout JSONWriter) {
        line.member("fault", orNull: cluster.kind.fault?.name)
        line.member("status", cluster.kind.status)
        line.member("deployment", orNull: names[cluster.kind.deployment]?.name)
        line.member("model", orNull: names[cluster.kind.model]?.name)
        line.member("attempts", cluster.count)
        line.member("rescued", cluster.rescued)
        line.member("first_seen", Timestamp.text(unixMilliseconds: cluster.first))
        line.member("last_seen", Timestamp.text(unixMilliseconds: cluster.last))
        line.member("example", cluster.example.description)
        line.member("advice", InsightAdvice.text(cluster.kind))
    }

    private static func milliseconds(_ name: String, _ microseconds: Int64?, _ line: inout JSONWriter) {
        line.key(name)
        guard let microseconds else { return line.null() }
        line.raw("\(Double(microseconds) / 1000)")
    }
}
