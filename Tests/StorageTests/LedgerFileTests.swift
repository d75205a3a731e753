import Dispatch
import GRDB
import Glibc
import Testing

@testable import Storage

/// What a ledger does with the file it is given: open it, or refuse with the path and what to do. Never make another.
@Suite("Ledger file") struct LedgerFileTests {
    static let newest = Migration.ledger.last?.version ?? 0
    let folder: Folder
    var path: String { folder("ledger.db") }
    init() throws { folder = try Folder() }

    func refusal(options: SQLiteStore.Options = SQLiteStore.Options(), at path: String? = nil) -> StoreFailure? {
        do throws(StoreFailure) {
            try SQLiteStore(path: path ?? self.path, options: options).close()
            return nil
        } catch { return error }
    }

    func filled() throws -> [LedgerEntry] {
        let store = try SQLiteStore(path: path)
        let rows = LedgerEntry.samples(0..<200)
        _ = try store.append(rows[...])
        try store.close()
        return rows
    }

    @Test("is made with all it needs, readable by its owner alone")
    func fresh() throws {
        let store = try SQLiteStore(path: path)
        _ = try store.append([.sample(1)])
        for name in folder.names {
            var found = stat()
            stat(folder(name), &found)
            #expect(found.st_mode & 0o777 == 0o600, "\(name)")
        }
        #expect(folder.names.contains("ledger.db"))
        #expect(!folder.names.contains { $0.contains(".new") })
        let found = try store.opened().writeWithoutTransaction { database in
            try ["journal_mode", "synchronous", "wal_autocheckpoint", "journal_size_limit", "user_version", "busy_timeout"].map {
                try String.fetchOne(database, sql: "PRAGMA \($0)")
            }
        }
        #expect(found == ["wal", "2", "0", "67108864", "\(Self.newest)", "5000"])
    }

    @Test("keeps rows, names and leases across a restart")
    func restart() throws {
        let rows = try filled()
        let first = try SQLiteStore(path: path)
        let ids = try first.intern(["a", "b"], as: .deployment)
        let node = try first.leaseNodes(2)
        try first.close()
        let second = try SQLiteStore(path: path)
        #expect(try second.requests(after: nil, limit: 1_000) == rows)
        #expect(try second.intern(["b", "c", "a"], as: .deployment)[0] == ids[1])
        #expect(try second.names().count == 3)
        #expect(try second.leaseNodes(2) == node + 2)
    }

    @Test("refuses a folder that is missing, and makes none")
    func missingFolder() {
        let failure = refusal(at: folder("none/ledger.db"))
        #expect(failure?.kind == .missingFolder)
        #expect(failure?.description.contains(folder("none")) == true)
        #expect(folder.names.isEmpty)
    }

    @Test("refuses a file that is missing though it was there before")
    func missingFile() {
        var options = SQLiteStore.Options()
        options.mayCreate = false
        #expect(refusal(options: options)?.kind == .missingFile)
        #expect(folder.names.isEmpty)
    }

    @Test("refuses a log whose database is gone")
    func orphan() {
        folder.write([1, 2, 3], to: "ledger.db-wal")
        #expect(refusal()?.kind == .missingFile)
        #expect(folder.read("ledger.db-wal") == [1, 2, 3])
        #expect(folder.names == ["ledger.db-wal"])
    }

    @Test("a ledger moved away makes room for a new one")
    func movedAway() throws {
        _ = try filled()
        rename(path, folder("old.db"))
        let store = try SQLiteStore(path: path)
        #expect(try store.totals().requests == 0)
        #expect(try SQLiteStore(path: folder("old.db")).totals().requests == 200)
    }

    @Test("refuses a folder in its place")
    func folderInPlace() {
        mkdir(path, 0o700)
        #expect(refusal()?.kind == .foreign)
        rmdir(path)
    }

