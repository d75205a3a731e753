extension Router {
    /// When a second attempt beside `attempt` may go out, if it has not begun to answer by then. Nil: it may not, by the route's policy,
    /// the request's nature or for want of measurements. Not before `now`.
    public func hedgeTime(of attempt: Attempt, in journey: Journey, at now: Instant) -> Instant? { nil }

    /// The second attempt, or nil: it is too early, the share of hedges is used up, or nobody else can serve.
    public mutating func hedge(_ journey: inout Journey, beside attempt: Attempt, at now: Instant) -> Attempt? { nil }
}
