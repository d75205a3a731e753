import Glibc
import NIOCore
import NIOPosix

extension Server {
    /// Connects the gateway to itself over a pair of pipes: what `client` writes takes the way that every request takes, what it reads is
    /// the answer. Fails where no more files may be opened.
    ///
    /// - Parameters:
    ///   - key: The name of the key that its requests are of; nil: of the one that they present.
    ///   - autoRead: Whether the answer is read as it comes; else after each `read`.
    static func connect(
        _ client: NIOLoopBound<some ChannelInboundHandler>, _ loop: NIOLoopBound<Loop>, as key: String? = nil, autoRead: Bool = true
    ) -> EventLoopFuture<Void> {
        var there: [Int32] = [-1, -1]
        var back: [Int32] = [-1, -1]
        guard pipe(&there) == 0 else { return loop.eventLoop.makeFailedFuture(IOError(errnoCode: errno, reason: "pipe")) }
        guard pipe(&back) == 0 else {
            let error = IOError(errnoCode: errno, reason: "pipe")
            for end in there { close(end) }
            return loop.eventLoop.makeFailedFuture(error)
        }
        let server = NIOPipeBootstrap(group: loop.eventLoop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try Server.accept(channel, loop: loop.value, certificate: nil, as: key) }
            }
            .takingOwnershipOfDescriptors(input: there[0], output: back[1])
        let other = NIOPipeBootstrap(group: loop.eventLoop)
            .channelOption(.autoRead, value: autoRead)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(client.value) }
            }
            .takingOwnershipOfDescriptors(input: back[0], output: there[1])
        return server.and(other).map { _ in }
    }
}
