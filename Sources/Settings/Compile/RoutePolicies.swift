import Routing
import Schema

/// Retry, rest and time of all routes: what the router's settings say, else the default policy, else what `Routing` begins with.
struct RoutePolicies {
    private let router: RouterSettings
    /// `default`.
    let policy: PolicySettings?
    private let otherTimeouts: [Duration]
    private static let usualTimeout = Duration.seconds(60)
    /// Where only `allowed_fails` is said.
    private static let usualCooldown = Duration.seconds(30)

    init(_ document: SettingsDocument) {
        router = document.router
        policy = document.policies["default"]
        otherTimeouts = document.models.entries.compactMap(\.value.timeout) + document.policies.entries.compactMap(\.value.timeout)
    }

    /// Of a route: what its group says, else the router, else the default policy.
    func retry(of model: ModelSettings? = nil, _ group: FaultCounts? = nil) -> RetryPolicy {
        var retry = RetryPolicy()
        policy?.retry?.apply(to: &retry)
        if let count = model?.maxRetries ?? router.maxRetries { retry.maxRetries = count }
        if let wait = router.retryAfter { retry.retryAfter = wait }
        for row in router.retryPolicy.counts + (group?.counts ?? []) + (model?.retryPolicy.counts ?? []) {
            retry.limit(row.count, after: row.fault)
        }
        return retry
    }

    /// A route that says nothing of how it goes on.
    func route(named name: String, _ tree: Route) -> NamedRoute {
        var route = NamedRoute(name: name, tree: tree, retry: retry(), timeout: timeout)
        route.hedge = policy?.hedge?.policy
        route.commitGate = policy?.commitGate?.gate
        route.continuesStreams = policy?.continuesStreams ?? false
        route.prefersWarm = policy?.prefersWarm ?? false
        return route
    }

    /// Of a policy's own route: what it says itself comes first.
    func retry(of policy: PolicySettings, named name: String) -> RetryPolicy {
        var retry = retry()
        guard name != Compiler.defaultName, let own = policy.retry else { return retry }
        own.apply(to: &retry)
        retry.monthlyBudget = own.monthlyBudget ?? 0
        retry.budgetName = name
        return retry
    }

    var bucket: RetryBucket { policy?.retry?.bucket?.bucket ?? RetryBucket() }

    var breaker: BreakerPolicy {
        if !router.cooldowns { return .never }
        var breaker = policy?.breaker?.policy ?? BreakerPolicy()
        if router.allowedFails != nil || router.cooldownTime != nil {
            breaker = .cooldown(allowedFails: router.allowedFails, time: router.cooldownTime ?? Self.usualCooldown)
        }
        for row in router.allowedFailsPolicy.counts { breaker.allow(min(row.count, 63), of: row.fault) }
        return breaker
    }

    /// For an attempt, where a model does not say.
    var timeout: Duration { router.timeout ?? policy?.timeout ?? Self.usualTimeout }

    /// No route waits longer for the first byte of an attempt.
    var longestTimeout: Duration { ([timeout] + otherTimeouts).max() ?? timeout }
}
