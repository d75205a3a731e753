import Foundation
import Routing
import Testing
import Wire

@testable import Translation

@Suite("Answers of OpenAI's Responses dialect")
struct OpenAIResponsesReplyTests {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().appending(path: "Fixtures/responses")
    static let streams = [
        "bedrock-mantle-tool", "deepseek-tool", "openrouter-thoughts", "openai-phase", "openai-logprobs", "openai-tool", "openai-custom-tool",
        "xai-tool", "llamacpp-bare",
    ]
    static let chats = ["deepseek-reasoning", "mistral-thinking-list", "openai-parallel-tools", "openrouter-search", "openai-usage", "groq-error"]

    static func stream(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: folder.appending(path: "\(name).sse"))) }
    static func reader() -> OpenAIResponsesReplyReader { OpenAIResponsesReplyReader(.test(stream: true, origin: .openai)) }
    static func writer(stream: Bool = true) -> OpenAIResponsesReplyWriter { OpenAIResponsesReplyWriter(.test(stream: stream, origin: .openai)) }

    @Test("However a stream is cut, the same events come out", arguments: streams + ["openai-error"])
    func cuts(name: String) throws {
        let bytes = try Self.stream(name)
        let whole = Translating.events(bytes, Self.reader())
        #expect(whole.count > 1)
        for step in [1, 7, 64] { #expect(Translating.events(bytes, Self.reader(), step: step) == whole) }
    }

    @Test("What is written reads as what was read", arguments: streams)
    func roundTrip(name: String) throws {
        let bytes = try Self.stream(name)
        let first = Translating.events(bytes, Self.reader())
        let written = Translating.translate(bytes, from: Self.reader(), to: Self.writer())
        let second = Translating.events(written, Self.reader())
        // Ids are ours; a tier that the provider does not name is `default`; logprobs come together.
        func said(_ lines: [String]) -> [String] {
            lines.filter { !$0.hasPrefix("began") && !$0.hasPrefix("tier") && !$0.hasPrefix("logprobs") }
        }
        #expect(said(second) == said(first))
    }

    @Test("A stream's last event holds the whole answer", arguments: streams)
    func whole(name: String) throws {
        let bytes = try Self.stream(name)
        let events = Self.events(of: Translating.translate(bytes, from: Self.reader(), to: Self.writer()))
        let whole = Translating.translate(bytes, from: Self.reader(), to: Self.writer(stream: false))
        let body = try #require(Self.object(whole))
        #expect((events.last?["response"] as? NSDictionary) == (body as NSDictionary))
    }

    @Test("Every event is one of the Open Responses specification, in order and complete", arguments: streams + chats)
    func specification(name: String) throws {
        let check = try SchemaCheck(Self.folder.appending(path: "open-responses.json"))
        let isChat = Self.chats.contains(name)
        let bytes = try isChat ? OpenAIChatTests.stream(name) : Self.stream(name)
        let reader: any ReplyReader = isChat ? OpenAIChatReplyReader(.test(stream: true)) : Self.reader()
        let events = Self.events(of: Translating.translate(bytes, from: reader, to: Self.writer()))
        #expect(events.count > 2)
        var names: [String: String] = [:]
        for case (let name, let schema as [String: Any]) in check.schemas where name.hasSuffix("StreamingEvent") {
            let type = (schema["properties"] as? [String: Any])?["type"] as? [String: Any]
            for case let word as String in type?["enum"] as? [Any] ?? [] { names[word] = name }
        }
        for (i, event) in events.enumerated() {
            let type = event["type"] as? String ?? ""
            let schema = try #require(names[type], "\(type)")
            #expect(event["sequence_number"] as? Int == i)
            // Tools of OpenAI's own are no part of the specification.
            if name != "openai-custom-tool" { #expect(check.problems(event, as: schema) == []) }
        }
        Self.expectDeltasJoined(events)
    }

    /// What the deltas of an item said together is what its done events say.
    static func expectDeltasJoined(_ events: [[String: Any]]) {
        var joined: [Int: String] = [:]
        for event in events {
            let index = event["output_index"] as? Int ?? -1
            switch event["type"] as? String {
            case let type? where type.hasSuffix(".delta"): joined[index, default: ""] += event["delta"] as? String ?? ""
            case "response.output_text.done", "response.reasoning_summary_text.done":
                #expect(joined.removeValue(forKey: index) == event["text"] as? String)
            case "response.function_call_arguments.done": #expect(joined.removeValue(forKey: index) == event["arguments"] as? String)
            default: break
            }
        }
        #expect(joined.isEmpty)
    }

    @Test("An answer cut off by its limit is incomplete, and so is its last item")
    func incomplete() throws {
        let events = Self.events(
            of: Self.write(stream: true) { writer in
                writer.write(.began(id: nil, model: "m", createdUnixSeconds: 5))
                writer.write(.opened(Block(.text)))
                writer.write(.piece("half"))
                writer.write(.closed)
                writer.write(.finished(choice: 0, .length, stopSequence: nil))
            })
        let last = try #require(events.last)
        let response = try #require(last["response"] as? [String: Any])
        #expect(last["type"] as? String == "response.incomplete")
        #expect((response["incomplete_details"] as? [String: Any])?["reason"] as? String == "max_output_tokens")
        #expect(((response["output"] as? [[String: Any]])?.first)?["status"] as? String == "incomplete")
    }

    @Test("A stream that fails never ends as completed")
    func failure() {
        let events = Self.events(
            of: Self.write(stream: true) { writer in
                writer.write(.opened(Block(.text)))
                writer.write(.piece("half"))
                writer.write(.failed(FaultyReply(status: 529, code: "overloaded_error", message: "busy")))
            })
        #expect(events.suffix(2).map { $0["type"] as? String } == ["error", "response.failed"])
        #expect((events.last?["response"] as? [String: Any])?["status"] as? String == "failed")
    }

    @Test("A call without arguments says {} in its delta and its item")
    func noArguments() {
        let text = String(
            decoding: Self.write(stream: true) { writer in
                writer.write(.opened(Block(.toolCall(id: "c", name: "now"))))
                writer.write(.closed)
                writer.write(.finished(choice: 0, .toolCalls, stopSequence: nil))
            }, as: UTF8.self)
        #expect(text.contains("\"delta\":\"{}\""))
        #expect(text.contains("\"call_id\":\"c\",\"name\":\"now\",\"arguments\":\"{}\""))
    }

    @Test("A foreign seal travels packed, behind the call it belongs to, and comes back to it")
    func seals() throws {
        let body = Self.write(stream: false) { writer in
            writer.write(.opened(Block(.toolCall(id: "c", name: "f"))))
            writer.write(.seal(Seal(.gemini, .thought, "AAA")))
            writer.write(.closed)
            writer.write(.finished(choice: 0, .toolCalls, stopSequence: nil))
        }
        let output = try #require(Self.object(body)?["output"])
        let again = try JSONSerialization.data(withJSONObject: ["model": "m", "input": output])
        let seal = try Array(again).withUnsafeBytes { raw -> String? in
            let conversation = try OpenAIResponsesRequestReader.read(raw)
            return withExtendedLifetime(conversation) {
                guard case .toolCall(let call) = conversation.messages[0].parts[0] else { return nil }
                return call.seal?.packed
            }
        }
        #expect(seal == "swl1:gemini:t:AAA")
    }

    @Test("TokenRouter's names of events")
    func tokenRouter() throws {
        var context = ReplyContext.test(stream: true)
        context.events = .tokenRouter
        context.provider = "deepseek"
        let bytes = try OpenAIChatTests.stream("deepseek-reasoning")
        let writer = OpenAIResponses().replyWriter(context)
        let text = String(decoding: Translating.translate(bytes, from: OpenAIChatReplyReader(.test(stream: true)), to: writer), as: UTF8.self)
        var names: [String] = []
        for line in text.split(separator: "\n") where line.hasPrefix("event: ") && names.last != String(line.dropFirst(7)) {
            names.append(String(line.dropFirst(7)))
        }
        #expect(names == ["metadata", "message.start", "content.delta", "usage", "message.end", "done"])
        #expect(text.contains("\"provider\":\"deepseek\""))
    }

    static func write(stream: Bool, _ body: (OpenAIResponsesReplyWriter) -> Void) -> [UInt8] {
        let writer = writer(stream: stream)
        body(writer)
        writer.end()
        return writer.output.bytes
    }

    static func object(_ bytes: [UInt8]) -> [String: Any]? {
        (try? JSONSerialization.jsonObject(with: Data(bytes))) as? [String: Any]
    }

    static func events(of stream: [UInt8]) -> [[String: Any]] {
        String(decoding: stream, as: UTF8.self).components(separatedBy: "\n\n").compactMap { event in
            event.range(of: "data: ").flatMap { object(Array(event[$0.upperBound...].utf8)) }
        }
    }
}
