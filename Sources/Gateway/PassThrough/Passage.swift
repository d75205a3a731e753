import NIOCore
import Routing
import Storage
import Translation
import Wire

/// One request on its way through a pass-through endpoint: begin, carry, reply, settle. There is no routing and one attempt. On one
/// event loop.
final class Passage: UpstreamCaller, ClientServer, Settled {
    let client: ClientChannel
    let loop: Loop
    let live: Live
    let id: RequestID
    let started: Instant
    let endpoint: PassEndpoint
    /// Index of the virtual key; nil where none was needed.
    let key: Int?
    /// What it holds of limits and budgets.
    let claim: Claim?
    /// What guardrails and firewall know of it. Nil: nobody looks at it, or its body went by bit by bit.
    var guarded: GuardedRequest?
    /// Where it stands in its caller's trace; nil: nobody traces.
    var trace: TraceContext?
    /// That guards know of it: its key's, or one that the request named.
    var project: String?
    private var openSlot: Int32 = -1
    /// It waits for the store of limits; see `PassParking`.
    var isParked = false
    private let request: PassedRequest
    private let mode: ReplyMode
    private let isChunked: Bool
    private let timeout: Span
    private let deadline: Instant
    private(set) var attempts = 0
    private var upstream: UpstreamChannel?
    private var waiter: ConnectionWaiter?
    private var usesPooled = false
    private var replacedStale = false
    /// The body where it has come whole; else what has come of it before there was a connection.
    private var body: ByteBuffer?
    private var bodyIsOut: Bool
    private var reply: PassReply?
    private var problem: (any Error)?
    private(set) var over = false
    private(set) var status = 0
    private(set) var firstByte: Instant?
    /// Bytes of bodies, or of messages once the protocol has changed.
    private(set) var received = 0
    private(set) var sent = 0
    /// What the answer ends with.
    private var last: ByteBuffer?
    /// The answer cannot be ended in order: the client learns by the closing connection.
    private var isBroken = false

    /// - Parameter bodyFollows: The body comes later, by `take`; else `body` is all of it.
    init(
        _ request: PassedRequest, to endpoint: PassEndpoint, body: ByteBuffer, mode: ReplyMode, isChunked: Bool, key: Int?, claim: Claim?,
        id: RequestID, timeout: Duration, deadline: Instant, client: ClientChannel, loop: Loop
    ) {
        self.request = request
        self.endpoint = endpoint
        self.mode = mode
        self.isChunked = isChunked
        self.key = key
        self.claim = claim
        self.id = id
        self.client = client
        self.loop = loop
        live = loop.live
        started = loop.time
        self.timeout = Span(timeout)
        self.deadline = deadline
        self.body = body.readableBytes > 0 ? body : nil
        received = body.readableBytes
        bodyIsOut = !mode.bodyFollows
    }

    var isTunnel: Bool { reply?.isTunnel ?? false }

    // MARK: Begin

    func begin(waiting: Bool) {
        loop.counters.inFlight += 1
        client.begin(self)
        if waiting { park() } else { start() }
    }

    func start() {
        if let claim { claim.note(openRequest) } else { openSlot = loop.region?.note(openRequest(), charges: []) ?? -1 }
        connect()
    }

    private func openRequest() -> OpenRequest {
        var open = OpenRequest(id: id, startedUnixMilliseconds: id.unixMilliseconds)
        if let key { open.key = live.numbers.keys[key] }
        open.route = endpoint.route
        open.model = endpoint.route
        open.deployment = endpoint.deployment
        open.api = API.passThrough.rawValue
        open.priced = true
        open.cost = endpoint.cost
        return open
    }

    private func connect() {
        attempts = 1
        let pool = loop.pool(endpoint.origin)
        if !replacedStale, let idle = pool.takeIdle() { return connected(idle, reused: true) }
        let waiter = ConnectionWaiter(self)
        self.waiter = waiter
        pool.connect(for: waiter, timeout: min(endpoint.timeout, .seconds(10), max(.milliseconds(1), deadline - loop.time)))
    }

    func connected(_ channel: UpstreamChannel, reused: Bool) {
        waiter = nil
        upstream = channel
        usesPooled = reused
        var mode = mode
        mode.bodyFollows = !bodyIsOut
        let rest = body.map { self.mode.bodyFollows ? framed($0) : $0 }
        if self.mode.bodyFollows { body = nil }
        channel.call(
            self, request: UpstreamRequest(head: request.head, rest: rest), firstByte: timeout, idle: timeout, deadline: deadline, mode: mode)
        if self.mode.bodyFollows {
            if bodyIsOut { endBody() } else { client.holdBody(!channel.isWritable) }
        }
    }

