import Routing

extension PostgresStore {
    /// Weeks of tables that are cut by time. A week is a table of its own, so that forgetting it takes no longer than removing a file.
    static let cut = ["requests", "texts"]
    static let week: Int64 = 7 * 86_400_000
    /// How many weeks are made ahead. Rows of other times go to the table that takes the rest.
    static let ahead: Int64 = 4

    /// Makes tables for this week and those to come; to be called every few hours by whoever is there.
    public func makePartitions() throws(StoreFailure) {
        let now = try ask("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint").int(0, 0)
        let first = now / Self.week
        let known = try partitions()
        for number in first...first + Self.ahead {
            for table in Self.cut where !known.contains(Self.name(table, number)) { try make(table, number) }
        }
    }

    private static func name(_ table: String, _ week: Int64) -> String { "\(table)_w\(week)" }

    static func bounds(_ number: Int64) -> (from: Int64, to: Int64) {
        (
            RequestID.first(atUnixMilliseconds: number * week).rawValue, RequestID.first(atUnixMilliseconds: (number + 1) * week).rawValue
        )
    }

    func partitions() throws(StoreFailure) -> [String] {
        let result = try ask(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = ANY($1::text[]::regclass[])",
            .texts(Self.cut))
        return (0..<result.count).map { result.text($0, 0) }
    }

    /// Rows that went to the rest because nobody made the table in time move into it.
    private func make(_ table: String, _ number: Int64) throws(StoreFailure) {
        let (from, to) = Self.bounds(number)
        let name = Self.name(table, number)
        let id = Self.id(table)
        try others.transaction(within: writeLimit) { connection, _ throws(StoreFailure) in
            try connection.script(
                """
                SELECT pg_advisory_xact_lock(\(PostgresMigration.lock + 2));
                CREATE TABLE IF NOT EXISTS \(name)(LIKE \(table) INCLUDING ALL);
                """, within: writeLimit)
            let attached = try connection.run(
                PostgresQuery("SELECT 1 FROM pg_inherits WHERE inhrelid = to_regclass($1)", .text(name)), within: writeLimit)
            guard attached.count == 0 else { return ([], ()) }
            try connection.script(
                """
                WITH late AS (DELETE FROM \(table)_rest WHERE \(id) >= \(from) AND \(id) < \(to) RETURNING *) INSERT INTO \(name) SELECT * FROM late;
                ALTER TABLE \(table) ATTACH PARTITION \(name) FOR VALUES FROM (\(from)) TO (\(to));
                """, within: writeLimit)
            return ([], ())
        }
    }

    // MARK: Forgetting

    private static func id(_ table: String) -> String { table == "requests" ? "id" : "request" }

    /// One week that is over, else rows of the rest. Returns 0 where nothing is left to forget.
    func forget(_ table: String, before first: RequestID) throws(StoreFailure) -> Int {
        let weeks = try partitions().compactMap { Self.week(of: $0, table) }
        if let old = weeks.filter({ Self.bounds($0).to <= first.rawValue }).min() {
            try drop(table, old)
            return 1
        }
        let id = Self.id(table)
        return try ask(
            "DELETE FROM \(table)_rest WHERE \(id) IN (SELECT \(id) FROM \(table)_rest WHERE \(id) < $1 ORDER BY \(id) LIMIT 1000)",
            .int8(first.rawValue)
        ).affected
    }

    private static func week(of partition: String, _ table: String) -> Int64? {
        partition.hasPrefix("\(table)_w") ? Int64(partition.dropFirst(table.utf8.count + 2)) : nil
    }

    private func drop(_ table: String, _ number: Int64) throws(StoreFailure) {
        try others.transaction(within: writeLimit) { connection, _ throws(StoreFailure) in
            try connection.script("DROP TABLE IF EXISTS \(Self.name(table, number))", within: writeLimit)
            return ([], ())
        }
    }

    /// The oldest week, as long as more than one is there and all of them take more than `most`.
    func forgetOldest(over most: Int64, at now: Int64) throws(StoreFailure) -> Int {
        let result = try ask(
            """
            SELECT coalesce(sum(pg_total_relation_size(i.inhrelid)), 0)::bigint FROM pg_inherits i
            WHERE i.inhparent = ANY($1::text[]::regclass[])
            """, .texts(Self.cut))
        guard result.int(0, 0) > most else { return 0 }
        // Tables that rows do not come into any more.
        let over = try partitions().compactMap { Self.week(of: $0, "requests") ?? Self.week(of: $0, "texts") }.filter { $0 < now / Self.week }
        guard let oldest = over.min() else { return 0 }
        for table in Self.cut { try drop(table, oldest) }
        return 1
    }
}
