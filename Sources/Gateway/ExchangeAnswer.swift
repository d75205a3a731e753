import NIOCore
import Routing
import Translation

extension Exchange {
    // MARK: What this attempt speaks

    /// Has the request written in the provider's dialect. False: that cannot be done, and the client has heard so.
    func interpret(_ target: Target) -> Bool {
        do throws(Refusal) {
            interpreter = try Interpreter.make(for: self, target)
            relay.interpreter = interpreter
            return true
        } catch {
            if request.api.family == .count {
                record(.cancelled, nil, at: loop.time, nil)
                say(count: request.call.estimatedInput)
            } else {
                record(.fault(.badRequest, retryAfter: nil), .badRequest, at: loop.time, error.message)
                if continuation == nil { fail(Failure(error)) } else { breakOff() }
            }
            return false
        }
    }

    // MARK: Answers of our own

    /// The route itself answers, without a provider.
    func say(_ text: String) {
        last.head = OwnAnswer(text, to: self).bytes
        settle(.done, status: 200, usage: Usage())
    }

    /// Tokens, counted by ourselves: the provider that would serve cannot count.
    func say(count: Int64) {
        last.head = OwnAnswer(count: count, to: self).bytes
        settle(.done, status: 200, usage: Usage())
    }

    /// A client that asked gets the decision's record at the beginning of its stream.
    func tellRouting() {
        switch request.api {
        case .chatCompletions, .completions: relay.preface = routingEvent()
        default: relay.routing = routingMember(cost: nil)
        }
    }

    // MARK: Names

    /// The header lines that say who answered, and how.
    func writeNames(into head: inout HeadWriter) {
        head.requestID(id)
        if let target { head.lines(target.names) }
        head.lines(request.routeLine(live))
        if let warning = request.ruling?.warning { head.lines(warning) }
        if let guarded = request.guarded, let lines = guarded.lines { head.lines(lines) }
        if let moderation = request.moderation { head.lines(moderation) }
        if let loss = interpreter?.lossLine { head.lines(loss) }
        if let saving = savingLine { head.lines(saving) }
        if let claim = request.claim, !isRefused { claim.writeLines(into: &head) }
        if let cache = request.cache { cache.writeLines(into: &head) }
        head.text("x-swiftlet-attempts: ")
        head.decimal(attemptCount)
        head.text("\r\n")
    }

    /// More bytes than `writeNames` writes.
    var namesBound: Int {
        (target?.names.readableBytes ?? 0) + (interpreter?.lossLine?.readableBytes ?? 0) + request.routeLine(live).readableBytes
            + (request.guarded?.lines?.readableBytes ?? 0) + (request.moderation?.readableBytes ?? 0) + (request.ruling?.warning?.readableBytes ?? 0)
            + (request.claim?.linesBound ?? 0) + (shorter == nil ? 0 : 96) + CacheTicket.linesBound + 128
    }
}
