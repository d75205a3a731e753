import Dispatch
import Logging
import NIOCore
import Routing
import Settings
import Storage

/// Answers that are given again, for all loops: in memory, and behind it in a store where settings say so. Memory is asked in passing;
/// the store on a queue of its own, since it blocks.
final class AnswerCache: Sendable {
    /// Bytes of answers that may wait to be written, and readers that may wait for the store.
    private static let mostWaiting = 32 << 20
    private static let mostReaders = 1_024
    /// A request waits no longer than this for the store, and goes on as if nothing were kept.
    static let patience = Duration.milliseconds(100)
    /// The store is looked at for its bound each time so large a part of it has been written.
    private static let parts = 16

    private struct State {
        var shelf = AnswerShelf(limit: 0)
        var storeLimit = 0
        /// Of all that is forgotten on somebody's word: what was under way then is not kept.
        var generation = 0
        var waiting: [CachedAnswer] = []
        var waitingBytes = 0
        var readers = 0
        var isWriting = false
        var dropped = 0
        var damaged = 0
        var isFailing = false
    }

    /// Touched on the queue only, but for its end.
    private struct Place {
        var store: (any AnswerStore)?
        var isClosed = false
        var unchecked = Int.max / 2
        var bytes = 0
    }

    private let open: @Sendable () throws -> any AnswerStore
    private let log: Logger
    private let queue = DispatchQueue(label: "cache")
    private let state = Locked(State())
    private let place = Locked(Place())

    /// - Parameter open: Called once, when answers are first to be kept in the store.
    init(log: Logger, open: @escaping @Sendable () throws -> any AnswerStore) { (self.log, self.open) = (log, open) }

    struct Counts: Sendable {
        var answers = 0
        var bytes = 0
        var evicted = 0
        var expired = 0
        /// As last counted.
        var storeBytes = 0
        /// Too much waited, or the store did not take them.
        var dropped = 0
        /// Times that what the store kept was damaged and put aside.
        var damaged = 0
    }

    var counts: Counts {
        let stored = place.withLock { $0.bytes }
        return state.withLock { state in
            Counts(
                answers: state.shelf.count, bytes: state.shelf.bytes, evicted: state.shelf.evicted, expired: state.shelf.expired,
                storeBytes: stored, dropped: state.dropped, damaged: state.damaged)
        }
    }

    /// As settings say from now on. What has no more room goes.
    func fit(_ settings: CacheSettings, isOn: Bool) {
        state.withLock { state in
            state.shelf.limit = isOn ? settings.memory : 0
            state.storeLimit = isOn ? settings.store : 0
        }
    }

    var generation: Int { state.withLock { $0.generation } }
    /// Whether the store is worth asking.
    var hasStore: Bool { state.withLock { $0.storeLimit > 0 } }

    func find(_ digest: AnswerDigest, at milliseconds: Int64) -> ShelvedAnswer? { state.withLock { $0.shelf.find(digest, at: milliseconds) } }

    /// Asks the store; what is found stays in memory too. False: too many ask already.
    func fetch(_ digest: AnswerDigest, at milliseconds: Int64, _ found: @escaping @Sendable (ShelvedAnswer?) -> Void) -> Bool {
        let isTaken = state.withLock { state in
            guard state.readers < Self.mostReaders else { return false }
            state.readers += 1
            return true
        }
        guard isTaken else { return false }
        queue.async {
            let began = self.state.withLock { state in
                state.readers -= 1
                return state.generation
            }
            let answer = self.ask { store throws(StoreFailure) in try store.answer(digest.bytes, at: milliseconds) } ?? nil
            let shelved = answer.map(ShelvedAnswer.init)
            if let shelved { self.state.withLock { if $0.generation == began { $0.shelf.keep(shelved) } } }
            found(shelved)
        }
        return true
    }

    /// Never waits. An answer that began before somebody had all forgotten is forgotten too.
    func keep(_ answer: CachedAnswer, from generation: Int) {
        let shelved = ShelvedAnswer(answer)
        let begins = state.withLock { state in
            guard state.generation == generation else { return false }
            state.shelf.keep(shelved)
            guard state.storeLimit > 0, answer.bytes <= state.storeLimit else { return false }
            guard state.waitingBytes + answer.bytes <= Self.mostWaiting else {
                state.dropped += 1
                return false
            }
            state.waiting.append(answer)
            state.waitingBytes += answer.bytes
            defer { state.isWriting = true }
            return !state.isWriting
        }
        if begins { queue.async { self.write() } }
    }

