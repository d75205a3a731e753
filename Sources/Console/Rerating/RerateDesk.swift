import Gateway
import Routing
import Schema
import Settings
import Storage
import Wire

/// `POST /api/v1/prices/rerate`: what logged requests cost by the prices that are known now.
struct RerateDesk: Sendable {
    let book: SettingsBook
    let ledger: any Store
    /// Budgets were corrected in the store.
    let corrected: @Sendable () -> Void

    static let parameters: [AdminRoute.Parameter] = [
        .init(name: "from", help: "RFC 3339, a day, or milliseconds since 1970; 30 days ago without it."),
        .init(name: "to", help: "The same; now without it."),
        .init(name: "only", help: "`unpriced`, which it is without it: requests whose price was unknown; or `all`."),
        .init(name: "deployment", help: "Only requests that this deployment answered."),
        .init(name: "apply", help: "`true`: rows, sums and budgets are changed. Without it nothing is.", schema: "boolean"),
        .init(name: "cursor", help: "`next` of the answer before: goes on with older rows."),
    ]

    func answer(_ call: AdminCall) async throws -> AdminAnswer {
        let body = try call.object(Self.parameters.map(\.name))
        let plan = try plan(body)
        let blueprint = try await book.compiled(await book.document)
        let (ledger, corrected) = (ledger, corrected)
        let report = try await blocking {
            // What was written before a failure is written.
            defer { if plan.isApplied { corrected() } }
            return try plan.run(blueprint, ledger)
        }
        if plan.isApplied {
            try await book.note(call.mark("prices.rerate", plan.subject), before: report.before.dollars, after: report.after.dollars)
        }
        return AdminAnswer { report.write(plan, to: &$0) }
    }

    private func plan(_ body: Node) throws -> RerateRun {
        var times = AdminCall("POST", "/")
        for name in ["from", "to"] { times.query[name] = body[name]?.scalar }
        let now = WallClock.milliseconds()
        let from = try times.moment("from") ?? now - 30 * 86_400_000
        let to = try times.moment("to", roundedUp: true) ?? now + 1
        guard from < to else { throw AdminRefusal(400, "invalid_value", "`from` must be before `to`") }
        var plan = RerateRun(from: from, to: to)
        switch body["only"]?.scalar {
        case nil, "unpriced": plan.onlyUnpriced = true
        case "all": plan.onlyUnpriced = false
        case let other?:
            let help = Spelling.help(for: other, among: ["unpriced", "all"])
            throw AdminRefusal(400, "invalid_value", "`only` must be unpriced or all, not `\(other.prefix(100))`\(help)")
        }
        switch body["apply"]?.scalar {
        case nil, "false": plan.isApplied = false
        case "true": plan.isApplied = true
        default: throw AdminRefusal(400, "invalid_value", "`apply` must be true or false")
        }
        plan.deployment = body["deployment"]?.scalar
        if let name = plan.deployment {
            let known = try ledger.names().values.filter { $0.kind == .deployment }.map(\.name)
            guard known.contains(name) else { throw AdminRefusal.unknown("deployment in the ledger", name, among: known.sorted()) }
        }
        if let cursor = body["cursor"]?.scalar {
            guard let id = RequestID(cursor) else { throw AdminRefusal(400, "invalid_value", "`cursor` must be `next` of the answer before") }
            plan.cursor = id
        }
        return plan
    }
}
