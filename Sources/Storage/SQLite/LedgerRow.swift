import GRDBSQLite
import Routing

/// A ledger row as SQLite has it. Goes past GRDB's values straight to SQLite: boxing 39 values a row cost more than
/// storing them.
enum LedgerRow {
    static let columns = """
        id, drift_ms, duration_us, first_byte_us, key, model, route, deployment, api, status, attempts, state, fault, flags, \
        input, cached_input, cache_write, output, reasoning, audio_input, audio_output, cost, attempt_log, \
        policy, rule, decision, decision_names, cache_write_hour, image_input, image_output, received_bytes, sent_bytes, \
        project, customer, provider, tags, baseline, saved_tokens, saved_cost
        """
    // Without names of columns, whose order is that of `columns`: the text is the key under which a statement is kept.
    static let insert =
        "INSERT INTO requests VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING"
    /// Of rows that are usual: fewer values to hand over. A statement for each number of rows from one to `mostAtOnce`.
    static let insertUsual = (1...mostAtOnce).map { count in
        let row = "(?,0,?,?,?,?,?,?,?,?,?,?,NULL,?,?,?,0,?,?,0,0,?,NULL,0,0,?,?,0,0,0,0,0,?,0,?,NULL,?,NULL,NULL)"
        return "INSERT INTO requests VALUES" + Array(repeating: row, count: count).joined(separator: ",") + " ON CONFLICT DO NOTHING"
    }
    /// A fifth of what SQLite does for a row it does for its statement; of sixteen rows it would be two hundredths less.
    static let mostAtOnce = 8
    static let usualValues: Int32 = 22

    static let rerate = "UPDATE requests SET cost = ?, flags = ?, attempt_log = ? WHERE id = ?"

    /// Of a row that is there: what it costs.
    static func rerate(_ row: LedgerEntry, _ statement: OpaquePointer, _ step: () throws -> Void) rethrows {
        sqlite3_bind_int64(statement, 1, row.cost.amount)
        sqlite3_bind_int64(statement, 2, Int64(LedgerFlags.of(row)))
        sqlite3_bind_int64(statement, 4, row.id.rawValue)
        try lend(row.attemptLog.isEmpty ? [] : AttemptLog.encode(row.attemptLog), 3, statement, step)
    }

    /// Nothing rare stands in it.
    static func isUsual(_ row: UnsafePointer<LedgerEntry>) -> Bool {
        let rare =
            row.pointee.usage.cacheWrite | row.pointee.usage.cacheWriteHour | row.pointee.usage.audioInput | row.pointee.usage.audioOutput
            | row.pointee.usage.imageInput | row.pointee.usage.imageOutput | row.pointee.receivedBytes | row.pointee.sentBytes
            | row.pointee.savedTokens | row.pointee.savedCost.amount
        return rare == 0 && row.pointee.startedUnixMilliseconds == row.pointee.id.unixMilliseconds && row.pointee.fault == nil
            && row.pointee.attemptLog.isEmpty && row.pointee.policy == .none && row.pointee.rule == .none && row.pointee.customer == .none
            && row.pointee.tags.isEmpty && row.pointee.decision.isShort
    }

