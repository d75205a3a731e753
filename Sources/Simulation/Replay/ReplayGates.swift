import Routing

/// What a policy must not come to, for programs that decide by it.
public struct ReplayGates: Hashable, Sendable {
    public struct Breach: Hashable, Sendable {
        public var what: String
        public var limit: Double
        public var value: Double
    }

    /// Each as a part: 0.1 is a tenth. Nil: not asked.
    public var costIncrease: Double?
    public var latencyIncrease: Double?
    public var refusals: Double?
    public var failures: Double?
    public var changed: Double?
    /// Asks for the upper end of the interval instead of the estimate: what is not known well enough fails.
    public var isStrict = false

    public init() {}

    /// A figure that is asked for and that nothing is known of fails.
    public func breaches(in report: ReplayReport) -> [Breach] {
        let asked: [(String, Double?, Interval?)] = [
            ("cost increase", costIncrease, report.cost.increase ?? Self.nothing(report.cost)),
            ("latency increase", latencyIncrease, report.latency.increase), ("refusals", refusals, report.refusedShare),
            ("failures", failures, report.failedShare), ("changed", changed, report.changedShare),
        ]
        return asked.compactMap { what, limit, interval in
            guard let limit else { return nil }
            let value = interval.map { isStrict ? $0.high : $0.estimate } ?? .infinity
            return value > limit ? Breach(what: what, limit: limit, value: value) : nil
        }
    }

    /// What costs nothing then and with the policy did not become dearer.
    private static func nothing(_ cost: PairedSums) -> Interval? {
        cost.count > 0 && cost.after <= 0 ? Interval(estimate: 0, low: 0, high: 0) : nil
    }
}
