import GRDB
import GRDBSQLite

extension SQLiteStore: LedgerSource {
    func scan(_ query: LedgerQuery) throws(StoreFailure) -> [LedgerEntry] {
        let conditions = query.conditions
        var texts = conditions.map { "\($0.text) ?" }
        var tag: [UInt8] = []
        if let wanted = query.tag {
            // Four bytes each: what stands across two of them is sorted out by who asks.
            texts.append("instr(tags, ?) > 0")
            tag = TagList.encode([wanted])
        }
        let condition = texts.isEmpty ? "" : "WHERE " + texts.joined(separator: " AND ")
        return try read { [texts, tag] database in
            let statement = try database.cachedStatement(
                sql: "SELECT \(LedgerRow.columns) FROM requests \(condition) ORDER BY id DESC LIMIT ?"
            ).sqliteStatement
            for (index, bound) in conditions.enumerated() { sqlite3_bind_int64(statement, Int32(index + 1), bound.value) }
            sqlite3_bind_int64(statement, Int32(texts.count + 1), Int64(max(0, query.limit)))
            guard !tag.isEmpty else { return try self.rows(of: statement, database) }
            return try tag.withUnsafeBytes { bytes in
                sqlite3_bind_blob64(statement, Int32(texts.count), bytes.baseAddress, UInt64(bytes.count), nil)
                defer { sqlite3_bind_null(statement, Int32(texts.count)) }
                return try self.rows(of: statement, database)
            }
        }
    }

    func stretch(from: RequestID, before: RequestID, rows: Int) throws(StoreFailure) -> (lowest: RequestID, rows: Int)? {
        try read { database in
            let row = try Row.fetchOne(
                database,
                sql: "SELECT min(id), count(*) FROM (SELECT id FROM requests WHERE id < ? AND id >= ? ORDER BY id DESC LIMIT ?)",
                arguments: [before.rawValue, from.rawValue, rows])
            guard let row, let lowest = (row[0] as Int64?).flatMap(RequestID.init(rawValue:)) else { return nil }
            return (lowest, row[1])
        }
    }

    func oldest() throws(StoreFailure) -> RequestID? {
        try read { database in try Int64.fetchOne(database, sql: "SELECT min(id) FROM requests").flatMap(RequestID.init(rawValue:)) }
    }

    func hoursKept() throws(StoreFailure) -> Int64? {
        try read { database in
            let state = try UsageRows.state(database)
            return state.isBehind ? nil : state.hoursKept
        }
    }
}
