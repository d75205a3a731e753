import Dispatch
import Routing
import Testing

@testable import Storage

/// Several gateways on one server, at once.
@Suite("PostgreSQL leases") struct PostgresLeaseTests {
    private static let limit: Int64 = 50_000

    /// What a gateway was granted of the one account, and what it has spent of it.
    private struct Spender {
        let store: PostgresStore
        let gateway: GatewayLife
        var lease: Int64 = 0
        var granted: Int64 = 0
        var spent: Int64 = 0
        var rows = 0
        let number: Int

        init(_ store: PostgresStore, _ number: Int) throws {
            (self.store, self.number) = (store, number)
            gateway = try store.join(gateway: "gateway-\(number)", called: "gateway-\(number)")
        }

        mutating func lease(_ amount: Int64, giving back: Int64 = 0) throws {
            var call = LeaseCall()
            if back > 0 {
                call.returns = [LeaseReturn(lease: lease, amount: back, isLast: false)]
                granted -= back
            }
            call.wishes = ["z", "a"].map {
                LeaseWish(
                    account: $0, windowStart: 0, windowEnd: .max, limit: $0 == "z" ? PostgresLeaseTests.limit : .max,
                    granted: $0 == "z" ? granted : 0, amount: $0 == "z" ? amount : 0, kind: .budget)
            }
            let grant = try store.lease(call, for: gateway, expiry: .seconds(3_600)).grants[0]
            (lease, granted) = (grant.lease, granted + grant.amount)
        }

        mutating func spend(_ amount: Int64) throws {
            rows += 1
            var row = LedgerEntry.sample(number * 100_000 + rows)
            row.charges = [LeaseCharge(lease: lease, amount: amount)]
            spent += amount
            _ = try store.append([row])
        }
    }

    @Test("three gateways that lease and spend at once never spend more than there is, and nothing is lost")
    func together() throws {
        let address = try PostgresAddress(PostgresCluster.shared.get().fresh())
        let spent = Locked<Int64>(0)
        let problems = Locked<[String]>([])
        concurrently(3) { number in
            do {
                var chance = Seeded(UInt64(number + 7))
                var spender = try Spender(PostgresStore(address), number)
                while true {
                    try spender.lease(Int64.random(in: 200...900, using: &chance))
                    if spender.granted == spender.spent { break }
                    while spender.granted > spender.spent {
                        try spender.spend(min(spender.granted - spender.spent, Int64.random(in: 1...700, using: &chance)))
                        if Int.random(in: 0..<8, using: &chance) == 0 { break }
                    }
                    let rest = spender.granted - spender.spent
                    if rest > 1, Int.random(in: 0..<4, using: &chance) == 0 { try spender.lease(0, giving: rest / 2) }
                }
                let sum = spender.spent
                spent.withLock { $0 += sum }
            } catch {
                problems.withLock { $0.append("\(error)") }
            }
        }
        #expect(problems.withLock { $0 }.isEmpty, "\(problems.withLock { $0 })")
        let balance = try #require(try PostgresStore(address).balances([("z", 0)]).first)
        #expect(spent.withLock { $0 } == Self.limit)
        #expect(balance == AccountBalance(account: "z", windowStart: 0, used: Self.limit))
    }

    @Test("three gateways and a server that is killed under them: never above the limit, every row charged once")
    func killed() throws {
        let cluster = try PostgresCluster()
        let address = try PostgresAddress(cluster.fresh())
        var limits = PostgresLimits()
        (limits.connect, limits.write, limits.longestPause) = (.seconds(1), .seconds(1), .milliseconds(100))
        let quick = limits
        let stores = try (0..<3).map { _ in try PostgresStore(address, limits: quick) }
        let isDone = Locked(false)
        let spent = Locked<[Int64]>([0, 0, 0])
        let gone = DispatchGroup()
        for number in 0..<3 {
            DispatchQueue(label: "gateway \(number)").async(group: gone) {
                Self.serve(stores[number], number, until: isDone) { sum in
                    spent.withLock { $0[number] = sum }
                }
            }
        }
        for _ in 0..<2 {
            let before = spent.withLock { $0.reduce(0, +) }
            #expect(eventually { spent.withLock { $0.reduce(0, +) } >= before + 2_000 })
            cluster.kill()
            cluster.start()
        }
        #expect(eventually { spent.withLock { $0.reduce(0, +) } >= 6_000 })
        isDone.withLock { $0 = true }
        gone.wait()
        let sum = spent.withLock { $0.reduce(0, +) }
        let store = try PostgresStore(address)
        let balance = try #require(try store.balances([("z", 0)]).first)
        #expect(balance.used == sum)
        #expect(balance.used + balance.writtenOff + balance.leased <= Self.limit)
        #expect(try store.totals().requests > 0)
    }

    /// Asks again until it is answered, as the keeper of leases and the journal do.
    private static func serve(_ store: PostgresStore, _ number: Int, until isDone: borrowing Locked<Bool>, _ tell: (Int64) -> Void) {
        guard var spender = try? Spender(store, number) else { return }
        while !isDone.withLock({ $0 }), spender.spent < limit / 3 {
            if spender.granted == spender.spent, (try? spender.lease(300)) == nil { continue }
            guard spender.granted > spender.spent else { continue }
            // The same row until it is there: its fate was open.
            let (amount, rows, before) = (min(37, spender.granted - spender.spent), spender.rows, spender.spent)
            while (try? spender.spend(amount)) == nil { (spender.rows, spender.spent) = (rows, before) }
            tell(spender.spent)
        }
    }
}
