import Dispatch

/// Rows on their way to a store that may be away: tried there first, else kept in a file of this gateway until it is back.
///
/// Acknowledged is durable, in the store or here. What waits goes before what comes, in order; the store knows rows by their ids, so one
/// whose fate is open is given again. A row that the store refuses by itself, which is a bug of ours, is set aside and told.
public final class SpooledLedger: LedgerSink {
    public struct Limits: Hashable, Sendable {
        /// Of rows that wait; more are refused, and with them new billed requests.
        public var bytes = 1 << 30
        /// Rows that go to the store at once.
        public var batch = 500
        public var firstPause = Duration.milliseconds(50)
        public var longestPause = Duration.seconds(1)

        public init() {}
    }

    private struct State {
        var sums = SpoolFile.Sums()
        /// Why the store did not take rows, while it does not.
        var failure: StoreFailure?
        var isClosing = false
    }

    private let remote: any LedgerSink
    private let file: SpoolFile
    private let limits: Limits
    private let state: Locked<State>
    private let onChange: @Sendable (StoreFailure?) -> Void
    private let wake = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)

    /// `onChange` is called when rows begin to wait, and with nil when none wait any more; on the writer's thread or the spool's own.
    public init(
        _ remote: any LedgerSink, path: String, limits: Limits = Limits(), onChange: @escaping @Sendable (StoreFailure?) -> Void = { _ in }
    ) throws(StoreFailure) {
        self.remote = remote
        self.limits = limits
        self.onChange = onChange
        file = try SpoolFile(path: path)
        var first = State()
        first.sums = try file.sums()
        state = Locked(first)
        DispatchQueue(label: "spool", qos: .utility).async { self.run() }
    }

    /// By which the store knows this gateway, as long as the file is there.
    public func identity() throws(StoreFailure) -> String { try file.identity() }

    public var status: SpoolStatus {
        state.withLock { state in
            SpoolStatus(
                waiting: state.sums.rows, bytes: state.sums.bytes, capacity: limits.bytes, sinceUnixMilliseconds: state.sums.since,
                aside: state.sums.aside, failure: state.failure)
        }
    }

    public func append(_ rows: ArraySlice<LedgerEntry>) throws(StoreFailure) -> AppendReceipt {
        guard !rows.isEmpty else { return AppendReceipt() }
        // While nothing waits there is no order to keep.
        if state.withLock({ $0.sums.rows == 0 }) {
            do throws(StoreFailure) {
                let receipt = try remote.append(rows)
                recovered()
                return receipt
            } catch {
                if error.kind == .closed { throw error }
                note(error)
            }
        }
        try keep(rows)
        var receipt = AppendReceipt()
        receipt.added = rows.count
        return receipt
    }

    private func keep(_ rows: ArraySlice<LedgerEntry>) throws(StoreFailure) {
        guard state.withLock({ $0.sums.bytes < limits.bytes }) else {
            throw StoreFailure(
                .diskFull, path: file.path, "\(limits.bytes) bytes of rows wait for the store, which is all that may: bring the store back")
        }
        let now = StoreClock.milliseconds()
        let bytes = try file.add(rows, at: now)
        state.withLock { state in
            state.sums.rows += rows.count
            state.sums.bytes += bytes
            state.sums.since = state.sums.since ?? now
        }
        wake.signal()
    }

    /// After a disk of this machine failed: the store's own failures never come as far as the journal.
    public func reopen() throws(StoreFailure) { try file.reopen() }

    /// Blocks until nothing waits, `limit` at most: before a gateway joins, rows of its run before are written.
    public func drain(within limit: Duration) -> Bool {
        let deadline = ContinuousClock.now + limit
        while status.waiting > 0 {
            guard ContinuousClock.now < deadline else { return false }
            wake.signal()
            _ = DispatchSemaphore(value: 0).wait(timeout: .now() + .milliseconds(5))
        }
        return true
    }

    /// What waits stays in the file. The store stays open.
    public func close() throws(StoreFailure) {
        let isFirst = state.withLock { state in
            defer { state.isClosing = true }
            return !state.isClosing
        }
        guard isFirst else { return }
        wake.signal()
        ended.wait()
        try file.close()
    }

    // MARK: Draining

    private func run() {
        var pause = limits.firstPause
        while !state.withLock({ $0.isClosing }) {
            guard status.waiting > 0 else {
                wake.wait()
                continue
            }
            do throws(StoreFailure) {
                try move()
                pause = limits.firstPause
            } catch {
                note(error)
                rest(pause)
                pause = min(pause * 2, limits.longestPause)
            }
        }
        ended.signal()
    }

    /// In pieces, so that closing does not wait for the whole pause.
    private func rest(_ pause: Duration) {
        let deadline = ContinuousClock.now + pause
        while ContinuousClock.now < deadline, !state.withLock({ $0.isClosing }) { _ = wake.wait(timeout: .now() + .milliseconds(50)) }
    }

    private func move() throws(StoreFailure) {
        let batch = try file.oldest(limits.batch)
        guard let first = batch.first else { return state.withLock { $0.sums = SpoolFile.Sums(aside: $0.sums.aside) } }
        state.withLock { $0.sums.since = first.milliseconds }
        let rows = batch.compactMap(\.row)
        if rows.count == batch.count {
            do throws(StoreFailure) {
                _ = try remote.append(rows[...])
                return try settle(batch)
            } catch {
                guard Self.isOfRows(error.kind) else { throw error }
            }
        }
        for waiting in batch { try moveAlone(waiting) }
    }

    private func moveAlone(_ waiting: SpoolFile.Waiting) throws(StoreFailure) {
        var problem = "the row cannot be read"
        if let row = waiting.row {
            do throws(StoreFailure) {
                _ = try remote.append([row])
                return try settle([waiting])
            } catch {
                guard Self.isOfRows(error.kind) else { throw error }
                problem = "\(error)"
            }
        }
        try file.setAside(waiting.place, problem)
        count(out: [waiting], aside: 1)
        onChange(StoreFailure(.other, path: file.path, "a row was set aside: \(problem)"))
    }

    /// Not of the store as a whole: the same row would fail again.
    private static func isOfRows(_ kind: StoreFailure.Kind) -> Bool { kind == .other || kind == .conflict || kind == .corrupt }

    private func settle(_ batch: [SpoolFile.Waiting]) throws(StoreFailure) {
        try file.remove(batch.map(\.place))
        count(out: batch, aside: 0)
    }

    private func count(out batch: [SpoolFile.Waiting], aside: Int) {
        let isEmpty = state.withLock { state in
            state.sums.rows -= batch.count
            state.sums.bytes -= batch.reduce(0) { $0 + $1.bytes }
            state.sums.aside += aside
            if state.sums.rows == 0 { state.sums.since = nil }
            return state.sums.rows == 0
        }
        if isEmpty { recovered() }
    }

    private func recovered() {
        let failed = state.withLock { state in
            defer { state.failure = nil }
            return state.failure != nil
        }
        if failed { onChange(nil) }
    }

    private func note(_ failure: StoreFailure) {
        let isNew = state.withLock { state in
            defer { state.failure = failure }
            return state.failure?.kind != failure.kind
        }
        if isNew { onChange(failure) }
    }
}

/// How much waits for the store.
public struct SpoolStatus: Hashable, Sendable {
    public var waiting: Int
    public var bytes: Int
    public var capacity: Int
    /// When the oldest of them came.
    public var sinceUnixMilliseconds: Int64?
    /// Rows that the store refused, kept for an operator.
    public var aside: Int
    public var failure: StoreFailure?
}
