import NIOCore
import Routing
import Settings
import Storage
import Translation
import Wire

/// The path of one request, in the order in which it lives: begin, advance, carry, ended, settle. On one event loop.
final class Exchange: UpstreamCaller, ClientServer, Settled {
    let client: ClientChannel
    let loop: Loop
    let live: Live
    let id: RequestID
    let started: Instant
    let request: Admitted
    var attempts: [AttemptRecord] = []
    var attemptCount = 0
    private(set) var attempt: Attempt?
    private var attemptStarted = Instant.zero
    /// The last deployment asked, which is the one that answered if any did.
    private(set) var target: Target?
    private(set) var deployment: Deployment.ID?
    var relay: Relay
    /// The relay's own; here too, since the names of an answer are written while the relay is busy.
    var interpreter: Interpreter?
    /// What is sent in place of the request's own body. Nil: that.
    var shorter: ShorterPrompt?
    private var upstream: UpstreamChannel?
    private var waiter: ConnectionWaiter?
    private var usesPooled = false
    /// See `awaitToken`.
    var waitsForToken = false
    /// A pooled connection that had died is replaced once, without counting as an attempt.
    private var replacedStale = false
    private var problem: (any Error)?
    /// What the last failed attempt failed of, in words for an operator.
    private(set) var lastDetail: String?
    private(set) var over = false
    /// The other of two that race for the answer: each knows the other as long as both may win. See `ExchangeRace`.
    var rival: Exchange?
    /// Spent on attempts that lost a race.
    var lost = Nanodollars.zero
    /// Of an attempt that took all the time there was.
    var late: LateUsage?
    /// The stream that is being carried on, once a provider broke off; see `ExchangeContinuing`.
    var continuation: Continuation?
    /// When the client's first byte came, of an attempt that broke off.
    var firstByte: Instant?
    /// Counts the attempts, so that a timer knows whether the one it was set for is still on its way.
    private(set) var turn = 0
    /// What the attempt in progress holds of budgets.
    var stake: Claim.Stake?
    /// The attempt that waits for the store of limits; nil with `isParked`: all of the request waits.
    var parkedAttempt: Attempt?
    var isParked = false
    /// When the phase in progress began, of a request that is timed; zero: it is not. See `Overhead`.
    var mark = Instant.zero
    /// A limit says no: what is left is said with that.
    var isRefused = false
    /// The answer's last frame, or all of it; a large body apart.
    var last: (head: ByteBuffer?, body: ByteBuffer?) = (nil, nil)

    init(client: ClientChannel, loop: Loop, request: Admitted, id: RequestID, started: Instant) {
        self.client = client
        self.loop = loop
        self.request = request
        self.id = id
        self.started = started
        live = loop.live
        relay = Relay(request.call)
    }

    // MARK: Begin, advance

    /// - Parameter waiting: The store of limits is to answer first.
    func begin(waiting: Bool = false) {
        loop.counters.inFlight += 1
        client.begin(self)
        timeAdmission(waiting: waiting)
        if waiting { park() } else if request.cache == nil { advance() } else { start() }
    }

    /// Asks the router what to do next, and does it.
    func advance() {
        let now = loop.time
        // How long it took is read by whoever looks at the decision.
        let isTimed = attemptCount == 0 && request.journey.keepsDecision
        switch isTimed ? firstStep(at: now) : loop.server.router.next(&request.journey, at: now) {
        case .attempt(let attempt):
            if request.claim == nil { noteOpen(at: attempt.deployment) } else if !mayBegin(attempt) { return }
            carry(attempt, at: now)
        case .wait(let until):
            loop.eventLoop.assumeIsolated().scheduleTask(in: .nanoseconds(max(0, (until - now).nanoseconds))) {
                self.loop.time = .now()
                if !self.over { self.advance() }
            }
        case .exhausted(let why):
            if continuation != nil { return breakOff() }
            if case .answered(let text) = why.reason, request.api.family == .chat || request.api.family == .completion { return say(text) }
            let isSameDialect = target?.asked[Int(request.api.rawValue)] == request.api
            fail(Failure(why, said: relay.said, of: target, isSameDialect: isSameDialect, detail: lastDetail))
        }
    }

