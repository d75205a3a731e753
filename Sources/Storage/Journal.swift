import Dispatch
import Synchronization

/// Takes ledger rows from event loops and makes them durable on one background thread, many rows to a commit.
///
/// The queue is bounded. When it is full, `offer` refuses and counts; before that, `accepting` turns false so that new
/// billed requests can be refused while those under way still get their row. A store that fails (disk full, locked,
/// broken) leaves rows queued: the writer tries again until they are written.
public final class Journal: Sendable {
    struct Shared: Sendable {
        var pending = JournalQueue()
        /// Per lane: the last ticket given, and whom to tell of commits.
        var offered: [UInt64] = []
        var listeners: [@Sendable (UInt64) -> Void] = []
        var status = JournalStatus()
        /// The writer waits for `wake`; whoever adds a row then signals, once.
        var sleeping = false
        /// Per lane: requests are under way that will bring rows.
        var busy: [Bool] = []
        /// The writer waits for `wake` until no lane is busy; whoever sees that first signals, once.
        var lingering = false
        var closing = false
        /// When the writer gives up on rows it cannot write. Set by `close`.
        var deadline: ContinuousClock.Instant?
    }

    let store: any LedgerSink
    let options: JournalOptions
    let shared: Locked<Shared>
    let wake = DispatchSemaphore(value: 0)
    let finished = DispatchSemaphore(value: 0)
    let onChange: @Sendable (StoreFailure?) -> Void
    private let open = Atomic(true)

    /// Starts the writer. `onChange` is called on the writer's thread when writing begins to fail, fails for another
    /// reason, or works again (nil).
    public init(
        store: any LedgerSink, options: JournalOptions = JournalOptions(), onChange: @escaping @Sendable (StoreFailure?) -> Void = { _ in }
    ) {
        precondition(options.capacity > options.headroom && options.largestBatch > 0, "a journal needs room for rows")
        self.store = store
        self.options = options
        self.onChange = onChange
        var first = Shared()
        first.status.capacity = options.capacity
        shared = Locked(first)
        startWriter()
    }

    /// Whether a new billed request may begin: the store takes rows and the queue has room to spare. One relaxed load.
    public var accepting: Bool { open.load(ordering: .relaxed) }

    public var status: JournalStatus {
        var status = shared.withLock { $0.status }
        status.spool = (store as? SpooledLedger)?.status
        return status
    }

    /// One lane per event loop. `onCommit` is called on the writer's thread, once per batch that held rows of the lane,
    /// with the highest ticket that is now durable; tickets start at 1.
    public func register(onCommit: @escaping @Sendable (UInt64) -> Void) -> JournalLane {
        shared.withLock { state in
            state.offered.append(0)
            state.busy.append(false)
            state.listeners.append(onCommit)
            return JournalLane(journal: self, index: state.offered.count - 1)
        }
    }

    func offer(_ entry: LedgerEntry, lane: Int) -> UInt64? {
        let (ticket, signal) = shared.withLock { state -> (UInt64?, Bool) in
            guard room(state) > 0 else {
                state.status.refused += 1
                return (nil, false)
            }
            state.pending.append(entry, lane: lane)
            state.offered[lane] += 1
            return (state.offered[lane], noteAdded(1, &state))
        }
        if signal { wake.signal() }
        return ticket
    }

    func offer(_ rows: inout [LedgerEntry], lane: Int, more: Bool) -> (accepted: Int, ticket: UInt64) {
        let count = rows.count
        var (accepted, ticket, signal) = (0, UInt64(0), false)
        shared.withLock { state in
            accepted = min(count, room(state))
            state.pending.take(accepted, from: &rows, lane: lane)
            state.offered[lane] += UInt64(accepted)
            state.status.refused += UInt64(count - accepted)
            state.busy[lane] = more
            ticket = state.offered[lane]
            signal = accepted > 0 && noteAdded(accepted, &state)
        }
        if signal { wake.signal() }
        return (accepted, ticket)
    }

    /// None once closed: the writer may have gone.
    private func room(_ state: Shared) -> Int { state.closing ? 0 : options.capacity - state.status.queued }

    /// Counts rows in and says whether the writer must be woken.
    private func noteAdded(_ count: Int, _ state: inout Shared) -> Bool {
        state.status.queued += count
        updateAccepting(state)
        let isAwaited = state.sleeping || state.lingering && !state.busy.contains(true)
        if isAwaited { (state.sleeping, state.lingering) = (false, false) }
        return isAwaited
    }

    func updateAccepting(_ state: Shared) {
        let accepts = state.status.failure == nil && !state.closing && state.status.queued <= options.capacity - options.headroom
        if open.load(ordering: .relaxed) != accepts { open.store(accepts, ordering: .relaxed) }
    }

    /// Writes what is queued and ends the writer; call when the loops have ended. Returns the rows that could not be
    /// written in time, which is zero unless the store fails. Blocks up to `limit`, and for one busy timeout of the store
    /// (5 s) beyond it. The store stays open.
    public func close(within limit: Duration) -> Int {
        let first = shared.withLock { state in
            let isFirst = !state.closing
            if isFirst { state.deadline = .now + limit }
            state.closing = true
            updateAccepting(state)
            return isFirst
        }
        if first {
            wake.signal()
            finished.wait()
        }
        return shared.withLock { $0.status.queued }
    }
}

/// An event loop's way into the journal.
public struct JournalLane: Sendable {
    let journal: Journal
    let index: Int

    public var accepting: Bool { journal.accepting }

    /// The row's ticket, or nil when the queue is full (and counted as refused).
    public func offer(_ entry: LedgerEntry) -> UInt64? { journal.offer(entry, lane: index) }

    /// Takes as many rows from the front as there is room for, and leaves the others. `ticket` is that of the last row taken so far.
    /// - Parameter more: Further requests of the lane are under way: under heavy load a commit waits a moment for their rows.
    public func offer(_ rows: inout [LedgerEntry], more: Bool = false) -> (accepted: Int, ticket: UInt64) {
        journal.offer(&rows, lane: index, more: more)
    }
}

/// Rows in order with the lane each came from.
struct JournalQueue: Sendable {
    var entries: [LedgerEntry] = []
    var lanes: [UInt16] = []

    mutating func append(_ entry: LedgerEntry, lane: Int) {
        entries.append(entry)
        lanes.append(UInt16(lane))
    }

    /// Where nothing waits, which is usual, all rows change hands at once: nothing is copied, and `rows` gets the empty list.
    mutating func take(_ count: Int, from rows: inout [LedgerEntry], lane: Int) {
        lanes.append(contentsOf: repeatElement(UInt16(lane), count: count))
        if entries.isEmpty, count == rows.count {
            swap(&entries, &rows)
        } else {
            entries.append(contentsOf: rows[..<count])
            rows.removeFirst(count)
        }
    }

    /// Keeps the memory of ordinary loads, gives back that of a jam.
    mutating func clear() {
        entries.removeAll(keepingCapacity: entries.capacity <= 4096)
        lanes.removeAll(keepingCapacity: lanes.capacity <= 4096)
    }
}
