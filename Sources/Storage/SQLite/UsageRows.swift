import GRDB
import GRDBSQLite
import Routing

/// Cells of usage as rows.
enum UsageRows {
    /// How far sums have got; one row.
    struct State {
        /// Hours before it count in days and months too.
        var folded: Int64
        /// Hours before it were forgotten.
        var hoursKept: Int64
        /// Rows of the ledger with ids in this range were there before sums were kept, and are not counted yet.
        var next: Int64
        var end: Int64

        var isBehind: Bool { next < end }
    }

    /// Of the schema.
    static let firstVersion = 7

    private static let sums = firstSums + ["saved_tokens", "saved_cost"]
    /// Of the schema that sums began with.
    private static let firstSums = [
        "requests", "failed", "cancelled", "unknown", "attempts", "estimated", "priced", "input", "cached_input", "cache_write",
        "cache_write_hour", "output", "reasoning", "audio_input", "audio_output", "image_input", "image_output", "cost", "compared", "baseline",
    ]
    private static let names = ["project", "customer", "provider", "deployment", "policy", "key", "model", "tag"]
    private static let firstSum = 3 + names.count

    static let columns = (["shape", "span", "start"] + names + sums).joined(separator: ", ")

    private static let insert: String = {
        let values = (1...firstSum + sums.count).map { "?\($0)" }.joined(separator: ",")
        return "INSERT INTO usage(\(columns)) VALUES(\(values))"
    }()
    private static let update: String = {
        let changes = sums.enumerated().map { "\($1) = \($1) + ?\(firstSum + $0 + 1)" }.joined(separator: ", ")
        let cell = (["shape", "span", "start"] + names).enumerated().map { "\($1) = ?\($0 + 1)" }.joined(separator: " AND ")
        return "UPDATE usage SET \(changes) WHERE \(cell)"
    }()

    static let schema = """
        CREATE TABLE usage(
            shape INTEGER NOT NULL,
            span INTEGER NOT NULL,
            start INTEGER NOT NULL,
            \((names + firstSums).map { "\($0) INTEGER NOT NULL" }.joined(separator: ", ")),
            PRIMARY KEY(shape, span, start, \(names.joined(separator: ", ")))
        ) WITHOUT ROWID;
        """

    static func state(_ database: Database) throws -> State {
        let statement = try database.cachedStatement(sql: "SELECT folded, hours_kept, next, behind_end FROM usage_state").sqliteStatement
        defer { sqlite3_reset(statement) }
        guard sqlite3_step(statement) == SQLITE_ROW else { return State(folded: 0, hoursKept: 0, next: 0, end: 0) }
        func number(_ column: Int32) -> Int64 { sqlite3_column_int64(statement, column) }
        return State(folded: number(0), hoursKept: number(1), next: number(2), end: number(3))
    }

    /// Adds a batch to what is there. Some microseconds a cell, which nearly always is there: to look for that first, as an insertion that
    /// becomes an update does, takes a quarter longer.
    static func add(_ batch: UsageBatch, _ database: Database, _ step: (OpaquePointer) throws -> Void) throws {
        guard !batch.cells.isEmpty else { return }
        let update = try database.cachedStatement(sql: update).sqliteStatement
        for place in batch.cells.indices {
            bind(batch.cells[place], update)
            bind(batch.sums[place], update)
            try step(update)
            guard sqlite3_changes(database.sqliteConnection) == 0 else { continue }
            let insert = try database.cachedStatement(sql: insert).sqliteStatement
            bind(batch.cells[place], insert)
            bind(batch.sums[place], insert)
            try step(insert)
        }
    }

    private static let correction = """
        UPDATE usage SET priced = priced + ?12, cost = max(0, cost + ?13), compared = max(0, compared + ?14)
        WHERE shape = ?1 AND span = ?2 AND start = ?3 AND \(names.enumerated().map { "\($1) = ?\($0 + 4)" }.joined(separator: " AND "))
        """

    /// Adds what requests cost more, or less, than was said. Hours that are forgotten stay so.
    static func correct(_ batch: UsageBatch, _ database: Database, _ step: (OpaquePointer) throws -> Void) throws {
        let statement = try database.cachedStatement(sql: correction).sqliteStatement
        for (cell, totals) in zip(batch.cells, batch.sums) {
            bind(cell, statement)
            sqlite3_bind_int64(statement, 12, totals.priced)
            sqlite3_bind_int64(statement, 13, totals.cost.amount)
            sqlite3_bind_int64(statement, 14, totals.compared.amount)
            try step(statement)
        }
    }

