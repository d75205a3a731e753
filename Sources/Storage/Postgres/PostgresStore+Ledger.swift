import Routing

extension PostgresStore {
    public func append(_ rows: ArraySlice<LedgerEntry>) throws(StoreFailure) -> AppendReceipt {
        guard !rows.isEmpty else { return AppendReceipt() }
        let rows = TagNumbers.isNeeded(rows) ? try tagNumbers.numbered(rows, by: self) : rows
        var twice = AppendReceipt()
        let batch = Self.withoutRepeats(rows, &twice)
        var receipt = try journal.transaction(within: writeLimit, opening: PostgresSums.reading + [PostgresRow.query(batch)]) {
            connection, results throws(StoreFailure) in
            let (added, receipt) = try compare(batch, with: results[2], connection)
            var sums = UsageBatch()
            for row in added { sums.add(row) }
            sums.fold(before: results[1].int(0, 0))
            return (PostgresLeases.charging(added) + PostgresSums.adding(sums), receipt)
        }
        receipt.repeated += twice.repeated
        receipt.clashing += twice.clashing
        return receipt
    }

    /// A row given twice in one batch: the server could not tell which of the two is there.
    private static func withoutRepeats(_ rows: ArraySlice<LedgerEntry>, _ receipt: inout AppendReceipt) -> ArraySlice<LedgerEntry> {
        var last: RequestID?
        // Nearly always they rise.
        if rows.allSatisfy({ row in
            defer { last = row.id }
            return last.map { $0 < row.id } ?? true
        }) {
            return rows
        }
        var first: [RequestID: Int] = [:]
        var kept: [LedgerEntry] = []
        for (index, row) in zip(rows.indices, rows) {
            if let known = first[row.id] {
                if rows[known].matches(row) { receipt.repeated += 1 } else { receipt.clashing += 1 }
            } else {
                first[row.id] = index
                kept.append(row)
            }
        }
        return kept[...]
    }

    /// Which rows are new; those that are not are compared with what is there.
    private func compare(
        _ rows: ArraySlice<LedgerEntry>, with inserted: PostgresResult, _ connection: PostgresConnection
    ) throws(StoreFailure) -> (added: ArraySlice<LedgerEntry>, receipt: AppendReceipt) {
        var receipt = AppendReceipt()
        receipt.added = inserted.count
        guard inserted.count < rows.count else { return (rows, receipt) }
        let added = Set((0..<inserted.count).map { inserted.int($0, 0) })
        let old = rows.filter { !added.contains($0.id.rawValue) }
        let result = try connection.run(
            PostgresQuery("SELECT \(PostgresRow.columns) FROM requests WHERE id = ANY($1)", .int8s(old.map(\.id.rawValue))), within: writeLimit)
        let found = Dictionary(try read(result).map { ($0.id, $0) }) { first, _ in first }
        for row in old { if found[row.id]?.matches(row) == true { receipt.repeated += 1 } else { receipt.clashing += 1 } }
        return (rows.filter { added.contains($0.id.rawValue) }[...], receipt)
    }

    func read(_ result: PostgresResult) throws(StoreFailure) -> [LedgerEntry] {
        var rows: [LedgerEntry] = []
        rows.reserveCapacity(result.count)
        for index in 0..<result.count {
            guard let row = PostgresRow.read(result, index) else {
                throw StoreFailure(.corrupt, path: address.shown, "row \(result.int(index, 0)) cannot be read: a newer binary may have written it")
            }
            rows.append(row)
        }
        return rows
    }

    public func requests(after cursor: RequestID?, limit: Int) throws(StoreFailure) -> [LedgerEntry] {
        try read(
            ask(
                "SELECT \(PostgresRow.columns) FROM requests WHERE id > $1 ORDER BY id LIMIT $2", .int8(cursor?.rawValue ?? -1),
                .int8(Int64(max(0, limit)))))
    }

    public func request(_ id: RequestID) throws(StoreFailure) -> LedgerEntry? {
        try read(ask("SELECT \(PostgresRow.columns) FROM requests WHERE id = $1", .int8(id.rawValue))).first
    }
}