    @Test("refuses a file marked read-only, for root too, and says how to mend it")
    func readOnly() throws {
        _ = try filled()
        chmod(path, 0o444)
        let failure = refusal()
        #expect(failure?.kind == .readOnly)
        #expect(failure?.message.contains("chmod u+rw \(path)") == true)
        chmod(path, 0o600)
        #expect(refusal() == nil)
    }

    enum Damage: CaseIterable {
        case header, firstPage
        /// The right edge of the rows, where the next would go, and all pages of sums.
        case lastRows, sums

        /// Bytes that are spoilt. SQLite says which pages are whose.
        func places(in path: String) throws -> [Range<Int>] {
            let query: String
            switch self {
            case .header: return [0..<16]
            case .firstPage: return [100..<4096]
            case .lastRows: query = "SELECT pageno FROM dbstat WHERE name = 'requests' AND pagetype = 'leaf' ORDER BY path DESC LIMIT 1"
            case .sums: query = "SELECT pageno FROM dbstat WHERE name = 'usage' AND pagetype = 'leaf'"
            }
            let queue = try DatabaseQueue(path: path)
            let pages = try queue.read { try Int.fetchAll($0, sql: query) }
            try queue.close()
            return pages.map { ($0 - 1) * 4096..<$0 * 4096 }
        }
    }

    @Test("refuses what is damaged and leaves it as it is", arguments: Damage.allCases)
    func damaged(damage: Damage) throws {
        _ = try filled()
        let places = try damage.places(in: path)
        #expect(!places.isEmpty)
        var content = folder.read("ledger.db")
        for place in places { content.replaceSubrange(place, with: Array(repeating: 0xff, count: place.count)) }
        folder.write(content, to: "ledger.db")
        let failure = refusal()
        #expect(failure?.kind == .corrupt, "\(failure?.description ?? "opened")")
        #expect(failure?.path == path)
        let isUntouched = folder.read("ledger.db") == content
        #expect(isUntouched)
    }

    @Test("refuses a file cut short", arguments: [0, 1, 100, 4_095, 4_096, 8_192])
    func cut(length: Int) throws {
        _ = try filled()
        let content = Array(folder.read("ledger.db")[..<length])
        folder.write(content, to: "ledger.db")
        #expect(refusal()?.kind == .corrupt)
        let isUntouched = folder.read("ledger.db") == content
        #expect(isUntouched)
    }

    @Test("refuses text, and another program's database")
    func foreign() throws {
        folder.write(Array(repeatElement("key,cost\na,1\n", count: 100).joined().utf8), to: "ledger.db")
        #expect(refusal()?.kind == .corrupt)
        let other = folder("other.db")
        let queue = try DatabaseQueue(path: other)
        try queue.write { try $0.execute(sql: "CREATE TABLE recipes(name)") }
        try queue.close()
        #expect(refusal(at: other)?.kind == .foreign)
    }

    @Test("refuses a schema that is newer, and says which")
    func newer() throws {
        _ = try filled()
        let queue = try DatabaseQueue(path: path)
        try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA user_version = 999") }
        try queue.close()
        let failure = refusal()
        #expect(failure?.kind == .newerSchema)
        #expect(failure?.message.contains("999") == true)
    }

    @Test("an older schema is brought up to date, all steps or none")
    func older() throws {
        let step = Migration(version: Self.newest + 1, sql: "ALTER TABLE requests ADD COLUMN region INTEGER")
        let broken = Migration(version: Self.newest + 2, sql: "CREATE TABLE regions(name); SELECT none FROM nowhere")
        _ = try filled()
        let queue = try DatabaseQueue(path: path)
        try queue.writeWithoutTransaction { database in
            #expect(throws: DatabaseError.self) { try Migration.migrate(database, path: path, steps: Migration.ledger + [step, broken]) }
            #expect(try Int.fetchOne(database, sql: "PRAGMA user_version") == Self.newest)
            #expect(try !database.columns(in: "requests").contains { $0.name == "region" })
            try Migration.migrate(database, path: path, steps: Migration.ledger + [step])
            #expect(try Int.fetchOne(database, sql: "PRAGMA user_version") == Self.newest + 1)
            #expect(try Int.fetchOne(database, sql: "SELECT count(*) FROM requests") == 200)
        }
        try queue.close()
    }

