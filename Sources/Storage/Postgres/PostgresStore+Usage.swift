import Routing

extension PostgresStore {
    /// Reads no row of the ledger. The server adds up, so little comes over the wire.
    public func usage(_ query: UsageQuery) throws(StoreFailure) -> [UsageRow] {
        var rows: [UsageRow]?
        // One view of the sums, however many parts are read: an hour that is folded meanwhile counts once.
        let isolated = PostgresQuery("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        let state = PostgresQuery(
            """
            SELECT (SELECT value FROM numbers WHERE name = 'usage_folded'), (SELECT value FROM numbers WHERE name = 'usage_hours_kept')
            """)
        rows = try others.transaction(within: readLimit, opening: [isolated, state]) { connection, results throws(StoreFailure) in
            guard let plan = UsagePlan(query, folded: results[1].int(0, 0), hoursKept: results[1].int(0, 1)) else {
                throw StoreFailure.tagsApart(path: address.shown)
            }
            var sums = UsageSums(query)
            for part in plan.parts {
                let result = try connection.run(Self.adding(part, query), within: readLimit)
                for row in 0..<result.count { sums.add(PostgresSums.totals(result, row), of: PostgresSums.cell(result, row)) }
            }
            return ([], sums.rows)
        }
        return rows ?? []
    }

    /// Cells of a part, added up by what the query groups by; names that it does not ask for are 0.
    private static func adding(_ part: UsagePlan.Part, _ query: UsageQuery) -> PostgresQuery {
        let grouped = Set(query.groupBy.map(\.rawValue))
        let byTime = query.groupBy.contains(.day) || query.groupBy.contains(.hour)
        let names = PostgresSums.keys.dropFirst(3)
        let columns = names.map { grouped.contains($0) ? $0 : "0" }
        let groups = (byTime ? ["start"] : []) + names.filter(grouped.contains)
        let only = query.only.filter { $0.key != .day && $0.key != .hour }.sorted { $0.key.rawValue < $1.key.rawValue }
        let sums = PostgresSums.counts.map { "least(sum(\($0)), \(Int64.max))::bigint" }
        let sql = """
            SELECT $1, $2, \(byTime ? "start" : "$3"), \(columns.joined(separator: ", ")), \(sums.joined(separator: ", "))
            FROM usage WHERE shape = $1 AND span = $2 AND start >= $3 AND start < $4
            \(only.enumerated().map { "AND \($0.element.key.rawValue) = $\($0.offset + 5)" }.joined(separator: " "))
            \(groups.isEmpty ? "HAVING count(*) > 0" : "GROUP BY " + groups.joined(separator: ", "))
            """
        let bounds = [Int64(part.shape.rawValue), Int64(part.span.rawValue), part.from, part.to] + only.map { Int64($0.value.rawValue) }
        return PostgresQuery(sql, parameters: bounds.map { .int8($0) })
    }

    public func totals() throws(StoreFailure) -> LedgerTotals {
        try usage(UsageQuery(from: .min, to: .max)).first?.totals ?? LedgerTotals()
    }

    // MARK: Upkeep

    private static let rowsOfPiece: Int64 = 1_000

    /// One piece of each kind of work. Weeks go whole; so rows stay up to a week longer than they must.
    public func forget(_ retention: Retention, unixMilliseconds now: Int64) throws(StoreFailure) -> Int {
        try tend(at: now)
        var done = try foldHour(at: now) + forgetHours(at: now)
        if let limit = retention.texts { done += try forget("texts", before: .first(atUnixMilliseconds: now - limit.wholeMilliseconds)) }
        if let limit = retention.requests {
            let first = RequestID.first(atUnixMilliseconds: now - limit.wholeMilliseconds)
            done += try forget("requests", before: first) + forget("texts", before: first)
            done += try ask(
                "DELETE FROM feedback WHERE request IN (SELECT request FROM feedback WHERE request < $1 ORDER BY request LIMIT $2)",
                .int8(first.rawValue), .int8(Self.rowsOfPiece)
            ).affected
            done += try ask(
                "DELETE FROM events WHERE id IN (SELECT id FROM events WHERE at_ms < $1 ORDER BY id LIMIT $2)", .int8(first.unixMilliseconds),
                .int8(Self.rowsOfPiece)
            ).affected
            done += try forgetBreaches(before: first.unixMilliseconds, most: Self.rowsOfPiece)
        }
        if let most = retention.mostBytes { done += try forgetOldest(over: most, at: now) }
        done += try ask(
            "DELETE FROM idempotency WHERE (key, text) IN (SELECT key, text FROM idempotency WHERE expires_ms <= $1 ORDER BY expires_ms LIMIT $2)",
            .int8(now), .int8(Self.rowsOfPiece)
        ).affected
        return done
    }

