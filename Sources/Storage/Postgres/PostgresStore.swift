import Routing

/// The ledger and all else that lasts, in a PostgreSQL database that any number of gateways share.
public final class PostgresStore: Store {
    public let address: PostgresAddress
    let limits: PostgresLimits
    let journal: PostgresLane
    let leases: PostgresLane
    let others: PostgresLane
    /// Whose nodes these are, for other gateways to leave them alone.
    let holder: String
    /// Which gateway this is, once it has joined.
    let joined = Locked<GatewayLife?>(nil)
    var life: GatewayLife? { joined.withLock { $0 } }
    /// When windows that are over were forgotten last, by the store's clock.
    let lastForgot = Locked<Int64>(0)
    let lastTended = Locked<Int64>(0)
    let tagNumbers = TagNumbers()
    /// Windows that were seen in the store, and when they end.
    let windows = Locked<[PostgresLeases.Window: Int64]>([:])

    /// Connects, and makes the tables or brings them up to this version's schema where needed.
    public init(_ address: PostgresAddress, limits: PostgresLimits = PostgresLimits()) throws(StoreFailure) {
        self.address = address
        self.limits = limits
        let writing = Self.greeting(limits.write)
        journal = PostgresLane(address, limits, connections: 1, greeting: writing)
        leases = PostgresLane(address, limits, connections: 1, greeting: writing)
        others = PostgresLane(address, limits, connections: limits.connections, greeting: Self.greeting(limits.read))
        holder = String(UInt64.random(in: .min ... .max), radix: 36)
        try PostgresMigration.migrate(others, address: address)
        try makePartitions()
    }

    /// What every connection begins with. A commit is durable when it is acknowledged, whatever the server's default.
    private static func greeting(_ limit: Duration) -> String {
        let milliseconds = limit.nanoseconds / 1_000_000
        return """
            SET statement_timeout = \(milliseconds);
            SET lock_timeout = \(milliseconds / 2);
            SET idle_in_transaction_session_timeout = \(milliseconds * 4);
            SET jit = off;
            SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') IN ('off', 'local')
            """
    }

    /// A second beyond the server's own time limit, whose answer says more than silence.
    var writeLimit: Duration { limits.write + .seconds(1) }
    var readLimit: Duration { limits.read + .seconds(1) }

    /// One statement of the console, or of whoever else is in no hurry.
    func ask(_ sql: String, _ parameters: PostgresParameter...) throws(StoreFailure) -> PostgresResult {
        try others.use { connection throws(StoreFailure) in
            try connection.run(PostgresQuery(sql, parameters: parameters), within: readLimit)
        }
    }

    /// Connections are given up; what the server acknowledged is durable there, so there is nothing else to distrust.
    public func reopen() throws(StoreFailure) {
        for lane in [journal, leases, others] { lane.drop() }
        _ = try ask("SELECT 1")
    }

    public func close() throws(StoreFailure) { for lane in [journal, leases, others] { lane.close() } }
}
