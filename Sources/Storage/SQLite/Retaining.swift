import GRDB
import Routing

/// Keeping the ledger's file in bounds. What is forgotten leaves free pages, which new rows fill: the file stays as large as it ever
/// was and shrinks only by `VACUUM INTO` a new one.
extension SQLiteStore {
    private static let rowsOfPiece = 500
    private static let textsOfPiece = 100

    /// One piece of each kind of work; the caller lets writers between.
    public func forget(_ retention: Retention, unixMilliseconds now: Int64) throws(StoreFailure) -> Int {
        // Before anything goes, it has been counted.
        let counted = try countOld()
        if counted > 0 { return counted }
        var done = try foldHour(at: now) + forgetHours(at: now)
        if let limit = retention.texts { done += try forgetTexts(before: .first(atUnixMilliseconds: now - limit.wholeMilliseconds)) }
        if let limit = retention.requests { done += try forgetRows(before: .first(atUnixMilliseconds: now - limit.wholeMilliseconds), now) }
        if let most = retention.mostBytes { done += try forgetOldest(over: most, now) }
        done += try piece { database in
            try database.execute(
                sql: "DELETE FROM idempotency WHERE rowid IN (SELECT rowid FROM idempotency WHERE expires_ms <= ? LIMIT ?)",
                arguments: [now, Self.textsOfPiece])
            return database.changesCount
        }
        return done
    }

    private func forgetTexts(before id: RequestID) throws(StoreFailure) -> Int {
        try piece { database in
            try database.execute(
                sql: "DELETE FROM texts WHERE request IN (SELECT request FROM texts WHERE request < ? ORDER BY request LIMIT ?)",
                arguments: [id.rawValue, Self.textsOfPiece])
            return database.changesCount
        }
    }

    private func forgetRows(before id: RequestID, _ now: Int64) throws(StoreFailure) -> Int {
        let limit = id.unixMilliseconds
        return try piece { database in
            try database.execute(
                sql: "DELETE FROM requests WHERE id IN (SELECT id FROM requests WHERE id < ? ORDER BY id LIMIT ?)",
                arguments: [id.rawValue, Self.rowsOfPiece])
            var done = database.changesCount
            try database.execute(
                sql: "DELETE FROM texts WHERE request IN (SELECT request FROM texts WHERE request < ? ORDER BY request LIMIT ?)",
                arguments: [id.rawValue, Self.textsOfPiece])
            done += database.changesCount
            try database.execute(
                sql: "DELETE FROM feedback WHERE request IN (SELECT request FROM feedback WHERE request < ? ORDER BY request LIMIT ?)",
                arguments: [id.rawValue, Self.rowsOfPiece])
            done += database.changesCount
            try database.execute(
                sql: "DELETE FROM events WHERE id IN (SELECT id FROM events ORDER BY id LIMIT ?) AND at_ms < ?",
                arguments: [Self.rowsOfPiece, limit])
            done += database.changesCount
            done += try Self.forgetBreaches(before: limit, Self.rowsOfPiece, database)
            // Names are kept again at each start and change of settings: those that others followed on before then are in no row.
            try database.execute(
                sql: """
                    DELETE FROM decision_names WHERE EXISTS(
                        SELECT 1 FROM decision_names AS later WHERE later.kept_ms > decision_names.kept_ms AND later.kept_ms < ?)
                    """, arguments: [limit - 86_400_000])
            return done + database.changesCount
        }
    }

    /// The oldest rows and texts, as long as pages in use, but for those of sums, take more.
    private func forgetOldest(over most: Int64, _ now: Int64) throws(StoreFailure) -> Int {
        let pages = try read { database in
            func pragma(_ name: String) throws -> Int64 { try Int64.fetchOne(database, sql: "PRAGMA \(name)") ?? 0 }
            return try (pragma("page_count") - pragma("freelist_count")) * pragma("page_size")
        }
        guard pages > most else { return 0 }
        let excess = try pages - most - bytesOfSums(now)
        guard excess > 0 else { return 0 }
        return try piece { database in
            let last = try Int64.fetchOne(
                database,
                sql: """
                    SELECT max(id) FROM (
                        SELECT id FROM (SELECT id FROM requests ORDER BY id LIMIT ?1)
                        UNION ALL SELECT request FROM (SELECT request FROM texts ORDER BY request LIMIT ?2) ORDER BY id LIMIT ?1)
                    """, arguments: [Self.rowsOfPiece, Self.textsOfPiece])
            guard let last else { return 0 }
            try database.execute(sql: "DELETE FROM requests WHERE id <= ?", arguments: [last])
            var done = database.changesCount
            for table in ["texts", "feedback"] {
                try database.execute(sql: "DELETE FROM \(table) WHERE request <= ?", arguments: [last])
                done += database.changesCount
            }
            return done
        }
    }

    /// About: counting cells reads all of their pages, so an old answer will do for a while.
    private func bytesOfSums(_ now: Int64) throws(StoreFailure) -> Int64 {
        let known = sumsBytes.withLock { $0 }
        if let known, (0..<Self.sumsMilliseconds).contains(now - known.at) { return known.bytes }
        let cells = try read { try Int64.fetchOne($0, sql: "SELECT count(*) FROM usage") ?? 0 }
        let bytes = cells * Self.bytesOfCell
        sumsBytes.withLock { $0 = (now, bytes) }
        return bytes
    }

    private static let sumsMilliseconds: Int64 = 600_000
    /// 90 bytes on pages that are 70 % full.
    static let bytesOfCell: Int64 = 128
}
