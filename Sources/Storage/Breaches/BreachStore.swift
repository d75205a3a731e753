/// Breaches of guardrails and bounds, grouped. Several gateways on one store see and make the same ones.
public protocol BreachStore: Sendable {
    /// Adds incidents to their breaches, or begins some: all or nothing, durable on return. A batch that was taken before is not taken
    /// again, so one whose fate is unknown may be given again. Returns what is new, each to be told by whoever gets it.
    func note(_ batch: BreachBatch) throws(StoreFailure) -> [BreachNews]
    /// Those of a query, the latest seen first.
    func breaches(_ query: BreachQuery) throws(StoreFailure) -> [Breach]
    func breach(_ id: Int64) throws(StoreFailure) -> Breach?
    /// Nil: there is none of that number.
    func mark(_ id: Int64, _ mark: Breach.Mark) throws(StoreFailure) -> Breach?
    /// How many there are of each status and severity.
    func breachSums(at unixMilliseconds: Int64) throws(StoreFailure) -> [BreachSum]
}

public struct BreachBatch: Sendable {
    /// A number by chance, of a run of a gateway.
    public var writer: Int64
    /// Rises with each batch of the writer.
    public var number: Int64
    public var deltas: [BreachDelta]
    public var unixMilliseconds: Int64

    public init(writer: Int64, number: Int64, deltas: [BreachDelta], unixMilliseconds: Int64) {
        (self.writer, self.number, self.deltas, self.unixMilliseconds) = (writer, number, deltas, unixMilliseconds)
    }
}

public struct BreachNews: Hashable, Sendable {
    public var news: Breach.News
    public var breach: Breach
}

public struct BreachSum: Hashable, Sendable {
    public var status: Breach.Status
    public var severity: Breach.Severity
    public var count: Int64

    public init(_ status: Breach.Status, _ severity: Breach.Severity, _ count: Int64) {
        (self.status, self.severity, self.count) = (status, severity, count)
    }
}

/// Which breaches are asked for. Absent bounds let everything through.
public struct BreachQuery: Hashable, Sendable {
    /// Where a page ends and the next begins.
    public struct Cursor: Hashable, Sendable {
        public var last: Int64
        public var id: Int64

        public init(last: Int64, id: Int64) { (self.last, self.id) = (last, id) }

        public init?(_ text: String) {
            let parts = text.split(separator: "-", omittingEmptySubsequences: false)
            guard parts.count == 2, let last = Int64(parts[0]), let id = Int64(parts[1]) else { return nil }
            self.init(last: last, id: id)
        }

        public var text: String { "\(last)-\(id)" }
    }

    public var now: Int64
    public var limit: Int
    public var before: Cursor?
    public var status: Breach.Status?
    public var severity: Breach.Severity?
    public var key: String?
    public var kind: BreachTrigger.Kind?
    /// Of a kind with rules: which.
    public var rule: String?
    /// Those seen since then, and first seen before then.
    public var from: Int64?
    public var to: Int64?

    public init(now: Int64, limit: Int) { (self.now, self.limit) = (now, limit) }

    enum Value: Hashable, Sendable {
        case number(Int64)
        case text(String)
    }

    /// What SQL asks; values stand where `?` does, in order.
    var conditions: (sql: String, values: [Value]) {
        var (parts, values): ([String], [Value]) = ([], [])
        func ask(_ part: String, _ some: Value...) {
            parts.append(part)
            values += some
        }
        let (active, quiet) = (Value.number(now - Breach.activeMilliseconds), Value.number(now - Breach.quietMilliseconds))
        switch status {
        case .resolved: ask("(mark = 2 OR last_ms <= ?)", quiet)
        case .investigating: ask("mark <> 2 AND last_ms > ? AND (mark = 1 OR last_ms <= ?)", quiet, active)
        case .active: ask("mark = 0 AND last_ms > ?", active)
        case nil: break
        }
        if let severity { ask("severity = ?", .number(Int64(severity.rawValue))) }
        if let key { ask("key = ?", .text(key)) }
        if let kind { ask("trigger_kind = ?", .number(Int64(kind.rawValue))) }
        if let rule { ask("rule = ?", .text(rule)) }
        if let from { ask("last_ms >= ?", .number(from)) }
        if let to { ask("first_ms < ?", .number(to)) }
        if let before { ask("(last_ms < ? OR last_ms = ? AND id < ?)", .number(before.last), .number(before.last), .number(before.id)) }
        return (parts.isEmpty ? "" : "WHERE " + parts.joined(separator: " AND "), values)
    }

    func admits(_ breach: Breach) -> Bool {
        if let status, breach.status(at: now) != status { return false }
        if let severity, breach.severity != severity { return false }
        if let key, breach.key != key { return false }
        if let kind, breach.trigger.kind != kind { return false }
        if let rule, breach.trigger.rule != rule { return false }
        if let from, breach.last < from { return false }
        if let to, breach.first >= to { return false }
        if let before, (breach.last, breach.id) >= (before.last, before.id) { return false }
        return true
    }
}

/// Breaches of some keys and triggers as a store had them, and what a batch makes of them. The same for every store.
struct BreachWork {
    struct Group: Hashable {
        var key: String
        var trigger: BreachTrigger
    }

    /// Those to be written: with id 0 they are new.
    private(set) var changed: [Breach] = []
    private var places: [Group: Int] = [:]
    private var news: [Int: Breach.News] = [:]

    /// - Parameter latest: Of a key and trigger the breach that was seen last.
    init(_ deltas: [BreachDelta], latest: (Group) throws -> Breach?) rethrows {
        for delta in deltas.sorted(by: { $0.first < $1.first }) {
            let group = Group(key: delta.key, trigger: delta.trigger)
            if places[group] == nil, let breach = try latest(group) {
                places[group] = changed.count
                changed.append(breach)
            }
            if let place = places[group], changed[place].admits(delta) {
                if let now = changed[place].take(delta), news[place] != .begun, news[place] != .reopened { news[place] = now }
            } else {
                places[group] = changed.count
                news[changed.count] = .begun
                changed.append(.begun(delta))
            }
        }
    }

    /// With the numbers that the store gave.
    func news(ids: [Int64]) -> [BreachNews] {
        changed.indices.compactMap { place in
            news[place].map { now in
                var breach = changed[place]
                breach.id = ids[place]
                return BreachNews(news: now, breach: breach)
            }
        }
    }
}
