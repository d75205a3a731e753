/// What a deployment's measured fields were when they were last worked out. Percentiles sort, so they are kept for a while.
struct LiveReading: Sendable {
    /// Nothing here is older when it is used.
    static let maxAge = Duration.milliseconds(100)

    /// Who held the slot.
    var stamp = -1
    var at = Instant.zero
    /// Milliseconds; nil without calls.
    var latencyP50: Double?
    var latencyP95: Double?
    var errorRate: Double?
}

extension Router {
    /// The value of a field that the router answers itself. What costs nothing is of this moment.
    mutating func live(_ index: Int, _ plan: Plan, _ generation: Int, at now: Instant) -> Value {
        let measure = plan.conditions.live[index].measure
        let isProvider = plan.conditions.live[index].deployments.count != 1 || plan.conditions.live[index].name.text.hasPrefix("provider.")
        if !isProvider {
            return live(measure, of: plan.conditions.live[index].deployments[0], plan, generation, at: now)
        }
        return provider(measure, plan.conditions.live[index].deployments, plan, generation, at: now)
    }

    private mutating func live(
        _ measure: LiveField.Measure, of id: Deployment.ID, _ plan: Plan, _ generation: Int, at now: Instant
    ) -> Value {
        let slot = generations[generation].slots[id]
        switch measure {
        case .inFlight: return .number(Double(health[slot].inFlight))
        case .state:
            switch health[slot].breaker.shownState(at: now) {
            case .closed: return .text("closed")
            case .open: return .text("open")
            case .halfOpen: return .text("half_open")
            }
        case .quotaExceeded: return .flag(health[slot].quotaExceeded && health[slot].breaker.isResting(at: now))
        case .available: return .flag(!plan.traits[id].paused && !health[slot].breaker.isResting(at: now))
        case .latencyP50: return reading(of: slot, at: now).latencyP50.map { .number($0) } ?? .missing
        case .latencyP95: return reading(of: slot, at: now).latencyP95.map { .number($0) } ?? .missing
        case .errorRate: return reading(of: slot, at: now).errorRate.map { .number($0) } ?? .missing
        }
    }

    /// Of all deployments of a provider: sums of what adds up, the best of what is a time.
    private mutating func provider(
        _ measure: LiveField.Measure, _ deployments: [Deployment.ID], _ plan: Plan, _ generation: Int, at now: Instant
    ) -> Value {
        var best: Double?
        var flag = false
        var sum = 0.0
        for id in deployments {
            switch live(measure, of: id, plan, generation, at: now) {
            case .flag(let own): flag = flag || own
            case .number(let own):
                best = min(best ?? own, own)
                sum += own
            default: continue
            }
        }
        switch measure {
        case .available, .quotaExceeded: return deployments.isEmpty ? .missing : .flag(flag)
        case .inFlight: return deployments.isEmpty ? .missing : .number(sum)
        case .errorRate: return errorRate(of: deployments, generation, at: now)
        case .latencyP50, .latencyP95: return best.map { .number($0) } ?? .missing
        case .state: return .missing
        }
    }

    /// Calls of all deployments together: one that has few calls says little.
    private func errorRate(of deployments: [Deployment.ID], _ generation: Int, at now: Instant) -> Value {
        var (calls, faults) = (0, 0)
        for id in deployments {
            let counted = health[generations[generation].slots[id]].breaker.counts(at: now)
            calls += counted.successes + counted.faults
            faults += counted.faults
        }
        return calls == 0 ? .missing : .number(Double(faults) / Double(calls))
    }

    private mutating func reading(of slot: Int, at now: Instant) -> LiveReading {
        if readings.count <= slot { readings += Array(repeating: LiveReading(), count: health.count - readings.count) }
        let known = readings[slot]
        if known.stamp == health[slot].stamp, now - known.at <= LiveReading.maxAge, now >= known.at { return known }
        func milliseconds(_ duration: Duration?) -> Double? { duration.map { Double($0.nanoseconds) / 1e6 } }
        let fresh = LiveReading(
            stamp: health[slot].stamp, at: now, latencyP50: milliseconds(health[slot].latency.percentile(0.5, at: now)),
            latencyP95: milliseconds(health[slot].latency.percentile(0.95, at: now)), errorRate: health[slot].breaker.errorRate(at: now))
        readings[slot] = fresh
        return fresh
    }
}
