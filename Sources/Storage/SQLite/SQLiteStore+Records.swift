import FoundationEssentials
import GRDB
import GRDBSQLite

extension SQLiteStore {
    /// Linear in the tables that ever were, which are as many as changes of settings.
    public func keep(decisionNames names: [UInt8]) throws(StoreFailure) -> NameID {
        let pool = try opened()
        return try attempt {
            try pool.write { database in
                let blob = names.withUnsafeBytes { Data($0) }
                if let known = try Int32.fetchOne(database, sql: "SELECT id FROM decision_names WHERE names = ?", arguments: [blob]) {
                    try database.execute(sql: "UPDATE decision_names SET kept_ms = ? WHERE id = ?", arguments: [self.clock(), known])
                    return NameID(rawValue: known)
                }
                try database.execute(sql: "INSERT INTO decision_names(names, kept_ms) VALUES(?, ?)", arguments: [blob, self.clock()])
                return NameID(rawValue: Int32(truncatingIfNeeded: database.lastInsertedRowID))
            }
        }
    }

    public func decisionNames(_ id: NameID) throws(StoreFailure) -> [UInt8]? {
        try read { database in
            try Data.fetchOne(database, sql: "SELECT names FROM decision_names WHERE id = ?", arguments: [id.rawValue]).map { Array($0) }
        }
    }

    // MARK: Events

    public func append(_ events: [StoredEvent], keeping: Int) throws(StoreFailure) {
        let pool = try opened()
        try attempt {
            try pool.write { database in
                for event in events {
                    try database.execute(
                        sql: "INSERT INTO events(at_ms, kind, request, detail) VALUES(?, ?, ?, ?)",
                        arguments: [event.unixMilliseconds, event.kind, event.request, event.detail])
                }
                try database.execute(sql: "DELETE FROM events WHERE id <= (SELECT max(id) FROM events) - ?", arguments: [keeping])
            }
        }
    }

    public func events(before cursor: Int64?, kind: String?, limit: Int) throws(StoreFailure) -> [StoredEvent] {
        try read { database in
            let rows = try Row.fetchCursor(
                database,
                sql: """
                    SELECT id, at_ms, kind, request, detail FROM events
                    WHERE id < ? AND (? IS NULL OR kind = ?) ORDER BY id DESC LIMIT ?
                    """,
                arguments: [cursor ?? .max, kind, kind, max(0, limit)])
            var events: [StoredEvent] = []
            while let row = try rows.next() {
                events.append(StoredEvent(id: row[0], unixMilliseconds: row[1], kind: row[2], request: row[3], detail: row[4]))
            }
            return events
        }
    }

    // MARK: Documents and counters

    public func documents(_ kind: DocumentKind) throws(StoreFailure) -> [StoredDocument] {
        try read { database in
            let rows = try Row.fetchCursor(
                database, sql: "SELECT name, value FROM documents WHERE kind = ? ORDER BY name", arguments: [kind.rawValue])
            var documents: [StoredDocument] = []
            while let row = try rows.next() { documents.append(StoredDocument(name: row[0], value: row[1])) }
            return documents
        }
    }

    public func change(_ kind: DocumentKind, put: [StoredDocument], remove: [String]) throws(StoreFailure) {
        let pool = try opened()
        try attempt { try pool.write { try Self.change(kind, put: put, remove: remove, $0) } }
    }

    static func change(_ kind: DocumentKind, put: [StoredDocument], remove: [String], _ database: Database) throws {
        for name in remove {
            try database.execute(sql: "DELETE FROM documents WHERE kind = ? AND name = ?", arguments: [kind.rawValue, name])
        }
        for document in put {
            try database.execute(
                sql: "INSERT OR REPLACE INTO documents(kind, name, value) VALUES(?, ?, ?)",
                arguments: [kind.rawValue, document.name, document.value])
        }
    }

    public func saveCounters(_ counters: [PeriodCounter]) throws(StoreFailure) {
        guard !counters.isEmpty else { return }
        let pool = try opened()
        try attempt {
            try pool.write { database in
                for counter in counters {
                    try database.execute(
                        sql: "INSERT OR REPLACE INTO period_counters(name, period, value) VALUES(?, ?, ?)",
                        arguments: [counter.name, counter.period, counter.value])
                }
            }
        }
    }

    public func counters(period: Int) throws(StoreFailure) -> [PeriodCounter] {
        try read { database in
            let rows = try Row.fetchCursor(
                database, sql: "SELECT name, value FROM period_counters WHERE period = ? ORDER BY name", arguments: [period])
            var counters: [PeriodCounter] = []
            while let row = try rows.next() { counters.append(PeriodCounter(name: row[0], period: period, value: row[1])) }
            return counters
        }
    }
}
