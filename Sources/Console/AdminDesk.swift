import Gateway
import Logging
import Storage
import Wire

/// Answers the admin API: looks at the path, asks who may, hands on to those who know.
public final class AdminDesk: Sendable {
    private let server: Server
    private let settings: SettingsDesk
    private let collections: Collections
    private let drafts: Drafts
    private let rules: RoutingRules
    private let passThrough: PassThroughDesk
    private let signals: SignalDesk
    private let ledger: LedgerDesk
    private let deployments: DeploymentDesk
    private let explaining: Explaining
    private let prices: PriceDesk
    private let ids: Locked<RequestIDGenerator>
    private let log: Logger

    /// - Parameters:
    ///   - ledger: Where requests and events are.
    ///   - book: Where settings and signals are, and are changed.
    public init(_ server: Server, settings book: SettingsBook, store: any Store, ledger: any Store, events: AdminEvents, log: Logger) throws {
        self.server = server
        self.log = log
        let collections = Collections(book: book)
        self.collections = collections
        settings = SettingsDesk(book: book) { collections.etag($0) }
        drafts = Drafts(book: book)
        rules = RoutingRules(book: book)
        passThrough = PassThroughDesk(book: book)
        signals = SignalDesk(signals: server.signals, store: store)
        self.ledger = LedgerDesk(store: ledger) { events.dropped }
        deployments = DeploymentDesk(server: server)
        explaining = Explaining(server: server)
        prices = PriceDesk(book: book)
        ids = Locked(RequestIDGenerator(node: try ledger.leaseNodes(1)))
        try signals.restore()
    }

    func nextID() -> String { ids.withLock { $0.next(atUnixMilliseconds: WallClock.milliseconds()).description } }

    /// - Parameters:
    ///   - token: As the caller showed it.
    ///   - stranger: The call comes from a web page of another site.
    func answer(_ call: AdminCall, token: String?, stranger: String?, id: String) async -> AdminAnswer {
        do {
            if let open = try await answerToAnybody(call) { return open }
            try admit(token: token, stranger: stranger)
            return try await answer(call)
        } catch let refusal as AdminRefusal {
            return refusal.answer(requestID: id)
        } catch let refused as SettingsBook.Refused {
            let first = refused.problems.first.map { "\($0.path.isEmpty ? "document" : $0.path): \($0.message)" } ?? "it has problems"
            return AdminRefusal(422, "invalid_settings", "nothing was changed: \(first)", problems: refused.problems).answer(requestID: id)
        } catch let failure as StoreFailure {
            return AdminRefusal(failure).answer(requestID: id)
        } catch {
            log.error("the admin API failed", metadata: ["problem": "\(error)", "request_id": "\(id)"])
            return AdminRefusal(500, "internal_error", "this failed here; the log has it under the request's id").answer(requestID: id)
        }
    }

    private func answerToAnybody(_ call: AdminCall) async throws -> AdminAnswer? {
        guard call.path.count == 1, ["healthz", "readyz"].contains(call.path[0]) else { return nil }
        guard call.method == "GET" || call.method == "HEAD" else { throw AdminRefusal.wrongMethod("GET") }
        guard call.path[0] == "readyz" else { return AdminAnswer(text: "ok\n") }
        return server.unreadiness.map { AdminAnswer(text: "not ready: \($0)\n", status: 503) } ?? AdminAnswer(text: "ready\n")
    }

    private func admit(token: String?, stranger: String?) throws {
        if server.needsToken {
            guard let token, server.admits(token: token) else {
                throw AdminRefusal(401, "invalid_api_key", "this needs the admin token: send it as `Authorization: Bearer TOKEN`")
            }
        } else if let stranger {
            // Without a token only this machine may ask, and a web page that it shows is not this machine.
            throw AdminRefusal(403, "foreign_origin", "requests of \(stranger.prefix(100)) are not answered while SWIFTLET_ADMIN_TOKEN is not set")
        }
    }

    private func answer(_ call: AdminCall) async throws -> AdminAnswer {
        if call.path == ["metrics"] {
            guard call.method == "GET" else { throw AdminRefusal.wrongMethod("GET") }
            return AdminAnswer(text: await server.metrics(), type: "text/plain; version=0.0.4")
        }
        if call.path.starts(with: ["config", "pass_through_endpoint"]) { return try await passThrough.answer(call) }
        if call.path.starts(with: ["v1", "routing-rules"]) { return try await rules.answer(call) }
        guard call.path.count >= 3, call.path[0] == "api", call.path[1] == "v1" else { throw Self.unknown(call) }
        let name = call.path[2]
        if name == "policies", call.path.count > 3, call.path[3] == "draft" { return try await drafts.answer(call) }
        if name == "providers", let provider = ProviderTesting.subject(call) {
            return try await ProviderTesting(server: server).answer(call, provider: provider)
        }
        if let section = Collections.sections[name] { return try await collections.answer(call, section: section) }
        switch name {
        case "settings": return try await settings.answer(call)
        case "signals": return try await signals.answer(call)
        case "deployments": return try deployments.answer(call)
        case "prices": return try await prices.answer(call)
        case "explain" where call.path.count == 3: return try await explaining.answer(call)
        case "requests", "events":
            guard call.method == "GET" else { throw AdminRefusal.wrongMethod("GET") }
            if call.path.count == 3 { return name == "events" ? try await ledger.events(call) : try await ledger.requests(call) }
            if call.path.count == 4, name == "requests" { return try await ledger.request(call.path[3]) }
        default: break
        }
        throw Self.unknown(call)
    }

    private static func unknown(_ call: AdminCall) -> AdminRefusal {
        AdminRefusal(
            404, "unknown_url", "no such path; /api/v1/deployments, /api/v1/requests, /api/v1/settings and /api/v1/explain are some that exist")
    }
}
