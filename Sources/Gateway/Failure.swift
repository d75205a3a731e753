import NIOCore
import Routing
import Settings
import Translation

/// What a client hears when its request got no answer: our refusal, or a provider's own words about the request.
struct Failure {
    let status: Int
    private let refusal: Refusal
    /// The provider's body, for faults that are about the client's own request.
    private let said: ByteBuffer?

    init(_ refusal: Refusal) {
        self.refusal = refusal
        status = refusal.status
        said = nil
    }

    /// - Parameters:
    ///   - isSameDialect: The provider's words are in the dialect that the client speaks.
    ///   - detail: In our own words, what was wrong with the last reply.
    init(_ why: Exhaustion, said: (reply: FaultyReply, body: ByteBuffer)?, of target: Target?, isSameDialect: Bool, detail: String?) {
        // A provider that repeats our credential is not quoted.
        let said = said.flatMap { target?.isRepeated(in: $0.body) ?? false ? nil : $0 }
        var refusal = Self.refusal(why, said?.reply, target?.providerName ?? "")
        refusal.retryAfter = refusal.retryAfter ?? why.retryAfter
        if refusal.code == .malformedReply, let detail { refusal.message += ": \(detail)" }
        self.refusal = refusal
        // Only the words that belong to the fault the request ends with.
        if let said, isSameDialect, let fault = why.lastFault, Self.isForClient(fault), said.reply.status >= 400 {
            status = said.reply.status
            self.said = said.body
        } else {
            status = refusal.status
            self.said = nil
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
            return Refusal(
                .noEligibleDeployment, "no deployment may serve this request now: the nearest \(reason)",
                retryAfter: why.retryAfter ?? .seconds(1))
        case .noBranch: return Refusal(.noEligibleDeployment, "no branch of the route serves this request, and it has no default")
        case .denied(let text), .answered(let text): return Refusal(.deniedByRule, text)
        case .tableGone: return Refusal(.overloaded, "settings changed too often while the request waited; send it again")
        }
    }

    func answer(for exchange: Exchange) -> ByteBuffer {
        let body = said ?? ByteBuffer(bytes: refusal.body(exchange.request.api, requestID: exchange.id.description))
        var out = exchange.loop.takeScratch(capacity: 4096)
        out.writeHead(atMost: exchange.namesBound + 256 + body.readableBytes) { head in
            head.statusLine(status)
            head.text("content-type: application/json\r\n")
            head.connection(exchange.client)
            exchange.writeNames(into: &head)
            head.retryAfter(refusal.retryAfterSeconds)
            head.faultType(exchange.request.api, status)
            head.contentLength(body.readableBytes)
            head.lines(body)
        }
        return out
    }
}
