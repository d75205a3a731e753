import Routing

/// What a run came to. Two runs of one scenario with one seed give equal reports.
public struct Report: Hashable, Sendable, CustomStringConvertible {
    public struct Violation: Hashable, Sendable, CustomStringConvertible {
        public let at: Instant
        /// In order of arrival; -1: none.
        public let request: Int
        public let what: String

        public var description: String { "at \(Double(at.nanoseconds / 1_000_000) / 1000) s request \(request) \(what)" }
    }

    public let scenario: String
    public let seed: UInt64
    public internal(set) var requests = 0
    public internal(set) var succeeded = 0
    public internal(set) var left = 0
    public internal(set) var failed: [String: Int] = [:]
    public internal(set) var attempts = 0
    public internal(set) var panics = 0
    public internal(set) var probes = 0
    public internal(set) var waits = 0
    /// Attempts by deployment name.
    public internal(set) var load: [String: Int] = [:]
    /// Over everything that happened, in order.
    public internal(set) var trace: UInt64 = 0
    public internal(set) var violations: [Violation] = []

    init(scenario: String, seed: UInt64) {
        self.scenario = scenario
        self.seed = seed
    }

    /// Of the requests whose client stayed.
    public var success: Double { requests == left ? 1 : Double(succeeded) / Double(requests - left) }

    mutating func note(_ what: UInt64, at now: Instant) { trace = Random.mix(trace ^ Random.mix(what) ^ UInt64(bitPattern: now.nanoseconds)) }

    public var description: String {
        let share = Double(Int(success * 10_000)) / 100
        let ends = failed.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
        let loads = load.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
        let head = "\(scenario), seed \(seed): \(requests) requests, \(share) % answered, \(attempts) attempts (\(loads))"
        let rest = ", \(panics) panics, \(probes) probes, \(waits) waits\(ends.isEmpty ? "" : "; failed: \(ends)")"
        return ([head + rest] + violations.map { "  \($0)" }).joined(separator: "\n")
    }
}
