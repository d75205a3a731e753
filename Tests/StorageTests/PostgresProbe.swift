@testable import Storage

/// A connection of the test's own, to look at what the store left and to disturb it.
struct PostgresProbe {
    let connection: PostgresConnection

    init(_ address: PostgresAddress) throws { connection = try PostgresConnection(address, PostgresLimits()) }

    @discardableResult
    func run(_ sql: String) throws -> PostgresResult { try connection.run(PostgresQuery(sql), within: .seconds(30)) }
}

extension PostgresCluster {
    /// A store on nothing.
    func store(_ limits: PostgresLimits = PostgresLimits()) throws -> PostgresStore { try PostgresStore(PostgresAddress(fresh()), limits: limits) }
}
