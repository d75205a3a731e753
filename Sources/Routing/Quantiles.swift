/// Percentiles of a deployment's recent calls, kept for a second: sorting at every request would cost more than the decision.
struct Quantiles: Sendable {
    static let lifetime = Duration.seconds(1)

    var until: Instant
    var calls: Int
    var latencyP50: Duration?
    var latencyP95: Duration?
    var firstByteP95: Duration?
}

extension Router {
    /// By slot, as of the last second.
    mutating func quantiles(of slot: Int, at now: Instant) -> Quantiles {
        let stamp = health[slot].stamp
        if let known = reliability.quantiles[stamp], now < known.until { return known }
        let fresh = Quantiles(
            until: now + Quantiles.lifetime, calls: health[slot].latency.count(at: now),
            latencyP50: health[slot].latency.percentile(0.5, at: now), latencyP95: health[slot].latency.percentile(0.95, at: now),
            firstByteP95: health[slot].firstByte.percentile(0.95, at: now))
        // Stamps of deployments that are gone are not looked for one by one.
        if reliability.quantiles.count > health.count * 2 + 64 { reliability.quantiles.removeAll() }
        reliability.quantiles[stamp] = fresh
        return fresh
    }
}
