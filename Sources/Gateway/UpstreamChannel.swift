import NIOCore
import NIOTLS
import Routing
import Wire

/// The provider's side of a connection: sends one request at a time and hands the reply, unframed, to the exchange. Where the
/// connection is shared it has a stream of it, for one request; `StreamCodec` makes the bytes of that HTTP/1.1.
///
/// The pieces of a reply are only valid during the call that hands them over; they lie in the loop's shared read buffer.
final class UpstreamChannel: Timed, ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Phase { case idle, head, body(left: Int), chunks, untilClose, closed }

    /// By then whoever closed a connection before the request came has said so, even from the other side of the world.
    private static let deathIsKnown = Span.seconds(2)

    private let loop: Loop
    private let pool: UpstreamPool
    private var context: ChannelHandlerContext?
    private var phase = Phase.idle
    private var parser: ResponseParser
    private var chunks = ChunkedBody()
    /// A reply head that has not come whole.
    private var partial: ByteBuffer?
    private var reusable = true
    /// Strong while a call is in progress; the exchange lets go of the channel and the channel of it at the end.
    private var exchange: (any UpstreamCaller)?
    private var idleTimeout = Span.zero
    /// The reply must have ended by then; lifted once a stream has begun to reach the client.
    private var until = Instant.distantFuture
    private var paused = false
    private var isActive = true
    /// Nil: the connection is its own.
    private let shared: SharedConnection?
    /// A request for a stream that is still being made.
    private var unsent: UpstreamRequest?
    /// When the request was.
    private var sent = Instant.zero
    /// What the shared connection had heard when the request was sent.
    private var heard = 0
    private var mode = ReplyMode()
    /// The exchange has what it wanted; the rest of the framing is read for the connection's sake.
    private var finishing = false

    init(loop: Loop, pool: UpstreamPool, shared: SharedConnection? = nil) {
        self.loop = loop
        self.pool = pool
        self.shared = shared
        parser = ResponseParser(limits: loop.live.limits.replyHead)
    }

    var isUsable: Bool {
        if case .idle = phase { return isActive }
        return false
    }

    // MARK: Calling

    /// Sends `request`. The reply's first byte is due within `firstByte`, then a byte every `idle`, the whole by `deadline`.
    func call(
        _ exchange: any UpstreamCaller, request: UpstreamRequest, firstByte: Span, idle: Span, deadline: Instant, mode: ReplyMode = ReplyMode()
    ) {
        self.exchange = exchange
        self.mode = mode
        phase = .head
        idleTimeout = idle
        until = deadline
        sent = loop.time
        arm(within: firstByte)
        guard let context else {
            unsent = request
            return
        }
        send(request, context)
    }

    private func send(_ request: UpstreamRequest, _ context: ChannelHandlerContext) {
        guard let rest = request.rest else {
            context.writeAndFlush(wrapOutboundOut(request.head), promise: nil)
            return
        }
        context.write(wrapOutboundOut(request.head), promise: nil)
        if let tail = request.tail {
            context.write(wrapOutboundOut(rest), promise: nil)
            context.writeAndFlush(wrapOutboundOut(tail), promise: nil)
        } else {
            context.writeAndFlush(wrapOutboundOut(rest), promise: nil)
        }
    }

    /// More of the request's body, or bytes of another protocol. Moving is as good as answering.
    func send(_ more: ByteBuffer?, last: Bool = false) {
        if last { mode.bodyFollows = false }
        if !paused { arm(within: idleTimeout) }
        if let more { context?.writeAndFlush(wrapOutboundOut(more), promise: nil) }
    }

    var isWritable: Bool { context?.channel.isWritable ?? true }

    /// Nobody behind this handler waits for it.
    func channelReadComplete(context: ChannelHandlerContext) {}

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        loop.time = .now()
        exchange?.upstreamWritable(context.channel.isWritable)
        context.fireChannelWritabilityChanged()
    }

    /// From here on only standing still is too slow: a stream may go on for long.
    func liftDeadline() { until = .distantFuture }

    private func arm(within span: Span) { loop.deadlines.arm(self, at: min(loop.time + span, until)) }

    /// The exchange wants no more of this reply: the provider learns by the closing connection.
    func abandon() {
        exchange = nil
        close()
    }

    func close() {
        phase = .closed
        isActive = false
        context?.close(promise: nil)
    }

    func pauseReading(_ pause: Bool) {
        guard pause != paused else { return }
        paused = pause
        try? context?.channel.syncOptions?.setOption(.autoRead, value: !pause)  // fails on a closing channel only
        if shared != nil, !pause { readAgain() }
        if pause { loop.deadlines.disarm(self) } else { arm(within: idleTimeout) }
    }

    /// A stream does not begin to read by itself. In the next turn, since the client is in the middle of its own.
    private func readAgain() {
        loop.eventLoop.assumeIsolated().execute {
            if !self.paused { self.context?.read() }
        }
    }

    // MARK: Channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        guard let shared else { return pool.opened() }
        if paused { try? context.channel.syncOptions?.setOption(.autoRead, value: false) }  // cannot fail on a new stream
        heard = shared.heard
        if let unsent { send(unsent, context) }
        unsent = nil
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        if shared == nil { pool.closed() }
    }

    func channelInactive(context: ChannelHandlerContext) {
        loop.time = .now()
        isActive = false
        loop.deadlines.disarm(self)
        let ended = phase
        phase = .closed
        if shared != nil { return }  // `streamLost` says what became of it
        pool.remove(self)
        guard let exchange else { return }
        self.exchange = nil
        if case .untilClose = ended {
            exchange.replyEnded()
        } else {
            // One that stood for long had not died before: whoever ended it may have worked on the request.
            let isEarly = loop.time < sent + Self.deathIsKnown
            exchange.connectionLost(beforeReply: { if case .head = ended { partial == nil && isEarly } else { false } }())
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        loop.time = .now()
        exchange?.connectionProblem(error)
        context.close(promise: nil)
    }

    override func expired(at now: Instant) {
        loop.time = now
        guard let exchange else {
            close()
            return
        }
        self.exchange = nil
        shared?.stoodStill(since: heard)
        close()
        exchange.upstreamTimedOut()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        loop.time = .now()
        var buffer = unwrapInboundIn(data)
        guard exchange != nil || finishing else {
            // Bytes that nobody asked for: the connection is out of step.
            loop.reads.giveBack(buffer)
            close()
            return
        }
        if partial != nil {
            partial!.writeBuffer(&buffer)
            loop.reads.giveBack(buffer)
            buffer = partial!
            partial = nil
            take(buffer)
        } else {
            take(buffer)
            loop.reads.giveBack(buffer)
        }
    }

    private func take(_ buffer: ByteBuffer) {
        buffer.withUnsafeReadableBytes { raw in
            var at = 0
            if case .head = phase {
                guard let bodyAt = takeHead(raw) else { return }
                at = bodyAt
            } else {
                if !paused { arm(within: idleTimeout) }
            }
            takeBody(raw, from: at)
        }
        exchange?.readEnded()
    }

    /// Where the body begins; nil when the head is not whole, or bad.
    private func takeHead(_ raw: UnsafeRawBufferPointer) -> Int? {
        var at = 0
        while true {
            do throws(HeadProblem) {
                let rest = UnsafeRawBufferPointer(rebasing: raw[at...])
                guard try parser.parse(rest, toHead: mode.toHead, mayUpgrade: mode.mayUpgrade) else {
                    partial = loop.allocator.buffer(bytes: rest)
                    return nil
                }
                let head = parser.head
                parser.reset()
                at += head.length
                if head.status < 200, head.status != 101 { continue }  // 100 Continue, 103 Early Hints
                reusable = head.keepAlive && head.status != 101
                begin(head.status == 101 ? .untilClose : head.framing)
                exchange?.replyBegan(head, UnsafeRawBufferPointer(rebasing: rest[..<head.length]))
                return exchange == nil ? nil : at
            } catch {
                fail("the reply is not HTTP: \(error.message)")
                return nil
            }
        }
    }

    private func begin(_ framing: ResponseHead.Framing) {
        switch framing {
        case .none: phase = .body(left: 0)
        case .length(let length): phase = .body(left: length)
        case .chunked:
            phase = .chunks
            chunks = ChunkedBody()
        case .untilClose: phase = .untilClose
        }
        if !paused { arm(within: idleTimeout) }
    }

    private func takeBody(_ raw: UnsafeRawBufferPointer, from start: Int) {
        var at = start
        switch phase {
        case .body(let left):
            let piece = min(left, raw.count - at)
            phase = .body(left: left - piece)
            if raw.count - at > piece { reusable = false }  // more than it announced
            if piece > 0 { exchange?.replyBytes(UnsafeRawBufferPointer(rebasing: raw[at..<at + piece]), last: left == piece) }
            if left == piece { replyComplete() }
        case .chunks: takeChunks(raw, from: &at)
        case .untilClose:
            if at < raw.count { exchange?.replyBytes(UnsafeRawBufferPointer(rebasing: raw[at...]), last: false) }
        case .idle, .head, .closed: break
        }
    }

    private func takeChunks(_ raw: UnsafeRawBufferPointer, from at: inout Int) {
        do throws(ChunkProblem) {
            while exchange != nil || finishing {
                switch try chunks.next(raw, from: &at) {
                case .payload(let range): exchange?.replyBytes(UnsafeRawBufferPointer(rebasing: raw[range]), last: false)
                case .needMore: return
                case .end:
                    if at < raw.count { reusable = false }
                    replyComplete()
                    return
                }
            }
        } catch {
            fail("the reply's chunks are malformed: \(error.message)")
        }
    }

    /// First back to the pool, then told: the exchange may start the next call at once.
    private func replyComplete() {
        let exchange = self.exchange
        self.exchange = nil
        finishing = false
        release()
        exchange?.replyEnded()
    }

    private func release() {
        if shared != nil {
            // Its end, or ours, may still be on the way: a reset would look like a complaint.
            loop.deadlines.arm(self, at: loop.time + Span.seconds(1))
        } else if reusable, !paused, isActive, !mode.bodyFollows {
            phase = .idle
            pool.giveBack(self)
        } else {
            close()
        }
    }

    private func fail(_ reason: String) {
        let exchange = self.exchange
        self.exchange = nil
        finishing = false
        close()
        exchange?.replyMalformed(reason)
    }

    /// The exchange has all it wants; what is left of the framing has a moment to come, then the connection closes.
    func finish() {
        exchange = nil
        finishing = true
        loop.deadlines.arm(self, at: loop.time + Span.seconds(1))
    }

    // MARK: A stream

    /// Its exchange still wants what the stream is made for.
    var isCalling: Bool { exchange != nil }

    /// The provider has ended the stream in order. With a length the reply ended before, or is too short.
    func streamEnded() {
        loop.time = .now()
        switch phase {
        case .untilClose: replyComplete()
        case .idle, .closed: break
        case .body(let left) where left == 0: break
        case .head, .body, .chunks: fail("the stream ended before the reply did")
        }
    }

    func streamMalformed(_ reason: String) {
        loop.time = .now()
        fail("the reply is not HTTP: \(reason)")
    }

    /// The stream is gone before its reply was whole.
    func streamLost(_ loss: StreamLoss, _ problem: (any Error)?) {
        loop.deadlines.disarm(self)
        guard let exchange else { return }
        self.exchange = nil
        phase = .closed
        loop.time = .now()
        if let problem { exchange.connectionProblem(problem) }
        switch loss {
        case .unprocessed: exchange.connectionLost(beforeReply: true)
        case .connection: exchange.connectionLost(beforeReply: false)
        case .broken(let fault, let reason): exchange.replyBroke(fault, reason)
        }
    }
}
