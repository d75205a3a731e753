import Routing

/// How the accounts of a key and its project stand, for conditions: `budget.day.used_percent`, `project.budget.month.remaining`,
/// `tokens.minute`. What is reserved by requests in flight counts as used.
final class BalanceReadings {
    enum Measure: String, Sendable {
        case used, limit, remaining
        case usedPercent = "used_percent"
    }

    private let accounts: SharedLedger
    private let key: String
    private let project: String?
    private let now: Int64

    init(_ accounts: SharedLedger, key: String, project: String?, at unixMilliseconds: Int64) {
        (self.accounts, self.key, self.project, now) = (accounts, key, project, unixMilliseconds)
    }

    /// Where a field's value comes from: `parts` begin with `budget` or `tokens`.
    static func source(_ scope: LimitScope, _ parts: ArraySlice<String>) -> FieldSource {
        let parts = Array(parts)
        guard parts.count > 1, let period = LimitPeriod.allCases.first(where: { "\($0)" == parts[1] }), period != .second else { return .nothing }
        if parts[0] == "tokens" { return parts.count == 2 ? .account(scope, .tokens, period, .used) : .nothing }
        guard parts.count == 3, let measure = Measure(rawValue: parts[2]) else { return .nothing }
        return .account(scope, .nanodollars, period, measure)
    }

    func value(_ scope: LimitScope, _ unit: LimitUnit, _ period: LimitPeriod, _ measure: Measure) -> Value {
        guard let owner = scope == .key ? key : project else { return .missing }
        let name = Account(scope, owner, unit, per: period, limit: nil).name
        let now = now
        let balance = accounts.with { ledger in ledger.account(named: name).flatMap { ledger.balance(of: $0, at: now) } }
        guard let balance else { return .missing }
        let scale = unit == .nanodollars ? 1e9 : 1
        let used = Double(balance.used) + Double(balance.held)
        switch measure {
        case .used: return .number(used / scale)
        case .limit: return balance.limit.map { .number(Double($0) / scale) } ?? .missing
        case .remaining: return balance.remaining.map { .number(Double($0) / scale) } ?? .missing
        case .usedPercent: return balance.limit.map { .number($0 == 0 ? 100 : used * 100 / Double($0)) } ?? .missing
        }
    }
}