    /// Every ten minutes.
    private func tend(at now: Int64) throws(StoreFailure) {
        let isDue = lastTended.withLock { last in
            guard now - last >= 600_000 || now < last else { return false }
            last = now
            return true
        }
        guard isDue else { return }
        try makePartitions()
        try holdNodes()
    }

    /// Counts the next hour that is over in its day and month. Returns how many cells; 0: none is left.
    private func foldHour(at now: Int64) throws(StoreFailure) -> Int {
        // Rows of the hour before this one still come in number.
        let limit = UsageCalendar.hour(of: now) - 1
        let next = "SELECT start FROM usage WHERE shape = 0 AND span = 0 AND start >= (SELECT value FROM numbers WHERE name = 'usage_folded')"
        let waiting = try ask("\(next) AND start < $1 ORDER BY start LIMIT 1", .int8(limit))
        guard waiting.count == 1 else { return 0 }
        let opening = [
            PostgresQuery("SELECT 1 FROM pg_advisory_xact_lock($1)", .int8(PostgresSums.lock)),
            // Asked again: another gateway may have been quicker.
            PostgresQuery("\(next) AND start < $1 ORDER BY start LIMIT 1", .int8(limit)),
        ]
        return try others.transaction(within: writeLimit, opening: opening) { connection, results throws(StoreFailure) in
            guard results[1].count == 1 else { return ([], 1) }
            let hour = results[1].int(0, 0)
            let columns = (PostgresSums.keys + PostgresSums.counts).joined(separator: ", ")
            let cells = try connection.run(
                PostgresQuery("SELECT \(columns) FROM usage WHERE shape IN (0, $2) AND span = 0 AND start = $1", .int8(hour), .int8(Self.tagShape)),
                within: writeLimit)
            var batch = UsageBatch()
            for row in 0..<cells.count {
                for cell in PostgresSums.cell(cells, row).folded { batch.add(PostgresSums.totals(cells, row), to: cell) }
            }
            let folded = PostgresQuery("UPDATE numbers SET value = $1 WHERE name = 'usage_folded'", .int8(hour + 1))
            return (PostgresSums.adding(batch) + [folded], max(1, batch.cells.count))
        }
    }

    private static var tagShape: Int64 { Int64(UsageCell.Shape.tag.rawValue) }

    /// Days have what these hours had.
    private func forgetHours(at now: Int64) throws(StoreFailure) -> Int {
        let limit = UsageCalendar.start(of: .day, at: UsageCalendar.hour(of: now)) - SQLiteStore.hoursKept
        let result = try ask(
            """
            WITH bound AS (
                SELECT least($1, (SELECT value FROM numbers WHERE name = 'usage_folded')) AS hour
            ),
            kept AS (
                UPDATE numbers SET value = bound.hour FROM bound WHERE name = 'usage_hours_kept' AND value < bound.hour
            )
            DELETE FROM usage WHERE (shape, span, start, key, project, customer, model, provider, deployment, policy, tag) IN (
                SELECT shape, span, start, key, project, customer, model, provider, deployment, policy, tag FROM usage
                WHERE shape IN (0, $2) AND span = 0 AND start < (SELECT hour FROM bound) LIMIT $3
            )
            """, .int8(limit), .int8(Self.tagShape), .int8(Self.rowsOfPiece))
        return result.affected
    }
}
