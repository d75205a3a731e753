import NIOCore
import NIOPosix
import Synchronization
import Translation

/// What a mock provider has done so far, for tests to compare with what the gateway says.
final class MockTally: Sendable {
    let requests = Atomic<Int>(0)
    /// Answers that went out to their end.
    let served = Atomic<Int>(0)
    /// Requests whose client left before the answer's end.
    let cancelled = Atomic<Int>(0)
    /// Requests that met a fault.
    let faulty = Atomic<Int>(0)
    /// Tokens handed to the network.
    let tokens = Atomic<Int>(0)
}

/// The `mock` provider: an HTTP server on a loopback port of its own, so that its faults take the way of real ones.
final class MockServer: Sendable {
    let port: Int
    let behaviour: MockBehaviour
    let tally: MockTally
    private let listener: any Channel
    private let connections: MockConnections

    private init(port: Int, behaviour: MockBehaviour, tally: MockTally, listener: any Channel, connections: MockConnections) {
        self.port = port
        self.behaviour = behaviour
        self.tally = tally
        self.listener = listener
        self.connections = connections
    }

    static func start(_ behaviour: MockBehaviour, group: any EventLoopGroup) async throws -> MockServer {
        let tally = MockTally()
        let connections = MockConnections()
        let listener = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                connections.add(channel)
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(MockChannel(behaviour, tally))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return MockServer(
            port: listener.localAddress?.port ?? 0, behaviour: behaviour, tally: tally, listener: listener, connections: connections)
    }

    /// Stops listening and closes what is open, at once.
    func close() {
        listener.close(promise: nil)
        connections.close()
    }
}

/// The open connections, to be closed with their server.
private final class MockConnections: Sendable {
    private let open = Mutex<[ObjectIdentifier: any Channel]>([:])

    func add(_ channel: any Channel) {
        let id = ObjectIdentifier(channel)
        open.withLock { $0[id] = channel }
        channel.closeFuture.whenComplete { _ in self.open.withLock { _ = $0.removeValue(forKey: id) } }
    }

    func close() {
        for channel in open.withLock({ Array($0.values) }) { channel.close(promise: nil) }
    }
}
