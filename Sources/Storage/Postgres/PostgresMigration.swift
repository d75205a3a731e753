/// Brings a database to this binary's schema, one gateway at a time, and says no to what this binary cannot serve.
enum PostgresMigration {
    /// "SWLT", then what is locked.
    static let lock: Int64 = 0x5357_4c54_0001

    /// A schema that is newer is served as long as it says that binaries of this version still work with it.
    static func migrate(_ lane: PostgresLane, address: PostgresAddress, steps: [PostgresStep] = PostgresSchema.steps) throws(StoreFailure) {
        let known = steps.last?.version ?? 0
        if let found = try lane.use({ connection throws(StoreFailure) in try version(connection, address, known: known) }), found >= known { return }
        // Making tables takes longer than a statement of every day.
        let limit = Duration.seconds(120)
        try lane.transaction(within: limit) { connection, _ throws(StoreFailure) in
            try connection.script("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '100s'", within: limit)
            _ = try connection.run(PostgresQuery("SELECT 1 FROM pg_advisory_xact_lock($1)", .int8(lock)), within: limit)
            // Asked again under the lock: another gateway may have been quicker.
            let found = try version(connection, address, known: known) ?? 0
            if found == 0 {
                try connection.script(
                    "CREATE TABLE swiftlet_schema(version integer NOT NULL, serves integer NOT NULL, at timestamptz NOT NULL)", within: limit)
            }
            for step in steps where step.version > found {
                try connection.script(step.sql, within: limit)
                try connection.script("INSERT INTO swiftlet_schema VALUES(\(step.version), \(step.serves), now())", within: limit)
            }
            return ([], ())
        }
    }

    /// Nil where there are no tables of ours yet.
    static func version(_ connection: PostgresConnection, _ address: PostgresAddress, known: Int) throws(StoreFailure) -> Int? {
        let limit = Duration.seconds(10)
        // Not to_regclass: within a transaction it goes by what the session remembers, also that there was no table before another made it.
        let table = try connection.run(
            PostgresQuery(
                """
                SELECT count(*) FILTER (WHERE relname = 'swiftlet_schema'), count(*) FILTER (WHERE relname = 'requests')
                FROM pg_catalog.pg_class WHERE relname IN ('swiftlet_schema', 'requests') AND pg_catalog.pg_table_is_visible(oid)
                """), within: limit)
        guard table.int(0, 0) != 0 else {
            guard table.int(0, 1) == 0 else {
                throw StoreFailure(
                    .foreign, path: address.shown, "has a table `requests` of another program: give Swiftlet a schema or database of its own")
            }
            return nil
        }
        let rows = try connection.run(
            PostgresQuery("SELECT version, serves FROM swiftlet_schema ORDER BY version DESC LIMIT 1"), within: limit)
        guard rows.count == 1 else { return 0 }
        let (version, serves) = (Int(rows.int(0, 0)), Int(rows.int(0, 1)))
        guard serves <= known else {
            throw StoreFailure(
                .newerSchema, path: address.shown,
                "has schema version \(version), which serves binaries from version \(serves) on; this one knows \(known): start a newer binary")
        }
        return version
    }
}
