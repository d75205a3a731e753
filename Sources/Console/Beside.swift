import Gateway
import Routing
import Schema
import Settings
import Storage
import Wire

/// What is known of items beside their settings: shown with them, never set.
struct Beside: Sendable {
    let server: Server
    let tests: ProviderTests
    let ledger: any Store

    /// By section: members that are only shown. Who sends back what he read changes nothing by them.
    static let members = ["keys": ["usage", "balances"], "providers": ["last_test"]]

    static func without(_ body: Node, _ section: String) -> Node { (members[section] ?? []).reduce(body) { $0.setting($1, nil) } }

    /// By name. A store that does not answer leaves `null`: settings are shown all the same.
    func entries(_ section: String, _ items: [(name: String, node: Node)]) async -> [String: [Node.Entry]] {
        switch section {
        case "providers":
            let found = (try? await tests.last(items)) ?? [:]
            return Dictionary(items.map { ($0.name, [Node.Entry("last_test", found[$0.name] ?? .plain("null"))]) }) { first, _ in first }
        case "keys":
            let found = try? await usage(Set(items.map(\.name)))
            return Dictionary(
                items.map { item in
                    let one = found?[item.name]
                    return (item.name, [Node.Entry("usage", one?.usage ?? .plain("null")), Node.Entry("balances", one?.balances ?? .plain("null"))])
                }
            ) { first, _ in first }
        default: return [:]
        }
    }

    // MARK: Keys

    private struct OfKey: Sendable {
        var usage = Node.plain("null")
        var balances = Node.plain("null")
    }

    /// What they have used today, this month and ever, and how each of their budgets and limits stands.
    private func usage(_ names: Set<String>) async throws -> [String: OfKey] {
        let now = WallClock.milliseconds()
        let accounts = (server.blueprint?.accounts.accounts ?? []).filter { $0.scope == .key && names.contains($0.owner) }
        let windows = accounts.map { $0.period.window(at: now) }
        let asked = zip(accounts, windows).map { (account: $0.name, windowStart: $1.start) }
        let spans = [
            ("today", LimitPeriod.day.window(at: now).start), ("month", LimitPeriod.month.window(at: now).start), ("total", Int64(0)),
        ]
        let (sums, balances) = try await blocking { [ledger] in
            (try Self.sums(ledger, names, spans, now), try ledger.balances(asked))
        }
        let found = Dictionary(balances.map { ($0.account, $0) }) { first, _ in first }
        var lines: [String: [Node]] = [:]
        for (account, window) in zip(accounts, windows) {
            var writer = JSONWriter()
            BudgetDesk.write(account, window, found[account.name], held: server.held(of: account.name), &writer)
            if let line = writer.bytes.withUnsafeBytes({ JSONNode.read($0) }) { lines[account.owner, default: []].append(line) }
        }
        return Dictionary(names.map { ($0, OfKey(usage: sums[$0] ?? .plain("null"), balances: .list(lines[$0] ?? []))) }) { first, _ in first }
    }

    private static func sums(
        _ ledger: any Store, _ names: Set<String>, _ spans: [(name: String, from: Int64)], _ now: Int64
    ) throws -> [String: Node] {
        let known = try ledger.names().filter { $0.value.kind == .key && names.contains($0.value.name) }
        var totals: [String: [String: LedgerTotals]] = [:]
        for span in spans {
            var query = UsageQuery(from: span.from, to: now + 1)
            query.groupBy = [.key]
            query.limit = .max
            if known.count == 1, let only = known.first { query.only[.key] = only.key }
            for row in known.isEmpty ? [] : try ledger.usage(query) {
                guard let name = known[NameID(rawValue: Int32(clamping: row.group[0]))]?.name else { continue }
                totals[name, default: [:]][span.name] = row.totals
            }
        }
        return Dictionary(
            names.map { name in
                (name, .map(spans.map { span in (span.name, Self.node(totals[name]?[span.name] ?? LedgerTotals())) }))
            }
        ) { first, _ in first }
    }

    private static func node(_ totals: LedgerTotals) -> Node {
        .map([
            ("requests", .plain("\(totals.requests)")), ("input_tokens", .plain("\(totals.usage.input)")),
            ("output_tokens", .plain("\(totals.usage.output)")), ("cost_usd", .plain(totals.cost.dollars)),
        ])
    }
}
