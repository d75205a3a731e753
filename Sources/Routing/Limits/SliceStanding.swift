/// A slice as its gateway knows it, for those who look at it from outside.
public struct SliceStanding: Hashable, Sendable {
    /// `Account.name`; empty once the account is no longer in the settings.
    public var account: String
    public var window: LimitWindow
    /// 0: none yet.
    public var lease: Int64
    /// Granted and not given back.
    public var granted: Int64
    /// Settled, durable or not.
    public var used: Int64
    /// Settled in rows that are not known to be durable.
    public var unwritten: Int64
    /// Settled without a lease to charge: goes with the next row.
    public var owed: Int64
    public var held: Int64
}

extension Ledger {
    /// Every slice of a lease. Linear in slices.
    public var standings: [SliceStanding] {
        slices.compactMap { slice in
            guard !slice.isVacant, slice.lease != 0 else { return nil }
            let name = slice.account >= 0 ? table.accounts[Int(slice.account)].name : ""
            return SliceStanding(
                account: name, window: slice.window, lease: slice.lease, granted: slice.granted, used: slice.charged,
                unwritten: slice.kind == .budget ? slice.charged - slice.written - slice.owed : 0, owed: slice.owed, held: slice.held)
        }
    }
}
