import Dispatch

/// Stands between the data plane and a `ResponseStore`: takes responses without waiting and writes them in batches.
///
/// What waits to be written can be read already, so a client may build on an answer the moment it has it.
public final class ResponseShelf: Sendable {
    public struct Limits: Hashable, Sendable {
        /// How long a response is kept.
        public var retention = Duration.seconds(30 * 86_400)
        public var count = 100_000
        /// Of all that are kept.
        public var bytes = 4 << 30
        /// Of those that wait to be written; more are not kept, and counted.
        public var waitingBytes = 64 << 20

        public init() {}
    }

    private struct State {
        /// By id; written from `order`.
        var waiting: [String: StoredResponse] = [:]
        var order: [String] = []
        var waitingBytes = 0
        var isWriting = false
        var dropped = 0
        var batches = 0
        /// Whom to tell, by id, once what waits is written or lost.
        var told: [String: [@Sendable () -> Void]] = [:]
    }

    public let limits: Limits
    private let store: any ResponseStore
    private let state = Locked(State())
    private let queue = DispatchQueue(label: "responses")
    private let failed: @Sendable (StoreFailure) -> Void
    private let now: @Sendable () -> Int64

    /// - Parameters:
    ///   - now: Unix milliseconds.
    ///   - failed: Told of every batch that could not be written; its responses are lost and counted.
    public init(_ store: any ResponseStore, limits: Limits, now: @escaping @Sendable () -> Int64, failed: @escaping @Sendable (StoreFailure) -> Void)
    {
        (self.store, self.limits, self.now, self.failed) = (store, limits, now, failed)
    }

    /// Responses that were not kept, because too much waited or the store failed.
    public var dropped: Int { state.withLock { $0.dropped } }

    /// When a response made at `milliseconds` is forgotten.
    public func expiry(of milliseconds: Int64) -> Int64 { milliseconds + limits.retention.components.seconds * 1_000 }

    /// Whether other gateways read it too: not what waits here.
    public var isShared: Bool { store.isShared }

    /// Never waits. False: too much waits already.
    /// - Parameter kept: Called once it is in the store, or is lost.
    @discardableResult
    public func offer(_ response: StoredResponse, kept: (@Sendable () -> Void)? = nil) -> Bool {
        let (isTaken, mustStart) = take(response, kept)
        if !isTaken { kept?() }
        if mustStart { queue.async { self.write() } }
        return isTaken
    }

    private func take(_ response: StoredResponse, _ kept: (@Sendable () -> Void)?) -> (isTaken: Bool, mustStart: Bool) {
        state.withLock { state in
            guard state.waitingBytes + response.bytes <= limits.waitingBytes else {
                state.dropped += 1
                return (false, false)
            }
            if let old = state.waiting[response.id] {
                guard old.owner == response.owner else { return (false, false) }
                state.waitingBytes -= old.bytes
            } else {
                state.order.append(response.id)
            }
            state.waiting[response.id] = response
            state.waitingBytes += response.bytes
            if let kept { state.told[response.id, default: []].append(kept) }
            defer { state.isWriting = true }
            return (true, !state.isWriting)
        }
    }

    /// Blocks on the store where it is not waiting. Nil: unknown, expired or another's, which cannot be told apart.
    public func response(_ id: String, owner: String) throws(StoreFailure) -> StoredResponse? {
        let found = state.withLock { $0.waiting[id] }
        // Asked of the store all the same, so that another's and an unknown one take the same time.
        let stored = try store.response(id, owner: owner, at: now())
        if let found, found.owner == owner { return found }
        return stored
    }

    /// Blocks. Whether there was one.
    public func remove(_ id: String, owner: String) throws(StoreFailure) -> Bool {
        let waited = state.withLock { state -> Bool in
            guard let found = state.waiting[id], found.owner == owner else { return false }
            state.waiting[id] = nil
            state.waitingBytes -= found.bytes
            return true
        }
        // Behind a batch that may be on its way with it.
        return try queue.sync { () -> Result<Bool, StoreFailure> in
            do throws(StoreFailure) { return .success(try store.remove(id, owner: owner) || waited) } catch { return .failure(error) }
        }.get()
    }

    /// One batch; then whoever waits for the queue has its turn. What is being written stays readable here until it is in the store.
    private func write() {
        let (ids, batch) = state.withLock { state -> ([String], [StoredResponse]) in
            let ids = Array(state.order.prefix(256))
            if ids.isEmpty { state.isWriting = false }
            return (ids, ids.compactMap { state.waiting[$0] })
        }
        if ids.isEmpty { return }
        var problem: StoreFailure?
        do throws(StoreFailure) {
            try store.keep(batch)
            try tidy()
        } catch { problem = error }
        written(ids, batch, isLost: problem != nil)
        if let problem { failed(problem) }
        queue.async { self.write() }
    }

    private func written(_ ids: [String], _ batch: [StoredResponse], isLost: Bool) {
        let done = Dictionary(batch.map { ($0.id, $0) }) { first, _ in first }
        let told = state.withLock { state in
            if isLost { state.dropped += batch.count }
            state.order.removeFirst(ids.count)
            return Set(ids).flatMap { id -> [@Sendable () -> Void] in
                if let waiting = state.waiting[id] {
                    guard waiting == done[id] else {
                        state.order.append(id)  // changed meanwhile
                        return []
                    }
                    state.waiting[id] = nil
                    state.waitingBytes -= waiting.bytes
                }
                return state.told.removeValue(forKey: id) ?? []
            }
        }
        for tell in told { tell() }
    }

    /// Every 64th batch, the first among them.
    private func tidy() throws(StoreFailure) {
        let isDue = state.withLock { state -> Bool in
            defer { state.batches += 1 }
            return state.batches % 64 == 0
        }
        if isDue { _ = try store.prune(at: now(), count: limits.count, bytes: limits.bytes) }
    }

    /// Blocks until everything is written, and closes the store.
    public func close() throws(StoreFailure) {
        while state.withLock({ $0.isWriting }) { queue.sync {} }
        try store.close()
    }
}
