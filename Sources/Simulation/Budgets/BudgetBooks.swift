import Routing

/// Books kept apart from ledgers and store: what providers billed, whatever anybody reserved.
struct BudgetBooks: Sendable {
    struct Sent: Sendable {
        var truth: Spent
        var charges: [LeaseCharge]
    }

    private(set) var breach: String?
    /// By account name: the highest limit that was ever in force, and the unit.
    private var limits: [String: (limit: Int64?, unit: LimitUnit)] = [:]
    private var sent: [Int: Sent] = [:]
    private var lost: Set<Int> = []
    /// Rows that the store has.
    private var seen: Set<Int> = []
    private var spent: [BudgetStore.Window: Int64] = [:]
    /// What was billed beyond what was held.
    private var excess: [BudgetStore.Window: Int64] = [:]
    private var spentRates: [BudgetStore.Window: Int64] = [:]

    mutating func learn(_ table: AccountTable) {
        for account in table.accounts {
            let hard = account.isHard ? account.limit : nil
            let before = limits[account.name]?.limit
            limits[account.name] = (before.flatMap { old in hard.map { max(old, $0) } } ?? hard, account.unit)
        }
    }

    mutating func lose(_ id: Int) { lost.insert(id) }

    private mutating func fail(_ what: @autoclosure () -> String) {
        if breach == nil { breach = what() }
    }

    /// A request is on its way: it will be billed, whoever sees its end. Said again when it grows.
    mutating func sent(_ id: Int, _ truth: Spent, _ charges: [LeaseCharge], _ store: BudgetStore) {
        if let before = sent[id] { count(before, times: -1, store) }
        let now = Sent(truth: truth, charges: charges)
        sent[id] = now
        count(now, times: 1, store)
        for charge in charges {
            guard let window = store.slices[charge.lease]?.window, let limit = limits[window.account]?.limit else { continue }
            let sum = spent[window] ?? 0
            let most = limit + (excess[window] ?? 0)
            if sum > most { fail("providers bill \(sum) of \(window.account) in the window of \(window.start), whose limit is \(most)") }
        }
    }

    private mutating func count(_ request: Sent, times: Int64, _ store: BudgetStore) {
        for charge in request.charges {
            guard let window = store.slices[charge.lease]?.window, let unit = limits[window.account]?.unit else { continue }
            let amount = Self.amount(request.truth, unit)
            spent[window, default: 0] += times * amount
            excess[window, default: 0] += times * max(0, amount - charge.amount)
        }
    }

    private static func amount(_ spent: Spent, _ unit: LimitUnit) -> Int64 {
        switch unit {
        case .nanodollars: spent.nanodollars
        case .tokens: spent.tokens
        case .requests: spent.requests
        case .parallel: 0
        }
    }

    mutating func check(_ flying: Int64, _ account: Account) {
        if let limit = account.limit, flying > limit { fail("\(flying) requests of \(account.name) are in flight, \(limit) may be") }
    }

    mutating func countRequest(_ account: Account, in window: LimitWindow) {
        let place = BudgetStore.Window(account: account.name, start: window.start)
        spentRates[place, default: 0] += 1
        let sum = spentRates[place] ?? 0
        if let limit = account.limit, sum > limit { fail("\(sum) requests of \(account.name) were let pass in a minute, \(limit) may be") }
    }

    // MARK: The store

    /// Nothing is granted beyond a limit.
    mutating func checkGrants(_ call: LeaseCall, _ reply: LeaseReply, _ store: BudgetStore) {
        for (wish, grant) in zip(call.wishes, reply.grants) where grant.amount > 0 && wish.limit != .max {
            let sums = store.sums(BudgetStore.Window(account: wish.account, start: wish.windowStart))
            let sum = sums.used + sums.writtenOff + sums.leased
            if sum > wish.limit { fail("the store has given \(sum) of \(wish.account), whose limit is \(wish.limit)") }
        }
    }

