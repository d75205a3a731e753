import Foundation
import Routing
import Testing
import Wire

@testable import Translation

@Suite("Anthropic's Messages: replies")
struct AnthropicMessagesReplyTests {
    /// One block of each kind that the dialect knows.
    static let streams = [
        "thinking", "redacted", "cached", "tool", "json-tool", "citations", "compaction", "refusal", "refusal-spliced", "server-tool",
    ]
    static let wholes = ["parallel", "tool-thinking", "stop"]

    static func fixture(_ name: String) throws -> [UInt8] {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        return Array(try Data(contentsOf: folder.appending(path: "Fixtures/messages/\(name)")))
    }

    static func stream(_ name: String) throws -> [UInt8] { try fixture("\(name).sse") }

    static func read(_ stream: [UInt8], step: Int = .max) -> [String] {
        Translating.events(stream, AnthropicMessagesReplyReader(.test(stream: true)), step: step)
    }

    /// A stream of these events' data.
    static func stream(of events: [String]) -> [UInt8] { Array(events.map { "data: \($0)\n\n" }.joined().utf8) }

    @Test("However a stream is cut, the same events come out", arguments: streams + ["cut-arguments"])
    func cuts(name: String) throws {
        let bytes = try Self.stream(name)
        let whole = Self.read(bytes)
        #expect(whole.count > 3)
        for step in [1, 7, 64] { #expect(Self.read(bytes, step: step) == whole) }
    }

    @Test("The tier of an event that began nothing is not told by a later one, when its bytes are gone")
    func staleTier() {
        let events = [
            #"{"type":"message_start","message":{"id":"m","usage":{"service_tier":"priority"}}}"#,
            #"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":1}}"#, #"{"type":"message_stop"}"#,
        ]
        let stream = Array(events.map { "data: \($0)\n\n" }.joined().utf8)
        for step in [1, 60, Int.max] {
            let read = Translating.events(stream, AnthropicMessagesReplyReader(.test(stream: true)), step: step)
            #expect(!read.contains { $0.hasPrefix("tier") }, "\(read)")
        }
    }

    @Test("What is written reads as what was read", arguments: streams)
    func roundTrip(name: String) throws {
        let bytes = try Self.stream(name)
        let written = Translating.translate(
            bytes, from: AnthropicMessagesReplyReader(.test(stream: true)), to: AnthropicMessagesStreamWriter(.test(stream: true)))
        #expect(Self.read(written) == Self.read(bytes))
    }

    @Test("A stream and the whole message made of it say the same", arguments: streams)
    func whole(name: String) throws {
        let bytes = try Self.stream(name)
        let writer = AnthropicMessagesWholeWriter(.test(stream: false))
        let body = Translating.translate(bytes, from: AnthropicMessagesReplyReader(.test(stream: true)), to: writer)
        let read = Translating.events(whole: body, AnthropicMessagesReplyReader(.test(stream: false)))
        // Within a block a stream may tell its citations at another moment.
        #expect(read.sorted() == Self.read(bytes).filter { $0 != "complete" }.sorted())
    }

    @Test("A whole message and the stream made of it say the same", arguments: wholes)
    func streamed(name: String) throws {
        let bytes = try Self.fixture("\(name).json")
        let first = Translating.events(whole: bytes, AnthropicMessagesReplyReader(.test(stream: false)))
        let written = Translating.translate(
            whole: bytes, from: AnthropicMessagesReplyReader(.test(stream: false)), to: AnthropicMessagesStreamWriter(.test(stream: true)))
        #expect(Self.read(written).filter { $0 != "complete" } == first)
    }

    @Test("Thoughts keep their signature, redacted ones their data")
    func thoughts() throws {
        let lines = Self.read(try Self.stream("thinking"))
        #expect(lines.contains { $0.hasPrefix("seal anthropic s ") })
        #expect(Self.read(try Self.stream("redacted")).filter { $0.hasPrefix("seal anthropic r ") }.count == 2)
    }

    static let start =
        #"{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":10,"cache_creation_input_tokens":3,"cache_read_input_tokens":4,"output_tokens":1}}}"#
    static let text = [
        #"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#, #"{"type":"ping"}"#,
        #"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}"#,
    ]
    static let ending = [
        #"{"type":"content_block_stop","index":0}"#,
        #"{"type":"message_delta","delta":{"stop_reason":"stop_sequence","stop_sequence":"END"},"usage":{"output_tokens":7}}"#,
        #"{"type":"message_stop"}"#,
    ]

    @Test("Usage is merged from the stream's beginning and end, never added")
    func usage() {
        var usage = Usage()
        (usage.input, usage.cachedInput, usage.cacheWrite, usage.output) = (10, 4, 3, 7)
        let lines = Self.read(Self.stream(of: [Self.start] + Self.text + Self.ending))
        #expect(
            lines == ["began msg_1 m -", "open 0 text", "close Hi", "finished 0 stop END", "usage \(usage)", "complete"])
    }

