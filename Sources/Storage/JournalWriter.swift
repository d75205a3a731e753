import Dispatch
import Glibc
import Routing

/// The journal's writing side: one thread, which holds the journal alive until it is closed.
extension Journal {
    func startWriter() {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        defer { pthread_attr_destroy(&attributes) }
        var thread = pthread_t()
        let context = Unmanaged.passRetained(self).toOpaque()
        let body: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { context in
            guard let context else { return nil }
            Unmanaged<Journal>.fromOpaque(context).takeRetainedValue().write()
            return nil
        }
        let code = pthread_create(&thread, &attributes, body, context)
        precondition(code == 0, "the system gave no thread for the journal: error \(code)")
    }

    private func write() {
        var batch = JournalQueue()
        /// Per lane, the last ticket that is durable.
        var tickets: [UInt64] = []
        var rows = 0
        writing: while take(&batch, after: rows) {
            rows = batch.entries.count
            var start = 0
            while start < batch.entries.count {
                let end = min(start + options.largestBatch, batch.entries.count)
                guard commit(batch.entries[start..<end]) else { break writing }
                tell(batch.lanes[start..<end], &tickets)
                start = end
            }
            batch.clear()
        }
        finished.signal()
    }

    /// A batch of this many rows shows that requests end at about the same time.
    private static var parallelRows: Int { 4 }
    /// And of this many that they do so all the time: what a commit takes is worth sharing with those that are about to end.
    private static var crowdedRows: Int { 16 }

    private enum Next { case taken, ended, linger, sleep }

    /// Swaps what is queued for the empty `batch`; sleeps while there is nothing. False when closed and empty.
    /// - Parameter last: How many rows the batch before had.
    private func take(_ batch: inout JournalQueue, after last: Int) -> Bool {
        if last >= Self.parallelRows { nap(options.gather) }
        var mayLinger = last >= Self.crowdedRows
        while true {
            let next = shared.withLock { state -> Next in
                if state.pending.entries.isEmpty {
                    state.sleeping = !state.closing
                    return state.closing ? .ended : .sleep
                }
                if mayLinger, !state.closing, state.busy.contains(true) {
                    state.lingering = true
                    return .linger
                }
                state.lingering = false
                swap(&state.pending, &batch)
                return .taken
            }
            switch next {
            case .taken: return true
            case .ended: return false
            case .sleep: wake.wait()
            case .linger:
                _ = wake.wait(timeout: .now() + .nanoseconds(Int(options.linger.nanoseconds)))
                mayLinger = false
            }
        }
    }

    /// Tries until the rows are durable. False when the journal is to close and its time is up.
    private func commit(_ rows: ArraySlice<LedgerEntry>) -> Bool {
        var pause = options.firstPause
        var reopen = false
        while true {
            do throws(StoreFailure) {
                if reopen { try store.reopen() }
                reopen = false
                settle(rows.count, try store.append(rows))
                return true
            } catch {
                // What a failed sync left behind is not to be trusted: only what reading it again shows.
                if error.kind == .disk || error.kind == .corrupt { reopen = true }
                guard let limit = stumble(error, pause: pause) else { return false }
                _ = wake.wait(timeout: .now() + .nanoseconds(Int(limit.nanoseconds)))
                pause = min(pause * 2, options.longestPause)
            }
        }
    }

    private func settle(_ count: Int, _ receipt: AppendReceipt) {
        let recovered = shared.withLock { state in
            state.status.queued -= count
            state.status.committed += UInt64(count)
            state.status.batches += 1
            state.status.repeated += UInt64(receipt.repeated)
            state.status.clashing += UInt64(receipt.clashing)
            defer {
                state.status.failure = nil
                updateAccepting(state)
            }
            return state.status.failure != nil
        }
        if recovered { onChange(nil) }
    }

    /// Notes a failed try and returns how long to pause, nil when time is up.
    private func stumble(_ failure: StoreFailure, pause: Duration) -> Duration? {
        let (isNew, rest) = shared.withLock { state -> (Bool, Duration?) in
            let isNew = state.status.failure?.kind != failure.kind
            state.status.failure = failure
            state.status.failures += 1
            updateAccepting(state)
            guard let deadline = state.deadline else { return (isNew, pause) }
            let rest = deadline - .now
            return (isNew, rest > .zero ? min(rest, pause) : nil)
        }
        if isNew { onChange(failure) }
        return rest
    }

    /// Tells each lane once how far it has got.
    private func tell(_ lanes: ArraySlice<UInt16>, _ tickets: inout [UInt64]) {
        let listeners = shared.withLock { $0.listeners }
        while tickets.count < listeners.count { tickets.append(0) }
        var touched: [Bool] = Array(repeating: false, count: listeners.count)
        for lane in lanes {
            tickets[Int(lane)] += 1
            touched[Int(lane)] = true
        }
        for (lane, isTouched) in touched.enumerated() where isTouched { listeners[lane](tickets[lane]) }
    }

    private func nap(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        var time = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
        nanosleep(&time, nil)
    }
}
