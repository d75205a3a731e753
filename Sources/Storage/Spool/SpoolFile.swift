import FoundationEssentials
import GRDB
import Routing

/// Rows that wait for the store, in a SQLite file of this gateway alone, and the gateway's identity, which lasts as long as the file.
///
/// What `add` has taken is on the disk.
final class SpoolFile: Sendable {
    struct Waiting {
        var place: Int64
        var milliseconds: Int64
        var bytes: Int
        /// Nil where the bytes cannot be read.
        var row: LedgerEntry?
    }

    struct Sums: Hashable, Sendable {
        var rows = 0
        var bytes = 0
        var aside = 0
        /// When the oldest came, in milliseconds since 1970.
        var since: Int64?
    }

    let path: String
    private let queue: Locked<DatabaseQueue?>

    private static let steps = [
        Migration(
            version: 1,
            sql: """
                CREATE TABLE identity(value TEXT NOT NULL);
                CREATE TABLE waiting(place INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL, row BLOB NOT NULL);
                -- Rows that the store refuses, each for itself: for an operator to look at.
                CREATE TABLE aside(place INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, row BLOB NOT NULL, problem TEXT NOT NULL);
                """)
    ]

    init(path: String) throws(StoreFailure) {
        self.path = path
        queue = Locked(nil)
        try open()
    }

    private func open() throws(StoreFailure) {
        do {
            var configuration = Configuration()
            configuration.label = "spool"
            configuration.busyMode = .timeout(2)
            configuration.prepareDatabase { database in
                // One process at a time: two with one identity would take each other's slices away.
                try database.execute(
                    sql: "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -1024")
            }
            OwnFile.make(path)
            let opened = try DatabaseQueue(path: path, configuration: configuration)
            try opened.writeWithoutTransaction { database in
                try Migration.migrate(database, path: path, steps: Self.steps)
                guard try Int.fetchOne(database, sql: "PRAGMA synchronous") == 2 else {
                    throw StoreFailure(.other, path: path, "SQLite did not take synchronous = FULL: use a local file system")
                }
                // A write, so that the lock is taken now and not with the first row.
                try database.execute(
                    sql: "INSERT INTO identity SELECT ? WHERE NOT EXISTS(SELECT 1 FROM identity)", arguments: [UUID().uuidString.lowercased()])
                try database.execute(sql: "UPDATE identity SET value = value")
            }
            queue.withLock { $0 = opened }
        } catch {
            throw StoreFailure(error, path: path)
        }
    }

    func reopen() throws(StoreFailure) {
        // Given up for broken, so how it ends tells nothing.
        try? close()
        try open()
    }

    private func attempt<Value>(_ body: (Database) throws -> Value) throws(StoreFailure) -> Value {
        guard let queue = queue.withLock({ $0 }) else { throw StoreFailure(.closed, path: path, "the spool is closed") }
        do { return try queue.write(body) } catch { throw StoreFailure(error, path: path) }
    }

    func identity() throws(StoreFailure) -> String {
        let value = try attempt { try String.fetchOne($0, sql: "SELECT value FROM identity") }
        guard let value else { throw StoreFailure(.corrupt, path: path, "the spool has lost its gateway's identity: move the file away") }
        return value
    }

    /// Returns their bytes.
    func add(_ rows: ArraySlice<LedgerEntry>, at milliseconds: Int64) throws(StoreFailure) -> Int {
        try attempt { database in
            let statement = try database.cachedStatement(sql: "INSERT INTO waiting(at_ms, row) VALUES(?, ?)")
            var bytes = 0
            for row in rows {
                let entry = EntryCoding.encode(row)
                bytes += entry.count
                try statement.execute(arguments: [milliseconds, Data(entry)])
            }
            return bytes
        }
    }

    func oldest(_ count: Int) throws(StoreFailure) -> [Waiting] {
        try attempt { database in
            try Row.fetchAll(database.cachedStatement(sql: "SELECT place, at_ms, row FROM waiting ORDER BY place LIMIT ?"), arguments: [count]).map {
                let bytes = Array($0[2] as Data)
                return Waiting(place: $0[0], milliseconds: $0[1], bytes: bytes.count, row: EntryCoding.decode(bytes))
            }
        }
    }

    /// Those that the store has.
    func remove(_ places: [Int64]) throws(StoreFailure) {
        try attempt { database in
            let statement = try database.cachedStatement(sql: "DELETE FROM waiting WHERE place = ?")
            for place in places { try statement.execute(arguments: [place]) }
        }
    }

    func setAside(_ place: Int64, _ problem: String) throws(StoreFailure) {
        try attempt { database in
            try database.execute(
                sql: "INSERT OR REPLACE INTO aside SELECT place, at_ms, row, ? FROM waiting WHERE place = ?", arguments: [problem, place])
            try database.execute(sql: "DELETE FROM waiting WHERE place = ?", arguments: [place])
        }
    }

    /// Linear in what waits.
    func sums() throws(StoreFailure) -> Sums {
        try attempt { database in
            var sums = Sums()
            if let row = try Row.fetchOne(database, sql: "SELECT count(*), coalesce(sum(length(row)), 0), min(at_ms) FROM waiting") {
                (sums.rows, sums.bytes, sums.since) = (row[0], row[1], row[2])
            }
            sums.aside = try Int.fetchOne(database, sql: "SELECT count(*) FROM aside") ?? 0
            return sums
        }
    }

    func close() throws(StoreFailure) {
        guard
            let closing = queue.withLock({ queue in
                defer { queue = nil }
                return queue
            })
        else { return }
        do { try closing.close() } catch { throw StoreFailure(error, path: path) }
    }
}
