extension PostgresStore {
    private static let breachColumns = "id, key, trigger_kind, rule, first_ms, last_ms, detail"

    /// One gateway at a time: two that begin a breach at once would begin two.
    private static let breachLock = PostgresQuery("SELECT 1 FROM pg_advisory_xact_lock($1)", .int8(PostgresMigration.lock + 5))

    public func note(_ batch: BreachBatch) throws(StoreFailure) -> [BreachNews] {
        var batch = batch
        for place in batch.deltas.indices { batch.deltas[place].makeStorable() }
        let (deltas, groups) = (batch.deltas, Set(batch.deltas.map { BreachWork.Group(key: $0.key, trigger: $0.trigger) }))
        let asked = Array(groups)
        let opening = [
            Self.breachLock,
            PostgresQuery(
                """
                INSERT INTO breach_batches(writer, number, at_ms) VALUES($1, $2, $3) ON CONFLICT (writer) DO UPDATE
                SET number = excluded.number, at_ms = excluded.at_ms WHERE excluded.number > breach_batches.number
                """, .int8(batch.writer), .int8(batch.number), .int8(batch.unixMilliseconds)),
            PostgresQuery(
                """
                SELECT b.* FROM unnest($1::text[], $2::bigint[], $3::text[]) AS g(key, kind, rule), LATERAL (
                    SELECT \(Self.breachColumns) FROM breaches
                    WHERE key = g.key AND trigger_kind = g.kind AND rule = g.rule ORDER BY last_ms DESC, id DESC LIMIT 1
                ) AS b
                """, .texts(asked.map(\.key)), .int8s(asked.map { Int64($0.trigger.kind.rawValue) }), .texts(asked.map(\.trigger.rule))),
        ]
        return try others.transaction(within: writeLimit, opening: opening) { connection, results throws(StoreFailure) in
            guard results[1].affected > 0 else { return ([], []) }
            var known: [BreachWork.Group: Breach] = [:]
            for breach in Self.breaches(results[2]) { known[BreachWork.Group(key: breach.key, trigger: breach.trigger)] = breach }
            let work = BreachWork(deltas) { known[$0] }
            let fresh = work.changed.filter { $0.id == 0 }
            let numbers = try connection.run(
                PostgresQuery("SELECT nextval(pg_get_serial_sequence('breaches', 'id')) FROM generate_series(1, $1)", .int8(Int64(fresh.count))),
                within: writeLimit)
            var taken = 0
            let changed = work.changed.map { breach in
                var breach = breach
                if breach.id == 0 {
                    breach.id = numbers.int(taken, 0)
                    taken += 1
                }
                return breach
            }
            return (changed.map(Self.putting), work.news(ids: changed.map(\.id)))
        }
    }

    private static func putting(_ breach: Breach) -> PostgresQuery {
        PostgresQuery(
            """
            INSERT INTO breaches(\(breachColumns), severity, mark) VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO UPDATE
            SET first_ms = excluded.first_ms, last_ms = excluded.last_ms, detail = excluded.detail, severity = excluded.severity, mark = excluded.mark
            """, .int8(breach.id), .text(breach.key), .int8(Int64(breach.trigger.kind.rawValue)), .text(breach.trigger.rule), .int8(breach.first),
            .int8(breach.last), .bytes(BreachBytes.encode(breach)), .int8(Int64(breach.severity.rawValue)),
            .int8(Int64(breach.mark?.status.rawValue ?? 0)))
    }

    /// Without those of a kind that another version knows.
    private static func breaches(_ result: PostgresResult) -> [Breach] {
        (0..<result.count).compactMap { row in
            guard let kind = BreachTrigger.Kind(rawValue: UInt8(clamping: result.int(row, 2))) else { return nil }
            let trigger = BreachTrigger(kind, rule: result.text(row, 3))
            var breach = Breach(key: result.text(row, 1), trigger: trigger, first: result.int(row, 4), last: result.int(row, 5))
            breach.id = result.int(row, 0)
            _ = BreachBytes.decode(result.bytes(row, 6), into: &breach)
            return breach
        }
    }

    public func breaches(_ query: BreachQuery) throws(StoreFailure) -> [Breach] {
        let (condition, values) = query.conditions
        let parameters = values.map { value -> PostgresParameter in
            switch value {
            case .number(let number): .int8(number)
            case .text(let text): .text(text)
            }
        }
        var (sql, number) = ("", 0)
        for piece in "SELECT \(Self.breachColumns) FROM breaches \(condition) ORDER BY last_ms DESC, id DESC LIMIT ?".split(separator: "?") {
            number += 1
            sql += "\(piece)$\(number)"
        }
        let whole = PostgresQuery(sql, parameters: parameters + [.int8(Int64(max(0, query.limit)))])
        return try others.use { connection throws(StoreFailure) in Self.breaches(try connection.run(whole, within: readLimit)) }
    }

    private static func one(_ id: Int64) -> PostgresQuery { PostgresQuery("SELECT \(breachColumns) FROM breaches WHERE id = $1", .int8(id)) }

    public func breach(_ id: Int64) throws(StoreFailure) -> Breach? {
        try others.use { connection throws(StoreFailure) in Self.breaches(try connection.run(Self.one(id), within: readLimit)).first }
    }

    public func mark(_ id: Int64, _ mark: Breach.Mark) throws(StoreFailure) -> Breach? {
        var mark = mark
        (mark.actor, mark.note) = (mark.actor.storable, mark.note.storable)
        let storable = mark
        return try others.transaction(within: writeLimit, opening: [Self.breachLock, Self.one(id)]) { _, results throws(StoreFailure) in
            guard var breach = Self.breaches(results[1]).first else { return ([], nil) }
            breach.take(storable)
            return ([Self.putting(breach)], breach)
        }
    }

    public func breachSums(at now: Int64) throws(StoreFailure) -> [BreachSum] {
        let result = try ask(
            """
            SELECT CASE WHEN mark = 2 OR last_ms <= $1 THEN 2 WHEN mark = 1 OR last_ms <= $2 THEN 1 ELSE 0 END, severity, count(*)
            FROM breaches GROUP BY 1, 2
            """, .int8(now - Breach.quietMilliseconds), .int8(now - Breach.activeMilliseconds))
        var sums: [[Int64]] = Array(repeating: Array(repeating: 0, count: 3), count: 3)
        for row in 0..<result.count where 0..<3 ~= result.int(row, 1) { sums[Int(result.int(row, 0))][Int(result.int(row, 1))] = result.int(row, 2) }
        return BreachSum.of(sums)
    }

    func forgetBreaches(before unixMilliseconds: Int64, most: Int64) throws(StoreFailure) -> Int {
        let breaches = try ask(
            "DELETE FROM breaches WHERE id IN (SELECT id FROM breaches WHERE last_ms < $1 ORDER BY last_ms LIMIT $2)", .int8(unixMilliseconds),
            .int8(most))
        let batches = try ask("DELETE FROM breach_batches WHERE at_ms < $1", .int8(unixMilliseconds))
        return breaches.affected + batches.affected
    }
}

extension BreachDelta {
    /// Texts as a column gives them back, so that groups are found by them.
    fileprivate mutating func makeStorable() {
        key = key.storable
        trigger.rule = trigger.rule.storable
    }
}
