import Testing

@testable import Routing

@Suite("Limits: requests in any one second") struct LimitsBurstTests {
    static let demand = Demand(nanodollars: 0, tokens: 1)
    static func seconds(_ limit: Int64) -> Account { Account(.route, "r", .requests, per: .second, limit: limit) }

    @Test("no second has more than the limit, whenever it begins and however long requests last", arguments: [1, 3, 10], 1...6)
    func any(limit: Int64, seed: UInt64) {
        var ledger = Ledger.of([Self.seconds(limit)])
        var random = Random(seed: seed)
        var (now, passed, open) = (noon, [Int64](), [Hold]())
        for _ in 0..<5_000 {
            now += Int64.random(in: 0...150, using: &random)
            switch ledger.reserve(Self.demand, chain: 0, at: now) {
            case .permit(let hold):
                passed.append(now)
                open.append(hold)
            case .refused(let why):
                #expect(why.period == .second && why.unit == .requests && !why.isBudget && why.limit == limit && why.remaining == 0)
                #expect(why.retryAfterMilliseconds == 1_000 && why.resetsAt == nil)
                // Nobody is refused for nothing.
                #expect(passed.count { now - $0 < 1_000 } == limit)
            case .wait: Issue.record("a lone gateway waits for nobody")
            }
            if Bool.random(using: &random), let hold = open.popLast() {
                var charges: [LeaseCharge] = []
                #expect(!ledger.settle(hold, Spent(nanodollars: 5, tokens: 1), charges: &charges) && charges.isEmpty)
            }
        }
        #expect(passed.count > 100)
        for (index, at) in passed.enumerated() { #expect(passed[..<index].count { at - $0 < 1_000 } < limit) }
        for hold in open {
            var charges: [LeaseCharge] = []
            ledger.settle(hold, Spent(nanodollars: 5, tokens: 1), charges: &charges)
        }
        _ = ledger.reserve(Self.demand, chain: 0, at: now + 10_000).hold.map { ledger.release($0) }
        #expect(ledger.slices.allSatisfy { $0.held == 0 && $0.holds == 0 } && ledger.bursts.isEmpty && ledger.holdCount == 0)
    }

    @Test("who is refused elsewhere has taken nothing") func released() {
        var ledger = Ledger.of([Self.seconds(2)])
        for _ in 0..<50 {
            guard let hold = ledger.reserve(Self.demand, chain: 0, at: noon).hold else {
                Issue.record("refused")
                return
            }
            ledger.release(hold)
            ledger.release(hold)
        }
        #expect(ledger.reserve(Self.demand, chain: 0, at: noon).hold != nil && ledger.reserve(Self.demand, chain: 0, at: noon).hold != nil)
        #expect(ledger.reserve(Self.demand, chain: 0, at: noon + 999).refusal != nil)
        #expect(ledger.reserve(Self.demand, chain: 0, at: noon + 1_000).hold != nil)
    }

    @Test("a clock that is set back keeps nobody waiting for it to come again") func setBack() {
        var ledger = Ledger.of([Self.seconds(1)])
        #expect(ledger.reserve(Self.demand, chain: 0, at: noon).hold != nil)
        #expect(ledger.reserve(Self.demand, chain: 0, at: noon - 3_600_000).hold != nil)
        #expect(ledger.reserve(Self.demand, chain: 0, at: noon - 3_600_000).refusal != nil)
    }

    @Test("new settings keep what the last second took, and a limit that is gone ends") func replaced() {
        var ledger = Ledger.of([Self.seconds(2)])
        let holds = (0..<2).compactMap { _ in ledger.reserve(Self.demand, chain: 0, at: noon).hold }
        #expect(holds.count == 2)
        var table = AccountTable()
        (table.accounts, table.chains) = ([Self.seconds(3)], [[0]])
        ledger.replace(table)
        #expect(ledger.reserve(Self.demand, chain: 0, at: noon + 1).hold != nil && ledger.reserve(Self.demand, chain: 0, at: noon + 1).hold == nil)
        ledger.replace(.empty)
        for hold in holds { ledger.release(hold) }
        ledger.replace(table)
        #expect(ledger.reserve(Self.demand, chain: 0, at: noon + 2_000).hold != nil)
        #expect(ledger.bursts.next(at: noon + 2_000) == nil && !ledger.bursts.isEmpty)
    }

    @Test("many gateways have it out of one store: together never more in a second", arguments: [2, 5])
    func shared(limit: Int64) {
        var store = LoneStore()
        store.gateways = 2
        let account = Self.seconds(limit)
        store.elsewhere[account.name] = 1
        var ledger = Ledger.of([account], .shared)
        var passed = 0
        for step in 0..<200 {
            let now = noon + Int64(step)
            if ledger.reserve(Self.demand, chain: 0, at: now).hold != nil { passed += 1 }
            store.serve(&ledger, at: now)
        }
        #expect(passed == Int(limit) - 1)
    }

    @Test("names of callers are never those of others") func callers() {
        let names = [
            Account.caller(key: "a", of: "b@c"), Account.caller(key: "a@b", of: "c"), Account.caller(key: "a%40b", of: "c"),
            Account.caller(customer: "a", of: "b@c"), Account.caller(key: "a", of: "b"),
        ]
        #expect(Set(names).count == names.count && names[4] == "key:a@b")
    }
}
