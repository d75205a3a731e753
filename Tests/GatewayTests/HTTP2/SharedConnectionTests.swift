import NIOHTTP2
import Routing
import Testing

@testable import Gateway

@Suite("HTTP/2 to providers", .serialized) struct SharedConnectionTests {
    typealias Provider = StreamProvider

    @Test("requests one after another share one connection, and say what HTTP/1.1 would")
    func oneConnection() async throws {
        try await SharedGateway.with(answer: { _ in Provider.ok() }) { gateway in
            for _ in 0..<20 {
                let reply = try #require(try gateway.ask().reply())
                #expect(reply.head.status == 200)
                #expect(reply.body.contains("hello"))
                #expect(reply.headText.contains("x-request-id: r-1"))
            }
            let seen = gateway.provider.seen
            #expect(seen.connections == 1)
            #expect(seen.mostOpen == 1)
            let request = seen.requests[0]
            #expect(request.fields.first(name: ":method") == "POST")
            #expect(request.fields.first(name: ":scheme") == "https")
            #expect(request.fields.first(name: ":path") == "/v1/chat/completions")
            #expect(request.fields.first(name: ":authority") == "127.0.0.1:\(gateway.provider.port)")
            #expect(request.fields.first(name: "authorization") == "Bearer sk-upstream")
            #expect(request.fields.first(name: "content-length") == "\(request.body.utf8.count)")
            #expect(!request.fields.contains(name: "host"))
            #expect(request.body.contains(#""model":"upstream-model""#))
            let counters = await gateway.server.counters()
            #expect(counters.upstreamShared == 1)
            #expect(counters.upstreamStreams == 0)
            #expect(counters.upstreamConnections == 0)
        }
    }

    @Test("HTTP/1.1 is spoken where a side wants no other", arguments: [(["http/1.1"], ""), (["h2", "http/1.1"], "http2: never"), ([], "")])
    func declined(protocols: [String], more: String) async throws {
        var options = Provider.Options()
        options.protocols = protocols
        try await SharedGateway.with(options, provider: more, answer: { _ in Provider.ok() }) { gateway in
            let clients = (0..<8).map { _ in gateway.ask() }
            for client in clients { try held(client.body().contains("plain")) }
            #expect(gateway.provider.seen.plain == 8)
            #expect(gateway.provider.seen.requests.isEmpty)
            try answered(gateway.ask().status(), 200)
        }
    }

    @Test("two hundred streams at once need two connections")
    func manyStreams() async throws {
        try await SharedGateway.with(answer: { _ in [Provider.streamHead, .data(Provider.event("a")), .wait, .data("data: [DONE]\n\n", end: true)] })
        {
            gateway in
            let clients = (0..<200).map { _ in gateway.ask(stream: true) }
            try await held(gateway.eventually { $0.provider.seen.waiting == 200 })
            #expect(await gateway.server.counters().upstreamStreams == 200)
            gateway.provider.release()
            for client in clients {
                let reply = try #require(try client.reply())
                #expect(reply.head.status == 200)
                #expect(reply.body == Provider.event("a") + "data: [DONE]\n\n")
            }
            #expect(gateway.provider.seen.connections == 2)
            try await held(gateway.eventually { await $0.server.counters().upstreamStreams == 0 })
        }
    }

    @Test("a provider's own limit of streams is kept", arguments: [1, 5])
    func limitOfProvider(limit: Int) async throws {
        var options = Provider.Options()
        options.settings = [HTTP2Setting(parameter: .maxConcurrentStreams, value: limit)]
        try await SharedGateway.with(options, answer: { _ in [.wait] + Provider.ok() }) { gateway in
            let clients = (0..<20).map { _ in gateway.ask() }
            try await held(gateway.eventually { $0.provider.seen.waiting == 20 })
            gateway.provider.release()
            for client in clients { try answered(client.status(), 200) }
            #expect(gateway.provider.seen.mostOpenOnOne == limit)
            #expect(gateway.provider.seen.connections == 20 / limit)
        }
    }

    @Test("a large request waits for the provider's window, and arrives whole")
    func largeRequest() async throws {
        try await SharedGateway.with(answer: { _ in Provider.ok() }) { gateway in
            let content = String(repeating: "0123456789abcdef", count: 65_536)
            try answered(gateway.ask(content: content).status(), 200)
            #expect(gateway.provider.seen.requests[0].body.contains(content))
        }
    }

    @Test("a client that reads nothing holds its own stream back, and no other")
    func slowClient() async throws {
        let event = Provider.event(String(repeating: "x", count: 16_000))
        let times = 2000
        try await SharedGateway.with(answer: { request in
            if request.number > 0 { return Provider.ok() }
            return [Provider.streamHead, .flood(event, times: times), .data("data: [DONE]\n\n", end: true)]
        }) { gateway in
            let slow = gateway.ask(stream: true)
            #expect(slow.readSome())
            for _ in 0..<50 { try answered(gateway.ask().status(), 200) }
            try await Task.sleep(for: .milliseconds(200))
            let before = gateway.provider.seen.flooded
            for _ in 0..<50 { try answered(gateway.ask().status(), 200) }
            #expect(gateway.provider.seen.flooded < times * event.utf8.count / 2)
            #expect(gateway.provider.seen.flooded - before < 4_000_000)
            let reply = try #require(try slow.reply())
            #expect(reply.body.utf8.count == times * event.utf8.count + 14)
            #expect(gateway.provider.seen.connections == 1)
        }
    }

    @Test("interim heads, empty pieces and trailers change nothing")
    func extras() async throws {
        let body = #"{"choices":[{"message":{"content":"hello"}}]}"#
        try await SharedGateway.with(answer: { _ in
            [
                .head([(":status", "103"), ("link", "</a>")]), .head([(":status", "200"), ("content-type", "application/json")]), .data(""),
                .data(body), .data(""), .head([("x-checksum", "1")], end: true),
            ]
        }) { gateway in
            for _ in 0..<3 {
                let reply = try #require(try gateway.ask().reply())
                #expect(reply.head.status == 200)
                #expect(reply.body == body)
                #expect(!reply.headText.contains("x-checksum"))
            }
            #expect(gateway.provider.seen.connections == 1)
            #expect(gateway.provider.seen.resets.isEmpty)
        }
    }

    @Test("a client that leaves resets its stream, and the connection serves on")
    func cancelled() async throws {
        try await SharedGateway.with(answer: { request in
            request.number == 0 ? [Provider.streamHead, .data(Provider.event("a")), .wait] : Provider.ok()
        }) { gateway in
            let client = gateway.ask(stream: true)
            #expect(client.readSome())
            client.disconnect()
            try await held(gateway.eventually { $0.provider.seen.resets == [.cancel] })
            try answered(gateway.ask().status(), 200)
            #expect(gateway.provider.seen.connections == 1)
        }
    }

    @Test("silence ends with a timeout, and a connection that was silent altogether gets no more requests")
    func silent() async throws {
        try await SharedGateway.with(provider: "first_byte_timeout: 300ms", answer: { $0.number == 1 ? [.wait] : Provider.ok() }) { gateway in
            try answered(gateway.ask().status(), 200)
            try answered(gateway.ask().status(), 504)
            #expect(await gateway.attempts(.timeout) == 1)
            try answered(gateway.ask().status(), 200)
            #expect(gateway.provider.seen.connections == 2)
        }
    }
}
