import Routing
import Settings
import Storage

/// What limiters of conditional routes have counted: requests, tokens or money of a user, a tier or a project over a UTC period.
///
/// A limiter refuses nothing by itself: conditions look at it. Requests are counted as they are let pass, the rest once it is known.
final class Limiters: Sendable {
    struct Key: Hashable, Sendable {
        var limiter: String
        var entity: String
        /// Which hour or day since 1970, or when the month began; 0 for all time.
        var period: Int64
    }

    /// What a request has to add when it ends.
    struct Charge: Sendable {
        let key: Key
        let target: Limiter.Target
    }

    struct Reading: Sendable {
        var passed: Bool
        var used: Double
        var limit: Double
    }

    /// Counts kept: beyond it those of periods that are over are forgotten, then all that have counted least.
    private static let most = 100_000

    private let counts = Locked([Key: Double]())

    static func key(_ limiter: Limiter, entity: String, unixMilliseconds: Int64) -> Key {
        Key(limiter: limiter.name, entity: entity, period: period(limiter.period, unixMilliseconds))
    }

    private static func period(_ period: Limiter.Period, _ unixMilliseconds: Int64) -> Int64 {
        switch period {
        case .hour: unixMilliseconds / 3_600_000
        case .day: unixMilliseconds / 86_400_000
        case .month: LimitPeriod.month.window(at: unixMilliseconds).start
        case .total: 0
        }
    }

    /// Looks, and counts a request that passes unless `isDry`.
    func ask(_ limiter: Limiter, _ key: Key, isDry: Bool) -> Reading {
        counts.withLock { counts in
            let used = counts[key] ?? 0
            guard limiter.target == .requests else { return Reading(passed: used < limiter.limit, used: used, limit: limiter.limit) }
            let passed = used + 1 <= limiter.limit
            if passed, !isDry {
                Self.makeRoom(&counts)
                counts[key] = used + 1
            }
            return Reading(passed: passed, used: used + 1, limit: limiter.limit)
        }
    }

    /// A request has ended and cost so much.
    func add(_ charges: [Charge], _ usage: Usage, cost: Nanodollars?) {
        guard !charges.isEmpty else { return }
        counts.withLock { counts in
            for charge in charges {
                let amount: Double =
                    switch charge.target {
                    case .requests: 0
                    case .cost: Double(cost?.amount ?? 0) / 1e9
                    case .inputTokens: Double(usage.totalInput)
                    case .outputTokens: Double(usage.totalOutput)
                    }
                guard amount > 0 else { continue }
                Self.makeRoom(&counts)
                counts[charge.key, default: 0] += amount
            }
        }
    }

    private static func makeRoom(_ counts: inout [Key: Double]) {
        guard counts.count >= most else { return }
        let newest = counts.keys.reduce(into: [String: Int64]()) { $0[$1.limiter] = max($0[$1.limiter] ?? 0, $1.period) }
        counts = counts.filter { $0.key.period == newest[$0.key.limiter] }
        if counts.count >= most { counts = Dictionary(uniqueKeysWithValues: counts.sorted { $0.value > $1.value }.prefix(most / 2).map { $0 }) }
    }
}
