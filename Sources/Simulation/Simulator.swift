import Routing

/// Drives the router that serves traffic through a scenario on virtual time. Everything follows from the seed.
public struct Simulator {
    private enum Event {
        case arrival
        case ended(request: Int, Attempt, Outcome)
        case wake(request: Int)
        case departure(request: Int)
        case change(Int)
    }

    private struct Client {
        var journey: Journey
        var attempt: Attempt?
        var over = false
    }

    private let scenario: Scenario
    private var router: Router
    private var deployments: [String: ImaginaryDeployment]
    private var random: Random
    private var agenda = Agenda<Event>()
    private var clients: [Client] = []
    private var tables: [Int: RoutingTable]
    private var invariants = Invariants()
    private var report: Report
    private var now = Instant.zero

    public static func run(_ scenario: Scenario, seed: UInt64) -> Report {
        var simulator = Simulator(scenario, seed: seed)
        return simulator.run()
    }

    private init(_ scenario: Scenario, seed: UInt64) {
        self.scenario = scenario
        router = Router(table: scenario.table, seed: seed)
        deployments = scenario.deployments
        random = Random(seed: Random.mix(seed))
        tables = [scenario.table.version: scenario.table]
        report = Report(scenario: scenario.name, seed: seed)
    }

    private mutating func run() -> Report {
        for (index, change) in scenario.changes.enumerated() { agenda.add(.change(index), at: change.at) }
        agenda.add(.arrival, at: .zero + scenario.traffic.gap(&random))
        while let (time, event) = agenda.take() {
            now = time
            switch event {
            case .arrival: arrive()
            case .ended(let request, let attempt, let outcome): end(request, attempt, outcome)
            case .wake(let request): if !clients[request].over { advance(request) }
            case .departure(let request): leave(request)
            case .change(let index):
                tables[scenario.changes[index].table.version] = scenario.changes[index].table
                router.replace(scenario.changes[index].table, at: now)
            }
        }
        invariants.over(router, at: now)
        report.violations = invariants.violations
        return report
    }

    private mutating func arrive() {
        let request = clients.count
        let deadline = now + scenario.traffic.patience
        let envelope = Envelope(maxAttempts: scenario.traffic.maxAttempts, deadline: deadline)
        clients.append(Client(journey: router.journey(route: 0, facts: scenario.traffic.facts(&random), envelope: envelope)))
        invariants.arrived(deadline: deadline, maxAttempts: envelope.maxAttempts)
        report.requests += 1
        if let after = scenario.traffic.departure(&random) { agenda.add(.departure(request: request), at: now + after) }
        let next = now + scenario.traffic.gap(&random)
        if next < .zero + scenario.traffic.duration { agenda.add(.arrival, at: next) }
        advance(request)
    }

    private mutating func advance(_ request: Int) {
        let before = router.table.deployments.indices.map { router.state(of: $0, at: now) }
        switch router.next(&clients[request].journey, at: now) {
        case .attempt(let attempt): begin(attempt, of: request, before)
        case .wait(let until):
            report.waits += 1
            report.note(1, at: now)
            invariants.waits(until: until, request: request, at: now)
            agenda.add(.wake(request: request), at: until)
        case .exhausted(let why):
            report.failed["\(why.reason)", default: 0] += 1
            finish(request, why)
        }
        invariants.compare(router, request: request, at: now)
    }

    private func name(_ attempt: Attempt) -> String { tables[attempt.tableVersion]?.deployments[attempt.deployment].name ?? "" }

    private mutating func begin(_ attempt: Attempt, of request: Int, _ before: [HealthReport.State]) {
        let name = name(attempt)
        let state = attempt.tableVersion == router.table.version ? before[attempt.deployment] : nil
        let retry = tables[attempt.tableVersion]?.routes[attempt.route].retry ?? RetryPolicy()
        invariants.attempt(attempt, of: request, name: name, before: state, retry: retry, at: now)
        report.attempts += 1
        report.load[name, default: 0] += 1
        report.panics += attempt.isPanic ? 1 : 0
        report.probes += attempt.isProbe ? 1 : 0
        report.note(2 + UInt64(attempt.deployment), at: now)
        clients[request].attempt = attempt
        guard var deployment = deployments[name] else { return }
        var (outcome, after) = deployment.call(at: now, random: &random)
        deployments[name] = deployment
        if now + after > attempt.deadline {
            outcome = .fault(.timeout, retryAfter: nil)
            after = attempt.deadline - now
        }
        agenda.add(.ended(request: request, attempt, outcome), at: now + after)
    }

    private mutating func end(_ request: Int, _ attempt: Attempt, _ outcome: Outcome) {
        guard clients[request].attempt == attempt else { return }
        record(outcome, attempt, of: request)
        if case .success = outcome {
            report.succeeded += 1
            finish(request, nil)
        } else {
            advance(request)
        }
    }

    private mutating func leave(_ request: Int) {
        guard !clients[request].over else { return }
        report.left += 1
        if let attempt = clients[request].attempt { record(.cancelled, attempt, of: request) }
        finish(request, nil)
    }

    private mutating func record(_ outcome: Outcome, _ attempt: Attempt, of request: Int) {
        clients[request].attempt = nil
        router.record(outcome, of: attempt, in: &clients[request].journey, at: now)
        invariants.recorded(outcome, attempt, of: request, name: name(attempt), at: now)
    }

    private mutating func finish(_ request: Int, _ why: Exhaustion?) {
        clients[request].over = true
        report.note(why == nil ? 100 : 101, at: now)
        var couldServe: [String] = []
        if why != nil, let table = tables[clients[request].journey.tableVersion], table.version == router.table.version {
            for id in table.deployments(of: 0) {
                let deployment = table.deployments[id]
                let isFree = router.inFlight(at: id) < deployment.maxParallelRequests ?? .max
                if isFree, router.state(of: id, at: now) == .closed, deployments[deployment.name]?.neverFails ?? false {
                    couldServe.append(deployment.name)
                }
            }
        }
        invariants.ended(request, why, couldServe: couldServe, at: now)
    }
}

/// What happens when: a heap by time, and by order of entry where times are equal, so that a run has one course.
struct Agenda<Event> {
    private var heap: [(at: Instant, order: Int, event: Event)] = []
    private var entered = 0

    mutating func add(_ event: Event, at time: Instant) {
        heap.append((time, entered, event))
        entered += 1
        var child = heap.count - 1
        while child > 0, isBefore(child, (child - 1) / 2) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func take() -> (Instant, Event)? {
        guard let first = heap.first else { return nil }
        let last = heap.removeLast()
        if !heap.isEmpty {
            heap[0] = last
            var parent = 0
            while true {
                var least = parent
                for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && isBefore(child, least) { least = child }
                if least == parent { break }
                heap.swapAt(parent, least)
                parent = least
            }
        }
        return (first.at, first.event)
    }

    private func isBefore(_ left: Int, _ right: Int) -> Bool {
        (heap[left].at, heap[left].order) < (heap[right].at, heap[right].order)
    }
}
