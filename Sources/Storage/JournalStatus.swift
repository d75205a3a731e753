/// How the journal is doing, for readiness, metrics and log lines.
public struct JournalStatus: Hashable, Sendable {
    /// Rows not yet durable.
    public var queued = 0
    public var capacity = 0
    public var committed: UInt64 = 0
    public var batches: UInt64 = 0
    /// Rows refused because the queue was full.
    public var refused: UInt64 = 0
    /// Failed tries at writing a batch. Each batch is tried until it is written.
    public var failures: UInt64 = 0
    public var repeated: UInt64 = 0
    public var clashing: UInt64 = 0
    /// What stands in the way of writing now.
    public var failure: StoreFailure?
    /// What waits in a file for the store to come back; nil where there is no such file.
    public var spool: SpoolStatus?

    public init() {}
}
