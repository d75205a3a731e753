/// The most that a request may come to, reserved before it is sent.
public struct Demand: Hashable, Sendable {
    /// 0: free, which passes an exhausted budget too. Nil: nobody knows what it costs, so that nothing can be reserved; whoever lets it
    /// pass asks `Ledger.hasHardMoney` first.
    public var nanodollars: Int64?
    public var tokens: Int64
    public var requests: Int64

    public init(nanodollars: Int64?, tokens: Int64, requests: Int64 = 1) {
        self.nanodollars = nanodollars
        self.tokens = tokens
        self.requests = requests
    }

    /// Negative amounts are a liar's: nothing.
    func amount(_ unit: LimitUnit) -> Int64 {
        switch unit {
        case .nanodollars: max(0, nanodollars ?? 0)
        case .tokens: max(0, tokens)
        case .requests: max(0, requests)
        case .parallel: 1
        }
    }
}

/// What it came to in truth.
public struct Spent: Hashable, Sendable {
    public var nanodollars: Int64
    public var tokens: Int64
    public var requests: Int64

    public init(nanodollars: Int64, tokens: Int64, requests: Int64 = 1) {
        self.nanodollars = nanodollars
        self.tokens = tokens
        self.requests = requests
    }

    func amount(_ unit: LimitUnit) -> Int64 {
        switch unit {
        case .nanodollars: max(0, nanodollars)
        case .tokens: max(0, tokens)
        case .requests: max(0, requests)
        case .parallel: 0
        }
    }
}

/// What a ledger answers to a demand.
public enum Reservation: Hashable, Sendable {
    case permit(Hold)
    /// What this gateway has is too little, and there may be more at the store: ask again after its next answer.
    case wait
    /// Apart, so that what nearly every request gets is small.
    indirect case refused(LimitExceeded)
}

/// What is reserved for a request until it ends: a place in its ledger. Each is settled or released once; later ones do nothing.
public struct Hold: Hashable, Sendable {
    var index: Int32
    var generation: UInt32

    /// Of requests that nobody limits.
    public static let none = Hold(index: -1, generation: 0)
    public var isNone: Bool { index < 0 }
}

/// Which limit a request is refused for, and what would have to happen for it to pass.
public struct LimitExceeded: Hashable, Sendable {
    public enum Reason: UInt8, Sendable {
        /// What is left of it is less than the request may need.
        case exhausted
        /// The request may need more than the whole limit: no waiting helps.
        case tooLarge
        /// The store does not answer, and what was leased from it is used up.
        case storeLost
    }

    public var reason: Reason
    /// In `AccountTable.accounts`.
    public var account: Int
    public var scope: LimitScope
    public var owner: String
    public var unit: LimitUnit
    public var period: LimitPeriod
    /// See `Account.isBudget`.
    public var isBudget: Bool
    /// In `unit`, as `used`, `remaining` and `demanded`.
    public var limit: Int64
    /// Settled in this window, by all gateways as far as known.
    public var used: Int64
    /// Neither used nor reserved here.
    public var remaining: Int64
    public var demanded: Int64
    /// When this account begins anew, milliseconds since 1970. Nil: never, or nobody knows.
    public var resetsAt: Int64?
    /// Until all that stand in the way have begun anew, at least 1 second. Nil: they never do.
    public var retryAfterMilliseconds: Int64?
}
