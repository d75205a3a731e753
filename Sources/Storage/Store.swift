import Routing

/// Where rows of the ledger go. Calls block and belong on no event loop: `Journal` stands before it.
public protocol LedgerSink: Sendable {
    /// Adds rows and returns when they are durable. All or none; a row whose id is there already stays as it is, so a
    /// batch may be given again after a failure that left its fate open.
    func append(_ rows: ArraySlice<LedgerEntry>) throws(StoreFailure) -> AppendReceipt
    /// Lets go of the storage and takes it up again: after a failed sync, only what is then read back is trusted.
    func reopen() throws(StoreFailure)
}

/// What keeps the ledger. One contract suite runs against every kind of store.
///
/// All calls block and belong on no event loop: rows travel there through `Journal`, names are interned when settings
/// are loaded.
public protocol Store: LedgerSink, LeaseStore, UsageStore, AuditStore, TextStore, BreachStore, FeedbackStore, RerateStore {
    /// The numbers of names, new ones where they are not known yet. Order as given.
    func intern(_ names: [String], as kind: NameKind) throws(StoreFailure) -> [NameID]
    /// All names by number. Linear in names, which are as many as the operator wrote.
    func names() throws(StoreFailure) -> [NameID: StoredName]

    /// Takes `count` consecutive nodes for `RequestIDGenerator` that no other run of the last 1,024 nodes' worth had.
    /// Returns the first; generators take the rest modulo `RequestID.nodes`.
    func leaseNodes(_ count: Int) throws(StoreFailure) -> Int

    /// Rows with ids above `cursor`, ascending, at most `limit`.
    func requests(after cursor: RequestID?, limit: Int) throws(StoreFailure) -> [LedgerEntry]
    func request(_ id: RequestID) throws(StoreFailure) -> LedgerEntry?
    /// Sums over all that was ever written, also what is forgotten since.
    func totals() throws(StoreFailure) -> LedgerTotals

    /// Rows that `query` asks for, the newest first, as many as are found with bounded work.
    func requests(_ query: LedgerQuery) throws(StoreFailure) -> LedgerPage

    /// The number of `DecisionNames.encoded`: the same bytes have the same number.
    func keep(decisionNames: [UInt8]) throws(StoreFailure) -> NameID
    func decisionNames(_ id: NameID) throws(StoreFailure) -> [UInt8]?

    /// Adds events in order and forgets all but the last `keeping`.
    func append(_ events: [StoredEvent], keeping: Int) throws(StoreFailure)
    /// The newest first, with ids below `cursor`, at most `limit`; of one kind where `kind` says which.
    func events(before cursor: Int64?, kind: String?, limit: Int) throws(StoreFailure) -> [StoredEvent]

    /// By name.
    func documents(_ kind: DocumentKind) throws(StoreFailure) -> [StoredDocument]
    /// Takes documents away, then puts others: all or nothing, durable on return.
    func change(_ kind: DocumentKind, put: [StoredDocument], remove: [String]) throws(StoreFailure)

    /// Sets what was counted in a period.
    func saveCounters(_ counters: [PeriodCounter]) throws(StoreFailure)
    /// Those of one period, by name.
    func counters(period: Int) throws(StoreFailure) -> [PeriodCounter]

    /// Further calls fail with `closed`.
    func close() throws(StoreFailure)
}

public struct AppendReceipt: Hashable, Sendable {
    public var added = 0
    /// Rows that were there already, equal to those given.
    public var repeated = 0
    /// Rows whose id another, different row has. The first stays; a count above zero means two generators shared a node.
    public var clashing = 0

    public init() {}
}

/// Sums over ledger rows.
public struct LedgerTotals: Hashable, Sendable {
    public var requests: Int64 = 0
    public var failed: Int64 = 0
    public var cancelled: Int64 = 0
    public var unknown: Int64 = 0
    public var attempts: Int64 = 0
    /// Requests whose usage was estimated here.
    public var estimated: Int64 = 0
    /// Requests with a known price.
    public var priced: Int64 = 0
    /// `estimated` of this value means nothing.
    public var usage = Usage()
    public var cost = Nanodollars.zero
    /// The cost of those requests that have a baseline, and what they had cost there: the difference is what was saved.
    public var compared = Nanodollars.zero
    public var baseline = Nanodollars.zero
    /// Of prompts, by the gateway's estimate: what was left out before they were sent, and what it had cost.
    public var savedTokens: Int64 = 0
    public var savedCost = Nanodollars.zero

    public init() {}
}
