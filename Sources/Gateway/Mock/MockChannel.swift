import Glibc
import NIOCore
import Routing
import Synchronization
import Translation
import Wire

/// One connection to a mock provider: reads requests one after another and plays each one's script.
final class MockChannel: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let behaviour: MockBehaviour
    private let tally: MockTally
    private var received = ByteBuffer()
    private var parser = RequestParser()
    private var head: RequestHead?
    private var chunks = ChunkedBody()
    private var body: [UInt8] = []
    private var script: MockScript?
    private var timer: Scheduled<Void>?
    private var playing = false
    /// The connection ends by our own doing.
    private var closing = false

    init(_ behaviour: MockBehaviour, _ tally: MockTally) {
        self.behaviour = behaviour
        self.tally = tally
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        received.writeBuffer(&bytes)
        if script == nil { proceed(context) }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if timer == nil { play(context) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        if script != nil, !closing { tally.cancelled.add(1, ordering: .relaxed) }
        script = nil
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    // MARK: Requests

    private func proceed(_ context: ChannelHandlerContext) {
        while script == nil, !closing {
            do {
                guard let request = try take(context) else { return }
                let number = tally.requests.add(1, ordering: .relaxed).oldValue
                if behaviour.fault(of: number) != nil { tally.faulty.add(1, ordering: .relaxed) }
                script = MockScript(request, behaviour, number: number, keepAlive: head?.keepAlive ?? false)
                head = nil
            } catch {
                return refuse(context, Self.message(error))
            }
            play(context)
        }
    }

    /// Nil: the request is not whole yet.
    private func take(_ context: ChannelHandlerContext) throws -> MockRequest? {
        if head == nil {
            guard try received.withUnsafeReadableBytes({ try parser.parse($0) }) else { return nil }
            head = parser.head
            parser.reset()
            body.removeAll()
            chunks = ChunkedBody(limit: 1 << 30)
            if head?.expectContinue == true { write(context, Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)) }
            context.flush()
        }
        guard let head, try takeBody(head) else { return nil }
        let path = received.withUnsafeReadableBytes { String(decoding: head.path(in: $0), as: UTF8.self) }
        received.moveReaderIndex(forwardBy: head.length)
        if case .length(let length) = head.framing { received.moveReaderIndex(forwardBy: length) }
        received.discardReadBytes()
        return try body.withUnsafeBytes { try MockRequest(MockRequest.asked(head.method, path), body: $0) }
    }

    private func takeBody(_ head: RequestHead) throws -> Bool {
        switch head.framing {
        case .none: return true
        case .length(let length):
            guard received.readableBytes >= head.length + length else { return false }
            body = received.getBytes(at: received.readerIndex + head.length, length: length) ?? []
            return true
        case .chunked:
            var at = head.length
            let ended = try received.withUnsafeReadableBytes { raw in
                while true {
                    switch try chunks.next(raw, from: &at) {
                    case .payload(let range): body += raw[range]
                    case .needMore: return false
                    case .end: return true
                    }
                }
            }
            // The head stays in front until the body is whole; the framing behind it goes.
            var rest = ByteBuffer()
            rest.writeImmutableBuffer(received.getSlice(at: received.readerIndex, length: head.length) ?? ByteBuffer())
            rest.writeImmutableBuffer(received.getSlice(at: received.readerIndex + at, length: received.readableBytes - at) ?? ByteBuffer())
            received = rest
            return ended
        }
    }

    private static func message(_ error: any Error) -> String {
        switch error {
        case let problem as HeadProblem: "byte \(problem.offset): \(problem.message)"
        case let problem as ChunkProblem: "byte \(problem.offset) of the chunks: \(problem.message)"
        case let problem as JSONProblem: "byte \(problem.offset): \(problem.expected)"
        default: "\(error)"
        }
    }

    private func refuse(_ context: ChannelHandlerContext, _ why: String) {
        let body = MockBodies.error(why, type: "invalid_request_error", code: nil)
        let head = "HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-length: \(body.utf8.count)\r\nconnection: close\r\n\r\n"
        write(context, Array((head + body).utf8))
        closeWhenSent(context)
    }

    // MARK: Answers

    private func play(_ context: ChannelHandlerContext) {
        // Flushing may tell us at once that there is room again.
        guard !playing, script != nil else { return }
        playing = true
        defer { playing = false }
        while context.channel.isActive {
            if !context.channel.isWritable { context.flush() }
            // The rest waits until there is room.
            guard context.channel.isWritable, let step = script?.next() else { break }
            switch step {
            case .send(let bytes, let tokens):
                tally.tokens.add(tokens, ordering: .relaxed)
                write(context, bytes)
            case .wait(let duration):
                if duration > .zero { return wait(context, duration) }
            case .done:
                tally.served.add(1, ordering: .relaxed)
                script = nil
                context.flush()
                if received.readableBytes > 0 { context.eventLoop.assumeIsolated().execute { self.proceed(context) } }
                return
            case .close:
                if behavesWell { tally.served.add(1, ordering: .relaxed) }
                return closeWhenSent(context)
            case .reset: return reset(context)
            case .silence: return context.flush()
            }
        }
        context.flush()
    }

    /// The script says that it closes after a whole answer.
    private var behavesWell: Bool { script?.isWhole ?? false }

    private func wait(_ context: ChannelHandlerContext, _ duration: Duration) {
        context.flush()
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: .nanoseconds(duration.nanoseconds)) {
            self.timer = nil
            self.play(context)
            self.proceed(context)
        }
    }

    private func write(_ context: ChannelHandlerContext, _ bytes: [UInt8]) {
        context.write(wrapOutboundOut(context.channel.allocator.buffer(bytes: bytes)), promise: nil)
    }

    private func closeWhenSent(_ context: ChannelHandlerContext) {
        closing = true
        let sent = context.eventLoop.makePromise(of: Void.self)
        context.writeAndFlush(wrapOutboundOut(ByteBuffer()), promise: sent)
        sent.futureResult.assumeIsolated().whenComplete { _ in context.close(promise: nil) }
    }

    /// With no time to linger, closing sends a reset.
    private func reset(_ context: ChannelHandlerContext) {
        closing = true
        context.flush()
        guard let socket = context.channel as? any SocketOptionProvider else { return context.close(promise: nil) }
        socket.setSoLinger(linger(l_onoff: 1, l_linger: 0)).assumeIsolated().whenComplete { _ in context.close(promise: nil) }
    }
}
