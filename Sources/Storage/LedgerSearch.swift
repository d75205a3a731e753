import Routing

/// What a store must be able to tell for a search in its rows.
protocol LedgerSource: UsageStore {
    /// Rows of a query, the newest first, straight from the table. May let rows through that have not the tag.
    func scan(_ query: LedgerQuery) throws(StoreFailure) -> [LedgerEntry]
    /// The lowest of the newest `rows` ids in a range, and how many there are; nil where there is none.
    func stretch(from: RequestID, before: RequestID, rows: Int) throws(StoreFailure) -> (lowest: RequestID, rows: Int)?
    func oldest() throws(StoreFailure) -> RequestID?
    /// Hours from it on are in sums one by one, those before by the day only. Nil: sums do not have all rows yet.
    func hoursKept() throws(StoreFailure) -> Int64?
}

/// Finds rows of many without an index on each of their names, which would cost as much to write as the rows.
///
/// Rows lie in the order of time. The newest few thousand are looked at as they are; beyond them the sums that are kept anyway say on which
/// days and in which hours there is a row of these names at all, and only there is the table read. What one page may read is bounded: a
/// search that came to its bound says where it goes on.
struct LedgerSearch<Source: LedgerSource> {
    private let source: Source
    private let query: LedgerQuery
    private var page = LedgerPage()
    /// Rows that may still be looked at.
    private var left: Int

    init(_ source: Source, _ query: LedgerQuery) {
        self.source = source
        self.query = query
        left = max(1, query.mostLooked)
    }

    /// Looked at without asking the sums: what is frequent is found here.
    private static var straight: Int { 4_000 }
    /// Looked at in one statement.
    private static var piece: Int { 20_000 }
    /// Of sums that one page goes through.
    private static var mostDays: Int64 { 400 }
    private static var millisecondsOfHour: Int64 { UsageCalendar.millisecondsOfHour }

    mutating func run() throws(StoreFailure) -> LedgerPage {
        guard query.limit > 0 else { return page }
        guard query.isFiltered else {
            page.rows = try source.scan(query)
            if page.rows.count == query.limit { page.next = page.rows.last?.id }
            return page
        }
        guard let oldest = try source.oldest() else { return page }
        let from = query.from.map { max($0, oldest) } ?? oldest
        let before = query.before ?? .first(atUnixMilliseconds: .max)
        guard from < before, let near = try source.stretch(from: from, before: before, rows: min(left, Self.straight)) else { return page }
        left -= near.rows
        guard try take(from: near.lowest, before: before), near.lowest > from else { return page }
        if let kept = try source.hoursKept() {
            try searchSums(from: from, before: near.lowest, hoursKept: kept)
        } else {
            _ = try look(from: from, before: near.lowest)
        }
        return page
    }

    /// Backward over days, in steps that grow.
    private mutating func searchSums(from: RequestID, before: RequestID, hoursKept: Int64) throws(StoreFailure) {
        let first = UsageCalendar.start(of: .day, at: UsageCalendar.hour(of: from.unixMilliseconds))
        var end = UsageCalendar.start(of: .day, at: UsageCalendar.hour(of: before.unixMilliseconds)) + 24
        var (step, days) = (Int64(1), Int64(0))
        while end > first {
            let start = max(first, end - step * 24)
            for day in try stretches(.day, start, end) {
                let hours = day >= hoursKept ? try stretches(.hour, day, day + 24) : [day]
                for hour in hours {
                    let width: Int64 = day >= hoursKept ? 1 : 24
                    let bounds = (Self.id(of: hour), Self.id(of: hour + width))
                    guard try look(from: max(from, bounds.0), before: min(before, bounds.1)) else { return }
                }
            }
            days += (end - start) / 24
            end = start
            step = min(32, step * 2)
            if days >= Self.mostDays, end > first {
                page.next = Self.id(of: end)
                return
            }
        }
    }

    private static func id(of hour: Int64) -> RequestID { .first(atUnixMilliseconds: hour * millisecondsOfHour) }

    /// Days, or hours, with a row of each of the names, the last first.
    private func stretches(_ unit: UsageDimension, _ start: Int64, _ end: Int64) throws(StoreFailure) -> [Int64] {
        var asked = query.names.map { [$0.column.dimension: $0.name] }
        if let tag = query.tag { asked.append([.tag: tag]) }
        if asked.isEmpty { asked = [[:]] }
        var common: Set<Int64>?
        for only in asked {
            var sums = UsageQuery(from: start * Self.millisecondsOfHour, to: end * Self.millisecondsOfHour)
            sums.groupBy = [unit]
            sums.only = only
            let found = Set(try source.usage(sums).filter { has($0.totals) }.map { UsageCalendar.hour(of: $0.group[0]) })
            common = common.map { $0.intersection(found) } ?? found
            if common?.isEmpty == true { return [] }
        }
        return (common ?? []).sorted(by: >)
    }

    /// Whether rows of these sums can be in the state that is asked for.
    private func has(_ totals: LedgerTotals) -> Bool {
        switch query.state {
        case nil: true
        case .failed: totals.failed > 0
        case .cancelled: totals.cancelled > 0
        case .unknown: totals.unknown > 0
        case .done: totals.requests > totals.failed + totals.cancelled + totals.unknown
        }
    }

    /// Looks through a range of ids, the newest first. False: the page is full, or enough has been done for it.
    private mutating func look(from: RequestID, before: RequestID) throws(StoreFailure) -> Bool {
        var before = before
        while from < before {
            guard left > 0 else {
                page.next = before
                return false
            }
            let most = min(left, Self.piece)
            guard let piece = try source.stretch(from: from, before: before, rows: most) else { return true }
            left -= piece.rows
            guard try take(from: piece.lowest, before: before) else { return false }
            if piece.rows < most { return true }
            before = piece.lowest
        }
        return true
    }

    /// Takes the rows that are asked for out of a range. False: the page is full.
    private mutating func take(from: RequestID, before: RequestID) throws(StoreFailure) -> Bool {
        var part = query
        (part.from, part.before) = (from, before)
        while true {
            part.limit = query.limit - page.rows.count
            let rows = try source.scan(part)
            page.rows += rows.filter(part.admits)
            if page.rows.count == query.limit {
                page.next = page.rows.last?.id
                return false
            }
            guard rows.count == part.limit, let last = rows.last else { return true }
            part.before = last.id
        }
    }
}

extension LedgerSource {
    /// Reads some thousand rows, and beyond them those of hours in which there is one that is asked for, up to `mostLooked`.
    public func requests(_ query: LedgerQuery) throws(StoreFailure) -> LedgerPage {
        var search = LedgerSearch(self, query)
        return try search.run()
    }
}
