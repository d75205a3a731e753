import GRDB
import GRDBSQLite
import Routing

extension SQLiteStore {
    /// Reads no row of the ledger. Half a microsecond for each cell of the plan's parts.
    public func usage(_ query: UsageQuery) throws(StoreFailure) -> [UsageRow] {
        try read { database in
            let state = try UsageRows.state(database)
            guard let plan = UsagePlan(query, folded: state.folded, hoursKept: state.hoursKept) else { throw StoreFailure.tagsApart(path: self.path) }
            var sums = UsageSums(query)
            for part in plan.parts { try self.add(part, to: &sums, database) }
            return sums.rows
        }
    }

    /// Rows that were there before sums were kept are missing until they have been counted: see `forget`.
    public func totals() throws(StoreFailure) -> LedgerTotals {
        try usage(UsageQuery(from: .min, to: .max)).first?.totals ?? LedgerTotals()
    }

    private func add(_ part: UsagePlan.Part, to sums: inout UsageSums, _ database: Database) throws {
        let statement = try database.cachedStatement(sql: Self.cellsSQL).sqliteStatement
        defer { sqlite3_reset(statement) }
        sqlite3_bind_int64(statement, 1, Int64(part.shape.rawValue))
        sqlite3_bind_int64(statement, 2, Int64(part.span.rawValue))
        sqlite3_bind_int64(statement, 3, part.from)
        sqlite3_bind_int64(statement, 4, part.to)
        while try row(statement, database) {
            let cell = UsageRows.cell(statement)
            if sums.admits(cell) { sums.add(UsageRows.totals(statement), of: cell) }
        }
    }

    static let cellsSQL = "SELECT \(UsageRows.columns) FROM usage WHERE shape = ? AND span = ? AND start >= ? AND start < ?"

    /// Whether the statement stands on a row.
    func row(_ statement: OpaquePointer, _ database: Database) throws -> Bool {
        let code = sqlite3_step(statement)
        if code == SQLITE_ROW { return true }
        guard code == SQLITE_DONE else {
            let connection = database.sqliteConnection
            let message = sqlite3_errmsg(connection).map { String(cString: $0) } ?? ""
            throw StoreFailure(code: ResultCode(rawValue: sqlite3_extended_errcode(connection)), message: message, path: path)
        }
        return false
    }
}
