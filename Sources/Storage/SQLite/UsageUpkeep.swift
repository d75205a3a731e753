import GRDB
import GRDBSQLite
import Routing

/// What is done to sums aside of the path of rows, each piece a transaction of its own of some ten milliseconds at most.
extension SQLiteStore {
    private static let rowsOfPiece = 1_000

    /// Counts rows that were there before sums were kept. Returns how many; 0: none is left.
    func countOld() throws(StoreFailure) -> Int {
        try piece { database in
            let state = try UsageRows.state(database)
            guard state.isBehind else { return 0 }
            let statement = try database.cachedStatement(
                sql: "SELECT \(LedgerRow.columns) FROM requests WHERE id >= ? AND id < ? ORDER BY id LIMIT ?"
            ).sqliteStatement
            sqlite3_bind_int64(statement, 1, state.next)
            sqlite3_bind_int64(statement, 2, state.end)
            sqlite3_bind_int64(statement, 3, Int64(Self.rowsOfPiece))
            let rows = try self.rows(of: statement, database)
            var batch = UsageBatch()
            for row in rows { batch.add(row) }
            batch.fold(before: state.folded)
            try UsageRows.add(batch, database) { try self.step($0, database) }
            let next = rows.count < Self.rowsOfPiece ? state.end : (rows.last?.id.rawValue ?? state.end) + 1
            try database.execute(sql: "UPDATE usage_state SET next = ?", arguments: [next])
            return max(1, rows.count)
        }
    }

    /// Counts the next hour that is over in its day and month. Returns how many cells; 0: none is left.
    func foldHour(at now: Int64) throws(StoreFailure) -> Int {
        // Rows of the hour before this one still come in number.
        let limit = UsageCalendar.hour(of: now) - 1
        return try piece { database in
            let state = try UsageRows.state(database)
            guard !state.isBehind else { return 0 }
            let hour = try Self.firstHour(.all, from: state.folded, database)
            guard let hour, hour < limit else { return 0 }
            var batch = UsageBatch()
            for shape in [UsageCell.Shape.all, .tag] {
                let statement = try database.cachedStatement(sql: Self.cellsSQL).sqliteStatement
                defer { sqlite3_reset(statement) }
                for (index, value) in [Int64(shape.rawValue), 0, hour, hour + 1].enumerated() {
                    sqlite3_bind_int64(statement, Int32(index + 1), value)
                }
                while try self.row(statement, database) {
                    let totals = UsageRows.totals(statement)
                    for cell in UsageRows.cell(statement).folded { batch.add(totals, to: cell) }
                }
            }
            try UsageRows.add(batch, database) { try self.step($0, database) }
            try database.execute(sql: "UPDATE usage_state SET folded = ?", arguments: [hour + 1])
            return batch.cells.count
        }
    }

    /// Days have what these hours had.
    func forgetHours(at now: Int64) throws(StoreFailure) -> Int {
        let limit = UsageCalendar.start(of: .day, at: UsageCalendar.hour(of: now)) - Self.hoursKept
        return try piece { database in
            let state = try UsageRows.state(database)
            let before = min(limit, state.folded)
            guard state.hoursKept < before else { return 0 }
            let first = try [UsageCell.Shape.all, .tag].compactMap { try Self.firstHour($0, from: .min, database) }.min()
            guard let first, first < before else { return 0 }
            for shape in [UsageCell.Shape.all, .tag] {
                try database.execute(
                    sql: "DELETE FROM usage WHERE shape = ? AND span = 0 AND start <= ?", arguments: [shape.rawValue, first])
            }
            try database.execute(sql: "UPDATE usage_state SET hours_kept = ?", arguments: [min(before, first + 1)])
            return database.changesCount
        }
    }

    private static func firstHour(_ shape: UsageCell.Shape, from: Int64, _ database: Database) throws -> Int64? {
        try Int64.fetchOne(
            database, sql: "SELECT start FROM usage WHERE shape = ? AND span = 0 AND start >= ? ORDER BY start LIMIT 1",
            arguments: [shape.rawValue, from])
    }

    /// A month and a day more.
    static let hoursKept: Int64 = 32 * 24

    func piece(_ body: @Sendable (Database) throws -> Int) throws(StoreFailure) -> Int {
        let pool = try opened()
        return try attempt { try pool.write { try body($0) } }
    }
}
