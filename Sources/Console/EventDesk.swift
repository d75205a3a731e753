import Gateway
import Routing
import Schema
import Storage
import Wire

/// `GET /api/v1/events`: what moved traffic and what was told, the newest first.
extension LedgerDesk {
    static let eventParameters: [AdminRoute.Parameter] = [
        .init(name: "kind", help: "Only events of these kinds, separated by commas: \(eventKinds.joined(separator: ", "))."),
        .init(name: "text", help: "Only events that have it in their detail, in any case: a route, a deployment, a rule, a fault."),
        .init(name: "from", help: "From then on: milliseconds since 1970, a day, or RFC 3339."),
        .init(name: "to", help: "Before then; a day means all of it."), .init(name: "cursor", help: "`next_cursor` of the page before."),
        .init(name: "limit", help: "How many at most.", schema: "integer"),
    ]
    static let eventKinds = RouterEvent.Kind.allCases.map(\.rawValue) + [AdminEvents.budgetAlert, AdminEvents.breach, TrialKeeper.eventKind]

    /// Looked at for one page, and in one statement.
    private static let mostLooked = 20_000
    private static let piece = 1_000
    /// Milliseconds that events may stand out of the order of time.
    private static let disorder: Int64 = 60_000

    func events(_ call: AdminCall) async throws -> AdminAnswer {
        try call.checkQuery(Self.eventParameters.map(\.name))
        let limit = try call.limit(100, most: 1_000)
        let filter = EventFilter(
            kinds: try Self.kinds(call), text: call.query["text"].map { $0.lowercased() } ?? "", from: try call.moment("from"),
            to: try call.moment("to", roundedUp: true))
        let cursor = try call.cursor()
        let (events, next) = try await blocking { try found(filter, before: cursor, limit: limit) }
        let dropped = dropped()
        return AdminAnswer { whole in
            whole.object { whole in
                whole.key("data")
                whole.array { list in for event in events { Self.write(event, &list) } }
                // Also where a search had looked at enough events for one page, found or not.
                whole.member("next_cursor", orNull: next.map { "\($0)" })
                whole.member("dropped", dropped)
            }
        }
    }

    private static func kinds(_ call: AdminCall) throws -> Set<String> {
        let kinds = (call.query["kind"] ?? "").split(separator: ",").map { String($0.drop { $0 == " " }) }
        for kind in kinds where !eventKinds.contains(kind) {
            throw AdminRefusal(
                400, "invalid_value", "there is no kind of event `\(kind.prefix(50))`\(Spelling.help(for: kind, among: eventKinds))")
        }
        return Set(kinds)
    }

    private func found(_ filter: EventFilter, before cursor: Int64?, limit: Int) throws -> (events: [StoredEvent], next: Int64?) {
        var (events, cursor, left) = ([StoredEvent](), cursor, Self.mostLooked)
        let only = filter.kinds.count == 1 ? filter.kinds.first : nil
        let isPlain = filter.isPlain
        while left > 0 {
            let piece = isPlain ? limit + 1 : Self.piece
            let looked = try store.events(before: cursor, kind: only, limit: piece)
            for event in looked {
                if let from = filter.from, event.unixMilliseconds < from - Self.disorder { return (events, nil) }
                guard filter.admits(event) else { continue }
                guard events.count < limit else { return (events, events.last?.id) }
                events.append(event)
            }
            guard looked.count == piece, let last = looked.last else { return (events, nil) }
            (cursor, left) = (last.id, left - looked.count)
        }
        return (events, cursor)
    }

    private static func write(_ event: StoredEvent, _ list: inout JSONWriter) {
        list.object { line in
            line.member("id", event.id)
            line.member("at", Timestamp.text(unixMilliseconds: event.unixMilliseconds))
            line.member("kind", event.kind)
            let request = event.request == 0 ? nil : RequestID(rawValue: event.request)
            line.member("request", orNull: request?.description)
            line.key("detail")
            line.raw(event.detail)
        }
    }
}

/// Which events are asked for.
private struct EventFilter: Sendable {
    /// Empty: all.
    var kinds: Set<String>
    /// In lower case; empty: any.
    var text: String
    var from: Int64?
    var to: Int64?

    /// The store's own order and choice are all there is to it.
    var isPlain: Bool { kinds.count < 2 && text.isEmpty && from == nil && to == nil }

    func admits(_ event: StoredEvent) -> Bool {
        if !kinds.isEmpty, !kinds.contains(event.kind) { return false }
        if let from, event.unixMilliseconds < from { return false }
        if let to, event.unixMilliseconds >= to { return false }
        return text.isEmpty || event.detail.lowercased().contains(text)
    }
}
