import Routing
import Settings
import Storage

/// What the admin API asks of the running gateway.
extension Server {
    /// Whether operators must show a token.
    public var needsToken: Bool { adminToken != nil }

    /// Compares digests, all of their bytes: how long it takes says nothing of the token.
    public func admits(token: String) -> Bool {
        guard let adminToken else { return true }
        return Array(token.utf8).withUnsafeBytes { KeyRing.Digest(of: $0) } == adminToken
    }

    /// `/metrics`, in Prometheus' text format.
    public func metrics() async -> String {
        guard let live else { return "" }
        return await Exposition.write(self, live, at: .now())
    }

    /// The settings in force. Nil until the gateway serves.
    public var blueprint: Blueprint? { live?.blueprint }

    public func deploymentReports() -> [DeploymentReport] {
        guard let live else { return [] }
        let now = Instant.now()
        let wall = WallClock.milliseconds()
        let router = router.snapshot()
        return router.healthReports(at: now).map { health in
            let upstream = live.blueprint.upstreams[health.deployment]
            return DeploymentReport(
                health: health, provider: upstream.providerName, model: upstream.model,
                restsUntilUnixMilliseconds: health.restsUntil.flatMap { $0 == .distantFuture ? nil : wall + ($0 - now).milliseconds },
                limits: router.accountLimits(of: health.deployment, at: now),
                credentialProblem: live.targets[health.deployment].keeper?.failure.map { "no fresh access token: \($0)" })
        }
    }

    /// Makes a deployment serve again whatever its faults were. False: there is none of that name.
    public func reset(deployment name: String) -> Bool {
        guard let id = live?.table.deployment(named: name) else { return false }
        router.with { $0.reset(id, at: .now()) }
        log.notice("deployment reset by an operator", metadata: ["deployment": "\(name)"])
        return true
    }
}

/// A deployment as operators see it.
public struct DeploymentReport: Sendable {
    public let health: HealthReport
    public let provider: String
    public let model: String
    /// Nil: it does not rest, or waits for an operator: see `health`.
    public let restsUntilUnixMilliseconds: Int64?
    /// What its account has left.
    public let limits: AccountLimits?
    /// Why its access token is not renewed; requests fail once the last one has lapsed. Nil: nothing is wrong with it.
    public let credentialProblem: String?
}

extension Duration {
    var milliseconds: Int64 { nanoseconds / 1_000_000 }
}
