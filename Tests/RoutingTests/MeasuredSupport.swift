import Routing

extension Router {
    /// Has deployment `id` answer one request that no strategy could lead elsewhere.
    mutating func answer(
        _ id: Deployment.ID, firstByte: Duration = .milliseconds(10), total: Duration, tokens: Int = 1, streamed: Bool = false, at now: Instant
    ) {
        end(id, .success(firstByte: firstByte, total: total, outputTokens: tokens, streamed: streamed), at: now)
    }

    mutating func fail(_ id: Deployment.ID, _ fault: Fault, at now: Instant) { end(id, .fault(fault, retryAfter: nil), at: now) }

    mutating func end(_ id: Deployment.ID, _ outcome: Outcome, inputTokens: Int = 0, at now: Instant) {
        var journey = journey(route: 0, facts: Facts(inputTokens: inputTokens, allowed: DeploymentSet([id])))
        guard case .attempt(let attempt) = next(&journey, at: now) else { return }
        record(outcome, of: attempt, in: &journey, at: now)
    }

    /// Begins a request and leaves it under way. Nil: nobody may serve.
    mutating func begin(_ facts: Facts = Facts(), at now: Instant) -> Attempt? {
        var journey = journey(route: 0, facts: facts)
        guard case .attempt(let attempt) = next(&journey, at: now) else { return nil }
        return attempt
    }

    /// Who would serve; nothing changes.
    func choice(_ facts: Facts = Facts(), mode: AutoMode? = nil, at now: Instant) -> Deployment.ID? {
        var journey = journey(route: 0, facts: facts)
        journey.mode = mode
        return explain(journey, at: now).chosen
    }
}
