import Gateway
import Schema
import Settings
import Storage
import Wire

/// `/api/v1/breaches`: incidents of guardrails and bounds, grouped by key and trigger.
struct BreachDesk: Sendable {
    /// Where breaches are.
    let store: any Store
    /// Where the audit log is.
    let audit: any Store
    let dropped: @Sendable () -> Int

    static let parameters: [AdminRoute.Parameter] = [
        .init(name: "status", help: names(Breach.Status.allCases.map(\.name))),
        .init(name: "severity", help: names(Breach.Severity.allCases.map(\.name))),
        .init(name: "key", help: "Only of this key."),
        .init(
            name: "trigger", help: names(BreachTrigger.Kind.allCases.map(\.name)) + " With a colon and a name behind it only that rule of the kind."),
        .init(name: "from", help: "Seen since then: milliseconds since 1970, a day, or RFC 3339."),
        .init(name: "to", help: "First seen before then; a day means all of it."),
        .init(name: "cursor", help: "`next_cursor` of the page before."), .init(name: "limit", help: "How many at most.", schema: "integer"),
    ]

    private static func names(_ names: [String]) -> String { names.map { "`\($0)`" }.joined(separator: ", ") + "." }

    // MARK: List

    func list(_ call: AdminCall) async throws -> AdminAnswer {
        try call.checkQuery(Self.parameters.map(\.name))
        let (limit, now, store) = (try call.limit(50, most: 500), WallClock.milliseconds(), store)
        let query = try Self.query(call, limit: limit + 1, now: now)
        let (breaches, sums) = try await blocking { (try store.breaches(query), try store.breachSums(at: now)) }
        let dropped = dropped()
        return AdminAnswer { whole in
            whole.object { whole in
                whole.key("data")
                whole.array { list in
                    for breach in breaches.prefix(limit) { list.object { Self.write(breach, at: now, to: &$0) } }
                }
                let last = breaches.count > limit ? breaches[limit - 1] : nil
                whole.member("next_cursor", orNull: last.map { BreachQuery.Cursor(last: $0.last, id: $0.id).text })
                whole.key("summary")
                whole.object { Self.write(sums, to: &$0) }
                whole.member("dropped", dropped)
            }
        }
    }

    private static func query(_ call: AdminCall, limit: Int, now: Int64) throws -> BreachQuery {
        var query = BreachQuery(now: now, limit: limit)
        query.status = try choice("status", call, Breach.Status.allCases) { $0.name }
        query.severity = try choice("severity", call, Breach.Severity.allCases) { $0.name }
        query.key = call.query["key"]
        query.from = try call.moment("from")
        query.to = try call.moment("to", roundedUp: true)
        if let text = call.query["trigger"] {
            guard let trigger = BreachTrigger(name: text) else {
                let known = BreachTrigger.Kind.allCases.map(\.name)
                throw AdminRefusal(400, "invalid_value", "there is no trigger `\(text.prefix(50))`\(Spelling.help(for: text, among: known))")
            }
            query.kind = trigger.kind
            if !trigger.rule.isEmpty { query.rule = trigger.rule }
        }
        if let text = call.query["cursor"] {
            guard let cursor = BreachQuery.Cursor(text) else { throw AdminRefusal(400, "invalid_value", "`cursor` is none of ours") }
            query.before = cursor
        }
        return query
    }

    private static func choice<Value>(_ name: String, _ call: AdminCall, _ all: [Value], _ spelled: (Value) -> String) throws -> Value? {
        guard let text = call.query[name] else { return nil }
        guard let value = all.first(where: { spelled($0) == text }) else {
            throw AdminRefusal(
                400, "invalid_value", "there is no \(name) `\(text.prefix(50))`\(Spelling.help(for: text, among: all.map(spelled)))")
        }
        return value
    }

    // MARK: One

    func one(_ call: AdminCall) async throws -> AdminAnswer {
        try call.checkQuery([])
        let (id, now, store) = (try Self.id(call), WallClock.milliseconds(), store)
        guard let breach = try await blocking({ try store.breach(id) }) else { throw AdminRefusal.unknown("breach", call.path[3]) }
        return Self.answer(breach, at: now)
    }

    /// `{status, note}`: what an operator says of it.
    func change(_ call: AdminCall) async throws -> AdminAnswer {
        let (id, body, now) = (try Self.id(call), try call.object(["status", "note"]), WallClock.milliseconds())
        let known = Breach.Status.allCases.map(\.name)
        guard let text = body["status"]?.scalar, let status = Breach.Status.allCases.first(where: { $0.name == text }) else {
            let text = body["status"]?.scalar ?? ""
            throw AdminRefusal(422, "invalid_value", "`status` must be \(Self.names(known).dropLast())\(Spelling.help(for: text, among: known))")
        }
        let note = body["note"]
        guard note == nil || note?.scalar != nil || note?.isNull == true, note?.scalar?.utf8.count ?? 0 <= Breach.Mark.longestNote else {
            throw AdminRefusal(422, "invalid_value", "`note` must be a text of at most \(Breach.Mark.longestNote) bytes")
        }
        let mark = Breach.Mark(status, unixMilliseconds: now, actor: call.caller.name, note: note?.scalar ?? "")
        let (store, audit, call) = (store, audit, call)
        let breach = try await blocking { () throws -> Breach? in
            guard let before = try store.breach(id), let breach = try store.mark(id, mark) else { return nil }
            var entry = call.mark("breaches.change", "breaches.\(id)").entry()
            entry.before = Self.state(before.status(at: now), note: before.mark?.note)
            entry.after = Self.state(status, note: mark.note)
            _ = try audit.append(entry, with: nil)
            return breach
        }
        guard let breach else { throw AdminRefusal.unknown("breach", call.path[3]) }
        return Self.answer(breach, at: now)
    }

