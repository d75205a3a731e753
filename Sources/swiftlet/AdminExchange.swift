import Console
import Gateway
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Translation

/// One request to an admin listener on a connection of its own, over TLS where its address says so.
struct AdminExchange {
    let base: BaseURL
    /// Trusted beside the system's.
    let roots: [NIOSSLCertificate]
    let isVerifying: Bool
    /// Seconds of silence after which it is given up; nil: never.
    let patience: Int?

    /// Blocks until the whole answer is there.
    func send(_ method: String, _ path: String, _ body: String, token: String?) throws -> AdminReply {
        var head = HTTPRequestHead(version: .http1_1, method: HTTPMethod(rawValue: method), uri: base.path + path)
        head.headers = ["host": base.origin.authority, "content-type": "application/json", "connection": "close"]
        head.headers.add(name: "content-length", value: "\(body.utf8.count)")
        if let token { head.headers.add(name: "authorization", value: "Bearer \(token)") }
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let answer = loop.makePromise(of: AdminReply.self)
        let (request, context, origin) = (head, try context(), base.origin)
        let patience = patience.map { TimeAmount.seconds(Int64($0)) }
        ClientBootstrap(group: loop).connectTimeout(patience ?? .seconds(60)).channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                let pipeline = channel.pipeline.syncOperations
                if let context { try pipeline.addHandler(NIOSSLClientHandler(context: context, serverHostname: origin.serverName)) }
                if let patience { try pipeline.addHandler(IdleStateHandler(readTimeout: patience)) }
                try pipeline.addHTTPClientHandlers()
                try pipeline.addHandler(AnswerCollector(origin, request, body, answer))
            }
        }.connect(host: origin.host, port: origin.port).whenFailure { answer.fail($0) }
        return try answer.futureResult.wait()
    }

    private func context() throws -> NIOSSLContext? {
        guard base.origin.tls else { return nil }
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        configuration.certificateVerification = isVerifying ? .fullVerification : .none
        if !roots.isEmpty { configuration.additionalTrustRoots = [.certificates(roots)] }
        return try NIOSSLContext(configuration: configuration)
    }

    /// Somebody is there, and what comes is no answer.
    struct Silence: Error, CustomStringConvertible {
        let place: String
        let reason: String
        var description: String { "\(place) was asked: \(reason)" }
    }

    /// What kept a request from being sent, and what to do where it is a matter of trust.
    static func words(_ error: any Error) -> String {
        let words = error is NIOSSLExtraError ? "its certificate is for another name" : ConnectionWords.of(error)
        guard words.contains("certificate") else { return words }
        return words + "; SWIFTLET_ADMIN_CA=FILE names a PEM file of authorities to trust, and --url must have a name that the certificate is for"
    }
}

/// Sends the request when the connection is there, and keeps the promise once: with the whole answer, or with what came instead.
private final class AnswerCollector: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private let origin: Origin
    private let request: HTTPRequestHead
    private let body: String
    private let answer: EventLoopPromise<AdminReply>
    private var status = 0
    private var text: [UInt8] = []
    private var isOver = false

    init(_ origin: Origin, _ request: HTTPRequestHead, _ body: String, _ answer: EventLoopPromise<AdminReply>) {
        (self.origin, self.request, self.body, self.answer) = (origin, request, body, answer)
    }

    func channelActive(context: ChannelHandlerContext) {
        context.write(wrapOutboundOut(.head(request)), promise: nil)
        if !body.isEmpty { context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: body)))), promise: nil) }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): status = Int(head.status.code)
        case .body(let bytes): text += bytes.readableBytesView
        case .end: end(.success(AdminReply(status: status, text: String(decoding: text, as: UTF8.self))), context)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is IdleStateHandler.IdleStateEvent { return silence("it says nothing", context) }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // Before its first word the connection was not made; TLS has its errors then.
        if status == 0, !(error is HTTPParserError) { return end(.failure(error), context) }
        silence(error is HTTPParserError ? "what it says is no HTTP\(otherScheme)" : ConnectionWords.of(error), context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        silence(status == 0 ? "it said nothing\(otherScheme)" : "its answer was cut off", context)
    }

    private var otherScheme: String { "; does it want \(origin.tls ? "http" : "https")://?" }

    private func silence(_ reason: String, _ context: ChannelHandlerContext) {
        end(.failure(AdminExchange.Silence(place: origin.authority, reason: reason)), context)
    }

    private func end(_ result: Result<AdminReply, any Error>, _ context: ChannelHandlerContext) {
        guard !isOver else { return }
        isOver = true
        answer.completeWith(result)
        context.close(promise: nil)
    }
}
