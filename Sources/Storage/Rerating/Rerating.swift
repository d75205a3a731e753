import Routing

/// What a request costs by prices that were not known, or not right, when it was served.
public struct Rerating: Hashable, Sendable {
    public var request: RequestID
    /// What the row says. One that says something else by now is left as it is.
    public var before: Nanodollars
    public var after: Nanodollars
    /// Nobody knows what its service tier costs: `after` is what the usual one does.
    public var tierUnpriced: Bool

    public init(request: RequestID, before: Nanodollars, after: Nanodollars, tierUnpriced: Bool = false) {
        self.request = request
        self.before = before
        self.after = after
        self.tierUnpriced = tierUnpriced
    }
}

public protocol RerateStore: Sendable {
    /// Writes what requests cost into their rows, which have a price from then on, and corrects all that was summed up of them: usage, and
    /// the windows of budgets that are kept. All of it or nothing, durable on return. Given again it changes nothing.
    /// - Returns: How many rows were changed.
    func rerate(_ reratings: [Rerating]) throws(StoreFailure) -> Int
}

/// What changes beside the rows.
struct RerateDeltas {
    struct Window: Hashable {
        var account: String
        var start: Int64
    }

    private(set) var usage = UsageBatch()
    private(set) var windows: [Window: Int64] = [:]
    private let names: [NameID: StoredName]

    init(_ names: [NameID: StoredName]) { self.names = names }

    /// - Parameter isCounted: Whether sums have the row already.
    mutating func add(_ row: LedgerEntry, _ rerated: LedgerEntry, isCounted: Bool) {
        if isCounted { usage.add(LedgerTotals(from: row, to: rerated), toCellsOf: row) }
        let difference = rerated.cost.amount - row.cost.amount
        guard difference != 0 else { return }
        for owner in owners(of: row) {
            for period in LimitPeriod.allCases where period != .minute && period != .second {
                let account = Account(owner.scope, owner.name, .nanodollars, per: period, limit: nil)
                let window = Window(account: account.name, start: period.window(at: row.startedUnixMilliseconds).start)
                windows[window, default: 0] += difference
            }
        }
    }

    mutating func fold(before hour: Int64) { usage.fold(before: hour) }

    private func owners(of row: LedgerEntry) -> [(scope: LimitScope, name: String)] {
        let numbers: [(LimitScope, NameID)] = [
            (.key, row.key), (.project, row.project), (.customer, row.customer), (.route, row.route), (.provider, row.provider),
            (.deployment, row.deployment),
        ]
        var owners = [(LimitScope.organisation, "")] + numbers.compactMap { scope, id in names[id].map { (scope, $0.name) } }
        guard let route = names[row.route]?.name else { return owners }
        if let customer = names[row.customer]?.name {
            owners.append((.caller, Account.caller(customer: customer, of: route)))
        } else if let key = names[row.key]?.name {
            owners.append((.caller, Account.caller(key: key, of: route)))
        }
        return owners
    }
}

extension LedgerTotals {
    fileprivate init(from row: LedgerEntry, to rerated: LedgerEntry) {
        self.init()
        var (old, new) = (LedgerTotals(), LedgerTotals())
        old.add(row)
        new.add(rerated)
        priced = new.priced - old.priced
        cost = Nanodollars(new.cost.amount - old.cost.amount)
        compared = Nanodollars(new.compared.amount - old.compared.amount)
    }
}

extension LedgerEntry {
    /// The row as it is to be. Nil: it says something else than `rerating` was reckoned from, or is as it should be.
    func rerated(_ rerating: Rerating) -> LedgerEntry? {
        guard cost == rerating.before, !priced || cost != rerating.after else { return nil }
        var row = self
        row.cost = rerating.after
        row.priced = true
        row.tierUnpriced = rerating.tierUnpriced
        // The one that answered is the last, and what was paid for others is the same as before.
        if let last = row.attemptLog.indices.last {
            row.attemptLog[last].cost = Nanodollars(max(0, row.attemptLog[last].cost.amount + rerating.after.amount - rerating.before.amount))
        }
        return row
    }
}
