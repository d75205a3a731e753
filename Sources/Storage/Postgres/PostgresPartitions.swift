import Routing

extension PostgresStore {
    /// Weeks of tables that are cut by time. A week is a table of its own, so that forgetting it takes no longer than removing a file.
    static let cut = ["requests", "texts"]
    static let week: Int64 = 7 * PostgresSums.day
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
        let id = table == "requests" ? "id" : "request"
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
}
