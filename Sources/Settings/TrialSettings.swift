import Routing
import Schema

/// Serves part of a policy's sessions by another, and takes it back when that is worse.
public struct CanarySettings: Configurable {
    public var policy = ""
    public var share = Share(0.1)
    public var started: Moment?
    public var stopped: String?
    public var rollback = true
    public var minimum = 100
    public var maxErrorIncrease = Share(0.01)
    public var maxLatencyIncrease = 0.25
    public var maxCostIncrease = 0.25
    public var maxFeedbackLoss = 0.1

    public init() {}

    public static let fields: [Field<Self>] = [
        .setting("policy", \.policy, "The policy that is tried; it may be a draft.").required,
        .setting("share", \.share, "The part of sessions that it serves: 0.1 or 10%."),
        .setting("started", \.started, "Since when it counts; what is started through the API has it."),
        .setting("stopped", \.stopped, "Why it serves nobody any more; written when it was taken back."),
        .setting("rollback", \.rollback, "Whether it is taken back by itself once it is shown to be worse."),
        .setting("minimum", \.minimum, in: 20...1_000_000, "Requests on each side before anything is said of it."),
        .setting("max_error_increase", \.maxErrorIncrease, "More errors that are allowed, as a part of all requests: 0.01 or 1%."),
        .setting("max_latency_increase", \.maxLatencyIncrease, in: 0...1_000, "How much longer answers may take: 0.25 is a quarter."),
        .setting("max_cost_increase", \.maxCostIncrease, in: 0...1_000, "How much dearer requests may be: 0.25 is a quarter."),
        .setting("max_feedback_loss", \.maxFeedbackLoss, in: 0...1, "How much lower feedback may be, on its scale from 0 to 1."),
    ]

    var gates: CanaryGates {
        var gates = CanaryGates()
        gates.minimum = minimum
        (gates.errors, gates.latency, gates.cost, gates.feedback) = (maxErrorIncrease.share, maxLatencyIncrease, maxCostIncrease, maxFeedbackLoss)
        return gates
    }
}

/// A policy that decides beside this one, of which nothing is carried out.
public struct ShadowSettings: Configurable {
    public var policy = ""
    public var sample = Share(1)

    public init() {}

    public static let fields: [Field<Self>] = [
        .setting("policy", \.policy, "The policy that decides beside this one; it may be a draft.").required,
        .setting("sample", \.sample, "The part of requests that it is asked for: 1 or 100%."),
    ]
}

/// A canary compiled.
public struct Canary: Sendable {
    /// Indices of `Blueprint.policies`.
    public var stable: Int
    public var candidate: Int
    public var share: Double
    /// Names this trial in the store: another start is another trial.
    public var id: String
    /// Mixed into the hash of a session, so that two canaries do not choose the same ones.
    public var salt: UInt64
    public var gates: CanaryGates
    public var rollsBack: Bool
    public var started: Moment?
    /// Nil: it serves.
    public var stopped: String?

    /// Whether it serves a session; the same for every gateway and at all times, and a larger share only adds sessions.
    public func serves(_ session: UInt64) -> Bool {
        stopped == nil && Double(Random.mix(session ^ salt) >> 11) * 0x1p-53 < share
    }
}

public struct Shadow: Sendable {
    /// Index of `Blueprint.policies`.
    public var policy: Int
    public var sample: Double
    public var id: String
}

extension Compiler {
    /// Once all policies are there.
    mutating func addTrials() {
        for entry in document.policies.entries {
            guard let stable = compiledPolicies.firstIndex(where: { $0.name == entry.name }) else { continue }
            let path = "policies".setting(entry.name)
            if let written = entry.value.canary, let candidate = tried(written.policy, by: entry, at: path.setting("canary")) {
                let id = "\(entry.name)|\(written.policy)|\(written.started?.seconds ?? 0)"
                compiledPolicies[stable].canary = Canary(
                    stable: stable, candidate: candidate, share: written.share.share, id: id, salt: Random.hash(id.utf8), gates: written.gates,
                    rollsBack: written.rollback, started: written.started, stopped: written.stopped)
            }
            if let written = entry.value.shadow, let policy = tried(written.policy, by: entry, at: path.setting("shadow")) {
                compiledPolicies[stable].shadow = Shadow(policy: policy, sample: written.sample.share, id: "\(entry.name)|\(written.policy)")
            }
        }
    }

    private mutating func tried(_ name: String, by entry: Named<PolicySettings>.Entry, at path: String) -> Int? {
        guard !name.isEmpty else { return nil }
        let place = path.setting("policy")
        guard let index = compiledPolicies.firstIndex(where: { $0.name == name }) else {
            let help = Spelling.help(for: name, among: compiledPolicies.map(\.name))
            reader.reading.problem(place, entry.line, "there is no policy `\(name.prefix(100))`\(help)")
            return nil
        }
        guard name != entry.name else {
            reader.reading.problem(place, entry.line, "a policy cannot be tried beside itself")
            return nil
        }
        return index
    }
}
