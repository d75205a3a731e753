import Foundation
import NIOCore
import Routing
import Testing
import Wire

@testable import Translation

/// Everything that must not depend on how a stream is cut.
struct Relayed: Equatable {
    var out: [UInt8] = []
    var usage: UsageReport?
    var events = 0
    var contentEvents = 0
    var contentBytes = 0
    var end = StreamEnd.truncated
    var errorMessage: String?
    var problem: StreamProblem?

    init(
        _ pieces: [ArraySlice<UInt8>], api: API = .chatCompletions, hidesUsage: Bool = false, choices: Int = 1,
        hold: StreamRelay.Hold = .init(), largest: Int = EventSplitter.largest
    ) {
        var relay = StreamRelay(api: api, hidesUsage: hidesUsage, choices: choices, hold: hold, largestEvent: largest)
        var buffer = ByteBuffer()
        do throws(StreamProblem) {
            for piece in pieces {
                try piece.withUnsafeBufferPointer { bytes throws(StreamProblem) in
                    try relay.take(UnsafeRawBufferPointer(bytes), into: &buffer)
                }
            }
            end = relay.end(into: &buffer)
        } catch {
            problem = error
        }
        out = Array(buffer.readableBytesView)
        (usage, events, contentEvents, contentBytes) = (relay.usage, relay.events, relay.contentEvents, relay.contentBytes)
        errorMessage = relay.error?.message
    }

    init(_ text: String, api: API = .chatCompletions, hidesUsage: Bool = false, hold: StreamRelay.Hold = .init()) {
        self.init([Array(text.utf8)[...]], api: api, hidesUsage: hidesUsage, hold: hold)
    }

    var text: String { String(decoding: out, as: UTF8.self) }
}

