import Routing
import Simulation
import Storage
import Translation

/// A row of the ledger by its names, as a replay looks at it.
struct ReplayRow: Sendable {
    var logged: LoggedRequest
    var unixMilliseconds: Int64
    var api: API
    var key: String?
    /// The route it came to, before a rule sent it elsewhere where the row knows that.
    var route: String
    var policy: String?
    var project: String?
    var tags: [String]
    var mode: AutoMode?
    var seed: UInt64?
    /// What it asks of a deployment, as far as the row shows: what others were left out for is known, what all could do is not.
    var needs: Needs
    /// How hard it was, where somebody had asked.
    var appraisal: Appraisal?
    /// Fields of conditions that its rule looked at, as they were then.
    var observed: [String: Value]

    /// Nil: a request whose route is not kept, or that was not routed.
    init?(_ row: LedgerEntry, _ names: [NameID: StoredName], origin: Int64) {
        guard let api = API(rawValue: row.api), api != .passThrough, let route = names[row.model]?.name ?? names[row.route]?.name,
            !route.hasPrefix("router/")
        else { return nil }
        let decision = Decision(decoding: row.decision.array)
        let milliseconds = row.id.unixMilliseconds
        let at = Instant(nanoseconds: (milliseconds - origin) * 1_000_000)
        var logged = LoggedRequest(
            id: UInt64(bitPattern: row.id.rawValue), at: at, route: route, tries: Self.tries(row, names), end: Self.end(row))
        logged.isStreamed = row.streamed
        logged.took = .microseconds(row.durationMicroseconds)
        logged.usage = row.usage
        logged.cost = row.priced || !row.usage.countsSomething ? row.cost : nil
        self.logged = logged
        unixMilliseconds = milliseconds
        self.api = api
        self.route = route
        key = names[row.key]?.name
        policy = names[row.policy]?.name
        project = names[row.project]?.name
        tags = row.tags.compactMap { names[$0]?.name }
        mode = decision?.mode
        seed = decision?.seed
        needs = Self.needs(row, api, decision)
        appraisal = decision?.complexity.map { Appraisal($0) }
        observed = [:]
        for seen in (decision?.hits ?? []).flatMap(\.observed) { observed[seen.field] = Self.value(seen.value) }
    }

    private static func end(_ row: LedgerEntry) -> LoggedRequest.End {
        switch row.state {
        case .done: .answered
        case .cancelled: .cancelled
        case .failed, .unknown: .failed
        }
    }

    private static func tries(_ row: LedgerEntry, _ names: [NameID: StoredName]) -> [LoggedRequest.Try] {
        row.history.compactMap { record in
            guard let name = names[record.deployment]?.name else { return nil }
            return LoggedRequest.Try(
                deployment: name, fault: record.state == .done || record.fault == .cancelled ? nil : record.fault ?? .unavailable,
                firstByte: record.firstByteMicroseconds.map { .microseconds(max(0, $0 - record.startedMicroseconds)) },
                took: .microseconds(max(0, record.endedMicroseconds - record.startedMicroseconds)))
        }
    }

    private static func needs(_ row: LedgerEntry, _ api: API, _ decision: Decision?) -> Needs {
        var needs: Needs = row.streamed ? [.streaming] : []
        switch api.family {
        case .chat: needs.insert(.chat)
        case .completion: needs.insert(.completions)
        case .embedding: needs.insert(.embeddings)
        case .count, .passThrough: break
        }
        if row.usage.imageInput > 0 { needs.insert(.vision) }
        if row.usage.audioInput > 0 || row.usage.audioOutput > 0 { needs.insert(.audio) }
        for candidate in decision?.candidates ?? [] {
            if case .lacks(let lacked)? = candidate.excludedBecause { needs.formUnion(lacked) }
        }
        return needs
    }

    /// As decisions have it.
    private static func value(_ text: String) -> Value {
        switch text {
        case "nothing": .missing
        case "true", "false": .flag(text == "true")
        default: Value.text(text).number.map { .number($0) } ?? .text(text)
        }
    }
}
