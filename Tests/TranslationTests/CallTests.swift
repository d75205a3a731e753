import NIOCore
import Routing
import Testing
import Wire

@testable import Translation

/// Reads `text` as a body; the place of a member is answered as its text.
func read(_ text: String, _ api: API = .chatCompletions) -> Result<Call, Malformed> {
    Array(text.utf8).withUnsafeBytes { body in
        do throws(Malformed) { return .success(try Call.read(body, api: api)) } catch { return .failure(error) }
    }
}

func slice(_ text: String, _ range: ByteRange?) -> String? {
    range.map { String(decoding: Array(text.utf8)[$0.range], as: UTF8.self) }
}

@Suite("Call") struct CallTests {
    @Test("what routing needs is read")
    func reads() throws {
        let text = #"""
            {"model": "gpt-\"4", "messages": [{"role":"system","content":"abcd"},{"role":"user","content":[{"type":"text","text":"efgh"}]}],
             "stream":true,"max_tokens":5,"max_completion_tokens":70,"n":3,"user":"u-1","prompt_cache_key":"k","metadata":{"a":1,"session_id":"s 1"},
             "temperature":0.1,"tags":["x"],"fallbacks":["b"],"num_retries":2,"disable_fallbacks":true,"timeout":1.25,"include_routing_metadata":true,
             "router":{"type":"x"},"extra":{},"router_mode":"auto","router_provider":"p","router_model":"m","routing_policy_id":"r"}
            """#
        let call = try read(text).get()
        #expect(Array(text.utf8).withUnsafeBytes { call.modelName(in: $0) } == "gpt-\"4")
        #expect(slice(text, call.model?.range) == #"gpt-\"4"#)
        #expect(call.stream && !call.asksUsage && call.maxTokens == 70 && call.choices == 3)
        #expect(call.needs == [.streaming, .chat])
        #expect(slice(text, call.user?.range) == "u-1" && slice(text, call.promptCacheKey?.range) == "k")
        #expect(slice(text, call.session?.range) == "s 1" && call.stickyText == call.session)
        #expect(slice(text, call.metadata) == #"{"a":1,"session_id":"s 1"}"#)
        let extras = call.extras
        #expect(slice(text, extras.tags) == #"["x"]"# && slice(text, extras.fallbacks) == #"["b"]"#)
        #expect(slice(text, extras.router) == #"{"type":"x"}"# && slice(text, extras.extra) == "{}")
        #expect(extras.retries == 2 && extras.disablesFallbacks && extras.timeout == .milliseconds(1250) && extras.includesRouting)
        #expect(slice(text, extras.routerMode?.range) == "auto" && slice(text, extras.routerProvider?.range) == "p")
        #expect(slice(text, extras.routerModel?.range) == "m" && slice(text, extras.routingPolicy?.range) == "r")
    }

    @Test(
        "all answers that the provider may make are counted",
        arguments: [
            (#"{}"#, 1, 1), (#"{"n":3}"#, 3, 3), (#"{"n":5000}"#, 5_000, 5_000), (#"{"n":0,"best_of":-2}"#, 1, 1),
            (#"{"best_of":20}"#, 1, 20), (#"{"best_of":2,"n":3}"#, 3, 3), (#"{"prompt":"a"}"#, 1, 1), (#"{"prompt":["a","b",[1]]}"#, 1, 3),
            (#"{"prompt":[1,2,3]}"#, 1, 1), (#"{"prompt":[[1,2],[3]],"n":2}"#, 2, 4), (#"{"n":2,"best_of":5,"prompt":["a","b"]}"#, 2, 10),
            (#"{"prompt":[]}"#, 1, 1), (#"{"prompt":null,"n":null,"best_of":null}"#, 1, 1), (#"{"prompt":["a","b"],"n":9e18}"#, 1_000_000, 2_000_000),
            (#"{"generationConfig":{"candidateCount":8}}"#, 8, 8), (#"{"generation_config":{"candidate_count":4}}"#, 4, 4),
        ] as [(String, Int, Int)])
    func answers(_ text: String, _ choices: Int, _ answers: Int) throws {
        let call = try read(text, .completions).get()
        #expect(call.choices == choices && call.answers == answers)
    }

    @Test("of several prompts every byte counts as before") func prompts() throws {
        let call = try read(#"{"prompt": ["ab", [1, 2] ] , "n": 1}"#, .completions).get()
        #expect(call.textBytes == #"["ab", [1, 2] ]"#.utf8.count)
        #expect(throws: (any Error).self) { try read(#"{"prompt":["a",]}"#, .completions).get() }
        #expect(throws: (any Error).self) { try read(#"{"best_of":"x"}"#, .completions).get() }
    }

    @Test(
        "needs follow from the body",
        arguments: [
            (#"{}"#, []), (#"{"stream":true}"#, .streaming), (#"{"stream":false}"#, []), (#"{"stream":null}"#, []),
            (#"{"tools":[{"type":"function"}]}"#, .tools), (#"{"tools":[ ]}"#, []), (#"{"tools":null}"#, []), (#"{"functions":[{}]}"#, .tools),
            (#"{"messages":[{"content":[{"type":"image_url","image_url":{"url":"data:AAAA"}}]}]}"#, .vision),
            (#"{"messages":[{"content":[{"type":"input_image"}]}]}"#, .vision), (#"{"messages":[{"content":"image_url"}]}"#, []),
            (#"{"messages":[{"content":[{"type":"input_audio","input_audio":{"data":"AA"}}]}]}"#, .audio),
            (#"{"modalities":["text","audio"]}"#, .audio),
            (#"{"messages":[{"content":[{"type":"file","file":{}}]}]}"#, .documents), (#"{"response_format":{"type":"json_object"}}"#, .json),
            (#"{"response_format":{"type":"json_schema","json_schema":{}}}"#, .json), (#"{"response_format":{"type":"text"}}"#, []),
            (#"{"reasoning_effort":"high"}"#, .reasoning), (#"{"reasoning_effort":"none"}"#, []), (#"{"reasoning_effort":null}"#, []),
            (#"{"messages":{"content":1},"messages2":[1]}"#, []), (#"{"messages":[1,"a",null,{"content":[1,null,"x"]}]}"#, []),
        ] as [(String, Needs)])
    func needs(_ text: String, _ needs: Needs) throws {
        #expect(try read(text).get().needs == needs.union(.chat))
        #expect(try read(text, .embeddings).get().needs.contains(.embeddings))
    }

    @Test(
        "text is counted, images and attachments apart",
        arguments: [
            (#"{"messages":[{"role":"user","content":"12345678"}]}"#, 16, 0, 0), (#"{"prompt":"12345678"}"#, 10, 0, 0),
            (#"{"input":["1234","5678"]}"#, 15, 0, 0),
            (#"{"messages":[{"content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAAAAAAAAAAAAAAAAAAAAAAA"}}]}]}"#, 0, 1, 0),
            (#"{"messages":[{"content":[{"type":"input_audio","input_audio":{"data":"AAAA"}}]}]}"#, 0, 0, 15), (#"{"tools":[{"a":1}]}"#, 9, 0, 0),
        ])
    func sizes(_ text: String, _ bytes: Int, _ images: Int, _ attachments: Int) throws {
        let call = try read(text).get()
        #expect(call.textBytes == bytes && call.images == images && call.attachmentBytes == attachments)
    }

    @Test(
        "how soon a request is to be served is read, in the words of every dialect",
        arguments: [
            (#"{}"#, .standard), (#"{"service_tier":"priority"}"#, .priority), (#"{"service_tier":"flex"}"#, .flex),
            (#"{"service_tier":"auto"}"#, .standard), (#"{"service_tier":"default"}"#, .standard), (#"{"service_tier":"standard_only"}"#, .standard),
            (#"{"service_tier":"fast"}"#, .fast), (#"{"service_tier":"ultrafast"}"#, .ultrafast), (#"{"service_tier":"on_demand"}"#, .standard),
            (#"{"service_tier":"scale"}"#, .other), (#"{"service_tier":null}"#, .standard), (#"{"service_tier":7}"#, .standard),
            (#"{"speed":"fast"}"#, .fast), (#"{"speed":"standard"}"#, .standard), (#"{"service_tier":"auto","speed":"fast"}"#, .fast),
            (#"{"serviceTier":{"type":"flex"}}"#, .flex), (#"{"serviceTier":"SERVICE_TIER_PRIORITY"}"#, .priority),
            (#"{"serviceTier":"SERVICE_TIER_UNSPECIFIED"}"#, .standard), (#"{"performanceConfig":{"latency":"optimized"}}"#, .optimized),
            (#"{"performanceConfig":{"latency":"standard"}}"#, .standard), (#"{"metadata":{"service_tier":"priority"}}"#, .standard),
        ] as [(String, ServiceTier)])
    func tier(_ text: String, _ tier: ServiceTier) throws {
        #expect(try read(text).get().tier == tier)
    }

    @Test("a model may be absent or null", arguments: [#"{"model":null}"#, #"{}"#, #"{"a":{"model":"nested"}}"#, #"{"messages":[{"model":"x"}]}"#])
    func noModel(_ text: String) throws {
        #expect(try read(text).get().model == nil)
    }

    struct Wrong: Sendable {
        var text: String
        var offset: Int
        var member: String?
        var says: String
        init(_ text: String, _ offset: Int, _ member: String?, _ says: String) {
            (self.text, self.offset, self.member, self.says) = (text, offset, member, says)
        }
    }

    @Test(
        "a wrong body is refused with the byte where it goes wrong",
        arguments: [
            Wrong("", 0, nil, "found nothing"), Wrong("[]", 0, nil, "must be a JSON object"), Wrong("\"x\"", 0, nil, "must be a JSON object"),
            Wrong("{\"model\":\"a\"", 12, nil, "ends in the middle"), Wrong("{\"model\":\"a\"} x", 14, nil, "nothing after"),
            Wrong("\u{feff}{}", 0, nil, "byte order mark"), Wrong("{\"model\":\"a\u{1}\"}", 11, nil, "control characters"),
            Wrong(#"{"model":"a","model":"b"}"#, 13, "model", "only once"), Wrong(#"{"model":"a","mod\u0065l":"b"}"#, 13, "model", "only once"),
            Wrong(#"{"m\u006fdel":null, "model":"b"}"#, 20, "model", "only once"),
            Wrong(#"{"stream":true,"x":1,"stream":false}"#, 21, "stream", "only once"),
            Wrong(#"{"messages":[],"messages":[]}"#, 15, "messages", "only once"), Wrong(#"{"tags":[],"tags":[]}"#, 11, "tags", "only once"),
            Wrong(#"{"model":7}"#, 9, "model", "a string or null"), Wrong(#"{"model":["a"]}"#, 9, "model", "a string or null"),
            Wrong(#"{"stream":"true"}"#, 10, "stream", "a boolean"), Wrong(#"{"stream":1}"#, 10, "stream", "a boolean"),
            Wrong(#"{"max_tokens":"5"}"#, 14, "max_tokens", "a number"), Wrong(#"{"stream_options":[]}"#, 18, "stream_options", "an object"),
            Wrong(#"{"stream_options":{"include_usage":1}}"#, 35, "stream_options", "boolean"),
            Wrong(#"{"stream_options":{"include_usage":true,"include_usage":false}}"#, 40, "stream_options", "boolean"),
            Wrong(#"{"timeout":"5s"}"#, 11, "timeout", "a number"), Wrong(#"{"timeout":-0.5}"#, 11, "timeout", "not below zero"),
            Wrong(#"{"num_retries": -1}"#, 16, "num_retries", "not below zero"), Wrong(#"{"router_mode":1}"#, 15, "router_mode", "a string"),
            Wrong(#"{"disable_fallbacks":0}"#, 21, "disable_fallbacks", "a boolean"), Wrong(#"{"x":tru}"#, 8, nil, "true, false or null"),
            Wrong(#"{"messages":[{"content":[{"type":"text",}]}]}"#, 40, nil, "member name"),
            Wrong("{\"x\":" + String(repeating: "[", count: 200), 132, nil, "nested"),
        ])
    func refuses(_ row: Wrong) {
        guard case .failure(let malformed) = read(row.text) else {
            Issue.record("accepted: \(row.text)")
            return
        }
        #expect(malformed.offset == row.offset)
        #expect(malformed.member == row.member)
        #expect(malformed.message.contains(row.says) && malformed.message.hasSuffix("(byte \(row.offset))"), "\(malformed.message)")
        let refusal = Refusal(malformed)
        #expect(refusal.status == 400 && refusal.code == (row.member == nil ? .invalidJSON : .invalidValue) && refusal.param == row.member)
    }

    @Test("invalid UTF-8 is refused at its byte")
    func invalidUTF8() {
        let bytes = Array("{\"model\":\"a\",\"x\":\"".utf8) + [0xc3, 0x28] + Array("\"}".utf8)
        let malformed = bytes.withUnsafeBytes { body -> Malformed? in
            do throws(Malformed) { _ = try Call.read(body, api: .chatCompletions) } catch { return error }
            return nil
        }
        #expect(malformed?.offset == 18 && malformed?.member == nil)
    }
}

@Suite("Call rewriting") struct CallRewriteTests {
    struct Row: Sendable {
        var before: String
        var after: String
        var askUsage = false
        init(_ before: String, _ after: String, askUsage: Bool = false) { (self.before, self.after, self.askUsage) = (before, after, askUsage) }
    }

    static let usage = #""stream_options":{"include_usage":true}"#

    static let rows = [
        // The name is replaced, put in place of null, or inserted; all else stays as it is.
        Row(#"{"model":"a"}"#, #"{"model":"M\"1"}"#),
        Row(#" {"x": 1 , "model" : "long name" ,"y":[ ]} "#, #" {"x": 1 , "model" : "M\"1" ,"y":[ ]} "#),
        Row(#"{"model":null,"x":1}"#, #"{"model":"M\"1","x":1}"#), Row(#"{"x":1}"#, #"{"model":"M\"1","x":1}"#), Row("{}", #"{"model":"M\"1"}"#),
        Row("{ }", #"{"model":"M\"1" }"#), Row(#"{"mod\u0065l":"a"}"#, #"{"mod\u0065l":"M\"1"}"#), Row(#"{"model":""}"#, #"{"model":"M\"1"}"#),
        // Our own members are cut out with their comma.
        Row(#"{"tags":[1],"model":"a"}"#, #"{"model":"M\"1"}"#), Row(#"{"model":"a","tags":[1]}"#, #"{"model":"M\"1"}"#),
        Row(#"{"model":"a","tags":[1],"x":2}"#, #"{"model":"M\"1","x":2}"#), Row(#"{"tags":[1]}"#, #"{"model":"M\"1"}"#),
        Row(#"{"tags":[1],"timeout":2}"#, #"{"model":"M\"1"}"#), Row(#"{ "tags":[1] , "timeout":2 , "x":3 }"#, #"{"model":"M\"1", "x":3 }"#),
        Row(#"{"model":"a","tags":[1],"timeout":2,"x":3,"extra":{"a":[1,2]},"router":{}}"#, #"{"model":"M\"1","x":3}"#),
        Row(#"{"num_retries":1,"model":"a","fallbacks":[],"disable_fallbacks":false}"#, #"{"model":"M\"1"}"#),
        Row(#"{"t\u0061gs":[1],"model":"a"}"#, #"{"model":"M\"1"}"#),
        Row(
            #"{"router_mode":"m","router_provider":"p","router_model":"x","routing_policy_id":"r","include_routing_metadata":true,"x":1}"#,
            #"{"model":"M\"1","x":1}"#),
        // Members that only look like ours stay, and nested ones too.
        Row(#"{"model":"a","Tags":1,"metadata":{"tags":[1]},"user":"u"}"#, #"{"model":"M\"1","Tags":1,"metadata":{"tags":[1]},"user":"u"}"#),
        // Usage is asked for where the client did not.
        Row(#"{"model":"a","stream":true}"#, #"{"model":"M\"1","stream":true,"# + usage + "}", askUsage: true),
        Row(#"{"stream":true,"model":"a"}"#, #"{"stream":true,"# + usage + #","model":"M\"1"}"#, askUsage: true),
        Row(#"{"stream":true ,"tags":[],"x":1}"#, #"{"model":"M\"1","stream":true,"# + usage + #","x":1}"#, askUsage: true),
        Row(#"{"tags":[],"stream":true}"#, #"{"model":"M\"1","stream":true,"# + usage + "}", askUsage: true),
        Row(#"{"stream":true}"#, #"{"model":"M\"1","stream":true}"#), Row(#"{"stream":false}"#, #"{"model":"M\"1","stream":false}"#, askUsage: true),
        Row(#"{"stream":true,"stream_options":null}"#, #"{"model":"M\"1","stream":true,"# + usage + "}", askUsage: true),
        Row(#"{"stream_options":{},"stream":true}"#, #"{"model":"M\"1","# + usage + #","stream":true}"#, askUsage: true),
        Row(
            #"{"stream_options":{ "a":1},"stream":true}"#, #"{"model":"M\"1","stream_options":{"include_usage":true, "a":1},"stream":true}"#,
            askUsage: true),
        Row(
            #"{"stream_options":{"a":1,"include_usage": false },"stream":true}"#,
            #"{"model":"M\"1","stream_options":{"a":1,"include_usage": true },"stream":true}"#, askUsage: true),
        Row(
            #"{"stream_options":{"include_usage":null,"b":2},"stream":true}"#,
            #"{"model":"M\"1","stream_options":{"include_usage":true,"b":2},"stream":true}"#, askUsage: true),
        Row(
            #"{"stream_options":{"include_usage":true},"stream":true}"#, #"{"model":"M\"1","stream_options":{"include_usage":true},"stream":true}"#,
            askUsage: true),
        Row(#"{"stream_options":{"a":1}}"#, #"{"model":"M\"1","stream_options":{"a":1}}"#, askUsage: true),
    ]

    @Test("only what must change changes", arguments: rows)
    func rewrites(_ row: Row) throws {
        let call = try read(row.before).get()
        let name = QuotedText("M\"1")
        var out = ByteBuffer()
        out.writeString("head")
        Array(row.before.utf8).withUnsafeBytes { body in
            call.rewrite(body, model: name, askUsage: row.askUsage, into: &out)
            #expect(call.rewrittenLength(of: body.count, model: name, askUsage: row.askUsage) == out.readableBytes - 4)
        }
        let after = String(buffer: out)
        #expect(after == "head" + row.after)
        let again = try read(row.after).get()
        #expect(again.cuts.isEmpty && again.model != nil)
    }

    @Test(
        "a stream whose usage the client asked for is known as such",
        arguments: [
            (#"{"stream":true,"stream_options":{"include_usage":true}}"#, true),
            (#"{"stream":true,"stream_options":{"include_usage":false}}"#, false),
            (#"{"stream":true}"#, false), (#"{"stream":true,"stream_options":{"include\u005fusage":true}}"#, true),
        ])
    func asks(_ text: String, _ asks: Bool) throws {
        #expect(try read(text).get().asksUsage == asks)
    }
}
