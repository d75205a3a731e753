import Testing

@testable import Routing

@Suite("Limits: chains, refusals and alerts") struct LimitsChainTests {
    static let demand = Demand(nanodollars: 10, tokens: 10)

    /// A ledger with what its store had to give.
    static func ready(_ accounts: [Account], _ mode: Ledger.Mode = .exclusive, _ store: inout LoneStore) -> Ledger {
        var ledger = Ledger.of(accounts, mode)
        if let hold = ledger.reserve(demand, chain: 0, at: noon).hold { ledger.release(hold) }
        store.serve(&ledger, at: noon)
        return ledger
    }

    static func ready(_ accounts: [Account]) -> Ledger {
        var store = LoneStore()
        return ready(accounts, .exclusive, &store)
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var name: String
        var accounts: [Account]
        var scope: LimitScope
        var isBudget: Bool
        /// Seconds from noon of a Saturday.
        var retryAfter: Int64?
        var resetsAt: Int64?

        init(_ name: String, _ accounts: [Account], _ scope: LimitScope, isBudget: Bool, retryAfter: Int64?, resetsAt: Int64?) {
            self.name = name
            self.accounts = accounts
            self.scope = scope
            self.isBudget = isBudget
            self.retryAfter = retryAfter
            self.resetsAt = resetsAt
        }

        var testDescription: String { name }
    }

    static func money(_ scope: LimitScope, _ period: LimitPeriod, _ limit: Int64) -> Account {
        Account(scope, "x", .nanodollars, per: period, limit: limit)
    }
    static let halfDay: Int64 = 43_200

    /// Each has room for one demand, and none for a second.
    static let rows: [Row] = [
        Row("a key's day", [money(.key, .day, 15)], .key, isBudget: true, retryAfter: halfDay, resetsAt: halfDay),
        Row(
            "the key is told before the project", [money(.project, .day, 15), money(.key, .week, 15)], .key, isBudget: true,
            retryAfter: halfDay + 86_400, resetsAt: halfDay + 86_400),
        Row(
            "the longest wait of all that stand in the way", [money(.key, .day, 15), money(.organisation, .month, 15)], .key, isBudget: true,
            retryAfter: halfDay + 9 * 86_400, resetsAt: halfDay),
        Row("a total never begins anew", [money(.customer, .total, 15)], .customer, isBudget: true, retryAfter: nil, resetsAt: nil),
        Row(
            "requests in a minute", [Account(.key, "x", .requests, per: .minute, limit: 1)], .key, isBudget: false, retryAfter: 60, resetsAt: 60),
        Row(
            "tokens in a minute", [Account(.project, "x", .tokens, per: .minute, limit: 19)], .project, isBudget: false, retryAfter: 60, resetsAt: 60),
        Row(
            "requests in a day", [Account(.key, "x", .requests, per: .day, limit: 1)], .key, isBudget: false, retryAfter: halfDay,
            resetsAt: halfDay),
        Row("tokens in a day", [Account(.key, "x", .tokens, per: .day, limit: 19)], .key, isBudget: true, retryAfter: halfDay, resetsAt: halfDay),
        Row("requests in flight", [Account(.key, "x", .parallel, per: .total, limit: 1)], .key, isBudget: false, retryAfter: 1, resetsAt: nil),
        Row(
            "in flight, and a minute", [Account(.key, "x", .parallel, per: .total, limit: 1), Account(.key, "x", .requests, per: .minute, limit: 1)],
            .key, isBudget: false, retryAfter: 60, resetsAt: nil),
        Row(
            "the gateway comes first",
            [Account(.key, "x", .requests, per: .minute, limit: 1), Account(.gateway, "", .parallel, per: .total, limit: 1)],
            .gateway, isBudget: false, retryAfter: 60, resetsAt: nil),
        Row(
            "a soft budget refuses nobody",
            [soft(money(.key, .day, 15)), Account(.organisation, "", .requests, per: .minute, limit: 1)], .organisation, isBudget: false,
            retryAfter: 60, resetsAt: 60),
    ]

    static func soft(_ account: Account) -> Account {
        var account = account
        account.isHard = false
        return account
    }

    @Test("the first exhausted scope is told, and when a request could pass", arguments: rows)
    func refusals(row: Row) throws {
        var ledger = Self.ready(row.accounts)
        #expect(ledger.reserve(Self.demand, chain: 0, at: noon).hold != nil)
        let held = ledger.holdCount
        let why = try #require(ledger.reserve(Self.demand, chain: 0, at: noon).refusal)
        #expect(why.scope == row.scope && why.isBudget == row.isBudget && why.reason == .exhausted)
        #expect(why.retryAfterMilliseconds == row.retryAfter.map { $0 * 1_000 })
        #expect(why.resetsAt == row.resetsAt.map { noon + $0 * 1_000 })
        #expect(ledger.holdCount == held)
    }

    @Test("nothing is held of any account where one refuses")
    func allOrNothing() {
        var ledger = Self.ready([Self.money(.key, .day, 100), Account(.project, "p", .requests, per: .day, limit: 0)])
        #expect(ledger.reserve(Self.demand, chain: 0, at: noon).refusal?.scope == .project)
        #expect(ledger.balance(of: 0, at: noon)?.held == 0)
    }

    @Test("more than a limit can ever be is too large, and no waiting helps")
    func tooLarge() throws {
        var ledger = Self.ready([Self.money(.key, .day, 100)])
        let why = try #require(ledger.reserve(Demand(nanodollars: 101, tokens: 1), chain: 0, at: noon).refusal)
        #expect(why.reason == .tooLarge && why.retryAfterMilliseconds == nil && why.demanded == 101)
    }