    func notConnected(_ reason: String) {
        waiter = nil
        loop.counters.connectFailures += 1
        fail(.unavailable, reason)
    }

    // MARK: The request's body

    /// A piece of a body that comes bit by bit.
    func take(_ piece: ByteBuffer) {
        guard !over else { return }
        received += piece.readableBytes
        guard let upstream else {
            var piece = piece
            if body == nil { body = piece } else { body!.writeBuffer(&piece) }
            client.holdBody(true)
            return
        }
        upstream.send(framed(piece))
        if !upstream.isWritable { client.holdBody(true) }
    }

    func bodyEnded() {
        bodyIsOut = true
        if upstream != nil { endBody() }
    }

    private func endBody() { upstream?.send(isChunked ? ByteBuffer(staticString: "0\r\n\r\n") : nil, last: true) }

    private func framed(_ piece: ByteBuffer) -> ByteBuffer {
        guard isChunked else { return piece }
        var chunk = loop.allocator.buffer(capacity: piece.readableBytes + 16)
        chunk.writeString(String(piece.readableBytes, radix: 16))
        chunk.writeStaticString("\r\n")
        chunk.writeImmutableBuffer(piece)
        chunk.writeStaticString("\r\n")
        return chunk
    }

    /// The body cannot be read to its end, or is too large.
    func bodyBroke(_ refusal: Refusal) {
        guard !over else { return }
        abandonUpstream()
        refuse(refusal, fault: .badRequest, "\(refusal.code.rawValue): \(refusal.message)")
    }

    func upstreamWritable(_ writable: Bool) {
        if isTunnel || !bodyIsOut { client.holdBody(!writable) }
    }

    /// The client's bytes once the protocol has changed.
    func clientBytes(_ bytes: ByteBuffer) {
        guard let upstream else { return }
        received += bytes.readableBytes
        // The read buffer is the loop's, and the next read's.
        upstream.send(loop.allocator.buffer(buffer: bytes))
        if !upstream.isWritable { client.holdBody(true) }
    }

    // MARK: The reply

    func replyBegan(_ head: ResponseHead, _ bytes: UnsafeRawBufferPointer) {
        guard !over else { return }
        firstByte = loop.time
        status = head.status
        if !bodyIsOut { client.closeAfterAnswer() }
        let reply = PassReply(head, bytes, for: self, limit: live.limits.responseBytes, toHead: mode.toHead)
        self.reply = reply
        if reply.isTooLarge {
            abandonUpstream()
            return fail(.malformedReply, "the answer has more than \(live.limits.responseBytes) bytes")
        }
        if reply.isUnread {
            loop.counters.guarding.unread += 1
            guard !(guarded?.policy.refusesUnread ?? false) else {
                abandonUpstream()
                let refusal = Refusal(.guardrailBlocked, "this reply is nothing that guardrails can read", param: "unread_bodies")
                return refuse(refusal, fault: .contentPolicy, refusal.message)
            }
        }
        guard reply.isTunnel else { return }
        if let out = reply.takeOut() { client.write(out) }
        loop.counters.change(endpoint) { $0.tunnels += 1 }
        client.beginTunnel()
    }

    func replyBytes(_ bytes: UnsafeRawBufferPointer, last: Bool) {
        guard !over, let reply else { return }
        sent += bytes.count
        stop(reply.take(bytes))
    }

    /// The reply goes no further, unless all is well.
    private func stop(_ taken: PassReply.Taken) {
        switch taken {
        case .fine: return
        case .tooLarge:
            abandonUpstream()
            fail(.malformedReply, "the answer has more than \(live.limits.responseBytes) bytes")
        case .unreadable:
            abandonUpstream()
            fail(.malformedReply, "the answer is no stream that can be read")
        case .blocked:
            abandonUpstream()
            guard let reply, let refusal = reply.screen?.refusal else { return }
            // What may go of it has gone into a frame.
            guard reply.isOut || reply.hasBytes else { return refuse(refusal, fault: .contentPolicy, refusal.message) }
            last = reply.takeLast(refusal)
            settle(.failed, fault: .contentPolicy, status: status, detail: refusal.message)
        }
    }

