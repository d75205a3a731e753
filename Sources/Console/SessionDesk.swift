import Gateway
import Settings
import Storage
import Wire

/// `POST|GET|DELETE /console/session`, `DELETE /console/sessions`: signing in to the web console with an admin token, and out.
final class SessionDesk: Sendable {
    let server: Server
    let book: SettingsBook
    private let sessions = Locked(Sessions())
    private let limit = Locked(SignInLimit())

    init(server: Server, book: SettingsBook) { (self.server, self.book) = (server, book) }

    static let cookie = "swiftlet_session"

    /// Whom the cookie of a call names. Changes need the session's proof beside it: a page of another site has the browser send the
    /// cookie at best.
    func identify(_ call: AdminCall) throws -> AdminIdentity? {
        guard let secret = call.session, let session = use(secret), let identity = server.identify(digest: session.token) else { return nil }
        guard call.isSafe || session.proof == call.proof else {
            throw AdminRefusal(403, "csrf_token_invalid", "changes need the session's token in the header x-swiftlet-csrf: load the page again")
        }
        return identity
    }

    /// Whether the session of a call still holds. Does not count as using it, so that a page left open does not keep it.
    func holds(_ call: AdminCall) -> Bool {
        guard let secret = call.session else { return false }
        let session = sessions.withLock { $0.use(secret, at: WallClock.milliseconds(), counts: false) }
        return session.flatMap { server.identify(digest: $0.token) } != nil
    }

    private func use(_ secret: String) -> Sessions.Session? { sessions.withLock { $0.use(secret, at: WallClock.milliseconds()) } }

    // MARK: Tokens

    /// Whose token it is; nil: nobody's. Guessing is slowed down.
    func identify(_ token: TokenDigest, from address: String) throws -> AdminIdentity? {
        let now = WallClock.milliseconds()
        let wait = limit.withLock { $0.wait(address, token, at: now) }
        guard wait == 0 else {
            let seconds = (wait + 999) / 1_000
            var refusal = AdminRefusal(
                429, "too_many_attempts", "too many wrong admin tokens came from here: try again in \(seconds) \(seconds == 1 ? "second" : "seconds")"
            )
            refusal.retryAfter = seconds
            throw refusal
        }
        let identity = server.identify(digest: token)
        limit.withLock { identity == nil ? $0.failed(address, at: now) : $0.succeeded(address, token, at: now) }
        return identity
    }

    /// What stands in `/metrics` of it.
    var exposition: String {
        let counts = limit.withLock { $0.counts }
        return """
            # HELP swiftlet_admin_token_failures_total Admin tokens shown to this gateway that were wrong.
            # TYPE swiftlet_admin_token_failures_total counter
            swiftlet_admin_token_failures_total \(counts.failed)
            # HELP swiftlet_admin_token_refused_total Admin tokens that were not looked at because of too many wrong ones before.
            # TYPE swiftlet_admin_token_refused_total counter
            swiftlet_admin_token_refused_total \(counts.refused)

            """
    }

    // MARK: Signing in and out

    func begin(_ call: AdminCall) async throws -> AdminAnswer {
        if let origin = call.foreignOrigin {
            throw AdminRefusal(403, "foreign_origin", "pages of `\(origin.prefix(100))` sign nobody in here")
        }
        guard let token = try call.object(["token"])["token"]?.scalar, !token.isEmpty, token.utf8.count <= 4096 else {
            throw AdminRefusal(400, "invalid_value", "`token` is missing: SWIFTLET_ADMIN_TOKEN, or a token of admin.tokens")
        }
        guard server.needsToken else { return try here(call) }
        let digest = TokenDigest(of: token)
        guard let identity = try identify(digest, from: call.address) else {
            throw AdminRefusal(401, "invalid_api_key", "this is no admin token of this gateway, or its time is over")
        }
        let (secret, session) = sessions.withLock { $0.begin(digest, at: WallClock.milliseconds()) }
        var mark = call
        mark.caller = identity
        try await book.note(mark.mark("console.sign_in", identity.name))
        var answer = Self.answer(identity, session)
        answer.setCookie(secret, for: Sessions.longest / 1000, secure: call.isSecure)
        return answer
    }

    /// Who is signed in: asked by the console when it is opened. Nobody has no name.
    func here(_ call: AdminCall) throws -> AdminAnswer {
        if !server.needsToken {
            if let stranger = call.stranger {
                throw AdminRefusal(403, "foreign_origin", "requests of \(stranger.prefix(100)) are not answered while no admin token is set")
            }
            return Self.answer(.local, nil)
        }
        // No refusal: it is what the console asks before it shows where to sign in.
        guard let secret = call.session, let session = use(secret), let identity = server.identify(digest: session.token) else {
            return Self.answer(nil, nil)
        }
        return Self.answer(identity, session)
    }

    func end(_ call: AdminCall) throws -> AdminAnswer {
        guard try identify(call) != nil, let secret = call.session else { return Self.gone(call) }
        sessions.withLock { $0.end(secret) }
        return Self.gone(call)
    }

    /// Everywhere, not only in this browser.
    func endAll(_ call: AdminCall) async throws -> AdminAnswer {
        guard let identity = try identify(call), let secret = call.session, let session = use(secret) else { return Self.gone(call) }
        let ended = sessions.withLock { $0.end(of: session.token) }
        var mark = call
        mark.caller = identity
        try await book.note(mark.mark("console.sign_out_everywhere", "\(identity.name), \(ended) sessions"))
        return Self.gone(call)
    }

    private static func gone(_ call: AdminCall) -> AdminAnswer {
        var answer = AdminAnswer.nothing
        answer.setCookie("", for: 0, secure: call.isSecure)
        return answer
    }

    private static func answer(_ identity: AdminIdentity?, _ session: Sessions.Session?) -> AdminAnswer {
        AdminAnswer { whole in
            whole.object { whole in
                whole.member("name", orNull: identity?.name)
                whole.member("role", orNull: identity?.role.rawValue)
                whole.key("projects")
                if let bounds = identity?.bounds {
                    whole.array { list in for project in bounds.projects { list.string(project) } }
                } else {
                    whole.null()
                }
                whole.member("csrf", orNull: session?.proof)
                whole.member("ends", orNull: session.map { Timestamp.text(unixMilliseconds: $0.ends) })
            }
        }
    }
}

extension AdminAnswer {
    /// Not for scripts, not for other sites' requests; only for this listener's paths.
    mutating func setCookie(_ value: String, for seconds: Int64, secure: Bool) {
        fields.append(
            ("set-cookie", "\(SessionDesk.cookie)=\(value); Path=/; Max-Age=\(seconds); HttpOnly; SameSite=Strict\(secure ? "; Secure" : "")"))
    }
}
