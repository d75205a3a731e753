/// Bounds and pace of a `Journal`.
public struct JournalOptions: Hashable, Sendable {
    /// Rows that may wait to be durable; more are refused.
    public var capacity = 65_536
    /// New billed requests are refused when fewer places than this are free, so that those under way still find one.
    public var headroom = 16_384
    /// Rows of one transaction at most: 2,048 take about 10 ms, a fifth of what an answer's last frame waits.
    public var largestBatch = 2_048
    /// How long the writer lets rows gather when the last batch shows that requests run in parallel. A lone request's
    /// row never waits.
    public var gather = Duration.milliseconds(1)
    /// How much longer at most, under heavy load, while requests are under way whose rows the next commit can take along.
    /// It ends with the last of them, so that nobody waits for rows that do not come.
    public var linger = Duration.milliseconds(1)
    /// The first pause after a failed write; doubles up to `longestPause`.
    public var firstPause = Duration.milliseconds(10)
    public var longestPause = Duration.seconds(1)

    public init() {}
}
