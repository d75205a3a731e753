import Crypto
import Routing

extension PostgresStore {
    // MARK: Names

    public func intern(_ names: [String], as kind: NameKind) throws(StoreFailure) -> [NameID] {
        guard !names.isEmpty else { return [] }
        // In order, so that two gateways that start with the same settings do not wait in a circle.
        let wanted = Set(names.map(\.storable)).sorted()
        var known = try numbers(of: wanted, kind)
        let missing = wanted.filter { known[$0] == nil }
        if !missing.isEmpty {
            _ = try ask(
                "INSERT INTO names(kind, name) SELECT $1, unnest($2::text[]) ON CONFLICT DO NOTHING", .int4(Int32(kind.rawValue)), .texts(missing))
            known = try numbers(of: wanted, kind)
        }
        return try names.map { name throws(StoreFailure) in
            guard let number = known[name.storable] else { throw StoreFailure(.other, path: address.shown, "the name \(name) was not taken in") }
            return number
        }
    }

    private func numbers(of names: [String], _ kind: NameKind) throws(StoreFailure) -> [String: NameID] {
        let result = try ask("SELECT id, name FROM names WHERE kind = $1 AND name = ANY($2)", .int4(Int32(kind.rawValue)), .texts(names))
        return Dictionary((0..<result.count).map { (result.text($0, 1), result.name($0, 0)) }) { first, _ in first }
    }

    public func names() throws(StoreFailure) -> [NameID: StoredName] {
        let result = try ask("SELECT id, kind, name FROM names")
        var names: [NameID: StoredName] = [:]
        for row in 0..<result.count {
            guard let kind = NameKind(rawValue: UInt8(truncatingIfNeeded: result.int(row, 1))) else { continue }
            names[result.name(row, 0)] = StoredName(kind: kind, name: result.text(row, 2))
        }
        return names
    }

    /// SHA-256 tells equal bytes: they may be too long for an index.
    public func keep(decisionNames names: [UInt8]) throws(StoreFailure) -> NameID {
        let digest = Array(SHA256.hash(data: names))
        _ = try ask("INSERT INTO decision_names(digest, names) VALUES($1, $2) ON CONFLICT DO NOTHING", .bytes(digest), .bytes(names))
        let result = try ask("SELECT id FROM decision_names WHERE digest = $1", .bytes(digest))
        guard result.count == 1 else { throw StoreFailure(.other, path: address.shown, "names of decisions were not taken in") }
        return result.name(0, 0)
    }

    public func decisionNames(_ id: NameID) throws(StoreFailure) -> [UInt8]? {
        let result = try ask("SELECT names FROM decision_names WHERE id = $1", .int4(id.rawValue))
        return result.count == 1 ? result.bytes(0, 0) : nil
    }

    // MARK: Events

    public func append(_ events: [StoredEvent], keeping: Int) throws(StoreFailure) {
        guard !events.isEmpty else { return }
        _ = try others.transaction(within: writeLimit) { connection, _ throws(StoreFailure) in
            // Numbers are given out before their transactions end: one at a time, or a reader would page past one that comes late.
            let lock = PostgresQuery("SELECT 1 FROM pg_advisory_xact_lock($1)", .int8(PostgresMigration.lock + 1))
            let insert = PostgresQuery(
                """
                INSERT INTO events(at_ms, kind, request, detail)
                SELECT at_ms, kind, request, detail
                FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::text[]) WITH ORDINALITY AS e(at_ms, kind, request, detail, place)
                ORDER BY place
                """, .int8s(events.map(\.unixMilliseconds)), .texts(events.map(\.kind)), .int8s(events.map(\.request)), .texts(events.map(\.detail)))
            let forget = PostgresQuery(
                "DELETE FROM events WHERE id <= (SELECT id FROM events ORDER BY id DESC OFFSET $1 LIMIT 1)", .int8(Int64(max(0, keeping))))
            return ([lock, insert, forget], ())
        }
    }

    public func events(before cursor: Int64?, kind: String?, limit: Int) throws(StoreFailure) -> [StoredEvent] {
        let result = try ask(
            """
            SELECT id, at_ms, kind, request, detail FROM events WHERE id < $1 AND ($2::text IS NULL OR kind = $2) ORDER BY id DESC LIMIT $3
            """, .int8(cursor ?? .max), .text(kind), .int8(Int64(max(0, limit))))
        return (0..<result.count).map { row in
            StoredEvent(
                id: result.int(row, 0), unixMilliseconds: result.int(row, 1), kind: result.text(row, 2), request: result.int(row, 3),
                detail: result.text(row, 4))
        }
    }

    // MARK: Documents and counters

    public func documents(_ kind: DocumentKind) throws(StoreFailure) -> [StoredDocument] {
        let result = try ask("SELECT name, value FROM documents WHERE kind = $1 ORDER BY name COLLATE \"C\"", .int4(Int32(kind.rawValue)))
        return (0..<result.count).map { StoredDocument(name: result.text($0, 0), value: result.text($0, 1)) }
    }

    public func change(_ kind: DocumentKind, put: [StoredDocument], remove: [String]) throws(StoreFailure) {
        _ = try others.transaction(within: writeLimit) { _, _ throws(StoreFailure) in (Self.changing(kind, put: put, remove: remove), ()) }
    }

    static func changing(_ kind: DocumentKind, put: [StoredDocument], remove: [String]) -> [PostgresQuery] {
        // The last of two under one name holds.
        let last = Dictionary(put.map { ($0.name, $0.value) }) { _, last in last }.sorted { $0.key < $1.key }
        return [
            PostgresQuery("DELETE FROM documents WHERE kind = $1 AND name = ANY($2)", .int4(Int32(kind.rawValue)), .texts(remove)),
            PostgresQuery(
                """
                INSERT INTO documents(kind, name, value) SELECT $1, * FROM unnest($2::text[], $3::text[])
                ON CONFLICT (kind, name) DO UPDATE SET value = excluded.value
                """, .int4(Int32(kind.rawValue)), .texts(last.map(\.key)), .texts(last.map(\.value))),
        ]
    }

    public func saveCounters(_ counters: [PeriodCounter]) throws(StoreFailure) {
        guard !counters.isEmpty else { return }
        var last: [String: PeriodCounter] = [:]
        for counter in counters { last["\(counter.period) \(counter.name)"] = counter }
        let sorted = last.sorted { $0.key < $1.key }.map(\.value)
        _ = try ask(
            """
            INSERT INTO period_counters(name, period, value) SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[])
            ON CONFLICT (name, period) DO UPDATE SET value = excluded.value
            """, .texts(sorted.map(\.name)), .int8s(sorted.map { Int64($0.period) }), .int8s(sorted.map { Int64($0.value) }))
    }

    public func counters(period: Int) throws(StoreFailure) -> [PeriodCounter] {
        let result = try ask("SELECT name, value FROM period_counters WHERE period = $1 ORDER BY name COLLATE \"C\"", .int8(Int64(period)))
        return (0..<result.count).map { PeriodCounter(name: result.text($0, 0), period: period, value: Int(result.int($0, 1))) }
    }
}
