import GRDB
import GRDBSQLite
import Routing

/// What the rows of one transaction add up to, beside themselves.
struct BatchSums {
    private var charges = ChargeSums()
    private var usage = UsageBatch()
    private let counted: UsageRows.State

    init(_ database: Database) throws { counted = try UsageRows.state(database) }

    /// Of a row that is new.
    mutating func add(_ row: UnsafePointer<LedgerEntry>) {
        if !row.pointee.charges.isEmpty { charges.add(row.pointee.charges) }
        // Among the old rows that are still to be counted it is one of them.
        let id = row.pointee.id.rawValue
        if id >= counted.end || id < counted.next { usage.add(row) }
    }

    mutating func write(_ database: Database, _ step: (OpaquePointer) throws -> Void) throws {
        usage.fold(before: counted.folded)
        try UsageRows.add(usage, database, step)
        try SQLiteLeases.add(charges, database, step)
    }
}

/// Usual rows on their way into one statement. The rows stay where they are until they are inserted.
struct UsualRows {
    private var rows: [UnsafePointer<LedgerEntry>] = []
    private var whole: OpaquePointer?

    init() { rows.reserveCapacity(LedgerRow.mostAtOnce) }

    /// True: there are as many as one statement takes.
    mutating func add(_ row: UnsafePointer<LedgerEntry>) -> Bool {
        rows.append(row)
        return rows.count == LedgerRow.mostAtOnce
    }

    /// Inserts what has come. False: one of them was there already, or several.
    mutating func insert(_ database: Database, _ step: (OpaquePointer) throws -> Void) throws -> Bool {
        let count = rows.count
        guard count > 0 else { return true }
        let statement = try statement(of: count, database)
        try withUnsafeTemporaryAllocation(byteCount: count * DecisionBytes.mostShort, alignment: 8) { room in
            guard let room = room.baseAddress else { return }
            for (place, row) in rows.enumerated() {
                LedgerRow.bindUsual(row, statement, from: Int32(place) * LedgerRow.usualValues, room + place * DecisionBytes.mostShort)
            }
            defer { for place in 0..<count { LedgerRow.unbindUsual(statement, from: Int32(place) * LedgerRow.usualValues) } }
            try step(statement)
        }
        rows.removeAll(keepingCapacity: true)
        return Int(sqlite3_changes(database.sqliteConnection)) == count
    }

    /// The one for most rows is asked for again and again.
    private mutating func statement(of count: Int, _ database: Database) throws -> OpaquePointer {
        if count == LedgerRow.mostAtOnce, let whole { return whole }
        let statement = try database.cachedStatement(sql: LedgerRow.insertUsual[count - 1]).sqliteStatement
        if count == LedgerRow.mostAtOnce { whole = statement }
        return statement
    }
}
