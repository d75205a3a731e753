/// What a ledger remembers of an account beside its slices, in the order in which reserving reads it.
struct AccountState: Sendable {
    var limit: Int64
    /// As it is held: what counts seconds is as requests in flight are.
    var unit: LimitUnit
    var period: LimitPeriod
    var scope: LimitScope
    var kind: LeaseKind
    /// False: nobody is refused.
    var isHard: Bool
    /// Counted by this gateway alone, without a store.
    var isLocal: Bool
    /// The minutes of a lone gateway: all of a new one is had at once, and the store told behind. Only the minute in which this ledger
    /// began may have been used before it.
    var isAhead: Bool
    /// What is taken is given back a second later, whatever has become of the request.
    var isBurst: Bool
    /// The slice of the window that counts now, or -1; first of all its slices.
    var current: Int32 = -1
    var first: Int32 = -1

    /// How much is reserved of it: what a slice has to be good for.
    var pace = Pace()

    init(_ account: Account, _ mode: Ledger.Mode) {
        limit = max(0, account.limit ?? .max)
        isBurst = account.period == .second
        unit = isBurst ? .parallel : account.unit
        period = account.period
        scope = account.scope
        kind = account.kind
        isHard = account.isHard && account.limit != nil
        isLocal = mode == .exclusive && account.kind == .parallel
        isAhead = mode == .exclusive && account.kind == .rate
    }

    /// What the store may grant in all: without a hard limit whatever is asked.
    var grantable: Int64 { isHard ? limit : .max }
}

/// How much of an account is reserved lately.
struct Pace: Sendable {
    /// Half a minute to a minute.
    private static let memory: Int64 = 30_000

    private var largestNow: Int64 = 0
    private var largestBefore: Int64 = 0
    private var turnedAt = Int64.min
    private var taken: Int64 = 0
    private var measuredAt = Int64.min
    /// In a second.
    private(set) var rate: Int64 = 0

    /// The largest demand.
    var largest: Int64 { max(1, largestNow, largestBefore) }

    @inline(__always) mutating func note(_ amount: Int64) {
        taken = saturatingSum(taken, amount)
        if amount > largestNow { largestNow = amount }
    }

    /// What waits to be reserved: slices must be good for it when it asks again.
    mutating func noteWanted(_ amount: Int64) {
        if amount > largestNow { largestNow = amount }
    }

    /// Looks at what was taken since it last did, half a second ago or more.
    mutating func measure(at now: Int64) {
        if measuredAt == .min || measuredAt > now { measuredAt = now }
        let time = now - measuredAt
        if time >= 500 {
            rate = (rate + Int64(clamping: Int128(taken) * 1_000 / Int128(time))) / 2
            taken = 0
            measuredAt = now
        }
        if turnedAt == .min || turnedAt > now { turnedAt = now }
        if now - turnedAt >= Self.memory {
            largestBefore = largestNow
            largestNow = 0
            turnedAt = now
        }
    }
}
