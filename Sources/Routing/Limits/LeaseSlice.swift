/// What this gateway has of one account in one window: a lease, what was granted of it, and where that went.
///
/// A slice that the store took away keeps its holds and its number, and another takes its place: rows charge the lease they were held of.
struct LeaseSlice: Sendable {
    /// In `Ledger.states`; -1 once its account is no longer in the settings.
    var account: Int32
    /// The next slice of the same account, or -1.
    var next: Int32 = -1
    /// The slice that took its place, or -1.
    var heir: Int32 = -1
    var window: LimitWindow
    var kind: LeaseKind
    var unit: LimitUnit

    /// 0: none yet.
    var lease: Int64 = 0
    /// All that was granted and not given back, in the account's unit.
    var granted: Int64 = 0
    /// Settled; of which rows are known to be durable.
    var charged: Int64 = 0
    var written: Int64 = 0
    /// Settled while there was no lease to charge: goes with the next row once there is one.
    var owed: Int64 = 0
    /// Reserved by requests in flight, and by how many.
    var held: Int64 = 0
    var holds: Int32 = 0
    /// `held` and what is settled but not durable stays below this, which the store knows. See `LeaseHolding`.
    var exposure: Int64 = .max
    /// Of a rate: what the store was told to be used.
    var saidUsed: Int64 = 0

    /// What all but this slice had used at the last answer, and what was left to be granted. Nil `answered`: nobody said yet.
    var usedElsewhere: Int64 = 0
    var leasedElsewhere: Int64 = 0
    var free: Int64 = 0
    var answered: Int64?
    /// To be given back with the next call.
    var returning: Int64 = 0
    /// What requests wait for.
    var wanted: Int64 = 0
    /// Below this much to spare the store is asked for more.
    var lowWater: Int64 = 0
    /// When something was last reserved of it, or wanted; 0: never.
    var touched: Int64 = 0
    /// When the store said that another gateway seeks of it; 0: never.
    var soughtAt: Int64 = 0
    /// The highest threshold somebody was told of, in per cent, and the `used` from which the next is crossed.
    var told = 0
    var alertAt: Int64 = .max

    /// An answer about it got lost.
    var isUnclear = false
    /// Part of the call that is on its way.
    var isAsked = false
    /// In `Ledger.due`.
    var isDue = false
    /// Nothing is reserved of it any more.
    var isRetired = false
    var isVacant = false

    init(account: Int32, window: LimitWindow, kind: LeaseKind, unit: LimitUnit) {
        self.account = account
        self.window = window
        self.kind = kind
        self.unit = unit
    }

    @inline(__always) mutating func take(_ amount: Int64, at now: Int64) {
        held = saturatingSum(held, amount)
        touched = now
    }

    /// It is time to ask the store for more, and nobody has yet.
    @inline(__always) var isRunningLow: Bool {
        guard !isDue, !isAsked else { return false }
        return spare < lowWater && free > 0 || exposure != .max && outstanding > exposure / 2
    }

    /// What was reserved is free again, and `amount` of it settled.
    @inline(__always) mutating func settle(_ amount: Int64, of reserved: Int64) {
        held = max(0, held - reserved)
        holds -= 1
        charged = saturatingSum(charged, amount)
    }

    /// Granted, and neither used nor reserved.
    var spare: Int64 { saturatingDifference(saturatingDifference(granted, charged), held) }
    /// What can be reserved at once.
    var available: Int64 {
        exposure == .max ? spare : min(spare, exposure - (charged - written) - held)
    }
    /// By all gateways as far as known: never less than what this one used.
    var used: Int64 { saturatingSum(usedElsewhere, charged) }
    /// What the store may have to charge for it beyond rows.
    var outstanding: Int64 { saturatingSum(charged - written, held) }
    /// Nobody will charge it any more.
    var isSettled: Bool { holds == 0 && (kind != .budget || charged == written && owed == 0) }
}
