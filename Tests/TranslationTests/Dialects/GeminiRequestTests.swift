import Foundation
import Routing
import Testing
import Wire

@testable import Translation

@Suite("Requests to and from Gemini")
struct GeminiRequestTests {
    static let flash3 = TranslationTarget(model: "gemini-3-flash-preview", origin: .gemini, provider: "gemini")
    static let flash25 = TranslationTarget(model: "gemini-2.5-flash", origin: .gemini, provider: "gemini")
    static let gpt = TranslationTarget(model: "gpt-5", origin: .openai, provider: "openai")
    static let dummy = "c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I="

    /// The part of a body behind `marker`.
    static func after(_ marker: String, _ body: String) -> String { body.components(separatedBy: marker).dropFirst().joined(separator: marker) }

    struct Row {
        var chat: String
        var gemini: String
        var lost: [String] = []
        var target = flash3
    }

    @Test(
        "What OpenAI's clients ask, Gemini is asked",
        arguments: [
            Row(
                chat:
                    #"{"messages":[{"role":"system","content":"a"},{"role":"user","content":"b"},{"role":"developer","content":"c"},{"role":"user","content":[{"type":"text","text":"d\u00e9"}]}],"max_completion_tokens":5,"temperature":0.10,"top_p":1,"seed":7,"stop":["x"],"n":2,"presence_penalty":0.5,"frequency_penalty":1,"user":"u"}"#,
                gemini:
                    #"{"systemInstruction":{"parts":[{"text":"a"},{"text":"c"}]},"contents":[{"role":"user","parts":[{"text":"b"},{"text":"d\u00e9"}]}],"generationConfig":{"temperature":0.10,"topP":1,"seed":7,"presencePenalty":0.5,"frequencyPenalty":1,"maxOutputTokens":5,"candidateCount":2,"stopSequences":["x"]}}"#,
                lost: ["user"]),
            // With nothing but a system prompt there must still be a content.
            Row(
                chat: #"{"messages":[{"role":"system","content":"a"}]}"#,
                gemini: #"{"contents":[{"role":"user","parts":[{"text":"a"}]}],"generationConfig":{}}"#),
            // Parallel calls of a foreign history: the first has the signature that stands for none; results by name, side by side.
            Row(
                chat:
                    #"{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"","tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{\"a\": 1.0}"}},{"id":"2","type":"function","function":{"name":"g","arguments":""}}]},{"role":"tool","tool_call_id":"2","content":"ok \"x\""},{"role":"tool","tool_call_id":"1","content":[{"type":"text","text":"A"}]}]}"#,
                gemini:
                    #"{"contents":[{"role":"user","parts":[{"text":"q"}]},{"role":"model","parts":[{"functionCall":{"id":"1","name":"f","args":{"a": 1.0}},"thoughtSignature":"\#(dummy)"},{"functionCall":{"id":"2","name":"g","args":{}}}]},{"role":"user","parts":[{"functionResponse":{"id":"2","name":"g","response":{"output":"ok \"x\""}}},{"functionResponse":{"id":"1","name":"f","response":{"output":"A"}}}]}],"generationConfig":{}}"#
            ),
            Row(
                chat:
                    #"{"messages":[{"role":"user","content":"q"}],"tools":[{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object","properties":{}},"strict":true}}],"tool_choice":{"type":"function","function":{"name":"f"}},"parallel_tool_calls":false,"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object"}}},"reasoning_effort":"low","logprobs":true,"top_logprobs":2,"logit_bias":{"1":2}}"#,
                gemini:
                    #"{"contents":[{"role":"user","parts":[{"text":"q"}]}],"tools":[{"functionDeclarations":[{"name":"f","description":"d","parametersJsonSchema":{"type":"object","properties":{}}}]}],"toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["f"]}},"generationConfig":{"responseLogprobs":true,"logprobs":2,"responseMimeType":"application/json","responseJsonSchema":{"type":"object"},"thinkingConfig":{"thinkingLevel":"LOW"}}}"#,
                lost: ["logit_bias", "parallel_tool_calls"]),
            Row(
                chat:
                    #"{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA","detail":"low"}},{"type":"image_url","image_url":{"url":"https://a.b/c.webp?x=1"}},{"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,BBBB"}},{"type":"input_audio","input_audio":{"data":"CCCC","format":"wav"}}]}],"reasoning_effort":"high"}"#,
                gemini:
                    #"{"contents":[{"role":"user","parts":[{"inlineData":{"mimeType":"image/png","data":"AAAA"}},{"fileData":{"mimeType":"image/webp","fileUri":"https://a.b/c.webp?x=1"}},{"inlineData":{"mimeType":"application/pdf","data":"BBBB"}},{"inlineData":{"mimeType":"audio/wav","data":"CCCC"}}]}],"generationConfig":{"thinkingConfig":{"thinkingBudget":24576}}}"#,
                lost: ["messages[0].content[0].detail", "messages[0].content[2].filename"], target: flash25),
        ])
    func fromChat(row: Row) {
        let (written, lost) = Translating.request(row.chat, from: OpenAIChat(), to: GenerateContent(), row.target)
        #expect(written == row.gemini)
        #expect(lost == row.lost)
    }

    @Test(
        "A result without its call, and arguments that are no object, are told by their place",
        arguments: [
            (#"{"messages":[{"role":"user","content":"q"},{"role":"tool","tool_call_id":"9","content":"x"}]}"#, "messages[1].tool_call_id"),
            (
                #"{"messages":[{"role":"assistant","content":null,"tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{\"a\""}}]}]}"#,
                "messages[0].tool_calls[0].function.arguments"
            ),
        ])
    func wrongChat(body: String, path: String) {
        let (written, _) = Translating.request(body, from: OpenAIChat(), to: GenerateContent(), Self.flash3)
        #expect(written.contains("`\(path)`"), "\(written)")
    }

    static let own = #"""
        {"contents":[{"role":"user","parts":[{"text":"q"},{"inlineData":{"mimeType":"image/png","data":"AA+/"}},{"fileData":{"mimeType":"video/mp4","fileUri":"gs://b/o"}}]},\#
        {"role":"model","parts":[{"text":"hm","thought":true,"thoughtSignature":"U1M="},{"text":"I call","thoughtSignature":"VFQ="},{"functionCall":{"id":"1","name":"f","args":{"x": 1}},"thoughtSignature":"QUE="},\#
        {"functionCall":{"id":"2","name":"f","args":{}}},{"executableCode":{"language":"PYTHON","code":"1"}},{"text":"","thoughtSignature":"RUU="}]},\#
        {"role":"user","parts":[{"functionResponse":{"id":"1","name":"f","response":{"a":[1]}}},{"functionResponse":{"id":"2","name":"f","response":{"error":"no"}}}]}],\#
        "tools":[{"functionDeclarations":[{"name":"f","parametersJsonSchema":{"type":"object"}}]},{"googleSearch":{}}],"toolConfig":{"functionCallingConfig":{"mode":"VALIDATED"},"retrievalConfig":{"languageCode":"de"}},\#
        "generationConfig":{"topK":40,"mediaResolution":"MEDIA_RESOLUTION_LOW"},"safetySettings":[{"category":"C","threshold":"OFF"}],"cachedContent":"cachedContents/1"}
        """#.replacingOccurrences(of: "\\#\n", with: "")

    @Test("Within the dialect nothing is lost, whichever way members are spelled")
    func withinDialect() {
        let (written, lost) = Translating.request(Self.own, from: GenerateContent(), to: GenerateContent(), Self.flash3)
        #expect(lost == [])
        #expect(written == Self.own)
        var snake = Self.own
        for (camel, other) in [
            ("inlineData", "inline_data"), ("mimeType", "mime_type"), ("fileUri", "file_uri"), ("fileData", "file_data"),
            ("functionCall\"", "function_call\""),
            ("functionResponse", "function_response"), ("thoughtSignature", "thought_signature"), ("functionDeclarations", "function_declarations"),
            ("toolConfig", "tool_config"), ("generationConfig", "generation_config"), ("topK", "top_k"), ("AA+/", "AA-_"),
            ("parametersJsonSchema", "parameters_json_schema"), ("functionCallingConfig", "function_calling_config"),
        ] { snake = snake.replacingOccurrences(of: camel, with: other) }
        #expect(Translating.request(snake, from: GenerateContent(), to: GenerateContent(), Self.flash3).0 == Self.own)
    }

    @Test("What Gemini's clients ask, OpenAI is asked; calls without ids get some, the same in call and result")
    func toChat() {
        let body = #"""
            {"system_instruction":{"parts":{"text":"be brief"}},"contents":[{"parts":[{"text":"q"}],"role":"user"},{"parts":[{"functionCall":{"name":"f","args":{"a":1}}},{"functionCall":{"name":"f"}}],"role":"model"},
            {"parts":[{"functionResponse":{"name":"f","response":{"result":"one"}}},{"functionResponse":{"name":"f","response":{"b":2}}}]}],
            "tools":[{"functionDeclarations":[{"name":"f","parameters":{"type":"OBJECT","properties":{"type":{"type":"STRING","nullable":true},"n":{"type":"ARRAY","minItems":"1","items":{"type":"INTEGER"}}}}}]}],
            "generationConfig":{"responseMimeType":"application/json","maxOutputTokens":9,"thinkingConfig":{"thinkingLevel":"HIGH"}},"safetySettings":[]}
            """#
        let (written, lost) = Translating.request(body, from: GenerateContent(), to: OpenAIChat(), Self.gpt)
        #expect(lost == ["safetySettings"])
        for piece in [
            #"{"role":"system","content":"be brief"}"#, #""id":"call_1","#, #""id":"call_2","#, #""arguments":"{\"a\":1}""#, #""arguments":"{}""#,
            #""tool_call_id":"call_1","content":"one""#, #""tool_call_id":"call_2","content":"{\"b\":2}""#,
            #""response_format":{"type":"json_object"}"#,
            #""type":{"type":["string","null"]}"#, #""minItems":1,"items":{"type":"integer"}"#, #""reasoning_effort":"high""#,
        ] { #expect(written.contains(piece), "\(piece) in \(written)") }
    }

    @Test("Thoughts that a stream left in pieces come together, with the seal that another provider gave them")
    func foreignThoughts() throws {
        let body = Array(
            #"""
            {"contents":[{"role":"model","parts":[{"text":"a\n","thought":true}]},{"role":"model","parts":[{"text":"b","thought":true}]},
            {"role":"model","parts":[{"text":"","thought":true,"thoughtSignature":"\#(GeminiWriterTests.seal)"}]},{"role":"model","parts":[{"text":"c"}]},{"role":"model","parts":[{"text":"d"}]}]}
            """#.utf8)
        try body.withUnsafeBytes { raw in
            let conversation = try GenerateContent().read(raw, Call(api: .generateContent))
            try #require(conversation.messages.count == 1 && conversation.messages[0].parts.count == 2)
            guard case .reasoning(let thoughts) = conversation.messages[0].parts[0], case .text(let text) = conversation.messages[0].parts[1] else {
                Issue.record("thoughts and a text expected")
                return
            }
            #expect(thoughts.text.string == "a\nb")
            #expect(thoughts.seal?.origin == .anthropic)
            #expect(thoughts.seal?.data.string == "sig")
            #expect(text.text.string == "cd")
        }
    }

    @Test(
        "Wrong places are named",
        arguments: [
            (#"{"contents":[{"role":"robot","parts":[]}]}"#, "contents[0].role"),
            (#"{"contents":[{"parts":[{"text":1}]}]}"#, "contents[0].parts[0].text"),
            (#"{"contents":[],"contents":[]}"#, "contents"), (#"{}"#, "contents"),
            (#"{"contents":[],"generationConfig":{"topP":"x"}}"#, "generationConfig.topP"),
            (#"{"contents":[],"toolConfig":{"functionCallingConfig":{"mode":"SOME"}}}"#, "toolConfig.functionCallingConfig.mode"),
            (#"{"contents":[{"parts":[{"functionCall":{"name":"f","args":[]}}]}]}"#, "contents[0].parts[0].functionCall.args"),
            (#"{"contents":[{"parts":[{"inlineData":{"mimeType":"a/b"}}]}]}"#, "contents[0].parts[0].inlineData"),
        ])
    func wrong(body: String, path: String) {
        Array(body.utf8).withUnsafeBytes { raw in
            do throws(Malformed) {
                _ = try GenerateContent().read(raw, Call(api: .generateContent))
                Issue.record("taken")
            } catch {
                #expect(error.member == path)
            }
        }
    }

    @Test(
        "Levels and budgets of thinking for each generation",
        arguments: [
            ("gemini-2.0-flash", #"{"thinkingBudget":8192}"#, "medium"), ("gemini-2.5-pro", #"{"thinkingBudget":1024}"#, "minimal"),
            ("gemini-2.5-flash", #"{"thinkingBudget":0}"#, "none"), ("gemini-3-pro-preview", #"{"thinkingLevel":"LOW"}"#, "minimal"),
            ("gemini-3.5-flash", #"{"thinkingLevel":"MINIMAL"}"#, "minimal"), ("gemini-flash-latest", #"{"thinkingLevel":"HIGH"}"#, "xhigh"),
            ("models/gemini-3-flash-preview", #"{"thinkingLevel":"MINIMAL"}"#, "none"),
        ])
    func thinking(model: String, config: String, effort: String) {
        let body = #"{"messages":[{"role":"user","content":"q"}],"reasoning_effort":"\#(effort)"}"#
        let (written, _) = Translating.request(body, from: OpenAIChat(), to: GenerateContent(), TranslationTarget(model: model))
        #expect(written.contains(#""thinkingConfig":\#(config)"#), "\(written)")
    }

    @Test("Counting tokens, asked and answered")
    func counting() throws {
        let body =
            #"{"generateContentRequest":{"model":"models/x","contents":[{"parts":[{"text":"q"}]}],"systemInstruction":{"parts":[{"text":"s"}]}}}"#
        let (written, _) = Translating.request(body, from: GeminiCountTokens(), to: GeminiCountTokens(), Self.flash3)
        #expect(
            written
                == #"{"generateContentRequest":{"model":"models/gemini-3-flash-preview","systemInstruction":{"parts":[{"text":"s"}]},"contents":[{"role":"user","parts":[{"text":"q"}]}]}}"#
        )
        let reply = Array(#"{"totalTokens":12,"promptTokensDetails":[]}"#.utf8)
        let answer = Translating.translate(
            whole: reply, from: GeminiCountTokens().replyReader(.test(stream: false)), to: GeminiCountTokens().replyWriter(.test(stream: false)))
        #expect(String(decoding: answer, as: UTF8.self) == #"{"totalTokens":12}"#)
    }
}
