/// One request's way: where it stands in its routes, what was tried, until when and for how much.
public struct Journey: Sendable {
    public let route: Route.ID
    public private(set) var facts: Facts
    public var envelope: Envelope
    /// The request's own timeout for one attempt: after the deployment's, before the route's.
    public var timeout: Duration?
    /// The request's own `num_retries`, in place of every route's.
    public var maxRetries: Int?
    public var fallbacksDisabled = false
    /// Names the chance of this request. Nil: the router draws one at the first `next`; it stands here then.
    public private(set) var seed: UInt64?
    public let tableVersion: Int
    /// The index of the routing policy that serves it. Nil: none, and no rules are asked.
    public var policy: RoutingPolicy.ID?
    /// Chooses among all eligible leaves of its route by this mode's weights, whatever their own strategies. Nil: they choose.
    public var mode: AutoMode?
    /// Names the request in events; 0: none.
    public var ticket: UInt64 = 0
    /// The deployment it would normally be served by, which tallies compare with. Nil: the first next finds it.
    public var primary: Deployment.ID?
    /// What the context windows of its deployments mean to it.
    public var windows = Windows.bind
    /// Whether the first `next` writes down why it decided so.
    public var keepsDecision = false
    public internal(set) var isDecided = false
    /// In place from the beginning, since it is large; it says nothing before `isDecided`.
    var decided = Decision()

    /// How clearly the last choice by weights was the best, 0 ... 1. Nil: there was none.
    public internal(set) var confidence: Double?

    public internal(set) var attempts = 0
    public internal(set) var waited = Duration.zero
    public internal(set) var lastFault: Fault?
    /// The longest a provider asked us to stay away in its last rate limit.
    public internal(set) var retryAfter: Duration?
    /// What its attempts cost by their estimates, those that were refused outright aside. Counted where the envelope caps it.
    public internal(set) var spent = Nanodollars.zero

    var random = Random(seed: 0)
    var current: Route.ID
    var attemptsHere = 0
    /// Where the last attempt failed; -1 at the start of a route or of a new round.
    var lastLeaf = -1
    /// Of the last attempt that failed; -1 before.
    var lastDeployment = -1
    /// The leaf that is repeated after a wait by its own `max_retries`; -1 for none.
    var pinnedLeaf = -1
    /// A fault that `next` has not looked at yet.
    var unanswered = false
    var cancelled = false
    var waitsUntil: Instant?
    /// An attempt ended well: what still runs has lost.
    var answered = false
    var isRacing = false
    /// The bucket of further attempts was empty when it was asked for this one.
    var isLean = false
    /// The bucket let it have its one attempt already.
    var wasLean = false
    /// One once there is something, else none: most requests are answered at once, and journeys are large.
    private var detours: [Detour] = []

    public enum Windows: UInt8, Sendable {
        /// A deployment whose window is too small does not serve.
        case bind
        /// The prompt can be made shorter: one serves when nothing else is left.
        case yield
        /// Nothing else was left.
        case yielded
    }

    /// What came of rules, faults, waits and fallbacks.
    private struct Detour: Sendable {
        var ruleHits: [RuleHit] = []
        var fallbacks: [Route.ID]?
        var race: Race?
        var tried: [Tried] = []
        var left: [Range<Int>] = []
        var pending: [Route.ID] = []
        var visited: [Route.ID] = []
        var faultsHere: [UInt8] = []
        var full: [Full] = []
    }

    /// A deployment of which this request was told that it may not serve it now.
    struct Full: Sendable {
        var deployment: Deployment.ID
        var reason: Ineligibility
    }

    /// Two attempts at once: a hedge beside the one that is slow. Each is open until it is recorded.
    struct Race: Sendable {
        var first: Int
        var second: Int
        var firstDeadline: Instant
        var secondDeadline: Instant
        var firstIsOpen = true
        var secondIsOpen = true