    /// Forgets in memory now, and in the store before `done` is called with how many went in all; nil: the store could not.
    func forget(_ selection: CacheSelection, done: @escaping @Sendable (Int?) -> Void) {
        let gone = forget(selection)
        let asksStore = hasStore
        queue.async {
            guard asksStore else { return done(gone) }
            let stored = self.ask { store throws(StoreFailure) in try store.forget(selection) }
            done(stored.map { max($0, gone) })
        }
    }

    /// In memory alone: another gateway had the store forget.
    @discardableResult
    func forget(_ selection: CacheSelection) -> Int {
        state.withLock { state in
            state.generation += 1
            let left = state.waiting.filter { !selection.holds($0) }
            state.waiting = left
            state.waitingBytes = left.reduce(0) { $0 + $1.bytes }
            return state.shelf.forget(selection)
        }
    }

    /// Returns when what was kept before is written. Blocks.
    func finish() {
        queue.sync {
            place.withLock { place in
                place.isClosed = true
                try? place.store?.close()  // nothing in it is worth telling about
                place.store = nil
            }
        }
    }

    // MARK: On the queue

    /// Until nothing waits.
    private func write() {
        while true {
            let (answers, limit) = state.withLock { state in
                let answers = Array(state.waiting.prefix(64))
                state.waiting.removeFirst(answers.count)
                state.waitingBytes -= answers.reduce(0) { $0 + $1.bytes }
                if answers.isEmpty { state.isWriting = false }
                return (answers, state.storeLimit)
            }
            if answers.isEmpty { return }
            let size = answers.reduce(0) { $0 + $1.bytes }
            let kept: Void? = ask { store throws(StoreFailure) in
                // Room first: the bound holds at every moment.
                try self.makeRoom(for: size, limit: limit, store)
                try store.keep(answers)
            }
            if kept == nil { state.withLock { $0.dropped += answers.count } }
        }
    }

    private func makeRoom(for size: Int, limit: Int, _ store: any AnswerStore) throws(StoreFailure) {
        let part = max(1, limit / Self.parts)
        let isDue = place.withLock { place in
            place.unchecked += size
            place.bytes += size
            return place.unchecked >= part
        }
        guard isDue else { return }
        let left = try store.prune(at: WallClock.milliseconds(), bytes: max(0, limit - part - size)).bytes
        place.withLock { place in
            place.unchecked = size
            place.bytes = left + size
        }
    }

    /// Nil: there is no store, or it failed, which is said once.
    private func ask<Value>(_ body: (any AnswerStore) throws(StoreFailure) -> Value) -> Value? {
        do {
            guard let store = try opened() else { return nil }
            let value = try body(store)
            state.withLock { $0.isFailing = false }
            return value
        } catch let failure as StoreFailure where failure.kind == .corrupt {
            beginAnew(failure)
            return nil
        } catch {
            let isNew = state.withLock { state in
                defer { state.isFailing = true }
                return !state.isFailing
            }
            if isNew { log.error("answers cannot be kept in the store, or found there; requests are sent on", metadata: ["problem": "\(error)"]) }
            return nil
        }
    }

    /// What is kept is damaged: it is put aside, and the next answer is kept in a new place.
    private func beginAnew(_ failure: StoreFailure) {
        let damaged = place.withLock { place in
            defer { (place.store, place.unchecked, place.bytes) = (nil, Int.max / 2, 0) }
            return place.store
        }
        state.withLock { $0.damaged += 1 }
        let aside = damaged?.discard()
        log.warning(
            "kept answers were damaged; a new file is begun", metadata: ["moved_to": "\(aside ?? "nowhere")", "problem": "\(failure.message)"])
    }

    private func opened() throws -> (any AnswerStore)? {
        let (known, isClosed) = place.withLock { ($0.store, $0.isClosed) }
        if known != nil || isClosed { return known }
        let store = try open()
        place.withLock { $0.store = store }
        return store
    }
}

extension Server {
    /// Forgets answers, here and in the store. How many; nil: the store could not.
    public func forget(_ selection: CacheSelection) async -> Int? {
        await withCheckedContinuation { continuation in cache.forget(selection) { continuation.resume(returning: $0) } }
    }

    /// Takes up that another gateway had answers forgotten.
    public func hear(_ selection: CacheSelection) { cache.forget(selection) }
}
