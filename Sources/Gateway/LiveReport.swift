import Routing
import Settings
import Wire

extension Server {
    /// What is counted here as one JSON object: sums since the start, of which readers take differences, and what is the case now.
    /// Asks each loop for a copy of its counters.
    public func liveReport(unixMilliseconds now: Int64) async -> [UInt8] {
        var writer = JSONWriter()
        guard let live else {
            writer.object { $0.member("at", Int(now)) }
            return writer.bytes
        }
        let counters = await counters()
        let router = router.snapshot()
        let instant = Instant.now()
        let sums = (0..<4).map { column in
            stride(from: column, to: counters.requests.count, by: 4).reduce(0) { $0 + counters.requests[$1] }
        }
        writer.object { whole in
            whole.member("at", Int(now))
            whole.member("gateway", gatewayName)
            whole.key("requests")
            whole.object { line in
                for (name, sum) in zip(["ok", "client_error", "server_error", "client_left"], sums) { line.member(name, sum) }
            }
            whole.member("in_flight", counters.inFlight)
            whole.member("refused_by_limits", counters.refusals.reduce(0, +))
            whole.member("unpriced", counters.unpriced)
            Self.write("duration", counters.duration, &whole)
            Self.write("first_byte", counters.firstByte, &whole)
            whole.key("deployments")
            whole.array { list in
                for (at, deployment) in live.blueprint.table.deployments.enumerated() where at < counters.usage.count {
                    let health = router.health(of: at, at: instant)
                    let attempts = counters.attempts[at * Counters.outcomes..<(at + 1) * Counters.outcomes]
                    list.object { line in
                        line.member("name", deployment.name)
                        line.member("provider", live.blueprint.upstreams[at].providerName)
                        line.member("state", health.state.rawValue)
                        line.member("in_flight", health.inFlight)
                        line.member("answered", attempts.first ?? 0)
                        line.member("failed", attempts.dropFirst().reduce(0, +))
                        line.member("handed_over", counters.handedOver[at])
                        line.key("cost_usd")
                        line.raw(counters.cost[at].dollars)
                    }
                }
            }
        }
        return writer.bytes
    }

    /// Counts by bucket; the bound of a bucket is 2^n ms, the last has none.
    private static func write(_ name: String, _ histogram: Histogram, _ whole: inout JSONWriter) {
        whole.key(name)
        whole.array { list in for count in histogram.counts { list.number(count) } }
    }
}
