import Gateway
import Routing
import Schema
import Settings
import Storage

/// `GET /api/v1/experiments`: percentage splits, canaries and shadows, each side with what it came to.
struct ExperimentDesk: Sendable {
    let server: Server
    let ledger: any Store
    let keeper: TrialKeeper

    static let parameters: [AdminRoute.Parameter] = [
        .init(name: "from", help: "Of splits: RFC 3339, a day, or milliseconds since 1970; a week ago without it."),
        .init(name: "to", help: "The same; now without it."), .init(name: "route", help: "Only splits of this route."),
        .init(name: "limit", help: "The newest so many requests: 1 to 100000; 20000 without it.", schema: "integer"),
    ]

    /// A side with its times, of which percentiles are told.
    private struct Side {
        var figures = ArmFigures()
        var milliseconds: [Double] = []
    }

    func answer(_ call: AdminCall) async throws -> AdminAnswer {
        try call.checkQuery(Self.parameters.map(\.name))
        let now = WallClock.milliseconds()
        let (from, to) = (try call.moment("from") ?? now - 7 * 86_400_000, try call.moment("to", roundedUp: true) ?? now + 1)
        guard from < to else { throw AdminRefusal(400, "invalid_value", "`from` must be before `to`") }
        let limit = try call.limit(20_000, most: 100_000)
        guard let table = server.table else { throw AdminRefusal(503, "not_ready", "this gateway is not serving yet") }
        let only = call.query["route"]
        if let only, table.route(named: only) == nil { throw AdminRefusal.unknown("route", only, among: table.routes.map(\.name)) }
        let splits = table.routes.indices.filter { only == nil || table.routes[$0].name == only }
            .map { (name: table.routes[$0].name, splits: table.splits(of: $0)) }.filter { !$0.splits.isEmpty }
        let routes = try await blocking { try Self.routes(splits, ledger, from: from, to: to, limit: limit) }
        let policies = server.policies
        let figures = try await keeper.figures()
        let canaries = policies.compactMap { policy in
            policy.canary.map { TrialForm.canary(policy.name, $0, policies[$0.candidate].name, figures.canaries[$0.id]) }
        }
        let shadows = policies.compactMap { policy in
            policy.shadow.map { TrialForm.shadow(policy.name, policies[$0.policy].name, $0, figures.shadows[$0.id] ?? ShadowFigures()) }
        }
        let whole = JSONText.object([
            ("splits", .list(routes)), ("canaries", .list(canaries)), ("shadows", .list(shadows)),
            ("shadow_decisions_left_out", .number("\(server.trials.leftOut)")),
        ]).text()
        return AdminAnswer { $0.raw(whole) }
    }

    private static func routes(_ splits: [(name: String, splits: [Split])], _ ledger: any Store, from: Int64, to: Int64, limit: Int) throws
        -> [JSONText]
    {
        guard !splits.isEmpty else { return [] }
        let names = try ledger.names()
        var sides = splits.map { $0.splits.map { $0.arms.map { _ in Side() } } }
        var unknown = splits.map { $0.splits.map { _ in 0 } }
        let rated = try Dictionary(
            ledger.feedback(from: .first(atUnixMilliseconds: from), before: .first(atUnixMilliseconds: to), limit: limit).map {
                ($0.request, $0.score)
            }
        ) { first, _ in first }
        for row in try rows(ledger, from: from, to: to, limit: limit) {
            guard row.state != .cancelled, let route = names[row.route]?.name, let at = splits.firstIndex(where: { $0.name == route }) else {
                continue
            }
            let first = names[row.history.first?.deployment ?? row.deployment]?.name
            for (number, split) in splits[at].splits.enumerated() {
                // Who was asked first says where chance sent it: who answered in the end may be another's side.
                guard let first, let arm = split.arm(of: first) else {
                    unknown[at][number] += 1
                    continue
                }
                let milliseconds = Double(row.durationMicroseconds) / 1000
                let isAnswered = row.state == .done
                sides[at][number][arm].figures.add(
                    isAnswered: isAnswered, latency: milliseconds, cost: row.priced ? Double(row.cost.amount) / 1e9 : nil)
                if isAnswered { sides[at][number][arm].milliseconds.append(milliseconds) }
                if let score = rated[row.id] { sides[at][number][arm].figures.add(feedback: score) }
            }
        }
        return splits.indices.flatMap { at in
            splits[at].splits.indices.map { number in
                let split = splits[at].splits[number]
                let whole = split.arms.reduce(0) { $0 + $1.weight }
                return .object([
                    ("route", .string(splits[at].name)), ("requests_on_no_side", .number("\(unknown[at][number])")),
                    (
                        "arms",
                        .list(
                            split.arms.indices.map { arm in
                                form(split.arms[arm], sides[at][number][arm], share: whole > 0 ? split.arms[arm].weight / whole : 0)
                            })
                    ),
                ])
            }
        }
    }

    private static func form(_ arm: Split.Arm, _ side: Side, share: Double) -> JSONText {
        guard case .object(let figures) = TrialForm.arm(side.figures) else { return .object([]) }
        let times = side.milliseconds.sorted()
        return .object(
            [("arm", .string(arm.name)), ("share", .decimal(share))] + figures + [
                ("latency_ms_p50", TrialForm.interval(.percentile(0.5, of: times))),
                ("latency_ms_p95", TrialForm.interval(.percentile(0.95, of: times))),
            ])
    }

    private static func rows(_ ledger: any Store, from: Int64, to: Int64, limit: Int) throws -> [LedgerEntry] {
        var query = LedgerQuery(limit: 0)
        (query.from, query.before) = (.first(atUnixMilliseconds: from), .first(atUnixMilliseconds: to))
        var rows: [LedgerEntry] = []
        while rows.count < limit {
            query.limit = min(2_000, limit - rows.count)
            let page = try ledger.requests(query)
            rows += page.rows
            guard let next = page.next else { break }
            query.before = next
        }
        return rows
    }
}
