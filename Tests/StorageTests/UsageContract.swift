import Routing
import Testing

@testable import Storage

/// What every store promises of sums: those of the rows, whatever has become of these.
@Suite("Store contract: usage") struct UsageContract {
    typealias Kind = StoreContract.Kind
    let folder: Folder
    init() throws { folder = try Folder() }

    static let hour: Int64 = 3_600_000
    /// 2025-10-01T00:00Z.
    static let start: Int64 = 1_759_276_800_000

    /// Rows of four months, a few to a day, with all their names by chance.
    static func rows(_ count: Int, seed: UInt64) -> [LedgerEntry] {
        var chance = Seeded(seed)
        return (0..<count).map { number in
            // In three hours of each day, the first and the last among them.
            let ofDay: Int64 = [0, 13, 23].randomElement(using: &chance) ?? 0
            let hours = Int64.random(in: 0..<122, using: &chance) * 24 + ofDay
            let time: Int64 = start + hours * hour + Int64.random(in: 0..<hour, using: &chance)
            var row = LedgerEntry.sample(number)
            row.id = RequestID(millisecond: time - RequestID.epoch, node: Int64(number & 1_023), sequence: Int64(number >> 10))
            row.startedUnixMilliseconds = time
            func name(_ count: Int32) -> NameID { NameID(rawValue: .random(in: 0..<count, using: &chance)) }
            (row.key, row.project, row.customer, row.model) = (name(6), name(3), name(3), name(4))
            (row.provider, row.deployment, row.policy) = (name(3), name(5), name(2))
            row.tags = (0..<Int.random(in: 0..<4, using: &chance)).map { _ in name(5) }
            row.baseline = number % 3 == 0 ? Nanodollars(5_000) : nil
            return row
        }
    }

    /// What a query should say: a loop over rows.
    static func expected(_ query: UsageQuery, _ rows: [LedgerEntry]) -> [[Int64]: LedgerTotals] {
        let (from, to) = (query.from / hour * hour, (query.to + hour - 1) / hour * hour)
        var sums: [[Int64]: LedgerTotals] = [:]
        for row in rows where row.startedUnixMilliseconds >= from && row.startedUnixMilliseconds < to {
            func name(_ dimension: UsageDimension) -> NameID? {
                switch dimension {
                case .key: row.key
                case .project: row.project
                case .customer: row.customer
                case .model: row.model
                case .provider: row.provider
                case .deployment: row.deployment
                case .policy: row.policy
                case .tag, .day, .hour: nil
                }
            }
            let tags = query.groupBy.contains(.tag) || query.only[.tag] != nil ? Array(Set(row.tags)) : [.none]
            for tag in tags {
                func value(_ dimension: UsageDimension) -> NameID { dimension == .tag ? tag : name(dimension) ?? .none }
                guard query.only.allSatisfy({ value($0.key) == $0.value }) else { continue }
                let group = query.groupBy.map { dimension -> Int64 in
                    switch dimension {
                    case .day: row.startedUnixMilliseconds / (24 * hour) * (24 * hour)
                    case .hour: row.startedUnixMilliseconds / hour * hour
                    default: Int64(value(dimension).rawValue)
                    }
                }
                sums[group, default: LedgerTotals()].add(row)
            }
        }
        return sums
    }

    func check(
        _ store: any Store, _ query: UsageQuery, _ rows: [LedgerEntry], _ comment: Comment, line: SourceLocation = #_sourceLocation
    ) throws {
        let expected = Self.expected(query, rows)
        let found = try store.usage(query)
        #expect(Dictionary(uniqueKeysWithValues: found.map { ($0.group, $0.totals) }) == expected, comment, sourceLocation: line)
        let costs = found.map(\.totals.cost)
        #expect(costs == costs.sorted(by: >), sourceLocation: line)
    }

