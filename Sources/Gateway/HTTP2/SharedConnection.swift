import NIOCore
import NIOHTTP2
import NIOSSL
import Routing

/// A connection that many requests use at once, each on a stream of its own. The last handler of its pipeline, behind the
/// library's, which hands it the frames that are about no stream.
///
/// It opens streams up to what the provider allows, and leaves the pool once it may open no more. Nothing else notices that the
/// line is dead, and many requests would wait for it until their time is over: so where streams are open and nothing comes, it
/// pings.
final class SharedConnection: Timed, ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    /// Streams at once, whatever the provider allows: more would share one TCP connection's losses.
    static let maxStreams = 100
    /// Stream numbers have 31 bits and are not used twice.
    private static let maxOpened = 1 << 24

    private let loop: Loop
    private let pool: UpstreamPool
    private let http2: NIOHTTP2Handler
    private var context: ChannelHandlerContext?
    /// Those that its first settings may have room for.
    private var waiting: [ConnectionWaiter]
    /// One before the provider's settings have come: it may allow no more.
    private var limit = 1
    private(set) var isSettled = false
    private(set) var open = 0
    private var opened = 0
    private(set) var isRetired = false
    /// The highest stream that the provider will deal with, once it has said that it goes away.
    private var lastStream: HTTP2StreamID?
    /// Why the connection broke.
    private(set) var problem: (any Error)?
    /// The stream that the library has just found at fault.
    private var blamed: StreamCodec?
    /// Counts what the provider sent.
    var heard = 0
    /// `heard` when the first stream was opened after the connection had been idle.
    private var heardAtWaking = -1
    /// `heard` when it was last looked whether anything comes.
    private var heardAtLook = 0
    private var isPinged = false

    private struct Silence: Error, CustomStringConvertible {
        var description: String { "the provider did not answer a ping" }
    }

    init(loop: Loop, pool: UpstreamPool, http2: NIOHTTP2Handler, waiting: [ConnectionWaiter]) {
        self.loop = loop
        self.pool = pool
        self.http2 = http2
        self.waiting = waiting
    }

    // MARK: Streams

    var isFree: Bool { open < limit && !isRetired && !isDoubtful }
    private var isDoubtful: Bool { isPinged && heard == heardAtLook }
    var isIdle: Bool { open == 0 && waiting.isEmpty }
    /// May still have room for one more than wait already.
    var mayGather: Bool { !isSettled && !isRetired && waiting.count < pool.streamsExpected - 1 }

    func gather(_ waiter: ConnectionWaiter) { waiting.append(waiter) }

    /// A stream for one request, to be called at once. The library makes it in the loop's next turn.
    func takeStream() -> UpstreamChannel? {
        guard isFree, let multiplexer = try? http2.syncMultiplexer() else { return nil }  // throws once the handler is gone
        if open == 0 {
            heardAtWaking = opened == 0 ? -1 : heard
            listen()
        }
        open += 1
        opened += 1
        loop.counters.upstreamStreams += 1
        if opened >= Self.maxOpened { retire() }
        let upstream = UpstreamChannel(loop: loop, pool: pool, shared: self)
        let codec = NIOLoopBound(StreamCodec(upstream, on: self), eventLoop: loop.eventLoop)
        let created = loop.eventLoop.makePromise(of: (any Channel).self)
        created.futureResult.assumeIsolated().whenFailure { _ in codec.value.neverOpened() }
        multiplexer.createStreamChannel(promise: created) { channel in
            channel.eventLoop.makeCompletedFuture { try codec.value.outfit(channel) }
        }
        return upstream
    }

    /// Nothing may be begun on it any more.
    var isGone: Bool { context == nil || lastStream != nil || problem != nil }

    func streamClosed() {
        open -= 1
        loop.counters.upstreamStreams -= 1
        guard open == 0, context != nil else { return }
        if isRetired || loop.draining { close() } else { rest() }
    }

    /// Nothing came since it was idle, so it may have been dead all the time: as good as a pooled connection found dead.
    var isStale: Bool { heard == heardAtWaking }

    /// A stream had no answer in time, and the provider sent nothing else either: nothing more is begun here.
    func stoodStill(since then: Int) {
        if heard == then { retire() }
    }

    /// Whether the provider said that it will not deal with this stream.
    func hasDropped(_ stream: any Channel) -> Bool {
        guard let lastStream else { return false }
        guard let id = try? stream.syncOptions?.getOption(HTTP2StreamChannelOptions.streamID) else { return true }  // has none: never sent
        return id > lastStream
    }

    /// The provider wants HTTP/1.1 from this client.
    func mustNotBeShared() {
        pool.avoidHTTP2()
        retire()
    }

    // MARK: Faults

    /// The library closed `stream` for a fault; its next error says which.
    func blame(_ stream: StreamCodec) {
        settleBlame("")
        blamed = stream
    }

    private func settleBlame(_ reason: String) {
        let stream = blamed
        blamed = nil
        stream?.faulted(reason)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        loop.time = .now()
        if blamed != nil { return settleBlame("\(error)") }
        broke(error)
    }

    private func broke(_ error: any Error) {
        if problem == nil { problem = error }
        retire()
        cut()
    }

    // MARK: Frames about the connection

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        loop.time = .now()
        heard &+= 1
        switch unwrapInboundIn(data).payload {
        case .settings(.settings(let settings)): settle(settings)
        case .goAway(let last, _, _):
            lastStream = last
            retire()
        default: break
        }
    }

    private func settle(_ settings: HTTP2Settings) {
        let said = settings.last { $0.parameter == .maxConcurrentStreams }?.value
        if said != nil || !isSettled { limit = min(Self.maxStreams, said ?? Self.maxStreams) }
        isSettled = true
        pool.streamsExpected = max(1, limit)
        serve()
        if limit == 0 { retire() }
    }

    /// Gives streams to those who wait; whom there is no room for looks elsewhere.
    func serve() {
        while isFree, !waiting.isEmpty {
            let waiter = waiting.removeFirst()
            if waiter.exchange == nil { continue }
            guard let stream = takeStream() else { break }
            waiter.connected(stream, reused: true)
        }
        guard isSettled, !waiting.isEmpty else { return }
        let left = waiting
        waiting = []
        if limit > 0 { left.forEach(pool.seek) } else { left.forEach { $0.failed("the provider allows no streams") } }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        settleBlame("")
        context.fireChannelReadComplete()
    }

    // MARK: Begin and end

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        loop.counters.upstreamShared += 1
        pool.share(self)
        serve()
        if isIdle { rest() }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        loop.counters.upstreamShared -= 1
    }

    func channelInactive(context: ChannelHandlerContext) {
        loop.time = .now()
        settleBlame("")
        self.context = nil
        loop.deadlines.disarm(self)
        retire()
        context.fireChannelInactive()
    }

    /// Opens no more streams, and closes when its last has ended.
    func retire() {
        guard !isRetired else { return }
        isRetired = true
        pool.unshare(self)
        let left = waiting
        waiting = []
        for waiter in left { waiter.failed(problem.map(ConnectionWords.of) ?? "the provider takes no more requests on its connection") }
        if open == 0 { close() }
    }

    func close() {
        retire()
        context?.close(promise: nil)
    }

    /// At once, without TLS's farewell: a broken provider, or a dead line, would have to answer that.
    private func cut() {
        guard let context else { return }
        let tls = try? context.pipeline.syncOperations.context(handlerType: NIOSSLClientHandler.self)  // fails once it is closed
        (tls ?? context).close(promise: nil)
    }

    // MARK: Silence

    private func rest() {
        isPinged = false
        loop.deadlines.arm(self, at: loop.time + UpstreamPool.idleTimeout)
    }

    private func listen() {
        isPinged = false
        heardAtLook = heard
        loop.deadlines.arm(self, at: loop.time + Span(pool.origin.pingAfter))
    }

    override func expired(at now: Instant) {
        loop.time = now
        if open == 0 { return close() }
        if heard != heardAtLook { return listen() }
        if isPinged { return broke(Silence()) }
        isPinged = true
        loop.deadlines.arm(self, at: now + Span(pool.origin.pingAfter))
        context?.writeAndFlush(wrapOutboundOut(HTTP2Frame(streamID: .rootStream, payload: .ping(HTTP2PingData(), ack: false))), promise: nil)
    }
}
