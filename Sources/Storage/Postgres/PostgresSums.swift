import Routing

/// Sums that usage is answered from, in one table of cells: see `UsageCell`.
enum PostgresSums {
    static let keys = ["shape", "span", "start", "key", "project", "customer", "model", "provider", "deployment", "policy", "tag"]
    static let counts = firstCounts + ["saved_tokens", "saved_cost"]
    /// Of the schema that sums began with.
    static let firstCounts = [
        "requests", "failed", "cancelled", "unknown", "attempts", "estimated", "priced", "input", "cached_input", "cache_write",
        "cache_write_hour", "output", "reasoning", "audio_input", "audio_output", "image_input", "image_output", "cost", "compared", "baseline",
    ]

    /// Rows hold the first shared, so that no hour is folded between reading how far that has come and their commit.
    static let lock = PostgresMigration.lock + 4
    static let reading = [
        PostgresQuery("SELECT 1 FROM pg_advisory_xact_lock_shared($1)", .int8(lock)),
        PostgresQuery("SELECT value FROM numbers WHERE name = 'usage_folded'"),
    ]

    /// Adds a batch. In the order of the key, so that two gateways that add to the same sums never wait in a circle.
    static func adding(_ batch: UsageBatch) -> [PostgresQuery] {
        guard !batch.cells.isEmpty else { return [] }
        let cells = zip(batch.cells, batch.sums).map { (key: numbers(of: $0), sums: $1) }.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        var parameters = keys.indices.map { index in PostgresParameter.int8s(cells.map { $0.key[index] }) }
        let sums = cells.map { numbers(of: $0.sums) }
        for index in counts.indices { parameters.append(.int8s(sums.map { max(0, $0[index]) })) }
        return [PostgresQuery(upsert, parameters: parameters)]
    }

    /// No sum wraps around: an absurd row must not stop the ledger.
    private static let upsert = """
        INSERT INTO usage(\(keys.joined(separator: ", ")), \(counts.joined(separator: ", ")))
        SELECT * FROM unnest(\((1...keys.count + counts.count).map { "$\($0)" }.joined(separator: ", ")))
        ON CONFLICT (\(keys.joined(separator: ", "))) DO UPDATE SET
        \(counts.map { "\($0) = CASE WHEN usage.\($0) > \(Int64.max) - excluded.\($0) THEN \(Int64.max) ELSE usage.\($0) + excluded.\($0) END" }
            .joined(separator: ", "))
        """

    /// What requests cost more, or less, than was said. Hours that are forgotten stay so.
    static func correcting(_ batch: UsageBatch) -> [PostgresQuery] {
        guard !batch.cells.isEmpty else { return [] }
        let cells = zip(batch.cells, batch.sums).map { (key: numbers(of: $0), sums: $1) }.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        let keyed = keys.indices.map { index in PostgresParameter.int8s(cells.map { $0.key[index] }) }
        let sums: [PostgresParameter] = [
            .int8s(cells.map(\.sums.priced)), .int8s(cells.map(\.sums.cost.amount)), .int8s(cells.map(\.sums.compared.amount)),
        ]
        return [PostgresQuery(locking, parameters: keyed), PostgresQuery(correction, parameters: keyed + sums)]
    }

    /// In the order in which batches are added.
    private static let locking = """
        SELECT 1 FROM usage WHERE (\(keys.joined(separator: ", "))) IN
            (SELECT * FROM unnest(\((1...keys.count).map { "$\($0)" }.joined(separator: ", "))))
        ORDER BY \(keys.joined(separator: ", ")) FOR UPDATE
        """

    private static let correction = """
        UPDATE usage SET priced = usage.priced + delta.priced, cost = greatest(0, usage.cost + delta.cost),
            compared = greatest(0, usage.compared + delta.compared)
        FROM unnest(\((1...keys.count + 3).map { "$\($0)" }.joined(separator: ", ")))
            AS delta(\(keys.joined(separator: ", ")), priced, cost, compared)
        WHERE \(keys.map { "usage.\($0) = delta.\($0)" }.joined(separator: " AND "))
        """

    private static func numbers(of cell: UsageCell) -> [Int64] {
        [Int64(cell.shape.rawValue), Int64(cell.span.rawValue), cell.start]
            + [cell.key, cell.project, cell.customer, cell.model, cell.provider, cell.deployment, cell.policy, cell.tag].map { Int64($0.rawValue) }
    }

    /// In the order of `counts`.
    private static func numbers(of totals: LedgerTotals) -> [Int64] {
        let usage = totals.usage
        return [
            totals.requests, totals.failed, totals.cancelled, totals.unknown, totals.attempts, totals.estimated, totals.priced, usage.input,
            usage.cachedInput, usage.cacheWrite, usage.cacheWriteHour, usage.output, usage.reasoning, usage.audioInput, usage.audioOutput,
            usage.imageInput, usage.imageOutput, totals.cost.amount, totals.compared.amount, totals.baseline.amount,
            totals.savedTokens, totals.savedCost.amount,
        ]
    }

    /// A cell from `keys`, from column 0 on.
    static func cell(_ result: PostgresResult, _ row: Int) -> UsageCell {
        var cell = UsageCell(start: result.int(row, 2))
        cell.shape = UsageCell.Shape(rawValue: UInt8(truncatingIfNeeded: result.int(row, 0))) ?? .all
        cell.span = UsageCell.Span(rawValue: UInt8(truncatingIfNeeded: result.int(row, 1))) ?? .hour
        cell.key = result.name(row, 3)
        cell.project = result.name(row, 4)
        cell.customer = result.name(row, 5)
        cell.model = result.name(row, 6)
        cell.provider = result.name(row, 7)
        cell.deployment = result.name(row, 8)
        cell.policy = result.name(row, 9)
        cell.tag = result.name(row, 10)
        return cell
    }

    /// Sums from `counts`, behind a cell.
    static func totals(_ result: PostgresResult, _ row: Int) -> LedgerTotals {
        func count(_ index: Int) -> Int64 { result.int(row, keys.count + index) }
        var totals = LedgerTotals()
        totals.requests = count(0)
        totals.failed = count(1)
        totals.cancelled = count(2)
        totals.unknown = count(3)
        totals.attempts = count(4)
        totals.estimated = count(5)
        totals.priced = count(6)
        totals.usage.input = count(7)
        totals.usage.cachedInput = count(8)
        totals.usage.cacheWrite = count(9)
        totals.usage.cacheWriteHour = count(10)
        totals.usage.output = count(11)
        totals.usage.reasoning = count(12)
        totals.usage.audioInput = count(13)
        totals.usage.audioOutput = count(14)
        totals.usage.imageInput = count(15)
        totals.usage.imageOutput = count(16)
        totals.cost = Nanodollars(count(17))
        totals.compared = Nanodollars(count(18))
        totals.baseline = Nanodollars(count(19))
        totals.savedTokens = count(20)
        totals.savedCost = Nanodollars(count(21))
        return totals
    }
}
