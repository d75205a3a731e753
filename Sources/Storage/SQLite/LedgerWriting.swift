import GRDB
import GRDBSQLite
import Routing

extension SQLiteStore {
    public func append(_ rows: ArraySlice<LedgerEntry>) throws(StoreFailure) -> AppendReceipt {
        let rows = TagNumbers.isNeeded(rows) ? try tagNumbers.numbered(rows, by: self) : rows
        let pool = try opened()
        return try attempt {
            try pool.writeWithoutTransaction { database in
                if let receipt = try transaction(database, { try insertNew(rows, database) }) { return receipt }
                // Some are there already, as in a batch that is sent again: one by one, and each is looked at.
                return try transaction(database) { try insertEach(rows, database) } ?? AppendReceipt()
            }
        }
    }

    /// Nothing is changed where `body` throws or returns nil.
    private func transaction<Value>(_ database: Database, _ body: () throws -> Value?) throws -> Value? {
        let begin = try database.cachedStatement(sql: "BEGIN IMMEDIATE").sqliteStatement
        let commit = try database.cachedStatement(sql: "COMMIT").sqliteStatement
        try step(begin, database)
        room.make(database)
        do {
            let value = try body()
            if value != nil { try step(commit, database) } else { try database.execute(sql: "ROLLBACK") }
            return value
        } catch {
            // Some errors have rolled back already.
            if sqlite3_get_autocommit(database.sqliteConnection) == 0 { try? database.execute(sql: "ROLLBACK") }
            throw error
        }
    }

    /// Nil: one of the rows is there already.
    private func insertNew(_ rows: ArraySlice<LedgerEntry>, _ database: Database) throws -> AppendReceipt? {
        var sums = try BatchSums(database)
        // By their places: a row is large, and going through them one by one would copy each.
        let isNew = try rows.withUnsafeBufferPointer { rows in
            guard let first = rows.baseAddress else { return true }
            var usual = UsualRows()
            for at in 0..<rows.count {
                let row = first + at
                if LedgerRow.isUsual(row) {
                    if try usual.add(row) && !usual.insert(database, { try step($0, database) }) { return false }
                } else if try !insert(row, database) {
                    return false
                }
                sums.add(row)
            }
            return try usual.insert(database) { try step($0, database) }
        }
        guard isNew else { return nil }
        try sums.write(database) { try step($0, database) }
        var receipt = AppendReceipt()
        receipt.added = rows.count
        return receipt
    }

    private func insertEach(_ rows: ArraySlice<LedgerEntry>, _ database: Database) throws -> AppendReceipt {
        var receipt = AppendReceipt()
        var sums = try BatchSums(database)
        try rows.withUnsafeBufferPointer { rows in
            guard let first = rows.baseAddress else { return }
            for at in 0..<rows.count {
                if try insert(first + at, database) {
                    receipt.added += 1
                    sums.add(first + at)
                } else if try fetch(rows[at].id, database)?.matches(rows[at]) == true {
                    receipt.repeated += 1
                } else {
                    receipt.clashing += 1
                }
            }
        }
        try sums.write(database) { try step($0, database) }
        return receipt
    }

    /// Any row. False: it is there already.
    private func insert(_ row: UnsafePointer<LedgerEntry>, _ database: Database) throws -> Bool {
        let statement = try database.cachedStatement(sql: LedgerRow.insert).sqliteStatement
        try LedgerRow.run(row, statement) { try step(statement, database) }
        return sqlite3_changes(database.sqliteConnection) == 1
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
        let fresh = try LedgerFile(path: path, options: reopening).open(room)
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
