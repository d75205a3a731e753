import FoundationEssentials
import GRDB
import Routing

extension SQLiteStore {
    public func keep(_ feedback: Feedback) throws(StoreFailure) -> Bool {
        let pool = try opened()
        return try attempt {
            try pool.write { database in
                let known = try Int.fetchOne(database, sql: "SELECT source FROM feedback WHERE request = ?", arguments: [feedback.request.rawValue])
                let isNew = known != 0
                guard isNew || feedback.source == .said else { return false }
                try database.execute(
                    sql: "INSERT OR REPLACE INTO feedback(request, at_ms, score, label, source, lesson) VALUES(?, ?, ?, ?, ?, ?)",
                    arguments: [
                        feedback.request.rawValue, feedback.unixMilliseconds, feedback.score, feedback.label, Int64(feedback.source.rawValue),
                        Data(feedback.lesson),
                    ])
                return isNew
            }
        }
    }

    public func opinions(from: RequestID, limit: Int) throws(StoreFailure) -> [Feedback] {
        try read { database in
            let rows = try Row.fetchAll(
                database,
                sql: "SELECT request, at_ms, score, label, source, lesson FROM feedback WHERE request >= ? ORDER BY request DESC LIMIT ?",
                arguments: [from.rawValue, max(0, limit)])
            return rows.compactMap { row in
                guard let id = RequestID(rawValue: row[0]), let source = Feedback.Source(rawValue: row[4]) else { return nil }
                let lesson: Data = row[5]
                return Feedback(request: id, unixMilliseconds: row[1], score: row[2], label: row[3], source: source, lesson: Array(lesson))
            }
        }
    }

    public func feedback(from: RequestID, before: RequestID, limit: Int) throws(StoreFailure) -> [Feedback] {
        try read { database in
            let rows = try Row.fetchAll(
                database,
                sql: "SELECT request, at_ms, score, label FROM feedback WHERE source = 0 AND request >= ? AND request < ? "
                    + "ORDER BY request DESC LIMIT ?",
                arguments: [from.rawValue, before.rawValue, max(0, limit)])
            return rows.compactMap { row in
                RequestID(rawValue: row[0]).map { Feedback(request: $0, unixMilliseconds: row[1], score: row[2], label: row[3]) }
            }
        }
    }
}