    private static func bind(_ cell: UsageCell, _ statement: OpaquePointer) {
        sqlite3_bind_int64(statement, 1, Int64(cell.shape.rawValue))
        sqlite3_bind_int64(statement, 2, Int64(cell.span.rawValue))
        sqlite3_bind_int64(statement, 3, cell.start)
        sqlite3_bind_int64(statement, 4, Int64(cell.project.rawValue))
        sqlite3_bind_int64(statement, 5, Int64(cell.customer.rawValue))
        sqlite3_bind_int64(statement, 6, Int64(cell.provider.rawValue))
        sqlite3_bind_int64(statement, 7, Int64(cell.deployment.rawValue))
        sqlite3_bind_int64(statement, 8, Int64(cell.policy.rawValue))
        sqlite3_bind_int64(statement, 9, Int64(cell.key.rawValue))
        sqlite3_bind_int64(statement, 10, Int64(cell.model.rawValue))
        sqlite3_bind_int64(statement, 11, Int64(cell.tag.rawValue))
    }

    private static func bind(_ totals: LedgerTotals, _ statement: OpaquePointer) {
        sqlite3_bind_int64(statement, 12, totals.requests)
        sqlite3_bind_int64(statement, 13, totals.failed)
        sqlite3_bind_int64(statement, 14, totals.cancelled)
        sqlite3_bind_int64(statement, 15, totals.unknown)
        sqlite3_bind_int64(statement, 16, totals.attempts)
        sqlite3_bind_int64(statement, 17, totals.estimated)
        sqlite3_bind_int64(statement, 18, totals.priced)
        sqlite3_bind_int64(statement, 19, totals.usage.input)
        sqlite3_bind_int64(statement, 20, totals.usage.cachedInput)
        sqlite3_bind_int64(statement, 21, totals.usage.cacheWrite)
        sqlite3_bind_int64(statement, 22, totals.usage.cacheWriteHour)
        sqlite3_bind_int64(statement, 23, totals.usage.output)
        sqlite3_bind_int64(statement, 24, totals.usage.reasoning)
        sqlite3_bind_int64(statement, 25, totals.usage.audioInput)
        sqlite3_bind_int64(statement, 26, totals.usage.audioOutput)
        sqlite3_bind_int64(statement, 27, totals.usage.imageInput)
        sqlite3_bind_int64(statement, 28, totals.usage.imageOutput)
        sqlite3_bind_int64(statement, 29, totals.cost.amount)
        sqlite3_bind_int64(statement, 30, totals.compared.amount)
        sqlite3_bind_int64(statement, 31, totals.baseline.amount)
        sqlite3_bind_int64(statement, 32, totals.savedTokens)
        sqlite3_bind_int64(statement, 33, totals.savedCost.amount)
    }

    /// The cell on which a statement over `columns` stands.
    static func cell(_ statement: OpaquePointer) -> UsageCell {
        func name(_ column: Int32) -> NameID { NameID(rawValue: Int32(truncatingIfNeeded: sqlite3_column_int64(statement, column))) }
        var cell = UsageCell(start: sqlite3_column_int64(statement, 2))
        cell.shape = UsageCell.Shape(rawValue: UInt8(truncatingIfNeeded: sqlite3_column_int64(statement, 0))) ?? .all
        cell.span = UsageCell.Span(rawValue: UInt8(truncatingIfNeeded: sqlite3_column_int64(statement, 1))) ?? .hour
        (cell.project, cell.customer, cell.provider, cell.deployment) = (name(3), name(4), name(5), name(6))
        (cell.policy, cell.key, cell.model, cell.tag) = (name(7), name(8), name(9), name(10))
        return cell
    }

    static func totals(_ statement: OpaquePointer) -> LedgerTotals {
        func number(_ column: Int32) -> Int64 { sqlite3_column_int64(statement, column) }
        var totals = LedgerTotals()
        totals.requests = number(11)
        totals.failed = number(12)
        totals.cancelled = number(13)
        totals.unknown = number(14)
        totals.attempts = number(15)
        totals.estimated = number(16)
        totals.priced = number(17)
        totals.usage.input = number(18)
        totals.usage.cachedInput = number(19)
        totals.usage.cacheWrite = number(20)
        totals.usage.cacheWriteHour = number(21)
        totals.usage.output = number(22)
        totals.usage.reasoning = number(23)
        totals.usage.audioInput = number(24)
        totals.usage.audioOutput = number(25)
        totals.usage.imageInput = number(26)
        totals.usage.imageOutput = number(27)
        totals.cost = Nanodollars(number(28))
        totals.compared = Nanodollars(number(29))
        totals.baseline = Nanodollars(number(30))
        totals.savedTokens = number(31)
        totals.savedCost = Nanodollars(number(32))
        return totals
    }
}
