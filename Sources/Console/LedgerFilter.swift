import Schema
import Storage

/// Which requests are asked for.
enum LedgerFilter {
    static let parameters: [AdminRoute.Parameter] =
        [
            .init(name: "cursor", help: "`next_cursor` of the page before."), .init(name: "limit", help: "How many at most.", schema: "integer"),
            .init(name: "from", help: "Begun from then on: milliseconds since 1970, a day, or RFC 3339."),
            .init(name: "to", help: "Begun before then; a day means all of it."),
            .init(name: "state", help: LedgerState.allCases.map { "`\($0.name)`" }.joined(separator: ", ") + "."),
            .init(name: "status", help: "The answer's HTTP status.", schema: "integer"),
        ] + named.map { .init(name: $0.parameter, help: "Only of this \($0.parameter).") }

    private static let named: [(parameter: String, kind: NameKind, member: any WritableKeyPath<LedgerQuery, NameID?> & Sendable)] = [
        ("key", .key, \.key), ("model", .route, \.model), ("deployment", .deployment, \.deployment), ("policy", .policy, \.policy),
        ("project", .project, \.project), ("customer", .customer, \.customer), ("provider", .provider, \.provider), ("tag", .tag, \.tag),
    ]

    /// Nil: a filter names what the ledger has never seen, so nothing can match.
    static func query(_ call: AdminCall, _ names: [NameID: StoredName], limit: Int) throws -> LedgerQuery? {
        var query = LedgerQuery(limit: limit)
        if let text = call.query["cursor"] {
            guard let id = RequestID(text) else { throw AdminRefusal(400, "invalid_value", "`cursor` is none of ours") }
            query.before = id
        }
        if let moment = try call.moment("from") { query.from = .first(atUnixMilliseconds: moment) }
        if let moment = try call.moment("to", roundedUp: true) {
            let end = RequestID.first(atUnixMilliseconds: moment)
            query.before = query.before.map { min($0, end) } ?? end
        }
        if let text = call.query["status"] {
            guard let status = Int(text) else { throw AdminRefusal(400, "invalid_value", "`status` must be a number such as 200") }
            query.status = status
        }
        if let text = call.query["state"] {
            let known = LedgerState.allCases.map(\.name)
            guard let state = LedgerState.allCases.first(where: { $0.name == text }) else {
                throw AdminRefusal(400, "invalid_value", "there is no state `\(text.prefix(50))`\(Spelling.help(for: text, among: known))")
            }
            query.state = state
        }
        for filter in named {
            guard let name = call.query[filter.parameter] else { continue }
            guard let id = names.first(where: { $0.value == StoredName(kind: filter.kind, name: name) })?.key else { return nil }
            query[keyPath: filter.member] = id
        }
        return query
    }
}
