import Routing
import Settings
import Storage

/// Which trial a request is part of. Small, since every request carries one.
struct TrialMark: Sendable {
    /// Index of the policy whose canary it is; -1: of none.
    var policy: Int32 = -1
    var isCandidate = false
}

/// What canaries and shadow policies came to on this gateway, since it first ran.
///
/// A request of a trial takes the lock once, at its end; the decisions of shadows are made beside the path, out of a queue of
/// `mostWaiting`. When that is full a decision is left out and counted.
public final class Trials: Sendable {
    public static let mostWaiting = 1_024

    /// By their ids.
    public struct Figures: Hashable, Sendable {
        public struct Pair: Hashable, Sendable {
            public var stable = ArmFigures()
            public var candidate = ArmFigures()

            public init() {}
        }

        public var canaries: [String: Pair] = [:]
        public var shadows: [String: ShadowFigures] = [:]

        public init() {}

        /// Those of another gateway beside these.
        public static func += (left: inout Figures, right: Figures) {
            for (id, pair) in right.canaries {
                left.canaries[id, default: Pair()].stable += pair.stable
                left.canaries[id, default: Pair()].candidate += pair.candidate
            }
            for (id, figures) in right.shadows { left.shadows[id, default: ShadowFigures()] += figures }
        }
    }

    private struct State {
        var figures = Figures()
        var isChanged = false
        var waiting: [ShadowCase] = []
        var leftOut = 0
    }

    private let state = Locked(State())

    init() {}

    public var figures: Figures { state.withLock { $0.figures } }
    /// Decisions of shadows that were left out.
    public var leftOut: Int { state.withLock { $0.leftOut } }

    /// What a former process had counted. Before the first request.
    public func restore(_ figures: Figures) { state.withLock { $0.figures = figures } }

    /// What is to be written down; nil: nothing has changed since. Trials with other ids are forgotten.
    public func takeChanged(keeping ids: Set<String>) -> Figures? {
        state.withLock { state in
            guard state.isChanged else { return nil }
            state.isChanged = false
            state.figures.canaries = state.figures.canaries.filter { ids.contains($0.key) }
            state.figures.shadows = state.figures.shadows.filter { ids.contains($0.key) }
            return state.figures
        }
    }

    /// They could not be written down.
    public func keepChanged() { state.withLock { $0.isChanged = true } }

    // MARK: From the path of requests

    func note(_ id: String, isCandidate: Bool, isAnswered: Bool, milliseconds: Double, dollars: Double?) {
        change(id, isCandidate) { $0.add(isAnswered: isAnswered, latency: milliseconds, cost: dollars) }
    }

    func note(_ id: String, isCandidate: Bool, feedback: Double) { change(id, isCandidate) { $0.add(feedback: feedback) } }

    private func change(_ id: String, _ isCandidate: Bool, _ body: (inout ArmFigures) -> Void) {
        state.withLock { state in
            state.isChanged = true
            if isCandidate {
                body(&state.figures.canaries[id, default: Figures.Pair()].candidate)
            } else {
                body(&state.figures.canaries[id, default: Figures.Pair()].stable)
            }
        }
    }

    func offer(_ one: ShadowCase) {
        state.withLock { state in
            if state.waiting.count < Self.mostWaiting { state.waiting.append(one) } else { state.leftOut += 1 }
        }
    }

    // MARK: Beside it

    /// Decides what waits for its shadows. On a thread that may take a moment: some microseconds for each.
    func decide(_ live: Live, _ router: () -> Router, at now: Instant) {
        let cases = state.withLock { state in
            defer { state.waiting = [] }
            return state.waiting
        }
        guard !cases.isEmpty else { return }
        var snapshot = router()
        var results = Figures()
        var gone = 0
        for one in cases {
            guard one.tableVersion == live.table.version else {
                gone += 1
                continue
            }
            one.decide(live, &snapshot, at: now, into: &results.shadows[one.id, default: ShadowFigures()])
        }
        let (found, lost) = (results, gone)
        state.withLock { state in
            state.figures += found
            state.leftOut += lost
            state.isChanged = true
        }
    }
}

/// A request that was served, for a policy that was not asked.
struct ShadowCase: Sendable {
    var id: String
    var facts: Facts
    var route: Route.ID
    /// Its policy's number in the table. Nil: it has no rules.
    var rules: Int?
    var mode: AutoMode?
    var seed: UInt64?
    var tableVersion: Int
    /// Asked first in truth.
    var chosen: Deployment.ID?
    var usage: Usage
    /// In US dollars. Nil: not known.
    var cost: Double?

    /// By the router as it is now, a moment after the request ended.
    func decide(_ live: Live, _ router: inout Router, at now: Instant, into figures: inout ShadowFigures) {
        var (facts, route, mode) = (facts, route, mode)
        let hit = rules.flatMap { router.rule(of: $0, facts: facts, at: now) }
        if let actions = hit?.actions {
            if actions.deny != nil { return figures.add(isDifferent: true, isRefused: true, cost: nil) }
            if let other = hit?.route { route = other }
            if let other = actions.mode { mode = other }
            if let provider = actions.provider { facts.provider = provider }
            facts.tags += actions.addTags.filter { !facts.tags.contains($0) }
        }
        var journey = Journey(in: live.table, route: route, facts: facts, envelope: Envelope(deadline: now + .seconds(60)), seed: seed)
        journey.policy = rules
        if let mode { journey.mode = mode }
        if let hit { journey.ruleHits = [hit] }
        let explanation = router.explain(journey, at: now)
        let would = explanation.chosen
        var isRefused = false
        if case .exhausted(let why) = explanation.step {
            if case .answered = why.reason {} else { isRefused = true }
        }
        let dollars = would.flatMap { live.targets[$0].cost(of: usage) }.map { Double($0.amount) / 1e9 }
        let pair = cost.flatMap { was in dollars.map { (was: was, would: $0) } }
        figures.add(isDifferent: would != chosen, isRefused: isRefused, cost: pair)
    }
}

extension Live {
    /// The shadow of a request that its policy served, where it has one and the sample holds it.
    func shadowCase(of request: Admitted, chosen: Deployment.ID?, usage: Usage, cost: Nanodollars?) -> ShadowCase? {
        guard let policy = request.entry.policy, let shadow = blueprint.policies[policy].shadow, request.entry.inline == nil else { return nil }
        let seed = request.journey.seed ?? 0
        guard Double(Random.mix(seed) >> 11) * 0x1p-53 < shadow.sample else { return nil }
        let other = blueprint.policies[shadow.policy]
        if let expires = other.expires, expires.seconds <= WallClock.milliseconds() / 1000 { return nil }
        // What the policy decided by itself the other decides by itself.
        let isDecided = request.baselineRoute == blueprint.policies[policy].route
        let route = isDecided || other.overridesModel ? other.route ?? request.baselineRoute : request.baselineRoute
        return ShadowCase(
            id: shadow.id, facts: request.journey.facts, route: route, rules: other.rules, mode: request.entry.model.mode, seed: request.journey.seed,
            tableVersion: table.version, chosen: request.journey.decision?.chosen ?? chosen, usage: usage, cost: cost.map { Double($0.amount) / 1e9 })
    }
}

extension Server {
    /// Once every moment, off the event loops.
    public func decideShadows() {
        guard let live, live.hasTrials else { return }
        trials.decide(live, { router.snapshot() }, at: .now())
    }

    /// Of the settings in force.
    public var policies: [Policy] { live?.blueprint.policies ?? [] }
    public var table: RoutingTable? { live?.table }

    /// The name of this gateway in what it shares with others.
    public var gatewayIdentity: String { gateway.identity }
}
