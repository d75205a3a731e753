import Testing
import Wire

@testable import Translation

@Suite("Anthropic's Messages: requests")
struct AnthropicMessagesRequestTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var name: String
        /// Of the client: the body's members beside `model`.
        var asked: String
        /// Of the provider: what follows `"model":"…","max_tokens":N`.
        var sent: String
        var lost: [String] = []
        var model = "claude-sonnet-4-5"
        var maxTokens = 4_096

        var testDescription: String { name }
    }

    static let chat = [
        Row(
            name: "system prompts wherever they stand go to the front",
            asked: #""messages":[{"role":"system","content":"A"},{"role":"user","content":"q"},{"role":"developer","content":"B"}]"#,
            sent: #""system":[{"type":"text","text":"A"},{"type":"text","text":"B"}],"messages":[{"role":"user","content":"q"}]"#),
        Row(
            name: "results of parallel calls make one user message, with what the user says behind them",
            asked:
                #""messages":[{"role":"user","content":"q"},{"role":"assistant","content":"","tool_calls":[{"id":"a:1","type":"function","function":{"name":"f","arguments":"{\"x\": \"\\u00e9\"}"}},{"id":"b","type":"function","function":{"name":"g","arguments":""}}]},{"role":"tool","tool_call_id":"a:1","content":"1"},{"role":"tool","tool_call_id":"b","content":"2"},{"role":"user","content":"go on"}]"#,
            sent:
                #""messages":[{"role":"user","content":"q"},{"role":"assistant","content":[{"type":"tool_use","id":"toolu_Ze6Y1tH3Bo","name":"f","input":{"x": "\u00e9"}},{"type":"tool_use","id":"b","name":"g","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_Ze6Y1tH3Bo","content":"1"},{"type":"tool_result","tool_use_id":"b","content":"2"},{"type":"text","text":"go on"}]}]"#
        ),
        Row(
            name: "images by URL and as bytes, a PDF, a text file",
            asked:
                #""messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://h/i.png","detail":"low"}},{"type":"image_url","image_url":{"url":"data:image/jpeg;base64,AAAA"}},{"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,JVBE"}},{"type":"file","file":{"filename":"a.txt","file_data":"data:text/plain;base64,aGkgPD4="}},{"type":"input_audio","input_audio":{"data":"AA","format":"wav"}}]}]"#,
            sent:
                #""messages":[{"role":"user","content":[{"type":"image","source":{"type":"url","url":"https://h/i.png"}},{"type":"image","source":{"type":"base64","media_type":"image/jpeg","data":"AAAA"}},{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"JVBE"},"title":"a.pdf"},{"type":"document","source":{"type":"text","media_type":"text/plain","data":"hi <>"},"title":"a.txt"}]}]"#,
            lost: ["messages[0].content[0].image_url.detail", "messages[0].content[4]"]),
        Row(
            name: "tools, strict, one at a time",
            asked:
                #""messages":[{"role":"user","content":"q"}],"tools":[{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object"},"strict":true},"cache_control":{"type":"ephemeral","ttl":"1h"}}],"tool_choice":{"type":"function","function":{"name":"f"}},"parallel_tool_calls":false"#,
            sent:
                #""messages":[{"role":"user","content":"q"}],"tools":[{"name":"f","description":"d","input_schema":{"type":"object"},"strict":true,"cache_control":{"type":"ephemeral","ttl":"1h"}}],"tool_choice":{"type":"tool","name":"f","disable_parallel_tool_use":true}"#
        ),
        Row(
            name: "allowed tools are those that are offered",
            asked:
                #""messages":[{"role":"user","content":"q"}],"tools":[{"type":"function","function":{"name":"f"}},{"type":"function","function":{"name":"g"}}],"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[{"type":"function","function":{"name":"g"}}]}}"#,
            sent:
                #""messages":[{"role":"user","content":"q"}],"tools":[{"name":"g","input_schema":{"type":"object","properties":{}}}],"tool_choice":{"type":"any"}"#
        ),
        Row(
            name: "a schema and an effort on a model that takes budgets",
            asked:
                #""messages":[{"role":"user","content":"q"}],"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object"}}},"reasoning_effort":"low","temperature":0.5"#,
            sent:
                #""messages":[{"role":"user","content":"q"}],"thinking":{"type":"enabled","budget_tokens":1024},"output_config":{"format":{"type":"json_schema","schema":{"type":"object"}}}"#,
            lost: ["temperature"], maxTokens: 5_120),
        Row(
            name: "an effort and numbers on a model that takes efforts and no numbers",
            asked:
                #""messages":[{"role":"user","content":"q"}],"reasoning_effort":"minimal","temperature":0.5,"top_p":0.9,"max_completion_tokens":9"#,
            sent: #""messages":[{"role":"user","content":"q"}],"thinking":{"type":"adaptive"},"output_config":{"effort":"low"}"#,
            lost: ["temperature", "top_p"], model: "claude-opus-4-8", maxTokens: 9),
        Row(
            name: "what cannot be said is said to be lost",
            asked:
                #""messages":[{"role":"user","content":"q","name":"ann"}],"n":2,"logprobs":true,"seed":3,"frequency_penalty":0.5,"presence_penalty":0,"logit_bias":{"1":2},"response_format":{"type":"json_object"},"service_tier":"flex","temperature":1.5,"metadata":{"a":"b"},"user":"u","stop":["END"," "],"x_novel":1"#,
            sent: #""messages":[{"role":"user","content":"q"}],"temperature":1,"stop_sequences":["END"],"metadata":{"user_id":"u"}"#,
            lost: [
                "response_format", "temperature", "stop", "service_tier", "metadata", "seed", "frequency_penalty", "logit_bias", "n", "logprobs",
                "messages[0].name", "x_novel",
            ]),
        Row(
            name: "thoughts of others are not given to Anthropic, its own are",
            asked:
                #""messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a","reasoning_content":"mine"},{"role":"user","content":"r"},{"role":"assistant","content":"b","reasoning_details":[{"type":"reasoning.text","text":"own","signature":"swl1:anthropic:s:c2ln"},{"type":"reasoning.encrypted","data":"swl1:gemini:r:Zm9v"}]}]"#,
            sent:
                #""messages":[{"role":"user","content":"q"},{"role":"assistant","content":[{"type":"text","text":"a"}]},{"role":"user","content":"r"},{"role":"assistant","content":[{"type":"thinking","thinking":"own","signature":"c2ln"},{"type":"text","text":"b"}]}]"#
        ),
        Row(
            name: "thinking beside calls that no thought of Anthropic's precedes would be refused",
            asked:
                #""messages":[{"role":"user","content":"q"},{"role":"assistant","content":null,"tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"a","content":"1"}],"reasoning_effort":"high","max_tokens":30000"#,
            sent:
                #""messages":[{"role":"user","content":"q"},{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":"1"}]}]"#,
            lost: ["reasoning_effort"], maxTokens: 30_000),
    ]

    @Test("A chat request becomes a message request", arguments: chat)
    func fromChat(row: Row) {
        let (sent, lost) = Translating.request(
            #"{"model":"x",\#(row.asked)}"#, from: OpenAIChat(), to: AnthropicMessages(), TranslationTarget(model: row.model, origin: .anthropic))
        #expect(sent == #"{"model":"\#(row.model)","max_tokens":\#(row.maxTokens),\#(row.sent)}"#)
        #expect(lost == row.lost)
    }

    /// Everything that a request of the dialect can say, in the order and form in which it is written.
    static let full =
        #"{"model":"claude-opus-4-6","max_tokens":64000,"stream":true,"system":[{"type":"text","text":"A","cache_control":{"type":"ephemeral","ttl":"1h"}}],"messages":[{"role":"user","content":[{"type":"document","source":{"type":"url","url":"https://h/a.pdf"},"title":"t","context":"c","citations":{"enabled":true}},{"type":"image","source":{"type":"file","file_id":"file_1"},"cache_control":{"type":"ephemeral"}},{"type":"text","text":"é\u00e9"}]},{"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"c2ln"},{"type":"redacted_thinking","data":"ZGF0YQ"},{"type":"text","text":"cited","citations":[{"type":"char_location"}]},{"type":"server_tool_use","id":"s","name":"web_search","input":{}},{"type":"tool_use","id":"toolu_1","name":"f","input":{"a": 1.0}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","content":[{"type":"text","text":"bad"},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}}],"is_error":true},{"type":"text","text":"more"}]},{"role":"system","content":"late"}],"tools":[{"name":"f","description":"d","input_schema":{"type":"object"},"strict":false},{"type":"web_search_20250305","name":"web_search"}],"tool_choice":{"type":"auto","disable_parallel_tool_use":true},"thinking":{"type":"enabled","budget_tokens":2000,"display":"summarized"},"output_config":{"effort":"max","format":{"type":"json_schema","schema":{"type":"object"}}},"top_p":0.99,"stop_sequences":["x"],"service_tier":"standard_only","metadata":{"user_id":"u"},"container":"c"}"#

    @Test("What a request of the dialect says is written as it was read")
    func same() {
        let (sent, lost) = Translating.request(
            Self.full, from: AnthropicMessages(), to: AnthropicMessages(), TranslationTarget(model: "claude-opus-4-6", origin: .anthropic))
        #expect(sent == Self.full)
        #expect(lost.isEmpty)
    }

    @Test("A message request becomes a chat request")
    func toChat() {
        let (sent, lost) = Translating.request(
            Self.full, from: AnthropicMessages(), to: OpenAIChat(), TranslationTarget(model: "gpt", origin: .openai, provider: "openai"))
        let expected = [
            #""content":"cited""#, #""arguments":"{\"a\": 1.0}""#, #""parallel_tool_calls":false"#, #""reasoning_effort":"max""#,
            #""user":"u""#, #"{"role":"tool","tool_call_id":"toolu_1""#, #""service_tier":"default""#,
        ]
        for part in expected { #expect(sent.contains(part), "\(sent)") }
        #expect(!sent.contains("c2ln") && !sent.contains("ZGF0YQ"))
        #expect(lost.contains("container") && lost.contains { $0.hasSuffix("is_error") })
    }

    @Test("Counting asks only for what counts")
    func count() {
        let (sent, _) = Translating.request(
            Self.full, from: AnthropicMessages(), to: AnthropicCountTokens(), TranslationTarget(model: "claude-opus-4-6", origin: .anthropic))
        for absent in ["max_tokens", #""stream":"#, "top_p", "stop_sequences", "metadata", "service_tier"] { #expect(!sent.contains(absent)) }
        #expect(sent.contains("\"thinking\":{") && sent.contains("\"tools\":["))
    }

    @Test(
        "What the dialect forbids is refused with its place",
        arguments: [
            (#"{"model":"m"}"#, "messages"), (#"{"messages":{}}"#, "messages"), (#"{"messages":[{"content":"x"}]}"#, "messages[0]"),
            (#"{"messages":[{"role":"tool","content":"x"}]}"#, "messages[0].role"), (#"{"messages":[{"role":"user"}]}"#, "messages[0]"),
            (#"{"messages":[{"role":"user","content":[{"text":"x"}]}]}"#, "messages[0].content[0]"),
            (#"{"messages":[{"role":"user","content":[{"type":"text","text":7}]}]}"#, "messages[0].content[0].text"),
            (#"{"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":[]}]}]}"#, "messages[0].content[0]"),
            (#"{"messages":[],"max_tokens":"many"}"#, "max_tokens"), (#"{"messages":[],"messages":[]}"#, "messages"),
            (#"{"messages":[],"tool_choice":{"type":"some"}}"#, "tool_choice"), (#"{"messages":[],"tools":[{"name":7}]}"#, "tools[0].name"),
            (#"{"messages":[],"stream":1}"#, "stream"),
        ])
    func malformed(body: String, place: String) {
        Array(body.utf8).withUnsafeBytes { raw in
            #expect(throws: Malformed.self) { try AnthropicMessagesRequestReader.read(raw, api: .messages) }
            do throws(Malformed) { _ = try AnthropicMessagesRequestReader.read(raw, api: .messages) } catch { #expect(error.member == place) }
        }
    }

    @Test(
        "A model's name tells what it takes",
        arguments: [
            ("claude-3-5-haiku-20241022", 305, false, false), ("claude-3-7-sonnet-latest", 307, true, false),
            ("claude-3-opus-20240229", 300, false, false),
            ("us.anthropic.claude-sonnet-4-20250514-v1:0", 400, true, false), ("claude-opus-4-1@20250805", 401, true, false),
            ("anthropic.claude-haiku-4-5-20251001-v1:0", 405, true, false), ("claude-opus-4-6", 406, true, true),
            ("claude-4.7-opus", 407, false, true),
            ("anthropic/claude-sonnet-5", 500, false, true), ("claude-fable-5-1", 501, false, true),
        ])
    func models(name: String, version: Int, budget: Bool, adaptive: Bool) {
        let model = ClaudeModel(name)
        #expect(model.version == version && model.takesBudget == budget && model.takesAdaptive == adaptive && model.isClaude)
    }

    @Test(
        "Refusals are told in the dialect's own kinds",
        arguments: [
            (RefusalCode.invalidAPIKey, "authentication_error"), (.invalidValue, "invalid_request_error"), (.rateLimitExceeded, "rate_limit_error"),
            (.overloaded, "overloaded_error"), (.providerError, "api_error"), (.budgetExceeded, "billing_error"), (.timeout, "timeout_error"),
        ])
    func refusals(code: RefusalCode, type: String) {
        let body = AnthropicMessages().body(of: Refusal(code, "no \"x\""), requestID: "req_1")
        #expect(String(decoding: body, as: UTF8.self) == #"{"type":"error","error":{"type":"\#(type)","message":"no \"x\""},"request_id":"req_1"}"#)
    }
}
