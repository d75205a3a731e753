import GRDB
import GRDBSQLite

extension SQLiteStore {
    public func append(_ rows: ArraySlice<LedgerEntry>) throws(StoreFailure) -> AppendReceipt {
        let rows = TagNumbers.isNeeded(rows) ? try tagNumbers.numbered(rows, by: self) : rows
        let pool = try opened()
        return try attempt {
            try pool.writeWithoutTransaction { database in
                let begin = try database.cachedStatement(sql: "BEGIN IMMEDIATE").sqliteStatement
                let commit = try database.cachedStatement(sql: "COMMIT").sqliteStatement
                try step(begin, database)
                do {
                    let receipt = try insert(rows, database)
                    try step(commit, database)
                    return receipt
                } catch {
                    // Some errors have rolled back already.
                    if sqlite3_get_autocommit(database.sqliteConnection) == 0 { try? database.execute(sql: "ROLLBACK") }
                    throw error
                }
            }
        }
    }

    private func insert(_ rows: ArraySlice<LedgerEntry>, _ database: Database) throws -> AppendReceipt {
        let usual = try database.cachedStatement(sql: LedgerRow.insertUsual).sqliteStatement
        let connection = database.sqliteConnection
        var receipt = AppendReceipt()
        var charging = LeaseCharging()
        var usage = UsageBatch()
        let counted = try UsageRows.state(database)
        // By their places: a row is large, and going through them one by one would copy each.
        try rows.withUnsafeBufferPointer { rows in
            for at in rows.indices {
                if LedgerRow.isUsual(rows[at]) {
                    try LedgerRow.runUsual(rows[at], usual) { try step(usual, database) }
                } else {
                    let whole = try database.cachedStatement(sql: LedgerRow.insert).sqliteStatement
                    try LedgerRow.run(rows[at], whole) { try step(whole, database) }
                }
                if sqlite3_changes(connection) == 1 {
                    receipt.added += 1
                    if !rows[at].charges.isEmpty { charging.add(rows[at].charges) }
                    // Among the old rows that are still to be counted it is one of them.
                    let id = rows[at].id.rawValue
                    if id >= counted.end || id < counted.next { usage.add(rows[at]) }
                } else if try fetch(rows[at].id, database)?.matches(rows[at]) == true {
                    receipt.repeated += 1
                } else {
                    receipt.clashing += 1
                }
            }
        }
        usage.fold(before: counted.folded)
        try UsageRows.add(usage, database) { try step($0, database) }
        try charging.apply(database) { try step($0, database) }
        return receipt
    }

    /// Runs a statement that returns no rows.
    func step(_ statement: OpaquePointer, _ database: Database) throws {
        let code = sqlite3_step(statement)
        sqlite3_reset(statement)
        guard code == SQLITE_DONE else {
            let connection = database.sqliteConnection
            let message = sqlite3_errmsg(connection).map { String(cString: $0) } ?? ""
            throw StoreFailure(code: ResultCode(rawValue: sqlite3_extended_errcode(connection)), message: message, path: path)
        }
    }

    /// After a failed sync the system may call pages clean that never reached the disk, and a second sync succeeds for
    /// nothing. So what the log holds is copied into the database itself, whose sync then is a true one.
    public func reopen() throws(StoreFailure) {
        // The old connections are given up for broken, so how they end tells nothing.
        try? letGo()?.close()
        var reopening = options
        reopening.mayCreate = false
        let fresh = try LedgerFile(path: path, options: reopening).open()
        try attempt {
            let busy = try fresh.writeWithoutTransaction { try Int.fetchOne($0, sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
            guard busy == 0 else { throw StoreFailure(.locked, path: path, "another process reads the log: end it, or wait") }
        }
        pool.withLock { $0 = fresh }
    }

    public func intern(_ names: [String], as kind: NameKind) throws(StoreFailure) -> [NameID] {
        let pool = try opened()
        return try attempt {
            let known = try pool.read { database in try names.map { try number(of: $0, kind, database) } }
            if !known.contains(nil) { return known.compactMap { $0 } }
            return try pool.write { database in
                try names.map { name in
                    if let number = try number(of: name, kind, database) { return number }
                    try database.execute(sql: "INSERT INTO names(kind, name) VALUES(?, ?)", arguments: [kind.rawValue, name])
                    return NameID(rawValue: Int32(truncatingIfNeeded: database.lastInsertedRowID))
                }
            }
        }
    }

    private func number(of name: String, _ kind: NameKind, _ database: Database) throws -> NameID? {
        let statement = try database.cachedStatement(sql: "SELECT id FROM names WHERE kind = ? AND name = ?")
        return try Int32.fetchOne(statement, arguments: [kind.rawValue, name]).map(NameID.init(rawValue:))
    }

    public func leaseNodes(_ count: Int) throws(StoreFailure) -> Int {
        let pool = try opened()
        return try attempt {
            try pool.write { database in
                let first = try Int.fetchOne(database, sql: "SELECT value FROM counters WHERE name = 'next_node'") ?? 0
                try database.execute(
                    sql: "UPDATE counters SET value = ? WHERE name = 'next_node'", arguments: [(first + count) % RequestID.nodes])
                return first
            }
        }
    }
}
