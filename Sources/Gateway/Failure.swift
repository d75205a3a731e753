import NIOCore
import Routing
import Settings
import Translation
import Wire

/// What a provider said of its failure.
struct LastWords {
    let reply: FaultyReply
    /// Nil: said within a stream, where it has another form than as a whole answer.
    let body: ByteBuffer?
    /// Header lines on its limits, as they came.
    let limitLines: ByteBuffer?
    let limits: AccountLimits?

    init(_ reply: FaultyReply, _ body: ByteBuffer?, _ limitLines: ByteBuffer?, _ limits: AccountLimits?) {
        (self.reply, self.body, self.limitLines, self.limits) = (reply, body, limitLines, limits)
    }
}

/// What a client hears when its request got no answer: our refusal, or a provider's own words about the request.
struct Failure {
    let status: Int
    let refusal: Refusal
    /// The provider's body, for faults that are about the client's own request.
    private let said: ByteBuffer?
    /// What goes with it where the fault is about the client's own request, limits among it.
    private let words: LastWords?

    init(_ refusal: Refusal) {
        self.refusal = refusal
        status = refusal.status
        said = nil
        words = nil
    }

    /// - Parameters:
    ///   - isSameDialect: The provider's words are in the dialect that the client speaks.
    ///   - detail: In our own words, what was wrong with the last reply.
    init(_ why: Exhaustion, said: LastWords?, of target: Target?, isSameDialect: Bool, detail: String?) {
        // A provider that repeats our credential is not quoted.
        let said = said.flatMap { Self.repeats($0, target) ? nil : $0 }
        var refusal = Self.refusal(why, said?.reply, target?.providerName ?? "")
        refusal.retryAfter = refusal.retryAfter ?? why.retryAfter
        if refusal.code == .malformedReply, let detail { refusal.message += ": \(detail)" }
        // Only the words that belong to the fault the request ends with.
        let words = why.lastFault.map { Self.isForClient($0) } ?? false ? said : nil
        if refusal.status == 429 { refusal.retryAfter = refusal.retryAfter ?? words?.limits?.wait }
        self.refusal = refusal
        self.words = words
        if let words, isSameDialect, let body = words.body, words.reply.status >= 400, Self.isAnswer(body) {
            status = words.reply.status
            self.said = body
        } else {
            status = refusal.status
            self.said = nil
        }
    }

    private static func repeats(_ words: LastWords, _ target: Target?) -> Bool {
        guard let target else { return false }
        return target.isRepeated(in: words.body ?? ByteBuffer(string: words.reply.message ?? ""))
    }

    /// A page or nothing at all is none, whatever its status: a client would read it as JSON.
    private static func isAnswer(_ body: ByteBuffer) -> Bool {
        body.withUnsafeReadableBytes { raw in
            guard let first = raw.first(where: { $0 > 0x20 }), first == UInt8(ascii: "{") || first == UInt8(ascii: "[") else { return false }
            do throws(JSONProblem) { try JSONScanner.validate(raw) } catch { return false }
            return true
        }
    }

    private static func isForClient(_ fault: Fault) -> Bool {
        switch fault {
        case .badRequest, .rateLimit, .contextWindow, .contentPolicy: true
        default: false
        }
    }

    private static func refusal(_ why: Exhaustion, _ reply: FaultyReply?, _ provider: String) -> Refusal {
        switch why.reason {
        case .attempts, .callersFault, .cancelled, .retryStorm:
            return Refusal(lastFault: why.lastFault ?? .unavailable, of: provider, reply: reply, retryAfter: why.retryAfter)
        case .deadline: return Refusal(.timeout, "no provider answered within the request's time")
        case .noneEligible(let reason):
            if case .rateLimit = reason, why.lastFault == nil {
                return Refusal(
                    .rateLimitExceeded, "no deployment may serve this request now: the nearest \(reason)", retryAfter: why.retryAfter ?? .seconds(1))
            }
            if let fault = why.lastFault { return Refusal(lastFault: fault, of: provider, reply: reply, retryAfter: why.retryAfter) }
            if [.region, .kind, .retention].contains(reason) {
                return Refusal(
                    .residencyNotMet, "no deployment may get the data of this request: the nearest \(reason), as its key or project demands")
            }
            if reason == .unpriced { return Refusal(.modelUnpriced, Self.unpriced) }
            return Refusal(
                .noEligibleDeployment, "no deployment may serve this request now: the nearest \(reason)",
                retryAfter: why.retryAfter ?? .seconds(1))
        case .noBranch: return Refusal(.noEligibleDeployment, "no branch of the route serves this request, and it has no default")
        case .denied(let text), .answered(let text): return Refusal(.deniedByRule, text)
        case .tableGone: return Refusal(.overloaded, "settings changed too often while the request waited; send it again")
        }
    }

    private static let unpriced = """
        a hard budget stands above this request, and nobody knows what the model costs: its operator gives it a price (price: of the \
        model), or a ceiling for such models (general.unpriced_ceiling)
        """

    func answer(for exchange: Exchange) -> ByteBuffer {
        let body = said ?? ByteBuffer(bytes: refusal.body(exchange.request.api, requestID: exchange.id.description))
        var out = exchange.loop.takeScratch(capacity: 4096)
        let limits = refusal.limitLines ?? limitLines(for: exchange.request.api)
        out.writeHead(atMost: exchange.namesBound + 256 + body.readableBytes + (limits?.readableBytes ?? 0)) { head in
            head.statusLine(status)
            head.text("content-type: application/json\r\n")
            head.connection(exchange.client)
            exchange.writeNames(into: &head)
            head.retryAfter(refusal.retryAfterSeconds)
            head.faultType(exchange.request.api, status)
            if let limits { head.lines(limits) }
            head.contentLength(body.readableBytes)
            head.lines(body)
        }
        return out
    }

    /// As the provider said them, and where the client's SDK reads other names in those too.
    private func limitLines(for api: API) -> ByteBuffer? {
        guard let words else { return nil }
        var lines = words.limitLines ?? ByteBuffer()
        if let limits = words.limits, !LimitNames.areIn(lines, for: api) {
            LimitNames.write(limits, for: api, moment: Self.moment(in:), into: &lines)
        }
        return lines.readableBytes == 0 ? nil : lines
    }

    private static func moment(in wait: Duration) -> String {
        Timestamp.text(unixMilliseconds: WallClock.milliseconds() + wait.nanoseconds / 1_000_000)
    }
}

extension AccountLimits {
    /// How long until there is something left again of what is used up.
    var wait: Duration? {
        let waits = [(requestsRemaining, requestsResetIn), (tokensRemaining, tokensResetIn)].compactMap { $0 == 0 ? $1 : nil }
        return waits.max()
    }
}
