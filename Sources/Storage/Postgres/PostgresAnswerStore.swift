/// Answers in the same database, where all its gateways find them.
public final class PostgresAnswerStore: AnswerStore {
    private let store: PostgresStore

    /// `store` stays open when this one is closed.
    public init(_ store: PostgresStore) { self.store = store }

    /// In the order of digests, so that two gateways do not wait for each other's rows.
    public func keep(_ answers: [CachedAnswer]) throws(StoreFailure) {
        guard !answers.isEmpty else { return }
        _ = try store.others.transaction(within: store.writeLimit) { _, _ throws(StoreFailure) in
            let queries = answers.sorted { $0.digest.lexicographicallyPrecedes($1.digest) }.map { answer in
                PostgresQuery(
                    """
                    INSERT INTO cached_answers(digest, key, route, stored_ms, expires_ms, bytes, worth, content_type, lines, body)
                    VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
                    ON CONFLICT (digest) DO UPDATE SET key = excluded.key, route = excluded.route, stored_ms = excluded.stored_ms,
                        expires_ms = excluded.expires_ms, bytes = excluded.bytes, worth = excluded.worth,
                        content_type = excluded.content_type, lines = excluded.lines, body = excluded.body
                    """, .bytes(answer.digest), .text(answer.key), .text(answer.route), .int8(answer.storedMilliseconds),
                    .int8(answer.expiresMilliseconds), .int8(Int64(answer.bytes)), .int8(answer.worth), .text(answer.contentType),
                    .bytes(answer.lines), .bytes(answer.body))
            }
            return (queries, ())
        }
    }

    public func answer(_ digest: [UInt8], at milliseconds: Int64) throws(StoreFailure) -> CachedAnswer? {
        let result = try store.ask(
            """
            SELECT key, route, stored_ms, expires_ms, worth, content_type, lines, body FROM cached_answers
            WHERE digest = $1 AND expires_ms > $2
            """, .bytes(digest), .int8(milliseconds))
        guard result.count == 1 else { return nil }
        return CachedAnswer(
            digest: digest, key: result.text(0, 0), route: result.text(0, 1), storedMilliseconds: result.int(0, 2),
            expiresMilliseconds: result.int(0, 3), worth: result.optionalInt(0, 4), contentType: result.text(0, 5), lines: result.bytes(0, 6),
            body: result.bytes(0, 7))
    }

    public func forget(_ selection: CacheSelection) throws(StoreFailure) -> Int {
        try store.ask(
            "DELETE FROM cached_answers WHERE ($1::text IS NULL OR key = $1) AND ($2::text IS NULL OR route = $2)", .text(selection.key),
            .text(selection.route)
        ).affected
    }

    /// Reads the index only; linear in what is kept.
    public func prune(at milliseconds: Int64, bytes: Int) throws(StoreFailure) -> (forgotten: Int, bytes: Int) {
        let gone = try store.ask(
            """
            DELETE FROM cached_answers WHERE digest IN (
                SELECT digest FROM (
                    SELECT digest, expires_ms,
                        sum(bytes) OVER (PARTITION BY expires_ms <= $1 ORDER BY stored_ms DESC, digest DESC) AS total
                    FROM cached_answers
                ) AS r WHERE expires_ms <= $1 OR total > $2
            )
            """, .int8(milliseconds), .int8(Int64(max(0, bytes)))
        ).affected
        return (gone, Int(try store.ask("SELECT coalesce(sum(bytes), 0)::bigint FROM cached_answers").int(0, 0)))
    }

    public func close() throws(StoreFailure) {}
}