    static let groupings: [[UsageDimension]] = [
        [], [.key], [.project], [.customer], [.model], [.provider], [.deployment], [.policy], [.tag], [.day], [.hour], [.key, .model],
        [.day, .project], [.key, .day], [.hour, .provider], [.tag, .day], [.hour, .tag], [.day, .hour],
    ]

    /// Asks every grouping for stretches that begin and end anywhere.
    func checkAll(_ store: any Store, _ rows: [LedgerEntry], seed: UInt64, _ comment: String) throws {
        var chance = Seeded(seed)
        for grouping in Self.groupings {
            for round in 0..<6 {
                let ends = (0..<2).map { _ in Self.start + Int64.random(in: -2 * Self.hour..<125 * 24 * Self.hour, using: &chance) }.sorted()
                var query = UsageQuery(from: ends[0], to: ends[1])
                query.groupBy = grouping
                query.limit = 1_000_000
                // Whole months and all there is, too.
                if round == 1 { (query.from, query.to) = (Self.start + 31 * 24 * Self.hour, Self.start + 92 * 24 * Self.hour) }
                if round == 2 { (query.from, query.to) = (Self.start, Self.start + 200 * 24 * Self.hour) }
                if round > 3, !grouping.contains(.tag) { query.only[.model] = NameID(rawValue: 1) }
                if round > 4, !grouping.contains(.tag) { query.only[.key] = NameID(rawValue: 2) }
                try check(store, query, rows, "\(comment): \(grouping), \(query.from / Self.hour) to \(query.to / Self.hour), only \(query.only)")
            }
        }
    }

    func tend(_ store: any Store, at now: Int64, _ retention: Retention = Retention()) throws {
        var calls = 0
        while try store.forget(retention, unixMilliseconds: now) > 0, calls < 20_000 { calls += 1 }
        #expect(calls < 20_000)
    }

    @Test("sums are those of the rows, however they are asked for", arguments: Kind.allCases)
    func sums(kind: Kind) throws {
        let store = try kind.open(in: folder)
        let rows = Self.rows(1_500, seed: 21)
        for start in stride(from: 0, to: rows.count, by: 100) {
            _ = try store.append(rows[start..<start + 100])
            // Given again they count once.
            _ = try store.append(rows[start + 50..<start + 100])
        }
        #expect(try store.usage(UsageQuery(from: 0, to: .max)).first?.totals == store.totals())
        try checkAll(store, rows, seed: 1, "by the hour")
    }

    @Test(
        "sums stay the same while hours become days, rows come late and others are forgotten",
        arguments: Kind.allCases.filter { $0 != .shared })
    func folded(kind: Kind) throws {
        let store = try kind.open(in: folder)
        let rows = Self.rows(1_500, seed: 22)
        _ = try store.append(rows[..<900])
        // In the middle of the third month: the hours before are folded, a month of them is kept.
        let middle = Self.start + (70 * 24 + 7) * Self.hour + 5
        try tend(store, at: middle)
        let recent = rows[..<900].filter { $0.startedUnixMilliseconds >= middle - 30 * 24 * Self.hour }
        try check(store, hourly(from: middle - 30 * 24 * Self.hour), recent, "hours of a month")
        // Late for hours that are folded, and for hours that are not.
        _ = try store.append(rows[900...])
        try checkDays(store, rows, seed: 2)
        let end = Self.start + 130 * 24 * Self.hour
        try tend(store, at: end)
        try checkDays(store, rows, seed: 3)
        var retention = Retention()
        retention.requests = .seconds(86_400)
        try tend(store, at: end, retention)
        #expect(try store.requests(after: nil, limit: 10).isEmpty)
        try checkDays(store, rows, seed: 4)
        #expect(try store.totals().requests == 1_500)
    }

    private func hourly(from: Int64) -> UsageQuery {
        var query = UsageQuery(from: from, to: Self.start + 300 * 24 * Self.hour)
        query.groupBy = [.hour]
        query.limit = 1_000_000
        return query
    }

