/// What to do next with a request.
public enum Step: Sendable {
    case attempt(Attempt)
    /// Ask again then; nothing is in flight for this request meanwhile, unless a hedge or what it stands beside is: then when that ends.
    case wait(until: Instant)
    case exhausted(Exhaustion)
}

/// One call of one deployment. Each is recorded exactly once: it counts as in flight until then.
public struct Attempt: Hashable, Sendable {
    public let deployment: Deployment.ID
    /// The table whose index `deployment` is.
    public let tableVersion: Int
    /// 1 for the first of its journey.
    public let number: Int
    /// The named route in which it was chosen: another than the journey's own after a fallback.
    public let route: Route.ID
    public let started: Instant
    /// The attempt must have ended by then: its timeout, or the request's deadline if sooner.
    public let deadline: Instant
    /// The one probe of a half-open breaker.
    public let isProbe: Bool
    /// Everything rests, and this is the least bad.
    public let isPanic: Bool
    /// Goes out beside another that is slow.
    public internal(set) var isHedge = false
    /// The place of its health, and who holds it: a slot may be given to another deployment when tables change.
    let slot: Int
    let stamp: Int
    let leaf: Int
}

/// Why a request ends without an answer.
public struct Exhaustion: Hashable, Sendable {
    public enum Reason: Hashable, Sendable {
        /// No deployment may serve, for this reason where several differ: the one nearest to serving.
        case noneEligible(Ineligibility)
        /// Everything that may be tried has failed.
        case attempts
        case deadline
        /// A conditional route has no branch whose condition holds, and no default.
        case noBranch
        /// A rule or a branch refuses the request with this text.
        case denied(String)
        /// A branch of a conditional route answers with this text instead of a deployment.
        case answered(String)
        /// Another deployment would answer the same; also `context_window` and `content_policy` without fallbacks.
        case callersFault(Fault)
        case cancelled
        /// Its attempts failed, and so do those of too many others: no further one is made. See `RetryBucket`.
        case retryStorm
        /// The journey belongs to a table that was replaced too often since.
        case tableGone
    }

    public let reason: Reason
    public let lastFault: Fault?
    /// When it is worth asking again, where known.
    public let retryAfter: Duration?
    public let attempts: Int
}
