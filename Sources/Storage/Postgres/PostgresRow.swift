import Routing

/// A ledger row as PostgreSQL has it.
///
/// Many rows go as one statement with an array for each column: a fortieth of the calls that a statement for each row takes, on both sides.
enum PostgresRow {
    static let columns = """
        id, drift_ms, duration_us, first_byte_us, key, model, route, deployment, policy, rule, project, customer, provider, decision_names, \
        api, status, attempts, state, fault, flags, input, cached_input, cache_write, cache_write_hour, output, reasoning, audio_input, \
        audio_output, image_input, image_output, cost, baseline, received_bytes, sent_bytes, tags, attempt_log, decision, \
        saved_tokens, saved_cost
        """

    /// Gives the ids of rows that were not there yet.
    static let insert = "INSERT INTO requests(\(columns)) SELECT * FROM unnest(\(parameters)) ON CONFLICT DO NOTHING RETURNING id"
    private static let parameters = (1...39).map { "$\($0)" }.joined(separator: ", ")

    static func query(_ rows: ArraySlice<LedgerEntry>) -> PostgresQuery {
        var columns = Columns(rows)
        columns.wide { $0.id.rawValue }
        columns.wide { $0.startedUnixMilliseconds &- $0.id.unixMilliseconds }
        columns.wide { $0.durationMicroseconds }
        columns.optional { $0.firstByteMicroseconds }
        columns.narrow { $0.key.rawValue }
        columns.narrow { $0.model.rawValue }
        columns.narrow { $0.route.rawValue }
        columns.narrow { $0.deployment.rawValue }
        columns.narrow { $0.policy.rawValue }
        columns.narrow { $0.rule.rawValue }
        columns.narrow { $0.project.rawValue }
        columns.narrow { $0.customer.rawValue }
        columns.narrow { $0.provider.rawValue }
        columns.narrow { $0.decisionNames.rawValue }
        columns.narrow { Int32($0.api) }
        columns.narrow { Int32($0.status) }
        columns.narrow { Int32($0.attempts) }
        columns.narrow { Int32($0.state.rawValue) }
        columns.optionalNarrow { $0.fault.map { Int32($0.rawValue) } }
        columns.narrow { LedgerFlags.of($0) }
        columns.wide { $0.usage.input }
        columns.wide { $0.usage.cachedInput }
        columns.wide { $0.usage.cacheWrite }
        columns.wide { $0.usage.cacheWriteHour }
        columns.wide { $0.usage.output }
        columns.wide { $0.usage.reasoning }
        columns.wide { $0.usage.audioInput }
        columns.wide { $0.usage.audioOutput }
        columns.wide { $0.usage.imageInput }
        columns.wide { $0.usage.imageOutput }
        columns.wide { $0.cost.amount }
        columns.optional { $0.baseline?.amount }
        columns.wide { $0.receivedBytes }
        columns.wide { $0.sentBytes }
        columns.blob { TagList.encode($0.tags) }
        columns.blob { $0.attemptLog.isEmpty ? [] : AttemptLog.encode($0.attemptLog) }
        columns.blob { $0.decision.count <= LedgerEntry.mostDecisionBytes ? $0.decision.array : [] }
        columns.wide { $0.savedTokens }
        columns.wide { $0.savedCost.amount }
        return PostgresQuery(insert, parameters: columns.parameters)
    }

    /// Of rows that are there: what they cost.
    static func rerating(_ rows: [LedgerEntry]) -> PostgresQuery {
        var columns = Columns(rows[...])
        columns.wide { $0.id.rawValue }
        columns.wide { $0.cost.amount }
        columns.blob { $0.attemptLog.isEmpty ? [] : AttemptLog.encode($0.attemptLog) }
        columns.narrow { LedgerFlags.of($0) }
        return PostgresQuery(
            """
            UPDATE requests SET cost = n.cost, attempt_log = n.attempt_log, flags = n.flags
            FROM unnest($1, $2, $3, $4) AS n(id, cost, attempt_log, flags) WHERE requests.id = n.id
            """, parameters: columns.parameters)
    }

