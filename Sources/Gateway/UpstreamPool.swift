import NIOCore
import NIOPosix
import NIOSSL
import Routing
import Translation

/// One event loop's connections to one origin. The newest idle one is used first, so that the rest can time out.
final class UpstreamPool {
    /// Idle connections beyond this are closed instead of kept.
    private static let maxIdle = 512
    /// Below the 60 s or more after which servers commonly close an idle connection.
    static let idleTimeout = Span.seconds(50)

    let origin: Origin
    private unowned let loop: Loop
    private var idle: [UpstreamChannel] = []
    private(set) var open = 0

    init(origin: Origin, loop: Loop) {
        self.origin = origin
        self.loop = loop
    }

    var idleCount: Int { idle.count }

    func takeIdle() -> UpstreamChannel? {
        while let channel = idle.popLast() {
            if channel.isUsable { return channel }
        }
        return nil
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
    }

    func opened() { open += 1 }
    func closed() { open -= 1 }

    /// Connects for `waiter`, which may have gone by the time the connection stands; then it is kept for the next.
    func connect(for waiter: ConnectionWaiter, timeout: Duration) {
        let loop = self.loop
        do {
            let tls = try origin.tls ? loop.server.tls.client() : nil
            let host = origin.host
            let bootstrap = ClientBootstrap(group: loop.eventLoop)
                .connectTimeout(.nanoseconds(timeout.nanoseconds))
                .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                .channelOption(.maxMessagesPerRead, value: 1)
                .channelOption(.recvAllocator, value: SharedReadAllocator(loop.reads, on: loop.eventLoop))
            let bound = NIOLoopBound(self, eventLoop: loop.eventLoop)
            let initialized = bootstrap.channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let tls {
                        let name = host.isAddressLiteral ? nil : host
                        try pipeline.addHandler(NIOSSLClientHandler(context: tls, serverHostname: name))
                    }
                    try pipeline.addHandler(UpstreamChannel(loop: bound.value.loop, pool: bound.value))
                }
            }
            let connecting =
                (try? SocketAddress(ipAddress: origin.host, port: origin.port))
                .map { initialized.connect(to: $0) } ?? initialized.connect(host: origin.host, port: origin.port)
            connecting.assumeIsolated().whenComplete { self.connected($0, waiter, handshake: tls == nil ? nil : timeout) }
        } catch {
            waiter.failed("cannot set up TLS: \(error)")
        }
    }

    /// `handshake`: how long TLS has, where it is spoken.
    private func connected(_ result: Result<any Channel, any Error>, _ waiter: ConnectionWaiter, handshake: Duration?) {
        loop.time = .now()
        switch result {
        case .success(let channel):
            guard let handler = try? channel.pipeline.syncOperations.handler(type: UpstreamChannel.self) else {
                waiter.failed("the connection closed at once")  // closed between connect and now: its handlers are gone
                return
            }
            if let handshake {
                handler.awaitHandshake(waiter, within: handshake)
                return
            }
            if waiter.exchange == nil { giveBack(handler) } else { waiter.connected(handler) }
        case .failure(let error):
            waiter.failed("\(error)")
        }
    }
}

/// Waits for a connection on behalf of an exchange that may meanwhile go away.
final class ConnectionWaiter {
    var exchange: Exchange?

    init(_ exchange: Exchange) { self.exchange = exchange }

    func connected(_ channel: UpstreamChannel) {
        let exchange = self.exchange
        self.exchange = nil
        exchange?.connected(channel, reused: false)
    }

    func failed(_ reason: String) {
        let exchange = self.exchange
        self.exchange = nil
        exchange?.notConnected(reason)
    }
}

extension String {
    /// An IPv4 or IPv6 address: TLS sends no server name for those.
    var isAddressLiteral: Bool { (try? SocketAddress(ipAddress: self, port: 0)) != nil }
}
