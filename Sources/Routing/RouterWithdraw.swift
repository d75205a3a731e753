extension Router {
    /// Takes back an attempt that `next` began and nobody sent, for a reason that the router cannot know: its deployment's own budget has
    /// nothing left for this request. The next `next` chooses among the others, and the decision says so.
    public mutating func withdraw(_ attempt: Attempt, from journey: inout Journey, because reason: Ineligibility, at now: Instant) {
        _ = journey.closed(attempt)
        journey.exclude(attempt.deployment, because: reason)
        journey.attempts = max(0, journey.attempts - 1)
        if !attempt.isHedge { journey.attemptsHere = max(0, journey.attemptsHere - 1) }
        if journey.attempts == 0 {
            journey.isDecided = false
            journey.decided.warm = nil
        }
        // What the fault before it leads to is asked anew.
        if journey.attemptsHere > 0, !attempt.isHedge { journey.unanswered = true }
        if journey.envelope.maxCost != nil, let generation = generation(of: attempt.tableVersion),
            let price = generations[generation].plan.prices[attempt.deployment]
        {
            journey.spent = Nanodollars(max(0, journey.spent.amount - price.cost(ofTokens: journey.facts).amount))
        }
        let slot = attempt.slot
        guard slot < health.count, health[slot].stamp == attempt.stamp else { return }
        health[slot].inFlight -= 1
        health[slot].minute.withdrawn(in: MinuteCounter.number(at: now, origin: minuteOrigin))
        health[slot].breaker.withdrawn(probe: attempt.isProbe)
    }
}
