import NIOCore
import Settings
import Translation
import Wire

/// A request of the gateway to itself as one of its keys, for operators who may try a key and never see it. Over a pair of pipes it takes
/// the way that every request takes: limited, billed and written down like any other.
public final class OwnRequest: Sendable {
    public enum Piece: Sendable {
        case head(status: Int, isStream: Bool, requestID: String?)
        case body([UInt8])
        /// Nothing came for a second, and what came before ended an event, or nothing did.
        case silence
    }

    /// The answer as `tell` has its pieces. One is read ahead; each further one after `more`.
    public let pieces: AsyncStream<[UInt8]>
    private let client: NIOLoopBound<OwnClient>

    fileprivate init(_ pieces: AsyncStream<[UInt8]>, _ client: NIOLoopBound<OwnClient>) { (self.pieces, self.client) = (pieces, client) }

    public func more() {
        let client = client
        client.eventLoop.execute { client.value.more() }
    }

    /// As a client that goes away.
    public func stop() {
        let client = client
        client.eventLoop.execute { client.value.stop() }
    }
}

extension Server {
    /// Nil: there is no such key, or nothing is served yet.
    ///
    /// - Parameter headers: Names and values without line ends.
    public func ask(
        _ api: API, body: [UInt8], headers: [(name: String, value: String)], as key: String, tell: @escaping @Sendable (OwnRequest.Piece) -> [UInt8]
    ) async throws -> OwnRequest? {
        guard let live, live.key(named: key) != nil, let loop = loop(of: anyLoop) else { return nil }
        var head = "POST /v1\(api.path) HTTP/1.0\r\nhost: swiftlet\r\ncontent-type: application/json\r\ncontent-length: \(body.count)\r\n"
        for (name, value) in headers where !Self.carriers.contains(name.lowercased()) { head += "\(name): \(value)\r\n" }
        let request = Array((head + "\r\n").utf8) + body
        let (pieces, continuation) = AsyncStream.makeStream(of: [UInt8].self)
        return try await loop.eventLoop.flatSubmit {
            let client = NIOLoopBound(OwnClient(request, continuation, tell), eventLoop: loop.eventLoop)
            return Self.connect(client, loop, as: key, autoRead: false).map { OwnRequest(pieces, client) }
        }.get()
    }
}

/// Sends the request and hands on its answer, which ends with the connection: HTTP/1.0 knows no chunks.
private final class OwnClient: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let request: [UInt8]
    private let answer: AsyncStream<[UInt8]>.Continuation
    private let tell: @Sendable (OwnRequest.Piece) -> [UInt8]
    private var context: ChannelHandlerContext?
    private var parser = ResponseParser(limits: HeadLimits(bytes: 65_536, fields: 200))
    private var gathered = ByteBuffer()
    private var hasSent = false
    private var hasHead = false
    private var isStream: Bool { parser.head.contentType == .eventStream }
    private var isQuiet = true
    /// Something of ours may stand here: before the answer, and between events of a stream.
    private var isBetween = true
    private var ticking: RepeatedTask?

    init(_ request: [UInt8], _ answer: AsyncStream<[UInt8]>.Continuation, _ tell: @escaping @Sendable (OwnRequest.Piece) -> [UInt8]) {
        (self.request, self.answer, self.tell) = (request, answer, tell)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive { send(context) }
    }

    func channelActive(context: ChannelHandlerContext) { send(context) }

    private func send(_ context: ChannelHandlerContext) {
        guard !hasSent else { return }
        hasSent = true
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: request)), promise: nil)
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        // Whoever listens learns by it that it goes on, and we that he has gone.
        ticking = context.eventLoop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { _ in bound.value.tick() }
        context.read()
    }

    private func tick() {
        if isQuiet, isBetween { answer.yield(tell(.silence)) }
        isQuiet = true
    }

    private func say(_ piece: OwnRequest.Piece) {
        isQuiet = false
        switch piece {
        case .head: isBetween = isStream
        case .body(let bytes): isBetween = isStream && bytes.suffix(2).elementsEqual("\n\n".utf8)
        case .silence: break
        }
        answer.yield(tell(piece))
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = unwrapInboundIn(data)
        gathered.writeBuffer(&buffer)
        if !hasHead { readHead(context) }
        if hasHead, gathered.readableBytes > 0 {
            say(.body(Array(gathered.readableBytesView)))
            gathered.clear()
        }
    }

    private func readHead(_ context: ChannelHandlerContext) {
        let head: OwnRequest.Piece?
        do throws(HeadProblem) {
            head = try gathered.readable { raw throws(HeadProblem) in
                guard try parser.parse(raw) else { return nil }
                var id: String?
                parser.head.forEachField(in: raw) { name, value in
                    if name.elementsEqual("x-swiftlet-request-id".utf8) { id = String(decoding: value, as: UTF8.self) }
                }
                return .head(status: parser.head.status, isStream: isStream, requestID: id)
            }
        } catch { return context.close(promise: nil) }
        guard let head else { return context.read() }
        hasHead = true
        gathered.moveReaderIndex(forwardBy: parser.head.length)
        say(head)
    }

    func more() { context?.read() }

    func stop() { context?.close(promise: nil) }

    func channelInactive(context: ChannelHandlerContext) {
        self.context = nil
        ticking?.cancel()
        answer.finish()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