    @Test("a file of the first version opens with its rows, and takes what is new")
    func firstVersion() throws {
        let queue = try DatabaseQueue(path: path)
        try queue.writeWithoutTransaction { database in
            try Migration.migrate(database, path: path, steps: Array(Migration.ledger.prefix(1)))
            try database.execute(
                sql: "INSERT INTO requests(id, drift_ms, duration_us, key, status, attempts, state, flags, cost) VALUES(77, 0, 5, 1, 200, 1, 0, 4, 9)"
            )
            try database.execute(sql: "INSERT INTO names(id, kind, name) VALUES(1, 0, 'team-a')")
        }
        try queue.close()
        let store = try SQLiteStore(path: path)
        let id = try #require(RequestID(rawValue: 77))
        let row = try #require(try store.request(id))
        #expect(row.cost.amount == 9)
        #expect(row.policy == .none)
        #expect(row.decision.isEmpty)
        #expect(try store.names().values.map(\.name) == ["team-a"])
        _ = try store.append([.sample(2)])
        #expect(try store.request(LedgerEntry.sample(2).id) == .sample(2))
        try store.append([StoredEvent(unixMilliseconds: 1, kind: "failover", detail: "{}")], keeping: 10)
        #expect(try store.events(before: nil, kind: nil, limit: 10).count == 1)
    }

    @Test("a draft left by a crash is no obstacle")
    func draft() throws {
        folder.write([0, 1, 2], to: "ledger.db.new")
        #expect(refusal() == nil)
        #expect(!folder.names.contains("ledger.db.new"))
    }

    @Test(
        "stands beside the settings' database",
        arguments: [
            ("swiftlet.db", "swiftlet-ledger.db"), ("/var/lib/s.v1/data", "/var/lib/s.v1/data-ledger"), ("./a.b.sqlite", "./a.b-ledger.sqlite"),
            ("/x/.hidden", "/x/.hidden-ledger"),
        ])
    func naming(settings: String, ledger: String) { #expect(SQLiteStore.ledgerPath(for: settings) == ledger) }

    @Test("a read that takes too long is broken off, and the next works")
    func timeLimit() throws {
        let rows = try filled()
        var options = SQLiteStore.Options()
        options.readLimit = .zero
        let store = try SQLiteStore(path: path, options: options)
        // Few enough steps that the limit is not looked at.
        #expect(try store.request(rows[3].id) == rows[3])
        for start in stride(from: 200, to: 20_200, by: 1_000) { _ = try store.append(LedgerEntry.samples(start..<start + 1_000)[...]) }
        let failure = #expect(throws: StoreFailure.self) { try store.totals() }
        #expect(failure?.kind == .timeLimit)
        #expect(try store.request(rows[3].id) == rows[3])
        #expect(try store.append([.sample(90_000)]).added == 1)
    }

    @Test("waiting for others that read takes nothing of a read's time")
    func waiting() throws {
        var options = SQLiteStore.Options()
        options.readLimit = .seconds(1)
        let store = try SQLiteStore(path: path, options: options)
        let (entered, release, done) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        // As many as there are connections.
        for _ in 0..<2 {
            DispatchQueue.global().async {
                _ = try? store.read { _ in
                    entered.signal()
                    release.wait()
                }
            }
        }
        for _ in 0..<2 { entered.wait() }
        let found = Locked<Int?>(nil)
        let counting = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 20000) SELECT count(*) FROM c"
        DispatchQueue.global().async {
            entered.signal()
            let count = try? store.read { try Int.fetchOne($0, sql: counting) }
            found.withLock { $0 = count ?? nil }
            done.signal()
        }
        entered.wait()
        usleep(1_200_000)
        for _ in 0..<2 { release.signal() }
        done.wait()
        #expect(found.withLock { $0 } == 20_000)
    }
}
