import Foundation
import Routing
import Testing
import Wire

@testable import Translation

@Suite("Bedrock's Converse")
struct BedrockConverseTests {
    static let streams = ["thinking", "redacted", "parallel", "citations", "guardrail", "server-tool"]

    static func stream(_ name: String) throws -> [UInt8] {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        return Array(try Data(contentsOf: folder.appending(path: "Fixtures/converse/\(name).bin")))
    }

    /// Feeds the messages of a stream to a reader of Converse.
    static func feed(_ stream: [UInt8], to writer: any ReplyWriter) -> Bool {
        let reader = BedrockConverseReplyReader(.test(stream: true))
        return stream.withUnsafeBytes { bytes in
            var splitter = EventStreamSplitter()
            var at = 0
            do {
                while let frame = try splitter.next(in: bytes, from: at) {
                    at = frame.raw.upperBound
                    let name = UnsafeRawBufferPointer(rebasing: bytes[frame.name])
                    try reader.read(event: name, data: UnsafeRawBufferPointer(rebasing: bytes[frame.payload]), to: writer)
                }
            } catch { Issue.record("\(error)") }
            return reader.end(to: writer)
        }
    }

    static func read(_ stream: [UInt8]) -> [String] {
        let recorder = EventRecorder()
        let isComplete = feed(stream, to: recorder)
        return recorder.lines + (recorder.usage.map { ["usage \($0)"] } ?? []) + (isComplete ? [] : ["truncated"])
    }

    static func read(whole body: [UInt8]) -> [String] { Translating.events(whole: body, BedrockConverseReplyReader(.test(stream: false))) }

    /// A guardrail's word has no place among the neutral reasons; tools that Bedrock runs are of use to its own clients only.
    @Test("What is written reads as what was read", arguments: streams.dropLast())
    func roundTrip(name: String) throws {
        let bytes = try Self.stream(name)
        let writer = BedrockConverseStreamWriter(.test(stream: true))
        #expect(Self.feed(bytes, to: writer))
        writer.end()
        #expect(Self.read(writer.output.bytes) == Self.read(bytes))
    }

    @Test("A stream and the whole reply made of it say the same", arguments: streams)
    func whole(name: String) throws {
        let bytes = try Self.stream(name)
        let writer = BedrockConverseWholeWriter(.test(stream: false))
        #expect(Self.feed(bytes, to: writer))
        writer.end()
        #expect(Self.read(whole: writer.output.bytes).sorted() == Self.read(bytes).sorted())
    }

    @Test("Usage comes behind the end, and calls without arguments have an empty object")
    func parallel() throws {
        let lines = Self.read(try Self.stream("parallel"))
        #expect(lines.filter { $0.hasPrefix("open") }.count == 3)
        #expect(lines.contains("finished 0 toolCalls") && lines.last?.hasPrefix("usage") == true)
    }

