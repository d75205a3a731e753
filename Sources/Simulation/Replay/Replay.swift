import Routing

/// Runs logged requests through the router with another table, at the times at which they came.
///
/// The router is the one that serves traffic, with its breakers, windows and strategies, and each request has the chance that it had. How
/// attempts end is told from the log: an attempt that was made then ends as it ended; another as one of those that the same deployment was
/// asked about that time. Hedges are not made, and budgets and rate limits of keys are not asked: what they refuse has no row.
public struct Replay {
    private let log: [LoggedRequest]
    private let table: RoutingTable
    private let names: DecisionNames
    private let evidence: ReplayEvidence
    /// Deployments that cost something else than they did.
    private let repriced: Set<String>
    private let enter: (LoggedRequest) -> ReplayEntry
    private var router: Router
    private var random: Random
    private var agenda = Agenda<Event>()
    private var courses: [Int: Course] = [:]
    private var results: [ReplayedRequest]

    private enum Event {
        case came(Int)
        case ended(Int, Attempt, ReplayEvidence.Outcome)
        case waited(Int)
    }

    /// A request under way.
    private struct Course {
        var journey: Journey
        var turns: [Deployment.ID: Int] = [:]
        var isTimed = true
    }

    /// - Parameters:
    ///   - log: In the order in which they came.
    ///   - enter: How `table` takes a request up.
    public init(
        _ log: [LoggedRequest], on table: RoutingTable, seed: UInt64, repriced: Set<String> = [], enter: @escaping (LoggedRequest) -> ReplayEntry
    ) {
        self.log = log
        self.table = table
        self.repriced = repriced
        self.enter = enter
        names = DecisionNames(table)
        evidence = ReplayEvidence(log)
        router = Router(table: table, seed: seed)
        random = Random(seed: seed)
        results = Array(repeating: ReplayedRequest(), count: log.count)
    }

    /// Of each request, in the log's order.
    public mutating func run() -> [ReplayedRequest] {
        for (number, request) in log.enumerated() { agenda.add(.came(number), at: request.at) }
        while let (now, event) = agenda.take() {
            switch event {
            case .came(let number): came(number, at: now)
            case .waited(let number): advance(number, at: now)
            case .ended(let number, let attempt, let outcome): ended(number, attempt, outcome, at: now)
            }
        }
        return results
    }

    private mutating func came(_ number: Int, at now: Instant) {
        var entry = enter(log[number])
        if let refusal = entry.refusal {
            results[number].why = refusal
            return
        }
        let hit = entry.policy.flatMap { router.rule(of: $0, facts: entry.facts, at: now) }
        if let hit {
            results[number].rule = hit.name
            if let text = hit.actions.deny {
                results[number].why = text.isEmpty ? "denied by rule `\(hit.name)`" : "denied by rule `\(hit.name)`: \(text)"
                return
            }
            if !entry.isOwn {
                if let route = hit.route { entry.route = route }
                if let mode = hit.actions.mode { entry.mode = mode }
                if let provider = hit.actions.provider { entry.facts.provider = provider }
            }
            if !hit.actions.addTags.isEmpty { entry.facts.tags += hit.actions.addTags.filter { !entry.facts.tags.contains($0) } }
        }
        var journey = Journey(
            in: table, route: entry.route, facts: entry.facts, envelope: Envelope(deadline: now + entry.timeout),
            seed: entry.seed ?? Random.mix(log[number].id))
        journey.policy = entry.policy
        if let mode = entry.mode { journey.mode = mode }
        if let hit { journey.ruleHits = [hit] }
        journey.keepsDecision = true
        results[number].route = names.route(entry.route)
        courses[number] = Course(journey: journey)
        advance(number, at: now)
    }

    private mutating func advance(_ number: Int, at now: Instant) {
        guard var course = courses.removeValue(forKey: number) else { return }
        let step = router.next(&course.journey, at: now)
        switch step {
        case .attempt(let attempt):
            let name = names.deployment(attempt.deployment)
            let turn = course.turns[attempt.deployment, default: 0]
            course.turns[attempt.deployment] = turn + 1
            var chance = Random(seed: Random.mix(log[number].id ^ Random.hash(name.utf8)) &+ UInt64(turn))
            var outcome = evidence.outcome(of: log[number], at: name, turn: turn, now: now, random: &chance)
            if outcome.isGuessed { results[number].isGuessed = true }
            if outcome.took == nil { course.isTimed = false }
            var end = now + (outcome.took ?? .zero)
            if end > attempt.deadline {
                end = attempt.deadline
                outcome.fault = outcome.fault ?? .timeout
            }
            results[number].attempts += 1
            results[number].deployment = name
            if results[number].first == nil { results[number].first = name }
            agenda.add(.ended(number, attempt, outcome), at: max(now, end))
            courses[number] = course
        case .wait(let until):
            courses[number] = course
            agenda.add(.waited(number), at: max(now, until))
        case .exhausted(let why): finish(number, course, why, at: now)
        }
    }

    private mutating func ended(_ number: Int, _ attempt: Attempt, _ outcome: ReplayEvidence.Outcome, at now: Instant) {
        guard var course = courses.removeValue(forKey: number) else { return }
        if let fault = outcome.fault {
            router.record(.fault(fault, retryAfter: nil), of: attempt, in: &course.journey, at: now)
            courses[number] = course
            advance(number, at: now)
            return
        }
        let request = log[number]
        let took = now - attempt.started
        router.record(
            .success(
                firstByte: outcome.firstByte.map { min($0, took) } ?? took, total: took, outputTokens: Int(clamping: request.usage.totalOutput),
                streamed: request.isStreamed, inputTokens: Int(clamping: request.usage.totalInput)),
            of: attempt, in: &course.journey, at: now)
        results[number].end = .answered
        price(number, at: attempt.deployment)
        tell(number, course, at: now)
    }

    private mutating func finish(_ number: Int, _ course: Course, _ why: Exhaustion, at now: Instant) {
        switch why.reason {
        case .answered:
            results[number].end = .answered
            results[number].cost = .zero
        case .denied, .noBranch, .tableGone: results[number].end = .refused
        default: results[number].end = results[number].attempts > 0 ? .failed : .refused
        }
        if results[number].end != .answered { results[number].cost = .zero }
        tell(number, course, at: now)
    }

    private mutating func tell(_ number: Int, _ course: Course, at now: Instant) {
        if let decision = course.journey.decision { results[number].why = decision.text(names) }
        results[number].took = course.isTimed ? now - log[number].at : nil
    }

    private mutating func price(_ number: Int, at id: Deployment.ID) {
        let request = log[number]
        let name = names.deployment(id)
        if request.end == .answered, request.deployment == name, !repriced.contains(name) {
            results[number].cost = request.cost
            return
        }
        var usage = request.usage
        if !usage.countsSomething, let usual = evidence.usualUsage(of: request.route) {
            usage = usual
            results[number].isUsageGuessed = true
        }
        results[number].cost = table.deployments[id].price?.cost(of: usage)
    }
}