    func readEnded() {
        guard !over, let out = reply?.takeOut() else { return }
        client.write(out)
    }

    func replyEnded() {
        upstream = nil
        guard !over else { return }
        stop(reply?.finish() ?? .fine)
        guard !over else { return }
        last = reply?.takeEnd()
        if isTunnel { client.closeAfterAnswer() }
        settle(.done, status: status)
    }

    func clientWritable(_ writable: Bool) { upstream?.pauseReading(!writable) }

    // MARK: What goes wrong

    func connectionProblem(_ error: any Error) { problem = error }

    func connectionLost(beforeReply: Bool) {
        upstream = nil
        guard !over else { return }
        if beforeReply, usesPooled, !replacedStale, request.isRepeatable, !mode.bodyFollows {
            replacedStale = true
            loop.counters.staleConnections += 1
            return connect()
        }
        fail(.unavailable, problem.map(ConnectionWords.of) ?? "the provider closed the connection")
    }

    func upstreamTimedOut() {
        upstream = nil
        guard !over else { return }
        if isTunnel {
            client.closeAfterAnswer()
            return settle(.done, fault: .timeout, status: status, detail: "nothing was said for too long")
        }
        fail(.timeout, firstByte == nil ? "no reply in time" : "the reply stood still")
    }

    func replyMalformed(_ reason: String) { replyBroke(.malformedReply, reason) }

    func replyBroke(_ fault: Fault, _ reason: String) {
        upstream = nil
        guard !over else { return }
        fail(fault, reason)
    }

    func clientGone() {
        guard !over else { return }
        abandonUpstream()
        // A WebSocket ends by either side's closing.
        if isTunnel { return settle(.done, status: status) }
        loop.counters.abandonedRequests += 1
        settle(.cancelled, fault: .cancelled, status: 499)
    }

    func outOfTime() {
        guard !over else { return }
        abandonUpstream()
        refuse(Refusal(.timeout, "the request took longer than this gateway allows"), fault: .timeout, "out of time")
    }

    func shutDown() {
        guard !over else { return }
        abandonUpstream()
        client.closeAfterAnswer()
        if isTunnel { return settle(.done, status: status, detail: "the gateway ended") }
        refuse(Refusal(.shuttingDown, "this gateway is shutting down; try again"), fault: .unavailable, "the gateway ended")
    }

    private func abandonUpstream() {
        upstream?.abandon()
        upstream = nil
        waiter?.exchange = nil
        waiter = nil
    }

    private func fail(_ fault: Fault, _ detail: String) {
        refuse(Refusal(lastFault: fault, of: endpoint.authority, reply: nil), fault: fault, detail)
    }

    /// Answers in our own words, if no byte of the answer is out.
    func refuse(_ refusal: Refusal, fault: Fault?, _ detail: String) {
        if !bodyIsOut { client.closeAfterAnswer() }
        if reply?.isOut ?? false {
            isBroken = true
            return settle(.failed, fault: fault, status: status, detail: detail)
        }
        last = PassReply.refusal(refusal, for: self)
        settle(.failed, fault: fault, status: refusal.status, detail: detail)
    }

    // MARK: Settle

    private func settle(_ state: LedgerState, fault: Fault? = nil, status: Int, detail: String = "") {
        over = true
        unparked()
        tellGuards()
        let settlement = PassSettlement(self, state, fault: fault, status: status, isStream: reply?.isStream ?? false, detail: detail)
        settlement.count(in: &loop.counters)
        settlement.log(to: loop.accessLog)
        if live.telemetry != nil { tell(settlement) }
        loop.holding.hold(self, settlement.entry, noted: claim?.slot ?? openSlot)
    }

    private func tellGuards() {
        guard let guarded else { return }
        let scanned = (prompt: guarded.outcome.scannedBytes, reply: reply?.screen?.outcome.scannedBytes ?? 0)
        loop.counters.change(endpoint) {
            $0.scannedPrompts += scanned.prompt
            $0.scannedReplies += scanned.reply
        }
        guarded.tellPrompt(provider: endpoint.authority)
        guard let screen = reply?.screen else { return }
        var report = GuardReport(
            loop: loop, live: live, key: key, project: project, api: .passThrough, model: endpoint.pathText, id: id)
        report.provider = endpoint.authority
        report.tell(screen.outcome, .reply)
    }

    func release() {
        if isBroken { return client.close() }
        if let last { client.write(last) }
        last = nil
        client.answered()
    }
}
