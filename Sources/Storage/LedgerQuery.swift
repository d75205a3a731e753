import Routing

/// Which rows of the ledger are asked for. Absent bounds let everything through.
public struct LedgerQuery: Hashable, Sendable {
    /// Rows with ids below it.
    public var before: RequestID?
    /// Rows with ids from it on.
    public var from: RequestID?
    public var key: NameID?
    public var model: NameID?
    public var deployment: NameID?
    public var policy: NameID?
    public var project: NameID?
    public var customer: NameID?
    public var provider: NameID?
    /// Rows that carry it, among others or alone.
    public var tag: NameID?
    public var state: LedgerState?
    public var status: Int?
    public var limit: Int
    /// How many rows may be looked at for one page, about a microsecond each.
    public var mostLooked = 250_000

    public init(limit: Int) { self.limit = limit }

    func admits(_ row: LedgerEntry) -> Bool {
        if let before, row.id >= before { return false }
        if let from, row.id < from { return false }
        if let tag, !row.tags.contains(tag) { return false }
        if let state, row.state != state { return false }
        if let status, Int(row.status) != status { return false }
        for (column, name) in names where row[keyPath: column.path] != name { return false }
        return true
    }

    /// A column of names that rows are asked for by.
    struct Column: Sendable {
        var name: String
        var path: any KeyPath<LedgerEntry, NameID> & Sendable
        /// What sums know it as.
        var dimension: UsageDimension
    }

    /// The names that are asked for, but for the tag, which is no column of its own.
    var names: [(column: Column, name: NameID)] {
        let all: [(Column, NameID?)] = [
            (Column(name: "key", path: \.key, dimension: .key), key), (Column(name: "model", path: \.model, dimension: .model), model),
            (Column(name: "deployment", path: \.deployment, dimension: .deployment), deployment),
            (Column(name: "policy", path: \.policy, dimension: .policy), policy),
            (Column(name: "project", path: \.project, dimension: .project), project),
            (Column(name: "customer", path: \.customer, dimension: .customer), customer),
            (Column(name: "provider", path: \.provider, dimension: .provider), provider),
        ]
        return all.compactMap { column, name in name.map { (column, $0) } }
    }

    /// Whether rows are let through for more than their ids.
    var isFiltered: Bool { tag != nil || state != nil || status != nil || !names.isEmpty }

    /// What SQL asks of columns, and with which numbers: each condition ends where its number goes.
    var conditions: [(text: String, value: Int64)] {
        var found: [(text: String, value: Int64)] = []
        if let before { found.append(("id <", before.rawValue)) }
        if let from { found.append(("id >=", from.rawValue)) }
        for (column, name) in names { found.append(("\(column.name) =", Int64(name.rawValue))) }
        if let state { found.append(("state =", Int64(state.rawValue))) }
        if let status { found.append(("status =", Int64(status))) }
        return found
    }
}

/// Rows that were found, and where a search goes on.
public struct LedgerPage: Hashable, Sendable {
    public var rows: [LedgerEntry] = []
    /// Rows with ids below it were not looked at: the page was full, or enough work was done for one. Nil: none is left.
    public var next: RequestID?

    public init() {}
}
