import Gateway
import Routing
import Schema
import Settings
import Storage
import Wire

/// `GET /api/v1/budgets`: every budget and limit as it stands in its window of now.
struct BudgetDesk: Sendable {
    let server: Server
    let store: any Store

    static let parameters: [AdminRoute.Parameter] = [
        .init(name: "scope", help: "Only those of \(LimitScope.allCases.map { "`\($0)`" }.joined(separator: ", "))."),
        .init(name: "name", help: "Only those of the key, project, customer, provider or deployment of this name."),
        .init(name: "cursor", help: "`next_cursor` of the page before."), .init(name: "limit", help: "How many at most.", schema: "integer"),
    ]

    func answer(_ call: AdminCall) async throws -> AdminAnswer {
        try call.checkQuery(Self.parameters.map(\.name))
        let limit = try call.limit(500, most: 5_000)
        let first = Int(clamping: try call.cursor() ?? 0)
        guard let blueprint = server.blueprint else { throw AdminRefusal(503, "starting", "the gateway does not serve yet") }
        let accounts = try chosen(call, blueprint)
        let page = Array(accounts.dropFirst(max(0, first)).prefix(limit))
        let now = WallClock.milliseconds()
        let windows = page.map { $0.period.window(at: now) }
        let store = store
        let asked = zip(page, windows).map { (account: $0.name, windowStart: $1.start) }
        let found = try await blocking { try store.balances(asked) }
        let balances = Dictionary(found.map { ($0.account, $0) }) { first, _ in first }
        return AdminAnswer { whole in
            whole.object { whole in
                whole.key("data")
                whole.array { list in
                    for (account, window) in zip(page, windows) {
                        Self.write(account, window, balances[account.name], held: server.held(of: account.name), &list)
                    }
                }
                whole.member("next_cursor", orNull: first + page.count < accounts.count ? "\(first + page.count)" : nil)
            }
        }
    }

    private func chosen(_ call: AdminCall, _ blueprint: Blueprint) throws -> [Account] {
        var accounts = blueprint.accounts.accounts
        if let text = call.query["scope"] {
            let known = LimitScope.allCases.map { "\($0)" }
            guard known.contains(text) else {
                throw AdminRefusal(400, "invalid_value", "there is no scope `\(text.prefix(50))`\(Spelling.help(for: text, among: known))")
            }
            accounts.removeAll { "\($0.scope)" != text }
        }
        if let name = call.query["name"] { accounts.removeAll { $0.owner != name } }
        if let bounds = call.caller.bounds {
            let keys = Set(blueprint.keys.filter { $0.project.map { bounds.projects.contains(blueprint.projects[$0].name) } ?? false }.map(\.name))
            accounts.removeAll { account in
                switch account.scope {
                case .key: !keys.contains(account.owner)
                case .project: !bounds.projects.contains(account.owner)
                default: true
                }
            }
        }
        return accounts
    }

    static func write(_ account: Account, _ window: LimitWindow, _ balance: AccountBalance?, held: Int64?, _ list: inout JSONWriter) {
        let used = (balance?.used ?? 0) + (balance?.writtenOff ?? 0)
        list.object { line in
            line.member("account", account.name)
            line.member("scope", "\(account.scope)")
            line.member("name", account.owner)
            line.member("unit", account.unit == .nanodollars ? "usd" : "\(account.unit)")
            line.member("period", "\(account.period)")
            line.member("kind", account.isBudget ? "budget" : "limit")
            line.member("enforcement", account.isHard ? "hard" : "soft")
            amount("limit", account.limit, account, &line)
            amount("used", balance?.used ?? 0, account, &line)
            amount("written_off", balance?.writtenOff ?? 0, account, &line)
            // By requests in flight on the gateway that is asked.
            amount("held", held, account, &line)
            // Of what is left, in the hands of gateways: held by requests in flight, or ready for the next.
            amount("leased", balance?.leased ?? 0, account, &line)
            amount("remaining", account.limit.map { max(0, $0 - used) }, account, &line)
            line.key("used_percent")
            if let limit = account.limit { line.raw(percent(used, of: limit)) } else { line.null() }
            line.key("alerts")
            line.array { list in for percent in account.alerts { list.number(percent) } }
            line.member("since", orNull: window.start == 0 ? nil : Timestamp.text(unixMilliseconds: window.start))
            line.member("resets", orNull: window.end == .max ? nil : Timestamp.text(unixMilliseconds: window.end))
        }
    }

    private static func amount(_ name: String, _ value: Int64?, _ account: Account, _ line: inout JSONWriter) {
        line.key(name)
        guard let value else { return line.null() }
        line.raw(account.unit == .nanodollars ? Nanodollars(value).dollars : "\(value)")
    }

    private static func percent(_ used: Int64, of limit: Int64) -> String {
        guard limit > 0 else { return used > 0 ? "100" : "0" }
        return "\((Double(used) / Double(limit) * 10_000).rounded() / 100)"
    }
}
