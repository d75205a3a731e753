import NIOCore
import Routing
import Storage

/// Waits for its ledger row.
protocol Settled: AnyObject {
    /// The row is durable, or patience is at its end: the last frame goes.
    func release()
}

/// The last frames of answers, each waiting until its ledger row is durable, or a bounded moment.
///
/// First in, first out: rows of one loop become durable in the order in which they were offered. Rows are handed over at
/// the end of a turn of the loop, together. Lives on its loop.
final class Holding {
    private struct Held {
        var ticket: UInt64
        var until: Instant
        var exchange: any Settled
    }

    private unowned let loop: Loop
    private let eventLoop: any EventLoop
    private let store: any Store
    /// The store itself, where it is that: rows are moved there.
    private let memory: MemoryStore?
    private let wait: Span
    private var lane: JournalLane?
    /// Asked on the journal's thread, whose word would come too late for a loop that has ended.
    private let ear = Ear()
    private var held = CircularBuffer<Held>()
    private var pending: [LedgerEntry] = []
    /// What rows charge that are not durable yet.
    private var charged = CircularBuffer<(ticket: UInt64, charges: [LeaseCharge])>()
    private var sums = ChargeSums()
    private var flushScheduled = false
    private var timerScheduled = false
    /// Tickets count the rows of this loop from 1, as the journal does.
    private var offered: UInt64 = 0
    /// Answers that went out before their row was durable.
    private(set) var impatient = 0

    /// Without a journal rows go straight to `store`, which is memory.
    init(_ loop: Loop, journal: Journal?, store: any Store, wait: Duration) {
        self.loop = loop
        eventLoop = loop.eventLoop
        self.store = store
        memory = store as? MemoryStore
        self.wait = Span(wait)
        guard let journal else { return }
        let (bound, eventLoop) = (NIOLoopBound(self, eventLoop: eventLoop), eventLoop)
        let ear = ear
        lane = journal.register { ticket in
            ear.whileOpen { eventLoop.execute { bound.value.committed(upTo: ticket) } }
        }
    }

    /// The loop is about to end: rows may still become durable, but nobody waits for that.
    func close() { ear.close() }

    /// Rows not yet handed over and frames not yet sent; zero before the loop may end.
    var waiting: Int { pending.count + held.count }

    /// Whether a new request may begin: its row will find a place.
    var accepts: Bool { lane?.accepting ?? true }

    /// Takes the row of the exchange, which is released once that is durable.
    func hold(_ exchange: Exchange, _ settlement: borrowing Settlement) {
        let slot = exchange.request.claim?.slot ?? exchange.request.openSlot
        guard lane != nil else {
            var entry = exchange.newEntry
            settlement.write(to: &entry)
            return keep(&entry, for: exchange, slot)
        }
        pending.append(exchange.newEntry)
        settlement.write(to: &pending[pending.count - 1])
        holdLast(for: exchange, slot)
    }

    func hold(_ settled: any Settled, _ entry: LedgerEntry, noted slot: Int32) {
        guard lane != nil else {
            var entry = entry
            return keep(&entry, for: settled, slot)
        }
        pending.append(entry)
        holdLast(for: settled, slot)
    }

    private func keep(_ entry: inout LedgerEntry, for settled: any Settled, _ slot: Int32) {
        let charges = entry.charges
        // Memory takes every row until it is closed, and does not wait.
        if let memory { try? memory.keep(&entry) } else { _ = try? store.append([entry]) }
        if slot >= 0 { loop.region?.clear(slot) }
        if !charges.isEmpty { loop.server.accounts.written(charges) }
        settled.release()
    }

    private func holdLast(for exchange: any Settled, _ slot: Int32) {
        if !flushScheduled {
            flushScheduled = true
            eventLoop.assumeIsolated().execute { self.flush() }
        }
        if slot >= 0 { loop.region?.offered(slot, ticket: offered + UInt64(pending.count)) }
        if let charges = pending.last?.charges, !charges.isEmpty { charged.append((offered + UInt64(pending.count), charges)) }
        if wait > .zero {
            held.append(Held(ticket: offered + UInt64(pending.count), until: loop.time + wait, exchange: exchange))
        } else {
            exchange.release()
        }
    }

    private func flush() {
        flushScheduled = false
        guard let lane else { return }
        // Rows that a full journal does not take stay here and are offered again: none is lost while the process lives.
        offered = lane.offer(&pending, more: loop.counters.inFlight > 0).ticket
        if !pending.isEmpty { retryLater() }
        scheduleTimer()
    }

    private func retryLater() {
        flushScheduled = true
        eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(10)) { self.flush() }
    }

    private func committed(upTo ticket: UInt64) {
        loop.time = .now()
        loop.region?.committed(through: ticket)
        if let first = charged.first, first.ticket <= ticket { tellCharges(upTo: ticket) }
        while let first = held.first, first.ticket <= ticket {
            held.removeFirst()
            first.exchange.release()
        }
    }

    /// The last return of a slice is safe only behind the rows that charge it.
    private func tellCharges(upTo ticket: UInt64) {
        while let first = charged.first, first.ticket <= ticket {
            sums.add(first.charges)
            charged.removeFirst()
        }
        loop.server.accounts.written(sums.charges)
        sums.clear()
    }

    /// Calls `go` here once what is returned was called, from wherever, or the time is over.
    func once(within time: TimeAmount, _ go: @escaping () -> Void) -> @Sendable () -> Void {
        let turn = Turn(go)
        let (bound, eventLoop, ear) = (NIOLoopBound(turn, eventLoop: eventLoop), eventLoop, ear)
        turn.timer = eventLoop.assumeIsolated().scheduleTask(in: time) { turn.take() }
        return { ear.whileOpen { eventLoop.execute { bound.value.take() } } }
    }

    /// Taken once.
    private final class Turn {
        private var go: (() -> Void)?
        var timer: Scheduled<Void>?

        init(_ go: @escaping () -> Void) { self.go = go }

        func take() {
            let go = go
            (self.go, _) = (nil, timer?.cancel())
            go?()
        }
    }

    private func scheduleTimer() {
        guard !timerScheduled, let first = held.first else { return }
        timerScheduled = true
        let delay = max(0, (first.until - .now()).nanoseconds)
        eventLoop.assumeIsolated().scheduleTask(in: .nanoseconds(delay)) { self.outOfPatience() }
    }

    private func outOfPatience() {
        timerScheduled = false
        let now = Instant.now()
        loop.time = now
        while let first = held.first, first.until <= now {
            held.removeFirst()
            impatient += 1
            first.exchange.release()
        }
        scheduleTimer()
    }
}

/// Open until it is closed; what is done while it is open is done before that.
private final class Ear: Sendable {
    private let isOpen = Locked(true)

    func whileOpen(_ body: () -> Void) { isOpen.withLock { if $0 { body() } } }
    func close() { isOpen.withLock { $0 = false } }
}