    /// Binds every parameter of `insert`, so nothing of the row before remains, and runs it. Blobs are only lent to SQLite.
    static func run(_ row: UnsafePointer<LedgerEntry>, _ statement: OpaquePointer, _ step: () throws -> Void) rethrows {
        sqlite3_bind_int64(statement, 1, row.pointee.id.rawValue)
        sqlite3_bind_int64(statement, 2, row.pointee.startedUnixMilliseconds &- row.pointee.id.unixMilliseconds)
        sqlite3_bind_int64(statement, 3, row.pointee.durationMicroseconds)
        bind(row.pointee.firstByteMicroseconds, 4, statement)
        sqlite3_bind_int64(statement, 5, Int64(row.pointee.key.rawValue))
        sqlite3_bind_int64(statement, 6, Int64(row.pointee.model.rawValue))
        sqlite3_bind_int64(statement, 7, Int64(row.pointee.route.rawValue))
        sqlite3_bind_int64(statement, 8, Int64(row.pointee.deployment.rawValue))
        sqlite3_bind_int64(statement, 9, Int64(row.pointee.api))
        sqlite3_bind_int64(statement, 10, Int64(row.pointee.status))
        sqlite3_bind_int64(statement, 11, Int64(row.pointee.attempts))
        sqlite3_bind_int64(statement, 12, Int64(row.pointee.state.rawValue))
        bind(row.pointee.fault.map { Int64($0.rawValue) }, 13, statement)
        sqlite3_bind_int64(statement, 14, Int64(LedgerFlags.of(row.pointee)))
        sqlite3_bind_int64(statement, 15, row.pointee.usage.input)
        sqlite3_bind_int64(statement, 16, row.pointee.usage.cachedInput)
        sqlite3_bind_int64(statement, 17, row.pointee.usage.cacheWrite)
        sqlite3_bind_int64(statement, 18, row.pointee.usage.output)
        sqlite3_bind_int64(statement, 19, row.pointee.usage.reasoning)
        sqlite3_bind_int64(statement, 20, row.pointee.usage.audioInput)
        sqlite3_bind_int64(statement, 21, row.pointee.usage.audioOutput)
        sqlite3_bind_int64(statement, 22, row.pointee.cost.amount)
        sqlite3_bind_int64(statement, 24, Int64(row.pointee.policy.rawValue))
        sqlite3_bind_int64(statement, 25, Int64(row.pointee.rule.rawValue))
        sqlite3_bind_int64(statement, 27, Int64(row.pointee.decisionNames.rawValue))
        sqlite3_bind_int64(statement, 28, row.pointee.usage.cacheWriteHour)
        sqlite3_bind_int64(statement, 29, row.pointee.usage.imageInput)
        sqlite3_bind_int64(statement, 30, row.pointee.usage.imageOutput)
        sqlite3_bind_int64(statement, 31, row.pointee.receivedBytes)
        sqlite3_bind_int64(statement, 32, row.pointee.sentBytes)
        sqlite3_bind_int64(statement, 33, Int64(row.pointee.project.rawValue))
        sqlite3_bind_int64(statement, 34, Int64(row.pointee.customer.rawValue))
        sqlite3_bind_int64(statement, 35, Int64(row.pointee.provider.rawValue))
        bind(row.pointee.baseline?.amount, 37, statement)
        sqlite3_bind_int64(statement, 38, row.pointee.savedTokens)
        sqlite3_bind_int64(statement, 39, row.pointee.savedCost.amount)
        try lend(row.pointee.attemptLog.isEmpty ? [] : AttemptLog.encode(row.pointee.attemptLog), 23, statement) {
            try lend(TagList.encode(row.pointee.tags), 36, statement) {
                try lendDecision(of: row, 26, statement, step)
            }
        }
    }

    /// Binds the values of a usual row, from parameter `first` + 1 on.
    /// - Parameter room: For its decision, as long as the statement runs.
    static func bindUsual(_ row: UnsafePointer<LedgerEntry>, _ statement: OpaquePointer, from first: Int32, _ room: UnsafeMutableRawPointer) {
        sqlite3_bind_int64(statement, first + 1, row.pointee.id.rawValue)
        sqlite3_bind_int64(statement, first + 2, row.pointee.durationMicroseconds)
        bind(row.pointee.firstByteMicroseconds, first + 3, statement)
        sqlite3_bind_int64(statement, first + 4, Int64(row.pointee.key.rawValue))
        sqlite3_bind_int64(statement, first + 5, Int64(row.pointee.model.rawValue))
        sqlite3_bind_int64(statement, first + 6, Int64(row.pointee.route.rawValue))
        sqlite3_bind_int64(statement, first + 7, Int64(row.pointee.deployment.rawValue))
        sqlite3_bind_int64(statement, first + 8, Int64(row.pointee.api))
        sqlite3_bind_int64(statement, first + 9, Int64(row.pointee.status))
        sqlite3_bind_int64(statement, first + 10, Int64(row.pointee.attempts))
        sqlite3_bind_int64(statement, first + 11, Int64(row.pointee.state.rawValue))
        sqlite3_bind_int64(statement, first + 12, Int64(LedgerFlags.of(row.pointee)))
        sqlite3_bind_int64(statement, first + 13, row.pointee.usage.input)
        sqlite3_bind_int64(statement, first + 14, row.pointee.usage.cachedInput)
        sqlite3_bind_int64(statement, first + 15, row.pointee.usage.output)
        sqlite3_bind_int64(statement, first + 16, row.pointee.usage.reasoning)
        sqlite3_bind_int64(statement, first + 17, row.pointee.cost.amount)
        let length = row.pointee.decision.copyShort(to: room)
        if length > 0 {
            sqlite3_bind_blob64(statement, first + 18, room, UInt64(length), nil)
        } else {
            sqlite3_bind_null(statement, first + 18)
        }
        sqlite3_bind_int64(statement, first + 19, Int64(row.pointee.decisionNames.rawValue))
        sqlite3_bind_int64(statement, first + 20, Int64(row.pointee.project.rawValue))
        sqlite3_bind_int64(statement, first + 21, Int64(row.pointee.provider.rawValue))
        bind(row.pointee.baseline?.amount, first + 22, statement)
    }

