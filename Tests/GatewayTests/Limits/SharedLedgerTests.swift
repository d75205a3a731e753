import Logging
import Routing
import Storage
import Testing

@testable import Gateway

@Suite("The accounts of a gateway")
struct SharedLedgerTests {
    private static func table(_ owners: [String], limit: Int64) -> AccountTable {
        var table = AccountTable()
        table.accounts = owners.map { Account(.key, $0, .requests, per: .total, limit: limit) }
        table.chains = owners.indices.map { [$0] }
        return table
    }

    private static func metering(_ table: AccountTable) -> Metering { Metering(table, ceiling: nil, globalParallel: nil, isExclusive: true) }

    private static func reserve(_ ledger: SharedLedger, _ metering: Metering, key: Int) -> Reservation? {
        ledger.with { ledger in
            guard let base = metering.anchor.chains else { return nil }
            guard let chain = metering.chain(of: Metering.Party(key: key)) else { return .permit(.none) }
            return ledger.reserve(Demand(nanodollars: 0, tokens: 0), chain: base + chain, at: 1_000)
        }
    }

    private static func owner(_ answer: Reservation?) -> String? {
        if case .refused(let why)? = answer { return why.owner }
        return nil
    }

    @Test("requests under the settings before find their own accounts, whatever place those have now")
    func anchors() {
        let ledger = SharedLedger(isExclusive: true)
        let first = Self.metering(Self.table(["a", "b"], limit: 0))
        let second = Self.metering(Self.table(["c", "b", "a"], limit: 0))
        let third = Self.metering(Self.table(["d"], limit: 0))
        ledger.replace(first, onStoreLoss: .deny)
        #expect(Self.owner(Self.reserve(ledger, first, key: 1)) == "b")
        ledger.replace(second, onStoreLoss: .deny)
        #expect(Self.owner(Self.reserve(ledger, first, key: 0)) == "a")
        #expect(Self.owner(Self.reserve(ledger, second, key: 0)) == "c")
        ledger.replace(third, onStoreLoss: .deny)
        #expect(Self.reserve(ledger, first, key: 0) == nil, "two changes ago")
        #expect(Self.owner(Self.reserve(ledger, second, key: 2)) == "a")
        #expect(Self.owner(Self.reserve(ledger, third, key: 0)) == "d")
        #expect(ledger.settings.accounts.map(\.owner) == ["d"])
    }

    @Test("a key without limits is nobody else's, also where projects have some")
    func unlimited() {
        var table = AccountTable()
        table.accounts = [Account(.project, "p", .requests, per: .total, limit: 0)]
        table.projects = [[0]]
        let metering = Self.metering(table)
        #expect(metering.isOn && metering.chain(of: Metering.Party(key: 0)) == nil)
        #expect(metering.otherChains(of: Metering.Party(key: 3, project: 0)) == [0] && metering.otherChains(of: Metering.Party(key: 0)).isEmpty)
        #expect(!Self.metering(.empty).isOn)
    }

    @Test("rates of deployments are the router's where no other gateway counts them")
    func deployments() {
        var table = AccountTable()
        table.accounts = [
            Account(.deployment, "d", .requests, per: .minute, limit: 5), Account(.deployment, "d", .nanodollars, per: .day, limit: 5),
            Account(.deployment, "d", .parallel, per: .total, limit: 5),
        ]
        table.deployments = [[0, 1, 2]]
        #expect(Metering(table, ceiling: nil, globalParallel: nil, isExclusive: true).table.deployments == [[1]])
        #expect(Metering(table, ceiling: nil, globalParallel: nil, isExclusive: false).table.deployments == [[0, 1, 2]])
    }

    @Test("exactly so many places are given away, whoever asks at once")
    func slots() async {
        let slots = Slots()
        let taken = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<8 { group.addTask { (0..<500).filter { _ in slots.take(of: 37) == nil }.count } }
            return await group.reduce(0, +)
        }
        #expect(taken == 37 && slots.inUse == 37 && slots.take(of: 37) == 37)
        slots.giveBack()
        #expect(slots.take(of: 37) == nil)
    }

    @Test("the keeper leases before anybody asks, wakes who waits, and gives everything back at the end")
    func keeper() throws {
        let store = MemoryStore()
        let ledger = SharedLedger(isExclusive: true)
        var table = AccountTable()
        table.accounts = [Account(.key, "k", .nanodollars, per: .total, limit: 1_000)]
        table.chains = [[0]]
        let metering = Self.metering(table)
        ledger.replace(metering, onStoreLoss: .deny)
        let answered = Locked(0)
        let keeper = LeaseKeeper(
            store, ledger, identity: "one", name: "one", log: Logger(label: "test"), answered: { answered.withLock { $0 += 1 } }, crossed: { _ in })
        keeper.start()
        let now = ledger.unixMilliseconds(at: .now())
        let demand = Demand(nanodollars: 600, tokens: 0)
        var held = Hold.none
        // The first to ask may find nothing leased yet.
        for _ in 0..<2_000 {
            if case .permit(let hold) = ledger.with({ $0.reserve(demand, chain: 0, at: now) }) {
                held = hold
                break
            }
            keeper.nudge()
            pauseThread(.milliseconds(1))
        }
        #expect(!held.isNone && answered.withLock { $0 } > 0)
        guard case .refused(let why) = ledger.with({ $0.reserve(demand, chain: 0, at: now) }) else {
            Issue.record("the rest is not enough for another")
            return
        }
        #expect(why.remaining == 400)
        ledger.with { $0.release(held) }
        keeper.stop()
        #expect(try store.balances([("key/k/nanodollars/total", 0)]).allSatisfy { $0.leased == 0 && $0.used == 0 })
    }

    @Test("a lone gateway goes by the clock of its machine, whenever that is set right")
    func clock() {
        let ledger = SharedLedger(isExclusive: true)
        let now = Instant.now()
        let wall = ledger.unixMilliseconds(at: now)
        for (said, believed) in [(wall + 400, wall), (wall + 86_400_000, wall + 86_400_000), (wall - 3_000, wall - 3_000)] {
            ledger.follow(said, at: now)
            #expect(ledger.unixMilliseconds(at: now) == believed)
        }
    }
}
