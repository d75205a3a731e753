import Routing

/// Times in tests are numbers of seconds.
func at(_ seconds: Double) -> Instant { Instant(nanoseconds: Int64(seconds * 1e9)) }

func deployments(_ names: String..., change: (inout Deployment) -> Void = { _ in }) -> [Deployment] {
    names.map { name in
        var deployment = Deployment(name: name)
        change(&deployment)
        return deployment
    }
}

/// No waits to reckon with: repeats follow at once.
let atOnce = RetryPolicy(backoff: .zero)

func table(
    _ deployments: [Deployment], _ tree: Route, retry: RetryPolicy = atOnce, others: [NamedRoute] = [], version: Int = 1,
    fallbacks: [String] = [], defaultFallbacks: [String] = [], tagFiltering: TagFiltering = .off
) throws -> RoutingTable {
    try RoutingTable(
        version: version, deployments: deployments,
        routes: [NamedRoute(name: "main", tree: tree, retry: retry, fallbacks: fallbacks)] + others, defaultFallbacks: defaultFallbacks,
        tagFiltering: tagFiltering)
}

func leaves(_ strategy: any Strategy, _ ids: Int...) -> Route { .choice(strategy, ids.map { Branch(.deployment($0)) }) }

/// What a test says happens at a deployment.
enum Ending {
    case well
    case badly(Fault, retryAfter: Duration? = nil)

    var outcome: Outcome {
        switch self {
        case .well: .success(firstByte: .milliseconds(10), total: .milliseconds(20), outputTokens: 5)
        case .badly(let fault, let retryAfter): .fault(fault, retryAfter: retryAfter)
        }
    }
}

/// One request driven to its end.
struct Run {
    var tried: [Deployment.ID] = []
    var attempts: [Attempt] = []
    var waits: [Duration] = []
    /// Nil: it succeeded.
    var end: Exhaustion?
    var now: Instant

    var succeeded: Bool { end == nil }
}

extension Router {
    /// Drives `journey` to its end; every attempt takes no time.
    mutating func run(_ journey: Journey, at start: Instant = .zero, _ ending: (Deployment.ID) -> Ending) -> Run {
        var journey = journey
        var run = Run(now: start)
        for _ in 0..<10_000 {
            switch next(&journey, at: run.now) {
            case .wait(let until):
                run.waits.append(until - run.now)
                run.now = until
            case .exhausted(let why):
                run.end = why
                return run
            case .attempt(let attempt):
                run.tried.append(attempt.deployment)
                run.attempts.append(attempt)
                let ending = ending(attempt.deployment)
                record(ending.outcome, of: attempt, in: &journey, at: run.now)
                if case .well = ending { return run }
            }
        }
        preconditionFailure("a request does not end")
    }

    mutating func run(route: String = "main", at start: Instant = .zero, _ ending: (Deployment.ID) -> Ending) -> Run {
        run(journey(route: table.route(named: route) ?? 0), at: start, ending)
    }

    func state(_ id: Deployment.ID, at now: Instant) -> HealthReport.State { health(of: id, at: now).state }
}
