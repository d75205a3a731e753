import NIOCore
import Routing
import Translation
import Wire

/// The client's side of a connection: gathers one strict HTTP/1.1 request at a time and writes its answer.
///
/// Bytes that a client sends ahead of its answer wait here, up to a bound; past it the socket is not read until the answer
/// is out. So pipelined requests are answered in order, one after another.
final class ClientChannel: Timed, ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// `upload` and `tunnel` are requests of pass-through endpoints: a body that is sent on as it comes, a protocol that has changed.
    enum Phase { case head, body, chunks, serving, upload, tunnel, closing }

    private static let pipelineLimit = 65_536

    let loop: Loop
    private(set) var context: ChannelHandlerContext?
    var phase = Phase.head
    private var parser: RequestParser
    private(set) var head = RequestHead()
    var received: ByteBuffer?
    private var chunked: ByteBuffer?
    private var chunks: ChunkedBody
    private var exchange: (any ClientServer)?
    /// What is left of a body that is sent on as it comes.
    var upload: Upload?
    /// Reads along where the answer is to be kept.
    var tap: (any AnswerTap)?
    private var working = false
    private(set) var readingPaused = false
    private var bodyStarted = Instant.zero
    /// The connection closes after the answer in progress.
    private var lastRequest = false

    var limits: Limits { loop.live.limits }

    /// The key of a request that the gateway sends itself. Nil: clients show theirs.
    let ownKey: String?

    init(loop: Loop, as ownKey: String? = nil) {
        self.loop = loop
        self.ownKey = ownKey
        parser = RequestParser(limits: loop.live.limits.head)
        chunks = ChunkedBody()
    }

    // MARK: Channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive { opened() }
    }

    func channelActive(context: ChannelHandlerContext) {
        opened()
        context.fireChannelActive()
    }

    private func opened() {
        loop.time = .now()
        loop.opened(self)
        loop.deadlines.arm(self, at: loop.time + limits.headTimeout)
        if loop.draining { close() }
    }

    func channelInactive(context: ChannelHandlerContext) {
        loop.time = .now()
        loop.closed(self)
        loop.deadlines.disarm(self)
        self.context = nil
        phase = .closing
        (received, tap) = (nil, nil)
        if let exchange {
            self.exchange = nil
            exchange.clientGone()
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        loop.counters.clientErrors += 1
        context.close(promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        loop.time = .now()
        var buffer = unwrapInboundIn(data)
        if phase == .closing {
            loop.reads.giveBack(buffer)
            return
        }
        if phase == .tunnel {
            passage?.clientBytes(buffer)
            loop.reads.giveBack(buffer)
            return
        }
        if received == nil {
            received = loop.allocator.buffer(capacity: buffer.readableBytes)
            loop.deadlines.arm(self, at: loop.time + limits.headTimeout)
        }
        received!.writeBuffer(&buffer)
        loop.reads.giveBack(buffer)
        work()
    }

    /// Nobody behind this handler waits for it.
    func channelReadComplete(context: ChannelHandlerContext) {}

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        loop.time = .now()
        if context.channel.isWritable {
            switch phase {
            case .serving: armServing()
            case .upload: armUpload()
            case .tunnel: loop.deadlines.disarm(self)
            case .head, .body, .chunks, .closing: break
            }
            exchange?.clientWritable(true)
        } else {
            loop.deadlines.arm(self, at: loop.time + limits.writeTimeout)
            exchange?.clientWritable(false)
        }
    }

    override func expired(at now: Instant) {
        loop.time = now
        switch phase {
        case .head where received == nil: close()
        case .head, .body, .chunks:
            refuse(Refusal(.requestTimeout, "the request did not arrive in time"))
        case .serving:
            // The client takes nothing of the answer, or the whole exchange took too long.
            if context?.channel.isWritable == false { context?.close(promise: nil) } else { exchange?.outOfTime() }
        case .upload where context?.channel.isWritable == true:
            closeAfterAnswer()
            passage?.bodyBroke(Refusal(.requestTimeout, "the request did not arrive in time"))
        case .upload, .tunnel, .closing: context?.close(promise: nil)
        }
    }

    // MARK: Gathering a request

    /// Not recursive: an answer given at once comes back into this loop, not below it.
    private func work() {
        guard !working else { return }
        working = true
        defer { working = false }
        while step() {}
        if phase == .serving, !readingPaused, let received, received.readableBytes > Self.pipelineLimit { pauseReading(true) }
    }

    /// True when there may be more to do.
    private func step() -> Bool {
        switch phase {
        case .head: gatherHead()
        case .body: gatherBody()
        case .chunks: gatherChunks()
        case .upload: feedUpload()
        case .serving, .tunnel, .closing: false
        }
    }

    private func gatherHead() -> Bool {
        guard let bytes = received, bytes.readableBytes > 0 else { return false }
        do throws(HeadProblem) {
            guard try bytes.readable({ raw throws(HeadProblem) in try parser.parse(raw) }) else { return false }
            head = parser.head
        } catch {
            refuse(Refusal(error))
            return false
        }
        parser.reset()
        lastRequest = !head.keepAlive || loop.draining
        if let length = head.framing.length, length > limits.requestBytes {
            refuse(tooLarge)
            return false
        }
        switch head.framing {
        case .none, .length:
            let total = head.length + (head.framing.length ?? 0)
            if bytes.readableBytes < total {
                if beginUpload() { return true }
                expectBody(total)
            }
            phase = .body
        case .chunked:
            if beginUpload() { return true }
            phase = .chunks
            chunks = ChunkedBody(limit: limits.requestBytes)
            chunked = loop.allocator.buffer(capacity: 4096)
            expectBody(0)
        }
        return true
    }

    private var tooLarge: Refusal {
        Refusal(.requestTooLarge, "the request's body has more than \(limits.requestBytes) bytes")
    }

    /// Room for what is to come, grown once instead of step by step, but not on a client's mere word beyond 1 MiB.
    private func expectBody(_ total: Int) {
        bodyStarted = loop.time
        loop.deadlines.arm(self, at: bodyStarted + limits.bodyTimeout)
        if total > 0 { received!.reserveCapacity(min(total, 1 << 20)) }
        goOn()
    }

    /// The client waits for a word before it sends its body.
    func goOn() {
        guard head.expectContinue else { return }
        var go = loop.allocator.buffer(capacity: 32)
        go.writeStaticString("HTTP/1.1 100 Continue\r\n\r\n")
        write(go)
    }

    private func gatherBody() -> Bool {
        let length = head.framing.length ?? 0
        guard let bytes = received, bytes.readableBytes >= head.length + length else { return false }
        let body = bytes.getSlice(at: bytes.readerIndex + head.length, length: length)
        serve(bytes, body: body ?? ByteBuffer(), consumed: head.length + length)
        return true
    }

    private func gatherChunks() -> Bool {
        guard let bytes = received else { return false }
        var at = head.length
        var ended = false
        do throws(ChunkProblem) {
            ended = try bytes.readable { raw throws(ChunkProblem) in
                while true {
                    switch try chunks.next(raw, from: &at) {
                    case .payload(let range): chunked!.writeBytes(UnsafeRawBufferPointer(rebasing: raw[range]))
                    case .needMore: return false
                    case .end: return true
                    }
                }
            }
        } catch {
            refuse(error.reason == .sizeTooLarge ? tooLarge : Refusal(.invalidRequest, "the body's chunks are malformed: \(error.message)"))
            return false
        }
        // The head stays in front until the request has been served; the framing walked so far goes.
        dropWalked(from: head.length, to: at)
        guard ended, let body = chunked else { return false }
        chunked = nil
        serve(received!, body: body, consumed: head.length)
        return true
    }

    private func dropWalked(from start: Int, to end: Int) {
        guard end > start, let bytes = received else { return }
        var kept = loop.allocator.buffer(capacity: max(start + bytes.readableBytes - end, start + 4096))
        kept.writeImmutableBuffer(bytes.getSlice(at: bytes.readerIndex, length: start)!)
        kept.writeImmutableBuffer(bytes.getSlice(at: bytes.readerIndex + end, length: bytes.readableBytes - end)!)
        received = kept
    }

    private func serve(_ bytes: ByteBuffer, body: ByteBuffer, consumed: Int) {
        phase = .serving
        received!.moveReaderIndex(forwardBy: consumed)
        if received!.readableBytes == 0 { received = nil }
        armServing()
        let request = ClientRequest(head: head, bytes: bytes, body: body)
        Reception(client: self, loop: loop).take(request)
    }

    func armServing() { loop.deadlines.arm(self, at: loop.time + limits.totalTimeout) }

    /// The address that the connection comes from, without the port. Nil where there is none: a Unix socket.
    var remoteAddress: String? { context?.channel.remoteAddress?.ipAddress }

    /// The exchange, where it is one of a pass-through endpoint.
    var passage: Passage? { exchange as? Passage }

    /// From now until `answered`, the exchange owns the answer.
    func begin(_ exchange: any ClientServer) { self.exchange = exchange }

    // MARK: Answering

    var isServing: Bool { phase == .serving || phase == .upload || phase == .tunnel }
    var isWritable: Bool { context?.channel.isWritable ?? false }
    var keepsAlive: Bool { !lastRequest }
    var speaksHTTP11: Bool { head.minorVersion == 1 }

    func write(_ buffer: ByteBuffer) {
        tap?.take(buffer)
        context?.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
    }

    /// The last of an answer: two buffers, one flush. Who reads along has it before the client, who may build on it at once.
    func send(_ head: ByteBuffer, _ body: ByteBuffer?) {
        tap?.take(head)
        if let body { tap?.take(body) }
        tap?.end()
        tap = nil
        guard let body else { return write(head) }
        context?.write(wrapOutboundOut(head), promise: nil)
        context?.writeAndFlush(wrapOutboundOut(body), promise: nil)
    }

    /// Has all of an answer kept before its last bytes go out, where whoever reads along wants that. False: nobody does.
    func keep(_ head: ByteBuffer?, _ body: ByteBuffer?, then go: @escaping () -> Void) -> Bool {
        guard let tap, let keeper = tap.keeper else { return false }
        keeper.kept = loop.holding.once(within: ResponsesDesk.patience, go)
        for last in [head, body].compactMap(\.self) { tap.take(last) }
        tap.end()
        self.tap = nil
        return true
    }

    /// The answer is out to its last byte.
    func answered() {
        exchange = nil
        tap?.end()
        tap = nil
        upload = nil
        guard context != nil, isServing else { return }
        if lastRequest || loop.draining {
            closeGently()
            return
        }
        phase = .head
        loop.deadlines.arm(self, at: loop.time + (received == nil ? limits.keepAliveTimeout : limits.headTimeout))
        if readingPaused { pauseReading(false) }
        work()
    }

    /// Answers a request that cannot be read to its end, and closes.
    private func refuse(_ refusal: Refusal) {
        phase = .serving
        lastRequest = true
        loop.counters.badRequests += 1
        Reception(client: self, loop: loop).refuse(refusal)
    }

    /// The answer in progress is the connection's last.
    func closeAfterAnswer() { lastRequest = true }

    /// Sends what is written, says that no more comes, and reads on for a moment: a close with unread bytes is a reset, which
    /// can destroy the answer on its way.
    private func closeGently() {
        phase = .closing
        received = nil
        guard let context else { return }
        // A slow client may still be taking what was written.
        loop.deadlines.arm(self, at: loop.time + limits.writeTimeout)
        if readingPaused { pauseReading(false) }
        let sent = loop.eventLoop.makePromise(of: Void.self)
        sent.futureResult.assumeIsolated().whenComplete { _ in
            if self.phase == .closing { self.loop.deadlines.arm(self, at: .now() + Span.seconds(1)) }
        }
        context.close(mode: .output, promise: sent)
    }

    func close() {
        phase = .closing
        context?.close(promise: nil)
    }

    func pauseReading(_ pause: Bool) {
        readingPaused = pause
        try? context?.channel.syncOptions?.setOption(.autoRead, value: !pause)  // fails on a closing channel only
    }

    // MARK: Shutdown

    func drain() {
        lastRequest = true
        if phase == .head, received == nil { close() }
    }

    func endForShutdown() {
        if let exchange { exchange.shutDown() } else { close() }
    }
}

/// One request as it came: `head` has offsets into `bytes`, counted from its reader index.
struct ClientRequest {
    var head: RequestHead
    var bytes: ByteBuffer
    var body: ByteBuffer
    /// Its hold on its `Idempotency-Key`; nil: it has none.
    var ticket: IdempotencyTicket?

    /// `x-swiftlet-deadline-ms`: how long the client waits for its answer. Nil when it does not say, or no number.
    var deadline: Duration? {
        guard head.swiftletDeadline.isPresent else { return nil }
        let text = bytes.withUnsafeReadableBytes { String(decoding: head.swiftletDeadline.bytes(in: $0), as: UTF8.self) }
        return Int64(text).flatMap { $0 > 0 ? .milliseconds($0) : nil }
    }
}

extension Refusal {
    init(_ problem: HeadProblem) {
        self.init(problem.status == 431 ? .headersTooLarge : .invalidRequest, "\(problem.message) (byte \(problem.offset) of the request)")
        status = problem.status
    }
}
