/// What a gateway asks the store for, in one call: nothing of it stands on the path of a request.
public struct LeaseCall: Hashable, Sendable {
    /// Rises with each call of a gateway, over restarts too. A store refuses a call that is not younger than the last it saw of this
    /// gateway: one that was given up and arrives late must not be carried out behind its successor.
    public var number: Int64 = 0
    /// Slices of accounts, or more of slices it has.
    public var wishes: [LeaseWish] = []
    /// Slices that it gives back, in whole or in part. Taken before wishes are granted.
    public var returns: [LeaseReturn] = []
    /// What of its slices is held by requests in flight, where that changed: what a gateway that dies may still owe.
    public var held: [LeaseHolding] = []

    public init() {}
}

/// A window of an account: from when it counts.
public struct LeaseWish: Hashable, Sendable {
    /// `Account.name`.
    public var account: String
    /// Milliseconds since 1970; 0 for accounts that never begin anew.
    public var windowStart: Int64
    /// When the window is over; `Int64.max` for accounts that never begin anew. Nothing of it is kept much longer.
    public var windowEnd: Int64
    /// What the account may have used up in all, in its unit. `Int64.max`: whatever is asked.
    public var limit: Int64
    /// What the gateway knows to have been granted of this slice and not given back. Where the store's slice is larger, an answer got lost
    /// on its way: it is lowered to this before anything is granted.
    public var granted: Int64
    /// How much more is wanted, in its unit; 0 asks how things stand, and opens the slice if there is none, since rows need its number.
    public var amount: Int64
    public var kind: LeaseKind

    public init(account: String, windowStart: Int64, windowEnd: Int64, limit: Int64, granted: Int64 = 0, amount: Int64, kind: LeaseKind) {
        self.account = account
        self.windowStart = windowStart
        self.windowEnd = windowEnd
        self.limit = limit
        self.granted = granted
        self.amount = amount
        self.kind = kind
    }
}

/// What becomes of a slice whose gateway is not heard of any more.
public enum LeaseKind: UInt8, Sendable {
    /// Charged in full, corrected by what the ledger says. Rows of the ledger say what was used of it.
    case budget
    /// Counts as used: its window is over soon.
    case rate
    /// Free again: the requests ended with their gateway.
    case parallel
}

public struct LeaseReturn: Hashable, Sendable {
    public var lease: Int64
    /// How much of what is unused goes back, in the account's unit.
    public var amount: Int64
    /// Nothing more will be used of it: the rows of the ledger that say what was have been written.
    public var isLast: Bool

    public init(lease: Int64, amount: Int64, isLast: Bool) {
        self.lease = lease
        self.amount = amount
        self.isLast = isLast
    }
}

/// The most that a slice may owe beyond what rows charged, until the gateway says otherwise: it lets no request pass beyond it before the
/// store has answered. A slice of which nothing was said yet may owe all of it.
public struct LeaseHolding: Hashable, Sendable {
    public var lease: Int64
    public var amount: Int64

    public init(lease: Int64, amount: Int64) {
        self.lease = lease
        self.amount = amount
    }
}

/// The store's answer. Wishes are answered in their order.
public struct LeaseReply: Hashable, Sendable {
    public var grants: [LeaseGrant] = []
    /// Slices that were taken away because their gateway had not been heard of for too long: what is still unused of them is lost.
    public var lost: [Int64] = []
    /// Slices of windows of which another gateway has lately wanted more than there was: what their gateway does not need goes back.
    public var sought: [Int64] = []
    /// Milliseconds since 1970 by the store's clock, which decides when windows begin.
    public var storeUnixMilliseconds: Int64 = 0
    /// Gateways heard of lately, this one among them.
    public var gateways = 1

    public init() {}
}

public struct LeaseGrant: Hashable, Sendable {
    /// The slice of this account, window and gateway: one, which grows.
    public var lease: Int64
    /// How much was added to it: from 0 to what was asked.
    public var amount: Int64
    /// How the account stands in this window, all gateways together: what rows of the ledger or the end of gateways have used up,
    /// and what is out in slices beyond that, this one's among them.
    public var used: Int64
    public var leased: Int64

    public init(lease: Int64, amount: Int64, used: Int64, leased: Int64) {
        self.lease = lease
        self.amount = amount
        self.used = used
        self.leased = leased
    }
}

/// What a row of the ledger uses up of a slice, written in one transaction with the row.
public struct LeaseCharge: Hashable, Sendable {
    public var lease: Int64
    /// In the account's unit, 0 or more.
    public var amount: Int64

    public init(lease: Int64, amount: Int64) {
        self.lease = lease
        self.amount = amount
    }
}
