import Routing

/// Which sums answer a query: as few as possible, each row of the ledger in exactly one of them.
struct UsagePlan: Hashable, Sendable {
    /// Cells of one shape and span that begin in a stretch of hours.
    struct Part: Hashable, Sendable {
        var shape: UsageCell.Shape
        var span: UsageCell.Span
        var from: Int64
        var to: Int64
    }

    var parts: [Part] = []

    /// - Parameters:
    ///   - folded: Hours before it count in days and months too, others in hours alone.
    ///   - hoursKept: Hours before it are known by the day only: there a query is widened to whole days.
    /// - Returns: Nil where a tag is asked for beside another name: tags are summed apart.
    init?(_ query: UsageQuery, folded: Int64, hoursKept: Int64) {
        let names = Set(query.groupBy.filter { $0 != .day && $0 != .hour }).union(query.only.keys.filter { $0 != .day && $0 != .hour })
        guard !names.contains(.tag) || names.count == 1 else { return nil }
        let whole: UsageCell.Shape = names.contains(.tag) ? .tag : .all
        let small: UsageCell.Shape = names.count > 1 ? .all : names.first.map(Self.shape) ?? .none
        var from = UsageCalendar.hour(of: query.from)
        var to =
            query.to > .max - UsageCalendar.millisecondsOfHour
            ? .max : UsageCalendar.hour(of: query.to + UsageCalendar.millisecondsOfHour - 1)
        guard from < to else { return }
        let byHour = query.groupBy.contains(.hour)
        if from < hoursKept, !byHour { from = UsageCalendar.start(of: .day, at: from) }
        if to < hoursKept, !byHour { to = UsageCalendar.next(.day, from: to) }
        func add(_ shape: UsageCell.Shape, _ span: UsageCell.Span, _ from: Int64, _ to: Int64) {
            if from < to { parts.append(Part(shape: shape, span: span, from: from, to: to)) }
        }
        guard !byHour, from < folded else {
            add(whole, .hour, from, to)
            return
        }
        add(whole, .hour, folded, to)
        // What days and months have ends with `folded`: there they need not be whole.
        let end = to >= folded ? Int64.max : to
        func split(_ span: UsageCell.Span, _ from: Int64, _ to: Int64) -> (Int64, Int64) {
            let first = min(to, UsageCalendar.next(span, from: from))
            return (first, to == .max ? .max : max(first, UsageCalendar.start(of: span, at: to)))
        }
        let days = split(.day, from, end)
        add(whole, .hour, from, min(days.0, folded))
        add(whole, .hour, days.1, end)
        let months = query.groupBy.contains(.day) ? (days.1, days.1) : split(.month, days.0, days.1)
        add(small, .day, days.0, months.0)
        add(small, .month, months.0, months.1)
        add(small, .day, months.1, days.1)
    }

    private static func shape(_ dimension: UsageDimension) -> UsageCell.Shape {
        switch dimension {
        case .key: .key
        case .project: .project
        case .customer: .customer
        case .model: .model
        case .provider: .provider
        case .deployment: .deployment
        case .policy: .policy
        case .tag: .tag
        case .day, .hour: .none
        }
    }
}

/// Sums by what a query groups by.
struct UsageSums {
    /// Two at most: no array for each cell.
    struct Group: Hashable {
        var first: Int64 = 0
        var second: Int64 = 0
    }

    private let query: UsageQuery
    // Sums stand aside of the table that finds them: each is large.
    private var places: [Group: Int] = [:]
    private var groups: [Group] = []
    private var sums: [LedgerTotals] = []

    init(_ query: UsageQuery) { self.query = query }

    func admits(_ cell: UsageCell) -> Bool { query.only.allSatisfy { $0.key == .day || $0.key == .hour || cell[$0.key] == $0.value } }

    mutating func add(_ totals: LedgerTotals, of cell: UsageCell) {
        var group = Group()
        if let first = query.groupBy.first { group.first = value(first, cell) }
        if query.groupBy.count > 1 { group.second = value(query.groupBy[1], cell) }
        if let place = places[group] { return sums[place].add(totals) }
        places[group] = groups.count
        groups.append(group)
        sums.append(totals)
    }

    private func value(_ dimension: UsageDimension, _ cell: UsageCell) -> Int64 {
        switch dimension {
        case .hour: cell.start * UsageCalendar.millisecondsOfHour
        case .day: UsageCalendar.start(of: .day, at: cell.start) * UsageCalendar.millisecondsOfHour
        default: Int64(cell[dimension].rawValue)
        }
    }

    /// The largest cost first, then the most requests.
    var rows: [UsageRow] {
        let width = min(2, query.groupBy.count)
        let sorted = groups.indices.sorted { left, right in
            if sums[left].cost != sums[right].cost { return sums[left].cost > sums[right].cost }
            if sums[left].requests != sums[right].requests { return sums[left].requests > sums[right].requests }
            return (groups[left].first, groups[left].second) < (groups[right].first, groups[right].second)
        }
        return sorted.prefix(max(0, query.limit)).map { place in
            let group = groups[place]
            return UsageRow(group: width == 0 ? [] : width == 1 ? [group.first] : [group.first, group.second], totals: sums[place])
        }
    }
}

extension StoreFailure {
    static func tagsApart(path: String) -> StoreFailure {
        StoreFailure(.other, path: path, "tags are summed apart: usage by tag cannot be asked for together with another name")
    }
}
