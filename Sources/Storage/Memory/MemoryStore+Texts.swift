import Routing

/// Texts and idempotency keys, the newest of them.
struct MemoryTexts: Sendable {
    struct Claimed: Sendable {
        var claim: IdempotencyClaim
        var answer: StoredAnswer?
    }

    var texts: [RequestID: RequestTexts] = [:]
    var order: [RequestID] = []
    var claims: [IdempotencyKey: Claimed] = [:]

    /// More than this, and those that expire first are forgotten.
    static let mostClaims = 10_000

    mutating func claim(_ claim: IdempotencyClaim) -> IdempotencyOutcome {
        if let known = claims[claim.key], known.claim.expires > claim.unixMilliseconds {
            guard known.claim.digest == claim.digest else { return .different(known.claim.request) }
            return known.answer.map { .answered(known.claim.request, $0) } ?? .inProgress(known.claim.request)
        }
        if claims.count >= Self.mostClaims {
            claims = claims.filter { $0.value.claim.expires > claim.unixMilliseconds }
            let surplus = claims.count - Self.mostClaims * 3 / 4
            for (key, _) in claims.sorted(by: { $0.value.claim.expires < $1.value.claim.expires }).prefix(max(0, surplus)) { claims[key] = nil }
        }
        claims[claim.key] = Claimed(claim: claim)
        return .new
    }
}

extension MemoryStore {
    /// As many as rows.
    public func keep(_ texts: [RequestTexts]) throws(StoreFailure) {
        try with { state in
            for text in texts {
                if state.texts.texts.updateValue(text, forKey: text.request) == nil { state.texts.order.append(text.request) }
            }
            let surplus = max(0, state.texts.order.count - self.capacity)
            for request in state.texts.order.prefix(surplus) { state.texts.texts[request] = nil }
            state.texts.order.removeFirst(surplus)
        }
    }

    public func texts(of request: RequestID) throws(StoreFailure) -> RequestTexts? { try with { $0.texts.texts[request] } }

    public func claim(_ claim: IdempotencyClaim) throws(StoreFailure) -> IdempotencyOutcome { try with { $0.texts.claim(claim) } }

    public func conclude(_ key: IdempotencyKey, with answer: StoredAnswer?) throws(StoreFailure) {
        try with { state in
            if let answer { state.texts.claims[key]?.answer = answer } else { state.texts.claims[key] = nil }
        }
    }
}
