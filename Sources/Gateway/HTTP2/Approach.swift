import NIOCore
import NIOHTTP2
import NIOPosix
import NIOSSL
import NIOTLS
import Routing

/// A TLS connection that is being made, and those who wait for it. Only its handshake shows whether it can be shared, so that
/// until then many may wait for one. Nothing is sent before the provider has shown its certificate.
final class Approach: Timed, ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    private let loop: Loop
    private let pool: UpstreamPool
    private var waiting: [ConnectionWaiter] = []
    private var context: ChannelHandlerContext?
    private var isOver = false

    init(loop: Loop, pool: UpstreamPool) {
        self.loop = loop
        self.pool = pool
    }

    var mayGather: Bool { waiting.count < pool.streamsExpected }

    func gather(_ waiter: ConnectionWaiter) { waiting.append(waiter) }

    // MARK: Connecting

    func begin(_ tls: NIOSSLContext, within limit: Duration) {
        loop.deadlines.arm(self, at: loop.time + Span(limit))
        let bound = NIOLoopBound(self, eventLoop: loop.eventLoop)
        let name = pool.origin.serverName
        pool.bootstrap(timeout: limit).channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                let pipeline = channel.pipeline.syncOperations
                try pipeline.addHandler(NIOSSLClientHandler(context: tls, serverHostname: name))
                try pipeline.addHandler(bound.value)
            }
        }.connect(to: pool.origin).assumeIsolated().whenFailure { self.failed(ConnectionWords.of($0)) }
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if isOver { context.close(promise: nil) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard let event = event as? TLSUserEvent, case .handshakeCompleted(let negotiated) = event, !isOver else {
            return context.fireUserInboundEventTriggered(event)
        }
        loop.time = .now()
        end()
        do {
            if negotiated == "h2" { try share(context) } else { try serveOne(context) }
        } catch {
            failed("\(error)")
            context.close(promise: nil)
        }
    }

    private func share(_ context: ChannelHandlerContext) throws {
        let http2 = NIOHTTP2Handler.upstream(on: loop.eventLoop)
        let shared = SharedConnection(loop: loop, pool: pool, http2: http2, waiting: waiting)
        waiting = []
        pool.speaks = .http2
        let pipeline = context.pipeline.syncOperations
        try pipeline.addHandler(http2, position: .after(self))
        try pipeline.addHandler(shared, position: .after(http2))
        pipeline.removeHandler(self, promise: nil)
    }

    /// Who waited first gets it; it may be the first there, so the others can only now know that each needs one of its own.
    private func serveOne(_ context: ChannelHandlerContext) throws {
        let channel = UpstreamChannel(loop: loop, pool: pool)
        pool.speaks = .http1
        let pipeline = context.pipeline.syncOperations
        try pipeline.addHandler(channel, position: .after(self))
        pipeline.removeHandler(self, promise: nil)
        var waiting = waiting.filter { $0.exchange != nil }
        self.waiting = []
        if waiting.isEmpty { return pool.giveBack(channel) }
        waiting.removeFirst().connected(channel, reused: false)
        waiting.forEach(pool.seek)
    }

    // MARK: Failing

    func channelInactive(context: ChannelHandlerContext) {
        loop.time = .now()
        failed("the connection closed during the TLS handshake")
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        loop.time = .now()
        failed("TLS: \(ConnectionWords.of(error))")
        context.close(promise: nil)
    }

    override func expired(at now: Instant) {
        loop.time = now
        failed(context?.channel.isActive ?? false ? "no TLS handshake in time" : "no connection in time")
        context?.close(promise: nil)
    }

    private func end() {
        isOver = true
        loop.deadlines.disarm(self)
        pool.ended(self)
    }

    private func failed(_ reason: String) {
        if !isOver { end() }
        loop.time = .now()
        let left = waiting
        waiting = []
        for waiter in left { waiter.failed(reason) }
    }
}

extension NIOHTTP2Handler {
    /// Bytes of a reply that may wait for one slow client, before the provider has to.
    private static let window = 131_072

    /// Bounded in all that a broken provider could send without end: headers, continuations, resets, settings and pings.
    fileprivate static func upstream(on eventLoop: any EventLoop) -> NIOHTTP2Handler {
        var connection = ConnectionConfiguration()
        connection.initialSettings = [
            HTTP2Setting(parameter: .enablePush, value: 0),
            HTTP2Setting(parameter: .initialWindowSize, value: window),
            // Twice what a reply's head may have: one a little too large costs its stream, one far too large the connection.
            HTTP2Setting(parameter: .maxHeaderListSize, value: 131_072),
        ]
        // The sum of what its streams may hold back, so that those do not hold back the others.
        connection.targetWindowSize = window * SharedConnection.maxStreams
        connection.maximumSequentialEmptyDataFrames = 16
        // Frames for streams that were cancelled are still on their way for a moment.
        connection.maximumRecentlyResetStreams = 1000
        // Some providers measure the line with a ping per burst of data.
        connection.controlFrameRateLimit.maximumCount = 1000
        var stream = StreamConfiguration()
        stream.targetWindowSize = window
        // Each ends a request of ours, so a busy provider in trouble may send many; those without a request are the flood.
        stream.streamResetFrameRateLimit.maximumCount = 1000
        return NIOHTTP2Handler(mode: .client, eventLoop: eventLoop, connectionConfiguration: connection, streamConfiguration: stream) { pushed in
            pushed.close()
        }
    }
}