    /// A row charges what was billed, once, or what was held where nobody saw its end.
    mutating func checkRows(_ rows: [BudgetRow], _ store: BudgetStore) {
        for row in rows {
            guard let kept = store.rows[row.id], let request = sent[row.id] else { continue }
            let isNew = seen.insert(row.id).inserted
            for charge in kept.charges {
                guard let window = store.slices[charge.lease]?.window, let unit = limits[window.account]?.unit else { continue }
                let truth = Self.amount(request.truth, unit)
                let total = kept.charges.reduce(0) { $0 + ($1.lease == charge.lease ? $1.amount : 0) }
                let isOwn = request.charges.contains { $0.lease == charge.lease }
                // Held nothing, as it was thought to be free.
                if !isOwn, isNew { excess[window, default: 0] += charge.amount }
                if isOwn, kept.isUnknown ? total < truth && total < Self.held(request, charge.lease) : total < truth {
                    fail("row \(row.id) charges \(total) of \(window.account), billed was \(truth)")
                }
            }
        }
    }

    private static func held(_ request: Sent, _ lease: Int64) -> Int64 { request.charges.first { $0.lease == lease }?.amount ?? 0 }

    // MARK: The end

    mutating func compare<Limits: Limiting>(_ gateways: [BudgetGateway<Limits>], _ store: BudgetStore) {
        for (id, _) in sent.sorted(by: { $0.key < $1.key }) where store.rows[id] == nil && !lost.contains(id) {
            return fail("request \(id) has no row")
        }
        var charged: [Int64: Int64] = [:]
        for row in store.rows.values { for charge in row.charges { charged[charge.lease, default: 0] += charge.amount } }
        for (lease, slice) in store.slices.sorted(by: { $0.key < $1.key }) where slice.kind == .budget && slice.used != charged[lease] ?? 0 {
            return fail("slice \(lease) of \(slice.window.account) has used \(slice.used), rows say \(charged[lease] ?? 0)")
        }
        for (window, billed) in spent.sorted(by: { ($0.key.account, $0.key.start) < ($1.key.account, $1.key.start) }) {
            // What is not limited is not leased before it is spent.
            guard limits[window.account]?.limit != nil else { continue }
            let sums = store.sums(window)
            let most = sums.used + sums.writtenOff + sums.leased + (excess[window] ?? 0)
            if billed > most {
                return fail("\(window.account): billed \(billed), charged, written off and leased \(most)")
            }
        }
        for (number, gateway) in gateways.enumerated() where gateway.life != .gone { compare(gateway, number, store) }
    }

    private mutating func compare<Limits: Limiting>(_ gateway: BudgetGateway<Limits>, _ number: Int, _ store: BudgetStore) {
        if gateway.life != .up { return fail("gateway \(number) never came up") }
        if !gateway.notes.isEmpty || !gateway.spool.isEmpty || !gateway.queue.isEmpty { return fail("gateway \(number) still has rows to write") }
        if gateway.ledger.holdCount > 0 { return fail("gateway \(number) has \(gateway.ledger.holdCount) holds of nobody") }
        var known: [Int64: SliceStanding] = [:]
        for standing in gateway.ledger.standings {
            known[standing.lease] = standing
            if standing.held != 0 || standing.unwritten != 0 {
                return fail("gateway \(number) has \(standing.held) held and \(standing.unwritten) unwritten of \(standing.account)")
            }
        }
        for (lease, slice) in store.slices.sorted(by: { $0.key < $1.key }) where slice.gateway == number && slice.state == .open {
            // What is used of a rate no row says; what is owed goes with the next row.
            let rest = known[lease].map { slice.kind == .budget ? max(0, $0.granted - $0.used + $0.owed) : $0.granted } ?? 0
            // A bill beyond its hold may overtake a return, which the store then takes in part; the next wish mends it.
            if rest != slice.rest, slice.rest - rest > excess[slice.window] ?? 0 {
                return fail("gateway \(number) has \(rest) of slice \(lease) of \(slice.window.account), the store thinks \(slice.rest)")
            }
        }
    }
}
