/// A store looked at without changing it; gateways may run on it meanwhile.
public enum StoreLook {
    /// A SQLite file.
    public struct File: Hashable, Sendable {
        public var bytes: Int64
        /// Of its schema; 0: it has no tables yet.
        public var version: Int
        /// Its pages were read through and are sound.
        public var isChecked: Bool
    }

    /// A PostgreSQL server.
    public struct Server: Hashable, Sendable {
        /// As the server says it, such as 15.9.
        public var version: String
        /// Of our tables; nil: there are none yet.
        public var schema: Int?
        public var roundTrip: Duration
        /// Its clock less this machine's.
        public var clockOffset: Duration
        public var connections: Int
        public var maxConnections: Int
    }

    /// - Parameters:
    ///   - path: The file itself, not the name in settings.
    ///   - most: A larger file is not read through.
    /// - Returns: Nil where there is no file yet and one can be made.
    public static func file(_ path: String, checkingUpTo most: Int64 = 1 << 30) throws(StoreFailure) -> File? {
        try LedgerFile(path: path, options: SQLiteStore.Options()).look(checkingUpTo: most)
    }

    public static func server(_ address: PostgresAddress) throws(StoreFailure) -> Server {
        let limits = PostgresLimits()
        let connection = try PostgresConnection(address, limits)
        let sent = ContinuousClock.now
        let clock = try connection.run(
            PostgresQuery("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint"), within: limits.read)
        let roundTrip = sent.duration(to: .now)
        let local = StoreClock.milliseconds() - roundTrip.nanoseconds / 2_000_000
        let facts = try connection.run(
            PostgresQuery(
                """
                SELECT current_setting('server_version'), (SELECT count(*) FROM pg_stat_activity WHERE datid IS NOT NULL),
                    current_setting('max_connections')::bigint
                """), within: limits.read)
        let schema = try PostgresMigration.version(connection, address, known: PostgresSchema.steps.last?.version ?? 0)
        return Server(
            version: facts.text(0, 0), schema: schema, roundTrip: roundTrip, clockOffset: .milliseconds(clock.int(0, 0) - local),
            connections: Int(facts.int(0, 1)), maxConnections: Int(facts.int(0, 2)))
    }
}
