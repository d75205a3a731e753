import Gateway
import Routing
import Schema
import Storage
import Translation
import Wire

/// `GET /api/v1/requests`, `/requests/{id}` and `/events`: what happened, out of the store.
struct LedgerDesk: Sendable {
    let store: any Store
    let dropped: @Sendable () -> Int

    // MARK: Requests

    func requests(_ call: AdminCall) async throws -> AdminAnswer {
        try call.checkQuery(LedgerFilter.parameters.map(\.name))
        let limit = try call.limit(50, most: 500)
        let (page, names) = try await blocking { () throws -> (LedgerPage, [NameID: StoredName]) in
            let names = try store.names()
            guard let query = try LedgerFilter.query(call, names, limit: limit + 1) else { return (LedgerPage(), names) }
            return (try store.requests(query), names)
        }
        let next = page.rows.count > limit ? page.rows[limit - 1].id : page.next
        return AdminAnswer { whole in
            whole.object { whole in
                whole.key("data")
                whole.array { list in
                    for row in page.rows.prefix(limit) {
                        list.object { line in Self.write(row, names, to: &line) }
                    }
                }
                // Also where a search had looked at enough rows for one page, found or not.
                whole.member("next_cursor", orNull: next?.description)
            }
        }
    }

    func request(_ call: AdminCall) async throws -> AdminAnswer {
        let (text, role) = (call.path[3], call.caller.role)
        guard let id = RequestID(text) else { throw AdminRefusal.unknown("request", text) }
        let (row, names, tables) = try await blocking { () throws -> (LedgerEntry?, [NameID: StoredName], [UInt8]?) in
            let row = try store.request(id)
            return (row, try store.names(), try row.flatMap { try store.decisionNames($0.decisionNames) })
        }
        let texts = try await blocking { try store.texts(of: id) }
        let feedback = try await blocking { try store.feedback(of: id) }
        guard let row else { throw AdminRefusal.unknown("request", text) }
        return AdminAnswer { whole in
            whole.object { line in
                Self.write(row, names, to: &line)
                TextsDesk.write(texts, for: role, to: &line)
                if let feedback { Self.write(feedback, to: &line) }
                line.key("decision")
                if row.api == API.passThrough.rawValue {
                    PassThroughReport(row, names).write(to: &line)
                } else if let report = Self.report(row, names, tables) {
                    report.write(to: &line)
                } else {
                    line.null()
                }
            }
        }
    }

    private static func write(_ feedback: Feedback, to line: inout JSONWriter) {
        line.key("feedback")
        line.object { member in
            member.key("score")
            member.raw("\(feedback.score)")
            member.member("label", orNull: feedback.label.isEmpty ? nil : feedback.label)
            member.member("at", Timestamp.text(unixMilliseconds: feedback.unixMilliseconds))
        }
    }

    /// The decision as it was made, with what came of it.
    private static func report(_ row: LedgerEntry, _ names: [NameID: StoredName], _ tables: [UInt8]?) -> DecisionReport? {
        guard let decision = Decision(decoding: row.decision.array), let tables, let table = DecisionNames(decoding: tables) else { return nil }
        var report = DecisionReport(decision, table)
        report.policy = names[row.policy]?.name
        report.modelRequested = names[row.model]?.name
        report.cost = row.priced ? row.cost : nil
        report.attempts = row.history.map { DecisionReport.AttemptLine($0, deployment: names[$0.deployment]?.name ?? "") }
        return report
    }

    private static func write(_ row: LedgerEntry, _ names: [NameID: StoredName], to line: inout JSONWriter) {
        line.member("id", row.id.description)
        line.member("started", Timestamp.text(unixMilliseconds: row.startedUnixMilliseconds))
        line.member("api", API(rawValue: row.api)?.name ?? "")
        line.member("key", orNull: names[row.key]?.name)
        line.member("model", orNull: names[row.model]?.name)
        line.member("route", orNull: names[row.route]?.name)
        line.member("deployment", orNull: names[row.deployment]?.name)
        line.member("policy", orNull: names[row.policy]?.name)
        line.member("rule", orNull: names[row.rule]?.name)
        line.member("project", orNull: names[row.project]?.name)
        line.member("customer", orNull: names[row.customer]?.name)
        line.member("provider", orNull: names[row.provider]?.name)
        line.key("tags")
        line.array { list in for tag in row.tags { list.string(names[tag]?.name ?? "") } }
        line.member("state", row.state.name)
        line.member("status", row.status)
        line.member("fault", orNull: row.fault?.name)
        line.member("attempts", row.attempts)
        line.member("streamed", row.streamed)
        line.member("cached", row.cached)
        milliseconds("duration_ms", row.durationMicroseconds, &line)
        milliseconds("first_byte_ms", row.firstByteMicroseconds, &line)
        line.key("usage")
        line.object { usage in
            usage.member("input", row.usage.input)
            usage.member("cached_input", row.usage.cachedInput)
            usage.member("cache_write", row.usage.cacheWrite)
            usage.member("output", row.usage.output)
            usage.member("reasoning", row.usage.reasoning)
            usage.member("audio_input", row.usage.audioInput)
            usage.member("audio_output", row.usage.audioOutput)
            usage.member("cache_write_hour", row.usage.cacheWriteHour)
            usage.member("image_input", row.usage.imageInput)
            usage.member("image_output", row.usage.imageOutput)
            usage.member("estimated", row.usage.estimated)
        }
        line.member("service_tier", "\(row.usage.tier.name)")
        // Nobody knew what that tier costs: the cost is that of an ordinary request.
        if row.tierUnpriced { line.member("service_tier_unpriced", true) }
        if row.api == API.passThrough.rawValue {
            line.member("received_bytes", row.receivedBytes)
            line.member("sent_bytes", row.sentBytes)
        }
        line.key("cost_usd")
        if row.priced { line.raw(row.cost.dollars) } else { line.null() }
        line.key("baseline_usd")
        if let baseline = row.baseline { line.raw(baseline.dollars) } else { line.null() }
        if row.savedTokens > 0 {
            line.key("compression")
            line.object { compression in
                compression.member("saved_tokens", row.savedTokens)
                compression.key("saved_usd")
                compression.raw(row.savedCost.dollars)
            }
        }
    }

    private static func milliseconds(_ name: String, _ microseconds: Int64?, _ line: inout JSONWriter) {
        line.key(name)
        guard let microseconds else { return line.null() }
        line.raw("\(Double(microseconds) / 1000)")
    }
}
