import Routing

/// What is summed up as rows are written, so that months of them are answered without reading one.
public protocol UsageStore: Sendable {
    /// Sums by what the query groups by, the largest cost first. Milliseconds on ten million requests: read from sums kept by the hour
    /// and the day.
    func usage(_ query: UsageQuery) throws(StoreFailure) -> [UsageRow]
    /// Forgets rows that are older or beyond the size, attempts, decisions and texts with them; sums stay. Does what else is to be done
    /// from time to time. One piece a call, which holds up no writer for long: call again, after a moment, while it does not return 0.
    func forget(_ retention: Retention, unixMilliseconds: Int64) throws(StoreFailure) -> Int
}

public enum UsageDimension: String, CaseIterable, Sendable {
    case key, project, customer, model, provider, deployment, policy, tag
    /// Time: UTC days, or hours, which are known for a month.
    case day, hour
}

public struct UsageQuery: Hashable, Sendable {
    /// Milliseconds since 1970, whole hours: others are widened to them.
    public var from: Int64
    public var to: Int64
    /// At most two, one of which may be time. Empty: one sum. Tags are summed apart: beside one only time may stand.
    public var groupBy: [UsageDimension] = []
    /// Only rows with this name.
    public var only: [UsageDimension: NameID] = [:]
    public var limit = 1_000

    public init(from: Int64, to: Int64) {
        self.from = from
        self.to = to
    }
}

public struct UsageRow: Hashable, Sendable {
    /// As many as were grouped by: the number of a name, or milliseconds since 1970.
    public var group: [Int64]
    public var totals: LedgerTotals

    public init(group: [Int64], totals: LedgerTotals) {
        self.group = group
        self.totals = totals
    }
}

public struct Retention: Hashable, Sendable {
    /// Of rows; nil: for ever.
    public var requests: Duration?
    /// Of texts of prompts and replies.
    public var texts: Duration?
    /// Bytes that rows may take on disk; the oldest go first.
    public var mostBytes: Int64?

    public init() {}
}
