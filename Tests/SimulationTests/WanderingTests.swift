import Routing
import Simulation
import Testing

/// Three gateways and a store that answers within milliseconds: how much of a budget is had, and how soon.
@Suite("Slices that wander") struct WanderingTests {
    struct World {
        var store = BudgetStore(expiry: 30_000, silence: 600_000)
        var ledgers: [Ledger]
        var now: Int64 = 1_760_000_000_000
        /// When each gateway calls next.
        var due: [Int64]
        var spent: Int64 = 0
        var next = 0
        let account: Account

        init(_ account: Account, gateways: Int = 3) {
            self.account = account
            var table = AccountTable()
            table.accounts = [account]
            table.chains = [[0]]
            ledgers = (0..<gateways).map { _ in Ledger(table: table, mode: .shared) }
            let start = now
            due = (0..<gateways).map { start + Int64($0) * 300 }
            for gateway in 0..<gateways {
                store.join(gateway, at: now)
                call(gateway)
            }
        }

        mutating func call(_ gateway: Int) {
            due[gateway] = now + 1_000
            guard let call = ledgers[gateway].call(at: now), let reply = store.lease(call, for: gateway, at: now) else { return }
            ledgers[gateway].apply(reply, to: call, at: now)
            if ledgers[gateway].takeUrgency() { due[gateway] = now + 5 }
        }

        /// A request that costs a tenth of what it reserves, and is over at once. False: refused, or it would have to wait.
        mutating func ask(_ gateway: Int, _ demand: Int64) -> Bool {
            guard case .permit(let hold) = ledgers[gateway].reserve(Demand(nanodollars: demand, tokens: 0), chain: 0, at: now) else {
                if ledgers[gateway].takeUrgency() { due[gateway] = min(due[gateway], now + 5) }
                return false
            }
            var charges: [LeaseCharge] = []
            let cost = account.unit == .requests ? 1 : max(1, demand / 10)
            ledgers[gateway].settle(hold, Spent(nanodollars: cost, tokens: 0), charges: &charges)
            next += 1
            store.append([BudgetRow(id: next, charges: charges)])
            ledgers[gateway].written(charges)
            spent += cost
            return true
        }

        /// So many milliseconds in which those who ask do so every `pause`.
        mutating func run(_ milliseconds: Int64, asking gateways: [Int], every pause: Int64, _ demand: Int64) {
            let end = now + milliseconds
            while now < end {
                now += 1
                for gateway in ledgers.indices where due[gateway] <= now { call(gateway) }
                if now % pause == 0 { for gateway in gateways { _ = ask(gateway, demand) } }
            }
        }
    }

    @Test("behind a burst at all gateways, one that asks alone has nearly all of the rest within seconds", arguments: [30, 100, 1_000])
    func alone(requests: Int64) {
        let demand: Int64 = 1_000
        let limit = requests * demand
        var world = World(Account(.key, "a", .nanodollars, per: .month, limit: limit))
        // Until slices are as large as they get, and a third is gone.
        while world.spent < limit / 3 { world.run(1, asking: [0, 1, 2], every: 1, demand) }
        world.run(8_000, asking: [0], every: 1, demand)
        #expect(world.spent <= limit)
        // What a request reserves cannot be spent by one that needs it whole.
        #expect(world.spent >= limit * 95 / 100 - demand, "\(world.spent) of \(limit)")
    }

    @Test("it wanders on, to whoever asks next")
    func around() {
        let demand: Int64 = 1_000
        let limit = 2_000 * demand
        var world = World(Account(.key, "a", .nanodollars, per: .month, limit: limit))
        for round in 0..<6 {
            let before = world.spent
            world.run(3_000, asking: [round % 3], every: 3, demand)
            #expect(world.spent - before >= 200 * demand / 10, "round \(round)")
        }
        #expect(world.spent <= limit)
    }

    @Test("of a minute's requests nearly all are had by the gateway that asks alone")
    func minute() {
        var world = World(Account(.key, "a", .requests, per: .minute, limit: 600))
        // At the beginning of a minute.
        world.now = (world.now / 60_000 + 1) * 60_000
        while world.spent < 150 { world.run(1, asking: [0, 1, 2], every: 1, 10) }
        world.run(8_000, asking: [1], every: 5, 10)
        #expect(world.spent <= 600)
        #expect(world.spent >= 570, "\(world.spent)")
    }

    @Test("where all ask for the last of it, nobody has more than there is, and little is left")
    func scarce() {
        let demand: Int64 = 1_000
        let limit = 60 * demand
        var world = World(Account(.key, "a", .nanodollars, per: .month, limit: limit))
        world.run(60_000, asking: [0, 1, 2], every: 7, demand)
        #expect(world.spent <= limit)
        #expect(world.spent >= limit - 3 * demand, "\(world.spent) of \(limit)")
    }
}
