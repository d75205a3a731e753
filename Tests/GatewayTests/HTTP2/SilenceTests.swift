import Testing

@testable import Gateway

@Suite("Dead lines under HTTP/2", .serialized) struct SilenceTests {
    typealias Provider = StreamProvider

    @Test("a provider that thinks for long is pinged, and answers on the connection it has")
    func thinking() async throws {
        try await SharedGateway.with(provider: "http2_ping: 1s", answer: { _ in [.wait] + Provider.ok() }) { gateway in
            let client = gateway.ask()
            try await held(gateway.eventually { $0.provider.seen.pings >= 2 })
            #expect(await gateway.server.counters().upstreamShared == 1)
            gateway.provider.release()
            try answered(client.status(), 200)
            #expect(gateway.provider.seen.connections == 1)
        }
    }

    @Test("an idle connection is not pinged")
    func idle() async throws {
        try await SharedGateway.with(provider: "http2_ping: 500ms", answer: { _ in Provider.ok() }) { gateway in
            try answered(gateway.ask().status(), 200)
            try await Task.sleep(for: .milliseconds(1200))
            #expect(gateway.provider.seen.pings == 0)
            try answered(gateway.ask().status(), 200)
            #expect(gateway.provider.seen.connections == 1)
        }
    }

    @Test("all requests on a line that died fail together, long before their time is over")
    func died() async throws {
        try await SharedGateway.with(
            provider: "http2_ping: 1s, timeout: 1h",
            answer: { request in
                switch request.number {
                case 0: [Provider.streamHead, .data(Provider.event("a")), .wait]
                case 1: [.wait]
                case 2: [.freeze]
                default: Provider.ok()
                }
            }
        ) { gateway in
            let stream = gateway.ask(stream: true)
            #expect(stream.readSome())
            let waiting = gateway.ask()
            try await held(gateway.eventually { $0.provider.seen.waiting == 2 })
            let last = gateway.ask()
            let broken = try #require(try stream.reply())
            #expect(broken.body.contains("stream_interrupted"))
            try answered(waiting.status(), 502)
            try answered(last.status(), 502)
            #expect(await gateway.attempts(.unavailable) == 3)
            try answered(gateway.ask().status(), 200)
            #expect(gateway.provider.seen.connections == 2)
        }
    }

    @Test("a line that died while it was idle costs a request some time, not its answer")
    func diedIdle() async throws {
        try await SharedGateway.with(
            provider: "http2_ping: 500ms, timeout: 1h", answer: { $0.number == 1 ? [.freeze] : Provider.ok() }
        ) { gateway in
            try answered(gateway.ask().status(), 200)
            let reply = try #require(try gateway.ask().reply())
            #expect(reply.head.status == 200)
            #expect(reply.headText.contains("x-swiftlet-attempts: 1"))
            #expect(await gateway.server.counters().staleConnections == 1)
            #expect(gateway.provider.seen.connections == 2)
        }
    }

    @Test("while a ping is unanswered, requests begin on another connection")
    func doubted() async throws {
        try await SharedGateway.with(
            provider: "http2_ping: 1s, timeout: 1h", answer: { $0.number == 1 ? [.freeze] : Provider.ok() }
        ) { gateway in
            try answered(gateway.ask().status(), 200)
            let first = gateway.ask()
            try await held(gateway.eventually { $0.provider.seen.requests.count == 2 })
            // Until it is doubted, requests begin on it; they hang with it.
            try await Task.sleep(for: .milliseconds(1300))
            try answered(gateway.ask().status(), 200)
            #expect(gateway.provider.seen.connections == 2)
            try answered(first.status(), 200)
            #expect(await gateway.server.counters().staleConnections == 1)
        }
    }
}
