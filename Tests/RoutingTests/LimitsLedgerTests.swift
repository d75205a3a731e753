import Testing

@testable import Routing

@Suite("Limits: the ledger") struct LimitsLedgerTests {
    @Test("a budget is leased once, reserved at its worst and settled at the truth")
    func course() throws {
        var ledger = Ledger.of([Account(.key, "bot", .nanodollars, per: .month, limit: 1_000)])
        var store = LoneStore()
        let demand = Demand(nanodollars: 400, tokens: 10)
        #expect(ledger.reserve(demand, chain: 0, at: noon) == .wait)
        let first = ledger.takeUrgency()
        let second = ledger.takeUrgency()
        #expect(first && !second)
        store.serve(&ledger, at: noon)
        let one = try #require(ledger.reserve(demand, chain: 0, at: noon).hold)
        let two = try #require(ledger.reserve(demand, chain: 0, at: noon).hold)
        let refusal = try #require(ledger.reserve(demand, chain: 0, at: noon).refusal)
        #expect(refusal.limit == 1_000 && refusal.used == 0 && refusal.remaining == 200 && refusal.isBudget)

        var charges: [LeaseCharge] = []
        #expect(!ledger.settle(one, Spent(nanodollars: 150, tokens: 5), charges: &charges))
        #expect(charges == [LeaseCharge(lease: 1, amount: 150)])
        ledger.settle(one, Spent(nanodollars: 150, tokens: 5), charges: &charges)
        #expect(charges.count == 1, "a hold ends once")
        #expect(ledger.reserve(demand, chain: 0, at: noon).hold != nil)
        ledger.release(two)
        #expect(ledger.reserve(demand, chain: 0, at: noon).hold != nil)
        #expect(ledger.reserve(Demand(nanodollars: 51, tokens: 1), chain: 0, at: noon).refusal?.used == 150)
        #expect(ledger.reserve(Demand(nanodollars: 50, tokens: 1), chain: 0, at: noon).hold != nil)
    }

    @Test("a key that nobody limits holds nothing")
    func unlimited() {
        var ledger = Ledger.of([Account(.key, "bot", .requests, per: .minute, limit: 1)])
        #expect(ledger.reserve(Demand(nanodollars: 1, tokens: 1), chain: 1, at: noon) == .permit(.none))
        #expect(ledger.reserve(Demand(nanodollars: 1, tokens: 1), deployment: 7, at: noon) == .permit(.none))
    }

    @Test("what a gateway has too much of goes back while it goes on, so that others can have it")
    func wanders() throws {
        var ledger = Ledger.of([Account(.key, "bot", .nanodollars, per: .month, limit: 7_800)], .shared)
        var store = LoneStore()
        store.gateways = 3
        var now = noon
        // Eight at once, as after a burst.
        var burst: [Hold] = []
        for _ in 0..<20 {
            if let hold = ledger.reserve(Demand(nanodollars: 1_000, tokens: 1), chain: 0, at: now).hold { burst.append(hold) }
            now += 50
            store.serve(&ledger, at: now)
        }
        for hold in burst { ledger.release(hold) }
        #expect(burst.count >= 5)
        // Then one at a time.
        for _ in 0..<20 {
            now += 500
            if let hold = ledger.reserve(Demand(nanodollars: 1_000, tokens: 1), chain: 0, at: now).hold { ledger.release(hold) }
            store.serve(&ledger, at: now)
        }
        let granted = ledger.standings.reduce(0) { $0 + $1.granted }
        #expect(granted <= 4_000, "has \(granted)")
        // And nothing at all.
        for _ in 0..<40 {
            now += 1_000
            store.serve(&ledger, at: now)
        }
        #expect(ledger.standings.allSatisfy { $0.granted == 0 })
    }

