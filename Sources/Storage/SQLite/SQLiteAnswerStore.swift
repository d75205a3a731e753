import CBytes
import FoundationEssentials
import GRDB
import GRDBSQLite

/// Answers in a SQLite file of their own, which may be deleted whenever no gateway runs on it.
public final class SQLiteAnswerStore: AnswerStore {
    private let path: String
    private let queue: Locked<DatabaseQueue?>

    static let steps = [
        Migration(
            version: 1,
            sql: """
                CREATE TABLE cached_answers(
                    digest BLOB PRIMARY KEY,
                    key TEXT NOT NULL,
                    route TEXT NOT NULL,
                    stored_ms INTEGER NOT NULL,
                    expires_ms INTEGER NOT NULL,
                    bytes INTEGER NOT NULL,
                    worth INTEGER,
                    content_type TEXT NOT NULL,
                    lines BLOB NOT NULL,
                    body BLOB NOT NULL
                );
                CREATE INDEX cached_answers_by_age ON cached_answers(stored_ms, bytes);
                CREATE INDEX cached_answers_by_expiry ON cached_answers(expires_ms);
                """),
        // Pages that a power cut took are nothing that SQLite notices inside a long value. Rows from before have none, and are unknown.
        Migration(version: 2, sql: "ALTER TABLE cached_answers ADD COLUMN sum INTEGER"),
    ]

    /// The file for a store named `sqlite:swiftlet.db`: `swiftlet-cache.db`.
    public static func path(for path: String) -> String { SQLiteResponseStore.path(for: path, called: "cache") }

    /// A file that is damaged, or none of ours, is put aside and a new one begun.
    /// - Parameter moved: Called with where it went and what was the matter.
    public convenience init(path: String, moved: (_ to: String, _ problem: String) -> Void) throws(StoreFailure) {
        do {
            try self.init(path: path)
        } catch {
            guard error.kind == .corrupt || error.kind == .foreign, let aside = Self.putAside(path) else { throw error }
            moved(aside, error.message)
            try self.init(path: path)
        }
    }

    public init(path: String) throws(StoreFailure) {
        self.path = path
        // A clean end leaves no log behind.
        let endedBadly = FileManager.default.fileExists(atPath: path + "-wal")
        queue = Locked(nil)
        do {
            var configuration = Configuration()
            configuration.label = "cache"
            configuration.busyMode = .timeout(5)
            configuration.prepareDatabase { database in
                // Nothing here is worth waiting for a disk: what a power cut takes is asked anew.
                try database.execute(sql: "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA cache_size = -2048")
            }
            OwnFile.make(path)
            let opened = try DatabaseQueue(path: path, configuration: configuration)
            try opened.writeWithoutTransaction { database in
                if endedBadly, let problem = try String.fetchOne(database, sql: "PRAGMA quick_check(1)"), problem != "ok" {
                    throw StoreFailure(.corrupt, path: path, problem)
                }
                try Migration.migrate(database, path: path, steps: Self.steps)
            }
            queue.withLock { $0 = opened }
        } catch {
            throw StoreFailure(error, path: path)
        }
    }

    /// Beside where it was, over what was put there before.
    private static func putAside(_ path: String) -> String? {
        let aside = path + ".damaged"
        let files = FileManager.default
        try? files.removeItem(atPath: aside)  // there may be none
        do { try files.moveItem(atPath: path, toPath: aside) } catch { return nil }
        for end in ["-wal", "-shm"] { try? files.removeItem(atPath: path + end) }  // nor these
        return aside
    }

    public func discard() -> String? {
        try? close()  // what is damaged may not close either
        return Self.putAside(path)
    }

    private static func sum(_ lines: [UInt8], _ body: [UInt8]) -> Int64 {
        let first = lines.withUnsafeBufferPointer { ccrc_32(0, $0.baseAddress, $0.count) }
        return Int64(body.withUnsafeBufferPointer { ccrc_32(first, $0.baseAddress, $0.count) })
    }

    private func attempt<Value>(_ body: (DatabaseQueue) throws -> Value) throws(StoreFailure) -> Value {
        guard let queue = queue.withLock({ $0 }) else { throw StoreFailure(.closed, path: path, "the store is closed") }
        do { return try body(queue) } catch { throw StoreFailure(error, path: path) }
    }

    public func keep(_ answers: [CachedAnswer]) throws(StoreFailure) {
        try attempt { queue in
            try queue.write { database in
                for answer in answers {
                    try database.execute(
                        sql: """
                            INSERT OR REPLACE INTO cached_answers(digest, key, route, stored_ms, expires_ms, bytes, worth, content_type,
                                lines, body, sum)
                            VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                            """,
                        arguments: [
                            Data(answer.digest), answer.key, answer.route, answer.storedMilliseconds, answer.expiresMilliseconds, answer.bytes,
                            answer.worth, answer.contentType, Data(answer.lines), Data(answer.body), Self.sum(answer.lines, answer.body),
                        ])
                }
            }
        }
    }

    public func answer(_ digest: [UInt8], at milliseconds: Int64) throws(StoreFailure) -> CachedAnswer? {
        try attempt { queue in
            try queue.read { database in
                let row = try Row.fetchOne(
                    database,
                    sql: """
                        SELECT key, route, stored_ms, expires_ms, worth, content_type, lines, body, sum FROM cached_answers
                        WHERE digest = ? AND expires_ms > ?
                        """,
                    arguments: [Data(digest), milliseconds])
                guard let row, let sum = row[8] as Int64? else { return nil }
                let answer = CachedAnswer(
                    digest: digest, key: row[0], route: row[1], storedMilliseconds: row[2], expiresMilliseconds: row[3], worth: row[4],
                    contentType: row[5], lines: Array(row[6] as Data), body: Array(row[7] as Data))
                guard Self.sum(answer.lines, answer.body) == sum else {
                    throw StoreFailure(.corrupt, path: path, "an answer is not what was written")
                }
                return answer
            }
        }
    }

    public func forget(_ selection: CacheSelection) throws(StoreFailure) -> Int {
        try attempt { queue in
            try queue.write { database in
                try database.execute(
                    sql: "DELETE FROM cached_answers WHERE (?1 IS NULL OR key = ?1) AND (?2 IS NULL OR route = ?2)",
                    arguments: [selection.key, selection.route])
                return database.changesCount
            }
        }
    }

    /// Reads indexes only; linear in what is kept.
    public func prune(at milliseconds: Int64, bytes: Int) throws(StoreFailure) -> (forgotten: Int, bytes: Int) {
        try attempt { queue in
            try queue.write { database in
                try database.execute(sql: "DELETE FROM cached_answers WHERE expires_ms <= ?", arguments: [milliseconds])
                var gone = database.changesCount
                try database.execute(
                    sql: """
                        DELETE FROM cached_answers WHERE rowid IN (
                            SELECT rowid FROM (
                                SELECT rowid, sum(bytes) OVER (ORDER BY stored_ms DESC, rowid DESC) AS total FROM cached_answers
                            ) WHERE total > ?
                        )
                        """, arguments: [bytes])
                gone += database.changesCount
                return (gone, try Int.fetchOne(database, sql: "SELECT coalesce(sum(bytes), 0) FROM cached_answers") ?? 0)
            }
        }
    }

    public func close() throws(StoreFailure) {
        let closing = queue.withLock { queue in
            defer { queue = nil }
            return queue
        }
        do { try closing?.close() } catch { throw StoreFailure(error, path: path) }
    }
}