        init(_ first: Attempt, _ second: Attempt) {
            self.first = first.number
            self.second = second.number
            firstDeadline = first.deadline
            secondDeadline = second.deadline
        }

        /// The end of the last that is open. Nil: none.
        var open: Instant? {
            if firstIsOpen, secondIsOpen { return max(firstDeadline, secondDeadline) }
            return firstIsOpen ? firstDeadline : secondIsOpen ? secondDeadline : nil
        }
    }

    /// A deployment that failed in this journey.
    struct Tried: Sendable {
        var deployment: Deployment.ID
        var fault: Fault
        var notBefore: Instant
        var times: Int
        /// The round that follows a wait may take it again, from `notBefore` on.
        var again = false
    }

    /// The table says which router tables can serve it: ids are its indices.
    public init(in table: RoutingTable, route: Route.ID, facts: Facts = Facts(), envelope: Envelope = Envelope(), seed: UInt64? = nil) {
        self.route = route
        self.facts = facts
        self.envelope = envelope
        tableVersion = table.version
        current = route
        if let seed { draw(seed) }
    }

    /// The deployment may not serve this request, for a reason that the router cannot know: its own budget or quota has nothing left.
    public mutating func exclude(_ deployment: Deployment.ID, because reason: Ineligibility) {
        detour.full.removeAll { $0.deployment == deployment }
        detour.full.append(Full(deployment: deployment, reason: reason))
    }

    /// From here on only deployments that are able to do this too.
    public mutating func require(_ needs: Needs) { facts.needs.formUnion(needs) }

    /// Somebody looked how hard the request is.
    public mutating func appraised(_ appraisal: Appraisal) { facts.appraisal = appraisal }

    /// From here on only deployments with a price may serve.
    public mutating func requirePrice() { facts.needsPrice = true }

    /// How the prompt begins: for routes that look at what providers remember.
    public mutating func bring(_ beginnings: PromptBeginnings) { facts.beginnings = beginnings }

    /// Only this provider's deployments may serve from here on.
    mutating func pin(_ provider: String) { facts.provider = provider }

    mutating func draw(_ seed: UInt64) {
        self.seed = seed
        random = Random(seed: seed)
    }

    func exhausted(_ reason: Exhaustion.Reason, retryAfter: Duration? = nil) -> Step {
        .exhausted(Exhaustion(reason: reason, lastFault: lastFault, retryAfter: retryAfter, attempts: attempts))
    }

    func count(ofFaultsHere fault: Fault) -> Int {
        detours.isEmpty || detours[0].faultsHere.isEmpty ? 0 : Int(detours[0].faultsHere[Int(fault.rawValue)])
    }

    /// Asked on the way of every request, so not of the decision itself: to look at it copies it.
    var wantsDecision: Bool { keepsDecision && !isDecided }

    /// `attempt` has ended; true when no other is under way.
    mutating func closed(_ attempt: Attempt) -> Bool {
        guard isRacing, var race else { return true }
        if race.first == attempt.number { race.firstIsOpen = false }
        if race.second == attempt.number { race.secondIsOpen = false }
        isRacing = race.open != nil
        self.race = race
        return !isRacing
    }

    /// Why the deployment may not serve, as far as this request was told from outside. Nil: it was told nothing.
    func told(of deployment: Deployment.ID) -> Ineligibility? {
        detours.isEmpty || detours[0].full.isEmpty ? nil : detours[0].full.first { $0.deployment == deployment }?.reason
    }

    func index(ofTried deployment: Deployment.ID) -> Int? {
        detours.isEmpty ? nil : detours[0].tried.firstIndex { $0.deployment == deployment }
    }

