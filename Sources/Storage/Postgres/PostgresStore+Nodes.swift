import Routing

extension PostgresStore {
    /// Nodes belong to their gateway as long as it is heard of, and a day beyond: ids of two gateways never meet.
    ///
    /// Goes round like that of other stores, past blocks of which others hold a node. Where nothing is free for want of nodes (1,024,
    /// one for each event loop) the next block is taken all the same, and a clash would be counted.
    public func leaseNodes(_ count: Int) throws(StoreFailure) -> Int {
        try others.transaction(within: writeLimit) { connection, _ throws(StoreFailure) in
            let next = try connection.run(PostgresQuery("SELECT value FROM numbers WHERE name = 'next_node' FOR UPDATE"), within: writeLimit)
            let held = try connection.run(
                PostgresQuery("SELECT node FROM nodes WHERE heard > clock_timestamp() - interval '1 day' ORDER BY node"), within: writeLimit)
            let taken = Set((0..<held.count).map { Int(held.int($0, 0)) })
            let start = next.count == 1 ? Int(next.int(0, 0)) : 0
            let isFree = { (first: Int) in (first..<first + count).allSatisfy { !taken.contains($0 % RequestID.nodes) } }
            let first = (start..<start + RequestID.nodes).first(where: isFree) ?? start
            let nodes = Set((first..<first + count).map { Int32($0 % RequestID.nodes) }).sorted()
            return (
                [
                    PostgresQuery(
                        """
                        INSERT INTO nodes(node, holder, heard) SELECT unnest($1::integer[]), $2, clock_timestamp()
                        ON CONFLICT (node) DO UPDATE SET holder = excluded.holder, heard = excluded.heard
                        """, .int4s(nodes), .text(holder)),
                    PostgresQuery("UPDATE numbers SET value = $1 WHERE name = 'next_node'", .int8(Int64((first + count) % RequestID.nodes))),
                ], first % RequestID.nodes
            )
        }
    }

    /// Says that the holder of its nodes lives. Often enough: every few hours.
    func holdNodes() throws(StoreFailure) {
        _ = try ask("UPDATE nodes SET heard = clock_timestamp() WHERE holder = $1", .text(holder))
    }
}
