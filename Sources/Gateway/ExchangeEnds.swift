import Routing
import Translation

/// How an exchange ends.
extension Exchange {
    /// The row is durable, or patience is at its end: the last frame goes.
    func release() {
        if mark != .zero { timeRecording() }
        if client.tap != nil, client.keep(last.head, last.body, then: { self.sendLast() }) { return }
        sendLast()
    }

    private func sendLast() {
        if let head = last.head {
            last.head = nil
            client.send(head, last.body)
            loop.giveBack(head)
        }
        client.answered()
    }

    /// Nothing went out yet, and nothing is left to try.
    func fail(_ failure: Failure) {
        loop.noteBreach(failure.refusal, key: request.key, api: request.api, id: id, model: request.model.name)
        last.head = failure.answer(for: self)
        settle(.failed, fault: request.journey.lastFault, status: failure.status, usage: unanswered)
    }

    /// The connection broke off, or stood still, behind the last word of every answer and before the mark of the end. Nothing of the answer
    /// is missing, so the client gets its end from us; counts that had not come are estimated. False: something is missing.
    func endsWhole() -> Bool {
        guard relay.isWhole else { return false }
        streamEnded(isCut: true)
        return true
    }

    func replyMalformed(_ reason: String) { replyBroke(.malformedReply, reason) }

    func refuseEncoding() {
        abandonUpstream()
        ended(.malformedReply, relay.encodingDetail)
    }

    /// The time that the client gave is over, or all there was, and a provider is at work: it is paid as if the client had left, which else
    /// could ask for ever and never pay.
    func noteLate() {
        guard request.journey.timeout != nil || loop.time >= request.journey.envelope.deadline else { return }
        var usage = streamUsage()
        if usage == Usage() { usage = unheard }
        late = LateUsage(usage, turn)
        paid(usage)
    }

    /// What the last attempt cost, where nothing came of it.
    var unanswered: Usage {
        guard let late, late.turn == turn else { return Usage() }
        return late.usage
    }

    /// The client left: the provider is told by the closing connection; what it had produced is billed as wasted.
    func clientGone() {
        guard !over else { return }
        dismissRival()
        let wasSent = wasSent
        abandonUpstream()
        var usage = Usage()
        if attempt != nil {
            usage = streamUsage()
            if usage == Usage(), wasSent { usage = unheard }
            loop.counters.wastedTokens &+= usage.totalOutput
            paid(usage)
        }
        unparked()
        record(.cancelled, .cancelled, at: loop.time, nil)
        loop.counters.abandonedRequests += 1
        settle(.cancelled, fault: .cancelled, status: 499, usage: usage)
    }

    /// The whole exchange took longer than anything may.
    func outOfTime() { giveUp(.timeout, Refusal(.timeout, "the request took longer than this gateway allows")) }

    func shutDown() { giveUp(.unavailable, Refusal(.shuttingDown, "this gateway is shutting down; try again")) }

    private func giveUp(_ fault: Fault, _ refusal: Refusal) {
        guard !over else { return }
        dismissRival()
        let wasSent = wasSent
        abandonUpstream()
        client.closeAfterAnswer()
        if attempt != nil, endsWhole() { return }
        let streaming = relay.isCommitted
        var usage = attempt == nil ? Usage() : streamUsage()
        if usage == Usage(), attempt != nil, wasSent { usage = unheard }
        paid(usage)
        unparked()
        record(.cancelled, fault, at: loop.time, nil)
        last.head = streaming ? relay.lastFrame(refusal, for: self) : Failure(refusal).answer(for: self)
        settle(.failed, fault: fault, status: streaming ? 200 : refusal.status, usage: usage)
    }
}

/// Apart, since few requests have it.
final class LateUsage {
    let usage: Usage
    let turn: Int

    init(_ usage: Usage, _ turn: Int) { (self.usage, self.turn) = (usage, turn) }
}
