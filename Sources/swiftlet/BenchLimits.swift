import Routing
import Storage

/// What a request pays for the accounts above it: reserving before it is sent and settling behind it, without the store's part, which is
/// in the background.
struct LimitsRow {
    let name = "reservation and settlement, 6 accounts"
    /// Nanoseconds.
    let p50: Int64 = 2_000

    private static let start: Int64 = 1_800_000_000_000

    private static var table: AccountTable {
        var table = AccountTable()
        let owners: [(LimitScope, String)] = [(.key, "bot"), (.project, "lab"), (.organisation, "")]
        for (scope, owner) in owners {
            table.accounts.append(Account(scope, owner, .nanodollars, per: .month, limit: 1_000_000_000_000_000))
        }
        table.accounts.append(Account(.key, "bot", .tokens, per: .day, limit: 1_000_000_000_000))
        table.accounts.append(Account(.key, "bot", .requests, per: .minute, limit: 1_000_000_000))
        table.accounts.append(Account(.key, "bot", .parallel, per: .total, limit: 1_000))
        table.chains = [Array(table.accounts.indices)]
        return table
    }

    /// Nanoseconds of each, in order of size. Requests come every 0.1 ms; the store is called once in ten milliseconds.
    func times(_ count: Int) throws -> [Int64] {
        var now = Self.start
        let store = MemoryStore(firstNode: 0)
        let gateway = try store.join(gateway: "bench", called: "bench")
        var ledger = Ledger(table: Self.table, mode: .exclusive)
        let demand = Demand(nanodollars: 40_000_000, tokens: 5_000)
        let spent = Spent(nanodollars: 9_000_000, tokens: 900)
        var times: [Int64] = []
        times.reserveCapacity(count)
        var rows: [LeaseCharge] = []
        for round in -1_000..<count {
            if round % 100 == 0 {
                now += 10
                var row = LedgerEntry(id: .first(atUnixMilliseconds: now), startedUnixMilliseconds: now)
                row.charges = rows
                rows = []
                _ = try store.append([row])
                if let call = ledger.call(at: now) {
                    ledger.apply(try store.lease(call, for: gateway, expiry: .seconds(60)), to: call, at: now)
                }
            }
            var charges: [LeaseCharge] = []
            let started = ContinuousClock.now
            let reservation = ledger.reserve(demand, chain: 0, at: now)
            guard case .permit(let hold) = reservation else { continue }
            ledger.settle(hold, spent, charges: &charges)
            let taken = (ContinuousClock.now - started).nanoseconds
            rows += charges
            if round >= 0 { times.append(taken) }
        }
        return times.sorted()
    }
}