    // MARK: Carry

    func carry(_ attempt: Attempt, at now: Instant) {
        self.attempt = attempt
        attemptStarted = now
        attemptCount += 1
        turn &+= 1
        if let before = deployment, before != attempt.deployment { loop.counters.moved(from: before, to: attempt.deployment) }
        deployment = attempt.deployment
        target = live.targets[attempt.deployment]
        replacedStale = false
        relay.beginAttempt()
        if live.compresses, let target { shorten(for: target, at: attempt.deployment) }
        if let target, !interpret(target) { return }
        if live.hasWatches, continuation == nil { watch(attempt) }
        connect()
    }

    func connect() {
        guard let target else { return }
        if let keeper = target.keeper, keeper.line(unixSeconds: WallClock.milliseconds() / 1000) == nil {
            waitsForToken = true
            return awaitToken(keeper, within: min(target.connectTimeout, timeLeft))
        }
        let pool = loop.pool(target.origin)
        if !replacedStale, let idle = pool.takeIdle() {
            connected(idle, reused: true)
            return
        }
        let waiter = ConnectionWaiter(self)
        self.waiter = waiter
        pool.connect(for: waiter, timeout: min(target.connectTimeout, timeLeft))
    }

    private var timeLeft: Duration {
        guard let attempt else { return .zero }
        return max(.milliseconds(1), attempt.deadline - loop.time)
    }

    func connected(_ channel: UpstreamChannel, reused: Bool) {
        waiter = nil
        guard let target else { return }
        let begun = mark == .zero ? mark : .now()
        upstream = channel
        usesPooled = reused
        var bytes = UpstreamRequest.make(target, request, shorter, interpreter, attempt, live, loop)
        if target.vouches { bytes = bytes.authorized(for: target, passed: request.passed, loop) }
        if request.trace != nil, let attempt, let lines = traceLines(to: attempt, startedAt: attemptStarted) { bytes = bytes.inserting(lines, loop) }
        channel.call(
            self, request: bytes, firstByte: target.firstByteTimeout, idle: target.idleTimeout,
            deadline: attempt?.deadline ?? .distantFuture)
        loop.giveBack(bytes.head)
        if begun != .zero { timeSending(since: begun) }
    }

    func notConnected(_ reason: String) {
        waiter = nil
        loop.counters.connectFailures += 1
        ended(.unavailable, reason)
    }

    // MARK: The reply comes

    func replyBegan(_ head: ResponseHead, _ bytes: UnsafeRawBufferPointer) {
        relay.began(head, bytes, at: loop.time, loop: loop)
        if relay.isEncodedStream { return refuseEncoding() }
        if relay.accountLimits != nil, let attempt { learnLimits(of: attempt) }
        if relay.isStream, request.call.extras.includesRouting { tellRouting() }
        if let guarded = request.guarded { guardReply(by: guarded) }
    }

    /// What the provider said it will still take: traffic moves away before it refuses.
    private func learnLimits(of attempt: Attempt) {
        if let limits = relay.accountLimits { loop.server.router.learn(limits, of: attempt, at: loop.time) }
    }

    /// `last`: the reply ends with these bytes, and `replyEnded` follows in the same turn.
    func replyBytes(_ bytes: UnsafeRawBufferPointer, last: Bool) {
        guard !over else { return }
        do throws(StreamProblem) {
            if try relay.take(bytes, last: last, limit: live.limits.responseBytes, loop: loop) { return }
            abandonUpstream()
            broke(.malformedReply, "the reply has more than \(live.limits.responseBytes) bytes", mayGoOn: false)
        } catch {
            abandonUpstream()
            broke(.malformedReply, error.text)
        }
    }