    /// Whole days: of what is long over nothing finer is known.
    private func checkDays(_ store: any Store, _ rows: [LedgerEntry], seed: UInt64) throws {
        var chance = Seeded(seed)
        for grouping in Self.groupings where !grouping.contains(.hour) {
            for round in 0..<8 {
                let days = (0..<2).map { _ in Int64.random(in: -2..<135, using: &chance) }.sorted()
                var query = UsageQuery(from: Self.start + days[0] * 24 * Self.hour, to: Self.start + days[1] * 24 * Self.hour)
                if round == 0 { (query.from, query.to) = (Self.start, Self.start + 150 * 24 * Self.hour) }
                query.groupBy = grouping
                query.limit = 1_000_000
                if round > 5, !grouping.contains(.tag) { query.only = [.provider: NameID(rawValue: 1), .policy: NameID(rawValue: 0)] }
                try check(store, query, rows, "\(grouping), days \(days), only \(query.only)")
            }
        }
    }

    @Test("the most expensive come first, as many as are asked for; tags stand alone", arguments: Kind.allCases)
    func limits(kind: Kind) throws {
        let store = try kind.open(in: folder)
        let rows = Self.rows(200, seed: 23)
        _ = try store.append(rows[...])
        var query = UsageQuery(from: 0, to: .max)
        query.groupBy = [.key]
        let all = try store.usage(query)
        query.limit = 2
        #expect(try store.usage(query) == Array(all.prefix(2)))
        query.limit = 0
        #expect(try store.usage(query).isEmpty)
        query.limit = 10
        query.groupBy = [.tag, .key]
        #expect(throws: StoreFailure.self) { try store.usage(query) }
        query.groupBy = [.tag]
        query.only = [.key: NameID(rawValue: 1)]
        #expect(throws: StoreFailure.self) { try store.usage(query) }
        query.only = [.tag: NameID(rawValue: 1)]
        #expect(try store.usage(query).map(\.group) == [[1]])
        #expect(try store.usage(UsageQuery(from: 5, to: 5)).isEmpty)
        #expect(try store.usage(UsageQuery(from: .max, to: .min)).isEmpty)
    }

    @Test("absurd counts of a thousand rows still add up to a number", arguments: Kind.allCases)
    func absurd(kind: Kind) throws {
        let store = try kind.open(in: folder)
        let rows = (0..<1_000).map { number in
            var row = LedgerEntry.sample(number)
            row.usage.input = .max
            row.usage.output = .min
            row.cost = Nanodollars(.max)
            return row
        }
        _ = try store.append(rows[...])
        #expect(try store.totals().usage.input == 1_000 << 53)
        #expect(try store.totals().usage.output == 0)
        #expect(try store.totals().cost == Nanodollars(1_000 << 53))
    }
}

@Suite("Usage calendar") struct UsageCalendarTests {
    @Test(
        "days and months begin where the calendar says",
        arguments: [
            // Of 1970-01-01, 1999-12-31T23, 2000-02-29T12, 2024-03-01, 2025-12-31T23, 2100-03-01, 1969-12-31T23.
            (0, 0, 0, 0, 0), (262_967, 262_944, 262_224, 262_968, 262_968), (264_396, 264_384, 263_712, 264_408, 264_408),
            (474_792, 474_792, 474_792, 474_792, 474_792), (490_895, 490_872, 490_152, 490_896, 490_896),
            (1_140_984, 1_140_984, 1_140_984, 1_140_984, 1_140_984), (-1, -24, -744, 0, 0),
        ] as [(Int64, Int64, Int64, Int64, Int64)])
    func starts(hour: Int64, day: Int64, month: Int64, nextDay: Int64, nextMonth: Int64) {
        #expect(UsageCalendar.start(of: .hour, at: hour) == hour)
        #expect(UsageCalendar.start(of: .day, at: hour) == day)
        #expect(UsageCalendar.start(of: .month, at: hour) == month)
        #expect(UsageCalendar.next(.day, from: hour) == nextDay)
        #expect(UsageCalendar.next(.month, from: hour) == nextMonth)
    }
}
