import NIOCore
import NIOPosix
import NIOSSL
import Routing
import Translation

/// One event loop's connections to one origin. The newest idle one is used first, so that the rest can time out.
///
/// Where the provider chose HTTP/2, a connection is shared: each request takes a stream of it, and there are more connections
/// only where the streams of those do not suffice.
final class UpstreamPool {
    /// What TLS handshakes with the origin came to.
    enum Speaks { case unknown, http1, http2 }

    /// Idle connections beyond this are closed instead of kept.
    private static let maxIdle = 512
    /// Below the 60 s or more after which servers commonly close an idle connection.
    static let idleTimeout = Span.seconds(50)

    let origin: Origin
    private unowned let loop: Loop
    private var idle: [UpstreamChannel] = []
    /// Connections with room for streams, or that had it a moment ago.
    private var shared: [SharedConnection] = []
    private var approaches: [Approach] = []
    var speaks: Speaks
    private var offersHTTP2: Bool
    /// Streams that a new connection will probably have.
    var streamsExpected = SharedConnection.maxStreams

    init(origin: Origin, loop: Loop) {
        self.origin = origin
        self.loop = loop
        offersHTTP2 = origin.offersHTTP2
        speaks = offersHTTP2 ? .unknown : .http1
    }

    var idleCount: Int { idle.count + shared.reduce(0) { $0 + ($1.isIdle ? 1 : 0) } }

    func takeIdle() -> UpstreamChannel? {
        while let channel = idle.popLast() {
            if channel.isUsable { return channel }
        }
        return shared.isEmpty ? nil : takeStream()
    }

    /// Of the oldest connection that has one, so that the others can fall idle.
    private func takeStream() -> UpstreamChannel? {
        for connection in shared {
            if let stream = connection.takeStream() { return stream }
        }
        return nil
    }

    /// The provider asked for HTTP/1.1 when it had chosen the other.
    func avoidHTTP2() {
        offersHTTP2 = false
        speaks = .http1
    }

    func share(_ connection: SharedConnection) { shared.append(connection) }

    func unshare(_ connection: SharedConnection) {
        if let at = shared.firstIndex(where: { $0 === connection }) { shared.remove(at: at) }
    }

    func giveBack(_ channel: UpstreamChannel) {
        guard idle.count < Self.maxIdle, !loop.draining else {
            channel.close()
            return
        }
        idle.append(channel)
        loop.deadlines.arm(channel, at: loop.time + Self.idleTimeout)
    }

    func remove(_ channel: UpstreamChannel) {
        if let at = idle.lastIndex(where: { $0 === channel }) { idle.remove(at: at) }
    }

    func closeIdle() {
        let channels = idle
        idle = []
        for channel in channels { channel.close() }
        for connection in shared where connection.isIdle { connection.close() }
    }

    func opened() { loop.counters.upstreamConnections += 1 }
    func closed() { loop.counters.upstreamConnections -= 1 }

    // MARK: Connecting

    /// Gets a connection for `waiter`, which may have gone by the time it stands; then it is kept for the next.
    func connect(for waiter: ConnectionWaiter, timeout: Duration) {
        guard origin.tls else { return connectPlainly(for: waiter, timeout: timeout) }
        waiter.until = loop.time + timeout
        seek(waiter)
    }

    /// Over TLS: one that is free, a share in one that is being made, or a new one.
    func seek(_ waiter: ConnectionWaiter) {
        guard waiter.exchange != nil else { return }
        if let stream = takeStream() { return waiter.connected(stream, reused: true) }
        loop.deadlines.arm(waiter, at: waiter.until)
        if let young = shared.last(where: \.mayGather) { return young.gather(waiter) }
        if speaks != .http1, let approach = approaches.last(where: \.mayGather) { return approach.gather(waiter) }
        do {
            let tls = try loop.server.tls.client(http2: offersHTTP2)
            let approach = Approach(loop: loop, pool: self)
            approaches.append(approach)
            approach.gather(waiter)
            approach.begin(tls, within: max(.milliseconds(1), waiter.until - loop.time))
        } catch {
            waiter.failed("cannot set up TLS: \(ConnectionWords.of(error))")
        }
    }

    func ended(_ approach: Approach) {
        if let at = approaches.lastIndex(where: { $0 === approach }) { approaches.remove(at: at) }
    }

    /// What every connection to a provider is made with.
    func bootstrap(timeout: Duration) -> ClientBootstrap {
        ClientBootstrap(group: loop.eventLoop)
            .connectTimeout(.nanoseconds(timeout.nanoseconds))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.maxMessagesPerRead, value: 1)
            .channelOption(.recvAllocator, value: SharedReadAllocator(loop.reads, on: loop.eventLoop))
    }

    private func connectPlainly(for waiter: ConnectionWaiter, timeout: Duration) {
        let bound = NIOLoopBound(self, eventLoop: loop.eventLoop)
        bootstrap(timeout: timeout).channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(UpstreamChannel(loop: bound.value.loop, pool: bound.value))
            }
        }.connect(to: origin).assumeIsolated().whenComplete { self.connected($0, waiter) }
    }

    private func connected(_ result: Result<any Channel, any Error>, _ waiter: ConnectionWaiter) {
        loop.time = .now()
        switch result {
        case .success(let channel):
            guard let handler = try? channel.pipeline.syncOperations.handler(type: UpstreamChannel.self) else {
                waiter.failed("the connection closed at once")  // closed between connect and now: its handlers are gone
                return
            }
            if waiter.exchange == nil { giveBack(handler) } else { waiter.connected(handler, reused: false) }
        case .failure(let error):
            waiter.failed(ConnectionWords.of(error))
        }
    }
}

/// Waits for a connection on behalf of an exchange that may meanwhile go away.
final class ConnectionWaiter: Timed {
    var exchange: (any UpstreamCaller)?
    /// When it gives up, where it shares what it waits for.
    fileprivate var until = Instant.distantFuture

    init(_ exchange: any UpstreamCaller) { self.exchange = exchange }

    /// `reused`: the connection served before, or is shared; a request that certainly went unread is sent again.
    func connected(_ channel: UpstreamChannel, reused: Bool) {
        end()?.connected(channel, reused: reused)
    }

    func failed(_ reason: String) { end()?.notConnected(reason) }

    private func end() -> (any UpstreamCaller)? {
        let exchange = self.exchange
        self.exchange = nil
        exchange?.loop.deadlines.disarm(self)
        return exchange
    }

    override func expired(at now: Instant) {
        exchange?.loop.time = now
        failed("no connection in time")
    }
}

extension ClientBootstrap {
    /// An address literal needs no resolver.
    func connect(to origin: Origin) -> EventLoopFuture<any Channel> {
        guard let address = try? SocketAddress(ipAddress: origin.host, port: origin.port) else {
            return connect(host: origin.host, port: origin.port)
        }
        return connect(to: address)
    }
}

extension Origin {
    /// What TLS asks for by name; nil for an IPv4 or IPv6 address, for which it sends none.
    public var serverName: String? { (try? SocketAddress(ipAddress: host, port: port)) == nil ? host : nil }
}
