import FoundationEssentials
import GRDB
import Routing

extension SQLiteStore {
    public func keep(_ texts: [RequestTexts]) throws(StoreFailure) {
        guard !texts.isEmpty else { return }
        let pool = try opened()
        try attempt {
            try pool.write { database in
                for text in texts {
                    try database.execute(
                        sql: "INSERT OR REPLACE INTO texts(request, prompt, reply) VALUES(?, ?, ?)",
                        arguments: [text.request.rawValue, Data(text.prompt), Data(text.reply)])
                }
            }
        }
    }

    public func texts(of request: RequestID) throws(StoreFailure) -> RequestTexts? {
        try read { database in
            try Row.fetchOne(database, sql: "SELECT prompt, reply FROM texts WHERE request = ?", arguments: [request.rawValue])
                .map { RequestTexts(request: request, prompt: Array($0[0] as Data), reply: Array($0[1] as Data)) }
        }
    }

    // MARK: Idempotency

    public func claim(_ claim: IdempotencyClaim) throws(StoreFailure) -> IdempotencyOutcome {
        let pool = try opened()
        return try attempt {
            try pool.write { database in
                if let known = try Self.known(claim, database) { return known }
                try database.execute(
                    sql: """
                        INSERT OR REPLACE INTO idempotency(key, text, request, digest, expires_ms, status, content_type, body)
                        VALUES(?, ?, ?, ?, ?, NULL, NULL, NULL)
                        """,
                    arguments: [claim.key.key.rawValue, claim.key.text, claim.request.rawValue, Data(claim.digest), claim.expires])
                return .new
            }
        }
    }

    /// Nil where the key is free.
    private static func known(_ claim: IdempotencyClaim, _ database: Database) throws -> IdempotencyOutcome? {
        let row = try Row.fetchOne(
            database,
            sql: "SELECT request, digest, status, content_type, body FROM idempotency WHERE key = ? AND text = ? AND expires_ms > ?",
            arguments: [claim.key.key.rawValue, claim.key.text, claim.unixMilliseconds])
        guard let row, let request = RequestID(rawValue: row[0]) else { return nil }
        guard Array(row[1] as Data) == claim.digest else { return .different(request) }
        guard let status = row[2] as Int? else { return .inProgress(request) }
        return .answered(request, StoredAnswer(status: status, contentType: row[3] ?? "", body: (row[4] as Data?).map { Array($0) } ?? []))
    }

    public func conclude(_ key: IdempotencyKey, with answer: StoredAnswer?) throws(StoreFailure) {
        let pool = try opened()
        try attempt {
            try pool.write { database in
                guard let answer else {
                    return try database.execute(
                        sql: "DELETE FROM idempotency WHERE key = ? AND text = ?", arguments: [key.key.rawValue, key.text])
                }
                try database.execute(
                    sql: "UPDATE idempotency SET status = ?, content_type = ?, body = ? WHERE key = ? AND text = ?",
                    arguments: [answer.status, answer.contentType, Data(answer.body), key.key.rawValue, key.text])
            }
        }
    }

    /// Of requests that ended with the process before: nobody will conclude them.
    static func freeClaims(_ database: Database) throws { try database.execute(sql: "DELETE FROM idempotency WHERE status IS NULL") }
}
