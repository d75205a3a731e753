extension PostgresStore: LedgerSource {
    func scan(_ query: LedgerQuery) throws(StoreFailure) -> [LedgerEntry] {
        let conditions = query.conditions
        var texts = conditions.enumerated().map { "\($0.element.text) $\($0.offset + 1)" }
        var parameters = conditions.map { PostgresParameter.int8($0.value) }
        if let tag = query.tag {
            // Four bytes each: what stands across two of them is sorted out by who asks.
            parameters.append(.bytes(TagList.encode([tag])))
            texts.append("position($\(parameters.count) IN tags) > 0")
        }
        parameters.append(.int8(Int64(max(0, query.limit))))
        let sql = """
            SELECT \(PostgresRow.columns) FROM requests \(texts.isEmpty ? "" : "WHERE " + texts.joined(separator: " AND "))
            ORDER BY id DESC LIMIT $\(parameters.count)
            """
        return try read(ask(PostgresQuery(sql, parameters: parameters)))
    }

    func stretch(from: RequestID, before: RequestID, rows: Int) throws(StoreFailure) -> (lowest: RequestID, rows: Int)? {
        let result = try ask(
            "SELECT min(id), count(*) FROM (SELECT id FROM requests WHERE id < $1 AND id >= $2 ORDER BY id DESC LIMIT $3) newest",
            .int8(before.rawValue), .int8(from.rawValue), .int8(Int64(rows)))
        return result.optionalInt(0, 0).flatMap(RequestID.init(rawValue:)).map { ($0, Int(result.int(0, 1))) }
    }

    func oldest() throws(StoreFailure) -> RequestID? {
        try ask("SELECT min(id) FROM requests").optionalInt(0, 0).flatMap(RequestID.init(rawValue:))
    }

    func hoursKept() throws(StoreFailure) -> Int64? {
        try ask("SELECT value FROM numbers WHERE name = 'usage_hours_kept'").int(0, 0)
    }

    private func ask(_ query: PostgresQuery) throws(StoreFailure) -> PostgresResult {
        try others.use { connection throws(StoreFailure) in try connection.run(query, within: readLimit) }
    }
}
