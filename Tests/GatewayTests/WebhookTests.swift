import Crypto
import Foundation
import Logging
import NIOCore
import NIOPosix
import Schema
import Settings
import Storage
import Testing

@testable import Gateway

@Suite("Webhooks") struct WebhookTests {
    @Test("a message is signed with the second that it is sent in")
    func signature() throws {
        let text = WebhookSignature.text(of: Array("{}".utf8), secret: Secret("s3cret"), unixSeconds: 1_700_000_000)
        let code = HMAC<SHA256>.authenticationCode(for: Array("1700000000.{}".utf8), using: SymmetricKey(data: Array("s3cret".utf8)))
        #expect(text == "t=1700000000,v1=" + code.map { String(format: "%02x", $0) }.joined())
    }

    @Test(
        "what is sent again, and what is not",
        arguments: [
            (200, WebhookSender.Outcome.taken), (204, .taken), (429, .failed("it answered 429")), (408, .failed("it answered 408")),
            (500, .failed("it answered 500")), (503, .failed("it answered 503")), (404, .refused("it answered 404")),
            (301, .refused("it answered 301")), (410, .refused("it answered 410")),
        ])
    func outcomes(_ status: Int, _ expected: WebhookSender.Outcome) { #expect(WebhookSender.Outcome(status: status) == expected) }

    @Test("waits double up to a minute", arguments: [(1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (50, 60), (0, 1)])
    func pauses(_ failures: Int, _ seconds: Int64) {
        #expect(WebhookSender.pause(failures: failures, chance: 0.5) == .seconds(seconds))
        #expect(WebhookSender.pause(failures: failures, chance: 0) == .milliseconds(seconds * 750))
    }

    @Test("every message arrives once, in order, though the first was not taken; each webhook gets what it asked for")
    func delivery() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let receiver = try await Receiver.start(on: group, statuses: [503])
        let sender = WebhookSender(on: group.next(), tls: try TLS(ServerSettings()), log: Logger(label: "test"))
        sender.run([try Self.hook(receiver.port, events: "[budget]"), try Self.hook(receiver.port, events: "[store]")])
        for number in 1...3 {
            sender.send(WebhookMessage(.budget, "number \(number)", unixMilliseconds: 0, details: [("percent", .number(80))]))
        }
        sender.send(WebhookMessage(.breaker, "nobody wants this", unixMilliseconds: 0))
        let bodies = try await receiver.bodies(4)
        #expect(bodies.map { $0.split(separator: "\"message\":\"")[1].prefix(8) } == ["number 1", "number 1", "number 2", "number 3"])
        #expect(bodies.allSatisfy { $0.contains("x-swiftlet-signature: t=") && $0.contains(#""event":"budget""#) && $0.contains(#""percent":80"#) })
        while sender.counts.sent < 3 { try await Task.sleep(for: .milliseconds(5)) }
        #expect(sender.counts == WebhookSender.Counts(sent: 3, retried: 1, lost: 0, waiting: 0))
        try await group.shutdownGracefully()
    }

    @Test("a full queue drops the oldest that waits, and counts it; webhooks that go take their messages with them")
    func full() throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let sender = WebhookSender(on: group.next(), tls: try TLS(ServerSettings()), log: Logger(label: "test"))
        // Nobody answers there.
        sender.run([try Self.hook(9, events: "[budget]", host: "192.0.2.1")])
        for number in 0..<(WebhookSender.most + 7) { sender.send(WebhookMessage(.budget, "\(number)", unixMilliseconds: 0)) }
        #expect(sender.counts.lost == 7 && sender.counts.waiting == WebhookSender.most)
        sender.run([])
        #expect(sender.counts.lost == 7 + WebhookSender.most && sender.counts.waiting == 0)
        sender.stop()
        try group.syncShutdownGracefully()
    }

    private static func hook(_ port: Int, events: String, host: String = "127.0.0.1") throws -> WebhookSettings {
        let yaml = "alerts: { webhooks: [ { url: \"http://\(host):\(port)/hook\", secret: s, events: \(events) } ] }"
        return try #require(Blueprint.compile(yaml: yaml).blueprint?.alerts.webhooks.first)
    }
}

/// Keeps every request it gets, answers with `statuses` and then with 200.
private final class Receiver: Sendable {
    let port: Int
    private let book: Book

    private final class Book: Sendable {
        let state: Locked<(bodies: [String], statuses: [Int])>
        init(_ statuses: [Int]) { state = Locked((bodies: [], statuses: statuses)) }
    }

    private init(port: Int, _ book: Book) { (self.port, self.book) = (port, book) }

    static func start(on group: any EventLoopGroup, statuses: [Int]) async throws -> Receiver {
        let book = Book(statuses)
        let channel = try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Answering(book)) }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return Receiver(port: channel.localAddress?.port ?? 0, book)
    }

    func bodies(_ count: Int) async throws -> [String] {
        while book.state.withLock({ $0.bodies.count }) < count { try await Task.sleep(for: .milliseconds(5)) }
        return book.state.withLock { $0.bodies }
    }

    private final class Answering: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer
        private let book: Book
        private var text = ""

        init(_ book: Book) { self.book = book }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            text += String(buffer: unwrapInboundIn(data))
            guard text.hasSuffix("}") else { return }
            let status = book.state.withLock { state in
                state.bodies.append(text)
                return state.statuses.isEmpty ? 200 : state.statuses.removeFirst()
            }
            text = ""
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: "HTTP/1.1 \(status) X\r\ncontent-length: 0\r\n\r\n")), promise: nil)
        }
    }
}