    @Test("An exception in a stream is a failure of its kind")
    func exception() {
        var frames = JSONWriter()
        var frame = frames.beginFrame(.event, "messageStart")
        frames.raw(#"{"role":"assistant"}"#)
        frames.endFrame(frame)
        frame = frames.beginFrame(.exception, "throttlingException")
        frames.raw(#"{"message":"slow down"}"#)
        frames.endFrame(frame)
        #expect(Self.read(frames.bytes) == ["began - - -", "failed 429 throttlingException - slow down"])
        let writer = BedrockConverseStreamWriter(.test(stream: true))
        _ = Self.feed(frames.bytes, to: writer)
        writer.end()
        #expect(Self.read(writer.output.bytes) == ["failed 429 throttlingException - slow down"])
    }

    @Test("A stream that ends before messageStop is no whole answer")
    func truncated() throws {
        let bytes = try Self.stream("parallel")
        #expect(Self.read(Array(bytes.prefix(400))).last == "truncated")
    }

    @Test("Whatever is written in this dialect is read as it was, whole and streamed", arguments: [2, 11, 43, 2_027] as [UInt64])
    func generated(seed: UInt64) {
        var maker = MadeEvents(seed: seed)
        for _ in 0..<60 {
            var events = maker.answer(origin: .anthropic)
            events[0] = .began(id: nil, model: nil, createdUnixSeconds: nil)
            let recorder = EventRecorder()
            for event in events { recorder.write(event) }
            let stream = BedrockConverseStreamWriter(.test(stream: true))
            let whole = BedrockConverseWholeWriter(.test(stream: false))
            for writer in [stream, whole] as [any ReplyWriter] {
                for event in events { writer.write(event) }
                writer.end()
            }
            let expected = recorder.lines + (recorder.usage.map { ["usage \($0)"] } ?? [])
            #expect(Self.read(stream.output.bytes) == expected)
            #expect(Self.read(whole: whole.output.bytes) == expected)
        }
    }

    // MARK: Requests

    /// Everything that a request of the dialect can say, in the order and form in which it is written.
    static let full =
        #"{"system":[{"text":"A"},{"cachePoint":{"type":"default","ttl":"1h"}}],"messages":[{"role":"user","content":[{"document":{"format":"pdf","name":"a b","context":"c","citations":{"enabled":true},"source":{"bytes":"JVBE"}}},{"image":{"format":"png","source":{"s3Location":{"uri":"s3://b/k"}}}},{"text":"q"},{"cachePoint":{"type":"default"}}]},{"role":"assistant","content":[{"reasoningContent":{"reasoningText":{"text":"hm","signature":"c2ln"}}},{"reasoningContent":{"redactedContent":"RW13"}},{"toolUse":{"toolUseId":"t1","name":"f","input":{"a": 1.0}}}]},{"role":"user","content":[{"toolResult":{"toolUseId":"t1","content":[{"json":{"x":1}},{"text":"t"}],"status":"error"}},{"text":"more"}]}],"inferenceConfig":{"maxTokens":9000,"topP":0.99,"stopSequences":["x"]},"toolConfig":{"tools":[{"toolSpec":{"name":"f","description":"d","inputSchema":{"json":{"type":"object"}},"strict":true}},{"cachePoint":{"type":"default"}}],"toolChoice":{"auto":{}}},"outputConfig":{"textFormat":{"type":"json_schema","structure":{"jsonSchema":{"schema":"{\"type\":\"object\"}","name":"n"}}}},"additionalModelRequestFields":{"thinking":{"type":"enabled","budget_tokens":2000}},"serviceTier":{"type":"flex"},"requestMetadata":{"k":"v"},"guardrailConfig":{"guardrailIdentifier":"g"}}"#
    static let claude = TranslationTarget(model: "us.anthropic.claude-sonnet-4-5-20250929-v1:0", origin: .anthropic, provider: "bedrock")

    @Test("What a request of the dialect says is written as it was read")
    func same() {
        let (sent, lost) = Translating.request(Self.full, from: BedrockConverse(), to: BedrockConverse(), Self.claude)
        #expect(sent == Self.full)
        #expect(lost.isEmpty)
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var name: String
        var asked: String
        var sent: String
        var lost: [String] = []
        var target = BedrockConverseTests.claude

        var testDescription: String { name }
    }

    static let nova = TranslationTarget(model: "amazon.nova-pro-v1:0", origin: .bedrock, provider: "bedrock")
    static let qwen = TranslationTarget(model: "qwen.qwen3-32b-v1:0", origin: .bedrock, provider: "bedrock")
    static let rows = [
        Row(
            name: "neighbours of one speaker are joined, results first, ids fitted",
            asked:
                #""messages":[{"role":"user","content":"a"},{"role":"user","content":"b"},{"role":"assistant","content":null,"tool_calls":[{"id":"call one","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"call one","content":"1"}]"#,
            sent:
                #""messages":[{"role":"user","content":[{"text":"a"},{"text":"b"}]},{"role":"assistant","content":[{"toolUse":{"toolUseId":"ID","name":"f","input":{}}}]},{"role":"user","content":[{"toolResult":{"toolUseId":"ID","content":[{"text":"1"}]}}]}],"toolConfig":{"tools":[{"toolSpec":{"name":"f","inputSchema":{"json":{"type":"object","properties":{}}}}}]}"#
        ),
        Row(
            name: "tool_choice none leaves the tools out",
            asked: #""messages":[{"role":"user","content":"a"}],"tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"none""#,
            sent: #""messages":[{"role":"user","content":[{"text":"a"}]}]"#),
        Row(
            name: "one call at a time is Claude's own wish, past Converse",
            asked:
                #""messages":[{"role":"user","content":"a"}],"tools":[{"type":"function","function":{"name":"f"}}],"parallel_tool_calls":false,"top_k":5"#,
            sent:
                #""messages":[{"role":"user","content":[{"text":"a"}]}],"toolConfig":{"tools":[{"toolSpec":{"name":"f","inputSchema":{"json":{"type":"object","properties":{}}}}}]},"additionalModelRequestFields":{"top_k":5,"tool_choice":{"type":"auto","disable_parallel_tool_use":true}}"#
        ),
        Row(
            name: "Nova has its own place for top_k and none for the rest",
            asked:
                #""messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://h/i.png"}},{"type":"text","text":"a","cache_control":{"type":"ephemeral"}}]}],"top_k":5,"reasoning_effort":"low","n":2,"user":"u","stop":"x""#,
            sent:
                #""messages":[{"role":"user","content":[{"text":"a"},{"cachePoint":{"type":"default"}}]}],"inferenceConfig":{"stopSequences":["x"]},"additionalModelRequestFields":{"inferenceConfig":{"topK":5}}"#,
            lost: ["messages[0].content[0]", "reasoning_effort", "user", "n"], target: nova),
        Row(
            name: "Qwen's effort, and no cache points",
            asked:
                #""messages":[{"role":"user","content":[{"type":"text","text":"a","cache_control":{"type":"ephemeral"}}]}],"reasoning_effort":"xhigh""#,
            sent: #""messages":[{"role":"user","content":[{"text":"a"}]}],"additionalModelRequestFields":{"reasoning_config":"high"}"#,
            lost: ["messages[0].content[0].cache_control"], target: qwen),
    ]

    @Test("A chat request becomes a Converse request", arguments: rows)
    func fromChat(row: Row) throws {
        let (sent, lost) = Translating.request(#"{"model":"x",\#(row.asked)}"#, from: OpenAIChat(), to: BedrockConverse(), row.target)
        let made = sent.firstRange(of: "toolu_").map { String(sent[$0.lowerBound...].prefix(16)) }
        #expect((made.map { sent.replacing($0, with: "ID") } ?? sent) == "{\(row.sent)}")
        #expect(lost == row.lost)
    }

    @Test(
        "What the dialect forbids is refused with its place",
        arguments: [
            (#"{"messages":7}"#, "messages"), (#"{"messages":[{"role":"user","content":"x"}]}"#, "messages[0].content"),
            (#"{"messages":[{"role":"user","content":[{"text":1}]}]}"#, "messages[0].content[0].text"),
            (#"{"messages":[],"inferenceConfig":{"maxTokens":"x"}}"#, "inferenceConfig.maxTokens"), (#"{"system":[],"system":[]}"#, "system"),
            (#"{"messages":[],"toolConfig":{"tools":[{"toolSpec":{"name":1}}]}}"#, "toolConfig.tools[0].toolSpec.name"),
        ])
    func malformed(body: String, place: String) {
        Array(body.utf8).withUnsafeBytes { raw in
            #expect(throws: Malformed.self) { try BedrockConverseRequestReader.read(raw, stream: false) }
            do throws(Malformed) { _ = try BedrockConverseRequestReader.read(raw, stream: false) } catch { #expect(error.member == place) }
        }
    }

    @Test("A seal of another provider's comes back from a client of this dialect")
    func foreignSeal() throws {
        let conversation = Conversation()
        let writer = BedrockConverseWholeWriter(.test(stream: false))
        writer.write(.opened(Block(.toolCall(id: "c", name: "f"))))
        writer.write(.seal(Seal(.gemini, .thought, conversation.keep("c2ln"))))
        writer.write(.closed)
        writer.end()
        let text = String(decoding: writer.output.bytes, as: UTF8.self)
        let content = try #require(text.firstRange(of: #""content":["#)).upperBound
        let end = try #require(text.firstRange(of: #"]},"#) ?? text.firstRange(of: #"]}}"#)).lowerBound
        let body = Array(#"{"messages":[{"role":"assistant","content":[\#(text[content..<end])]}]}"#.utf8)
        body.withUnsafeBytes { raw in
            let read = try? BedrockConverseRequestReader.read(raw, stream: false)
            guard case .toolCall(let call) = read?.messages.first?.parts.first else {
                Issue.record("no call in \(String(decoding: body, as: UTF8.self))")
                return
            }
            #expect(call.seal?.origin == .gemini && call.seal?.data.string == "c2ln")
        }
    }
}
