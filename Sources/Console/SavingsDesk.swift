import Gateway
import Routing
import Schema
import Settings
import Storage
import Wire

/// `GET /api/v1/savings`: what was saved, by policy, by model asked for and by deployment that served, each against the baseline that it
/// states.
struct SavingsDesk: Sendable {
    let server: Server
    let store: any Store

    static let parameters: [AdminRoute.Parameter] = [
        .init(name: "from", help: "RFC 3339, a day, or milliseconds since 1970; 30 days ago without it."),
        .init(name: "to", help: "The same; now without it."), .init(name: "project", help: "Only this project."),
    ]
    private static let mostRows = 1_000

    private struct Sums: Sendable {
        var total = LedgerTotals()
        var parts: [UsageDimension: [UsageRow]] = [:]
        var names: [NameID: StoredName] = [:]
    }

    func answer(_ call: AdminCall) async throws -> AdminAnswer {
        try call.checkQuery(Self.parameters.map(\.name))
        let now = WallClock.milliseconds()
        let query = UsageQuery(from: try call.moment("from") ?? now - 30 * 86_400_000, to: try call.moment("to", roundedUp: true) ?? now)
        guard query.from < query.to else { throw AdminRefusal(400, "invalid_value", "`from` must be before `to`") }
        let sums = try await blocking { [project = call.query["project"]] in try read(query, project) }
        return AdminAnswer { whole in
            whole.object { whole in
                whole.member("from", Timestamp.text(unixMilliseconds: query.from))
                whole.member("to", Timestamp.text(unixMilliseconds: query.to))
                whole.member("baseline", UsageTable.baseline)
                whole.key("total")
                whole.object { line in Self.write(sums.total, &line) }
                list("policies", .policy, "policy", sums, &whole) { server.baseline(policy: $0) }
                list("models", .model, "model", sums, &whole) { server.baseline(route: $0) }
                list("deployments", .deployment, "deployment", sums, &whole) { _ in nil }
            }
        }
    }

    private func read(_ query: UsageQuery, _ project: String?) throws -> Sums {
        var (query, sums) = (query, Sums())
        sums.names = try store.names()
        if let project {
            guard let id = sums.names.first(where: { $0.value == StoredName(kind: .project, name: project) })?.key else { return sums }
            query.only[.project] = id
        }
        query.limit = Self.mostRows
        sums.total = try store.usage(query).first?.totals ?? LedgerTotals()
        for dimension in [UsageDimension.policy, .model, .deployment] {
            query.groupBy = [dimension]
            sums.parts[dimension] = try store.usage(query)
        }
        return sums
    }

    private func list(
        _ name: String, _ dimension: UsageDimension, _ member: String, _ sums: Sums, _ whole: inout JSONWriter,
        baseline: (String) -> BaselineReport?
    ) {
        whole.key(name)
        whole.array { list in
            for row in sums.parts[dimension] ?? [] {
                let name = sums.names[NameID(rawValue: Int32(clamping: row.group[0]))]?.name
                list.object { line in
                    line.member(member, orNull: name)
                    if dimension != .deployment {
                        line.key("baseline")
                        if let found = name.flatMap(baseline) {
                            line.object { line in
                                line.member("deployment", found.deployment)
                                line.member("is", found.choice.rawValue)
                            }
                        } else {
                            line.null()
                        }
                    }
                    Self.write(row.totals, &line)
                    if dimension == .deployment { writePromptCache(row.totals.usage, name, &line) }
                }
            }
        }
    }

    /// What the provider's own cache of prompts saved; null where no price is known.
    private func writePromptCache(_ usage: Usage, _ deployment: String?, _ line: inout JSONWriter) {
        line.key("prompt_cache")
        line.object { cache in
            cache.member("read_tokens", usage.cachedInput)
            cache.member("written_tokens", usage.cacheWrite &+ usage.cacheWriteHour)
            cache.key("saved_usd")
            if let saved = deployment.flatMap({ server.savedByPromptCache(usage, at: $0) }) { cache.raw(saved.dollars) } else { cache.null() }
        }
    }

    private static func write(_ totals: LedgerTotals, _ line: inout JSONWriter) {
        let saved = Nanodollars(totals.baseline.amount - totals.compared.amount)
        line.member("requests", totals.requests)
        for (name, amount) in [
            ("cost_usd", totals.cost), ("compared_usd", totals.compared), ("baseline_usd", totals.baseline), ("saved_usd", saved),
        ] {
            line.key(name)
            line.raw(amount.dollars)
        }
        line.key("compression")
        line.object { compression in
            compression.member("saved_tokens", totals.savedTokens)
            compression.key("saved_usd")
            compression.raw(totals.savedCost.dollars)
        }
        line.key("saved_percent")
        guard totals.baseline > .zero else { return line.null() }
        line.raw("\((Double(saved.amount) / Double(totals.baseline.amount) * 10_000).rounded() / 100)")
    }
}
