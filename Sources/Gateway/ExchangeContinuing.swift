import Routing
import Translation

/// A stream that broke off in the middle and is carried on by another provider: where the route says so, of a plain text, and by
/// deployments that are said to be able. To the client it is one answer.
extension Exchange {
    /// Nothing in the request speaks against it: asking twice does not act twice, and the answer is one text.
    var carriesOn: Bool {
        guard live.carriesOn, request.call.stream, request.call.choices == 1, request.api.family == .chat, rival == nil else { return false }
        let journey = request.journey
        return request.table(live).routes[journey.route].continuesStreams && !journey.facts.hasSideEffects
            && journey.facts.needs.isDisjoint(with: [.tools, .json, .audio])
    }

    /// False: the stream ends here, with an error.
    func carryOn(after fault: Fault, _ detail: String) -> Bool {
        guard let begun = interpreter?.continuation, begun.canResume, fault.mayHitOneAlone else { return false }
        if relay.screen != nil { relay.releaseScreened(loop) }
        if let frame = relay.takeFrame(for: self) { client.write(frame) }
        // What failed before it said anything costs nothing, here as elsewhere.
        let usage = relay.firstToken == nil ? Usage() : streamUsage()
        let cost = usage == Usage() ? .zero : target.flatMap { live.cost(of: usage, at: $0) } ?? .zero
        lost = lost + cost
        paid(usage)
        firstByte = firstByte ?? relay.firstByte
        begun.resume(spent: usage)
        continuation = begun
        loop.counters.continuedStreams += 1
        request.journey.require(.continuation)
        record(.fault(fault, retryAfter: relay.retryAfter), fault, at: loop.time, detail)
        noteCost(cost)
        advance()
        return true
    }

    /// Nobody is left to carry the stream on.
    func breakOff() {
        last.head = relay.lastFrame(Refusal(.streamInterrupted, "the stream broke off: \(lastDetail ?? "no provider could carry it on")"), for: self)
        settle(.failed, fault: request.journey.lastFault, status: 200, usage: unanswered)
    }
}

extension Fault {
    /// Another provider may do better with the same request.
    fileprivate var mayHitOneAlone: Bool {
        switch self {
        case .badRequest, .contentPolicy, .contextWindow, .cancelled: false
        default: true
        }
    }
}
