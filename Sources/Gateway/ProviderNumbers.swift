import Routing
import Settings
import Storage

/// Sums of counters over the deployments of one provider.
struct ProviderNumbers: Sendable {
    var attempts = Array(repeating: 0, count: Counters.outcomes)
    var usage = Usage()
    var cost = Nanodollars.zero
    var firstBytes = Histogram()
    var durations = Histogram()
    var takenOver = 0
    var handedOver = 0

    /// By name, as settings have them.
    static func all(_ counters: Counters, _ live: Live) -> [(name: String, numbers: ProviderNumbers)] {
        var found = Dictionary(live.providers.map { ($0, ProviderNumbers()) }) { first, _ in first }
        // A deployment that came with a request has its provider too.
        for (at, upstream) in live.blueprint.upstreams.enumerated() where at < counters.usage.count {
            found[upstream.providerName, default: ProviderNumbers()].add(counters, at)
        }
        return found.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    private mutating func add(_ counters: Counters, _ at: Int) {
        for column in attempts.indices { attempts[column] += counters.attempts[at * Counters.outcomes + column] }
        usage += counters.usage[at]
        cost = cost + counters.cost[at]
        firstBytes += counters.firstBytes[at]
        durations += counters.durations[at]
        takenOver += counters.takenOver[at]
        handedOver += counters.handedOver[at]
    }
}

extension Exposition {
    /// By provider: success, latency, cost, tokens, and where traffic went when an attempt had failed.
    mutating func providers(_ counters: Counters, _ live: Live) {
        let all = ProviderNumbers.all(counters, live)
        family("swiftlet_provider_attempts_total", "counter", "Attempts at a provider by outcome.")
        for (name, numbers) in all {
            for (column, count) in numbers.attempts.enumerated() where count > 0 || column == 0 {
                let outcome = column == 0 ? "success" : Fault(rawValue: UInt8(column - 1))?.name ?? ""
                sample("swiftlet_provider_attempts_total", ["provider": name, "outcome": outcome], count)
            }
        }
        family(
            "swiftlet_provider_fallbacks_total", "counter",
            "Requests that went on at another deployment: `from` the provider that was left, `to` the one that took over.")
        for (name, numbers) in all {
            sample("swiftlet_provider_fallbacks_total", ["provider": name, "direction": "from"], numbers.handedOver)
            sample("swiftlet_provider_fallbacks_total", ["provider": name, "direction": "to"], numbers.takenOver)
        }
        family("swiftlet_provider_tokens_total", "counter", "Tokens by provider and class.")
        for (name, numbers) in all {
            for (type, tokens) in numbers.usage.classes {
                sample("swiftlet_provider_tokens_total", ["provider": name, "type": type], Int(tokens))
            }
        }
        family("swiftlet_provider_cost_usd_total", "counter", "Cost by provider, in US dollars.")
        for (name, numbers) in all { sample("swiftlet_provider_cost_usd_total", ["provider": name], "\(Double(numbers.cost.amount) / 1e9)") }
        family("swiftlet_provider_first_byte_seconds", "histogram", "From an attempt's start to its reply's first byte, where it was answered.")
        for (name, numbers) in all { buckets("swiftlet_provider_first_byte_seconds", Self.label(name), numbers.firstBytes) }
        family("swiftlet_provider_duration_seconds", "histogram", "From an attempt's start to its reply's end, where it was answered.")
        for (name, numbers) in all { buckets("swiftlet_provider_duration_seconds", Self.label(name), numbers.durations) }
    }

    private static func label(_ provider: String) -> String { "provider=\"\(escaped(provider))\"" }
}
