import Dispatch
import Routing
import Testing

@testable import Storage

/// Who waits for whom: rows and lease calls for nobody of the other, and nobody in a circle.
@Suite("PostgreSQL locks") struct PostgresLockTests {
    private func call(_ amount: Int64, giving back: (lease: Int64, amount: Int64)? = nil) -> LeaseCall {
        var call = LeaseCall()
        if let back { call.returns = [LeaseReturn(lease: back.lease, amount: back.amount, isLast: false)] }
        call.wishes = [LeaseWish(account: "a", windowStart: 0, windowEnd: .max, limit: 1_000, granted: .max, amount: amount, kind: .budget)]
        return call
    }

    private func row(_ number: Int, _ lease: Int64, _ amount: Int64) -> LedgerEntry {
        var row = LedgerEntry.sample(number)
        row.charges = [LeaseCharge(lease: lease, amount: amount)]
        return row
    }

    @Test("a lease call does not wait for rows on their way to the disk, of the very same slice")
    func leasing() throws {
        let address = try PostgresAddress(PostgresCluster.shared.get().fresh())
        let store = try PostgresStore(address)
        let gateway = try store.join(gateway: "a", called: "a")
        let lease = try #require(try store.lease(call(300), for: gateway, expiry: .seconds(30)).grants.first?.lease)
        _ = try store.append([row(1, lease, 50)])
        // Holds rows up behind all that they lock.
        let probe = try PostgresProbe(address)
        try probe.run("BEGIN")
        try probe.run("LOCK TABLE usage IN EXCLUSIVE MODE")
        let added = Locked<Int?>(nil)
        let done = DispatchGroup()
        DispatchQueue(label: "rows").async(group: done) {
            let receipt = try? store.append([row(2, lease, 70)])
            added.withLock { $0 = receipt?.added }
        }
        let other = try PostgresProbe(address)
        #expect(eventually { (try? other.run("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'usage'::regclass").int(0, 0)) == 1 })
        let reply = try store.lease(call(100, giving: (lease, 20)), for: gateway, expiry: .seconds(30))
        #expect(reply.grants.first == LeaseGrant(lease: lease, amount: 100, used: 50, leased: 330))
        try probe.run("COMMIT")
        done.wait()
        #expect(added.withLock { $0 } == 1)
        #expect(try store.balances([("a", 0)]) == [AccountBalance(account: "a", windowStart: 0, used: 120, leased: 260)])
        #expect(try store.lease(call(0), for: gateway, expiry: .seconds(30)).grants.first?.used == 120)
    }

    @Test("rows do not wait for a lease call")
    func writing() throws {
        let address = try PostgresAddress(PostgresCluster.shared.get().fresh())
        let store = try PostgresStore(address)
        let gateway = try store.join(gateway: "a", called: "a")
        let lease = try #require(try store.lease(call(300), for: gateway, expiry: .seconds(30)).grants.first?.lease)
        let probe = try PostgresProbe(address)
        try probe.run("BEGIN")
        for table in ["gateways", "lease_windows", "leases"] { try probe.run("SELECT 1 FROM \(table) FOR UPDATE") }
        for number in 1...3 { #expect(try store.append([row(number, lease, 40)]).added == 1) }
        #expect(try store.balances([("a", 0)]) == [AccountBalance(account: "a", windowStart: 0, used: 120, leased: 180)])
        try probe.run("ROLLBACK")
    }

    @Test("what was granted is there after the server was killed the moment it answered")
    func durable() throws {
        // Left alone, the server's log writer would not come for ten seconds.
        let cluster = try PostgresCluster(settings: ["wal_writer_delay=10s"])
        let store = try PostgresStore(PostgresAddress(cluster.fresh()))
        var granted: Int64 = 0
        for round in 0..<3 {
            let gateway = try store.join(gateway: "gateway \(round)", called: "g")
            for _ in 0..<3 { granted += try store.lease(call(10), for: gateway, expiry: .seconds(3_600)).grants.first?.amount ?? 0 }
            cluster.kill()
            cluster.start()
            #expect(eventually { (try? store.balances([("a", 0)])) == [AccountBalance(account: "a", windowStart: 0, leased: granted)] })
        }
        #expect(granted == 90)
    }

    @Test("gateways that lease, give back, write and are lost at once never wait in a circle")
    func circles() throws {
        let cluster = try PostgresCluster(settings: ["log_min_messages=error", "deadlock_timeout=10ms"])
        let address = try PostgresAddress(cluster.fresh())
        let stores = try (0..<4).map { _ in try PostgresStore(address) }
        let problems = Locked<[String]>([])
        concurrently(8) { number in
            do {
                let store = stores[number % 4]
                if number < 4 {
                    try Self.lease(store, number)
                } else {
                    // Slices of all, in any order: also those that others lease of just now.
                    var chance = Seeded(UInt64(number))
                    for step in 0..<60 {
                        var row = LedgerEntry.sample(number * 1_000 + step)
                        row.charges = (0..<4).map { _ in LeaseCharge(lease: Int64.random(in: 1...40, using: &chance), amount: 1) }
                        _ = try store.append([row])
                    }
                }
            } catch {
                problems.withLock { $0.append("\(error)") }
            }
        }
        #expect(problems.withLock { $0 }.isEmpty, "\(problems.withLock { $0 })")
        #expect(!cluster.log.contains("deadlock"))
    }

    private static func lease(_ store: PostgresStore, _ number: Int) throws {
        var chance = Seeded(UInt64(number))
        let gateway = try store.join(gateway: "\(number)", called: "\(number)")
        var mine: [Int64] = []
        for step in 0..<60 {
            var call = LeaseCall()
            // A new minute now and then; accounts in any order.
            call.wishes = (0..<6).shuffled(using: &chance).prefix(4).map { account in
                LeaseWish(
                    account: "account \(account)", windowStart: Int64(step / 20), windowEnd: .max, limit: .max, granted: .max, amount: 5,
                    kind: .budget)
            }
            if let lease = mine.randomElement(using: &chance) { call.returns = [LeaseReturn(lease: lease, amount: 1, isLast: step % 7 == 0)] }
            let reply = try store.lease(call, for: gateway, expiry: step % 10 == 9 ? .zero : .seconds(30))
            mine = reply.grants.map(\.lease) + mine.suffix(4)
            if step % 15 == 14 { _ = try store.correct(afterSilenceOf: .zero) }
        }
    }
}
