import Routing

extension PostgresStore {
    /// One gateway at a time: the lock lasts until the transaction's end.
    public func append(_ entry: AuditEntry, with change: SettingsChange?) throws(StoreFailure) -> AuditEntry {
        let opening = [
            PostgresQuery("SELECT 1 FROM pg_advisory_xact_lock($1)", .int8(PostgresMigration.lock + 3)),
            PostgresQuery("SELECT coalesce(max(version), 0) FROM settings_versions"),
            PostgresQuery("SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1"),
        ]
        // What cannot be stored as it is would not be what the hash says.
        var storable = entry
        for text in [\AuditEntry.actor, \.role, \.action, \.subject, \.before, \.after, \.requestID] {
            storable[keyPath: text] = entry[keyPath: text].storable
        }
        return try others.transaction(within: writeLimit, opening: opening) { _, results throws(StoreFailure) in
            let newest = results[1].int(0, 0)
            if let change, change.version &- 1 != newest || change.version < 1 {
                throw StoreFailure.outdated(change.version, newest: newest, path: address.shown)
            }
            let last = results[2].count == 1 ? (results[2].int(0, 0), results[2].text(0, 1)) : nil
            let sealed = AuditChain.sealed(storable, after: last)
            let insert = PostgresQuery(
                "INSERT INTO audit(\(Self.auditColumns)) VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)", .int8(sealed.number),
                .int8(sealed.unixMilliseconds), .text(sealed.actor), .text(sealed.role), .text(sealed.action), .text(sealed.subject),
                .text(sealed.before), .text(sealed.after), .text(sealed.requestID), .text(sealed.hash))
            return ((change.map { Self.making($0, sealed) } ?? []) + [insert], sealed)
        }
    }

    private static let auditColumns = "number, at_ms, actor, role, action, subject, before, after, request, hash"

    /// Each version says only what it changed; what stood there before the first is noted as version 0.
    private static func making(_ change: SettingsChange, _ entry: AuditEntry) -> [PostgresQuery] {
        var queries: [PostgresQuery] = []
        if change.version == 1 {
            queries.append(
                PostgresQuery(
                    "INSERT INTO settings_history(name, version, value) SELECT name, 0, value FROM documents WHERE kind = $1",
                    .int4(Int32(DocumentKind.setting.rawValue))))
        }
        queries.append(
            PostgresQuery(
                "INSERT INTO settings_versions(version, at_ms, actor) VALUES($1, $2, $3)", .int8(change.version), .int8(entry.unixMilliseconds),
                .text(entry.actor)))
        queries += changing(.setting, put: change.put, remove: change.remove)
        var values: [String: String?] = [:]
        for name in change.remove { values[name] = .some(nil) }
        for document in change.put { values[document.name] = document.value }
        let gone = values.filter { $0.value == nil }.keys.sorted()
        let put = values.compactMap { name, value in value.map { (name, $0) } }
        queries.append(
            PostgresQuery(
                """
                INSERT INTO settings_history(name, version, value)
                SELECT name, $1, value FROM unnest($2::text[], $3::text[]) AS p(name, value) UNION ALL SELECT name, $1, NULL FROM unnest($4::text[]) AS g(name)
                """, .int8(change.version), .texts(put.map(\.0)), .texts(put.map(\.1)), .texts(gone)))
        return queries
    }

    public func audit(before cursor: Int64?, limit: Int) throws(StoreFailure) -> [AuditEntry] {
        try entries(
            ask(
                "SELECT \(Self.auditColumns) FROM audit WHERE number < $1 ORDER BY number DESC LIMIT $2", .int8(cursor ?? .max),
                .int8(Int64(max(0, limit)))))
    }

    public func audit(from number: Int64, limit: Int) throws(StoreFailure) -> [AuditEntry] {
        try entries(
            ask(
                "SELECT \(Self.auditColumns) FROM audit WHERE number >= $1 ORDER BY number LIMIT $2", .int8(number), .int8(Int64(max(0, limit)))))
    }

    private func entries(_ result: PostgresResult) -> [AuditEntry] {
        (0..<result.count).map { row in
            var entry = AuditEntry(
                unixMilliseconds: result.int(row, 1), actor: result.text(row, 2), role: result.text(row, 3), action: result.text(row, 4),
                subject: result.text(row, 5), before: result.text(row, 6), after: result.text(row, 7), requestID: result.text(row, 8))
            entry.number = result.int(row, 0)
            entry.hash = result.text(row, 9)
            return entry
        }
    }

    public func settingsVersion() throws(StoreFailure) -> Int64 { try ask("SELECT coalesce(max(version), 0) FROM settings_versions").int(0, 0) }

    public func settingsVersions(before cursor: Int64?, limit: Int) throws(StoreFailure) -> [SettingsVersion] {
        let result = try ask(
            "SELECT version, at_ms, actor FROM settings_versions WHERE version < $1 ORDER BY version DESC LIMIT $2", .int8(cursor ?? .max),
            .int8(Int64(max(0, limit))))
        return (0..<result.count).map { row in
            SettingsVersion(version: result.int(row, 0), unixMilliseconds: result.int(row, 1), actor: result.text(row, 2))
        }
    }

    public func settingsVersion(_ version: Int64) throws(StoreFailure) -> SettingsVersion? {
        let made = try ask("SELECT at_ms, actor FROM settings_versions WHERE version = $1", .int8(version))
        guard made.count == 1 else { return nil }
        let result = try ask(
            """
            SELECT name, value FROM (
                SELECT DISTINCT ON (name) name, value FROM settings_history WHERE version <= $1 ORDER BY name, version DESC
            ) AS newest WHERE value IS NOT NULL ORDER BY name COLLATE "C"
            """, .int8(version))
        let documents = (0..<result.count).map { StoredDocument(name: result.text($0, 0), value: result.text($0, 1)) }
        return SettingsVersion(version: version, unixMilliseconds: made.int(0, 0), actor: made.text(0, 1), documents: documents)
    }
}
