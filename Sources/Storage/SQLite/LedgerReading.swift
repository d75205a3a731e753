import GRDB
import GRDBSQLite
import Routing

extension SQLiteStore {
    public func requests(after cursor: RequestID?, limit: Int) throws(StoreFailure) -> [LedgerEntry] {
        try read { database in
            let statement = try database.cachedStatement(
                sql: "SELECT \(LedgerRow.columns) FROM requests WHERE id > ? ORDER BY id LIMIT ?"
            ).sqliteStatement
            sqlite3_bind_int64(statement, 1, cursor?.rawValue ?? -1)
            sqlite3_bind_int64(statement, 2, Int64(max(0, limit)))
            return try self.rows(of: statement, database)
        }
    }

    public func request(_ id: RequestID) throws(StoreFailure) -> LedgerEntry? {
        try read { try self.fetch(id, $0) }
    }

    func fetch(_ id: RequestID, _ database: Database) throws -> LedgerEntry? {
        let statement = try database.cachedStatement(sql: "SELECT \(LedgerRow.columns) FROM requests WHERE id = ?").sqliteStatement
        sqlite3_bind_int64(statement, 1, id.rawValue)
        return try rows(of: statement, database).first
    }

    public func names() throws(StoreFailure) -> [NameID: StoredName] {
        try read { database in
            var names: [NameID: StoredName] = [:]
            let rows = try Row.fetchCursor(database, sql: "SELECT id, kind, name FROM names")
            while let row = try rows.next() {
                guard let kind = NameKind(rawValue: row[1]) else { continue }
                names[NameID(rawValue: row[0])] = StoredName(kind: kind, name: row[2])
            }
            return names
        }
    }

    func rows(of statement: OpaquePointer, _ database: Database) throws -> [LedgerEntry] {
        defer { sqlite3_reset(statement) }
        var rows: [LedgerEntry] = []
        while true {
            let code = sqlite3_step(statement)
            if code == SQLITE_DONE { return rows }
            guard code == SQLITE_ROW else {
                let connection = database.sqliteConnection
                let message = sqlite3_errmsg(connection).map { String(cString: $0) } ?? ""
                throw StoreFailure(code: ResultCode(rawValue: sqlite3_extended_errcode(connection)), message: message, path: path)
            }
            guard let row = LedgerRow.read(statement) else {
                let id = sqlite3_column_int64(statement, 0)
                throw StoreFailure(.corrupt, path: path, "row \(id) cannot be read: check the file with `PRAGMA integrity_check`")
            }
            rows.append(row)
        }
    }

    /// Reads on a connection of its own, beside the writer, and breaks off after the time limit: a read left open stops
    /// the log from shrinking.
    func read<Value: Sendable>(_ body: @Sendable (Database) throws -> Value) throws(StoreFailure) -> Value {
        let pool = try opened()
        return try attempt {
            try pool.read { database in
                // From here: on a busy machine reads wait for one of the few connections longer than they take.
                var deadline = ContinuousClock.now + options.readLimit
                return try withUnsafeMutablePointer(to: &deadline) { deadline in
                    let connection = database.sqliteConnection
                    // Asked every 10,000 steps of SQLite's machine, about a millisecond.
                    sqlite3_progress_handler(
                        connection, 10_000,
                        { context in
                            guard let deadline = context?.assumingMemoryBound(to: ContinuousClock.Instant.self) else { return 0 }
                            return ContinuousClock.now > deadline.pointee ? 1 : 0
                        }, deadline)
                    defer { sqlite3_progress_handler(connection, 0, nil, nil) }
                    return try body(database)
                }
            }
        }
    }
}
