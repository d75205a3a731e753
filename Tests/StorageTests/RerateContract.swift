import Routing
import Testing

@testable import Storage

/// What every store promises of requests that are priced again.
@Suite("Store contract: prices that come later") struct RerateContract {
    typealias Kind = StoreContract.Kind
    let folder: Folder
    init() throws { folder = try Folder() }

    private static let query = UsageQuery(from: UsageContract.start, to: UsageContract.start + 200 * 24 * UsageContract.hour)

    @Test("rows and all sums are as if the price had been known at first, whenever sums were folded", arguments: Kind.allCases, [false, true])
    func sums(kind: Kind, isFolded: Bool) throws {
        let store = try kind.open(in: folder)
        var chance = Seeded(77)
        var rows = UsageContract.rows(240, seed: 5)
        for at in rows.indices {
            rows[at].priced = at % 3 != 0
            rows[at].cost = at % 3 == 0 ? .zero : rows[at].cost
        }
        _ = try store.append(rows[...])
        let end = UsageContract.start + 125 * 24 * UsageContract.hour
        if isFolded { try UsageContract().tend(store, at: end) }
        let kept = try rows.filter { try store.request($0.id) != nil }
        let reratings = kept.filter { _ in Bool.random(using: &chance) }.map {
            Rerating(request: $0.id, before: $0.cost, after: Nanodollars(.random(in: 0..<9_000, using: &chance)))
        }
        #expect(reratings.count > 50)
        let changed = try store.rerate(reratings)
        let byID = Dictionary(uniqueKeysWithValues: reratings.map { ($0.request, $0) })
        let expected = rows.map { row in byID[row.id].flatMap(row.rerated) ?? row }
        #expect(changed == zip(rows, expected).count { $0 != $1 })
        #expect(changed > 50)
        for row in expected where byID[row.id] != nil { #expect(try store.request(row.id).map(row.matches) == true) }
        if !isFolded { try UsageContract().checkAll(store, expected, seed: 9, "rerated") }
        try checkWhole(store, expected, "rerated")
        #expect(try store.rerate(reratings) == 0, "given again it changes nothing")
        try UsageContract().tend(store, at: end)
        try checkWhole(store, expected, "folded after")
    }

    /// Where hours are forgotten only whole days are as they were.
    private func checkWhole(_ store: any Store, _ rows: [LedgerEntry], _ comment: String) throws {
        for grouping in UsageContract.groupings where !grouping.contains(.hour) {
            var query = Self.query
            query.groupBy = grouping
            query.limit = 1_000_000
            try UsageContract().check(store, query, rows, "\(comment): \(grouping)")
        }
    }

    @Test("the attempt that answered costs what the request costs more", arguments: Kind.allCases)
    func attempts(kind: Kind) throws {
        let store = try kind.open(in: folder)
        var row = LedgerEntry.sample(1)
        (row.cost, row.priced) = (.zero, false)
        var (first, last) = (AttemptRecord(deployment: row.deployment), AttemptRecord(deployment: row.deployment))
        (first.fault, last.state) = (.timeout, .done)
        row.attemptLog = [first, last]
        _ = try store.append([row])
        #expect(try store.rerate([Rerating(request: row.id, before: Nanodollars(5), after: Nanodollars(7))]) == 0, "it says something else")
        #expect(try store.rerate([Rerating(request: row.id, before: .zero, after: Nanodollars(7_000))]) == 1)
        let found = try #require(try store.request(row.id))
        #expect(found.cost == Nanodollars(7_000))
        #expect(found.priced)
        #expect(found.history.map(\.cost) == [.zero, Nanodollars(7_000)])
        #expect(try store.rerate([Rerating(request: .first(atUnixMilliseconds: 5), before: .zero, after: Nanodollars(7))]) == 0)
    }

    @Test("budgets of whom it was charged to are corrected, in the windows that it fell into", arguments: Kind.allCases)
    func budgets(kind: Kind) throws {
        let store = try kind.open(in: folder)
        let key = try #require(try store.intern(["bot"], as: .key).first)
        let project = try #require(try store.intern(["lab"], as: .project).first)
        var row = LedgerEntry.sample(2)
        (row.key, row.project, row.cost, row.priced) = (key, project, Nanodollars(1_000), false)
        // Windows that are long over are forgotten.
        let now = StoreClock.milliseconds()
        row.id = RequestID(millisecond: now - RequestID.epoch, node: 3, sequence: 1)
        row.startedUnixMilliseconds = now
        let gateway = try store.join(gateway: "a", called: "a")
        let chosen: [(Account, LimitWindow)] = [
            (Account(.key, "bot", .nanodollars, per: .day, limit: 9_000), LimitPeriod.day.window(at: now)),
            (Account(.project, "lab", .nanodollars, per: .month, limit: 9_000), LimitPeriod.month.window(at: now)),
            (Account(.organisation, "", .nanodollars, per: .total, limit: nil), .always),
            (Account(.key, "bot", .tokens, per: .day, limit: 9_000), LimitPeriod.day.window(at: now)),
            (Account(.key, "other", .nanodollars, per: .day, limit: 9_000), LimitPeriod.day.window(at: now)),
        ]
        var call = LeaseCall()
        call.number = 1
        call.wishes = chosen.map { account, window in
            LeaseWish(
                account: account.name, windowStart: window.start, windowEnd: window.end, limit: account.limit ?? .max, amount: 5_000,
                kind: .budget)
        }
        let grants = try store.lease(call, for: gateway, expiry: .seconds(60)).grants
        row.charges = grants.prefix(3).map { LeaseCharge(lease: $0.lease, amount: 1_000) }
        _ = try store.append([row])
        func used() throws -> [Int64] {
            let windows = chosen.map { (account: $0.0.name, windowStart: $0.1.start) }
            let found = try store.balances(windows)
            return windows.map { window in found.first { $0.account == window.account }?.used ?? -1 }
        }
        // Less, before any call of a gateway has counted what the row charged.
        #expect(try used() == [1_000, 1_000, 1_000, 0, 0])
        #expect(try store.rerate([Rerating(request: row.id, before: Nanodollars(1_000), after: Nanodollars(400))]) == 1)
        #expect(try used() == [400, 400, 400, 0, 0])
        try store.leave(gateway)
        #expect(try used() == [400, 400, 400, 0, 0])
        #expect(try store.rerate([Rerating(request: row.id, before: Nanodollars(400), after: Nanodollars(3_500))]) == 1)
        #expect(try used() == [3_500, 3_500, 3_500, 0, 0])
        #expect(try store.rerate([Rerating(request: row.id, before: Nanodollars(3_500), after: .zero)]) == 1)
        #expect(try used() == [0, 0, 0, 0, 0])
    }
}
