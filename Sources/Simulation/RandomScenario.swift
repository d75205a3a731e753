import Routing

extension Scenario {
    /// Any tables, any providers, any clients: what nobody thought of. The seed names the scenario.
    public static func random(seed: UInt64) throws(RoutingTableError) -> Scenario {
        var random = Random(seed: Random.mix(seed))
        let names = (0..<2 + random.below(6)).map { "d\($0)" }
        // A deployment that comes free while a request is at a fallback is not gone back to, so these two are not mixed.
        let isNarrow = random.below(3) == 0
        let deployments = names.map { deployment($0, parallel: isNarrow ? 1 + random.below(4) : nil, &random) }
        var routes = [NamedRoute(name: "main", tree: tree(names.count, depth: 3, &random), retry: retry(&random))]
        if !isNarrow, random.below(2) == 0 {
            routes[0].fallbacks = ["second"]
            routes[0].contextWindowFallbacks = ["third"]
            routes.append(NamedRoute(name: "second", tree: tree(names.count, depth: 2, &random), retry: retry(&random), fallbacks: ["third"]))
            routes.append(NamedRoute(name: "third", tree: .deployment(random.below(names.count)), retry: retry(&random)))
        }
        let table = try RoutingTable(version: 1, deployments: deployments, routes: routes)
        let traffic = Traffic(
            requestsPerSecond: Double(5 + random.below(40)), duration: .seconds(40), patience: .milliseconds(500 + random.below(30_000)),
            leaving: random.below(2) == 0 ? 0 : random.unit() / 2, maxAttempts: 1 + random.below(12))
        var imaginary: [String: ImaginaryDeployment] = [:]
        for name in names {
            let mishaps = (0..<random.below(3)).map { _ in mishap(&random) }
            imaginary[name] = ImaginaryDeployment(
                least: .milliseconds(random.below(500)), tail: .milliseconds(random.below(2000)), mishaps: mishaps)
        }
        return Scenario(name: "random-\(seed)", table: table, deployments: imaginary, traffic: [traffic])
    }

    private static func deployment(_ name: String, parallel: Int?, _ random: inout Random) -> Deployment {
        var breaker = BreakerPolicy(
            failureThreshold: 1 + random.below(6), window: .seconds(1 + random.below(30)), cooldown: .milliseconds(random.below(20_000)),
            autoRecovery: random.below(8) != 0, failureRatio: random.below(3) == 0 ? random.unit() : nil,
            cooldownIsItsOwn: random.below(2) == 0)
        if random.below(4) == 0 { breaker.allow(random.below(5), of: .serverError) }
        if random.below(6) == 0 { breaker.allow(random.below(3), of: .rateLimit) }
        return Deployment(
            name: name, weight: random.below(2) == 0 ? nil : random.unit() * 9, maxParallelRequests: parallel,
            timeout: random.below(2) == 0 ? nil : .milliseconds(200 + random.below(5000)), breaker: breaker)
    }

    private static func retry(_ random: inout Random) -> RetryPolicy {
        RetryPolicy(
            maxRetries: random.below(4), backoff: .milliseconds(1 + random.below(400)), retryAfter: .milliseconds(random.below(3) * 100),
            maxWait: .seconds(1 + random.below(8)))
    }

    private static func tree(_ deployments: Int, depth: Int, _ random: inout Random) -> Route {
        if depth == 0 || random.below(4) == 0 { return .deployment(random.below(deployments)) }
        var strategies = Strategies.all.filter { !($0 is Single) }
        strategies.append(Percentage(stickyBy: .user))
        let strategy = strategies[random.below(strategies.count)]
        var branches: [Branch] = []
        for _ in 0..<1 + random.below(4) {
            branches.append(Branch(tree(deployments, depth: depth - 1, &random), weight: 0.1 + random.unit()))
        }
        return .choice(strategy, branches)
    }

    private static func mishap(_ random: inout Random) -> ImaginaryDeployment.Mishap {
        let faults: [Fault] = [
            .rateLimit, .quotaExceeded, .serverError, .timeout, .unavailable, .auth, .notFound, .contextWindow, .contentPolicy, .badRequest,
            .malformedReply,
        ]
        let fault = faults[random.below(faults.count)]
        let from = Instant.zero + .seconds(random.below(30))
        let to = from + .seconds(random.below(20))
        switch random.below(9) {
        case 0: return .fails(random.unit(), fault)
        case 1: return .outage(from: from, to: to, fault)
        case 2: return .flaps(period: .milliseconds(500 + random.below(10_000)), down: .milliseconds(random.below(5000)), fault)
        case 3:
            let wait: Duration? = random.below(2) == 0 ? nil : .milliseconds(random.below(20_000))
            return .limits(calls: random.below(20), per: .seconds(1 + random.below(10)), retryAfter: wait)
        case 4: return .hangs(random.unit() / 2)
        case 5: return .crowded(above: random.below(6), fault)
        case 6: return .cuts(random.unit() / 3)
        case 7: return .refuses(random.unit() / 2, fault)
        default: return .during(from, to, .slow(1 + random.unit() * 30))
        }
    }
}