    /// Nil for a row this version cannot have written.
    static func read(_ result: PostgresResult, _ at: Int) -> LedgerEntry? {
        guard let id = RequestID(rawValue: result.int(at, 0)), let state = LedgerState(rawValue: UInt8(truncatingIfNeeded: result.int(at, 17)))
        else { return nil }
        var row = LedgerEntry(id: id, startedUnixMilliseconds: id.unixMilliseconds &+ result.int(at, 1))
        row.durationMicroseconds = result.int(at, 2)
        row.firstByteMicroseconds = result.optionalInt(at, 3)
        row.key = result.name(at, 4)
        row.model = result.name(at, 5)
        row.route = result.name(at, 6)
        row.deployment = result.name(at, 7)
        row.policy = result.name(at, 8)
        row.rule = result.name(at, 9)
        row.project = result.name(at, 10)
        row.customer = result.name(at, 11)
        row.provider = result.name(at, 12)
        row.decisionNames = result.name(at, 13)
        row.api = UInt8(truncatingIfNeeded: result.int(at, 14))
        row.status = UInt16(truncatingIfNeeded: result.int(at, 15))
        row.attempts = UInt8(truncatingIfNeeded: result.int(at, 16))
        row.state = state
        row.fault = result.optionalInt(at, 18).flatMap { Fault(rawValue: UInt8(truncatingIfNeeded: $0)) }
        LedgerFlags.read(result.int(at, 19), into: &row)
        readSums(result, at, &row)
        row.tags = result.withBytes(at, 34, TagList.decode)
        if !result.isNull(at, 35) {
            guard let attempts = result.withBytes(at, 35, AttemptLog.decode) else { return nil }
            row.attemptLog = attempts
        }
        row.decision = DecisionBytes(result.bytes(at, 36))
        row.savedTokens = result.int(at, 37)
        row.savedCost = Nanodollars(result.int(at, 38))
        return row
    }

    private static func readSums(_ result: PostgresResult, _ at: Int, _ row: inout LedgerEntry) {
        row.usage.input = result.int(at, 20)
        row.usage.cachedInput = result.int(at, 21)
        row.usage.cacheWrite = result.int(at, 22)
        row.usage.cacheWriteHour = result.int(at, 23)
        row.usage.output = result.int(at, 24)
        row.usage.reasoning = result.int(at, 25)
        row.usage.audioInput = result.int(at, 26)
        row.usage.audioOutput = result.int(at, 27)
        row.usage.imageInput = result.int(at, 28)
        row.usage.imageOutput = result.int(at, 29)
        row.cost = Nanodollars(result.int(at, 30))
        row.baseline = result.optionalInt(at, 31).map { Nanodollars($0) }
        row.receivedBytes = result.int(at, 32)
        row.sentBytes = result.int(at, 33)
    }

    /// One array a column, in the order of `columns`.
    private struct Columns {
        private let rows: ArraySlice<LedgerEntry>
        private(set) var parameters: [PostgresParameter] = []

        init(_ rows: ArraySlice<LedgerEntry>) {
            self.rows = rows
            parameters.reserveCapacity(39)
        }

        @inline(__always) mutating func wide(_ value: (borrowing LedgerEntry) -> Int64) {
            var array = PostgresArray(element: 20, count: rows.count, bytes: rows.count * 12)
            for index in rows.indices { array.append(value(rows[index])) }
            parameters.append(array.parameter(type: 1016))
        }

        @inline(__always) mutating func optional(_ value: (borrowing LedgerEntry) -> Int64?) {
            var array = PostgresArray(element: 20, count: rows.count, bytes: rows.count * 12)
            for index in rows.indices { if let value = value(rows[index]) { array.append(value) } else { array.appendNull() } }
            parameters.append(array.parameter(type: 1016))
        }

        @inline(__always) mutating func narrow(_ value: (borrowing LedgerEntry) -> Int32) {
            var array = PostgresArray(element: 23, count: rows.count, bytes: rows.count * 8)
            for index in rows.indices { array.append(value(rows[index])) }
            parameters.append(array.parameter(type: 1007))
        }

        @inline(__always) mutating func optionalNarrow(_ value: (borrowing LedgerEntry) -> Int32?) {
            var array = PostgresArray(element: 23, count: rows.count, bytes: rows.count * 8)
            for index in rows.indices { if let value = value(rows[index]) { array.append(value) } else { array.appendNull() } }
            parameters.append(array.parameter(type: 1007))
        }

        /// Empty is NULL.
        @inline(__always) mutating func blob(_ value: (borrowing LedgerEntry) -> [UInt8]) {
            var array = PostgresArray(element: 17, count: rows.count, bytes: rows.count * 4)
            for index in rows.indices {
                let bytes = value(rows[index])
                if bytes.isEmpty { array.appendNull() } else { array.append(bytes) }
            }
            parameters.append(array.parameter(type: 1001))
        }
    }
}
