import Routing

extension PostgresStore {
    public func rerate(_ reratings: [Rerating]) throws(StoreFailure) -> Int {
        guard !reratings.isEmpty else { return 0 }
        let wanted = Dictionary(reratings.map { ($0.request, $0) }) { first, _ in first }
        let names = try names()
        let rows = PostgresQuery(
            "SELECT \(PostgresRow.columns) FROM requests WHERE id = ANY($1) ORDER BY id FOR UPDATE", .int8s(wanted.keys.map(\.rawValue)))
        return try others.transaction(within: writeLimit, opening: PostgresSums.reading + [rows]) {
            connection, results throws(StoreFailure) in
            var deltas = RerateDeltas(names)
            var changed: [LedgerEntry] = []
            for row in try read(results[2]) {
                guard let rerated = wanted[row.id].flatMap(row.rerated) else { continue }
                deltas.add(row, rerated, isCounted: true)
                changed.append(rerated)
            }
            guard !changed.isEmpty else { return ([], 0) }
            deltas.fold(before: results[1].int(0, 0))
            let windows = deltas.windows.map { (PostgresLeases.Window(account: $0.account, start: $0.start), $1) }
            // Locked in the order in which leases are, and with all that rows have charged: what is taken back was counted before.
            var book = try PostgresLeases(.init(windows: windows.map(\.0)), connection, within: writeLimit)
            for (window, difference) in windows { book.correct(window, by: difference) }
            return ([PostgresRow.rerating(changed)] + PostgresSums.correcting(deltas.usage) + book.writing, changed.count)
        }
    }
}
