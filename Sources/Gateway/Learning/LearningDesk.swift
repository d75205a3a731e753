import Complexity
import Routing
import Settings
import Storage

/// What was learnt from feedback, where the path of requests finds it; and what requests tell of themselves.
///
/// Learning itself happens beside the path: see `LearningKeeper`. A scored request takes the lock once, for a value of a few words.
public final class LearningDesk: Sendable {
    /// What has been counted here since the start.
    public struct Counts: Hashable, Sendable {
        /// Requests whose prompt was scored; of them those whose score was moved, and those that tried another model.
        public var scored = 0
        public var corrected = 0
        public var tried = 0
        /// Opinions that nobody voiced, by what they were taken from.
        public var signals: [Feedback.Source: Int] = [:]

        public init() {}
    }

    private struct State {
        var tutors: [String: Tutor] = [:]
        /// For a project of which nothing was learnt.
        var usual = Tutor()
        var repeats = Repeats()
        var counts = Counts()
    }

    private let state = Locked(State())

    init() {}

    public var counts: Counts { state.withLock { $0.counts } }

    /// By project; the empty name for keys without one.
    func tutor(of project: String?) -> Tutor { state.withLock { $0.tutors[project ?? ""] ?? $0.usual } }

    /// - Parameter explored: The part of sessions that try something.
    public func take(_ tenants: [String: Learner.TenantState], explored: Double) {
        state.withLock { state in
            state.usual.explored = explored
            state.tutors = tenants.mapValues { tenant in
                var tutor = Tutor()
                (tutor.inEffect, tutor.belief, tutor.explored) = (tenant.inEffect, tenant.belief, explored)
                return tutor
            }
        }
    }

    /// The request that asked the same in the same conversation a moment ago; and counts this one.
    func see(_ learnt: Appraisal.Learnt, isTrial: Bool, key: Int, id: RequestID, at now: Instant) -> RequestID? {
        state.withLock { state in
            state.counts.scored += 1
            if learnt.offset != 0 { state.counts.corrected += 1 }
            if isTrial { state.counts.tried += 1 }
            guard learnt.turn != 0 else { return nil }
            return state.repeats.see(Random.mix(learnt.turn ^ UInt64(key)), id, at: now)
        }
    }

    func count(_ source: Feedback.Source) { state.withLock { $0.counts.signals[source, default: 0] += 1 } }

    /// The word for a kind of prompt.
    public static func taskName(_ task: Int) -> String {
        PromptTask.allCases.indices.contains(task) ? "\(PromptTask.allCases[task])" : "\(task)"
    }
}

/// Turns that were asked lately. Bounded: who comes to a taken place takes it.
struct Repeats: Sendable {
    private static let places = 4_096
    /// Who asks again later wants to know it again.
    private static let patience = Duration.seconds(600)

    private struct Place: Sendable {
        var turn: UInt64 = 0
        var id: RequestID?
        var seen = Instant.zero
    }

    /// Empty until the first turn.
    private var table: [Place] = []

    mutating func see(_ turn: UInt64, _ id: RequestID, at now: Instant) -> RequestID? {
        if table.isEmpty { table = Array(repeating: Place(), count: Self.places) }
        let place = Int(truncatingIfNeeded: turn) & (Self.places - 1)
        let old = table[place]
        table[place] = Place(turn: turn, id: id, seen: now)
        return old.turn == turn && now - old.seen <= Self.patience ? old.id : nil
    }
}

extension Lesson {
    /// Who failed says nothing of how good its answers are.
    init?(_ row: LedgerEntry) {
        guard row.decision.count > 0, let decision = Decision(decoding: row.decision.array) else { return nil }
        self.init(decision, project: row.project, key: row.key, deployment: row.deployment, isFirst: row.state == .done && row.attempts == 1)
    }

    /// - Parameter isFirst: The model that was chosen first is the one that answered.
    init?(_ decision: Decision, project: NameID, key: NameID, deployment: NameID, isFirst: Bool) {
        self.init(
            decision, tenant: UInt32(clamping: project.rawValue), key: UInt32(clamping: key.rawValue),
            deployment: UInt32(clamping: deployment.rawValue), isFirst: isFirst)
    }
}

extension Settlement {
    /// What the request says by how it went: that the one before was no good, or that a model was not.
    func teach(_ server: Server, _ learning: LearningSettings) {
        let (request, live) = (exchange.request, exchange.live)
        guard let learnt = request.journey.facts.appraisal?.learnt else { return }
        let decision = request.journey.decision
        let isTrial = decision?.complexity?.learnt?.isTrial == true
        let before = server.learning.see(learnt, isTrial: isTrial, key: request.key, id: exchange.id, at: exchange.loop.time)
        guard learning.implicit else { return }
        if let before { server.feedback.offer(.regenerated, of: before, nil, to: server.learning) }
        guard let failed = exchange.attempts.first(where: { $0.fault.map { $0 != .cancelled && $0 != .badRequest } ?? false }) else { return }
        let source = failed.fault == .malformedReply ? Feedback.Source.badFormat : .fallback
        guard source == .badFormat || state == .done && exchange.attemptCount > 1, let decision else { return }
        let isFirst = source == .badFormat && failed.deployment == exchange.attempts.first?.deployment
        let project = request.entry.project.map { live.number(ofProject: $0, key: request.key) } ?? .none
        let lesson = Lesson(decision, project: project, key: live.numbers.keys[request.key], deployment: failed.deployment, isFirst: isFirst)
        if let lesson { server.feedback.offer(source, of: exchange.id, lesson, to: server.learning) }
    }
}

extension Server {
    /// Of the settings in force; nil while it is off.
    public var learningSettings: LearningSettings? { live?.learning }

    /// What models were observed to be able to do, by deployment.
    public func observe(_ capabilities: [String: Double]) { router.observe(ObservedCapabilities(capabilities)) }
}
