import NIOCore
import NIOHPACK
import NIOHTTP2
import Routing

/// What became of a stream that ended before its reply did.
enum StreamLoss {
    /// The provider certainly did nothing with the request.
    case unprocessed
    case broken(Fault, String)
    /// The connection under it went away.
    case connection
}

/// Between the frames of one stream and the bytes of HTTP/1.1 that `UpstreamChannel`, the next handler, sends and reads.
/// A reply without a length has no framing here: its end is told by `UpstreamChannel.streamEnded`.
final class StreamCodec: ChannelDuplexHandler {
    typealias InboundIn = HTTP2Frame.FramePayload
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = HTTP2Frame.FramePayload

    let upstream: UpstreamChannel
    private let shared: SharedConnection
    /// Bytes of the request's body still to be written; nil before its head.
    private var left: Int?
    private var headCame = false
    private var reset: HTTP2ErrorCode?
    /// The library found the reply to break the rules, or the request to; what exactly is told to the connection next.
    private var isAtFault = false
    /// We want no more of it: the reset that comes of that is ours.
    private var isClosing = false
    private var isOver = false

    /// Not an error of NIO's: it takes its own `eof` at this place for a mistake, and ends a debug build.
    private struct NotWanted: Error {}

    init(_ upstream: UpstreamChannel, on shared: SharedConnection) {
        self.upstream = upstream
        self.shared = shared
    }

    /// Puts the handlers of a request into its new stream. Throws where it can no longer be sent.
    func outfit(_ channel: any Channel) throws {
        guard !shared.isGone, upstream.isCalling else { throw NotWanted() }
        try channel.pipeline.syncOperations.addHandlers([self, upstream])
    }

    // MARK: Request

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        var bytes = unwrapOutboundIn(data)
        if left == nil {
            guard let head = StreamHead.request(from: &bytes) else {
                over(.broken(.unavailable, "the request's head cannot be sent over HTTP/2"))
                context.close(promise: promise)
                return
            }
            // The library would not continue it in a second frame, but give up the connection, and with it the others' streams.
            guard head.fitsFrame else {
                over(.broken(.badRequest, "the request's headers are larger than HTTP/2 carries in one frame"))
                context.close(promise: promise)
                return
            }
            left = head.length
            let isAll = head.length == 0
            context.write(wrapOutboundOut(.headers(.init(headers: head.fields, endStream: isAll))), promise: isAll ? promise : nil)
            if isAll { return }
        }
        guard bytes.readableBytes > 0 else { return }
        left! -= bytes.readableBytes
        context.write(wrapOutboundOut(.data(.init(data: .byteBuffer(bytes), endStream: left! <= 0))), promise: promise)
    }

    // MARK: Reply

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        shared.heard &+= 1
        switch unwrapInboundIn(data) {
        case .headers(let headers):
            // Behind the reply's body they are trailers, of which nothing is used.
            if !headCame, !takeHead(headers.headers, context) { return }
            if headers.endStream { upstream.streamEnded() }
        case .data(let piece):
            if case .byteBuffer(let bytes) = piece.data, bytes.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(bytes)) }
            if piece.endStream { upstream.streamEnded() }
        case .rstStream(let code): reset = code
        default: break
        }
    }

    private func takeHead(_ fields: HPACKHeaders, _ context: ChannelHandlerContext) -> Bool {
        guard let head = StreamHead.reply(fields, allocator: context.channel.allocator) else {
            upstream.streamMalformed("a head that HTTP/1.1 could not have")
            return false
        }
        headCame = head.status >= 200
        context.fireChannelRead(wrapInboundOut(head.bytes))
        return true
    }

    // MARK: End

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        isClosing = true
        context.close(mode: mode, promise: promise)
    }

    /// A reset: by the provider, or by the library because of what the provider sent.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if isClosing || reset != nil || shared.hasDropped(context.channel) { return }
        isAtFault = true
        shared.blame(self)
        if !(error is NIOHTTP2Errors.StreamClosed) { context.close(promise: nil) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if !isAtFault { over(loss(context)) }
        context.fireChannelInactive()
        shared.streamClosed()
    }

    private func loss(_ context: ChannelHandlerContext) -> StreamLoss {
        if shared.hasDropped(context.channel) { return .unprocessed }
        guard let reset else { return shared.isStale ? .unprocessed : .connection }
        switch reset {
        case .refusedStream where !headCame:
            shared.retire()
            return .unprocessed
        case .http11Required where !headCame:
            shared.mustNotBeShared()
            return .unprocessed
        case .enhanceYourCalm: return .broken(.rateLimit, Self.told(reset))
        case .internalError: return .broken(.serverError, Self.told(reset))
        default: return .broken(.unavailable, Self.told(reset))
        }
    }

    /// What the library found wrong.
    func faulted(_ reason: String) { over(.broken(.malformedReply, "the reply breaks the rules of HTTP/2: \(reason)")) }

    /// The stream could not be opened: nothing was sent.
    func neverOpened() {
        over(.unprocessed)
        shared.streamClosed()
    }

    private static func told(_ code: HTTP2ErrorCode) -> String { "the provider reset the stream: \(code.debugDescription)" }

    private func over(_ loss: StreamLoss) {
        guard !isOver else { return }
        isOver = true
        upstream.streamLost(loss, shared.problem)
    }
}
