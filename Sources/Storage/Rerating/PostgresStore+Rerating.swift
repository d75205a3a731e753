import Routing

extension PostgresStore {
    public func rerate(_ reratings: [Rerating]) throws(StoreFailure) -> Int {
        guard !reratings.isEmpty else { return 0 }
        let wanted = Dictionary(reratings.map { ($0.request, $0) }) { first, _ in first }
        let names = try names()
        let rows = PostgresQuery(
            "SELECT \(PostgresRow.columns) FROM requests WHERE id = ANY($1) ORDER BY id FOR UPDATE", .int8s(wanted.keys.map(\.rawValue)))
        return try others.transaction(within: writeLimit, opening: PostgresSums.reading + [rows]) {
            _, results throws(StoreFailure) in
            var deltas = RerateDeltas(names)
            var changed: [LedgerEntry] = []
            for row in try read(results[2]) {
                guard let rerated = wanted[row.id].flatMap(row.rerated) else { continue }
                deltas.add(row, rerated, isCounted: true)
                changed.append(rerated)
            }
            guard !changed.isEmpty else { return ([], 0) }
            deltas.fold(before: results[1].int(0, 0))
            return ([PostgresRow.rerating(changed)] + PostgresSums.correcting(deltas.usage) + Self.correcting(deltas.windows), changed.count)
        }
    }

    /// In the order of the key, as leases are charged.
    private static func correcting(_ windows: [RerateDeltas.Window: Int64]) -> [PostgresQuery] {
        guard !windows.isEmpty else { return [] }
        let sorted = windows.sorted { ($0.key.account, $0.key.start) < ($1.key.account, $1.key.start) }
        let keys: [PostgresParameter] = [.texts(sorted.map(\.key.account)), .int8s(sorted.map(\.key.start))]
        return [
            PostgresQuery(
                """
                SELECT 1 FROM lease_windows WHERE (account, start_ms) IN (SELECT * FROM unnest($1, $2)) ORDER BY account, start_ms FOR UPDATE
                """, parameters: keys),
            PostgresQuery(
                """
                UPDATE lease_windows SET used = greatest(0, lease_windows.used + delta.amount)
                FROM unnest($1, $2, $3) AS delta(account, start_ms, amount)
                WHERE lease_windows.account = delta.account AND lease_windows.start_ms = delta.start_ms
                """, parameters: keys + [.int8s(sorted.map(\.value))]),
        ]
    }
}
