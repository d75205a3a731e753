import NIOHTTP2
import Routing
import Testing

@testable import Gateway

@Suite("HTTP/2 that breaks", .serialized) struct StreamFaultTests {
    typealias Provider = StreamProvider

    struct Row: Sendable, CustomTestStringConvertible {
        var steps: [StreamProvider.Step]
        var fault: Fault
        /// The connection served on.
        var survives = true
        var testDescription: String { String("\(fault.name): \(steps)".prefix(120)) }
    }

    @Test(
        "what a stream breaks off with is a fault of its class",
        arguments: [
            Row(steps: [.reset(.internalError)], fault: .serverError), Row(steps: [.reset(.enhanceYourCalm)], fault: .rateLimit),
            Row(steps: [.reset(.cancel)], fault: .unavailable), Row(steps: [.reset(.protocolError)], fault: .unavailable),
            Row(steps: [.head([(":status", "200"), ("content-type", "application/json")]), .reset(.refusedStream)], fault: .unavailable),
            Row(
                steps: [.head([(":status", "200"), ("content-type", "application/json")]), .data("{"), .close], fault: .unavailable, survives: false),
            Row(steps: [.head([(":status", "200"), ("connection", "close")])] + Provider.ok(), fault: .malformedReply),
            Row(steps: [.head([(":status", "200"), ("x", "a\r\nb: c")])], fault: .malformedReply),
            Row(steps: [.head([(":status", "2000")])], fault: .malformedReply),
            Row(steps: [.head([(":status", "101")])], fault: .malformedReply),
            Row(steps: [.head([(":status", "200"), ("content-length", "9")]), .data("{}", end: true)], fault: .malformedReply),
            Row(steps: [.head([(":status", "200"), ("content-length", "1")]), .data("{}", end: true)], fault: .malformedReply),
            Row(steps: [.head([(":status", "200"), ("content-length", "-1")]), .data("{}", end: true)], fault: .malformedReply),
            Row(steps: [.head([(":status", "200"), ("content-type", "application/json")], end: true)], fault: .malformedReply),
            Row(steps: [.largeHead(kibibytes: 70)], fault: .malformedReply),
            Row(steps: [.largeHead(kibibytes: 200)], fault: .unavailable, survives: false),
        ])
    func faults(_ row: Row) async throws {
        try await SharedGateway.with(answer: { $0.number == 0 ? row.steps : Provider.ok() }) { gateway in
            let reply = try #require(try gateway.ask().reply())
            #expect(reply.head.status >= 429)
            #expect(await gateway.attempts(row.fault) == 1)
            try answered(gateway.ask().status(), 200)
            #expect(gateway.provider.seen.connections == (row.survives ? 1 : 2))
            #expect(await gateway.server.counters().staleConnections == 0)
        }
    }

    @Test("what a provider certainly did not deal with is sent again, without counting as an attempt")
    func sentAgain() async throws {
        let refusals: [[Provider.Step]] = [[.reset(.refusedStream)], [.goAway(including: false)], [.goAway(including: false), .close]]
        for refusal in refusals {
            try await SharedGateway.with(answer: { $0.number == 1 ? refusal : Provider.ok() }) { gateway in
                for _ in 0..<3 {
                    let reply = try #require(try gateway.ask().reply())
                    #expect(reply.head.status == 200)
                    #expect(reply.headText.contains("x-swiftlet-attempts: 1"))
                }
                #expect(gateway.provider.seen.requests.count == 4)
                #expect(gateway.provider.seen.connections == 2)
                #expect(await gateway.server.counters().staleConnections == 1)
                #expect(await gateway.attempts(nil) == 3)
            }
        }
    }

    @Test("a first stream on a new connection that is refused is sent again, once")
    func refusedAlways() async throws {
        try await SharedGateway.with(answer: { _ in [.reset(.refusedStream)] }) { gateway in
            try answered(gateway.ask().status(), 502)
            #expect(gateway.provider.seen.requests.count == 2)
            #expect(await gateway.attempts(.unavailable) == 1)
        }
    }

    @Test("a provider that goes away finishes what it began; the next request has a new connection")
    func goAway() async throws {
        try await SharedGateway.with(answer: { $0.number == 0 ? [.goAway(including: true), .wait] + Provider.ok() : Provider.ok() }) { gateway in
            let first = gateway.ask()
            try await held(gateway.eventually { $0.provider.seen.waiting == 1 })
            try answered(gateway.ask().status(), 200)
            gateway.provider.release()
            try answered(first.status(), 200)
            #expect(gateway.provider.seen.connections == 2)
            try await held(gateway.eventually { await $0.server.counters().upstreamShared == 1 })
        }
    }

    @Test("many streams on a connection that goes away move to another")
    func manyGoAway() async throws {
        try await SharedGateway.with(answer: { request in
            switch request.number {
            case 0: [.wait, .goAway(including: true)] + Provider.ok()
            case 1..<40: [.wait]
            default: Provider.ok()
            }
        }) { gateway in
            let clients = [gateway.ask()]
            try await held(gateway.eventually { $0.provider.seen.waiting == 1 })
            let others = (1..<40).map { _ in gateway.ask() }
            try await held(gateway.eventually { $0.provider.seen.waiting == 40 })
            gateway.provider.release()
            for client in clients + others { try answered(client.status(), 200) }
            #expect(gateway.provider.seen.connections == 2)
            #expect(await gateway.attempts(nil) == 40)
        }
    }

    @Test("a stream that breaks off after its first event ends with a typed error", arguments: [Provider.Step.close, .reset(.internalError)])
    func midStream(last: Provider.Step) async throws {
        try await SharedGateway.with(answer: { _ in [Provider.streamHead, .data(Provider.event("a")), .wait, last] }) { gateway in
            let client = gateway.ask(stream: true)
            #expect(client.readSome())
            gateway.provider.release()
            let reply = try #require(try client.reply())
            #expect(reply.head.status == 200)
            #expect(reply.body.hasPrefix(Provider.event("a")))
            #expect(reply.body.contains("stream_interrupted"))
            #expect(!reply.body.contains("[DONE]"))
        }
    }

    @Test("a provider that wants HTTP/1.1 gets it")
    func wantsPlain() async throws {
        try await SharedGateway.with(answer: { _ in [.reset(.http11Required)] }) { gateway in
            for _ in 0..<3 { try held(gateway.ask().body().contains("plain")) }
            #expect(gateway.provider.seen.requests.count == 1)
            #expect(gateway.provider.seen.plain == 3)
        }
    }

    @Test("a provider that allows no streams is unavailable")
    func noStreams() async throws {
        var options = Provider.Options()
        options.settings = [HTTP2Setting(parameter: .maxConcurrentStreams, value: 0)]
        try await SharedGateway.with(options, provider: "first_byte_timeout: 200ms", answer: { _ in Provider.ok() }) { gateway in
            // One may have been sent before the provider said so.
            let clients = (0..<4).map { _ in gateway.ask() }
            var refused = 0
            for client in clients {
                let reply = try #require(try client.reply())
                if reply.head.status >= 500 { refused += 1 }
            }
            #expect(refused >= 3)
            #expect(gateway.provider.seen.requests.count <= 1)
        }
    }
}
