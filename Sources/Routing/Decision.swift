/// Why a request's first attempt went where it went: what a decision record holds. Numbers, not names: `DecisionNames` of the same
/// table version knows those, and making a decision costs one allocation.
public struct Decision: Hashable, Sendable {
    public struct Candidate: Hashable, Sendable {
        public var deployment: Deployment.ID
        /// Nil: it may serve.
        public var excludedBecause: Ineligibility?
        /// As its strategy measured it; which way is better is the strategy's business. Nil: not measured.
        public var score: Float?
        /// Counted faults within its breaker's window, where it rests.
        public var recentFaults: Int
        public var isEligible: Bool { excludedBecause == nil }

        public init(deployment: Deployment.ID, excludedBecause: Ineligibility? = nil, score: Float? = nil, recentFaults: Int = 0) {
            self.deployment = deployment
            self.excludedBecause = excludedBecause
            self.score = score
            self.recentFaults = recentFaults
        }
    }

    /// A rule that decided, and what it saw.
    public struct Hit: Hashable, Sendable {
        public struct Observation: Hashable, Sendable {
            public var field: String
            public var value: String

            public init(field: String, value: String) {
                self.field = field
                self.value = value
            }
        }

        public var policy: Int
        /// In the policy's rules.
        public var rule: Int
        public var observed: [Observation]

        public init(_ hit: RuleHit) {
            self.init(
                policy: hit.policy, rule: hit.index,
                observed: hit.observed.map { Observation(field: $0.field.text, value: $0.value.description) })
        }

        public init(policy: Int, rule: Int, observed: [Observation] = []) {
            self.policy = policy
            self.rule = rule
            self.observed = observed
        }
    }

    /// What made the step. All but the first three say why nothing is attempted.
    public enum Reason: UInt8, CaseIterable, Hashable, Sendable {
        case strategy, probe, panic, wait, callersFault, noneEligible, attempts, deadline, cancelled, tableGone, retryStorm, noBranch, denied
    }

    /// When it was made.
    public var at = Instant.zero
    public var tableVersion = 0
    /// A journey made with it decides the same on the same state.
    public var seed: UInt64 = 0
    public var policy: Int?
    public var hits: [Hit] = []
    /// The route asked for.
    public var entry: Route.ID = 0
    /// The route decided in: another than `entry` when that could not serve at all.
    public var route: Route.ID = 0
    /// Why `entry` could not serve: the nearest to it of its deployments.
    public var leftBecause: Ineligibility?
    /// The deployments of `route` in the order written, each once.
    public var candidates: [Candidate] = []
    public var chosen: Deployment.ID?
    public var reason = Reason.strategy
    /// By whose weights it was chosen. Nil: the route's strategies chose.
    public var mode: AutoMode?
    /// How clearly a choice by weights was the best, 0 ... 1. Nil: there was none.
    public var confidence: Float?
    /// What scoring and deciding took. 0: nobody looked. Nearly every kept decision has it, so it is no rarity.
    public var nanoseconds: UInt32 = 0
    /// What few decisions have: one where there is something, else none.
    private var rare: [Rare] = []

    private struct Rare: Hashable, Sendable {
        var complexity: Complexity?
        var terms: Terms?
        var warm: Warm?
    }

    /// The place of what was chosen in the compiled tree, which names its strategies. -1: none.
    var leaf = -1

    public init() {}
}

extension Decision {
    /// How hard the request was, and what was made of it.
    public struct Complexity: Hashable, Sendable {
        /// Of the prompt alone, and in its conversation.
        public var score: Float
        public var inContext: Float
        /// By the choice's axis, and as its session has it. Nil: no choice by complexity was made.
        public var adjusted: Float?
        /// That the model chosen answers well enough. Nil: nothing was known of the request.
        public var chance: Float?
        /// Of the model chosen, from 1 for the least capable. 0: no choice by complexity was made.
        public var tier = 0
        public var tiers = 0
        public var trouble: Appraisal.Trouble
        /// What learning had to do with it. Nil: it is off.
        public var learnt: Learnt?

        init(_ appraisal: Appraisal) {
            score = appraisal.score
            inContext = appraisal.inContext
            trouble = appraisal.trouble
            learnt = appraisal.learnt.map { Learnt($0) }
        }
    }

    /// How a choice by complexity came about while learning is on: enough to say later what another correction had chosen.
    public struct Learnt: Hashable, Sendable {
        public var task: UInt8
        /// The score in its context before any correction, and what was added to the logarithm of its odds.
        public var frozen: Float
        public var offset: Float
        /// Something was tried.
        public var isTrial = false
        /// It lay where trials are made.
        public var isOpen = false
        /// The chance with which the model was chosen that was.
        public var propensity: Float = 1
        public var axis = Intelligent.Axis.performance
        /// See `Lesson.limits`. Empty: no choice by complexity was made.
        public var limits: [Float] = []
        public var rung = 0

