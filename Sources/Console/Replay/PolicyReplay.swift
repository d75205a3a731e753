import Routing
import Schema
import Settings
import Simulation
import Storage

/// Logged requests through proposed settings, by the code that serves traffic.
public struct PolicyReplay: Sendable {
    /// The newest so many are replayed.
    public var limit: Int
    /// Milliseconds since 1970.
    public var from: Int64
    public var to: Int64
    public var key: String?
    public var model: String?
    public var seed: UInt64 = 1
    /// Differences that are told one by one.
    public var differences = 20

    /// Told how many requests have been read.
    public var progress: (@Sendable (Int) -> Void)?

    public init(from: Int64, to: Int64, limit: Int) {
        self.from = from
        self.to = to
        self.limit = limit
    }

    /// - Parameter current: The settings in force. Nil: how well a replay finds what happened is not told.
    public func run(_ proposed: Blueprint, current: Blueprint?, ledger: any Store) throws -> ReplayReport {
        let names = try ledger.names()
        let (entries, isWhole) = try rows(ledger, names)
        let rows = entries.compactMap { ReplayRow($0, names, origin: from) }
        let log = rows.map(\.logged)
        let (results, unknown) = Self.replay(rows, log, proposed, current: current, seed: seed)
        var report = ReplayReport(log, results, most: differences)
        if let current {
            let (known, _) = Self.replay(rows, log, current, current: current, seed: seed)
            report.agreed = zip(log, known).count { !ReplayReport.differs($0, $1) }
        }
        for field in unknown.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }) {
            report.assume("are asked for `\(field.key)`, which no row has: it is taken as missing", field.value)
        }
        report.assume("were not routed by the table, or came with a route of their own: they are left out", entries.count - rows.count)
        if !isWhole { report.assume("are the newest of the time that was asked for; older ones are left out", rows.count) }
        return report
    }

    private static func replay(_ rows: [ReplayRow], _ log: [LoggedRequest], _ blueprint: Blueprint, current: Blueprint?, seed: UInt64)
        -> ([ReplayedRequest], [String: Int])
    {
        var entrance = ReplayEntrance(blueprint, current: current)
        var entries: [UInt64: ReplayEntry] = [:]
        for row in rows { entries[row.logged.id] = entrance.entry(of: row) }
        let taken = entries
        var replay = Replay(log, on: blueprint.table, seed: seed, repriced: repriced(blueprint, current)) { request in
            taken[request.id] ?? .refused("it is unknown")
        }
        return (replay.run(), entrance.fields.unknown)
    }

    /// Deployments whose price is not what it is now.
    private static func repriced(_ blueprint: Blueprint, _ current: Blueprint?) -> Set<String> {
        guard let current else { return [] }
        let now = Dictionary(current.table.deployments.map { ($0.name, $0.price) }) { first, _ in first }
        return Set(blueprint.table.deployments.filter { now[$0.name].map { [price = $0.price] in $0 != price } ?? false }.map(\.name))
    }

    /// In the order in which they came, and whether they are all.
    private func rows(_ ledger: any Store, _ names: [NameID: StoredName]) throws -> ([LedgerEntry], isWhole: Bool) {
        var query = LedgerQuery(limit: 0)
        query.from = .first(atUnixMilliseconds: from)
        query.before = .first(atUnixMilliseconds: to)
        if let key { query.key = try Self.number(key, .key, names) }
        if let model { query.model = try Self.number(model, .route, names) }
        var rows: [LedgerEntry] = []
        while rows.count < limit {
            query.limit = min(2_000, limit - rows.count)
            let page = try ledger.requests(query)
            rows += page.rows
            progress?(rows.count)
            guard let next = page.next else { return (rows.reversed(), true) }
            query.before = next
        }
        return (rows.reversed(), false)
    }

    private static func number(_ name: String, _ kind: NameKind, _ names: [NameID: StoredName]) throws -> NameID {
        let known = names.values.filter { $0.kind == kind }.map(\.name)
        guard let id = names.first(where: { $0.value == StoredName(kind: kind, name: name) })?.key else {
            throw Unknown(what: kind == .key ? "key" : "model", name: name, known: known.sorted())
        }
        return id
    }

    struct Unknown: Error, CustomStringConvertible {
        var what: String
        var name: String
        var known: [String]
        var description: String { "the ledger has no \(what) `\(name.prefix(100))`\(Spelling.help(for: name, among: known))" }
    }
}

/// What was changed through the API, above a file.
public enum StoredSettings {
    public static func document(_ file: Node, _ store: any Store) throws -> Node {
        Overlay(try store.documents(.setting)).applied(to: file)
    }
}

/// The document that a replay proposes.
public enum ReplayProposal {
    /// Members of a policy that are no sections of settings: what has one of them alone is a policy.
    private static let sections = ["providers", "models", "policies", "keys", "server", "store", "routers", "projects"]

    /// Whether a file is all of the settings, or a policy by itself.
    public static func isWhole(_ node: Node) -> Bool { sections.contains { node[$0] != nil } }

    /// `document` with `policy` in place of the policy `name`.
    public static func document(_ document: Node, with policy: Node, named name: String) -> Node {
        Overlay.set(["policies", name][...], to: policy, in: document.isNull ? .map([]) : document)
    }

    /// Settings without the secrets that are not there: nobody is called; two of them differ, as keys must.
    public static func compiled(_ document: Node, environment: [String: String], version: Int) -> Compilation {
        Blueprint.compile(document, environment: environment, version: version) { source in
            if case .environment(let name) = source, let value = environment[name] { return .found(value) }
            return .found("replayed \(source) of sixteen")
        }
    }
}
