import Routing

/// Drives a router through a scenario on virtual time.
struct Simulator<Brain: Deciding> {
    /// Small, for a million of them pass through the agenda.
    struct Event {
        enum Kind: UInt8 { case arrival, ended, wake, departure, hedge, change }
        var kind: Kind
        /// The place of the client, or the number of the traffic or change.
        var place: Int32
        /// Of the request: its place may have passed to another. Of a hedge: its attempt.
        var request: Int = 0
        var attempt: Int16 = 0
    }

    /// An attempt on its way.
    struct Flight {
        let attempt: Attempt
        let answer: ImaginaryDeployment.Answer
        let name: String
        let tokens: Int
        let reserved: Int64
    }

    struct Client {
        var course: Course
        var journey: Journey
        var arrived: Instant
        /// The tokens that any model would answer with.
        var tokens: Int
        var flight: Flight?
        /// Beside the first, when that is slow.
        var hedge: Flight?
        var over = false
    }

    /// All of the router's books are compared with ours after so many events; those that an event is about after each.
    static var sweepEvery: Int { 256 }

    let scenario: Scenario
    var brain: Brain
    var deployments: [String: ImaginaryDeployment]
    var random: Random
    var agenda = Agenda<Event>()
    var clients: [Client] = []
    private var freePlaces: [Int] = []
    private var arrivals: [Int]
    private var signals: [String: Value] = [:]
    var invariants: Invariants
    var report: Report
    var now = Instant.zero

    init(_ scenario: Scenario, seed: UInt64, through brain: Brain) {
        self.scenario = scenario
        self.brain = brain
        deployments = scenario.deployments
        for deployment in scenario.table.deployments where deployments[deployment.name] == nil {
            deployments[deployment.name] = ImaginaryDeployment()
        }
        random = Random(seed: Random.mix(seed))
        arrivals = scenario.traffic.map { _ in 0 }
        invariants = Invariants(scenario.table, deployments)
        report = Report(scenario: scenario.name, seed: seed, table: scenario.table)
    }

    /// - Parameter watch: Told now and then how far it is; the run ends where it says no.
    mutating func run(watch: (Scenario.Progress) -> Bool = { _ in true }) -> Report {
        for (index, change) in scenario.changes.enumerated() { agenda.add(Event(kind: .change, place: Int32(index)), at: change.at) }
        for index in scenario.traffic.indices { plan(index) }
        var events = 0
        while let (time, event) = agenda.take() {
            now = time
            let place = Int(event.place)
            switch event.kind {
            case .arrival: arrive(place)
            case .change: change(scenario.changes[place].change)
            case .ended: if isHere(event) { end(place, event.attempt) }
            case .wake: if isHere(event) { advance(place) }
            case .departure: if isHere(event) { leave(place) }
            case .hedge: if isHere(event) { hedge(place, event.attempt) }
            }
            events += 1
            guard events % Self.sweepEvery == 0 else { continue }
            sweep()
            if !watch(Scenario.Progress(at: now, end: scenario.lastArrival, requests: report.requests, events: events)) {
                report.isCutShort = true
                report.close(at: now, spent: invariants.ledger.spent, invariants.found.violations)
                return report
            }
        }
        sweep()
        invariants.over(brain, at: now)
        checkPromises()
        report.close(at: now, spent: invariants.ledger.spent, invariants.found.violations)
        return report
    }

    /// What the scenario itself says of its end.
    private mutating func checkPromises() {
        let success = report.success
        let least = scenario.leastSuccess
        invariants.found.expect(success >= least, -1, at: now, "\(Report.percent(success)) answered, less than \(Report.percent(least))")
        let attempts = Double(report.attempts) / Double(max(1, report.requests))
        invariants.found.expect(attempts <= scenario.mostAttempts, -1, at: now, "\(attempts) attempts for each request")
        let rows = report.deployments
        let all = Double(max(1, rows.reduce(0) { $0 + $1.firstAttempts }))
        for (name, promised) in scenario.shares {
            let share = Double(rows.first { $0.name == name }?.firstAttempts ?? 0) / all
            invariants.found.expect(
                promised.contains(share), -1, at: now,
                "\(name) was chosen first by \(Report.percent(share)), not \(Report.percent(promised.lowerBound)) to \(Report.percent(promised.upperBound))"
            )
        }
    }

    private mutating func sweep() {
        invariants.compareAll(brain, at: now)
        report.add(brain.takeEvents())
    }

