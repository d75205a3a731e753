import Routing
import Testing
import Wire

@testable import Translation

@Suite("Gemini's replies")
struct GeminiReplyTests {
    static let streams = [
        "gemini-tool", "gemini-native-tool", "gemini-parallel-tools", "gemini-thoughts-calls", "gemini-thoughts", "gemini-code",
        "gemini-file-search", "gemini-partial-arguments", "vertex-plain", "vertex-tool",
    ]

    static func reader(stream: Bool) -> GeminiReplyReader { GeminiReplyReader(.test(stream: stream, origin: .gemini)) }

    @Test("However a stream is cut, the same events come out, and it is complete", arguments: streams)
    func cuts(name: String) throws {
        let bytes = try OpenAIChatTests.stream(name)
        let whole = Translating.events(bytes, Self.reader(stream: true))
        #expect(whole.contains { $0.hasPrefix("finished 0") })
        #expect(whole.first?.hasPrefix("began ") == true)
        for step in [1, 7, 64] { #expect(Translating.events(bytes, Self.reader(stream: true), step: step) == whole) }
    }

    @Test("What is written for a Gemini client reads as what was read", arguments: streams)
    func roundTrip(name: String) throws {
        let bytes = try OpenAIChatTests.stream(name)
        let first = Translating.events(bytes, Self.reader(stream: true)).filter { !$0.hasPrefix("tier") }
        let writer = GeminiReplyWriter(.test(stream: true, origin: .gemini))
        let written = Translating.translate(bytes, from: Self.reader(stream: true), to: writer)
        #expect(writer.loss.isEmpty)
        #expect(Translating.events(written, Self.reader(stream: true)).filter { !$0.hasPrefix("tier") } == first)
    }

    @Test("As one array, the events are elements of valid JSON", arguments: streams)
    func array(name: String) throws {
        var context = ReplyContext.test(stream: true, origin: .gemini)
        context.framing = .array
        let bytes = try OpenAIChatTests.stream(name)
        let written = Translating.translate(bytes, from: Self.reader(stream: true), to: GeminiReplyWriter(context))
        let events = Translating.events(whole: written, Self.reader(stream: false))
        let first = Translating.events(bytes, Self.reader(stream: true))
        func what(_ lines: [String]) -> [String] { lines.filter { $0.hasPrefix("close") || $0.hasPrefix("finished") || $0.hasPrefix("usage") } }
        #expect(what(events) == what(first))
    }

    struct Whole {
        var body: String
        var events: [String]
    }

    @Test(
        "Whole replies are read as events",
        arguments: [
            Whole(
                body:
                    #"{"candidates":[{"content":{"role":"model","parts":[{"functionCall":{"name":"f"},"thoughtSignature":"QQ=="},{"functionCall":{"name":"g","id":"7","args":{"a": 1.0}}}]},"finishReason":"STOP"}],"modelVersion":"m","responseId":"r"}"#,
                events: [
                    "began r m -", "open 0 call - f", "seal gemini t QQ==", "close {}", "open 0 call 7 g", #"close {"a": 1.0}"#,
                    "finished 0 toolCalls",
                ]),
            // A signature alone, behind the text.
            Whole(
                body: #"{"candidates":[{"content":{"parts":[{"text":"a"},{"text":"","thoughtSignature":"QQ=="}]},"finishReason":"MAX_TOKENS"}]}"#,
                events: ["began - - -", "open 0 text", "close a", "open 0 reasoning -", "seal gemini r QQ==", "close ", "finished 0 length"]),
            Whole(
                body:
                    #"{"candidates":[{"content":{"parts":[{"text":"hm","thought":true,"thoughtSignature":"QQ=="},{"text":"a"}]},"finishReason":"SAFETY"}]}"#,
                events: [
                    "began - - -", "open 0 reasoning -", "seal gemini s QQ==", "close hm", "open 0 text", "close a", "finished 0 contentFilter",
                ]),
            // The prompt was blocked: no candidates at all.
            Whole(body: #"{"promptFeedback":{"blockReason":"SAFETY"},"responseId":"r"}"#, events: ["began r - -", "finished 0 contentFilter"]),
            Whole(
                body: #"{"candidates":[{"content":{"role":"model"},"finishReason":"MALFORMED_FUNCTION_CALL","finishMessage":"x"}]}"#,
                events: ["began - - -", "finished 0 error"]),
            // Vertex leaves the reason out at times.
            Whole(
                body: #"{"candidates":[{"content":{"parts":[{"text":"a"}]}}]}"#, events: ["began - - -", "open 0 text", "close a", "finished 0 stop"]),
            Whole(
                body: #"[{"error":{"code":429,"message":"slow down","status":"RESOURCE_EXHAUSTED"}}]"#,
                events: ["failed 429 RESOURCE_EXHAUSTED 429 slow down"]),
            Whole(
                body:
                    #"{"candidates":[{"content":{"parts":[{"inlineData":{"mimeType":"image/png","data":"AAAA"}}]},"finishReason":"STOP","index":1}]}"#,
                events: ["began - - -", "open 1 media image image/png", "close ", "finished 0 error", "finished 1 stop"]),
            Whole(
                body:
                    #"{"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"STOP","groundingMetadata":{"webSearchQueries":["q"]},"logprobsResult":{"topCandidates":[{"candidates":[{"token":"a","logProbability":-0.50}]}],"chosenCandidates":[{"token":"a","tokenId":5,"logProbability":-0.50}]}}]}"#,
                events: [
                    "began - - -", "open 0 text", #"citation generate_content {"webSearchQueries":["q"]}"#,
                    #"logprobs 0 {"content":[{"token":"a","logprob":-0.50,"bytes":null,"top_logprobs":[{"token":"a","logprob":-0.50,"bytes":null}]}]}"#,
                    "close a", "finished 0 stop",
                ]),
        ])
    func whole(row: Whole) {
        #expect(Translating.events(whole: Array(row.body.utf8), Self.reader(stream: false)) == row.events)
    }

    @Test(
        "What is no reply is a problem",
        arguments: [
            "{}", "[]", "null", "<html>", #"{"candidates":5}"#, #"{"candidates":[{"index":-1}]}"#,
            #"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":[]}}]}}]}"#,
        ])
    func noReply(body: String) {
        #expect(Translating.events(whole: Array(body.utf8), Self.reader(stream: false)).last?.hasPrefix("problem") == true)
    }

    @Test("Tokens: thoughts beside candidates, cached within the prompt, tools' prompts are input, audio by modality")
    func usage() throws {
        let body = #"""
            {"promptTokenCount":100,"cachedContentTokenCount":30,"candidatesTokenCount":20,"thoughtsTokenCount":7,"toolUsePromptTokenCount":11,"totalTokenCount":138,
            "promptTokensDetails":[{"modality":"TEXT","tokenCount":60},{"modality":"AUDIO","tokenCount":40}],"cacheTokensDetails":[{"modality":"AUDIO","tokenCount":10}],
            "candidatesTokensDetails":[{"modality":"AUDIO","tokenCount":5}],"serviceTier":"flex"}
            """#
        var counts = GeminiUsage()
        try Array(body.utf8).withUnsafeBytes { try counts.read($0) }
        var expected = Usage()
        (expected.input, expected.cachedInput, expected.audioInput) = (51, 30, 30)
        (expected.output, expected.audioOutput, expected.reasoning) = (15, 5, 7)
        #expect(counts.usage == expected)
        #expect(counts.usage.totalInput + counts.usage.totalOutput == 138)
    }

    @Test("An error within a stream ends it, and what was open is closed")
    func failure() {
        let stream = """
            data: {"candidates":[{"content":{"parts":[{"text":"a"}]}}]}\r\n\r\ndata: {"error":{"code":503,"message":"busy","status":"UNAVAILABLE"}}\r\n\r\n
            """
        let events = Translating.events(Array(stream.utf8), Self.reader(stream: true))
        #expect(events.dropLast() == ["began - - -", "open 0 text", "close a", "failed 503 UNAVAILABLE 503 busy"])
    }

    @Test("A stream that just stops is not complete")
    func stops() {
        let reader = Self.reader(stream: true)
        let recorder = EventRecorder()
        let event = Array(#"{"candidates":[{"content":{"parts":[{"text":"a"}]}}]}"#.utf8)
        event.withUnsafeBytes { try? reader.read(event: UnsafeRawBufferPointer(start: nil, count: 0), data: $0, to: recorder) }  // it is valid
        #expect(!reader.end(to: recorder))
        #expect(recorder.lines == ["began - - -", "open 0 text", "close a"])
    }

    @Test("Arguments that come leaf by leaf are put together")
    func partialArguments() throws {
        let lines = Translating.events(try OpenAIChatTests.stream("gemini-partial-arguments"), Self.reader(stream: true))
        let call = #"""
            close {"operations":[{"action":"add","description":"Fresh red apple","itemid":"apple_001","price":0.5},\#
            {"action":"add","description":"Ripe yellow banana","itemid":"banana_001","price":0.3}]}
            """#
        #expect(lines.contains(call))
    }
}
