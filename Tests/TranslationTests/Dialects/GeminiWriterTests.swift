import Routing
import Testing
import Wire

@testable import Translation

@Suite("Answers to Gemini clients")
struct GeminiWriterTests {
    static func write(stream: Bool, framing: Framing = .events, _ events: [ReplyEvent]) -> String {
        var context = ReplyContext.test(stream: stream)
        context.framing = framing
        let writer = GeminiReplyWriter(context)
        for event in events { writer.write(event) }
        writer.end()
        return String(decoding: writer.output.bytes, as: UTF8.self)
    }

    /// Never freed: events point into it.
    static func plain(_ text: String) -> TextSlice {
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: text.utf8.count, alignment: 1)
        bytes.copyBytes(from: text.utf8)
        return TextSlice(plain: UnsafeRawBufferPointer(bytes))
    }

    static func events() -> [ReplyEvent] {
        var usage = Usage()
        (usage.input, usage.cachedInput, usage.cacheWrite, usage.output, usage.reasoning) = (1, 2, 3, 4, 5)
        return [
            .began(id: plain("r"), model: plain("m"), createdUnixSeconds: 1),
            .opened(Block(.reasoning(id: nil))), .piece(plain("hm")), .seal(Seal(.anthropic, .signature, plain("sig"))), .closed,
            .opened(Block(.text)), .piece(plain("a \"b\"")), .piece(plain("c")), .closed,
            .opened(Block(.toolCall(id: plain("id1"), name: plain("f")))), .piece(plain("{\"x\"")), .piece(plain(": 1}")), .closed,
            .opened(Block(.toolCall(id: nil, name: plain("g")))), .seal(Seal(.gemini, .thought, plain("QQ=="))), .closed,
            .finished(choice: 0, .toolCalls, stopSequence: nil), .usage(usage),
        ]
    }

    /// `swl1:anthropic:s:sig`.
    static let seal = "c3dsMTphbnRocm9waWM6czpzaWc="
    static let counts =
        #""usageMetadata":{"promptTokenCount":6,"cachedContentTokenCount":2,"candidatesTokenCount":4,"thoughtsTokenCount":5,"totalTokenCount":15}"#
    static let tail = #""modelVersion":"m","responseId":"r"}"#

    @Test("A whole answer")
    func whole() {
        let expected =
            #"{"candidates":[{"content":{"parts":[{"text":"hm","thought":true,"thoughtSignature":"\#(Self.seal)"},{"text":"a \"b\"c"},"#
            + #"{"functionCall":{"id":"id1","name":"f","args":{"x": 1}}},{"functionCall":{"name":"g","args":{}},"thoughtSignature":"QQ=="}],"role":"model"},"#
            + #""finishReason":"STOP","index":0}],\#(Self.counts),\#(Self.tail)"#
        #expect(Self.write(stream: false, Self.events()) == expected)
    }

    @Test("The same in events, of SSE with CRLF or one array", arguments: [Framing.events, .array])
    func stream(framing: Framing) {
        func event(_ part: String) -> String { #"{"candidates":[{"content":{"parts":[\#(part)],"role":"model"},"index":0}],\#(Self.tail)"# }
        let expected = [
            event(#"{"text":"hm","thought":true}"#), event(#"{"text":"","thought":true,"thoughtSignature":"\#(Self.seal)"}"#),
            event(#"{"text":"a \"b\""}"#), event(#"{"text":"c"}"#), event(#"{"functionCall":{"id":"id1","name":"f","args":{"x": 1}}}"#),
            event(#"{"functionCall":{"name":"g","args":{}},"thoughtSignature":"QQ=="}"#),
            #"{"candidates":[{"content":{"parts":[{"text":""}],"role":"model"},"finishReason":"STOP","index":0}],\#(Self.counts),\#(Self.tail)"#,
        ]
        let written = Self.write(stream: true, framing: framing, Self.events())
        if framing == .array {
            #expect(written == "[" + expected.joined(separator: ",\r\n") + "]")
        } else {
            #expect(written == expected.map { "data: \($0)\r\n\r\n" }.joined())
        }
    }

    @Test("A failure is an event that SDKs raise, and nothing follows it", arguments: [true, false])
    func failure(stream: Bool) {
        let reply = FaultyReply(status: 529, code: nil, type: "overloaded_error", message: "busy")
        let written = Self.write(stream: stream, [.opened(Block(.text)), .piece(Self.plain("a")), .closed, .failed(reply), .piece(Self.plain("b"))])
        let error =
            #"{"error":{"code":529,"message":"busy","status":"INTERNAL","details":[{"@type":"type.googleapis.com/google.rpc.RequestInfo","requestId":"req_1"}]}}"#
        if stream { #expect(written.hasSuffix("data: \(error)\r\n\r\n")) } else { #expect(written == error) }
        #expect(!written.contains("STOP"))
    }

    @Test("Arguments that are no JSON object are a malformed call, as Google calls it")
    func broken() {
        let written = Self.write(
            stream: false,
            [
                .opened(Block(.toolCall(id: nil, name: Self.plain("f")))), .piece(Self.plain("{\"x\"")), .closed,
                .finished(choice: 0, .length, stopSequence: nil),
            ])
        #expect(written.contains(#""finishReason":"MALFORMED_FUNCTION_CALL","finishMessage":"Malformed function call: f""#))
        #expect(!written.contains("functionCall\""))
    }

    @Test("Log probabilities and their way back")
    func logprobs() {
        let openAI = #"{"content":[{"token":"a","logprob":-0.50,"bytes":null,"top_logprobs":[{"token":"b","logprob":-1,"bytes":null}]}]}"#
        let json = JSONSlice(Self.plain(openAI).bytes)
        let written = Self.write(
            stream: false,
            [.opened(Block(.text)), .piece(Self.plain("a")), .closed, .logprobs(choice: 0, json), .finished(choice: 0, .stop, stopSequence: nil)])
        let lines = Translating.events(whole: Array(written.utf8), GeminiReplyReader(.test(stream: false)))
        #expect(lines.contains("logprobs 0 \(openAI)"))
    }

    @Test(
        "Our own refusals as Google writes them",
        arguments: [
            (RefusalCode.invalidAPIKey, "UNAUTHENTICATED"), (.rateLimitExceeded, "RESOURCE_EXHAUSTED"), (.modelNotFound, "NOT_FOUND"),
            (.invalidValue, "INVALID_ARGUMENT"), (.timeout, "DEADLINE_EXCEEDED"), (.noEligibleDeployment, "UNAVAILABLE"),
            (.internalError, "INTERNAL"),
        ])
    func refusals(code: RefusalCode, status: String) {
        let refusal = Refusal(code, "no")
        let body = String(decoding: GenerateContent().body(of: refusal, requestID: "req_1"), as: UTF8.self)
        #expect(body.hasPrefix(#"{"error":{"code":\#(refusal.status),"message":"no","status":"\#(status)","details":[{"@type":"#))
    }

    @Test("Events of any kind, written and read again, say the same", arguments: 0..<40 as Range<UInt64>)
    func property(seed: UInt64) {
        var random = Random(seed: seed)
        var events: [ReplyEvent] = [.began(id: Self.plain("r"), model: Self.plain("m"), createdUnixSeconds: nil)]
        var hasCalls = false
        var last = 9
        for _ in 0..<Int.random(in: 1...6, using: &random) {
            let kind = (last + Int.random(in: 1...2, using: &random)) % 3  // neighbours of one kind are one block in this dialect
            last = kind
            switch kind {
            case 0: events.append(.opened(Block(.text)))
            case 1: events.append(.opened(Block(.reasoning(id: nil))))
            default:
                hasCalls = true
                events.append(
                    .opened(Block(.toolCall(id: Bool.random(using: &random) ? Self.plain("i\(events.count)") : nil, name: Self.plain("f")))))
                if Bool.random(using: &random) { events.append(.seal(Seal(.gemini, .thought, Self.plain("QUJD")))) }
                events.append(.piece(Self.plain(["{}", #"{"a":[1,"\\u00e9\""]}"#, #"{"b": -0.10}"#].randomElement(using: &random) ?? "{}")))
            }
            if kind < 2 {
                for _ in 0..<Int.random(in: 1...3, using: &random) {
                    events.append(.piece(Self.plain(["é\u{1F600}", "\"\\", "\n\t", "plain", "\u{0}"].randomElement(using: &random) ?? "")))
                }
                if kind == 1, Bool.random(using: &random) { events.append(.seal(Seal(.gemini, .signature, Self.plain("QQ==")))) }
            }
            events.append(.closed)
        }
        events.append(.finished(choice: 0, hasCalls ? .toolCalls : .stop, stopSequence: nil))
        let recorder = EventRecorder()
        for event in events { recorder.write(event) }
        let whole = Self.write(stream: false, events)
        #expect(Translating.events(whole: Array(whole.utf8), GeminiReplyReader(.test(stream: false))) == recorder.lines, "seed \(seed): \(whole)")
        let stream = Self.write(stream: true, events)
        #expect(
            Translating.events(Array(stream.utf8), GeminiReplyReader(.test(stream: true)), step: 5).dropLast() == recorder.lines[...],
            "seed \(seed): \(stream)")
    }
}
