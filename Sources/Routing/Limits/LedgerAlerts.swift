/// An account has used up a part of its limit at which somebody is to be told.
public struct LimitCrossing: Hashable, Sendable {
    /// `Account.name`.
    public var account: String
    public var scope: LimitScope
    public var owner: String
    public var unit: LimitUnit
    public var window: LimitWindow
    /// Per cent.
    public var threshold: Int
    /// In `unit`.
    public var used: Int64
    public var limit: Int64
}

extension Ledger {
    /// Thresholds crossed since the last call, each once for an account and a window. Other gateways may have noticed too: ask
    /// `LeaseStore.claimAlert` who is to tell.
    public mutating func takeCrossings() -> [LimitCrossing] {
        defer { crossings = [] }
        return crossings
    }

    /// From which use on the next threshold is crossed.
    mutating func setAlert(_ slice: Int) {
        slices[slice].alertAt = .max
        let account = Int(slices[slice].account)
        guard account >= 0, let limit = table.accounts[account].limit, limit > 0 else { return }
        guard let next = table.accounts[account].alerts.first(where: { $0 > slices[slice].told }) else { return }
        let mark = (Int128(limit) * Int128(next) + 99) / 100
        slices[slice].alertAt = Int64(clamping: mark)
    }

    mutating func cross(_ slice: Int) {
        let account = Int(slices[slice].account)
        while slices[slice].used >= slices[slice].alertAt {
            guard account >= 0, let threshold = table.accounts[account].alerts.first(where: { $0 > slices[slice].told }) else {
                slices[slice].alertAt = .max
                return
            }
            let of = table.accounts[account]
            slices[slice].told = threshold
            crossings.append(
                LimitCrossing(
                    account: of.name, scope: of.scope, owner: of.owner, unit: of.unit, window: slices[slice].window, threshold: threshold,
                    used: slices[slice].used, limit: of.limit ?? .max))
            setAlert(slice)
        }
    }
}