    @Test("A stream that ends before message_stop is no whole answer")
    func truncated() {
        let events = [Self.start] + Self.text + Self.ending
        for count in 2..<events.count - 1 { #expect(Self.read(Self.stream(of: Array(events.prefix(count)))).last == "truncated") }
        #expect(Self.read(Self.stream(of: events)).last == "complete")
    }

    @Test("An error after the beginning is told to the client as its own error event")
    func overloaded() {
        let error = #"{"type":"error","error":{"details":null,"type":"overloaded_error","message":"Overloaded"}}"#
        let bytes = Self.stream(of: [Self.start] + Self.text + [error])
        let lines = Self.read(bytes)
        #expect(lines.contains("close Hi") && lines.last == "failed(told: true)")
        let written = Translating.translate(
            bytes, from: AnthropicMessagesReplyReader(.test(stream: true)), to: AnthropicMessagesStreamWriter(.test(stream: true)))
        let text = String(decoding: written, as: UTF8.self)
        #expect(
            text.hasSuffix(
                """
                event: error
                data: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_1"}


                """))
        #expect(!text.contains("message_stop"))
    }

    @Test("Unknown blocks, deltas and events are passed over or carried whole, not stumbled on")
    func unknown() {
        let lines = Self.read(
            Self.stream(
                of: [
                    Self.start, #"{"type":"novelty","index":9}"#,
                    #"{"type":"content_block_start","index":0,"content_block":{"type":"novel_block","input":{},"deep":{"a":[1]}}}"#,
                    #"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"b\":"}}"#,
                    #"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"2}"}}"#,
                    #"{"type":"content_block_delta","index":0,"delta":{"type":"novel_delta","x":1}}"#,
                ] + Self.ending))
        #expect(lines.contains(#"open 0 native messages novel_block {"type":"novel_block","input":{"b":2},"deep":{"a":[1]}}"#))
        #expect(lines.last == "complete")
    }

    @Test("A signature of another provider's stands packed where the dialect keeps its own, before the call it belongs to")
    func foreignSeal() {
        let conversation = Conversation()
        func write(to writer: any ReplyWriter) {
            writer.write(.began(id: nil, model: nil, createdUnixSeconds: nil))
            writer.write(.opened(Block(.toolCall(id: nil, name: "look"))))
            writer.write(.seal(Seal(.gemini, .thought, conversation.keep("c2ln"))))
            writer.write(.piece(conversation.keep("{\"a\":1}")))
            writer.write(.closed)
            writer.write(.opened(Block(.reasoning(id: nil))))
            writer.write(.piece("why"))
            writer.write(.closed)
            writer.write(.finished(choice: 0, .toolCalls, stopSequence: nil))
            writer.end()
        }
        let whole = AnthropicMessagesWholeWriter(.test(stream: false))
        write(to: whole)
        let content =
            #"[{"type":"redacted_thinking","data":"swl1:gemini:t:c2ln"},{"type":"tool_use","id":"toolu_req_1_0","name":"look","input":{"a":1}},{"type":"thinking","thinking":"why","signature":""}]"#
        #expect(
            String(decoding: whole.output.bytes, as: UTF8.self)
                == #"{"id":"msg_req_1","type":"message","role":"assistant","model":"asked","content":\#(content),"stop_reason":"tool_use","stop_sequence":null,"usage":{"input_tokens":0,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":0}}"#
        )
        let stream = AnthropicMessagesStreamWriter(.test(stream: true))
        write(to: stream)
        let events = String(decoding: stream.output.bytes, as: UTF8.self).split(separator: "\n").filter { $0.hasPrefix("event: ") }
        #expect(
            events.map { $0.dropFirst(7) } == [
                "message_start", "content_block_start", "content_block_stop", "content_block_start", "content_block_delta", "content_block_stop",
                "content_block_start", "content_block_delta", "content_block_stop", "message_delta", "message_stop",
            ])
        // It comes back to the call.
        let body = Array(#"{"model":"m","max_tokens":9,"messages":[{"role":"assistant","content":\#(content)}]}"#.utf8)
        body.withUnsafeBytes { raw in
            let read = try? AnthropicMessagesRequestReader.read(raw, api: .messages)
            guard case .toolCall(let call) = read?.messages.first?.parts.first else {
                Issue.record("no call")
                return
            }
            #expect(call.seal?.origin == .gemini && call.seal?.kind == .thought && call.seal?.data.string == "c2ln")
        }
    }

    @Test("Whatever is written in this dialect is read as it was, whole and streamed", arguments: [1, 7, 41, 2_026] as [UInt64])
    func generated(seed: UInt64) {
        var maker = MadeEvents(seed: seed)
        for _ in 0..<60 {
            let events = maker.answer(origin: .anthropic)
            let recorder = EventRecorder()
            for event in events { recorder.write(event) }
            let stream = AnthropicMessagesStreamWriter(.test(stream: true))
            let whole = AnthropicMessagesWholeWriter(.test(stream: false))
            for writer in [stream, whole] as [any ReplyWriter] {
                for event in events { writer.write(event) }
                writer.end()
            }
            let expected = recorder.lines + (recorder.usage.map { ["usage \($0)"] } ?? [])
            #expect(Self.read(stream.output.bytes) == expected + ["complete"])
            #expect(Translating.events(whole: whole.output.bytes, AnthropicMessagesReplyReader(.test(stream: false))) == expected)
        }
    }
}
