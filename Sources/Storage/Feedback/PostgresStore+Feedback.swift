import Routing

extension PostgresStore {
    /// `xmax` is 0 in a row that was inserted. No row comes back where what was said stays.
    public func keep(_ feedback: Feedback) throws(StoreFailure) -> Bool {
        let result = try ask(
            """
            WITH old AS (SELECT source FROM feedback WHERE request = $1)
            INSERT INTO feedback AS kept(request, at_ms, score, label, source, lesson) VALUES($1, $2, $3, $4, $5, $6)
            ON CONFLICT (request) DO UPDATE SET
                at_ms = excluded.at_ms, score = excluded.score, label = excluded.label, source = excluded.source, lesson = excluded.lesson
                WHERE excluded.source = 0 OR kept.source > 0
            RETURNING CASE WHEN xmax = 0 OR (SELECT source FROM old) > 0 THEN 1 ELSE 0 END
            """, .int8(feedback.request.rawValue), .int8(feedback.unixMilliseconds), .int8(Self.millionths(feedback.score)), .text(feedback.label),
            .int8(Int64(feedback.source.rawValue)), .bytes(feedback.lesson))
        return result.count > 0 && result.int(0, 0) == 1
    }

    public func opinions(from: RequestID, limit: Int) throws(StoreFailure) -> [Feedback] {
        let result = try ask(
            "SELECT request, at_ms, score, label, source, lesson FROM feedback WHERE request >= $1 ORDER BY request DESC LIMIT $2",
            .int8(from.rawValue), .int8(Int64(max(0, limit))))
        return (0..<result.count).compactMap { row in
            guard let id = RequestID(rawValue: result.int(row, 0)), let source = Feedback.Source(rawValue: UInt8(clamping: result.int(row, 4))) else {
                return nil
            }
            return Feedback(
                request: id, unixMilliseconds: result.int(row, 1), score: Double(result.int(row, 2)) / 1e6, label: result.text(row, 3),
                source: source, lesson: result.bytes(row, 5))
        }
    }

    public func feedback(from: RequestID, before: RequestID, limit: Int) throws(StoreFailure) -> [Feedback] {
        let result = try ask(
            "SELECT request, at_ms, score, label FROM feedback WHERE source = 0 AND request >= $1 AND request < $2 ORDER BY request DESC LIMIT $3",
            .int8(from.rawValue), .int8(before.rawValue), .int8(Int64(max(0, limit))))
        return (0..<result.count).compactMap { row in
            RequestID(rawValue: result.int(row, 0)).map {
                Feedback(request: $0, unixMilliseconds: result.int(row, 1), score: Double(result.int(row, 2)) / 1e6, label: result.text(row, 3))
            }
        }
    }

    /// Whole numbers travel in binary form here.
    private static func millionths(_ score: Double) -> Int64 { Int64((min(1, max(0, score)) * 1e6).rounded()) }
}
