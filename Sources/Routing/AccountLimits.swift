/// What a provider says, with a reply, it will still take from this account. Nil: it did not say.
public struct AccountLimits: Hashable, Sendable {
    public var requestsRemaining: Int?
    /// Until the requests begin anew.
    public var requestsResetIn: Duration?
    public var tokensRemaining: Int?
    public var tokensResetIn: Duration?

    public init(
        requestsRemaining: Int? = nil, requestsResetIn: Duration? = nil, tokensRemaining: Int? = nil, tokensResetIn: Duration? = nil
    ) {
        self.requestsRemaining = requestsRemaining
        self.requestsResetIn = requestsResetIn
        self.tokensRemaining = tokensRemaining
        self.tokensResetIn = tokensResetIn
    }
}

extension Router {
    /// Keeps what the provider said with the reply to `attempt`.
    public mutating func learn(_ limits: AccountLimits, of attempt: Attempt, at now: Instant) {
        guard attempt.slot < health.count, health[attempt.slot].stamp == attempt.stamp else { return }
        health[attempt.slot].accountLimits = (limits, now)
    }
}
