import Routing

/// Sums by the hour, and by the day of what is long over.
struct MemoryUsage: Sendable {
    /// Cells and their sums, not yet folded or folded for good.
    private var batch = UsageBatch()
    private var hoursKept = Int64.min

    mutating func add(_ row: UnsafePointer<LedgerEntry>) { batch.add(row, daysBefore: hoursKept) }

    /// What is known by the day only is corrected there.
    mutating func correct(_ deltas: UsageBatch) {
        for (cell, totals) in zip(deltas.cells, deltas.sums) {
            batch.add(totals, to: cell.start < hoursKept ? cell.reduced(to: cell.shape, .day) : cell)
        }
    }

    /// Linear in cells, of which there is one for each hour, or day, and combination of names that were in use then.
    func sums(_ query: UsageQuery, _ sums: inout UsageSums) -> Bool {
        // Folded never: hours have everything but what only days have.
        guard let plan = UsagePlan(query, folded: .min, hoursKept: hoursKept) else { return false }
        for part in plan.parts {
            for (cell, totals) in zip(batch.cells, batch.sums) where cell.shape == part.shape && (part.from..<part.to).contains(cell.start) {
                if query.groupBy.contains(.hour), cell.span == .day { continue }
                if sums.admits(cell) { sums.add(totals, of: cell) }
            }
        }
        return true
    }

    /// Returns how many hours became days.
    mutating func fold(at now: Int64) -> Int {
        let limit = UsageCalendar.start(of: .day, at: UsageCalendar.hour(of: now)) - SQLiteStore.hoursKept
        guard limit > hoursKept else { return 0 }
        hoursKept = limit
        var folded = UsageBatch()
        var hours = 0
        for (cell, totals) in zip(batch.cells, batch.sums) {
            let isOver = cell.span == .hour && cell.start < limit
            folded.add(totals, to: isOver ? cell.reduced(to: cell.shape, .day) : cell)
            hours += isOver ? 1 : 0
        }
        batch = folded
        return hours
    }
}

extension MemoryStore {
    public func usage(_ query: UsageQuery) throws(StoreFailure) -> [UsageRow] {
        let rows = try with { state -> [UsageRow]? in
            var sums = UsageSums(query)
            return state.usage.sums(query, &sums) ? sums.rows : nil
        }
        guard let rows else { throw .tagsApart(path: "") }
        return rows
    }

    /// Rows by age; their number has a bound of its own.
    public func forget(_ retention: Retention, unixMilliseconds now: Int64) throws(StoreFailure) -> Int {
        try with { state in
            var done = state.usage.fold(at: now)
            if let limit = retention.texts { done += state.forgetTexts(before: .first(atUnixMilliseconds: now - limit.wholeMilliseconds)) }
            if let limit = retention.requests {
                let first = RequestID.first(atUnixMilliseconds: now - limit.wholeMilliseconds)
                done += state.forgetTexts(before: first) + state.forgetRows(before: first)
                let events = state.events.count
                state.events.removeAll { $0.unixMilliseconds < first.unixMilliseconds }
                done += events - state.events.count + state.breaches.forget(before: first.unixMilliseconds)
            }
            let claims = state.texts.claims.count
            state.texts.claims = state.texts.claims.filter { $0.value.claim.expires > now }
            return done + claims - state.texts.claims.count
        }
    }
}

extension MemoryStore.State {
    fileprivate mutating func forgetRows(before id: RequestID) -> Int {
        let left = (rows[oldest...] + rows[..<oldest]).filter { $0.id >= id }
        guard left.count < rows.count else { return 0 }
        defer { (rows, oldest) = (left, 0) }
        return rows.count - left.count
    }

    fileprivate mutating func forgetTexts(before id: RequestID) -> Int {
        let left = texts.order.filter { $0 >= id }
        guard left.count < texts.order.count else { return 0 }
        defer { texts.order = left }
        for request in texts.order where request < id { texts.texts[request] = nil }
        return texts.order.count - left.count
    }
}
