import Testing

@testable import Routing

@Suite("Limits: one gateway of many") struct LimitsSharedTests {
    static let demand = Demand(nanodollars: 10, tokens: 10)
    static let money = Account(.key, "bot", .nanodollars, per: .month, limit: 100_000)

    /// As many as are permitted at once, the store being asked in between.
    static func permits(_ ledger: inout Ledger, _ store: inout LoneStore, of demand: Demand, most: Int, at time: Int64) -> [Hold] {
        var holds: [Hold] = []
        while holds.count < most {
            switch ledger.reserve(demand, chain: 0, at: time) {
            case .permit(let hold): holds.append(hold)
            case .wait:
                let calls = ledger.call(at: time)
                guard let call = calls else { return holds }
                ledger.apply(store.answer(call), to: call, at: time)
            case .refused: return holds
            }
        }
        return holds
    }

    @Test("slices are small where little is left, and never smaller than a request")
    func sizes() throws {
        for (elsewhere, most) in [(Int64(0), Int64(20_000)), (99_000, 400), (99_950, 50)] {
            var ledger = Ledger.of([Self.money], .shared)
            var store = LoneStore()
            store.gateways = 5
            store.elsewhere[Self.money.name] = elsewhere
            let holds = Self.permits(&ledger, &store, of: Self.demand, most: 2, at: noon)
            #expect(holds.count == 2, "with \(elsewhere) gone")
            store.serve(&ledger, at: noon + 1_000)
            let granted = try #require(ledger.standings.first).granted
            #expect(granted >= 20 && granted <= most, "\(granted) with \(elsewhere) gone")
        }
    }

    @Test("a request larger than the slice gets one that is large enough")
    func large() {
        var ledger = Ledger.of([Self.money], .shared)
        var store = LoneStore()
        store.gateways = 9
        #expect(Self.permits(&ledger, &store, of: Self.demand, most: 1, at: noon).count == 1)
        let large = Demand(nanodollars: 90_000, tokens: 1)
        #expect(Self.permits(&ledger, &store, of: large, most: 1, at: noon).count == 1)
    }

    @Test("what the store was known to have a second ago is believed, older news is not")
    func recent() {
        var ledger = Ledger.of([Self.money], .shared)
        var store = LoneStore()
        store.elsewhere[Self.money.name] = 99_995
        #expect(ledger.reserve(Self.demand, chain: 0, at: noon) == .wait)
        store.serve(&ledger, at: noon)
        #expect(ledger.reserve(Self.demand, chain: 0, at: noon + 900).refusal?.used == 99_995)
        #expect(ledger.reserve(Self.demand, chain: 0, at: noon + 1_001) == .wait)
        store.elsewhere = [:]
        store.serve(&ledger, at: noon + 1_001)
        #expect(ledger.reserve(Self.demand, chain: 0, at: noon + 1_002).hold != nil)
    }

    // MARK: The store does not answer

    @Test("with the store lost, budgets are spent from what was leased, then refused; its return mends all")
    func lostStore() throws {
        var ledger = Ledger.of([Self.money], .shared)
        var store = LoneStore()
        store.gateways = 4
        #expect(Self.permits(&ledger, &store, of: Self.demand, most: 1, at: noon).count == 1)
        store.serve(&ledger, at: noon + 1_000)
        let calls = ledger.call(at: noon + 3_000)
        _ = try #require(calls)
        ledger.lost(at: noon + 5_000)
        var passed = 0
        var why: LimitExceeded?
        while why == nil, passed < 10_000 {
            let answer = ledger.reserve(Self.demand, chain: 0, at: noon + 6_000)
            if answer.hold != nil { passed += 1 }
            why = answer.refusal
        }
        #expect(passed >= 1 && passed < 1_000)
        #expect(why?.reason == .storeLost && why?.retryAfterMilliseconds == 1_000)
        store.serve(&ledger, at: noon + 7_000)
        #expect(Self.permits(&ledger, &store, of: Self.demand, most: 1, at: noon + 7_000).count == 1)
    }

    static let rpm = Account(.key, "bot", .requests, per: .minute, limit: 40)

    @Test("with the store lost, rates are refused or counted on for this gateway's part, as the settings say", arguments: [false, true])
    func lostRates(local: Bool) {
        var ledger = Ledger.of([Self.rpm], .shared)
        ledger.onStoreLoss = local ? .local : .deny
        var store = LoneStore()
        store.gateways = 4
        #expect(Self.permits(&ledger, &store, of: Self.demand, most: 1, at: noon).count == 1)
        // A new minute, and nobody answers.
        _ = ledger.call(at: noon + 60_000)
        ledger.lost(at: noon + 62_000)
        var passed = 0
        while passed < 100, ledger.reserve(Self.demand, chain: 0, at: noon + 62_000).hold != nil { passed += 1 }
        #expect(passed == (local ? 10 : 0))
        let why = ledger.reserve(Self.demand, chain: 0, at: noon + 62_000).refusal
        #expect(why?.reason == (local ? .exhausted : .storeLost))
    }