    private static func id(_ call: AdminCall) throws -> Int64 {
        guard let id = Int64(call.path[3]), id > 0 else { throw AdminRefusal.unknown("breach", call.path[3]) }
        return id
    }

    private static func state(_ status: Breach.Status, note: String?) -> String {
        var writer = JSONWriter()
        writer.object { state in
            state.member("status", status.name)
            if let note, !note.isEmpty { state.member("note", note) }
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    // MARK: Shapes

    private static func answer(_ breach: Breach, at now: Int64) -> AdminAnswer {
        AdminAnswer { whole in
            whole.object { line in
                write(breach, at: now, to: &line)
                line.key("evidence")
                line.array { list in for text in breach.evidence.reversed() { list.string(text) } }
                line.key("timeline")
                line.array { list in for moment in breach.timeline { list.object { write(moment, to: &$0) } } }
                line.key("recommended_actions")
                line.array { list in for text in BreachAdvice.actions(for: breach) { list.string(text) } }
            }
        }
    }

    private static func write(_ breach: Breach, at now: Int64, to line: inout JSONWriter) {
        line.member("id", breach.id)
        line.member("key", breach.key)
        line.member("trigger", breach.trigger.name)
        line.member("category", breach.trigger.kind.name)
        line.member("rule", orNull: breach.trigger.rule.isEmpty ? nil : breach.trigger.rule)
        line.member("status", breach.status(at: now).name)
        line.member("severity", breach.severity.name)
        line.member("risk_score", breach.risk)
        line.member("first_seen", Timestamp.text(unixMilliseconds: breach.first))
        line.member("last_seen", Timestamp.text(unixMilliseconds: breach.last))
        line.member("incidents", breach.counts.incidents)
        for action in BreachAction.allCases.reversed() { line.member(action.name, breach.counts[action]) }
        let place = breach.place
        for (name, text) in [
            ("owner", place.owner), ("project", place.project), ("endpoint", place.endpoint), ("model", place.model), ("provider", place.provider),
        ] {
            line.member(name, orNull: text.isEmpty ? nil : text)
        }
        line.member("direction", place.isReply ? "reply" : "prompt")
        line.member("request", orNull: place.request == 0 ? nil : RequestID(rawValue: place.request)?.description)
        line.member("note", orNull: breach.mark.flatMap { $0.note.isEmpty ? nil : $0.note })
        line.member("marked_by", orNull: breach.mark?.actor)
    }

    private static func write(_ moment: Breach.Moment, to line: inout JSONWriter) {
        line.member("kind", moment.kind.name)
        line.member("at", Timestamp.text(unixMilliseconds: moment.from))
        if moment.until != moment.from { line.member("until", Timestamp.text(unixMilliseconds: moment.until)) }
        if moment.incidents > 0 { line.member("incidents", moment.incidents) }
        if !moment.actor.isEmpty { line.member("actor", moment.actor) }
        if !moment.note.isEmpty { line.member("note", moment.note) }
    }

    /// How many there are in all, whatever was asked for.
    private static func write(_ sums: [BreachSum], to line: inout JSONWriter) {
        line.member("total", sums.reduce(0) { $0 + $1.count })
        for status in Breach.Status.allCases { line.member(status.name, sums.reduce(0) { $0 + ($1.status == status ? $1.count : 0) }) }
        for severity in Breach.Severity.allCases.reversed() {
            line.member(severity.name, sums.reduce(0) { $0 + ($1.severity == severity ? $1.count : 0) })
        }
        line.member("critical_open", sums.reduce(0) { $0 + ($1.severity == .critical && $1.status != .resolved ? $1.count : 0) })
    }
}

/// What an operator may do about a breach.
enum BreachAdvice {
    static func actions(for breach: Breach) -> [String] {
        let pause = "Pause or rotate the key `\(breach.key)` if its owner does not know of it: PATCH /api/v1/keys/\(breach.key) {\"paused\": true}"
        let look = "Look at the requests of the key: GET /api/v1/requests?key=\(breach.key)"
        let own: String =
            switch breach.trigger.kind {
            case .keywords: "Ask the owner why the word is used; a word that hits ordinary requests belongs out of the list"
            case .injection: "Find where the text comes from: mostly it is a document or a tool result that the application passes on unread"
            case .personalData: "Have the application leave the data out, or route such requests to models that you host yourself"
            case .toxicity: "Look whose requests they are: an end user of the application may have to be locked out there"
            case .budgetCap: "Raise the budget if the use is wanted: GET /api/v1/budgets"
            case .keyStatus: "Somebody still uses a key that is paused, expired or rotated: give them the new one, or find out who they are"
            case .enforcement: "Allow what is asked for in the key's settings if it is wanted, or have the application ask for something else"
            case .firewall: "Try the rule on the evidence: POST /api/v1/firewall/test"
            case .moderation: "Look at the categories that the moderation endpoint named, and at its thresholds"
            }
        switch breach.trigger.kind {
        case .budgetCap, .enforcement: return [own, look]
        default: return breach.severity == .medium ? [own, look] : [pause, own, look]
        }
    }
}
