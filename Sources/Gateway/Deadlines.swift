import NIOCore
import Routing

/// Something that must not wait for ever: a connection, a request, an upstream call.
///
/// It stands in at most one slot of its loop's `Deadlines`. The links belong to `Deadlines`.
class Timed {
    fileprivate(set) var deadline = Instant.distantFuture
    fileprivate var next: Timed?
    /// Valid while linked: the previous entry holds this one by its `next`.
    fileprivate unowned(unsafe) var previous: Timed?
    fileprivate var slot = -1

    /// The deadline has passed. Called once; arm again to be called again.
    func expired(at now: Instant) {
        preconditionFailure("a timed thing says what happens at its deadline")
    }
}

/// All deadlines of one event loop: a timing wheel of 256 slots.
///
/// Arming for later than before is a store, since a slot that comes round finds the new deadline and moves the entry;
/// arming for earlier relinks. Precision is one tick: a deadline is noticed up to `tick` late, never early.
/// The wheel turns only while something stands in it.
final class Deadlines {
    static let tick = Duration.milliseconds(20)
    private static let tickNanoseconds: Int64 = 20_000_000
    private static let slots = 256

    private let loop: any EventLoop
    private var heads: [Timed?] = Array(repeating: nil, count: slots)
    private var count = 0
    /// The number of the tick whose slot was looked at last.
    private var turned: Int64 = 0
    private var turning = false

    init(loop: any EventLoop) { self.loop = loop }

    /// Calls `entry.expired` when `deadline` has passed, instead of any earlier arrangement.
    func arm(_ entry: Timed, at deadline: Instant) {
        entry.deadline = deadline
        let due = tickNumber(of: deadline)
        if entry.slot >= 0 {
            if due >= scheduled(entry) { return }
            unlink(entry)
        }
        link(entry, due: due)
        if !turning { start() }
    }

    func disarm(_ entry: Timed) {
        entry.deadline = .distantFuture
        if entry.slot >= 0 { unlink(entry) }
    }

    private func tickNumber(of instant: Instant) -> Int64 { instant.nanoseconds / Self.tickNanoseconds &+ 1 }

    /// The tick at which the entry's slot comes round next.
    private func scheduled(_ entry: Timed) -> Int64 {
        let size = Int64(Self.slots)
        return turned &+ 1 &+ ((Int64(entry.slot) &- (turned &+ 1)) % size &+ size) % size
    }

    private func link(_ entry: Timed, due: Int64) {
        if count == 0 { turned = max(turned, tickNumber(of: .now()) &- 1) }
        // Further off than the wheel is round: the last slot, and again from there.
        let at = min(max(due, turned &+ 1), turned &+ Int64(Self.slots))
        let slot = Int(at % Int64(Self.slots))
        entry.slot = slot
        entry.next = heads[slot]
        entry.previous = nil
        heads[slot]?.previous = entry
        heads[slot] = entry
        count += 1
    }

    private func unlink(_ entry: Timed) {
        if let previous = entry.previous { previous.next = entry.next } else { heads[entry.slot] = entry.next }
        entry.next?.previous = entry.previous
        entry.next = nil
        entry.previous = nil
        entry.slot = -1
        count -= 1
    }

    private func start() {
        turning = true
        loop.assumeIsolated().scheduleTask(in: .nanoseconds(Self.tickNanoseconds)) { self.turn() }
    }

    private func turn() {
        let now = Instant.now()
        let current = now.nanoseconds / Self.tickNanoseconds
        while turned < current, count > 0 {
            turned += 1
            lookAt(Int(turned % Int64(Self.slots)), now: now)
        }
        turned = max(turned, current)
        turning = false
        if count > 0 { start() }
    }

    /// Detaches the whole slot before anything is called, since what is called may arm and disarm its neighbours.
    private func lookAt(_ slot: Int, now: Instant) {
        var due: [Timed] = []
        var entry = heads[slot]
        heads[slot] = nil
        while let this = entry {
            entry = this.next
            this.next = nil
            this.previous = nil
            this.slot = -1
            count -= 1
            if this.deadline <= now {
                due.append(this)
            } else {
                link(this, due: tickNumber(of: this.deadline))
            }
        }
        for this in due where this.deadline <= now && this.slot < 0 {
            this.deadline = .distantFuture
            this.expired(at: now)
        }
    }
}

extension Instant {
    /// The gateway's clock: monotonic, the same on all loops.
    static func now() -> Instant {
        Instant(nanoseconds: Int64(NIODeadline.now().uptimeNanoseconds))
    }
}
