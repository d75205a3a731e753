import Routing

/// How a request ended.
public enum LedgerState: UInt8, CaseIterable, Sendable {
    case done, failed, cancelled
    /// Nobody saw the end, such as when the process died in between.
    case unknown

    public var name: String {
        switch self {
        case .done: "done"
        case .failed: "failed"
        case .cancelled: "cancelled"
        case .unknown: "unknown"
        }
    }
}

/// One request's row in the ledger. Numbers only, of fixed size; names are numbers of `Store.intern`.
public struct LedgerEntry: Hashable, Sendable {
    public var id: RequestID
    public var startedUnixMilliseconds: Int64
    public var durationMicroseconds: Int64 = 0
    /// From the request's start to the first byte of the answer's body. Nil where none was sent.
    public var firstByteMicroseconds: Int64?

    public var key = NameID.none
    /// The model as the client named it.
    public var model = NameID.none
    public var route = NameID.none
    /// The deployment that answered, or the last that was tried.
    public var deployment = NameID.none
    /// What decided its way, where one did.
    public var policy = NameID.none
    public var rule = NameID.none
    public var project = NameID.none
    public var customer = NameID.none
    public var provider = NameID.none
    /// At most `mostTags`, in the order they came.
    public var tags: [NameID] = []
    /// Tags that came with the request: whoever writes the row numbers them and adds them to `tags`, behind those of its key. Not read back.
    public var ownTags: [String] = []

    public var usage = Usage()
    public var cost = Nanodollars.zero
    /// What the same usage costs at the model that the savings report compares with; nil where nothing is compared.
    public var baseline: Nanodollars?
    /// Tokens of its prompt that were not sent, by the gateway's estimate, and what they had cost where it was served.
    public var savedTokens: Int64 = 0
    public var savedCost = Nanodollars.zero
    /// What it uses up of budgets: charged to the slices in one transaction with the row, or not at all. Not read back.
    public var charges: [LeaseCharge] = []
    /// Bytes of bodies or messages, from the client and to it, where they were carried unread; else nobody counted.
    public var receivedBytes: Int64 = 0
    public var sentBytes: Int64 = 0

    /// Raw value of `API`.
    public var api: UInt8 = 0
    /// HTTP status of the answer; 0 where the client left before one.
    public var status: UInt16 = 0
    /// Attempts made at providers, at most 255.
    public var attempts: UInt8 = 0
    public var state = LedgerState.unknown
    public var fault: Fault?
    public var streamed = false
    /// Whether the deployment had a price. Without one `cost` is zero and means nothing.
    public var priced = false
    /// An answer that was kept was given again: no provider was asked, and `cost` is zero and known.
    public var cached = false
    /// Nobody knew what `usage.tier` costs: `cost` is that of the usual one.
    public var tierUnpriced = false

    /// Each attempt, given only where there was more than one or one failed: else `history` has it from the row.
    public var attemptLog: [AttemptRecord] = []
    /// `Decision.encoded`; empty where none was kept. Longer ones than `mostDecisionBytes` are left out.
    public var decision = DecisionBytes()
    /// Whose names the numbers in `decision` are: see `Store.keep`.
    public var decisionNames = NameID.none

    public static let mostDecisionBytes = 65_536
    public static let mostTags = 16
    /// Bytes of a tag that came with a request; longer ones are left out.
    public static let mostTagBytes = 128

    public init(id: RequestID, startedUnixMilliseconds: Int64) {
        self.id = id
        self.startedUnixMilliseconds = startedUnixMilliseconds
    }

    /// Whether it is `row` but for what is not kept of it.
    func matches(_ row: LedgerEntry) -> Bool {
        var kept = row
        kept.charges = charges
        kept.ownTags = ownTags
        return self == kept
    }

    /// Every attempt, also the single good one that has no log.
    public var history: [AttemptRecord] {
        guard attemptLog.isEmpty, attempts == 1 else { return attemptLog }
        var only = AttemptRecord(deployment: deployment)
        only.firstByteMicroseconds = firstByteMicroseconds
        only.endedMicroseconds = durationMicroseconds
        only.state = state
        only.fault = fault
        only.status = status
        only.cost = cost
        return [only]
    }
}

/// One try at one deployment. Times are microseconds since the request's start.
public struct AttemptRecord: Hashable, Sendable {
    public var deployment: NameID
    public var startedMicroseconds: Int64 = 0
    public var firstByteMicroseconds: Int64?
    public var endedMicroseconds: Int64 = 0
    public var state = LedgerState.unknown
    public var fault: Fault?
    /// HTTP status of the provider; 0 where it sent none.
    public var status: UInt16 = 0
    public var cost = Nanodollars.zero

    public init(deployment: NameID) { self.deployment = deployment }
}
