import GRDB
import Glibc
import Routing
import Testing

@testable import Storage

/// The log's file grows in steps ahead of its use, and not at each commit.
@Suite("Room in the log", .timeLimit(.minutes(2))) struct LogRoomTests {
    let folder: Folder
    var path: String { folder("ledger.db") }
    init() throws { folder = try Folder() }

    private var logBytes: Int {
        var found = stat()
        return stat(path + "-wal", &found) == 0 ? Int(found.st_size) : 0
    }

    /// The length of the log's file after each of so many commits of a row.
    private func lengths(_ store: SQLiteStore, _ rows: Range<Int>) throws -> [Int] {
        try rows.map { row in
            _ = try store.append(LedgerEntry.samples(row..<row + 1)[...])
            return logBytes
        }
    }

    @Test("the file grows in steps, and no more once it has room for all that is logged between two copies")
    func steps() throws {
        let store = try SQLiteStore(path: path)
        let lengths = try lengths(store, 0..<2_500)
        let small = lengths.prefix { $0 < 256 << 10 }
        #expect(!small.isEmpty, "a log of a few commits stays small")
        let changes = zip(lengths.dropFirst(small.count), lengths.dropFirst(small.count + 1)).count { $0 != $1 }
        #expect(changes > 4, "it did grow: to \(lengths.last ?? 0)")
        #expect(changes < 60, "some thirty steps, not a thousand commits")
        // 4,000 frames, a batch beyond them, and a step.
        #expect((lengths.max() ?? 0) < 4_200 * 4_120 + (512 << 10))
        // Copied into the database, and begun again.
        var database = stat()
        #expect(stat(path, &database) == 0 && database.st_size > 60 * 4_096)
        #expect(try store.totals().requests == 2_500)
        _ = try store.opened().read { try Int.fetchOne($0, sql: "SELECT count(*) FROM requests") }
        try store.close()
        #expect(logBytes == 0, "the next start has no log to read")
        // After a proper end the file alone is whole.
        folder.write(folder.read("ledger.db"), to: "copy.db")
        let again = try SQLiteStore(path: folder("copy.db"))
        #expect(try again.requests(after: nil, limit: 5_000) == LedgerEntry.samples(0..<2_500))
        #expect(try again.opened().read { try String.fetchOne($0, sql: "PRAGMA integrity_check") } == "ok")
        try again.close()
    }

    @Test("a reader of another process keeps the end from emptying the log, and no row is lost")
    func readerAtTheEnd() throws {
        let store = try SQLiteStore(path: path)
        _ = try store.append(LedgerEntry.samples(0..<10)[...])
        let other = try DatabasePool(path: path)
        try other.read { database in
            #expect(try Int.fetchOne(database, sql: "SELECT count(*) FROM requests") == 10)
            _ = try store.append(LedgerEntry.samples(10..<20)[...])
            try store.close()
            #expect(logBytes > 0)
        }
        try other.close()
        let again = try SQLiteStore(path: path)
        #expect(try again.requests(after: nil, limit: 100) == LedgerEntry.samples(0..<20))
        try again.close()
        #expect(logBytes == 0)
    }

    @Test("a full disk ends a step, not the commits that fit; with room again the file grows in steps again", .enabled(if: Mounted.works))
    func fullDisk() throws {
        let disk = try Mounted(folder.path, size: "8m")
        defer { disk.unmount() }
        let store = try SQLiteStore(path: path)
        // To where the next step is near.
        var row = 0
        func append() throws {
            _ = try store.append(LedgerEntry.samples(row..<row + 1)[...])
            row += 1
        }
        repeat { try append() } while logBytes < 256 << 10
        let room = logBytes
        // What is left is less than a step.
        folder.write([UInt8](repeating: 1, count: disk.free - (200 << 10)), to: "filler")
        var failure: StoreFailure.Kind?
        while failure == nil, row < 2_000 {
            do { try append() } catch let problem as StoreFailure { failure = problem.kind }
        }
        #expect(failure == .diskFull)
        #expect(logBytes - room > 128 << 10, "what was left of the disk has been used by commits")
        unlink(folder("filler"))
        let before = logBytes
        var lengths: [Int] = []
        for _ in 0..<600 {
            try append()
            lengths.append(logBytes)
        }
        #expect(zip(lengths, lengths.dropFirst()).contains { $1 - $0 >= 512 << 10 }, "grown to \(logBytes) from \(before)")
        #expect(try store.requests(after: nil, limit: 5_000) == LedgerEntry.samples(0..<row))
        #expect(try store.opened().read { try String.fetchOne($0, sql: "PRAGMA integrity_check") } == "ok")
        try store.close()
    }

    @Test("two processes' connections that write by turns lose nothing of each other")
    func byTurns() throws {
        let first = try SQLiteStore(path: path)
        let second = try SQLiteStore(path: path)
        for row in stride(from: 0, to: 400, by: 2) {
            _ = try first.append(LedgerEntry.samples(row..<row + 1)[...])
            _ = try second.append(LedgerEntry.samples(row + 1..<row + 2)[...])
        }
        #expect(logBytes > 512 << 10, "there was room to make")
        #expect(try first.requests(after: nil, limit: 1_000) == LedgerEntry.samples(0..<400))
        #expect(try second.opened().read { try String.fetchOne($0, sql: "PRAGMA integrity_check") } == "ok")
        try first.close()
        try second.close()
        let again = try SQLiteStore(path: path)
        #expect(try again.requests(after: nil, limit: 1_000) == LedgerEntry.samples(0..<400))
        try again.close()
    }
}