    /// Learns what the last attempt came to.
    mutating func failed(_ fault: Fault, retryAfter: Duration?, deployment: Deployment.ID, leaf: Int, at now: Instant) {
        lastFault = fault
        lastLeaf = leaf
        lastDeployment = deployment
        unanswered = true
        if fault == .rateLimit || fault == .quotaExceeded { self.retryAfter = retryAfter }
        count(fault)
        // A new round is for one attempt: the next is counted, and waited for, by itself.
        for index in tried.indices { tried[index].again = false }
        let notBefore = retryAfter.map { now + max($0, .zero) } ?? now
        if let index = index(ofTried: deployment) {
            let times = tried[index].times + 1
            tried[index] = Tried(deployment: deployment, fault: fault, notBefore: notBefore, times: times)
        } else {
            tried.append(Tried(deployment: deployment, fault: fault, notBefore: notBefore, times: 1))
        }
    }

    private mutating func count(_ fault: Fault) {
        if detour.faultsHere.isEmpty { detour.faultsHere = Array(repeating: 0, count: Fault.allCases.count) }
        let before = detour.faultsHere[Int(fault.rawValue)]
        detour.faultsHere[Int(fault.rawValue)] = min(before, .max - 1) + 1
    }

    mutating func enter(_ route: Route.ID) {
        visited.append(current)
        current = route
        attemptsHere = 0
        lastLeaf = -1
        pinnedLeaf = -1
        detour.faultsHere = []
        left = []
    }

    private var detour: Detour {
        get { detours.isEmpty ? Detour() : detours[0] }
        _modify {
            if detours.isEmpty { detours.append(Detour()) }
            yield &detours[0]
        }
    }
}

extension Journey {
    /// Why its first step was what it was, where that is kept.
    public var decision: Decision? { isDecided ? decided : nil }

    /// `decision.encoded`, lent. Mutating, because only so it is asked in its place: a journey is large to copy.
    public mutating func withEncodedDecision(_ body: (UnsafeRawBufferPointer) -> Void) { if isDecided { decided.withEncoded(body) } }

    /// What scoring and deciding took, for the record.
    public mutating func noteTime(_ nanoseconds: UInt32) { if isDecided { decided.nanoseconds = nanoseconds } }

    /// What metrics count of a decision: its reason, the nanoseconds it took, the indices of what kept candidates from serving. Mutating
    /// as above. Linear in candidates.
    public mutating func countDecision(_ body: (Decision.Reason, UInt32) -> Void, excluded: (Int) -> Void) {
        guard isDecided else { return }
        body(decided.reason, decided.nanoseconds)
        for at in decided.candidates.indices { if let why = decided.candidates[at].excludedBecause { excluded(why.index) } }
    }

    /// The rule that decided; nil where none did.
    public var decidingRule: (policy: Int, rule: Int)? {
        mutating get { decided.hits.first.map { ($0.policy, $0.rule) } }
    }

    /// The request's own `fallbacks`, in place of its route's general list.
    public var fallbacks: [Route.ID]? {
        get { detours.isEmpty ? nil : detours[0].fallbacks }
        set { detour.fallbacks = newValue }
    }

    /// Rules of the policy that were hit after attempts, in their order; the caller may add the one that was hit before the first.
    public var ruleHits: [RuleHit] {
        get { detours.isEmpty ? [] : detours[0].ruleHits }
        _modify { yield &detour.ruleHits }
    }

    var race: Race? {
        get { detours.isEmpty ? nil : detours[0].race }
        set { detour.race = newValue }
    }

    var tried: [Tried] {
        get { detours.isEmpty ? [] : detours[0].tried }
        _modify { yield &detour.tried }
    }

    /// Leaves of nodes that were left although some could have served, because the fault did not lead to them.
    var left: [Range<Int>] {
        get { detours.isEmpty ? [] : detours[0].left }
        _modify { yield &detour.left }
    }

    var hasLeft: Bool { !detours.isEmpty && !detours[0].left.isEmpty }

    var pending: [Route.ID] {
        get { detours.isEmpty ? [] : detours[0].pending }
        _modify { yield &detour.pending }
    }

    var visited: [Route.ID] {
        get { detours.isEmpty ? [] : detours[0].visited }
        _modify { yield &detour.visited }
    }
}
