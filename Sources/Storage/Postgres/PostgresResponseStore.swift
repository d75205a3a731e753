/// Responses in the same database, on the connections of whoever is in no hurry.
public final class PostgresResponseStore: ResponseStore {
    private let store: PostgresStore

    /// `store` stays open when this one is closed.
    public init(_ store: PostgresStore) { self.store = store }

    public var isShared: Bool { true }

    public func keep(_ responses: [StoredResponse]) throws(StoreFailure) {
        guard !responses.isEmpty else { return }
        let life = store.life
        _ = try store.others.transaction(within: store.writeLimit) { _, _ throws(StoreFailure) in
            let queries = responses.sorted { $0.id < $1.id }.map { response in
                PostgresQuery(
                    """
                    INSERT INTO responses(id, owner, created_ms, expires_ms, previous, bytes, input, body, gateway, life)
                    VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
                    ON CONFLICT (id) DO UPDATE SET created_ms = excluded.created_ms, expires_ms = excluded.expires_ms,
                        previous = excluded.previous, bytes = excluded.bytes, input = excluded.input, body = excluded.body,
                        gateway = excluded.gateway, life = excluded.life
                    WHERE responses.owner = excluded.owner
                    """, .text(response.id), .text(response.owner), .int8(response.createdMilliseconds), .int8(response.expiresMilliseconds),
                    .text(response.previous), .int8(Int64(response.bytes)), .bytes(response.input), .bytes(response.body),
                    .int8(response.isAtWork ? life?.number.rawValue : nil), .int8(response.isAtWork ? life?.life : nil))
            }
            return (queries, ())
        }
    }

    public func response(_ id: String, owner: String, at milliseconds: Int64) throws(StoreFailure) -> StoredResponse? {
        let result = try store.ask(
            """
            SELECT created_ms, expires_ms, previous, input, body, EXISTS(
                SELECT 1 FROM gateways g WHERE g.number = responses.gateway AND g.life = responses.life AND g.alive
            )::int::bigint FROM responses WHERE id = $1 AND owner = $2 AND expires_ms > $3
            """, .text(id), .text(owner), .int8(milliseconds))
        guard result.count == 1 else { return nil }
        var found = StoredResponse(
            id: id, owner: owner, createdMilliseconds: result.int(0, 0), expiresMilliseconds: result.int(0, 1),
            previous: result.isNull(0, 2) ? nil : result.text(0, 2), input: result.bytes(0, 3), body: result.bytes(0, 4))
        found.isAtWork = result.int(0, 5) == 1
        return found
    }

    public func remove(_ id: String, owner: String) throws(StoreFailure) -> Bool {
        try store.ask("DELETE FROM responses WHERE id = $1 AND owner = $2", .text(id), .text(owner)).affected > 0
    }

    /// Reads the index only; linear in what is kept.
    public func prune(at milliseconds: Int64, count: Int, bytes: Int) throws(StoreFailure) -> Int {
        try store.ask(
            """
            DELETE FROM responses WHERE id IN (
                SELECT id FROM (
                    SELECT id, expires_ms, row_number() OVER newest AS place, sum(bytes) OVER newest AS total
                    FROM responses WINDOW newest AS (PARTITION BY expires_ms <= $1 ORDER BY created_ms DESC, id DESC)
                ) AS r WHERE expires_ms <= $1 OR place > $2 OR total > $3
            )
            """, .int8(milliseconds), .int8(Int64(max(0, count))), .int8(Int64(max(0, bytes)))
        ).affected
    }

    public func close() throws(StoreFailure) {}
}