@Suite("Stream relay, recorded streams") struct RecordedStreamTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var file: String
        var api = API.chatCompletions
        var choices = 1
        var events: Int
        var content: Int
        /// Events before the first content.
        var prelude: Int
        /// input, cached, output, reasoning; nil: the stream tells nothing.
        var usage: [Int64]?
        var hidden = 0
        var end = StreamEnd.complete
        var testDescription: String { file }
    }

    /// Counted from the recordings by other means.
    static let rows = [
        Row(file: "openai-usage", events: 4, content: 0, prelude: 1, usage: [12, 0, 0, 100], hidden: 1),
        Row(file: "openai-plain", events: 16, content: 13, prelude: 1),
        Row(file: "openai-two-choices", choices: 2, events: 27, content: 23, prelude: 0, usage: [85, 0, 43, 0], hidden: 1),
        Row(file: "openai-parallel-tools", events: 16, content: 13, prelude: 1),
        Row(file: "openai-padded", events: 13, content: 9, prelude: 1, usage: [11, 0, 9, 0], hidden: 1),
        Row(file: "openai-azure-router", events: 9, content: 4, prelude: 2, usage: [15, 0, 14, 64], hidden: 1),
        Row(file: "openai-completions", api: .completions, events: 17, content: 16, prelude: 0),
        Row(file: "azure-usage", events: 14, content: 9, prelude: 2, usage: [9, 0, 10, 0], hidden: 1),
        Row(file: "azure-grok", events: 11, content: 8, prelude: 0, usage: [7, 161, 8, 0], hidden: 1),
        Row(file: "azure-plain", events: 28, content: 24, prelude: 2),
        Row(file: "groq-tool", events: 4, content: 1, prelude: 1, usage: [210, 0, 15, 0]),
        Row(file: "groq-plain", events: 28, content: 25, prelude: 1, usage: [12, 0, 26, 0]),
        Row(file: "groq-error", events: 86, content: 84, prelude: 1, end: .failed(told: true)),
        Row(file: "mistral-reasoning", events: 5, content: 3, prelude: 0, usage: [10, 0, 46, 0]),
        Row(file: "mistral-thinking-list", events: 22, content: 19, prelude: 2, usage: [31, 0, 66, 0]),
        Row(file: "mistral-tool", events: 3, content: 1, prelude: 1, usage: [31, 128, 28, 0]),
        Row(file: "deepseek-cumulative", events: 10, content: 6, prelude: 1, usage: [12, 0, 8, 0], hidden: 1),
        Row(file: "deepseek-tool", events: 13, content: 10, prelude: 1, usage: [291, 0, 39, 0]),
        Row(file: "deepseek-reasoning", events: 49, content: 46, prelude: 1, usage: [17, 0, 13, 34]),
        Row(file: "openrouter-search", events: 15, content: 12, prelude: 0, usage: [8174, 0, 30, 0]),
        Row(file: "openrouter-reasoning", events: 9, content: 7, prelude: 0, usage: [13, 0, 1003, 0]),
        Row(file: "openrouter-details", events: 23, content: 20, prelude: 0, usage: [626, 0, 52, 54]),
        Row(file: "perplexity-crlf", events: 6, content: 5, prelude: 0, usage: [8, 0, 5, 0]),
        Row(file: "perplexity-text", events: 9, content: 7, prelude: 0, usage: [11, 0, 434, 0]),
        Row(file: "xai-text", events: 9, content: 6, prelude: 0, usage: [1, 11, 1, 290], hidden: 1),
        Row(file: "vllm-completions", api: .completions, events: 21, content: 20, prelude: 0),
        Row(file: "llamacpp-usage", events: 28, content: 24, prelude: 1, usage: [9, 24, 24, 0], hidden: 1),
        Row(file: "llamacpp-two-choices", choices: 2, events: 13, content: 8, prelude: 1),
        Row(file: "alibaba-tool", events: 7, content: 4, prelude: 0, usage: [295, 0, 22, 0], hidden: 1),
        Row(file: "huggingface-plain", events: 5, content: 1, prelude: 1, usage: [40, 0, 2, 0], hidden: 1),
    ]

    static func bytes(_ row: Row) throws -> [UInt8] {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/streams")
        return Array(try Data(contentsOf: folder.appending(path: "\(row.file).sse")))
    }

    @Test("events come out as they came, and usage is read", arguments: rows)
    func passes(_ row: Row) throws {
        let bytes = try Self.bytes(row)
        let relayed = Relayed([bytes[...]], api: row.api, choices: row.choices)
        #expect(relayed.out == bytes)
        #expect(relayed.events == row.events)
        #expect(relayed.contentEvents == row.content)
        #expect((relayed.contentBytes > 0) == (row.content > 0))
        #expect(relayed.end == row.end)
        let usage = relayed.usage?.usage
        #expect(usage.map { [$0.input, $0.cachedInput, $0.output, $0.reasoning] } == row.usage)
        #expect((relayed.usage?.doubtful ?? false) == (row.file == "azure-grok"))
    }

    @Test("only the event that exists for usage alone is hidden", arguments: rows)
    func hides(_ row: Row) throws {
        let bytes = try Self.bytes(row)
        let hidden = Relayed([bytes[...]], api: row.api, hidesUsage: true, choices: row.choices)
        let plain = Relayed([bytes[...]], api: row.api, choices: row.choices)
        #expect(hidden.usage == plain.usage)
        var left = String(decoding: bytes, as: UTF8.self).components(separatedBy: "\n\n")[...]
        var missing: [String] = []
        for event in hidden.text.components(separatedBy: "\n\n") {
            while let next = left.popFirst(), next != event { missing.append(next) }
        }
        #expect(missing.count == row.hidden)
        #expect(missing.allSatisfy { $0.contains("\"usage\"") && $0.contains("\"choices\":[]") || $0.contains("\"choices\": []") })
    }

    @Test("nothing goes out before the first content", arguments: rows)
    func holds(_ row: Row) throws {
        let bytes = try Self.bytes(row)
        var relay = StreamRelay(api: row.api, hidesUsage: false, choices: row.choices)
        var buffer = ByteBuffer()
        for byte in bytes {
            let events = relay.events
            try withUnsafeBytes(of: byte) { try relay.take($0, into: &buffer) }
            if relay.events > events { #expect(relay.committed == (relay.events > row.prelude)) }
            #expect(relay.committed == (buffer.readableBytes > 0))
        }
    }

    @Test("however a stream is cut, the same comes out", arguments: rows)
    func anyCut(_ row: Row) throws {
        let bytes = try Self.bytes(row)
        for hides in [false, true] {
            let whole = Relayed([bytes[...]], api: row.api, hidesUsage: hides, choices: row.choices)
            #expect(Relayed(bytes.indices.map { bytes[$0...$0] }, api: row.api, hidesUsage: hides, choices: row.choices) == whole)
            let step = bytes.count < 2_000 ? 1 : bytes.count / 150
            for cut in stride(from: 1, to: bytes.count, by: step) {
                let relayed = Relayed([bytes[..<cut], bytes[cut...]], api: row.api, hidesUsage: hides, choices: row.choices)
                #expect(relayed == whole, "cut at \(cut)")
            }
        }
    }

    @Test("a stream that is cut off is never a success", arguments: rows)
    func truncated(_ row: Row) throws {
        let bytes = try Self.bytes(row)
        var ended: StreamEnd?
        for count in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 60)) {
            let relayed = Relayed([bytes[..<count]], api: row.api, choices: row.choices)
            #expect(bytes.starts(with: relayed.out) || relayed.text.hasSuffix("\n\n"))
            if ended == .complete { #expect(relayed.end == .complete) }
            ended = relayed.end
            let said = String(decoding: bytes[..<count], as: UTF8.self)
            let finished = said.matches(of: /"finish_reason": ?"/).count >= row.choices
            if !finished { #expect(relayed.end != .complete) }
        }
    }
}
