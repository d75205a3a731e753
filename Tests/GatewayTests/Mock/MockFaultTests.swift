import Glibc
import Testing
import Translation
import Wire

@testable import Gateway

@Suite("Faults of the mock provider") struct MockFaultTests {
    /// What a client sees of a fault.
    enum Seen: Equatable {
        case status(Int, contains: String)
        case whole(contains: String, lacks: String = "never there")
        /// Part of a reply, then a reset or an end.
        case broken(reset: Bool)
        case nothing(reset: Bool)
        case garbage
        case badChunks
    }

    struct Row: Sendable {
        var fault: MockFault
        var stream = false
        var seen: Seen

        init(_ kind: MockFault.Kind, stream: Bool = false, _ seen: Seen, _ change: (inout MockFault) -> Void = { _ in }) {
            fault = MockFault(kind)
            fault.afterTokens = 2
            fault.delay = .zero
            change(&fault)
            self.stream = stream
            self.seen = seen
        }
    }

    @Test(
        "every fault shows itself to a client as it is named",
        arguments: [
            Row(.status, .status(500, contains: #""code":null"#)),
            Row(.status, stream: true, .status(429, contains: #""code":"rate_limit_exceeded""#)) {
                $0.status = 429
                $0.code = "rate_limit_exceeded"
                $0.retryAfter = .milliseconds(1500)
            },
            Row(.html, .status(502, contains: "<html>")) { $0.status = 502 },
            Row(.reset, .nothing(reset: true)), Row(.close, .nothing(reset: false)),
            Row(.garbage, .garbage),
            Row(.slowFirstByte, .whole(contains: "Hello from the mock")), Row(.slowLoris, stream: true, .whole(contains: "[DONE]")),
            Row(.resetMidstream, .broken(reset: true)), Row(.resetMidstream, stream: true, .broken(reset: true)),
            Row(.truncate, .broken(reset: false)), Row(.truncate, stream: true, .broken(reset: false)),
            Row(.noDone, stream: true, .whole(contains: " from", lacks: "DONE")),
            Row(.errorEvent, .whole(contains: #"{"error":"#, lacks: "Hello")),
            Row(.errorEvent, stream: true, .whole(contains: #"{"error":"#, lacks: " the")),
            Row(.contentFilter, .whole(contains: #""finish_reason":"content_filter""#)),
            Row(.contentFilter, stream: true, .whole(contains: #""finish_reason":"content_filter""#, lacks: " the")),
            Row(.malformedJSON, .whole(contains: #"{"id""#, lacks: "usage")),
            Row(.malformedJSON, stream: true, .whole(contains: "\"finish_reason\":null\n\n")),
            Row(.badChunk, .badChunks), Row(.badChunk, stream: true, .badChunks),
            Row(.hugeEvent, stream: true, .whole(contains: "huge huge huge")),
            Row(.split, stream: true, .whole(contains: "[DONE]")),
            Row(.wrongType, .whole(contains: "Hello")), Row(.conflictingLength, .garbage), Row(.conflictingLength, stream: true, .garbage),
            Row(.noUsage, .whole(contains: "Hello", lacks: "usage")), Row(.zeroUsage, .whole(contains: #""total_tokens":0"#)),
            Row(.negativeUsage, .whole(contains: #""prompt_tokens":-2"#)), Row(.hugeUsage, .whole(contains: "9223372036854775808")),
            Row(.doubleUsage, .whole(contains: #"},"usage":{"#)),
        ])
    func faults(_ row: Row) async throws {
        var behaviour = MockBehaviour()
        behaviour.faults = [row.fault]
        try await MockServerTests.with(behaviour) { server in
            let client = MockClient(port: server.port)
            client.post("/v1/chat/completions", row.stream ? MockServerTests.streaming() : MockServerTests.chat)
            let seen = try Self.look(client, row)
            #expect(seen == row.seen)
            #expect(server.tally.faulty.load(ordering: .relaxed) == 1)
        }
    }

    /// What was seen, in the words of the row where they hold.
    static func look(_ client: MockClient, _ row: Row) throws -> Seen {
        do {
            guard let reply = try client.reply() else {
                return client.rest.isEmpty ? .nothing(reset: client.ending == ECONNRESET) : .garbage
            }
            if row.fault.kind == .wrongType { #expect(reply.head.contentType == .other) }
            if row.fault.kind == .status, row.fault.retryAfter != nil {
                #expect(reply.headText.contains("retry-after: 2\r\nretry-after-ms: 1500\r\n"))
            }
            if reply.broken { return .broken(reset: client.ending == ECONNRESET) }
            switch row.seen {
            case .status(_, let text) where reply.body.contains(text): return .status(reply.head.status, contains: text)
            case .whole(let text, let lacking) where reply.body.contains(text) && !reply.body.contains(lacking): return row.seen
            default:
                Issue.record("\(reply.headText)\(reply.body.prefix(2000))")
                return .status(reply.head.status, contains: "")
            }
        } catch is HeadProblem {
            return .garbage
        } catch is ChunkProblem {
            return .badChunks
        }
    }

    @Test("a provider that hangs or stalls keeps the connection and sends nothing more", arguments: [MockFault.Kind.hang, .stall], [false, true])
    func silence(_ kind: MockFault.Kind, _ stream: Bool) throws {
        var behaviour = MockBehaviour()
        behaviour.faults = [MockFault(kind)]
        behaviour.faults[0].afterTokens = 1
        let body = stream ? MockServerTests.streaming() : MockServerTests.chat
        let request = try Array(body.utf8).withUnsafeBytes { try MockRequest(.chat, body: $0) }
        var script = MockScript(request, behaviour, number: 0, keepAlive: true)
        var steps: [MockStep] = []
        while let step = script.next() { steps.append(step) }
        #expect(steps.last == .silence)
        #expect(steps.contains { if case .send = $0 { true } else { false } } == (kind == .stall))
    }

    @Test("a connection that closes after a good reply has not announced it")
    func closeIdle() async throws {
        var behaviour = MockBehaviour()
        behaviour.faults = [MockFault(.closeIdle)]
        try await MockServerTests.with(behaviour) { server in
            let client = MockClient(port: server.port)
            client.post("/v1/chat/completions", MockServerTests.chat)
            let reply = try #require(try client.reply())
            #expect(reply.head.keepAlive)
            #expect(!client.readSome())
            #expect(client.ending == 0)
            #expect(server.tally.served.load(ordering: .relaxed) == 1)
        }
    }

    @Test("the same seed strikes the same requests, another seed others, about as often as it should")
    func seeds() {
        func struck(_ seed: UInt64) -> [Int] {
            var behaviour = MockBehaviour()
            behaviour.seed = seed
            behaviour.faults = [MockFault(.reset)]
            behaviour.faults[0].probability = 0.1
            return (0..<10_000).filter { behaviour.fault(of: $0) != nil }
        }
        #expect(struck(7) == struck(7))
        #expect(struck(7) != struck(8))
        #expect((900...1100).contains(struck(7).count))
    }

    @Test("a fault keeps to its turn, and the first that strikes counts")
    func turns() {
        var behaviour = MockBehaviour()
        behaviour.faults = [MockFault(.hang), MockFault(.reset)]
        behaviour.faults[0].afterRequests = 2
        behaviour.faults[0].requests = 3
        behaviour.faults[1].afterRequests = 4
        #expect((0..<7).map { behaviour.fault(of: $0)?.kind } == [nil, nil, .hang, .hang, .hang, .reset, .reset])
    }

    @Test("an answer waits for latency, first token and intervals, streamed or not", arguments: [false, true])
    func times(_ stream: Bool) throws {
        var behaviour = MockBehaviour()
        behaviour.latency = .milliseconds(20)
        behaviour.firstToken = .milliseconds(5)
        behaviour.tokenInterval = .milliseconds(2)
        behaviour.tokens = 10
        let body = stream ? MockServerTests.streaming() : MockServerTests.chat
        let request = try Array(body.utf8).withUnsafeBytes { try MockRequest(.chat, body: $0) }
        var script = MockScript(request, behaviour, number: 0, keepAlive: true)
        var waited = Duration.zero, tokens = 0
        while let step = script.next() {
            if case .wait(let duration) = step { waited += duration }
            if case .send(_, let count) = step { tokens += count }
        }
        // Between ten tokens there are nine intervals.
        #expect(waited == .milliseconds(20 + 5 + 18))
        #expect(tokens == 10)
    }
}