    private func isHere(_ event: Event) -> Bool {
        let client = Int(event.place)
        return !clients[client].over && clients[client].course.number == event.request
    }

    // MARK: What comes from outside

    private mutating func plan(_ traffic: Int) {
        guard arrivals[traffic] < scenario.traffic[traffic].atMost else { return }
        arrivals[traffic] += 1
        if let next = scenario.traffic[traffic].arrival(after: now, &random) {
            agenda.add(Event(kind: .arrival, place: Int32(traffic)), at: next)
        }
    }

    private mutating func arrive(_ number: Int) {
        let traffic = scenario.traffic[number]
        let table = brain.table
        var route = traffic.route.flatMap { table.route(named: $0) } ?? 0
        let envelope = Envelope(
            maxAttempts: traffic.maxAttempts, deadline: now + traffic.patience, maxWaiting: traffic.maxWaiting, maxCost: traffic.maxCost)
        var facts = traffic.facts(&random)
        let drawn = traffic.drawValues(&random)
        facts.values = table.fields.map { value(of: $0.text, facts, traffic, drawn) }
        let policy = traffic.policy.flatMap { table.policy(named: $0) }
        let hit = policy.flatMap { brain.rule(of: $0, facts: facts, at: now) }
        if let policy { invariants.checkRule(hit, policy, facts, request: report.requests, at: now) }
        if let hit { apply(hit, &route, &facts) }
        var journey = Journey(in: table, route: route, facts: facts, envelope: envelope)
        journey.policy = policy
        journey.mode = hit?.actions.mode
        var course = Course(number: report.requests, route: route, envelope: envelope)
        course.isWeighed = journey.mode != nil
        let place = takePlace(Client(course: course, journey: journey, arrived: now, tokens: traffic.outputTokens.drawn(&random)))
        invariants.arrived()
        report.arrived(route, hit)
        plan(number)
        if hit?.actions.deny != nil { return refuse(place) }
        if let after = traffic.departure(&random) { schedule(.departure, place, at: now + after) }
        advance(place)
    }

    private mutating func takePlace(_ client: Client) -> Int {
        guard let free = freePlaces.popLast() else {
            clients.append(client)
            return clients.count - 1
        }
        clients[free] = client
        return free
    }

    /// What a rule says before the first attempt, done as the gateway does it.
    private func apply(_ hit: RuleHit, _ route: inout Route.ID, _ facts: inout Facts) {
        if let target = hit.route { route = target }
        if let provider = hit.actions.provider { facts.provider = provider }
        facts.tags += hit.actions.addTags
    }

    /// What a condition finds under this name: what the request is, what its traffic says, what operators signal, what time it is.
    private func value(of field: String, _ facts: Facts, _ traffic: Traffic, _ drawn: [Value]) -> Value {
        if let index = traffic.values.firstIndex(where: { $0.field == field }) { return drawn[index] }
        if let signal = field.split(separator: ".", maxSplits: 1).last, field.hasPrefix("signal.") { return signals[String(signal)] ?? .missing }
        switch field {
        case "request.model": return traffic.route.map { .text($0) } ?? .missing
        case "request.stream": return .flag(facts.needs.contains(.streaming))
        case "request.input_tokens": return .number(Double(facts.inputTokens))
        case "request.max_tokens": return .number(Double(facts.outputTokens))
        case "request.region": return facts.region.map { .text($0) } ?? .missing
        case "time.hour": return .number(Double(now.nanoseconds / 3_600_000_000_000 % 24))
        default: return .missing
        }
    }

    private mutating func change(_ change: Scenario.Change) {
        switch change {
        case .table(let table):
            for deployment in table.deployments where deployments[deployment.name] == nil {
                deployments[deployment.name] = ImaginaryDeployment()
            }
            brain.replace(table, at: now)
            invariants.replaced(by: table, deployments)
            report.replaced(by: table)
        case .reset(let name):
            guard let id = brain.table.deployment(named: name) else { return }
            brain.reset(id)
            invariants.reset(id)
        case .signal(let name, let value): signals[name] = value
        }
        sweep()
    }

    mutating func schedule(_ kind: Event.Kind, _ place: Int, attempt: Int = 0, at time: Instant) {
        let event = Event(kind: kind, place: Int32(place), request: clients[place].course.number, attempt: Int16(attempt))
        agenda.add(event, at: time)
    }

    mutating func free(_ place: Int) {
        clients[place].over = true
        freePlaces.append(place)
    }
}
