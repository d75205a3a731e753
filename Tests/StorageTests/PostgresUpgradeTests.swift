import Dispatch
import Routing
import Testing

@testable import Storage

/// Gateways of two neighbouring versions on one database: the older ones go on while the first newer one brings the schema forward.
@Suite("PostgreSQL upgrades") struct PostgresUpgradeTests {
    private static let limit: Int64 = 40_000

    /// Of either version.
    private struct Side: Sendable {
        var lease: @Sendable (LeaseCall, Duration) throws -> LeaseReply
        var append: @Sendable (LedgerEntry) throws -> Int

        static func old(_ address: PostgresAddress, _ name: String) throws -> Self {
            let store = try FirstPostgres(address)
            let number = try store.join(gateway: name, called: name)
            return Self {
                try store.lease($0, for: number, expiry: $1)
            } append: {
                try store.append([$0])
            }
        }

        static func new(_ address: PostgresAddress, _ name: String) throws -> Self {
            let store = try PostgresStore(address)
            let life = try store.join(gateway: name, called: name)
            return Self {
                try store.lease($0, for: life, expiry: $1)
            } append: {
                try store.append([$0]).added
            }
        }
    }

    /// Leases and spends until nothing is left. Rows are told as they are written.
    private static func spend(_ side: Side, _ number: Int, isAlone: () -> Bool, _ wrote: (Int64) -> Void) throws {
        var chance = Seeded(UInt64(number))
        var (lease, granted, spent, rows): (Int64, Int64, Int64, Int) = (0, 0, 0, 0)
        while true {
            var call = LeaseCall()
            // Something goes back now and then.
            let back = granted - spent > 200 ? (granted - spent) / 2 : 0
            if back > 0 { call.returns = [LeaseReturn(lease: lease, amount: back, isLast: false)] }
            granted -= back
            call.wishes = [
                LeaseWish(
                    account: "z", windowStart: 0, windowEnd: .max, limit: limit, granted: granted,
                    amount: Int64.random(in: 100...900, using: &chance), kind: .budget)
            ]
            let grant = try #require(try side.lease(call, .seconds(3_600)).grants.first)
            (lease, granted) = (grant.lease, granted + grant.amount)
            if granted == spent { return }
            while granted > spent, Int.random(in: 0..<6, using: &chance) > 0 {
                rows += 1
                var row = LedgerEntry.sample(number * 100_000 + rows)
                // Little by little until all are there.
                let amount = min(granted - spent, Int64.random(in: 1...(isAlone() ? 2 : 300), using: &chance))
                row.charges = [LeaseCharge(lease: lease, amount: amount)]
                #expect(try side.append(row) == 1)
                spent += amount
                wrote(amount)
            }
        }
    }

    @Test("while the schema goes forward under it an older gateway writes on; no row is lost, and together they spend what there is")
    func rolling() throws {
        let address = try PostgresAddress(PostgresCluster.shared.get().fresh())
        // Migrated before the threads begin: version 1, as it was.
        let first = try Side.old(address, "old")
        #expect(try PostgresProbe(address).run("SELECT max(version) FROM swiftlet_schema").int(0, 0) == 1)
        let spent = Locked<[Int64]>([0, 0, 0])
        let rows = Locked<[Int]>([0, 0, 0])
        let problems = Locked<[String]>([])
        concurrently(3) { number in
            do {
                // The older one has written before the newer one starts; another older one starts behind it.
                if number > 0 { #expect(eventually { rows.withLock { $0[number - 1] } >= 30 }) }
                let side = try number == 0 ? first : number == 1 ? Side.new(address, "new") : Side.old(address, "late")
                try Self.spend(side, number, isAlone: { rows.withLock { $0.contains(0) } }) { amount in
                    spent.withLock { $0[number] += amount }
                    rows.withLock { $0[number] += 1 }
                }
            } catch {
                problems.withLock { $0.append("\(number): \(error)") }
            }
        }
        #expect(problems.withLock { $0 }.isEmpty, "\(problems.withLock { $0 })")
        #expect(try PostgresProbe(address).run("SELECT max(version) FROM swiftlet_schema").int(0, 0) == Int64(PostgresSchema.steps.count))
        let store = try PostgresStore(address)
        let all = rows.withLock { $0.reduce(0, +) }
        #expect(spent.withLock { $0.reduce(0, +) } == Self.limit)
        #expect(try store.balances([("z", 0)]) == [AccountBalance(account: "z", windowStart: 0, used: Self.limit)])
        #expect(try store.totals().requests == Int64(all))
        #expect(try store.requests(after: nil, limit: 10_000).count == all)
    }

    @Test("each takes the other's slices away in full when it is not heard of, and a newer life ends what an older binary leased")
    func lost() throws {
        let address = try PostgresAddress(PostgresCluster.shared.get().fresh())
        let (old, new) = (try Side.old(address, "old"), try Side.new(address, "new"))
        func wish(_ amount: Int64, granted: Int64 = 0) -> LeaseCall {
            var call = LeaseCall()
            call.wishes = [
                LeaseWish(account: "z", windowStart: 0, windowEnd: .max, limit: 1_000, granted: granted, amount: amount, kind: .budget)
            ]
            return call
        }
        let ours = try #require(try new.lease(wish(400), .seconds(60)).grants.first)
        let theirs = try #require(try old.lease(wish(400), .seconds(60)).grants.first)
        var row = LedgerEntry.sample(1)
        row.charges = [LeaseCharge(lease: ours.lease, amount: 150)]
        #expect(try new.append(row) == 1)
        // The older one sees them as leased still, which comes to the same, and has no more than there is.
        #expect(try old.lease(wish(1_000, granted: 400), .zero).grants.first?.amount == 200)
        let store = try PostgresStore(address)
        #expect(try store.balances([("z", 0)]) == [AccountBalance(account: "z", windowStart: 0, used: 150, writtenOff: 250, leased: 600)])
        #expect(try new.lease(LeaseCall(), .zero).lost == [ours.lease])
        #expect(try store.balances([("z", 0)]).first?.writtenOff == 850)
        row = LedgerEntry.sample(2)
        row.charges = [LeaseCharge(lease: theirs.lease, amount: 100)]
        #expect(try old.append(row) == 1)
        // The same machine, upgraded: what it had leased is over, calls of its older process are refused.
        _ = try store.join(gateway: "old", called: "old")
        var late = wish(5)
        late.number = .max - 1
        #expect(throws: StoreFailure.self) { try old.lease(late, .seconds(60)) }
        #expect(try store.balances([("z", 0)]) == [AccountBalance(account: "z", windowStart: 0, used: 250, writtenOff: 250)])
    }
}