    @Test("what is free passes an exhausted budget, what has no price holds nothing and asks whether money is limited")
    func free() throws {
        var ledger = Self.ready([Self.money(.key, .day, 10), Account(.key, "x", .requests, per: .day, limit: 100)])
        #expect(ledger.reserve(Self.demand, chain: 0, at: noon).hold != nil)
        #expect(ledger.reserve(Self.demand, chain: 0, at: noon).refusal != nil)
        #expect(ledger.reserve(Demand(nanodollars: 0, tokens: 10), chain: 0, at: noon).hold != nil)
        #expect(ledger.reserve(Demand(nanodollars: nil, tokens: 10), chain: 0, at: noon).hold != nil)
        #expect(ledger.hasHardMoney(chain: 0) && !ledger.hasHardMoney(chain: 1))
        #expect(!Self.ready([Self.soft(Self.money(.key, .day, 10))]).hasHardMoney(chain: 0))
    }

    @Test("a request that names a project and a customer is held of theirs too")
    func named() {
        var table = AccountTable()
        table.accounts = [
            Account(.key, "k", .requests, per: .minute, limit: 9), Account(.project, "p", .requests, per: .minute, limit: 2),
            Account(.customer, "c", .requests, per: .minute, limit: 1),
        ]
        (table.chains, table.projects, table.customers) = ([[0], []], [[1]], [[2]])
        var ledger = Ledger(table: table, mode: .exclusive)
        _ = ledger.reserve(Self.demand, chain: 0, project: 0, customer: 0, at: noon)
        var store = LoneStore()
        store.serve(&ledger, at: noon)
        #expect(ledger.reserve(Self.demand, chain: 0, project: 0, customer: 0, at: noon).hold != nil)
        #expect(ledger.reserve(Self.demand, chain: 1, project: 0, customer: 0, at: noon).refusal?.scope == .customer)
        #expect(ledger.reserve(Self.demand, chain: 1, project: 0, at: noon).hold != nil)
        #expect(ledger.reserve(Self.demand, chain: 0, project: 0, at: noon).refusal?.scope == .project)
        #expect(ledger.reserve(Self.demand, chain: 0, project: 7, at: noon).hold != nil)
    }

    @Test("a hold grows on all of its accounts or on none, and is settled once")
    func extend() throws {
        var ledger = Self.ready([Self.money(.key, .day, 100), Account(.key, "x", .tokens, per: .day, limit: 30)])
        let hold = try #require(ledger.reserve(Self.demand, chain: 0, at: noon).hold)
        #expect(ledger.extend(hold, by: Demand(nanodollars: 50, tokens: 20, requests: 0), at: noon) == .permit(hold))
        #expect(ledger.extend(hold, by: Demand(nanodollars: 10, tokens: 1, requests: 0), at: noon).refusal?.unit == .tokens)
        #expect(ledger.balance(of: 0, at: noon)?.held == 60)
        var charges: [LeaseCharge] = []
        ledger.worstCharges(of: hold, into: &charges)
        #expect(charges.map(\.amount) == [60, 30])
        charges = []
        #expect(ledger.settle(hold, Spent(nanodollars: 61, tokens: 5), charges: &charges), "more than was held is said")
        #expect(charges.map(\.amount) == [61, 5])
        #expect(ledger.balance(of: 0, at: noon)?.remaining == 39)
    }

    // MARK: Alerts

    @Test("each threshold is crossed once in a window, and again in the next")
    func alerts() throws {
        var account = Self.soft(Self.money(.key, .day, 1_000))
        account.alerts = [50, 80, 120]
        var store = LoneStore()
        var ledger = Self.ready([account], .exclusive, &store)
        func spend(_ amount: Int64, at time: Int64) throws -> [Int] {
            let hold = try #require(ledger.reserve(Demand(nanodollars: 1, tokens: 1), chain: 0, at: time).hold)
            var charges: [LeaseCharge] = []
            ledger.settle(hold, Spent(nanodollars: amount, tokens: 1), charges: &charges)
            return ledger.takeCrossings().map(\.threshold)
        }
        #expect(try spend(499, at: noon) == [])
        #expect(try spend(1, at: noon) == [50])
        #expect(try spend(1, at: noon) == [])
        #expect(try spend(900, at: noon) == [80, 120])
        #expect(try spend(900, at: noon) == [])
        let tomorrow = noon + 86_400_000
        #expect(try spend(600, at: tomorrow) == [50])
        // Other settings tell nothing twice.
        var table = AccountTable()
        account.limit = 700
        table.accounts = [account]
        table.chains = [[0]]
        ledger.replace(table)
        #expect(ledger.takeCrossings().map(\.threshold) == [80])
        #expect(try spend(1, at: tomorrow) == [])
    }

    @Test("what others have used crosses thresholds too")
    func elsewhere() {
        var account = Self.money(.key, .day, 1_000)
        account.alerts = [50, 90]
        var store = LoneStore()
        store.elsewhere[account.name] = 950
        var ledger = Self.ready([account], .shared, &store)
        let crossed = ledger.takeCrossings()
        #expect(crossed.map(\.threshold) == [50, 90])
        #expect(crossed.first?.window == LimitWindow(start: noon - 43_200_000, end: noon + 43_200_000))
        #expect(ledger.balance(of: 0, at: noon)?.usedPercent == 95)
    }
}
