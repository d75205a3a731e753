import FoundationEssentials
import GRDB

extension SQLiteStore {
    public func note(_ batch: BreachBatch) throws(StoreFailure) -> [BreachNews] {
        let pool = try opened()
        return try attempt {
            try pool.write { database in
                try database.execute(
                    sql: """
                        INSERT INTO breach_batches(writer, number, at_ms) VALUES(?, ?, ?) ON CONFLICT(writer) DO UPDATE
                        SET number = excluded.number, at_ms = excluded.at_ms WHERE excluded.number > breach_batches.number
                        """, arguments: [batch.writer, batch.number, batch.unixMilliseconds])
                guard database.changesCount > 0 else { return [] }
                let work = try BreachWork(batch.deltas) { group in
                    try Row.fetchOne(
                        database,
                        sql: """
                            SELECT \(Self.breachColumns) FROM breaches WHERE key = ? AND trigger_kind = ? AND rule = ?
                            ORDER BY last_ms DESC, id DESC LIMIT 1
                            """, arguments: [group.key, group.trigger.kind.rawValue, group.trigger.rule]
                    ).flatMap(Self.breach)
                }
                let ids = try work.changed.map { try Self.put($0, database) }
                return work.news(ids: ids)
            }
        }
    }

    private static let breachColumns = "id, key, trigger_kind, rule, first_ms, last_ms, detail"

    /// Nil: a kind of another version.
    private static func breach(_ row: Row) -> Breach? {
        guard let kind = (row[2] as Int?).flatMap({ BreachTrigger.Kind(rawValue: UInt8(clamping: $0)) }) else { return nil }
        var breach = Breach(key: row[1], trigger: BreachTrigger(kind, rule: row[3]), first: row[4], last: row[5])
        breach.id = row[0]
        _ = BreachBytes.decode(Array(row[6] as Data), into: &breach)
        return breach
    }

    private static func put(_ breach: Breach, _ database: Database) throws -> Int64 {
        try database.execute(
            sql: "INSERT OR REPLACE INTO breaches(\(breachColumns), severity, mark) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)",
            arguments: [
                breach.id == 0 ? nil : breach.id, breach.key, breach.trigger.kind.rawValue, breach.trigger.rule, breach.first, breach.last,
                Data(BreachBytes.encode(breach)), breach.severity.rawValue, breach.mark?.status.rawValue ?? 0,
            ])
        return breach.id == 0 ? database.lastInsertedRowID : breach.id
    }

    public func breaches(_ query: BreachQuery) throws(StoreFailure) -> [Breach] {
        let (condition, values) = query.conditions
        return try read { database in
            try Row.fetchAll(
                database, sql: "SELECT \(Self.breachColumns) FROM breaches \(condition) ORDER BY last_ms DESC, id DESC LIMIT ?",
                arguments: StatementArguments(values.map(\.databaseValue) + [max(0, query.limit).databaseValue])
            ).compactMap(Self.breach)
        }
    }

    public func breach(_ id: Int64) throws(StoreFailure) -> Breach? { try read { try Self.breach(id, $0) } }

    private static func breach(_ id: Int64, _ database: Database) throws -> Breach? {
        try Row.fetchOne(database, sql: "SELECT \(breachColumns) FROM breaches WHERE id = ?", arguments: [id]).flatMap(breach)
    }

    public func mark(_ id: Int64, _ mark: Breach.Mark) throws(StoreFailure) -> Breach? {
        let pool = try opened()
        return try attempt {
            try pool.write { database in
                guard var breach = try Self.breach(id, database) else { return nil }
                breach.take(mark)
                _ = try Self.put(breach, database)
                return breach
            }
        }
    }

    public func breachSums(at now: Int64) throws(StoreFailure) -> [BreachSum] {
        try read { database in
            var sums: [[Int64]] = Array(repeating: Array(repeating: 0, count: 3), count: 3)
            let rows = try Row.fetchCursor(
                database,
                sql: """
                    SELECT CASE WHEN mark = 2 OR last_ms <= ? THEN 2 WHEN mark = 1 OR last_ms <= ? THEN 1 ELSE 0 END AS status, severity, count(*)
                    FROM breaches GROUP BY 1, 2
                    """, arguments: [now - Breach.quietMilliseconds, now - Breach.activeMilliseconds])
            while let row = try rows.next() {
                let (status, severity): (Int, Int) = (row[0], row[1])
                if 0..<3 ~= severity { sums[status][severity] = row[2] }
            }
            return BreachSum.of(sums)
        }
    }

    /// Of breaches as of requests: by when they were seen last.
    static func forgetBreaches(before unixMilliseconds: Int64, _ most: Int, _ database: Database) throws -> Int {
        try database.execute(
            sql: "DELETE FROM breaches WHERE id IN (SELECT id FROM breaches WHERE last_ms < ? ORDER BY last_ms LIMIT ?)",
            arguments: [unixMilliseconds, most])
        var done = database.changesCount
        try database.execute(sql: "DELETE FROM breach_batches WHERE at_ms < ?", arguments: [unixMilliseconds])
        done += database.changesCount
        return done
    }
}

extension BreachQuery.Value {
    fileprivate var databaseValue: DatabaseValue {
        switch self {
        case .number(let number): number.databaseValue
        case .text(let text): text.databaseValue
        }
    }
}
