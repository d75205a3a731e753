import Routing
import Settings
import Storage

/// What the admin API asks of the running gateway.
extension Server {
    /// Whether operators must show a token.
    public var needsToken: Bool { adminToken != nil || !adminTokens.isEmpty || !adminIsLoopback }

    private var adminTokens: [AdminToken] { live?.blueprint.adminTokens ?? firstTokens }

    /// Who shows the token. Compares digests, all of their bytes, with every token there is: how long it takes says nothing of one.
    public func identify(token: String?) -> AdminIdentity? {
        guard needsToken else { return .local }
        return token.flatMap { identify(digest: TokenDigest(of: $0)) }
    }

    /// The same of a token that was shown before.
    public func identify(digest: TokenDigest) -> AdminIdentity? {
        let shown = digest.digest
        var found: AdminIdentity? = adminToken.flatMap { $0 == shown ? .environment : nil }
        for token in adminTokens where KeyRing.digest(of: token.secret) == shown {
            if let expires = token.expires, expires.seconds <= WallClock.milliseconds() / 1000 { continue }
            found = found ?? .token(token)
        }
        return found
    }

    /// Tells the store which version of the settings runs here, for operators to see. False: this gateway has not joined yet.
    public func note(settingsVersion: Int64) throws(StoreFailure) -> Bool {
        guard let gateway = keeper?.status.gateway else { return false }
        try store.note(settingsVersion: settingsVersion, of: gateway.number)
        return true
    }

    /// What requests in flight here have reserved of an account, in its unit; nil where it is not counted here.
    public func held(of account: String) -> Int64? {
        let now = WallClock.milliseconds()
        return accounts.with { ledger in ledger.account(named: account).flatMap { ledger.balance(of: $0, at: now)?.held } }
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

    /// This gateway, for people.
    public var gatewayName: String { gateway.name ?? live?.blueprint.server.listen.written ?? "" }

    /// Takes up what another gateway found out. News of deployments that are not known here, or not any more, change nothing.
    public func hear(_ news: HealthNews) {
        guard let id = live?.table.deployment(named: news.deployment) else { return }
        let changed = router.with { $0.hear(id, isOpen: news.isOpen, rest: news.rest, at: .now()) }
        guard changed else { return }
        log.notice(
            news.isOpen ? "another gateway says that a deployment fails" : "another gateway says that a deployment is well",
            metadata: ["deployment": "\(news.deployment)", "reason": "\(news.reason)"])
    }

    /// Somebody has cancelled or removed a response through another gateway.
    public func hear(cancelled response: String) { responses?.runs.cancel(response) }

    /// What requests cost was corrected in the store, and so what is left of budgets.
    public func rereadBudgets() {
        accounts.with { $0.reread() }
        keeper?.nudge()
    }

    /// Makes a deployment serve again whatever its faults were. False: there is none of that name.
    public func reset(deployment name: String) -> Bool {
        guard let id = live?.table.deployment(named: name) else { return false }
        router.with { $0.reset(id, at: .now()) }
        log.notice("deployment reset by an operator", metadata: ["deployment": "\(name)"])
        return true
    }
}

/// What is kept of a token that somebody showed.
public struct TokenDigest: Sendable, Hashable {
    let digest: KeyRing.Digest

    public init(of token: String) { digest = Array(token.utf8).withUnsafeBytes { KeyRing.Digest(of: $0) } }
}

/// Who asks the admin API.
public enum AdminIdentity: Sendable {
    /// Without a token, from this machine, where none is asked for.
    case local
    /// The bearer of SWIFTLET_ADMIN_TOKEN.
    case environment
    case token(AdminToken)

    /// As the audit log has it.
    public var name: String {
        switch self {
        case .local: "local"
        case .environment: "admin"
        case .token(let token): token.name
        }
    }

    public var role: AdminRole {
        if case .token(let token) = self { token.role } else { .admin }
    }

    /// Nil: nothing bounds what it may give.
    public var bounds: AdminToken? {
        if case .token(let token) = self, token.role == .keyManager { token } else { nil }
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
