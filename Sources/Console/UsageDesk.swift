import Gateway
import Routing
import Schema
import Settings
import Storage
import Wire

/// `GET /api/v1/usage`: what was used, by what it is grouped by, as JSON or CSV; with what was saved against a stated baseline.
struct UsageDesk: Sendable {
    let store: any Store

    static let parameters: [AdminRoute.Parameter] =
        [
            .init(name: "group_by", help: "At most two, separated by a comma: \(UsageDimension.allCases.map(\.rawValue).joined(separator: ", "))."),
            .init(name: "from", help: "RFC 3339, a day, or milliseconds since 1970; 30 days ago without it."),
            .init(name: "to", help: "The same; now without it."), .init(name: "limit", help: "How many rows at most.", schema: "integer"),
            .init(name: "format", help: "`json` or `csv`; without it as the header Accept says."),
        ] + filters.map { .init(name: $0.rawValue, help: "Only this \($0.rawValue).") }

    private static let filters = UsageDimension.allCases.filter { $0.kind != nil }
    private static let mostRows = 10_000

    func answer(_ call: AdminCall) async throws -> AdminAnswer {
        try call.checkQuery(Self.parameters.map(\.name))
        let now = WallClock.milliseconds()
        var query = UsageQuery(
            from: try call.moment("from") ?? now - 30 * 86_400_000, to: try call.moment("to", roundedUp: true) ?? now)
        guard query.from < query.to else { throw AdminRefusal(400, "invalid_value", "`from` must be before `to`") }
        query.limit = try call.limit(1_000, most: Self.mostRows)
        query.groupBy = try Self.dimensions(call.query["group_by"])
        let isCSV = try Self.isCSV(call)
        let projects = try visible(call)
        let (rows, names, isKnown) = try await blocking { [query] in try read(query, call, projects) }
        let shown = isKnown ? rows : []
        let table = UsageTable(query, shown, names)
        return isCSV ? table.csv : table.json
    }

    private static func isCSV(_ call: AdminCall) throws -> Bool {
        switch call.query["format"] {
        case nil: call.accept?.contains("text/csv") ?? false
        case "csv": true
        case "json": false
        case let other?: throw AdminRefusal(400, "invalid_value", "`format` must be `json` or `csv`, not `\(other.prefix(50))`")
        }
    }

    /// The one project that a key manager asks for. Nil: everything.
    private func visible(_ call: AdminCall) throws -> String? {
        guard let bounds = call.caller.bounds else { return nil }
        if let project = call.query["project"], bounds.projects.contains(project) { return project }
        if bounds.projects.count == 1, call.query["project"] == nil { return bounds.projects[0] }
        let names = bounds.projects.map { "`\($0)`" }.joined(separator: ", ")
        throw AdminRefusal(403, "role_not_sufficient", "say `project`, which must be one of \(names)")
    }

    private func read(
        _ query: UsageQuery, _ call: AdminCall, _ project: String?
    ) throws -> (rows: [UsageRow], names: [NameID: StoredName], isKnown: Bool) {
        var (query, isKnown) = (query, true)
        let names = try store.names()
        for dimension in Self.filters {
            guard let kind = dimension.kind, let name = dimension == .project ? project ?? call.query["project"] : call.query[dimension.rawValue]
            else { continue }
            let id = names.first { $0.value == StoredName(kind: kind, name: name) }?.key
            query.only[dimension] = id
            if id == nil { isKnown = false }
        }
        return (isKnown ? try usage(query) : [], names, isKnown)
    }

    private func usage(_ query: UsageQuery) throws -> [UsageRow] {
        try store.usage(query)
    }

    private static func dimensions(_ text: String?) throws -> [UsageDimension] {
        let known = UsageDimension.allCases.map(\.rawValue)
        let words = (text ?? "").split(separator: ",").map { $0.drop { $0 == " " } }
        let dimensions = try words.map { word in
            guard let dimension = UsageDimension(rawValue: String(word)) else {
                throw AdminRefusal(
                    400, "invalid_value", "`\(word.prefix(50))` is nothing to group by\(Spelling.help(for: String(word), among: known))")
            }
            return dimension
        }
        let times = dimensions.filter { $0.kind == nil }.count
        guard dimensions.count <= 2, Set(dimensions).count == dimensions.count, times < 2 else {
            throw AdminRefusal(400, "invalid_value", "`group_by` takes at most two different things, of which one may be a time")
        }
        return dimensions
    }
}

extension UsageDimension {
    /// What its numbers are names of; nil for times.
    var kind: NameKind? {
        switch self {
        case .key: .key
        case .project: .project
        case .customer: .customer
        case .model: .route
        case .provider: .provider
        case .deployment: .deployment
        case .policy: .policy
        case .tag: .tag
        case .day, .hour: nil
        }
    }
}

extension AdminCall {
    /// Milliseconds since 1970: as such, as a day, or as RFC 3339 has it.
    func moment(_ name: String, roundedUp: Bool = false) throws -> Int64? {
        guard let text = query[name], !text.isEmpty else { return nil }
        if let number = Int64(text), number >= 0 { return number }
        let plain = text.split(separator: ".").first.map { text.contains(".") ? $0 + "Z" : $0 } ?? ""
        guard let moment = Moment(written: String(plain)) else {
            throw AdminRefusal(
                400, "invalid_value", "`\(name)` must be a day such as 2027-01-31, a time such as 2027-01-31T12:00:00Z, or milliseconds since 1970")
        }
        // Up to a day means that day as well.
        return moment.seconds * 1000 + (roundedUp && text.count == 10 ? 86_400_000 : 0)
    }
}
