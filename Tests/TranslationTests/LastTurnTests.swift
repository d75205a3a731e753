import Routing
import Testing
import Wire

@testable import Translation

@Suite("Last turn") struct LastTurnTests {
    static func read(_ body: String, _ api: API = .chatCompletions) throws -> LastTurn {
        try Array(body.utf8).withUnsafeBytes { LastTurn.read($0, try Call.read($0, api: api)) }
    }

    static func text(_ turn: LastTurn) -> String { String(decoding: turn.text, as: UTF8.self) }

    @Test(
        "the last words of the user, in every dialect",
        arguments: [
            (
                API.chatCompletions,
                #"{"messages":[{"role":"system","content":"s"},{"role":"user","content":"a \"q\"\n\u00e9"},{"role":"assistant","content":"x"}]}"#,
                "a \"q\"\né"
            ),
            (
                .chatCompletions,
                #"{"messages":[{"content":[{"type":"text","text":"one"},{"type":"image_url","image_url":{"url":"data:,x"}},{"text":"two"}],"role":"user"}]}"#,
                "one\ntwo"
            ),
            (.messages, #"{"max_tokens":9,"system":"s","messages":[{"role":"user","content":"plain"}]}"#, "plain"),
            (
                .messages,
                #"{"max_tokens":9,"messages":[{"role":"user","content":[{"type":"text","text":"a","cache_control":{"type":"ephemeral"}},{"text":"b","type":"text"}]}]}"#,
                "a\nb"
            ),
            (.responses, #"{"instructions":"s","input":"just text"}"#, "just text"),
            (
                .responses,
                #"{"input":[{"role":"user","content":[{"type":"input_text","text":"t"}]},{"type":"function_call","name":"f","arguments":"{}"}]}"#, "t"
            ),
            (.generateContent, #"{"systemInstruction":{"parts":[{"text":"s"}]},"contents":[{"parts":[{"text":"no role"}]}]}"#, "no role"),
            (
                .generateContent,
                #"{"contents":[{"role":"user","parts":[{"text":"a"},{"inlineData":{"mimeType":"image/png","data":"AA"}}]},{"role":"model","parts":[{"text":"m"}]}]}"#,
                "a"
            ),
            (.converse, #"{"system":[{"text":"s"}],"messages":[{"role":"user","content":[{"text":"hi"},{"document":{"name":"d"}}]}]}"#, "hi"),
            (.completions, #"{"prompt":"p"}"#, "p"), (.completions, #"{"prompt":["p","q"]}"#, "p\nq"), (.completions, #"{"prompt":[1,2]}"#, ""),
            (.embeddings, #"{"input":["e",1]}"#, "e"), (.chatCompletions, #"{"messages":"no list"}"#, ""), (.chatCompletions, "{}", ""),
            (.chatCompletions, #"{"messages":[1,null,{"role":"user"},{"role":"user","content":null}]}"#, ""),
        ])
    func words(_ api: API, _ body: String, _ expected: String) throws {
        #expect(Self.text(try Self.read(body, api)) == expected)
    }

    @Test("a turn too short to say anything stands behind the one before it")
    func short() throws {
        let long = String(repeating: "long ", count: 12)
        func body(_ last: String) -> String {
            #"{"messages":[{"role":"user","content":"first"},{"role":"assistant","content":"x"},{"role":"user","content":"\#(last)"}]}"#
        }
        #expect(Self.text(try Self.read(body("why?"))) == "first\nwhy?")
        #expect(Self.text(try Self.read(body(long))) == long)
        #expect(try Self.read(body(long)).circumstances.turns == 2)
    }

    @Test(
        "results of tools since the user's last turn, and which of them failed, in every dialect",
        arguments: [
            (
                API.chatCompletions,
                #"{"messages":[{"role":"tool","content":"error: old"},{"role":"user","content":"go"},{"role":"assistant","tool_calls":[]},{"role":"tool","content":"fine"},{"role":"tool","content":"Error: no such file"}]}"#,
                2, 1
            ),
            (
                .messages,
                #"{"max_tokens":9,"messages":[{"role":"user","content":"go"},{"role":"user","content":[{"type":"tool_result","content":[{"type":"text","text":"bad"}],"is_error":true},{"content":"ok","type":"tool_result"},{"type":"text","text":"reminder"}]}]}"#,
                2, 1
            ),
            (
                .responses,
                #"{"input":[{"type":"message","role":"user","content":"go"},{"type":"function_call","name":"f"},{"type":"function_call_output","output":"Traceback (most recent call last)"}]}"#,
                1, 1
            ),
            (
                .generateContent,
                #"{"contents":[{"role":"user","parts":[{"text":"go"}]},{"role":"model","parts":[{"functionCall":{"name":"f"}}]},{"role":"user","parts":[{"functionResponse":{"name":"f","response":{"error":"x"}}}]}]}"#,
                1, 1
            ),
            (
                .converse,
                #"{"messages":[{"role":"user","content":[{"text":"go"}]},{"role":"user","content":[{"toolResult":{"toolUseId":"t","content":[{"text":"x"}],"status":"error"}},{"toolResult":{"toolUseId":"u","content":[{"text":"y"}]}}]}]}"#,
                2, 1
            ),
            (.chatCompletions, #"{"messages":[{"role":"tool","content":"failed"},{"role":"user","content":"thanks"}]}"#, 0, 0),
        ])
    func tools(_ api: API, _ body: String, _ results: Int, _ errors: Int) throws {
        let turn = try Self.read(body, api)
        #expect(turn.circumstances.toolResults == results && turn.circumstances.toolErrors == errors, "\(turn.circumstances)")
        #expect(turn.circumstances.turns == 1)
        #expect(["go", "thanks"].contains(Self.text(turn)))
    }

    @Test("a conversation is known again by its beginning, whatever is marked in it and however it goes on")
    func conversation() throws {
        func body(_ first: String, _ answer: String, _ more: String = "") -> String {
            #"{"max_tokens":9,"messages":[{"role":"user","content":\#(first)},{"role":"assistant","content":"\#(answer)"}\#(more)]}"#
        }
        let plain = try Self.read(body(#"[{"type":"text","text":"hi"}]"#, "hello"), .messages).conversation
        let marked = #"[{"type":"text","text":"hi","cache_control":{"type":"ephemeral"}}]"#
        #expect(plain != 0)
        #expect(try Self.read(body(marked, "hello", #",{"role":"user","content":"and?"}"#), .messages).conversation == plain)
        #expect(try Self.read(body(#""hi""#, "goodbye"), .messages).conversation != plain)
        #expect(try Self.read(#"{"max_tokens":9,"messages":[{"role":"user","content":"hi"}]}"#, .messages).conversation == 0)
        let calls = #"{"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":null,"tool_calls":[{"id":"1"}]}]}"#
        #expect(try Self.read(calls).conversation != 0)
    }

    @Test("of a long text both ends, as the scorer cuts them itself, however it is escaped", arguments: [6143, 6144, 6145, 70_000, 300_000])
    func bounded(count: Int) throws {
        for isEscaped in [false, true] {
            var random = Random(seed: UInt64(count))
            let letters = (0..<count).map { _ in Character(Unicode.Scalar(UInt8(0x61 + random.below(26)))) }
            let written = letters.map { isEscaped ? "\\u00" + String($0.asciiValue ?? 0, radix: 16) : String($0) }.joined()
            let body = #"{"messages":[{"role":"user","content":"\#(written)"}]}"#
            let text = Self.text(try Self.read(body))
            if count <= 6144 {
                #expect(text == String(letters), "\(isEscaped)")
            } else {
                #expect(text == String(letters.prefix(4096)) + "\n" + String(letters.suffix(2048)), "\(isEscaped)")
            }
        }
    }

    @Test("what comes with it: tools, attachments; and nothing breaks on any cut or garbage", arguments: UInt64(1)...30)
    func garbage(seed: UInt64) throws {
        let body = Array(
            #"{"tools":[{"type":"function"}],"messages":[{"role":"user","content":[{"text":"a\u00e9"},{"image_url":{"url":"x"},"type":"image_url"}]},{"role":"tool","content":"x"}]}"#
                .utf8)
        let whole = try Self.read(String(decoding: body, as: UTF8.self))
        #expect(whole.circumstances.hasTools && whole.circumstances.hasAttachments)
        var random = Random(seed: seed)
        let call = try body.withUnsafeBytes { try Call.read($0, api: .chatCompletions) }
        for _ in 0..<200 {
            var other = Array(body.prefix(random.below(body.count + 1)))
            if !other.isEmpty { other[random.below(other.count)] = UInt8(random.below(256)) }
            let read = other.withUnsafeBytes { LastTurn.read($0, call) }
            #expect(read.text.count <= 6145)
        }
    }
}
