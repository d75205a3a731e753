import Foundation
import Testing
import Wire

@testable import Translation

@Suite("OpenAI's chat dialect")
struct OpenAIChatTests {
    static let streams = [
        "alibaba-tool", "azure-grok", "azure-plain", "azure-usage", "deepseek-cumulative", "deepseek-reasoning", "deepseek-tool",
        "groq-plain", "groq-tool", "huggingface-plain", "mistral-reasoning", "mistral-thinking-list", "mistral-tool",
        "openai-azure-router", "openai-padded", "openai-parallel-tools", "openai-plain", "openai-usage", "openrouter-reasoning",
        "openrouter-search", "perplexity-crlf", "perplexity-text", "xai-text",
    ]

    static func stream(_ name: String) throws -> [UInt8] {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        return Array(try Data(contentsOf: folder.appending(path: "Fixtures/streams/\(name).sse")))
    }

    @Test("However a stream is cut, the same events come out", arguments: streams + ["groq-error", "openai-two-choices", "openrouter-details"])
    func cuts(name: String) throws {
        let bytes = try Self.stream(name)
        let whole = Translating.events(bytes, OpenAIChatReplyReader(.test(stream: true)))
        #expect(whole.count > 2)
        for step in [1, 7, 64] {
            #expect(Translating.events(bytes, OpenAIChatReplyReader(.test(stream: true)), step: step) == whole)
        }
    }

    @Test("What is written reads as what was read", arguments: streams)
    func roundTrip(name: String) throws {
        let bytes = try Self.stream(name)
        let first = Translating.events(bytes, OpenAIChatReplyReader(.test(stream: true)))
        let written = Translating.translate(bytes, from: OpenAIChatReplyReader(.test(stream: true)), to: OpenAIChatStreamWriter(.test(stream: true)))
        let second = Translating.events(written, OpenAIChatReplyReader(.test(stream: true)))
        #expect(second.filter { !$0.hasPrefix("began") } == first.filter { !$0.hasPrefix("began") })
    }

    @Test("A stream and the whole answer made of it say the same", arguments: streams)
    func whole(name: String) throws {
        let bytes = try Self.stream(name)
        let first = Translating.events(bytes, OpenAIChatReplyReader(.test(stream: true)))
        let writer = OpenAIChatWholeWriter(.test(stream: false))
        _ = Translating.translate(bytes, from: OpenAIChatReplyReader(.test(stream: true)), to: writer)
        if writer.output.bytes.isEmpty { writer.end() }
        let text = String(decoding: writer.output.bytes, as: UTF8.self)
        let second = Translating.events(whole: Array(text.utf8), OpenAIChatReplyReader(.test(stream: false)))
        func pieces(_ lines: [String]) -> [String] {
            lines.filter { $0.hasPrefix("close") || $0.hasPrefix("finished") || $0.hasPrefix("usage") }.sorted()
        }
        #expect(pieces(second) == pieces(first), "\(text)")
    }

    @Test("A request survives being read and written")
    func request() {
        let json = """
            {"model":"m","messages":[{"role":"system","content":"Be \\"brief\\"."},{"role":"user","content":[{"type":"text","text":"What\\u0027s this?"},\
            {"type":"image_url","image_url":{"url":"data:image/jpeg;base64,AAAA","detail":"low"}}]},{"role":"assistant","content":null,"tool_calls":\
            [{"id":"call_1","type":"function","function":{"name":"look","arguments":"{\\"a\\": 1}"}}]},{"role":"tool","tool_call_id":"call_1","content":"ok"}],\
            "max_completion_tokens":5,"temperature":0.10,"stop":["x"],"tools":[{"type":"function","function":{"name":"look","description":"d",\
            "parameters":{"type":"object"},"strict":true}}],"tool_choice":"required","parallel_tool_calls":false,"response_format":{"type":"json_schema",\
            "json_schema":{"name":"n","strict":true,"schema":{"type":"object"}}},"user":"u"}
            """
        let (written, lost) = Translating.request(json, from: OpenAIChat(), to: OpenAIChat(), TranslationTarget(model: "m", provider: "openai"))
        #expect(lost == [])
        #expect(written == json)
    }

    static let wrong: [(String, String)] = [
        (#"{"messages":[{"role":"user","content":5}]}"#, "`messages[0].content` must be a string or an array of parts"),
        (#"{"messages":[{"content":"x"}]}"#, "`messages[0]` must be an object with a `role`"),
        (
            #"{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":7}}]}]}"#,
            "`messages[0].content[0].image_url.url` must be a string"
        ),
        (#"{"messages":[],"tools":[{"type":"function"}]}"#, "`tools[0]` must be a tool with a `function` that has a `name`"),
        (
            #"{"messages":[{"role":"assistant","tool_calls":[{"id":"a","function":{"name":"f","arguments":"[1]"}}]}]}"#,
            "`messages[0].tool_calls[0].function.arguments` must be a string that spells a JSON object"
        ),
        (#"{"messages":[],"seed":"x"}"#, "`seed` must be a number"),
        (#"{"messages":[],"messages":[]}"#, "`messages` must be given only once"),
    ]

    @Test("What is of the wrong kind is refused with its path", arguments: wrong)
    func refused(json: String, message: String) {
        let (said, _) = Translating.request(json, from: OpenAIChat(), to: OpenAIChat(), TranslationTarget(model: "m"))
        #expect(said.hasPrefix(message), "\(said)")
    }
}
