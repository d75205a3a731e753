import NIOCore
import NIOHPACK
import NIOHTTP2
import NIOPosix
import NIOSSL
import NIOTLS
import Synchronization

/// A provider over TLS that does with each request what `answer` says; by HTTP/2 unless told otherwise.
final class StreamProvider: Sendable {
    enum Step: Sendable {
        case head([(String, String)], end: Bool = false)
        case data(String, end: Bool = false)
        /// A whole reply whose head has fields of so many KiB that no table makes smaller.
        case largeHead(kibibytes: Int)
        /// As often as said, each when the one before has left.
        case flood(String, times: Int)
        case reset(HTTP2ErrorCode)
        /// This stream and those before it are dealt with, or only those before.
        case goAway(including: Bool)
        /// Until `release`.
        case wait
        /// It reads and answers nothing any more, and keeps the connection.
        case freeze
        case close
    }

    struct Request: Sendable {
        /// From 0, over all connections.
        var number: Int
        var fields: HPACKHeaders
        var body: String
    }

    struct Seen: Sendable {
        var connections = 0
        var requests: [Request] = []
        var open = 0
        var mostOpen = 0
        var mostOpenOnOne = 0
        var resets: [HTTP2ErrorCode] = []
        var flooded = 0
        var pings = 0
        /// Requests that have come to a `wait`.
        var waiting = 0
        /// Requests by HTTP/1.1.
        var plain = 0
    }

    struct Options: Sendable {
        var protocols = ["h2", "http/1.1"]
        var settings = nioDefaultSettings
    }

    private struct State {
        var seen = Seen()
        var waiting: [@Sendable () -> Void] = []
    }

    private let state = Mutex(State())
    private let answer: @Sendable (Request) -> [Step]
    private let options: Options
    private let listener: Mutex<(any Channel)?> = Mutex(nil)
    private let tls: NIOSSLContext

    static func ok(_ body: String = #"{"choices":[{"message":{"content":"hello"}}]}"#) -> [Step] {
        [
            .head([(":status", "200"), ("content-type", "application/json"), ("content-length", "\(body.utf8.count)"), ("x-request-id", "r-1")]),
            .data(body, end: true),
        ]
    }

    static let streamHead = Step.head([(":status", "200"), ("content-type", "text/event-stream")])

    static func event(_ text: String) -> String { #"data: {"choices":[{"index":0,"delta":{"content":"\#(text)"}}]}"# + "\n\n" }

    init(_ options: Options = Options(), answer: @escaping @Sendable (Request) -> [Step]) async throws {
        self.options = options
        self.answer = answer
        let certificate = try NIOSSLCertificate(bytes: Array(TestCertificate.certificate.utf8), format: .pem)
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: [.certificate(certificate)],
            privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(TestCertificate.privateKey.utf8), format: .pem)))
        configuration.applicationProtocols = options.protocols
        tls = try NIOSSLContext(configuration: configuration)
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.backlog, value: 512)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in channel.eventLoop.makeCompletedFuture { try self.accept(channel) } }
            .bind(host: "127.0.0.1", port: 0).get()
        listener.withLock { $0 = channel }
    }

    var port: Int { listener.withLock { $0?.localAddress?.port ?? 0 } }
    var seen: Seen { state.withLock { $0.seen } }
    func note(_ change: (inout Seen) -> Void) { state.withLock { change(&$0.seen) } }
    func close() { listener.withLock { $0?.close(promise: nil) } }

    /// Lets all go on that wait.
    func release() {
        let waiting = state.withLock { state in
            defer { state.waiting = [] }
            return state.waiting
        }
        for go in waiting { go() }
    }

    fileprivate func wait(_ go: @escaping @Sendable () -> Void) {
        state.withLock { state in
            state.waiting.append(go)
            state.seen.waiting += 1
        }
    }

    fileprivate func steps(_ fields: HPACKHeaders, _ body: String) -> [Step] {
        let request = state.withLock { state in
            let request = Request(number: state.seen.requests.count, fields: fields, body: body)
            state.seen.requests.append(request)
            return request
        }
        return answer(request)
    }

    private func accept(_ channel: any Channel) throws {
        note { $0.connections += 1 }
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(NIOSSLServerHandler(context: tls))
        try pipeline.addHandler(
            ApplicationProtocolNegotiationHandler { result, channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Deafness())
                    guard case .negotiated("h2") = result else {
                        return try channel.pipeline.syncOperations.addHandler(PlainReplies(self))
                    }
                    try self.multiplex(channel)
                }
            })
    }

    /// The checks of what it sends are off: it may break every rule.
    private func multiplex(_ channel: any Channel) throws {
        let loop = channel.eventLoop
        let open = NIOLoopBoundBox(0, eventLoop: loop)
        var connection = NIOHTTP2Handler.ConnectionConfiguration()
        connection.initialSettings = options.settings
        connection.headerBlockValidation = .disabled
        connection.contentLengthValidation = .disabled
        let handler = NIOHTTP2Handler(mode: .server, eventLoop: loop, connectionConfiguration: connection) { stream in
            stream.eventLoop.makeCompletedFuture { try stream.pipeline.syncOperations.addHandler(ProviderStream(self, open)) }
        }
        try channel.pipeline.syncOperations.addHandlers([handler, ConnectionFrames(self)])
    }
}