    /// One read's worth of the reply has been taken: what may go to the client goes now, in one write.
    func readEnded() {
        guard relay.isStream, !over, let upstream else { return }
        if relay.isBlocked { return stopReply() }
        if relay.isHeld, !passGate() { return }
        if relay.saidAll {
            self.upstream = nil
            upstream.finish()
            streamEnded()
        } else if !(relay.isCommitted && rival != nil && !wins()), let frame = relay.takeFrame(for: self) {
            upstream.liftDeadline()
            client.write(frame)
            loop.giveBack(frame)
        }
    }

    func replyEnded() {
        upstream = nil
        guard !over, attempt != nil else { return }
        if relay.isStream { streamEnded() } else { wholeReplyEnded() }
    }

    func clientWritable(_ writable: Bool) { upstream?.pauseReading(!writable) }

    // MARK: The attempt ends

    private func wholeReplyEnded() {
        guard let target else { return }
        if let (fault, detail) = relay.fault(target.provider) {
            ended(fault, detail)
            return
        }
        guard wins() else { return }
        let usage = believed(relay.billed(estimatedInput: sentCall.estimatedInput))
        succeeded(usage)
        if let guarded = request.guarded, !passesGuards(guarded, usage: usage) { return }
        let cost = target.cost(of: usage)
        if request.call.extras.includesRouting { relay.insert(member: routingMember(cost: cost)) }
        last = relay.wholeAnswer(cost: lost == .zero ? cost : cost.map { $0 + lost }, for: self)
        settle(.done, status: relay.status, usage: usage)
    }

    /// - Parameter isCut: The provider did not say so.
    func streamEnded(isCut: Bool = false) {
        guard let target else { return }
        let end = relay.endStream(loop, isCut: isCut)
        if relay.isBlocked { return stopReply() }
        switch end {
        case .complete:
            relay.openGate()
            guard wins() else { return }
            let usage = streamUsage()
            succeeded(usage)
            last.head = relay.lastFrame(nil, for: self)
            settle(.done, status: 200, usage: usage)
        case .truncated: broke(.unavailable, "the stream ended before its end was said")
        case .failed(let told):
            let fault = relay.streamError.map { target.provider.fault(of: $0) } ?? .serverError
            relay.keepWords()
            broke(fault, relay.streamError?.summary ?? "an error event", told: told)
        }
    }

    func connectionLost(beforeReply: Bool) {
        upstream = nil
        guard !over, attempt != nil, !endsWhole() else { return }
        if beforeReply, usesPooled, !replacedStale {
            replacedStale = true
            loop.counters.staleConnections += 1
            connect()
            return
        }
        broke(.unavailable, problem.map(ConnectionWords.of) ?? "the provider closed the connection")
    }

    func connectionProblem(_ error: any Error) { problem = error }

    func upstreamTimedOut() {
        upstream = nil
        guard !over, attempt != nil, !endsWhole() else { return }
        if !relay.isCommitted, rival == nil { noteLate() }
        broke(.timeout, relay.firstByte == nil ? "no reply in time" : "the reply stood still")
    }

    func replyBroke(_ fault: Fault, _ reason: String) {
        upstream = nil
        guard !over, attempt != nil, !endsWhole() else { return }
        broke(fault, reason)
    }

    /// Before the first content byte went out another attempt is possible, after it never.
    private func broke(_ fault: Fault, _ detail: String, told: Bool = false, mayGoOn: Bool = true) {
        guard relay.isCommitted else {
            ended(fault, detail)
            return
        }
        if mayGoOn, carryOn(after: fault, detail) { return }
        let usage = streamUsage()
        paid(usage)
        record(.fault(fault, retryAfter: nil), fault, at: loop.time, detail)
        last.head = relay.lastFrame(told ? nil : Refusal(.streamInterrupted, "the stream broke off: \(detail)"), for: self)
        settle(.failed, fault: fault, status: 200, usage: usage)
    }

