import Logging
import NIOCore
import Routing
import Storage
import Translation

/// Keeps one grant's access token fresh: fetched when the settings first name it, renewed in the background well before its end,
/// handed out without waiting. Only a request that comes before the first token, or after one whose renewal failed, waits.
final class TokenKeeper: Sendable {
    let grant: TokenGrant
    private let tls: TLS
    private let loop: any EventLoop
    private let log: Logger
    private let state = Locked(State())

    private struct State {
        var token: AccessToken?
        /// Why the last try failed; nil after one that did not.
        var failure: String?
        /// The last failure was a no, not a silence: an operator must act.
        var isRefused = false
        var isFetching = false
        var failures = 0
        var waiters: [(id: UInt64, tell: @Sendable () -> Void)] = []
        var nextWaiter: UInt64 = 0
        var isRetired = false
    }

    /// Requests that wait for a token at once; more are refused at once as the provider's fault.
    private static let mostWaiters = 10_000
    private static let limit = Duration.seconds(10)

    init(_ grant: TokenGrant, tls: TLS, loop: any EventLoop, log: Logger) {
        (self.grant, self.tls, self.loop, self.log) = (grant, tls, loop, log)
    }

    /// The header line to send now; nil: there is none that would still be taken.
    func line(unixSeconds: Int64) -> ByteBuffer? {
        state.withLock { state in
            guard let token = state.token, token.expires > unixSeconds + 5 else { return nil }
            return token.line
        }
    }

    /// Why there is no token, in words for an operator.
    var failure: String? { state.withLock { $0.failure } }

    var isRefused: Bool { state.withLock { $0.isRefused } }

    /// Has `tell` called, once and on any thread, as soon as the try that is under way has ended. Begins one where none is.
    /// Nil: too many wait already.
    func wait(_ tell: @escaping @Sendable () -> Void) -> UInt64? {
        let number: UInt64? = state.withLock { state in
            guard state.waiters.count < Self.mostWaiters else { return nil }
            state.nextWaiter += 1
            state.waiters.append((state.nextWaiter, tell))
            return state.nextWaiter
        }
        fetch()
        return number
    }

    func leave(_ waiter: UInt64) {
        state.withLock { state in state.waiters.removeAll { $0.id == waiter } }
    }

    /// No settings name the grant any more.
    func retire() { state.withLock { $0.isRetired = true } }
    func revive() {
        let lacksToken = state.withLock { state in
            state.isRetired = false
            return state.token == nil
        }
        if lacksToken { fetch() }
    }

    // MARK: Fetching

    func fetch() {
        let begins = state.withLock { state in
            if state.isFetching { return false }
            state.isFetching = true
            return true
        }
        guard begins else { return }
        let now = WallClock.milliseconds() / 1000
        let assertion: String
        do {
            assertion = try grant.account.assertion(unixSeconds: now)
        } catch {
            // The error could hold a part of the key.
            return ended(nil, "the service account's private key cannot be used", isRefused: true)
        }
        var call = PlainCall(origin: grant.url.origin, path: grant.url.path.isEmpty ? "/" : grant.url.path)
        call.method = "POST"
        call.headers = [("content-type", "application/x-www-form-urlencoded"), ("accept", "application/json")]
        call.body = Array(ServiceAccount.form(assertion: assertion).utf8)
        call.send(on: loop, tls: tls, within: Self.limit).whenComplete { self.took($0, since: now) }
    }

    private func took(_ result: Result<PlainCall.Reply, any Error>, since now: Int64) {
        switch result {
        case .success(let reply):
            guard reply.status == 200 else {
                let said = reply.body.withUnsafeReadableBytes { FaultyReply.read(status: reply.status, body: $0) }
                return ended(
                    nil, "\(grant.url.origin.authority) refused it: \(said.summary)",
                    isRefused: (400..<500).contains(reply.status) && reply.status != 429)
            }
            let token = AccessToken.read(reply.body, unixSeconds: now)
            ended(token, token == nil ? "\(grant.url.origin.authority) answered without an access token" : nil)
        case .failure(let error):
            ended(nil, "\(grant.url.origin.authority): \((error as? PlainCall.Failure)?.message ?? "\(error)")")
        }
    }

    private func ended(_ token: AccessToken?, _ failure: String?, isRefused: Bool = false) {
        let (waiters, next, isNews) = state.withLock { state in
            state.isFetching = false
            let isNews = state.failure != failure
            state.failure = failure
            state.isRefused = isRefused
            state.failures = failure == nil ? 0 : state.failures + 1
            if let token { state.token = token }
            let waiters = state.waiters
            state.waiters = []
            return (
                waiters,
                state.isRetired ? nil : Self.pause(life: token.map { $0.expires - WallClock.milliseconds() / 1000 }, failures: state.failures), isNews
            )
        }
        if let failure, isNews {
            log.warning("no access token", metadata: ["account": "\(grant.account.email)", "reason": "\(failure)"])
        }
        for waiter in waiters { waiter.tell() }
        guard let next else { return }
        loop.scheduleTask(in: .seconds(next)) { [weak self] in
            guard let self, !self.state.withLock({ $0.isRetired }) else { return }
            self.fetch()
        }
    }

    /// Seconds until the next try: when five minutes or a fifth of a token's life are left, after failures 1, 2, 4 … 60.
    static func pause(life: Int64?, failures: Int) -> Int64 {
        guard let life else { return min(60, 1 << min(Int64(max(failures, 1)) - 1, 6)) }
        return max(1, life - min(300, life / 5))
    }
}

/// All keepers, by their grant, for the life of the process: changed settings keep the tokens of every grant they still name.
final class TokenKeepers: Sendable {
    private let tls: TLS
    private let group: any EventLoopGroup
    private let log: Logger
    private let keepers = Locked<[TokenGrant: TokenKeeper]>([:])

    init(tls: TLS, group: any EventLoopGroup, log: Logger) { (self.tls, self.group, self.log) = (tls, group, log) }

    subscript(grant: TokenGrant) -> TokenKeeper {
        let keeper = keepers.withLock { keepers in
            if let known = keepers[grant] { return known }
            let made = TokenKeeper(grant, tls: tls, loop: group.next(), log: log)
            keepers[grant] = made
            return made
        }
        keeper.revive()
        return keeper
    }

    /// Those that `grants` does not name rest.
    func keep(only grants: Set<TokenGrant>) {
        let others = keepers.withLock { keepers in keepers.filter { !grants.contains($0.key) }.map(\.value) }
        for keeper in others { keeper.retire() }
    }
}