/// One stream of it.
private final class ProviderStream: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame.FramePayload
    typealias OutboundOut = HTTP2Frame.FramePayload

    private let provider: StreamProvider
    private let openHere: NIOLoopBoundBox<Int>
    private var fields = HPACKHeaders()
    private var body = ""
    private var steps: ArraySlice<StreamProvider.Step> = []

    init(_ provider: StreamProvider, _ openHere: NIOLoopBoundBox<Int>) {
        self.provider = provider
        self.openHere = openHere
    }

    func channelActive(context: ChannelHandlerContext) {
        openHere.value += 1
        let here = openHere.value
        provider.note { seen in
            seen.open += 1
            seen.mostOpen = max(seen.mostOpen, seen.open)
            seen.mostOpenOnOne = max(seen.mostOpenOnOne, here)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        openHere.value -= 1
        provider.note { $0.open -= 1 }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var ended = false
        switch unwrapInboundIn(data) {
        case .headers(let headers):
            fields = headers.headers
            ended = headers.endStream
        case .data(let piece):
            if case .byteBuffer(let bytes) = piece.data { body += String(buffer: bytes) }
            ended = piece.endStream
        case .rstStream(let code): provider.note { $0.resets.append(code) }
        default: break
        }
        guard ended else { return }
        steps = provider.steps(fields, body)[...]
        go(context)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {}

    private func go(_ context: ChannelHandlerContext) {
        while let step = steps.popFirst() {
            switch step {
            case .head(let fields, let end):
                context.writeAndFlush(wrapOutboundOut(.headers(.init(headers: HPACKHeaders(fields), endStream: end))), promise: nil)
            case .data(let text, let end):
                context.writeAndFlush(wrapOutboundOut(.data(.init(data: .byteBuffer(ByteBuffer(string: text)), endStream: end))), promise: nil)
            case .flood(let text, let times): return flood(ByteBuffer(string: text), times, context)
            case .largeHead(let kibibytes): largeHead(kibibytes, context)
            case .reset(let code): context.writeAndFlush(wrapOutboundOut(.rstStream(code)), promise: nil)
            case .goAway(let including): goAway(including, context)
            case .wait:
                let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
                return provider.wait { bound.eventLoop.execute { bound.value.0.go(bound.value.1) } }
            case .freeze: (try? context.channel.parent?.pipeline.syncOperations.handler(type: Deafness.self))?.isOn = true
            case .close: context.channel.parent?.close(promise: nil)
            }
        }
    }

    private func flood(_ bytes: ByteBuffer, _ times: Int, _ context: ChannelHandlerContext) {
        guard times > 0 else { return go(context) }
        let written = context.eventLoop.makePromise(of: Void.self)
        context.writeAndFlush(wrapOutboundOut(.data(.init(data: .byteBuffer(bytes)))), promise: written)
        written.futureResult.assumeIsolated().whenSuccess {
            self.provider.note { $0.flooded += bytes.readableBytes }
            self.flood(bytes, times - 1, context)
        }
    }

    /// Past the library, which does not continue a head in a second frame.
    private func largeHead(_ kibibytes: Int, _ context: ChannelHandlerContext) {
        guard let parent = context.channel.parent, let id = try? context.channel.syncOptions?.getOption(HTTP2StreamChannelOptions.streamID)
        else { return }
        let value = [UInt8](repeating: UInt8(ascii: "~"), count: 1024)
        var block: [UInt8] = [0x88]
        // Literals that no table keeps: a name of three bytes, a value of 127 + 897.
        for at in 0..<kibibytes {
            block += [0, 3, UInt8(ascii: "x"), UInt8(ascii: "a") + UInt8(at / 26), UInt8(ascii: "a") + UInt8(at % 26), 0x7f, 0x81, 0x07] + value
        }
        var bytes = ByteBuffer()
        func frame(_ type: UInt8, _ flags: UInt8, _ payload: some Collection<UInt8>) {
            bytes.writeInteger(UInt32(payload.count) << 8 | UInt32(type))
            bytes.writeInteger(flags)
            bytes.writeInteger(UInt32(Int32(id)))
            bytes.writeBytes(payload)
        }
        for start in stride(from: 0, to: block.count, by: 16_384) {
            let end = min(start + 16_384, block.count)
            frame(start == 0 ? 1 : 9, end == block.count ? 4 : 0, block[start..<end])
        }
        frame(0, 1, Array("{}".utf8))
        let library = try? parent.pipeline.syncOperations.context(handlerType: NIOHTTP2Handler.self)
        library?.writeAndFlush(NIOAny(bytes), promise: nil)
    }

    private func goAway(_ including: Bool, _ context: ChannelHandlerContext) {
        guard let id = try? context.channel.syncOptions?.getOption(HTTP2StreamChannelOptions.streamID) else { return }
        let last = including ? id : HTTP2StreamID(Int(id) - 2)
        context.channel.parent?.writeAndFlush(
            HTTP2Frame(streamID: .rootStream, payload: .goAway(lastStreamID: last, errorCode: .noError, opaqueData: nil)), promise: nil)
    }
}

/// Once on, nothing that the gateway sends arrives, as on a line that was cut.
private final class Deafness: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    var isOn = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if !isOn { context.fireChannelRead(data) }
    }
}

/// What comes on a connection and is about no stream.
private final class ConnectionFrames: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame

    private let provider: StreamProvider

    init(_ provider: StreamProvider) { self.provider = provider }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .ping(_, ack: false) = unwrapInboundIn(data).payload { provider.note { $0.pings += 1 } }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {}
}

/// Its answers by HTTP/1.1: each request, told by its blank line, gets the same.
private final class PlainReplies: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let provider: StreamProvider

    init(_ provider: StreamProvider) { self.provider = provider }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard String(buffer: unwrapInboundIn(data)).contains("\r\n\r\n") else { return }
        provider.note { $0.plain += 1 }
        let body = #"{"choices":[{"message":{"content":"plain"}}]}"#
        let reply = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: \(body.utf8.count)\r\n\r\n\(body)"
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: reply)), promise: nil)
    }
}