    /// Lets go of the room of its decision.
    static func unbindUsual(_ statement: OpaquePointer, from first: Int32) { sqlite3_bind_null(statement, first + 18) }

    private static func bind(_ value: Int64?, _ index: Int32, _ statement: OpaquePointer) {
        if let value { sqlite3_bind_int64(statement, index, value) } else { sqlite3_bind_null(statement, index) }
    }

    private static func lendDecision(
        of row: UnsafePointer<LedgerEntry>, _ index: Int32, _ statement: OpaquePointer, _ body: () throws -> Void
    ) rethrows {
        try row.pointee.decision.withBytes {
            try lend($0.count <= LedgerEntry.mostDecisionBytes ? $0 : .init(start: nil, count: 0), index, statement, body)
        }
    }

    private static func lend(_ blob: [UInt8], _ index: Int32, _ statement: OpaquePointer, _ body: () throws -> Void) rethrows {
        try blob.withUnsafeBytes { try lend($0, index, statement, body) }
    }

    /// Binds the bytes, or null where there are none, while `body` runs; SQLite makes no copy (SQLITE_STATIC) and is left with null.
    private static func lend(
        _ bytes: UnsafeRawBufferPointer, _ index: Int32, _ statement: OpaquePointer, _ body: () throws -> Void
    ) rethrows {
        guard !bytes.isEmpty else {
            sqlite3_bind_null(statement, index)
            return try body()
        }
        sqlite3_bind_blob64(statement, index, bytes.baseAddress, UInt64(bytes.count), nil)
        defer { sqlite3_bind_null(statement, index) }
        try body()
    }

    /// Reads the row a statement over `columns` stands on. Nil for a row this version cannot have written.
    static func read(_ statement: OpaquePointer) -> LedgerEntry? {
        func number(_ column: Int32) -> Int64 { sqlite3_column_int64(statement, column) }
        func optional(_ column: Int32) -> Int64? { sqlite3_column_type(statement, column) == SQLITE_NULL ? nil : number(column) }
        func name(_ column: Int32) -> NameID { NameID(rawValue: Int32(truncatingIfNeeded: number(column))) }
        guard let id = RequestID(rawValue: number(0)), let state = LedgerState(rawValue: UInt8(truncatingIfNeeded: number(11))) else { return nil }
        var row = LedgerEntry(id: id, startedUnixMilliseconds: id.unixMilliseconds &+ number(1))
        row.durationMicroseconds = number(2)
        row.firstByteMicroseconds = optional(3)
        row.key = name(4)
        row.model = name(5)
        row.route = name(6)
        row.deployment = name(7)
        row.api = UInt8(truncatingIfNeeded: number(8))
        row.status = UInt16(truncatingIfNeeded: number(9))
        row.attempts = UInt8(truncatingIfNeeded: number(10))
        row.state = state
        row.fault = optional(12).flatMap { Fault(rawValue: UInt8(truncatingIfNeeded: $0)) }
        LedgerFlags.read(number(13), into: &row)
        row.usage.input = number(14)
        row.usage.cachedInput = number(15)
        row.usage.cacheWrite = number(16)
        row.usage.output = number(17)
        row.usage.reasoning = number(18)
        row.usage.audioInput = number(19)
        row.usage.audioOutput = number(20)
        row.cost = Nanodollars(number(21))
        if let bytes = sqlite3_column_blob(statement, 22) {
            let log = UnsafeRawBufferPointer(start: bytes, count: Int(sqlite3_column_bytes(statement, 22)))
            guard let attempts = AttemptLog.decode(log) else { return nil }
            row.attemptLog = attempts
        }
        row.policy = name(23)
        row.rule = name(24)
        if let bytes = sqlite3_column_blob(statement, 25) {
            row.decision = DecisionBytes(UnsafeRawBufferPointer(start: bytes, count: Int(sqlite3_column_bytes(statement, 25))))
        }
        row.decisionNames = name(26)
        row.usage.cacheWriteHour = number(27)
        row.usage.imageInput = number(28)
        row.usage.imageOutput = number(29)
        row.receivedBytes = number(30)
        row.sentBytes = number(31)
        row.project = name(32)
        row.customer = name(33)
        row.provider = name(34)
        if let bytes = sqlite3_column_blob(statement, 35) {
            row.tags = TagList.decode(UnsafeRawBufferPointer(start: bytes, count: Int(sqlite3_column_bytes(statement, 35))))
        }
        row.baseline = optional(36).map(Nanodollars.init)
        row.savedTokens = number(37)
        row.savedCost = Nanodollars(number(38))
        return row
    }
}
