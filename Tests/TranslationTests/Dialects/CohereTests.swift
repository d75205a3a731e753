import Routing
import Testing
import Wire

@testable import Translation

@Suite("Cohere's chat")
struct CohereTests {
    static let target = TranslationTarget(model: "command-a-03-2025", provider: "cohere")

    @Test("However a stream is cut, the same events come out", arguments: ["cohere-citations", "cohere-parallel-tools", "cohere-plain"])
    func cuts(name: String) throws {
        let bytes = try OpenAIChatTests.stream(name)
        let whole = Translating.events(bytes, CohereReplyReader(.test(stream: true)))
        #expect(whole.contains { $0.hasPrefix("finished 0") })
        for step in [1, 7, 64] { #expect(Translating.events(bytes, CohereReplyReader(.test(stream: true)), step: step) == whole) }
    }

    @Test("Plan, calls and their arguments in a stream")
    func calls() throws {
        let lines = Translating.events(try OpenAIChatTests.stream("cohere-parallel-tools"), CohereReplyReader(.test(stream: true)))
        #expect(lines.dropFirst(1).prefix(1) == ["open 0 reasoning -"])
        #expect(lines.filter { $0.hasPrefix("open 0 call") }.count == 2)
        #expect(lines.contains("finished 0 toolCalls"))
    }

    @Test("Thoughts, then a text with its sources, in a stream")
    func citations() throws {
        let lines = Translating.events(try OpenAIChatTests.stream("cohere-citations"), CohereReplyReader(.test(stream: true)))
        #expect(lines.filter { $0.hasPrefix("open") } == ["open 0 reasoning -", "open 0 text"])
        #expect(lines.filter { $0.hasPrefix("citation cohere_chat") }.count == 2)
    }

    @Test(
        "Whole replies",
        arguments: [
            (
                #"{"id":"1","finish_reason":"TOOL_CALL","message":{"role":"assistant","tool_plan":"I will","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"null"}},{"id":"d","type":"function","function":{"name":"g","arguments":"{\"a\":1}"}}]},"usage":{"billed_units":{"input_tokens":4,"output_tokens":1},"tokens":{"input_tokens":100,"output_tokens":20,"reasoning_tokens":5},"cached_tokens":60}}"#,
                [
                    "began 1 - -", "open 0 reasoning -", "close I will", "open 0 call c f", "close {}", "open 0 call d g", #"close {"a":1}"#,
                    "finished 0 toolCalls",
                ], Int64(100), Int64(20)
            ),
            (
                #"{"id":"1","message":{"content":[{"type":"thinking","thinking":"hm"},{"type":"text","text":"a"}],"citations":[{"start":0,"content_index":1}]},"finish_reason":"MAX_TOKENS","usage":{"tokens":{"input_tokens":3,"output_tokens":2,"image_tokens":7}}}"#,
                [
                    "began 1 - -", "open 0 reasoning -", "close hm", "open 0 text", #"citation cohere_chat {"start":0,"content_index":1}"#, "close a",
                    "finished 0 length",
                ], 10, 2
            ),
        ])
    func whole(body: String, events: [String], input: Int64, output: Int64) throws {
        let recorder = EventRecorder()
        try Array(body.utf8).withUnsafeBytes { try CohereReplyReader(.test(stream: false)).read(whole: $0, to: recorder) }
        #expect(recorder.lines == events)
        #expect(recorder.usage?.totalInput == input)
        #expect(recorder.usage?.totalOutput == output)
    }

    @Test("A request of everything it knows")
    func request() {
        let chat = #"""
            {"messages":[{"role":"developer","content":"s"},{"role":"user","content":[{"type":"text","text":"q"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]},
            {"role":"assistant","content":null,"tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"1","content":"r"}],
            "tools":[{"type":"function","function":{"name":"f","strict":true,"parameters":{"type":"object"}}},{"type":"function","function":{"name":"g","strict":true}}],
            "tool_choice":{"type":"function","function":{"name":"f"}},"max_tokens":5,"top_p":0.5,"stop":"x","response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{}}},
            "n":2,"parallel_tool_calls":false,"top_logprobs":1,"logprobs":true}
            """#
        let (written, lost) = Translating.request(chat, from: OpenAIChat(), to: CohereChat(), Self.target)
        let expected =
            #"{"model":"command-a-03-2025","stream":false,"messages":[{"role":"system","content":[{"type":"text","text":"s"}]},{"role":"user","content":[{"type":"text","text":"q"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]},"#
            + #"{"role":"assistant","tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"1","content":[{"type":"text","text":"r"}]}],"#
            + #""tool_choice":"REQUIRED","tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}],"strict_tools":true,"max_tokens":5,"p":0.5,"logprobs":true,"stop_sequences":["x"],"response_format":{"type":"json_object","json_schema":{}}}"#
        #expect(written == expected)
        #expect(lost == ["n", "top_logprobs", "parallel_tool_calls"])
    }

    @Test("An error at the end of a stream is a failure")
    func failure() {
        let stream = #"""
            data: {"type":"message-start","id":"1","delta":{"message":{"role":"assistant"}}}

            data: {"type":"message-end","delta":{"finish_reason":"ERROR","error":"went wrong"}}


            """#
        let lines = Translating.events(Array(stream.utf8), CohereReplyReader(.test(stream: true)))
        #expect(lines == ["began 1 - -", "failed(told: false)"])
    }
}
