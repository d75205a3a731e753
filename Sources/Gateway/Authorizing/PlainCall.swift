import NIOCore
import NIOPosix
import NIOSSL
import Routing
import Translation
import Wire

/// One HTTP request beside the data plane, on a connection of its own: for access tokens, and to look whether a provider is there.
struct PlainCall: Sendable {
    var method = "GET"
    var origin: Origin
    var path: String
    var headers: [(name: String, value: String)] = []
    var body: [UInt8] = []

    struct Reply: Sendable {
        var status: Int
        var body: ByteBuffer
        var faultHeaders = FaultHeaders()
        var retryAfter: Duration?
    }

    enum Failure: Error, Hashable {
        case unreachable(String)
        case tls(String)
        case timedOut
        /// Connected, but what came is no reply.
        case noReply(String)

        var message: String {
            switch self {
            case .unreachable(let why): "cannot connect: \(why)"
            case .tls(let why): "TLS failed: \(why)"
            case .timedOut: "no answer in time"
            case .noReply(let why): "the answer is no HTTP reply: \(why)"
            }
        }
    }

    /// Larger replies are refused: tokens and lists of models are small.
    static let longest = 4 << 20

    /// The reply, or why there is none, after `limit` at most.
    func send(on loop: any EventLoop, tls: TLS, within limit: Duration) -> EventLoopFuture<Reply> {
        let promise = loop.makePromise(of: Reply.self)
        let request = bytes
        let context: NIOSSLContext?
        do { context = origin.tls ? try tls.client(http2: false) : nil } catch {
            return loop.makeFailedFuture(Failure.tls(ConnectionWords.of(error)))
        }
        let name = origin.serverName
        let bootstrap = ClientBootstrap(group: loop)
            .connectTimeout(.nanoseconds(limit.nanoseconds))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let context { try pipeline.addHandler(NIOSSLClientHandler(context: context, serverHostname: name)) }
                    try pipeline.addHandler(PlainCallChannel(request, promise: promise, within: .nanoseconds(limit.nanoseconds)))
                }
            }
        bootstrap.connect(host: origin.host, port: origin.port).whenFailure { error in
            let timedOut = if case ChannelError.connectTimeout = error { true } else { false }
            promise.fail(timedOut ? Failure.timedOut : Failure.unreachable(ConnectionWords.of(error)))
        }
        return promise.futureResult
    }

    private var bytes: ByteBuffer {
        var out = ByteBuffer(string: "\(method) \(path) HTTP/1.1\r\nhost: \(origin.authority)\r\n")
        for (name, value) in headers { out.writeString("\(name): \(value)\r\n") }
        out.writeString("user-agent: swiftlet\r\naccept-encoding: identity\r\nconnection: close\r\n")
        if method != "GET" { out.writeString("content-length: \(body.count)\r\n") }
        out.writeString("\r\n")
        out.writeBytes(body)
        return out
    }
}

/// Sends the request, gathers the reply.
private final class PlainCallChannel: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let request: ByteBuffer
    private var promise: EventLoopPromise<PlainCall.Reply>?
    private let limit: TimeAmount
    private var gathered = ByteBuffer()
    private var deadline: Scheduled<Void>?

    init(_ request: ByteBuffer, promise: EventLoopPromise<PlainCall.Reply>, within limit: TimeAmount) {
        (self.request, self.promise, self.limit) = (request, promise, limit)
    }

    func channelActive(context: ChannelHandlerContext) {
        let channel = context.channel
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        deadline = context.eventLoop.scheduleTask(in: limit) {
            bound.value.end(.failure(.timedOut))
            channel.close(promise: nil)
        }
        context.writeAndFlush(wrapOutboundOut(request), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = unwrapInboundIn(data)
        gathered.writeBuffer(&buffer)
        if gathered.readableBytes > PlainCall.longest {
            end(.failure(.noReply("it is larger than \(PlainCall.longest) bytes")))
        } else if let result = read(isOver: false) {
            end(result)
        } else {
            return
        }
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(read(isOver: true) ?? .failure(.noReply("the connection closed before its end")))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        let words = ConnectionWords.of(error)
        end(.failure(error is NIOSSLError || error is NIOSSLExtraError || error is BoringSSLError ? .tls(words) : .unreachable(words)))
        context.close(promise: nil)
    }

    private func end(_ result: Result<PlainCall.Reply, PlainCall.Failure>) {
        deadline?.cancel()
        let promise = self.promise
        self.promise = nil
        switch result {
        case .success(let reply): promise?.succeed(reply)
        case .failure(let failure): promise?.fail(failure)
        }
    }

    /// The reply as far as it came; nil: more must come.
    private func read(isOver: Bool) -> Result<PlainCall.Reply, PlainCall.Failure>? {
        gathered.withUnsafeReadableBytes { bytes in
            var start = 0
            do throws(HeadProblem) {
                while true {
                    var parser = ResponseParser(limits: HeadLimits(bytes: 65_536, fields: 200))
                    let rest = UnsafeRawBufferPointer(rebasing: bytes[start...])
                    guard try parser.parse(rest) else { return nil }
                    start += parser.head.length
                    if parser.head.isInterim { continue }
                    return Self.body(parser.head, UnsafeRawBufferPointer(rebasing: rest[..<parser.head.length]), bytes, from: start, isOver)
                }
            } catch { return .failure(.noReply(error.message)) }
        }
    }

    private static func body(
        _ head: ResponseHead, _ headBytes: UnsafeRawBufferPointer, _ bytes: UnsafeRawBufferPointer, from start: Int, _ isOver: Bool
    ) -> Result<PlainCall.Reply, PlainCall.Failure>? {
        var reply = PlainCall.Reply(status: head.status, body: ByteBuffer())
        head.forEachField(in: headBytes) { reply.faultHeaders.take($0, $1) }
        if head.retryAfter.isPresent {
            reply.retryAfter = RetryAfter.parse(head.retryAfter.bytes(in: headBytes), now: WallClock.milliseconds() / 1000)
        }
        switch head.framing {
        case .none: break
        case .length(let length):
            guard bytes.count - start >= length else { return nil }
            reply.body.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[start..<start + length]))
        case .untilClose:
            guard isOver else { return nil }
            reply.body.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[start...]))
        case .chunked:
            var chunks = ChunkedBody(limit: PlainCall.longest)
            var at = start
            do throws(ChunkProblem) {
                while true {
                    switch try chunks.next(bytes, from: &at) {
                    case .payload(let range): reply.body.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[range]))
                    case .needMore: return nil
                    case .end: return .success(reply)
                    }
                }
            } catch { return .failure(.noReply(error.message)) }
        }
        return .success(reply)
    }
}
