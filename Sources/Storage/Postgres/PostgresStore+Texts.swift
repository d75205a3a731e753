import Routing

extension PostgresStore {
    public func keep(_ texts: [RequestTexts]) throws(StoreFailure) {
        guard !texts.isEmpty else { return }
        _ = try others.transaction(within: writeLimit) { _, _ throws(StoreFailure) in
            let queries = texts.sorted { $0.request < $1.request }.map { text in
                PostgresQuery(
                    """
                    INSERT INTO texts(request, prompt, reply) VALUES($1, $2, $3)
                    ON CONFLICT (request) DO UPDATE SET prompt = excluded.prompt, reply = excluded.reply
                    """, .int8(text.request.rawValue), .bytes(text.prompt), .bytes(text.reply))
            }
            return (queries, ())
        }
    }

    public func texts(of request: RequestID) throws(StoreFailure) -> RequestTexts? {
        let result = try ask("SELECT prompt, reply FROM texts WHERE request = $1", .int8(request.rawValue))
        return result.count == 1 ? RequestTexts(request: request, prompt: result.bytes(0, 0), reply: result.bytes(0, 1)) : nil
    }

    // MARK: Idempotency

    /// The row is the lock: whoever inserts it, or replaces one that has expired, has the key.
    public func claim(_ claim: IdempotencyClaim) throws(StoreFailure) -> IdempotencyOutcome {
        for _ in 0..<Self.claimAttempts {
            let taken = try ask(
                """
                INSERT INTO idempotency(key, text, request, digest, expires_ms, gateway) VALUES($1, $2, $3, $4, $5, $6)
                ON CONFLICT (key, text) DO UPDATE SET request = excluded.request, digest = excluded.digest, expires_ms = excluded.expires_ms,
                    gateway = excluded.gateway, status = NULL, content_type = NULL, body = NULL
                WHERE idempotency.expires_ms <= $7 RETURNING 1
                """, .int4(claim.key.key.rawValue), .text(claim.key.text), .int8(claim.request.rawValue), .bytes(claim.digest),
                .int8(claim.expires), .int8(life?.number.rawValue ?? 0), .int8(claim.unixMilliseconds))
            if taken.count == 1 { return .new }
            let known = try ask(
                "SELECT request, digest, status, content_type, body FROM idempotency WHERE key = $1 AND text = $2", .int4(claim.key.key.rawValue),
                .text(claim.key.text))
            // Freed between the two: it may be had now.
            guard known.count == 1, let request = RequestID(rawValue: known.int(0, 0)) else { continue }
            guard known.bytes(0, 1) == claim.digest else { return .different(request) }
            guard let status = known.optionalInt(0, 2) else { return .inProgress(request) }
            return .answered(request, StoredAnswer(status: Int(status), contentType: known.text(0, 3), body: known.bytes(0, 4)))
        }
        throw StoreFailure(.locked, path: address.shown, "others take and free the same idempotency key")
    }

    private static let claimAttempts = 5

    public func conclude(_ key: IdempotencyKey, with answer: StoredAnswer?) throws(StoreFailure) {
        guard let answer else {
            _ = try ask("DELETE FROM idempotency WHERE key = $1 AND text = $2", .int4(key.key.rawValue), .text(key.text))
            return
        }
        _ = try ask(
            "UPDATE idempotency SET status = $3, content_type = $4, body = $5 WHERE key = $1 AND text = $2", .int4(key.key.rawValue),
            .text(key.text), .int4(Int32(clamping: answer.status)), .text(answer.contentType), .bytes(answer.body))
    }
}
