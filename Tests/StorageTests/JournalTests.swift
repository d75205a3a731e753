import Dispatch
import Storage
import Synchronization
import Testing

@Suite("Journal", .timeLimit(.minutes(1))) struct JournalTests {
    static func options(_ capacity: Int, headroom: Int = 0, largestBatch: Int = 2_048) -> JournalOptions {
        var options = JournalOptions()
        options.capacity = capacity
        options.headroom = headroom
        options.largestBatch = largestBatch
        options.firstPause = .milliseconds(1)
        options.longestPause = .milliseconds(4)
        return options
    }

    @Test("each lane hears of its own rows, in order, once per batch")
    func callbacks() throws {
        let store = FaultyStore(gated: true)
        let journal = Journal(store: store, options: Self.options(100))
        let left = Commits()
        let right = Commits()
        let lanes = [journal.register(onCommit: left.listener), journal.register(onCommit: right.listener)]
        #expect(lanes[0].offer(.sample(0)) == 1)
        store.entered.wait()
        // The writer is held in its first batch; these gather.
        let taken = lanes[0].offer(LedgerEntry.samples(1..<4)[...])
        #expect(taken.accepted == 3)
        #expect(taken.ticket == 4)
        #expect(lanes[1].offer(.sample(10)) == 1)
        #expect(lanes[1].offer(.sample(11)) == 2)
        #expect(lanes[0].offer(.sample(4)) == 5)
        #expect(left.all.isEmpty)
        store.letThrough()
        store.letThrough()
        #expect(left.wait(for: 5))
        #expect(right.wait(for: 2))
        #expect(left.all == [1, 5])
        #expect(right.all == [2])
        #expect(store.batches.withLock { $0 } == [1, 6])
        #expect(try store.totals().requests == 7)
        #expect(journal.close(within: .seconds(5)) == 0)
        #expect(journal.status.committed == 7)
        #expect(journal.status.batches == 2)
    }

    @Test("a batch larger than a transaction may be is told of in parts")
    func parts() {
        let store = FaultyStore(gated: true)
        let journal = Journal(store: store, options: Self.options(100, largestBatch: 4))
        let commits = Commits()
        let lane = journal.register(onCommit: commits.listener)
        _ = lane.offer(.sample(0))
        store.entered.wait()
        _ = lane.offer(LedgerEntry.samples(1..<11)[...])
        for _ in 0..<4 { store.letThrough() }
        #expect(commits.wait(for: 11))
        #expect(commits.all == [1, 5, 9, 11])
        #expect(journal.close(within: .seconds(5)) == 0)
    }

    @Test("under heavy load a commit waits for rows that are about to come, and no longer than for the last of them")
    func lingering() {
        let store = FaultyStore(gated: true)
        var options = Self.options(100)
        options.linger = .seconds(3_600)
        let journal = Journal(store: store, options: options)
        let left = Commits()
        let lanes = [journal.register(onCommit: left.listener), journal.register { _ in }]
        var rows = LedgerEntry.samples(0..<16)
        _ = lanes[0].offer(&rows, more: true)
        store.entered.wait()
        rows = LedgerEntry.samples(16..<19)
        _ = lanes[0].offer(&rows, more: true)
        rows = LedgerEntry.samples(40..<41)
        _ = lanes[1].offer(&rows, more: true)
        store.letThrough()
        #expect(left.wait(for: 16))
        #expect(store.entered.wait(timeout: .now() + .milliseconds(50)) == .timedOut)
        rows = LedgerEntry.samples(41..<42)
        _ = lanes[1].offer(&rows, more: false)
        rows = LedgerEntry.samples(19..<20)
        _ = lanes[0].offer(&rows, more: false)
        store.letThrough()
        #expect(left.wait(for: 20))
        #expect(store.batches.withLock { $0 } == [16, 6])
        // Closing does not wait for them either.
        rows = LedgerEntry.samples(50..<66)
        _ = lanes[0].offer(&rows, more: true)
        store.letThrough()
        #expect(left.wait(for: 36))
        rows = LedgerEntry.samples(66..<67)
        _ = lanes[0].offer(&rows, more: true)
        store.letThrough()
        #expect(journal.close(within: .seconds(5)) == 0)
        #expect(store.batches.withLock { $0 } == [16, 6, 16, 1])
    }

    @Test("a full queue refuses, counts, and takes rows again when there is room")
    func full() throws {
        let store = FaultyStore(gated: true)
        let journal = Journal(store: store, options: Self.options(10, headroom: 4))
        let commits = Commits()
        let lane = journal.register(onCommit: commits.listener)
        #expect(journal.accepting)
        _ = lane.offer(.sample(0))
        store.entered.wait()
        _ = lane.offer(LedgerEntry.samples(1..<6)[...])
        #expect(journal.accepting)
        _ = lane.offer(.sample(6))
        #expect(!journal.accepting, "new requests are refused while there is room for those under way")
        let rest = lane.offer(LedgerEntry.samples(7..<20)[...])
        #expect(rest.accepted == 3)
        #expect(rest.ticket == 10)
        #expect(lane.offer(.sample(20)) == nil)
        #expect(journal.status.queued == 10)
        #expect(journal.status.refused == 11)
        store.letThrough()
        store.letThrough()
        #expect(commits.wait(for: 10))
        #expect(journal.accepting)
        #expect(lane.offer(.sample(21)) == 11)
        store.letThrough()
        #expect(commits.wait(for: 11))
        #expect(journal.close(within: .seconds(5)) == 0)
        #expect(try store.totals().requests == 11)
    }

    struct Row: Sendable {
        var failures: [StoreFailure.Kind]
        var told: [StoreFailure.Kind?]
        var reopened: Int
    }

    @Test(
        "rows outlast a store that fails, and it is said once per reason",
        arguments: [
            Row(failures: [.diskFull, .diskFull, .diskFull], told: [.diskFull, nil], reopened: 0),
            Row(failures: [.locked, .diskFull], told: [.locked, .diskFull, nil], reopened: 0),
            Row(failures: [.disk], told: [.disk, nil], reopened: 1),
            Row(failures: [.disk, .corrupt, .locked], told: [.disk, .corrupt, .locked, nil], reopened: 2),
            Row(failures: [], told: [], reopened: 0),
        ])
    func failing(row: Row) throws {
        let store = FaultyStore(failing: row.failures, gated: true)
        let changes = Changes()
        let journal = Journal(store: store, options: Self.options(100), onChange: changes.listener)
        let commits = Commits()
        let lane = journal.register(onCommit: commits.listener)
        _ = lane.offer(LedgerEntry.samples(0..<3)[...])
        for (index, kind) in row.failures.enumerated() {
            store.letThrough()
            // The next try has begun, so the failure before it has been noted.
            for _ in 0..<(index == 0 ? 2 : 1) { store.entered.wait() }
            #expect(journal.status.failure?.kind == kind)
            #expect(!journal.accepting)
            #expect(commits.all.isEmpty, "nothing is acknowledged before it is durable")
        }
        store.letThrough()
        #expect(commits.wait(for: 3))
        #expect(journal.status.failure == nil)
        #expect(journal.status.failures == UInt64(row.failures.count))
        #expect(journal.accepting)
        #expect(changes.all == row.told)
        #expect(store.reopened.load(ordering: .relaxed) == row.reopened)
        #expect(journal.close(within: .seconds(5)) == 0)
        #expect(try store.totals().requests == 3)
    }

    @Test("closing writes what is queued")
    func close() throws {
        let store = FaultyStore()
        let journal = Journal(store: store)
        let lane = journal.register { _ in }
        var accepted = 0
        for start in stride(from: 0, to: 20_000, by: 100) { accepted += lane.offer(LedgerEntry.samples(start..<start + 100)[...]).accepted }
        #expect(accepted == 20_000)
        #expect(journal.close(within: .seconds(10)) == 0)
        #expect(try store.totals().requests == 20_000)
        #expect(!journal.accepting)
        #expect(journal.close(within: .seconds(10)) == 0)
    }

    @Test("closing says how many rows a broken store kept from being written")
    func closeBroken() {
        let journal = Journal(
            store: FaultyStore(failing: Array(repeating: .diskFull, count: 1_000_000)), options: Self.options(100))
        let lane = journal.register { _ in }
        _ = lane.offer(LedgerEntry.samples(0..<5)[...])
        #expect(journal.close(within: .milliseconds(20)) == 5)
    }

    @Test("a row offered after closing is refused")
    func afterClose() {
        let journal = Journal(store: FaultyStore())
        let lane = journal.register { _ in }
        _ = journal.close(within: .seconds(1))
        #expect(lane.offer(.sample(1)) == nil)
        #expect(lane.offer(LedgerEntry.samples(0..<2)[...]).accepted == 0)
        #expect(journal.status.refused == 3)
    }

    @Test("many threads: every row once, every lane told up to its last ticket")
    func threads() throws {
        let store = FaultyStore(failing: [.locked, .disk, .diskFull])
        let journal = Journal(store: store, options: Self.options(1_000))
        let refused = Atomic(0)
        DispatchQueue.concurrentPerform(iterations: 4) { thread in
            let commits = Commits()
            let lane = journal.register(onCommit: commits.listener)
            var last: UInt64 = 0
            for number in 0..<5_000 {
                while true {
                    if let ticket = lane.offer(.sample(thread * 5_000 + number)) {
                        #expect(ticket == last + 1)
                        last = ticket
                        break
                    }
                    refused.add(1, ordering: .relaxed)
                    _ = commits.wait(for: last)
                }
            }
            #expect(commits.wait(for: 5_000))
            #expect(commits.all.last == 5_000)
            #expect(commits.all == commits.all.sorted())
        }
        #expect(journal.close(within: .seconds(10)) == 0)
        #expect(try store.totals().requests == 20_000)
        #expect(journal.status.refused == UInt64(refused.load(ordering: .relaxed)))
    }
}
