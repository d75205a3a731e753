import GRDB
import Routing

extension SQLiteStore {
    public func keep(_ feedback: Feedback) throws(StoreFailure) -> Bool {
        let pool = try opened()
        return try attempt {
            try pool.write { database in
                let known = try Int.fetchOne(database, sql: "SELECT 1 FROM feedback WHERE request = ?", arguments: [feedback.request.rawValue])
                try database.execute(
                    sql: "INSERT OR REPLACE INTO feedback(request, at_ms, score, label) VALUES(?, ?, ?, ?)",
                    arguments: [feedback.request.rawValue, feedback.unixMilliseconds, feedback.score, feedback.label])
                return known == nil
            }
        }
    }

    public func feedback(from: RequestID, before: RequestID, limit: Int) throws(StoreFailure) -> [Feedback] {
        try read { database in
            let rows = try Row.fetchAll(
                database,
                sql: "SELECT request, at_ms, score, label FROM feedback WHERE request >= ? AND request < ? ORDER BY request DESC LIMIT ?",
                arguments: [from.rawValue, before.rawValue, max(0, limit)])
            return rows.compactMap { row in
                RequestID(rawValue: row[0]).map { Feedback(request: $0, unixMilliseconds: row[1], score: row[2], label: row[3]) }
            }
        }
    }
}
