import Routing
import Schema

/// Retry, rest and time of all routes: what the router's settings say, else the default policy, else what `Routing` begins with.
struct RoutePolicies {
    private let router: RouterSettings
    private let policy: PolicySettings?
    private let modelTimeouts: [Duration]
    private static let usualTimeout = Duration.seconds(60)
    /// Where only one of `allowed_fails` and `cooldown_time` is said; the first is LiteLLM's own default (read 2026-11).
    private static let usualFails = 3
    private static let usualCooldown = Duration.seconds(30)

    init(_ document: SettingsDocument) {
        router = document.router
        policy = document.policies["default"]
        modelTimeouts = document.models.entries.compactMap(\.value.timeout)
    }

    func retry(maxRetries: Int?) -> RetryPolicy {
        var retry = RetryPolicy()
        let written = policy?.retry
        if let count = maxRetries ?? router.maxRetries ?? written?.maxRetries { retry.maxRetries = count }
        if let on = written?.on { retry.on = on.set }
        if let backoff = written?.backoff { retry.backoff = backoff }
        if let wait = router.retryAfter ?? written?.retryAfter { retry.retryAfter = wait }
        for row in router.retryPolicy.counts { retry.limit(row.count, after: row.fault) }
        return retry
    }

    var breaker: BreakerPolicy {
        if !router.cooldowns { return .never }
        if router.allowedFails != nil || router.cooldownTime != nil {
            return .cooldown(allowedFails: router.allowedFails ?? Self.usualFails, time: router.cooldownTime ?? Self.usualCooldown)
        }
        guard let written = policy?.breaker else { return BreakerPolicy() }
        return BreakerPolicy(
            failureThreshold: written.failureThreshold, window: written.window, cooldown: written.cooldown, autoRecovery: written.autoRecovery)
    }

    /// For an attempt, where a model does not say.
    var timeout: Duration { router.timeout ?? policy?.timeout ?? Self.usualTimeout }

    /// No route waits longer for the first byte of an attempt.
    var longestTimeout: Duration { ([timeout] + modelTimeouts).max() ?? timeout }
}
