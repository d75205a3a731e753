import Synchronization

/// Whether this gateway wants traffic. Off before start, while draining, and while the ledger cannot be written.
final class Readiness: Sendable {
    private let wanted = Atomic<Bool>(false)

    var isReady: Bool { wanted.load(ordering: .relaxed) }
    func set(_ ready: Bool) { wanted.store(ready, ordering: .relaxed) }
}