        init(_ learnt: Appraisal.Learnt) { (task, frozen, offset) = (learnt.task, learnt.frozen, learnt.offset) }
    }

    /// What the model chosen is worth by each of three measures, 0 ... 1, before their weights.
    public struct Terms: Hashable, Sendable {
        public var cost: Float
        public var quality: Float
        public var latency: Float
    }

    /// Where the provider chosen is believed to remember a part of the prompt.
    public struct Warm: Hashable, Sendable {
        /// Where the strategy would have sent it, which was left for that. Nil: the strategy chose the same.
        public var instead: Deployment.ID?
        /// Of the prompt, as far as it is believed to be remembered.
        public var tokens: Int
        /// What is expected to be saved: against `instead`, else against a provider that remembers nothing. Nil: a price is not known.
        public var saving: Nanodollars?

        init(_ warmth: Warmth, instead other: Warmth?) {
            (instead, tokens) = (other?.deployment, warmth.tokens)
            if let expected = warmth.expected, let otherwise = other.map(\.expected) ?? warmth.cold {
                saving = Nanodollars(Int64(max(0, min(otherwise - expected, 1e18)).rounded()))
            }
        }

        public init(instead: Deployment.ID?, tokens: Int, saving: Nanodollars?) {
            (self.instead, self.tokens, self.saving) = (instead, tokens, saving)
        }
    }

    private var some: Rare {
        get { rare.isEmpty ? Rare() : rare[0] }
        _modify {
            if rare.isEmpty { rare.append(Rare()) }
            yield &rare[0]
            if rare[0] == Rare() { rare = [] }
        }
    }

    /// Nil: nobody asked how hard the request is.
    public var complexity: Complexity? {
        get { rare.isEmpty ? nil : rare[0].complexity }
        set { if !rare.isEmpty || newValue != nil { some.complexity = newValue } }
    }

    /// Nil: nothing was weighed.
    public var terms: Terms? {
        get { rare.isEmpty ? nil : rare[0].terms }
        set { if !rare.isEmpty || newValue != nil { some.terms = newValue } }
    }

    /// Nil: the provider chosen is not believed to remember anything.
    public var warm: Warm? {
        get { rare.isEmpty ? nil : rare[0].warm }
        set { if !rare.isEmpty || newValue != nil { some.warm = newValue } }
    }

    var hasRarities: Bool { !rare.isEmpty }
}

extension Router {
    /// Writes down what `step` came from. `noted` holds the candidates as they were looked at.
    func write(_ step: Step, into journey: inout Journey, _ plan: Plan, at now: Instant) {
        journey.decided.at = now
        journey.decided.tableVersion = journey.tableVersion
        journey.decided.seed = journey.seed ?? 0
        journey.decided.policy = journey.policy
        journey.decided.mode = journey.mode
        if !journey.ruleHits.isEmpty { journey.decided.hits = journey.ruleHits.map(Decision.Hit.init) }
        journey.decided.entry = journey.route
        journey.decided.route = journey.current
        journey.decided.leftBecause = notedLeaving
        journey.decided.candidates = noted
        journey.decided.confidence = journey.confidence.map { Float($0) }
        if let appraisal = journey.facts.appraisal, journey.decided.complexity == nil { journey.decided.complexity = Decision.Complexity(appraisal) }
        switch step {
        case .attempt(let attempt):
            journey.decided.chosen = attempt.deployment
            journey.decided.leaf = attempt.leaf
            journey.decided.reason = attempt.isProbe ? .probe : attempt.isPanic ? .panic : .strategy
        case .wait: journey.decided.reason = .wait
        case .exhausted(let why): journey.decided.reason = Decision.Reason(why.reason)
        }
        journey.isDecided = true
    }

    /// Notes what was found out about a candidate.
    @inline(never)
    mutating func note(_ id: Deployment.ID, _ reason: Ineligibility?, _ generation: Int, at now: Instant) {
        var candidate = Decision.Candidate(deployment: id, excludedBecause: reason)
        if case .resting? = reason { candidate.recentFaults = health[generations[generation].slots[id]].breaker.recentFaults(at: now) }
        noted.append(candidate)
    }

    /// A candidate stands in several branches, and this one is open.
    @inline(never)
    mutating func noteOpen(_ id: Deployment.ID, _ reason: Ineligibility?) {
        guard let index = noted.firstIndex(where: { $0.deployment == id }), noted[index].excludedBecause == .closedBranch else { return }
        noted[index].excludedBecause = reason
    }
}

extension Decision.Reason {
    init(_ reason: Exhaustion.Reason) {
        self =
            switch reason {
            case .noneEligible: .noneEligible
            case .attempts: .attempts
            case .deadline: .deadline
            case .noBranch: .noBranch
            case .denied, .answered: .denied
            case .callersFault: .callersFault
            case .cancelled: .cancelled
            case .tableGone: .tableGone
            case .retryStorm: .retryStorm
            }
    }
}