    func ended(_ fault: Fault, _ detail: String) {
        guard !over, attempt != nil else { return }
        record(.fault(fault, retryAfter: relay.retryAfter), fault, at: loop.time, detail)
        if rival == nil { advance() } else { lostToFault() }
    }

    /// A provider has the request in progress.
    var wasSent: Bool { upstream != nil }

    private func succeeded(_ usage: Usage) {
        paid(usage)
        let now = loop.time
        let firstByte = (relay.firstToken ?? relay.firstByte ?? now) - attemptStarted
        if live.seeksWarmth, let attempt { loop.server.router.warmed(attempt, by: usage, request.journey.facts, at: now) }
        record(
            .success(
                firstByte: firstByte, total: now - attemptStarted, outputTokens: Int(usage.totalOutput), streamed: relay.isStream,
                inputTokens: Int(usage.totalInput)), nil, at: now, nil)
    }

    func record(_ outcome: Outcome, _ fault: Fault?, at now: Instant, _ detail: String?) {
        guard let attempt else { return }
        self.attempt = nil
        if stake != nil { paid(Usage()) }
        loop.server.router.record(outcome, of: attempt, in: &request.journey, at: now)
        loop.counters.attempt(outcome, deployment: attempt.deployment)
        if case .success = outcome {
            loop.counters.answered(
                deployment: attempt.deployment, firstByte: relay.firstByte.map { $0 - attemptStarted }, duration: now - attemptStarted)
        }
        if let detail { lastDetail = detail }
        guard fault != nil || !attempts.isEmpty || request.call.extras.includesRouting else { return }
        attempts.append(attemptRecord(attempt, fault, at: now))
    }

    func attemptRecord(_ attempt: Attempt, _ fault: Fault?, at now: Instant) -> AttemptRecord {
        var record = AttemptRecord(deployment: live.numbers.deployments[attempt.deployment])
        record.startedMicroseconds = (attemptStarted - started).microseconds
        record.firstByteMicroseconds = relay.firstByte.map { ($0 - started).microseconds }
        record.endedMicroseconds = (now - started).microseconds
        record.state = fault == nil ? .done : fault == .cancelled ? .cancelled : .failed
        record.fault = fault
        record.status = UInt16(clamping: relay.status)
        return record
    }

    func abandonUpstream() {
        upstream?.abandon()
        upstream = nil
        waiter?.exchange = nil
        waiter = nil
    }

    // MARK: Races

    /// The other attempt has won: this one is nothing to the client any more.
    func retire() {
        over = true
        rival = nil
    }

    /// Goes on with what the loser of a race knew of the request.
    func inherit(from loser: Exchange) {
        attempts += loser.attempts
        attemptCount += loser.attemptCount
        lost = lost + loser.lost
        if lastDetail == nil { lastDetail = loser.lastDetail }
    }

    func beginGate(_ gate: CommitGate) { relay.beginGate(gate, started: attemptStarted) }

    // MARK: Settle

    /// Usage times price; a row for the ledger, and `last` goes out once the row is durable.
    func settle(_ state: LedgerState, fault: Fault? = nil, status: Int, usage: Usage) {
        over = true
        let settlement = Settlement(self, state, fault: fault, status: status, usage: usage, firstByte: firstByte ?? relay.firstByte, at: loop.time)
        if let claim = request.claim { settlement.settle(claim) }
        if let guarded = request.guarded { tellReply(guarded) }
        if let cache = request.cache, state == .done { approve(cache, usage) }
        if let ticket = request.ticket, state == .done {
            if request.call.stream { ticket.conclude(IdempotencyDesk.unrepeatable) } else { ticket.conclude(head: last.head, body: last.body) }
        }
        settlement.count(in: &loop.counters)
        if live.hasTrials { settlement.note(in: loop.server.trials) }
        if let learning = live.learning { settlement.teach(loop.server, learning) }
        settlement.log(to: loop.accessLog)
        if live.telemetry != nil { tell(settlement, lastStarted: attemptStarted) }
        if mark != .zero { timeSettling() }
        loop.holding.hold(self, settlement)
    }
}