    @Test("an answer to a call that was given up is not believed")
    func lateAnswer() throws {
        var ledger = Ledger.of([Self.money], .shared)
        var store = LoneStore()
        _ = ledger.reserve(Self.demand, chain: 0, at: noon)
        let calls = ledger.call(at: noon)
        let late = try #require(calls)
        ledger.lost(at: noon + 2_000)
        ledger.apply(store.answer(late), to: late, at: noon + 2_100)
        #expect(ledger.standings.isEmpty)
        // The next speaks of nothing granted, so that the store takes back what it thinks was.
        let again = ledger.call(at: noon + 3_000)
        let call = try #require(again)
        #expect(call.number > late.number && call.wishes.map(\.granted) == [0])
        ledger.apply(store.answer(call), to: call, at: noon + 3_000)
        #expect(ledger.standings.first?.granted == store.leases.values.first?.amount)
    }

    @Test("of a slice that was taken away nothing is reserved any more, and rows charge it all the same")
    func takenAway() throws {
        var ledger = Ledger.of([Self.money], .shared)
        var store = LoneStore()
        let hold = try #require(Self.permits(&ledger, &store, of: Self.demand, most: 1, at: noon).first)
        let old = try #require(ledger.standings.first).lease
        store.leases[old] = nil
        _ = ledger.reserve(Self.demand, chain: 0, at: noon + 4_000)
        let calls = ledger.call(at: noon + 4_000)
        let call = try #require(calls)
        var reply = store.answer(call)
        reply.lost = [old]
        ledger.apply(reply, to: call, at: noon + 4_000)
        store.serve(&ledger, at: noon + 4_000)
        let fresh = try #require(Self.permits(&ledger, &store, of: Self.demand, most: 1, at: noon + 4_000).first)
        var charges: [LeaseCharge] = []
        ledger.settle(hold, Spent(nanodollars: 7, tokens: 1), charges: &charges)
        #expect(charges == [LeaseCharge(lease: old, amount: 7)])
        charges = []
        ledger.settle(fresh, Spent(nanodollars: 8, tokens: 1), charges: &charges)
        #expect(charges.first?.lease != old && charges.count == 1)
    }

    // MARK: Settings

    @Test("a lower limit recalls what is spare, a higher one gives more, and state stays by name")
    func limits() throws {
        var ledger = Ledger.of([Self.money], .exclusive)
        var store = LoneStore()
        let hold = try #require(Self.permits(&ledger, &store, of: Demand(nanodollars: 600, tokens: 1), most: 1, at: noon).first)
        var table = AccountTable()
        var account = Self.money
        account.limit = 1_000
        table.accounts = [Account(.key, "other", .requests, per: .day, limit: 5), account]
        table.chains = [[1]]
        ledger.replace(table)
        store.serve(&ledger, at: noon + 10)
        #expect(ledger.reserve(Demand(nanodollars: 401, tokens: 1), chain: 0, at: noon + 10).refusal?.remaining == 400)
        #expect(ledger.reserve(Demand(nanodollars: 400, tokens: 1), chain: 0, at: noon + 10).hold != nil)
        account.limit = 2_000
        table.accounts = [account]
        table.chains = [[0]]
        ledger.replace(table)
        #expect(Self.permits(&ledger, &store, of: Demand(nanodollars: 1_000, tokens: 1), most: 1, at: noon + 20).count == 1)
        // The account goes, and what is held of it ends as it began.
        ledger.replace(.empty)
        var charges: [LeaseCharge] = []
        ledger.settle(hold, Spent(nanodollars: 500, tokens: 1), charges: &charges)
        #expect(charges.map(\.amount) == [500])
        ledger.written(charges)
        #expect(ledger.reserve(Demand(nanodollars: 1 << 60, tokens: 1), chain: 0, at: noon + 30) == .permit(.none))
    }

    @Test("a soft budget lets pass without waiting, and its rows are charged once there is a slice")
    func soft() throws {
        var account = Self.money
        account.isHard = false
        var ledger = Ledger.of([account], .shared)
        var store = LoneStore()
        var charges: [LeaseCharge] = []
        let first = try #require(ledger.reserve(Self.demand, chain: 0, at: noon).hold)
        ledger.settle(first, Spent(nanodollars: 9, tokens: 1), charges: &charges)
        #expect(charges.isEmpty, "there is no slice yet")
        store.serve(&ledger, at: noon)
        let second = try #require(ledger.reserve(Self.demand, chain: 0, at: noon).hold)
        ledger.settle(second, Spent(nanodollars: 4, tokens: 1), charges: &charges)
        #expect(charges.map(\.amount) == [4, 9])
        #expect(ledger.balance(of: 0, at: noon)?.used == 13)
    }
}
