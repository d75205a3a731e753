import NIOCore
import NIOTLS
import Routing
import Wire

/// The provider's side of a connection: sends one request at a time and hands the reply, unframed, to the exchange.
///
/// The pieces of a reply are only valid during the call that hands them over; they lie in the loop's shared read buffer.
final class UpstreamChannel: Timed, ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Phase { case idle, head, body(left: Int), chunks, untilClose, closed }

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
    private var exchange: Exchange?
    private var idleTimeout = Span.zero
    /// The reply must have ended by then; lifted once a stream has begun to reach the client.
    private var until = Instant.distantFuture
    private var paused = false
    private var isActive = true
    /// Who waits for the TLS handshake of a new connection.
    private var handshake: ConnectionWaiter?
    /// The exchange has what it wanted; the rest of the framing is read for the connection's sake.
    private var finishing = false

    init(loop: Loop, pool: UpstreamPool) {
        self.loop = loop
        self.pool = pool
        parser = ResponseParser(limits: loop.live.limits.replyHead)
    }

    var isUsable: Bool {
        if case .idle = phase { return isActive }
        return false
    }

    // MARK: Connecting

    /// Nothing is sent before the provider has shown its certificate: `waiter` hears when it has, or why not.
    func awaitHandshake(_ waiter: ConnectionWaiter, within limit: Duration) {
        handshake = waiter
        loop.deadlines.arm(self, at: loop.time + limit)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        loop.time = .now()
        if let event = event as? TLSUserEvent, case .handshakeCompleted = event, let waiter = handshake {
            handshake = nil
            if waiter.exchange == nil { pool.giveBack(self) } else { waiter.connected(self) }
        }
        context.fireUserInboundEventTriggered(event)
    }

    private func handshakeFailed(_ reason: String) {
        let waiter = handshake
        handshake = nil
        waiter?.failed(reason)
    }

    // MARK: Calling

    /// Sends `request`. The reply's first byte is due within `firstByte`, then a byte every `idle`, the whole by `deadline`.
    func call(_ exchange: Exchange, request: UpstreamRequest, firstByte: Span, idle: Span, deadline: Instant) {
        self.exchange = exchange
        phase = .head
        idleTimeout = idle
        until = deadline
        arm(within: firstByte)
        guard let context else { return }
        guard let rest = request.rest else {
            context.writeAndFlush(wrapOutboundOut(request.head), promise: nil)
            return
        }
        context.write(wrapOutboundOut(request.head), promise: nil)
        context.writeAndFlush(wrapOutboundOut(rest), promise: nil)
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
        if pause { loop.deadlines.disarm(self) } else { arm(within: idleTimeout) }
    }

    // MARK: Channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        pool.opened()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        pool.closed()
    }

    func channelInactive(context: ChannelHandlerContext) {
        loop.time = .now()
        isActive = false
        loop.deadlines.disarm(self)
        pool.remove(self)
        let ended = phase
        phase = .closed
        handshakeFailed("the connection closed during the TLS handshake")
        guard let exchange else { return }
        self.exchange = nil
        if case .untilClose = ended {
            exchange.replyEnded()
        } else {
            exchange.connectionLost(beforeReply: { if case .head = ended { partial == nil } else { false } }())
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        loop.time = .now()
        exchange?.connectionProblem(error)
        handshakeFailed("TLS: \(error)")
        context.close(promise: nil)
    }

    override func expired(at now: Instant) {
        loop.time = now
        handshakeFailed("no TLS handshake in time")
        guard let exchange else {
            close()
            return
        }
        self.exchange = nil
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
                guard try parser.parse(rest) else {
                    partial = loop.allocator.buffer(bytes: rest)
                    return nil
                }
                let head = parser.head
                parser.reset()
                at += head.length
                if head.status < 200 { continue }  // 100 Continue, 103 Early Hints
                reusable = head.keepAlive
                begin(head.framing)
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
        if reusable, !paused, isActive {
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
}
