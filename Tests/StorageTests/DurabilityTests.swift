import Dispatch
import GRDB
import Glibc
import Routing
import Testing

@testable import Storage

/// What is acknowledged is on disk, whatever happens to the process or the disk.
@Suite("Durability", .timeLimit(.minutes(2))) struct DurabilityTests {
    let folder: Folder
    var path: String { folder("ledger.db") }
    init() throws { folder = try Folder() }

    static var options: JournalOptions {
        var options = JournalOptions()
        options.firstPause = .milliseconds(2)
        options.longestPause = .milliseconds(20)
        return options
    }

    /// A kill leaves the files as they are at that moment. Copies taken while the writer writes are such moments; all of
    /// the log stays in it here (less than 4,000 pages), so a copy of both files is one.
    @Test("what was acknowledged survives a kill at any moment")
    func kill() throws {
        let store = try SQLiteStore(path: path)
        let journal = Journal(store: store)
        let commits = Commits()
        let lane = journal.register(onCommit: commits.listener)
        let rows = LedgerEntry.samples(0..<1_500)
        let ended = DispatchSemaphore(value: 0)
        DispatchQueue.global().async {
            for start in stride(from: 0, to: rows.count, by: 5) {
                let ticket = lane.offer(rows[start..<start + 5]).ticket
                guard commits.wait(for: ticket) else { break }
            }
            ended.signal()
        }
        var copies = 0
        repeat {
            let acknowledged = Int(commits.all.last ?? 0)
            folder.write(folder.read("ledger.db"), to: "copy.db")
            folder.write(folder.read("ledger.db-wal"), to: "copy.db-wal")
            let copy = try SQLiteStore(path: folder("copy.db"))
            let found = try copy.requests(after: nil, limit: 10_000)
            #expect(found.count >= acknowledged, "copy \(copies)")
            #expect(found == Array(rows[..<found.count]), "whole rows in order, none twice")
            #expect(found.count % 5 == 0, "whole transactions")
            #expect(try copy.opened().read { try String.fetchOne($0, sql: "PRAGMA integrity_check") } == "ok")
            try copy.close()
            copies += 1
        } while ended.wait(timeout: .now()) == .timedOut
        #expect(copies > 3)
        #expect(journal.close(within: .seconds(10)) == 0)
        #expect(try store.totals().requests == 1_500)
    }

    @Test("a lock held by another process delays rows and loses none")
    func locked() throws {
        var storeOptions = SQLiteStore.Options()
        storeOptions.busyTimeout = .milliseconds(20)
        let store = try SQLiteStore(path: path, options: storeOptions)
        let changes = Changes()
        let journal = Journal(store: store, options: Self.options, onChange: changes.listener)
        let commits = Commits()
        let lane = journal.register(onCommit: commits.listener)
        let bank = try Bank(store)
        let other = try DatabaseQueue(path: path)
        try other.writeWithoutTransaction { database in
            try database.execute(sql: "BEGIN IMMEDIATE")
            _ = lane.offer(LedgerEntry.samples(0..<10)[...])
            #expect(changes.wait(for: 1))
            #expect(!journal.accepting)
            #expect(commits.all.isEmpty)
            #expect(journal.status.failure?.path == path)
            #expect(#expect(throws: StoreFailure.self) { try bank.wish(10, limit: 100) }?.kind == .locked)
            try database.execute(sql: "COMMIT")
        }
        #expect(commits.wait(for: 10))
        #expect(changes.all == [.locked, nil])
        #expect(try bank.wish(10, limit: 100).amount == 10)
        #expect(try store.totals().requests == 10)
        #expect(journal.close(within: .seconds(10)) == 0)
        try other.close()
    }

    @Test("after a failed sync nothing is acknowledged until the database itself has been synced")
    func failedSync() throws {
        let log = path + "-wal"
        TroubledDisk.watch(log)
        TroubledDisk.watch(path)
        let store = try SQLiteStore(path: path)
        let changes = Changes()
        let journal = Journal(store: store, options: Self.options, onChange: changes.listener)
        let commits = Commits()
        let lane = journal.register(onCommit: commits.listener)
        _ = lane.offer(LedgerEntry.samples(0..<5)[...])
        #expect(commits.wait(for: 5))
        TroubledDisk.set(log, failing: true)
        TroubledDisk.set(path, failing: true)
        _ = lane.offer(LedgerEntry.samples(5..<10)[...])
        #expect(changes.wait(for: 1))
        #expect(eventually { journal.status.failures >= 3 })
        // The log can be synced again, but what it holds from before must not be believed for that.
        TroubledDisk.set(log, failing: false)
        let failures = journal.status.failures
        #expect(eventually { journal.status.failures >= failures + 3 })
        #expect(commits.all == [5])
        #expect(!journal.accepting)
        #expect(TroubledDisk.failures > 0)
        TroubledDisk.set(path, failing: false)
        #expect(commits.wait(for: 10))
        #expect(changes.all == [.disk, nil])
        #expect(journal.accepting)
        #expect(try store.requests(after: nil, limit: 100) == LedgerEntry.samples(0..<10))
        #expect(journal.close(within: .seconds(10)) == 0)
    }

    @Test("a disk that takes its time about syncs delays rows, which gather meanwhile, and loses none")
    func slowSync() throws {
        let log = path + "-wal"
        TroubledDisk.watch(log)
        let store = try SQLiteStore(path: path)
        TroubledDisk.set(log, syncMicroseconds: 20_000)
        let changes = Changes()
        let journal = Journal(store: store, options: Self.options, onChange: changes.listener)
        let commits = Commits()
        let lane = journal.register(onCommit: commits.listener)
        for start in stride(from: 0, to: 600, by: 6) {
            _ = lane.offer(LedgerEntry.samples(start..<start + 6)[...])
            #expect(journal.accepting)
            usleep(1_000)
        }
        #expect(commits.wait(for: 600))
        #expect(journal.status.batches < 60, "a hundred offers in fewer commits")
        #expect(changes.all.isEmpty)
        #expect(try store.requests(after: nil, limit: 1_000) == LedgerEntry.samples(0..<600))
        #expect(journal.close(within: .seconds(10)) == 0)
    }

    @Test("a full disk delays rows; with room again they are written", .enabled(if: Mounted.works, "needs the right to mount a tmpfs"))
    func diskFull() throws {
        let disk = try Mounted(folder.path, size: "3m")
        defer { disk.unmount() }
        let store = try SQLiteStore(path: path)
        let changes = Changes()
        let journal = Journal(store: store, options: Self.options, onChange: changes.listener)
        let commits = Commits()
        let lane = journal.register(onCommit: commits.listener)
        let bank = try Bank(store)
        let lease = try bank.wish(100, limit: 100_000).lease
        _ = lane.offer(row(0, [LeaseCharge(lease: lease, amount: 7)]))
        #expect(commits.wait(for: 1))
        folder.write([UInt8](repeating: 1, count: 4 << 20), to: "filler")
        _ = lane.offer(LedgerEntry.samples(1..<5_000)[...])
        #expect(changes.wait(for: 1))
        #expect(changes.all.first == .some(.diskFull))
        #expect(!journal.accepting)
        let before = commits.all.last
        #expect(before.map { $0 < 5_000 } == true)
        // Nothing is leased that is not written down.
        var refused: StoreFailure.Kind?
        for number in 0..<2_000 where refused == nil {
            do { _ = try bank.wish(1, limit: 100_000, of: "account \(number)") } catch let failure as StoreFailure { refused = failure.kind }
        }
        #expect(refused == .diskFull)
        unlink(folder("filler"))
        #expect(commits.wait(for: 5_000))
        #expect(changes.all.last == .some(nil))
        #expect(journal.accepting)
        #expect(try store.requests(after: nil, limit: 10_000) == LedgerEntry.samples(0..<5_000))
        #expect(journal.close(within: .seconds(10)) == 0)
        #expect(try bank.wish(50, limit: 100_000).amount == 50)
        #expect(try bank.balance() == AccountBalance(account: "a", windowStart: 0, used: 7, leased: 143))
        #expect(try store.opened().read { try String.fetchOne($0, sql: "PRAGMA integrity_check") } == "ok")
        try store.close()
    }
}

/// A small file system of its own at a folder.
struct Mounted {
    let path: String

    init(_ path: String, size: String) throws {
        guard mount("tmpfs", path, "tmpfs", 0, "size=\(size)") == 0 else { throw StoreFailure(.other, path: path, "no tmpfs") }
        self.path = path
    }

    /// Bytes that can be written yet.
    var free: Int {
        var found = statvfs()
        return statvfs(path, &found) == 0 ? Int(found.f_bavail) * Int(found.f_bsize) : 0
    }

    func unmount() { umount2(path, Int32(MNT_DETACH)) }

    static let works: Bool = {
        guard let folder = try? Folder(), let disk = try? Mounted(folder.path, size: "64k") else { return false }
        disk.unmount()
        return true
    }()
}
