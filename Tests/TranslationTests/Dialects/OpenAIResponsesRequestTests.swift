import Foundation
import Testing
import Wire

@testable import Translation

@Suite("Requests of OpenAI's Responses dialect")
struct OpenAIResponsesRequestTests {
    struct Row: Sendable {
        var name: String
        var from: String
        var to: String
        var loss: [String] = []
    }

    static let target = TranslationTarget(model: "M", origin: .openai)

    @Test(
        "A Responses request as a chat request",
        arguments: [
            Row(
                name: "instructions and a string", from: #"{"model":"m","instructions":"Be kind.","input":"Hi \"you\"","max_output_tokens":99}"#,
                to: #"[{"role":"system","content":"Be kind."},{"role":"user","content":"Hi \"you\""}]"#),
            Row(
                name: "a tool's turn",
                from: #"""
                    {"input":[{"role":"user","content":[{"type":"input_text","text":"a"},{"type":"input_image","image_url":"https://x/y.png","detail":"low"}]},
                    {"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"E"},
                    {"type":"message","role":"assistant","content":[{"type":"output_text","text":"let me","annotations":[]}]},
                    {"type":"function_call","call_id":"c1","name":"f","arguments":"{\"x\":1}"},{"type":"function_call","call_id":"c2","name":"g","arguments":"{}"},
                    {"type":"function_call_output","call_id":"c1","output":"one"},{"type":"function_call_output","call_id":"c2","output":[{"type":"input_text","text":"two"}]}]}
                    """#,
                to: #"""
                    [{"role":"user","content":[{"type":"text","text":"a"},{"type":"image_url","image_url":{"url":"https://x/y.png","detail":"low"}}]},
                    {"role":"assistant","content":"let me","tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{\"x\":1}"}},
                    {"id":"c2","type":"function","function":{"name":"g","arguments":"{}"}}]},
                    {"role":"tool","tool_call_id":"c1","content":"one"},{"role":"tool","tool_call_id":"c2","content":"two"}]
                    """#),
        ])
    func asChat(_ row: Row) throws {
        let (written, loss) = Translating.request(row.from, from: OpenAIResponses(), to: OpenAIChat(), Self.target)
        let messages = try #require(OpenAIResponsesReplyTests.object(Array(written.utf8))?["messages"] as? NSArray, "\(written)")
        #expect(messages == (try JSONSerialization.jsonObject(with: Data(row.to.utf8)) as? NSArray), "\(written)")
        #expect(loss == row.loss)
    }

    @Test("What no other dialect can say is reported by its name")
    func losses() {
        let json = #"""
            {"input":"x","truncation":"auto","max_tool_calls":3,"include":["web_search_call.action.sources"],"tools":[{"type":"web_search"}],
            "tool_choice":{"type":"web_search"},"prompt":{"id":"p"},"tags":["ours"]}
            """#
        let (_, loss) = Translating.request(json, from: OpenAIResponses(), to: OpenAIChat(), Self.target)
        for path in ["truncation", "max_tool_calls", "include", "tools[0]", "tool_choice", "prompt"] {
            #expect(loss.contains(path), "\(path) is missing in \(loss)")
        }
        #expect(!loss.contains("tags"))
    }

    @Test("A chat request as a Responses request")
    func fromChat() throws {
        let json = #"""
            {"messages":[{"role":"developer","content":"d"},{"role":"user","content":"u"},{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function",
            "function":{"name":"f","arguments":"{\"a\": 1}"}}]},{"role":"tool","tool_call_id":"c","content":"r"}],"tools":[{"type":"function","function":{"name":"f"}}],
            "tool_choice":{"type":"function","function":{"name":"f"}},"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object"},"strict":true}},
            "reasoning_effort":"low","verbosity":"high","max_completion_tokens":4,"seed":7,"logprobs":true,"top_logprobs":2,"stream":true}
            """#
        let (written, loss) = Translating.request(json, from: OpenAIChat(), to: OpenAIResponses(), Self.target)
        let wanted = #"""
            {"model":"M","input":[{"type":"message","role":"developer","content":"d"},{"type":"message","role":"user","content":"u"},
            {"type":"function_call","call_id":"c","name":"f","arguments":"{\"a\": 1}"},{"type":"function_call_output","call_id":"c","output":"r"}],
            "tools":[{"type":"function","name":"f","parameters":{"type":"object","properties":{}},"strict":false}],"tool_choice":{"type":"function","name":"f"},
            "text":{"format":{"type":"json_schema","name":"n","schema":{"type":"object"},"strict":true},"verbosity":"high"},"reasoning":{"effort":"low"},
            "top_logprobs":2,"max_output_tokens":16,"include":["reasoning.encrypted_content","message.output_text.logprobs"],"store":false,"stream":true}
            """#
        #expect(
            OpenAIResponsesReplyTests.object(Array(written.utf8)) as NSDictionary?
                == OpenAIResponsesReplyTests.object(Array(wanted.utf8)) as NSDictionary?, "\(written)")
        #expect(Set(loss) == ["seed", "max_tokens"])
    }

    @Test("A request survives being read and written")
    func roundTrip() throws {
        let json = #"""
            {"model":"M","instructions":"i","input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"t"},{"type":"input_file","file_id":"file-1"}]},
            {"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"s"},{"type":"summary_text","text":"s2"}],"encrypted_content":"E"},
            {"type":"message","role":"assistant","content":[{"type":"output_text","text":"o","annotations":[]}]},
            {"type":"web_search_call","id":"ws_1","status":"completed"},{"type":"custom_tool_call","call_id":"x","name":"n","input":"free"},
            {"type":"custom_tool_call_output","call_id":"x","output":"done"}],"tools":[{"type":"function","name":"f","parameters":{"type":"object"},"strict":true},
            {"type":"web_search"}],"tool_choice":{"type":"allowed_tools","mode":"auto","tools":[{"type":"function","name":"f"}]},"parallel_tool_calls":false,
            "temperature":0.10,"text":{"format":{"type":"text"}},"reasoning":{"effort":"high","summary":"auto"},"include":["reasoning.encrypted_content"],
            "metadata":{"a":"b"},"truncation":"auto","max_tool_calls":2,"store":true,"service_tier":"flex"}
            """#
        let (written, loss) = Translating.request(json, from: OpenAIResponses(), to: OpenAIResponses(), Self.target)
        #expect(
            OpenAIResponsesReplyTests.object(Array(written.utf8)) as NSDictionary?
                == OpenAIResponsesReplyTests.object(Array(json.utf8)) as NSDictionary?, "\(written)")
        #expect(loss == [])
        #expect(written.contains("0.10"))
    }

    @Test("Sealed thoughts go to their origin alone", arguments: [(Seal.Origin.openai, true), (.xai, false)])
    func seals(_ target: (Seal.Origin, Bool)) {
        let json = #"{"input":[{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"SECRET"},{"role":"user","content":"u"}]}"#
        let (written, _) = Translating.request(
            json, from: OpenAIResponses(), to: OpenAIResponses(), TranslationTarget(model: "M", origin: target.0))
        #expect(written.contains("SECRET") == target.1)
    }

    @Test(
        "A value of the wrong kind is refused with its path",
        arguments: [
            (#"{"input":5}"#, "input"), (#"{"input":[{"type":"message"}]}"#, "input[0]"),
            (#"{"input":[{"role":"boss","content":"x"}]}"#, "input[0].role"),
            (#"{"input":[{"type":"function_call","name":"f"}]}"#, "input[0]"),
            (#"{"input":[{"role":"user","content":[{"text":"x"}]}]}"#, "input[0].content[0]"),
            (#"{"input":"x","tools":[{"name":"f"}]}"#, "tools[0]"), (#"{"input":"x","temperature":"hot"}"#, "temperature"),
            (#"{"input":"x","text":{"format":{"type":"xml"}}}"#, "text.format"), (#"{"input":"x","input":"y"}"#, "input"),
        ])
    func malformed(_ row: (String, String)) {
        let body = Array(row.0.utf8)
        let member = body.withUnsafeBytes { raw -> String? in
            do throws(Malformed) {
                _ = try OpenAIResponsesRequestReader.read(raw)
                return "none"
            } catch { return error.member }
        }
        #expect(member == row.1)
    }
}
