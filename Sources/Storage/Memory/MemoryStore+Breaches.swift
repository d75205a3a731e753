/// Breaches, at most `most`; beyond that those seen longest ago go.
struct MemoryBreaches: Sendable {
    static let most = 10_000

    var breaches: [Int64: Breach] = [:]
    var batches: [Int64: Int64] = [:]
    var lastID: Int64 = 0

    mutating func note(_ batch: BreachBatch) -> [BreachNews] {
        guard batch.number > batches[batch.writer] ?? .min else { return [] }
        batches[batch.writer] = batch.number
        let work = BreachWork(batch.deltas) { group in
            breaches.values.filter { $0.key == group.key && $0.trigger == group.trigger }.max { ($0.last, $0.id) < ($1.last, $1.id) }
        }
        let ids = work.changed.map { breach in
            var breach = breach
            if breach.id == 0 {
                lastID += 1
                breach.id = lastID
            }
            breaches[breach.id] = breach
            return breach.id
        }
        if breaches.count > Self.most {
            let oldest = breaches.values.sorted { ($0.last, $0.id) < ($1.last, $1.id) }.prefix(breaches.count - Self.most)
            for breach in oldest { breaches[breach.id] = nil }
        }
        return work.news(ids: ids)
    }

    mutating func forget(before unixMilliseconds: Int64) -> Int {
        let old = breaches.values.filter { $0.last < unixMilliseconds }
        for breach in old { breaches[breach.id] = nil }
        return old.count
    }
}

extension MemoryStore {
    public func note(_ batch: BreachBatch) throws(StoreFailure) -> [BreachNews] { try with { $0.breaches.note(batch) } }

    public func breaches(_ query: BreachQuery) throws(StoreFailure) -> [Breach] {
        try with { state in
            let found = state.breaches.breaches.values.filter(query.admits).sorted { ($0.last, $0.id) > ($1.last, $1.id) }
            return Array(found.prefix(max(0, query.limit)))
        }
    }

    public func breach(_ id: Int64) throws(StoreFailure) -> Breach? { try with { $0.breaches.breaches[id] } }

    public func mark(_ id: Int64, _ mark: Breach.Mark) throws(StoreFailure) -> Breach? {
        try with { state in
            state.breaches.breaches[id]?.take(mark)
            return state.breaches.breaches[id]
        }
    }

    public func breachSums(at unixMilliseconds: Int64) throws(StoreFailure) -> [BreachSum] {
        try with { state in
            var sums: [[Int64]] = Array(repeating: Array(repeating: 0, count: 3), count: 3)
            for breach in state.breaches.breaches.values {
                sums[Int(breach.status(at: unixMilliseconds).rawValue)][Int(breach.severity.rawValue)] += 1
            }
            return BreachSum.of(sums)
        }
    }
}

extension BreachSum {
    /// By status, then severity; without those of which there are none.
    static func of(_ sums: [[Int64]]) -> [BreachSum] {
        Breach.Status.allCases.flatMap { status in
            Breach.Severity.allCases.compactMap { severity in
                let count = sums[Int(status.rawValue)][Int(severity.rawValue)]
                return count > 0 ? BreachSum(status, severity, count) : nil
            }
        }
    }
}
