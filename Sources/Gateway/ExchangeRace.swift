import NIOCore
import Routing
import Storage
import Translation

/// Two attempts of one request at a time: a hedge beside one that is slow. The first to answer wins and alone goes on with the
/// request; the other is cancelled, and what it cost is added to the request's.
extension Exchange {
    /// The stream has shown enough, or must not be waited for any longer.
    func openGate() { relay.openGate() }
    func lookAtGate() -> CommitGate.Verdict { relay.lookAtGate(at: loop.time) }

    /// Sets the timers that this attempt needs: for a hedge beside it, and for the gate that holds a stream's first tokens.
    func watch(_ attempt: Attempt) {
        let route = request.table(live).routes[attempt.route]
        if let gate = route.commitGate, request.call.stream {
            beginGate(gate)
            lookLater(turn)
        }
        guard route.hedge != nil, rival == nil, let at = loop.server.router.hedgeTime(of: attempt, in: request.journey, at: loop.time) else { return }
        let turn = turn
        loop.eventLoop.assumeIsolated().scheduleTask(in: .nanoseconds(max(0, (at - loop.time).nanoseconds))) {
            self.loop.time = .now()
            self.hedge(turn)
        }
    }

    private func hedge(_ turn: Int) {
        guard !over, rival == nil, self.turn == turn, let attempt, !relay.isCommitted,
            let second = loop.server.router.hedge(&request.journey, beside: attempt, at: loop.time)
        else { return }
        let rival = Exchange(client: client, loop: loop, request: request, id: id, started: started)
        guard request.claim == nil || rival.mayBegin(beside: second) else { return }
        self.rival = rival
        rival.rival = self
        rival.carry(second, at: loop.time)
    }

    /// Whether this attempt's answer is the request's; then the other one is over.
    func wins() -> Bool {
        guard !over else { return false }
        guard let loser = rival else { return true }
        loser.giveWay()
        inherit(from: loser)
        loser.retire()
        rival = nil
        client.begin(self)
        return true
    }

    /// The attempt in progress is not wanted any more. What the provider did for it is paid for.
    private func giveWay() {
        guard attempt != nil else { return }
        var usage = streamUsage()
        if usage == Usage(), wasSent { usage.input = sentCall.estimatedInput }
        abandonUpstream()
        usage.estimated = true
        let cost = target.flatMap { live.cost(of: usage, at: $0) } ?? .zero
        loop.counters.wastedTokens &+= usage.totalOutput
        lost = lost + cost
        request.claim?.lostTokens &+= usage.totalInput &+ usage.totalOutput
        paid(usage)
        record(.cancelled, .cancelled, at: loop.time, nil)
        noteCost(cost)
    }

    /// What the attempt that was just recorded cost, where that is not the request's answer.
    func noteCost(_ cost: Nanodollars) {
        if let last = attempts.indices.last { attempts[last].cost = cost }
    }

    /// What was paid for attempts whose answer was not the request's, where what that cost is unknown.
    var paidElsewhere: Nanodollars? { lost == .zero ? nil : lost }

    /// Its attempts; what the request cost beside those that have a cost of their own is the last one's.
    func pricedAttempts(_ cost: Nanodollars?) -> [AttemptRecord] {
        var priced = attempts
        guard let cost, let last = priced.indices.last else { return priced }
        let rest = priced.reduce(cost.amount) { $0.subtractingReportingOverflow($1.cost.amount).partialValue }
        priced[last].cost = priced[last].cost + Nanodollars(max(0, rest))
        return priced
    }

    /// This attempt failed while the other may still answer. The one that fails last asks what is next.
    func lostToFault() {
        guard let rival else { return }
        if rival.attempt != nil { return }
        // Both have failed: the older goes on, since the client knows it.
        let older = attemptCount >= rival.attemptCount ? self : rival
        let younger = older === self ? rival : self
        older.attempts += younger.attempts
        older.attemptCount += younger.attemptCount
        older.lost = older.lost + younger.lost
        older.rival = nil
        younger.retire()
        client.begin(older)
        older.advance()
    }

    /// The request ends for another reason.
    func dismissRival() {
        guard let rival else { return }
        rival.giveWay()
        inherit(from: rival)
        rival.retire()
        self.rival = nil
    }

    // MARK: The gate

    /// False: nothing may go out yet, or the attempt was given up.
    func passGate() -> Bool {
        if relay.saidAll {
            openGate()
            return true
        }
        switch lookAtGate() {
        case .commit: return true
        case .hold:
            lookLater(turn)
            return false
        case .tooSlow:
            abandonUpstream()
            ended(.timeout, "the stream was slower than its route allows")
            return false
        }
    }

    private func lookLater(_ turn: Int) {
        guard let at = relay.gateLook else { return }
        loop.eventLoop.assumeIsolated().scheduleTask(in: .nanoseconds(max(0, (at - loop.time).nanoseconds))) {
            guard !self.over, self.turn == turn, self.relay.isHeld else { return }
            self.loop.time = .now()
            self.readEnded()
        }
    }
}