    @Test("a lone gateway has each new minute at once, and what was used of the one it began in from the store")
    func minutes() throws {
        let account = Account(.key, "bot", .requests, per: .minute, limit: 3)
        let demand = Demand(nanodollars: 0, tokens: 1)
        var store = LoneStore()
        var ledger = Ledger.of([account])
        var charges: [LeaseCharge] = []
        #expect(ledger.reserve(demand, chain: 0, at: noon + 5_000) == .wait)
        store.serve(&ledger, at: noon + 5_000)
        for _ in 0..<2 {
            let hold = try #require(ledger.reserve(demand, chain: 0, at: noon + 6_000).hold)
            ledger.settle(hold, Spent(nanodollars: 0, tokens: 1), charges: &charges)
        }
        #expect(charges.isEmpty, "no row charges a minute")
        let next = ledger.call(at: noon + 7_000)
        let told = try #require(next)
        #expect(told.held.map(\.amount) == [2])
        ledger.apply(store.answer(told), to: told, at: noon + 7_000)

        // Another life in the same minute: the store says that two are used.
        store.leases = [:]
        store.elsewhere[account.name] = 2
        ledger = Ledger.of([account])
        #expect(ledger.reserve(demand, chain: 0, at: noon + 20_000) == .wait)
        store.serve(&ledger, at: noon + 20_000)
        #expect(ledger.reserve(demand, chain: 0, at: noon + 20_000).hold != nil)
        #expect(ledger.reserve(demand, chain: 0, at: noon + 20_000).refusal?.used == 2)

        // The next minute asks nobody, and the store's late word changes nothing.
        store.elsewhere = [:]
        for _ in 0..<3 { #expect(ledger.reserve(demand, chain: 0, at: noon + 60_000).hold != nil) }
        #expect(ledger.reserve(demand, chain: 0, at: noon + 60_000).refusal?.retryAfterMilliseconds == 60_000)
        store.serve(&ledger, at: noon + 60_500)
        #expect(ledger.reserve(demand, chain: 0, at: noon + 61_000).refusal?.reason == .exhausted)
    }
    @Test("what was corrected at the store counts at once, up and down, whatever is under way")
    func corrections() throws {
        let account = Account(.key, "bot", .nanodollars, per: .month, limit: 1_000)
        var ledger = Ledger.of([account])
        var store = LoneStore()
        func demand(_ amount: Int64) -> Demand { Demand(nanodollars: amount, tokens: 0) }
        #expect(ledger.reserve(demand(200), chain: 0, at: noon) == .wait)
        store.serve(&ledger, at: noon)
        let done = try #require(ledger.reserve(demand(200), chain: 0, at: noon).hold)
        let open = try #require(ledger.reserve(demand(100), chain: 0, at: noon).hold)
        var charges: [LeaseCharge] = []
        ledger.settle(done, Spent(nanodollars: 150, tokens: 0), charges: &charges)
        // Durable there, and not known to be here.
        store.charge(charges)

        // 150 were 600 in truth: 100 are held, and 300 are left.
        store.elsewhere[account.name] = 450
        ledger.reread()
        let urgent = ledger.takeUrgency()
        #expect(urgent)
        store.serve(&ledger, at: noon + 10)
        #expect(ledger.reserve(demand(301), chain: 0, at: noon + 10).refusal?.used == 600)
        let rest = try #require(ledger.reserve(demand(300), chain: 0, at: noon + 10).hold)
        ledger.release(rest)

        // Then they were 50.
        store.elsewhere[account.name] = -100
        ledger.reread()
        store.serve(&ledger, at: noon + 20)
        let refusal = try #require(ledger.reserve(demand(851), chain: 0, at: noon + 20).refusal)
        #expect(refusal.used == 50 && refusal.remaining == 850)
        let all = try #require(ledger.reserve(demand(850), chain: 0, at: noon + 20).hold)
        ledger.release(all)
        ledger.release(open)
        ledger.written(charges)
        #expect(ledger.balance(of: 0, at: noon + 20)?.used == 50)
        #expect(ledger.reserve(demand(950), chain: 0, at: noon + 20).hold != nil)
    }

    @Test("a correction while a call is on its way is asked about with the next")
    func correctionMeanwhile() throws {
        let account = Account(.key, "bot", .nanodollars, per: .month, limit: 1_000)
        var ledger = Ledger.of([account])
        var store = LoneStore()
        let demand = Demand(nanodollars: 400, tokens: 0)
        #expect(ledger.reserve(demand, chain: 0, at: noon) == .wait)
        let sent = ledger.call(at: noon)
        let call = try #require(sent)
        let answer = store.answer(call)
        store.elsewhere[account.name] = 700
        ledger.reread()
        ledger.apply(answer, to: call, at: noon)
        store.serve(&ledger, at: noon + 5)
        #expect(ledger.reserve(demand, chain: 0, at: noon + 5).refusal?.remaining == 300)
        store.elsewhere[account.name] = 0
        ledger.reread()
        store.serve(&ledger, at: noon + 9)
        #expect(ledger.reserve(demand, chain: 0, at: noon + 9).hold != nil)
    }
}
