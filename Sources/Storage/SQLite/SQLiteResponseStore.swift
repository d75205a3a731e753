import FoundationEssentials
import GRDB
import GRDBSQLite

/// Responses in a SQLite file of their own: large, and of less worth than the ledger, whose disk they must not fill.
public final class SQLiteResponseStore: ResponseStore {
    private let path: String
    private let queue: Locked<DatabaseQueue?>

    static let steps = [
        Migration(
            version: 1,
            sql: """
                CREATE TABLE responses(
                    id TEXT PRIMARY KEY,
                    owner TEXT NOT NULL,
                    created_ms INTEGER NOT NULL,
                    expires_ms INTEGER NOT NULL,
                    previous TEXT,
                    bytes INTEGER NOT NULL,
                    input BLOB NOT NULL,
                    body BLOB NOT NULL
                );
                CREATE INDEX responses_by_age ON responses(created_ms, bytes, expires_ms);
                """)
    ]

    /// The file for a store named `sqlite:swiftlet.db`: `swiftlet-responses.db`.
    public static func path(for path: String) -> String { self.path(for: path, called: "responses") }

    static func path(for path: String, called name: String) -> String {
        let slash = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
        guard let dot = path[slash...].lastIndex(of: "."), dot > slash else { return path + "-\(name)" }
        return path[..<dot] + "-\(name)" + path[dot...]
    }

    public init(path: String) throws(StoreFailure) {
        self.path = path
        queue = Locked(nil)
        do {
            var configuration = Configuration()
            configuration.label = "responses"
            configuration.busyMode = .timeout(5)
            configuration.prepareDatabase { database in
                // Losing the last second in a power cut loses stored answers, not money.
                try database.execute(sql: "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -2048")
            }
            OwnFile.make(path)
            let opened = try DatabaseQueue(path: path, configuration: configuration)
            try opened.writeWithoutTransaction { try Migration.migrate($0, path: path, steps: Self.steps) }
            queue.withLock { $0 = opened }
        } catch {
            throw StoreFailure(error, path: path)
        }
    }

    private func opened() throws(StoreFailure) -> DatabaseQueue {
        guard let queue = queue.withLock({ $0 }) else { throw StoreFailure(.closed, path: path, "the store is closed") }
        return queue
    }

    private func attempt<Value>(_ body: (DatabaseQueue) throws -> Value) throws(StoreFailure) -> Value {
        let queue = try opened()
        do { return try body(queue) } catch { throw StoreFailure(error, path: path) }
    }

    public func keep(_ responses: [StoredResponse]) throws(StoreFailure) {
        try attempt { queue in
            try queue.write { database in
                for response in responses {
                    try database.execute(
                        sql: """
                            INSERT INTO responses(id, owner, created_ms, expires_ms, previous, bytes, input, body) VALUES(?, ?, ?, ?, ?, ?, ?, ?)
                            ON CONFLICT(id) DO UPDATE SET created_ms = excluded.created_ms, expires_ms = excluded.expires_ms,
                                previous = excluded.previous, bytes = excluded.bytes, input = excluded.input, body = excluded.body
                            WHERE owner = excluded.owner
                            """,
                        arguments: [
                            response.id, response.owner, response.createdMilliseconds, response.expiresMilliseconds, response.previous,
                            response.bytes, Data(response.input), Data(response.body),
                        ])
                }
            }
        }
    }

    public func response(_ id: String, owner: String, at milliseconds: Int64) throws(StoreFailure) -> StoredResponse? {
        try attempt { queue in
            try queue.read { database in
                let row = try Row.fetchOne(
                    database,
                    sql: """
                        SELECT created_ms, expires_ms, previous, input, body FROM responses WHERE id = ? AND owner = ? AND expires_ms > ?
                        """,
                    arguments: [id, owner, milliseconds])
                return row.map { row in
                    StoredResponse(
                        id: id, owner: owner, createdMilliseconds: row[0], expiresMilliseconds: row[1], previous: row[2],
                        input: Array(row[3] as Data), body: Array(row[4] as Data))
                }
            }
        }
    }

    public func remove(_ id: String, owner: String) throws(StoreFailure) -> Bool {
        try attempt { queue in
            try queue.write { database in
                try database.execute(sql: "DELETE FROM responses WHERE id = ? AND owner = ?", arguments: [id, owner])
                return database.changesCount > 0
            }
        }
    }

    /// Reads the index only; linear in what is kept.
    public func prune(at milliseconds: Int64, count: Int, bytes: Int) throws(StoreFailure) -> Int {
        try attempt { queue in
            try queue.write { database in
                try database.execute(sql: "DELETE FROM responses WHERE expires_ms <= ?", arguments: [milliseconds])
                var gone = database.changesCount
                try database.execute(
                    sql: """
                        DELETE FROM responses WHERE rowid IN (
                            SELECT rowid FROM (
                                SELECT rowid, row_number() OVER newest AS place, sum(bytes) OVER newest AS total
                                FROM responses WINDOW newest AS (ORDER BY created_ms DESC, rowid DESC)
                            ) WHERE place > ? OR total > ?
                        )
                        """, arguments: [count, bytes])
                gone += database.changesCount
                return gone
            }
        }
    }

    public func close() throws(StoreFailure) {
        guard
            let closing = queue.withLock({ queue in
                defer { queue = nil }
                return queue
            })
        else { return }
        do { try closing.close() } catch { throw StoreFailure(error, path: path) }
    }
}
