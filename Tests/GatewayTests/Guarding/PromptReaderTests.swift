import Guarding
import Routing
import Testing
import Translation
import Wire

@testable import Gateway

@Suite("Texts of prompts") struct PromptReaderTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var api: API
        var body: String
        /// `role: text` of each, in the order of the body.
        var texts: [String]

        init(_ api: API, _ body: String, _ texts: String...) { (self.api, self.body, self.texts) = (api, body, texts) }
        var testDescription: String { "\(api): \(body.prefix(80))" }
    }

    @Test(
        "every dialect's are found, with who said them",
        arguments: [
            Row(
                .chatCompletions,
                #"""
                {"model":"m","user":"u","messages":[{"content":"be kind","role":"system"},{"role":"developer","content":[{"type":"text","text":"d"}]},
                {"role":"user","name":"ann","content":[{"type":"text","text":"hi \n\u00e4"},{"type":"image_url","image_url":{"url":"http://x"}},
                {"type":"input_audio","input_audio":{"data":"QUJD","format":"wav"}},{"type":"unheard_of","words":"new"}]},
                {"role":"assistant","content":null,"refusal":"no","tool_calls":[{"id":"c1","type":"function","function":{"name":"f",
                "arguments":"{\"a\":\"x\",\"n\":12,\"card\":4111111111111111,\"deep\":[\"y\"]}"}}]},
                {"role":"tool","tool_call_id":"c1","content":"done"}],"metadata":{"a":"b"},
                "tools":[{"type":"function","function":{"name":"f","description":"does","parameters":{"properties":{"description":{"type":"string",
                "description":"what"}}}}}],"prediction":{"type":"content","content":"guess"}}
                """#,
                "system: be kind", "system: d", "user: hi \n\u{e4}", "user: QUJD", "user: new", "assistant: no", "assistant: x",
                "assistant: 4111111111111111", "assistant: y", "tool: done", "system: does", "system: what", "assistant: guess"),
            Row(.chatCompletions, #"{"messages":[{"role":"assistant","tool_calls":[{"function":{"arguments":"{broken"}}]}]}"#, "assistant: {broken"),
            Row(
                .chatCompletions, #"{"messages":[{"role":"user","c\u006fntent":"escaped name"},{"role":"user","content":[{"te\u0078t":"too"}]}]}"#,
                "user: escaped name", "user: too"),
            Row(.completions, #"{"prompt":["a",[1,2],"b"],"suffix":"c","model":"m"}"#, "user: a", "user: b", "user: c"),
            Row(.completions, #"{"prompt":"a"}"#, "user: a"),
            Row(.embeddings, #"{"input":["a","b"],"model":"m","user":"u"}"#, "user: a", "user: b"),
            Row(.embeddings, #"{"input":[[1,2],[3]]}"#),
            Row(
                .responses,
                #"""
                {"instructions":"i","input":[{"role":"user","content":"a"},{"type":"message","role":"assistant","content":[{"type":"output_text",
                "text":"b","annotations":[{"title":"t"}]}]},{"type":"reasoning","summary":[{"type":"summary_text","text":"think"}],
                "encrypted_content":"xxxx"},{"type":"function_call","call_id":"c","name":"f","arguments":"{\"to\":\"x\"}"},
                {"type":"function_call_output","call_id":"c","output":"r"},{"type":"custom_tool_call","input":"raw","name":"g","call_id":"d"}],
                "prompt":{"id":"p","variables":{"who":"v"}},"store":true}
                """#,
                "system: i", "user: a", "assistant: b", "assistant: think", "assistant: x", "tool: r", "assistant: raw", "user: p", "user: v"),
            Row(.responses, #"{"input":"only text"}"#, "user: only text"),
            Row(
                .messages,
                #"""
                {"system":[{"type":"text","text":"s","cache_control":{"type":"ephemeral"}}],"messages":[{"role":"user","content":"a"},
                {"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":"sig"},{"type":"tool_use","id":"i","name":"f",
                "input":{"to":["x"],"name":"n"}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"i","content":[{"type":"text","text":"r"}]},
                {"type":"text","text":"b"},{"type":"document","title":"d","source":{"type":"text","media_type":"text/plain","data":"plain words"}},
                {"type":"image","source":{"type":"base64","media_type":"image/png",
                "data":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}}]}],
                "tools":[{"name":"f","description":"tool","input_schema":{"type":"object"}}],"metadata":{"user_id":"u"}}
                """#,
                "system: s", "user: a", "assistant: t", "assistant: x", "assistant: n", "tool: r", "user: b", "user: d", "user: plain words",
                "system: tool"),
            Row(.countTokens, #"{"system":"s","messages":[{"role":"user","content":"a"}]}"#, "system: s", "user: a"),
            Row(
                .generateContent,
                #"""
                {"system_instruction":{"parts":[{"text":"s"}]},"contents":[{"role":"user","parts":[{"text":"a"},{"inlineData":{"mimeType":"image/png",
                "data":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}}]},{"parts":[{"functionCall":{"name":"f",
                "args":{"to":"x"}}},{"text":"t","thought":true,"thoughtSignature":"zz"}],"role":"model"},
                {"role":"user","parts":[{"functionResponse":{"id":"1","name":"f","response":{"out":["r"]}}}]}],
                "tools":[{"functionDeclarations":[{"name":"f","description":"tool"}]}],
                "generationConfig":{"responseSchema":{"description":"shape"},"temperature":0.5}}
                """#,
                "system: s", "user: a", "assistant: x", "assistant: t", "tool: r", "system: tool", "system: shape"),
            Row(
                .generateContentTokens,
                #"{"generateContentRequest":{"model":"m","contents":[{"parts":[{"text":"a"}]}]},"contents":[{"parts":[{"text":"b"}]}]}"#,
                "user: a", "user: b"),
            Row(.embedContent, #"{"content":{"parts":[{"text":"a"}]},"taskType":"X","title":"t"}"#, "user: a", "user: t"),
            Row(
                .batchEmbedContents, #"{"requests":[{"model":"m","content":{"parts":[{"text":"a"}]}},{"content":{"parts":[{"text":"b"}]}}]}"#,
                "user: a", "user: b"),
            Row(
                .converse,
                #"""
                {"system":[{"text":"s"},{"guardContent":{"text":{"text":"g"}}}],"messages":[{"role":"user","content":[{"text":"a"},
                {"document":{"format":"txt","name":"n","source":{"text":"doc"}}}]},{"role":"assistant","content":[{"toolUse":{"toolUseId":"1",
                "name":"f","input":{"to":"x"}}},{"reasoningContent":{"reasoningText":{"text":"t","signature":"zz"}}}]},
                {"role":"user","content":[{"toolResult":{"toolUseId":"1","status":"success","content":[{"json":{"out":"r"}},{"text":"q"}]}}]}],
                "toolConfig":{"tools":[{"toolSpec":{"name":"f","description":"tool","inputSchema":{"json":{"type":"object"}}}}]}}
                """#,
                "system: s", "system: g", "user: a", "user: doc", "assistant: x", "assistant: t", "tool: r", "tool: q", "system: tool"),
            Row(
                .passThrough, #"{"query":"a","documents":["b",{"text":"c"}],"top_n":3,"model":"m","messages":[{"role":"system","content":"s"}]}"#,
                "user: a", "user: b", "user: c", "system: s"),
            Row(.passThrough, #"["a",{"x":[{"y":"b"}]}]"#, "user: a", "user: b"),
        ])
    func finds(_ row: Row) {
        #expect(texts(row.api, row.body) == row.texts)
    }

    @Test("each endpoint that clients may ask has members that are read", arguments: API.allCases.filter(\.isAsked))
    func noneIsForgotten(api: API) {
        let members = ["messages", "prompt", "input", "contents", "content", "system", "instructions"]
        let found = members.flatMap { texts(api, "{\"\($0)\":[{\"role\":\"user\",\"content\":\"canary\",\"parts\":[{\"text\":\"canary\"}]}]}") }
        let plain = members.flatMap { texts(api, "{\"\($0)\":\"canary\"}") }
        #expect(!(found + plain).isEmpty)
    }

    private func texts(_ api: API, _ body: String) -> [String] {
        var found = PromptTexts()
        Array(body.utf8).withUnsafeBytes { PromptReader.read($0, api, into: &found) }
        return found.texts.map { "\($0.role.name): \(String(decoding: $0.bytes, as: UTF8.self))" }
    }

    // MARK: Writing back

    @Test("what is written back is JSON and differs in the texts that were masked alone", arguments: 0..<300)
    func replaces(seed: Int) throws {
        var random = Random(seed: UInt64(seed))
        var maker = BodyMaker(random: random)
        let body = maker.body()
        var found = PromptTexts()
        Array(body.utf8).withUnsafeBytes { PromptReader.read($0, .chatCompletions, into: &found) }
        let before = found.texts.map(\.bytes)
        let masked = before.map { _ -> [UInt8]? in
            Bool.random(using: &random) ? Array("[M\(Int.random(in: 0..<9, using: &random))] \"\\\n\u{1}\u{1F600}".utf8) : nil
        }
        let after = Array(body.utf8).withUnsafeBytes { found.replacing(masked, in: $0) }
        try after.withUnsafeBytes { try JSONScanner.validate($0) }
        var again = PromptTexts()
        after.withUnsafeBytes { PromptReader.read($0, .chatCompletions, into: &again) }
        // A number that is masked is a string from then on.
        #expect(again.texts.map(\.bytes) == zip(before, masked).map { $1 ?? $0 })
        #expect(again.texts.map(\.role) == found.texts.map(\.role))
        // Everything else stands as it stood: put the old texts back, and nothing is left of the change.
        let skeleton = { (texts: PromptTexts, json: [UInt8]) in
            json.withUnsafeBytes { texts.replacing(texts.texts.map { _ in Array("x".utf8) }, in: $0) }
        }
        #expect(skeleton(again, after) == skeleton(found, Array(body.utf8)))
        if masked.allSatisfy({ $0 == nil }) { #expect(after == Array(body.utf8)) }
    }

    /// Chats with odd texts, escapes, spaces, calls and results.
    private struct BodyMaker {
        var random: Random
        static let texts = [
            "plain", "", "a\\\"b\\\\c", "\\u00e4\\ud83d\\ude00\\n", "ü \u{1F600}", "[EMAIL_1]", "{\\\"a\\\":1}", "\\/ \\t end", "0123456789",
        ]

        mutating func text() -> String { "\"\(Self.texts.randomElement(using: &random)!)\"" }
        mutating func space() -> String { ["", " ", "\n\t", ""].randomElement(using: &random)! }

        mutating func message() -> String {
            let content =
                switch Int.random(in: 0..<4, using: &random) {
                case 0: text()
                case 1: "[{\"type\":\"text\",\(space())\"text\":\(text())},{\"type\":\"image_url\",\"image_url\":{\"url\":\"u\"}}]"
                case 2: "null"
                default: "[\(text()),{\"text\":\(text())}]"
                }
            let role = ["system", "user", "assistant", "tool"].randomElement(using: &random)!
            var message = "{\(space())\"role\":\"\(role)\",\(space())\"content\":\(space())\(content)"
            if Bool.random(using: &random) {
                let arguments = ["{}", "{\\\"a\\\":\\\"x\\\\ny\\\",\\\"n\\\":[12345678,\\\"z\\\"]}", "broken", "[\\\"q\\\",{\\\"k\\\":1.5e300}]"]
                message +=
                    ",\"tool_calls\":[{\"id\":\"c\",\"function\":{\"name\":\"f\",\"arguments\":\"\(arguments.randomElement(using: &random)!)\"}}]"
            }
            return message + "\(space())}"
        }

        mutating func body() -> String {
            let messages = (0..<Int.random(in: 0..<6, using: &random)).map { _ in message() }
            return "{\"seed\":1.50,\"messages\":[\(messages.joined(separator: ",\(space())"))],\(space())\"user\":\"a@b.example\"}"
        }
    }
}
