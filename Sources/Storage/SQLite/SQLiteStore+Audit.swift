import GRDB
import Routing

extension SQLiteStore {
    public func append(_ entry: AuditEntry, with change: SettingsChange?) throws(StoreFailure) -> AuditEntry {
        let pool = try opened()
        return try attempt {
            try pool.write { database in
                if let change {
                    let newest = try Self.settingsVersion(database)
                    guard change.version == newest + 1 else { throw StoreFailure.outdated(change.version, newest: newest, path: self.path) }
                    try Self.make(change, entry, database)
                }
                let last = try Row.fetchOne(database, sql: "SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1")
                let sealed = AuditChain.sealed(entry, after: last.map { ($0[0], $0[1]) })
                try database.execute(
                    sql: "INSERT INTO audit(\(Self.auditColumns)) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    arguments: [
                        sealed.number, sealed.unixMilliseconds, sealed.actor, sealed.role, sealed.action, sealed.subject, sealed.before,
                        sealed.after, sealed.requestID, sealed.hash,
                    ])
                return sealed
            }
        }
    }

    private static let auditColumns = "number, at_ms, actor, role, action, subject, before, after, request, hash"

    /// Each version says only what it changed; what stood there before the first is noted as version 0.
    private static func make(_ change: SettingsChange, _ entry: AuditEntry, _ database: Database) throws {
        if change.version == 1 {
            try database.execute(
                sql: "INSERT INTO settings_history(name, version, value) SELECT name, 0, value FROM documents WHERE kind = ?",
                arguments: [DocumentKind.setting.rawValue])
        }
        try database.execute(
            sql: "INSERT INTO settings_versions(version, at_ms, actor) VALUES(?, ?, ?)",
            arguments: [change.version, entry.unixMilliseconds, entry.actor])
        try self.change(.setting, put: change.put, remove: change.remove, database)
        for (name, value) in change.remove.map({ ($0, nil as String?) }) + change.put.map({ ($0.name, $0.value) }) {
            try database.execute(
                sql: "INSERT OR REPLACE INTO settings_history(name, version, value) VALUES(?, ?, ?)", arguments: [name, change.version, value])
        }
    }

    public func audit(before cursor: Int64?, limit: Int) throws(StoreFailure) -> [AuditEntry] {
        try audit("WHERE number < ? ORDER BY number DESC LIMIT ?", cursor ?? .max, limit)
    }

    public func audit(from number: Int64, limit: Int) throws(StoreFailure) -> [AuditEntry] {
        try audit("WHERE number >= ? ORDER BY number LIMIT ?", number, limit)
    }

    private func audit(_ condition: String, _ number: Int64, _ limit: Int) throws(StoreFailure) -> [AuditEntry] {
        try read { database in
            let rows = try Row.fetchCursor(
                database, sql: "SELECT \(Self.auditColumns) FROM audit \(condition)", arguments: [number, max(0, limit)])
            var entries: [AuditEntry] = []
            while let row = try rows.next() {
                var entry = AuditEntry(
                    unixMilliseconds: row[1], actor: row[2], role: row[3], action: row[4], subject: row[5], before: row[6], after: row[7],
                    requestID: row[8])
                entry.number = row[0]
                entry.hash = row[9]
                entries.append(entry)
            }
            return entries
        }
    }

    public func settingsVersion() throws(StoreFailure) -> Int64 { try read { try Self.settingsVersion($0) } }

    private static func settingsVersion(_ database: Database) throws -> Int64 {
        try Int64.fetchOne(database, sql: "SELECT max(version) FROM settings_versions") ?? 0
    }

    public func settingsVersions(before cursor: Int64?, limit: Int) throws(StoreFailure) -> [SettingsVersion] {
        try read { database in
            try Row.fetchAll(
                database, sql: "SELECT version, at_ms, actor FROM settings_versions WHERE version < ? ORDER BY version DESC LIMIT ?",
                arguments: [cursor ?? .max, max(0, limit)]
            ).map { SettingsVersion(version: $0[0], unixMilliseconds: $0[1], actor: $0[2]) }
        }
    }

    public func settingsVersion(_ version: Int64) throws(StoreFailure) -> SettingsVersion? {
        try read { database in
            let made = try Row.fetchOne(database, sql: "SELECT at_ms, actor FROM settings_versions WHERE version = ?", arguments: [version])
            guard let made else { return nil }
            // Beside max(), SQLite gives the other columns of the very row that has it.
            let rows = try Row.fetchAll(
                database, sql: "SELECT name, value, max(version) FROM settings_history WHERE version <= ? GROUP BY name ORDER BY name",
                arguments: [version])
            let documents = rows.compactMap { row in (row[1] as String?).map { StoredDocument(name: row[0], value: $0) } }
            return SettingsVersion(version: version, unixMilliseconds: made[0], actor: made[1], documents: documents)
        }
    }
}
