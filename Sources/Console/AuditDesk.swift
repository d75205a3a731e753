import Gateway
import Schema
import Settings
import Storage
import Wire

/// `GET /api/v1/audit` and `/audit/verify`: who changed what, and whether nobody changed that afterwards.
struct AuditDesk: Sendable {
    let store: any Store

    func list(_ call: AdminCall) async throws -> AdminAnswer {
        try call.checkQuery(["cursor", "limit"])
        let (limit, cursor, store) = (try call.limit(100, most: 1_000), try call.cursor(), store)
        let entries = try await blocking { try store.audit(before: cursor, limit: limit + 1) }
        return AdminAnswer { whole in
            whole.object { whole in
                whole.key("data")
                whole.array { list in for entry in entries.prefix(limit) { Self.write(entry, &list) } }
                whole.member("next_cursor", orNull: entries.count > limit ? "\(entries[limit - 1].number)" : nil)
            }
        }
    }

    /// Reads the whole chain, a thousand entries at a time.
    func verify(_ call: AdminCall) async throws -> AdminAnswer {
        try call.checkQuery([])
        let store = store
        let (count, last, broken) = try await blocking { () throws -> (Int64, AuditEntry?, Int64?) in
            var last: AuditEntry?
            while true {
                let entries = try store.audit(from: (last?.number ?? 0) + 1, limit: 1_000)
                if let broken = AuditChain.firstBroken(entries, after: last) { return (broken - 1, last, broken) }
                guard let end = entries.last else { return (last?.number ?? 0, last, nil) }
                last = end
            }
        }
        return AdminAnswer { whole in
            whole.object { whole in
                whole.member("ok", broken == nil)
                whole.member("entries", count)
                whole.key("first_broken")
                if let broken { whole.number(broken) } else { whole.null() }
                // To be noted elsewhere: it shows later that nothing was cut off.
                whole.member("last_hash", orNull: last?.hash)
            }
        }
    }

    private static func write(_ entry: AuditEntry, _ list: inout JSONWriter) {
        list.object { line in
            line.member("number", entry.number)
            line.member("at", Timestamp.text(unixMilliseconds: entry.unixMilliseconds))
            line.member("actor", entry.actor)
            line.member("role", entry.role)
            line.member("action", entry.action)
            line.member("subject", entry.subject)
            for (name, text) in [("before", entry.before), ("after", entry.after)] {
                line.key(name)
                if let node = text.isEmpty ? nil : JSONNode.read(text) { node.write(to: &line) } else { line.null() }
            }
            line.member("request_id", orNull: entry.requestID.isEmpty ? nil : entry.requestID)
            line.member("hash", entry.hash)
        }
    }
}

extension AdminCall {
    /// `cursor` where it is a number.
    func cursor() throws -> Int64? {
        guard let text = query["cursor"] else { return nil }
        guard let cursor = Int64(text) else { throw AdminRefusal(400, "invalid_value", "`cursor` is none of ours") }
        return cursor
    }
}
