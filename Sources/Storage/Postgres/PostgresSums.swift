import Routing

/// Sums that usage is answered from, written with the rows: for every hour and every day, by each combination of names, and by tag.
enum PostgresSums {
    /// No sum exceeds it: two of them still fit into 63 bits, so that an absurd row cannot stop the ledger.
    static let most: Int64 = 1 << 62 - 1
    static let hour: Int64 = 3_600_000
    static let day: Int64 = 86_400_000

    static func queries(_ rows: ArraySlice<LedgerEntry>) -> [PostgresQuery] {
        var combinations: [Key: LedgerTotals] = [:]
        var tags: [Key: LedgerTotals] = [:]
        for row in rows {
            let time = row.id.unixMilliseconds
            let start = time - time % hour
            let names = [row.key, row.project, row.customer, row.model, row.provider, row.deployment, row.policy].map(\.rawValue)
            combinations[Key(time: start, names: names), default: LedgerTotals()].add(row)
            for tag in Set(row.tags) { tags[Key(time: start, names: [tag.rawValue]), default: LedgerTotals()].add(row) }
        }
        guard !combinations.isEmpty else { return [] }
        var queries = [
            query("usage_hours", "hour", UsageColumns.keys, combinations), query("usage_days", "day", UsageColumns.keys, days(combinations)),
        ]
        if !tags.isEmpty {
            queries.append(query("usage_tag_hours", "hour", ["tag"], tags))
            queries.append(query("usage_tag_days", "day", ["tag"], days(tags)))
        }
        return queries
    }

    private struct Key: Hashable, Comparable {
        var time: Int64
        var names: [Int32]

        static func < (left: Key, right: Key) -> Bool {
            left.time != right.time ? left.time < right.time : left.names.lexicographicallyPrecedes(right.names)
        }
    }

    private static func days(_ hours: [Key: LedgerTotals]) -> [Key: LedgerTotals] {
        var days: [Key: LedgerTotals] = [:]
        for (key, totals) in hours {
            var day = key
            day.time -= key.time % Self.day
            days[day, default: LedgerTotals()].add(totals)
        }
        return days
    }

    /// In the order of the primary key, so that two gateways that add to the same sums never wait in a circle.
    private static func query(_ table: String, _ time: String, _ keys: [String], _ sums: [Key: LedgerTotals]) -> PostgresQuery {
        let sorted = sums.sorted { $0.key < $1.key }
        var parameters = [PostgresParameter.int8s(sorted.map(\.key.time))]
        for index in keys.indices { parameters.append(.int4s(sorted.map { $0.key.names[index] })) }
        for column in columns { parameters.append(.int8s(sorted.map { min(most, max(0, column($0.value))) })) }
        let all = UsageColumns.all
        let sql = """
            INSERT INTO \(table)(\(time), \(keys.joined(separator: ", ")), \(all.joined(separator: ", ")))
            SELECT * FROM unnest(\((1...parameters.count).map { "$\($0)" }.joined(separator: ", ")))
            ON CONFLICT (\(time), \(keys.joined(separator: ", "))) DO UPDATE
            SET \(all.map { "\($0) = least(\(table).\($0) + excluded.\($0), \(most))" }.joined(separator: ", "))
            """
        return PostgresQuery(sql, parameters: parameters)
    }

    /// In the order of `UsageColumns.all`.
    private static let columns: [@Sendable (LedgerTotals) -> Int64] = [
        { $0.requests }, { $0.failed }, { $0.cancelled }, { $0.unknown }, { $0.attempts }, { $0.estimated }, { $0.priced },
        { $0.usage.input }, { $0.usage.cachedInput }, { $0.usage.cacheWrite }, { $0.usage.cacheWriteHour }, { $0.usage.output },
        { $0.usage.reasoning }, { $0.usage.audioInput }, { $0.usage.audioOutput }, { $0.usage.imageInput }, { $0.usage.imageOutput },
        { $0.cost.amount },
    ]

    /// What `columns` wrote, from column `first` of a result on.
    static func totals(_ result: PostgresResult, _ row: Int, from first: Int) -> LedgerTotals {
        var totals = LedgerTotals()
        totals.requests = result.int(row, first)
        totals.failed = result.int(row, first + 1)
        totals.cancelled = result.int(row, first + 2)
        totals.unknown = result.int(row, first + 3)
        totals.attempts = result.int(row, first + 4)
        totals.estimated = result.int(row, first + 5)
        totals.priced = result.int(row, first + 6)
        totals.usage.input = result.int(row, first + 7)
        totals.usage.cachedInput = result.int(row, first + 8)
        totals.usage.cacheWrite = result.int(row, first + 9)
        totals.usage.cacheWriteHour = result.int(row, first + 10)
        totals.usage.output = result.int(row, first + 11)
        totals.usage.reasoning = result.int(row, first + 12)
        totals.usage.audioInput = result.int(row, first + 13)
        totals.usage.audioOutput = result.int(row, first + 14)
        totals.usage.imageInput = result.int(row, first + 15)
        totals.usage.imageOutput = result.int(row, first + 16)
        totals.cost = Nanodollars(result.int(row, first + 17))
        return totals
    }
}
