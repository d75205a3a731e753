import Dispatch
import Logging
import Routing
import Storage

/// Keeps prompts and replies for projects that want it, for all loops: redacts and writes them on a thread of its own, behind the
/// answers. What waits is bounded in bytes; beyond that texts are dropped and counted, never an answer held up.
final class TextDesk: Sendable {
    /// Bytes that may wait.
    static let mostWaiting = 64 << 20
    /// Texts written at once.
    private static let batch = 64

    private struct State {
        var waiting: [CapturedTexts] = []
        var bytes = 0
        var isWriting = false
        var kept = 0
        var dropped = 0
        var isFailing = false
        var isEnding = false
    }

    private let store: any Store
    private let log: Logger
    private let queue = DispatchQueue(label: "texts")
    private let state = Locked(State())

    init(_ store: any Store, log: Logger) { (self.store, self.log) = (store, log) }

    struct Counts {
        var kept: Int
        /// Too much waited, or the store did not take them.
        var dropped: Int
    }

    var counts: Counts { state.withLock { Counts(kept: $0.kept, dropped: $0.dropped) } }

    func offer(_ texts: CapturedTexts) {
        let begins = state.withLock { state in
            guard state.bytes + texts.size <= Self.mostWaiting else {
                state.dropped += 1
                return false
            }
            state.bytes += texts.size
            state.waiting.append(texts)
            defer { state.isWriting = true }
            return !state.isWriting
        }
        if begins { queue.async { self.write() } }
    }

    /// Returns when what was offered before is written. Blocks; a store that does not answer is asked once more, not for each batch.
    func finish() {
        state.withLock { $0.isEnding = true }
        queue.sync {}
    }

    /// Until nothing waits.
    private func write() {
        while true {
            let texts = state.withLock { state in
                let texts = Array(state.waiting.prefix(Self.batch))
                state.waiting.removeFirst(texts.count)
                if texts.isEmpty { state.isWriting = false }
                return texts
            }
            if texts.isEmpty { return }
            let rows = texts.map { Transcript.texts(of: $0) }
            var failure: StoreFailure?
            do throws(StoreFailure) { try store.keep(rows) } catch { failure = error }
            count(texts, failure)
        }
    }

    private func count(_ texts: [CapturedTexts], _ failure: StoreFailure?) {
        let size = texts.reduce(0) { $0 + $1.size }
        let (isNew, given) = state.withLock { state -> (Bool, Int) in
            state.bytes -= size
            if failure == nil { state.kept += texts.count } else { state.dropped += texts.count }
            let isNew = failure != nil && !state.isFailing
            state.isFailing = failure != nil
            guard state.isFailing, state.isEnding else { return (isNew, 0) }
            // The gateway ends, and the store is away: nobody waits for the rest.
            let rest = state.waiting.count
            (state.waiting, state.bytes) = ([], 0)
            state.dropped += rest
            return (isNew, rest)
        }
        if isNew, let failure {
            log.error(
                "prompts and replies cannot be kept; they are dropped and counted until the store takes them",
                metadata: ["problem": "\(failure)"])
        }
        if given > 0 { log.warning("prompts and replies were not kept", metadata: ["requests": "\(given)"]) }
    }
}
