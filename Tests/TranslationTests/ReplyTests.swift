import NIOCore
import Routing
import Testing
import Wire

@testable import Translation

@Suite("Usage") struct UsageTests {
    struct Row: Sendable {
        var text: String
        /// input, cached, cache write, output, reasoning, audio in, audio out
        var classes: [Int64]
        var doubtful = false
        init(_ text: String, _ classes: [Int64], doubtful: Bool = false) { (self.text, self.classes, self.doubtful) = (text, classes, doubtful) }
    }

    @Test(
        "classes do not overlap, whatever a provider puts where",
        arguments: [
            Row(#"{"prompt_tokens":9,"completion_tokens":12,"total_tokens":21}"#, [9, 0, 0, 12, 0, 0, 0]),
            Row(
                #"{"prompt_tokens":100,"completion_tokens":50,"total_tokens":150,"prompt_tokens_details":{"cached_tokens":60,"#
                    + #""audio_tokens":10},"completion_tokens_details":{"reasoning_tokens":20,"audio_tokens":5}}"#,
                [30, 60, 0, 25, 20, 10, 5]),
            Row(
                #"{"prompt_tokens":10,"completion_tokens":0,"prompt_tokens_details":null,"completion_tokens_details":null}"#, [10, 0, 0, 0, 0, 0, 0]),
            Row(
                #"{"prompt_tokens":20,"completion_tokens":5,"prompt_cache_hit_tokens":8,"prompt_cache_miss_tokens":12,"#
                    + #""prompt_tokens_details":{"cached_tokens":8}}"#,
                [12, 8, 0, 5, 0, 0, 0]),
            Row(#"{"prompt_tokens":254,"completion_tokens":93,"total_tokens":347,"num_cached_tokens":48}"#, [206, 48, 0, 93, 0, 0, 0]),
            Row(
                #"{"prompt_tokens":291,"completion_tokens":26,"total_tokens":506,"prompt_tokens_details":{"cached_tokens":244},"#
                    + #""completion_tokens_details":{"reasoning_tokens":189}}"#,
                [47, 244, 0, 26, 189, 0, 0]),
            Row(#"{"prompt_tokens":10,"completion_tokens":20,"total_tokens":100}"#, [10, 0, 0, 20, 70, 0, 0]),
            Row(
                #"{"prompt_tokens":9,"completion_tokens":201,"total_tokens":585,"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":375}}"#,
                [9, 0, 0, 201, 0, 375, 0]),
            Row(
                #"{"prompt_tokens":100,"completion_tokens":1,"total_tokens":101,"prompt_tokens_details":{"cached_tokens":10,"#
                    + #""cache_write_tokens":40}}"#,
                [50, 10, 40, 1, 0, 0, 0]),
            Row(
                #"{"prompt_tokens":7,"completion_tokens":8,"total_tokens":15,"prompt_tokens_details":{"cached_tokens":161}}"#,
                [7, 161, 0, 8, 0, 0, 0], doubtful: true),
            Row(
                #"{"prompt_tokens":5,"completion_tokens":8,"total_tokens":13,"completion_tokens_details":{"reasoning_tokens":20}}"#,
                [5, 0, 0, 0, 8, 0, 0], doubtful: true),
            Row(#"{"prompt_tokens":-5,"completion_tokens":3}"#, [0, 0, 0, 3, 0, 0, 0], doubtful: true),
            Row(#"{"prompt_tokens":9223372036854775808,"completion_tokens":1e300}"#, [1_000_000_000, 0, 0, 1_000_000_000, 0, 0, 0], doubtful: true),
            Row(#"{"prompt_tokens":3.7,"completion_tokens":4.0}"#, [3, 0, 0, 4, 0, 0, 0]),
            Row(#"{"input_tokens":3,"output_tokens":4}"#, [3, 0, 0, 4, 0, 0, 0]),
        ])
    func classes(_ row: Row) throws {
        let body = "{\"choices\":[],\"usage\":\(row.text)}"
        let report = try #require(try Array(body.utf8).withUnsafeBytes { try ReplyFacts.read($0, api: .chatCompletions) }.usage)
        let usage = report.usage
        #expect(
            [usage.input, usage.cachedInput, usage.cacheWrite, usage.output, usage.reasoning, usage.audioInput, usage.audioOutput] == row.classes)
        #expect(report.doubtful == row.doubtful)
        #expect(!usage.estimated)
    }

    @Test("no usage is no usage", arguments: ["null", "{}", "[]", "7", #"{"prompt_tokens":null}"#, #"{"cost":1}"#, #"{"prompt_tokens":"5"}"#])
    func none(_ text: String) throws {
        let facts = try Array("{\"choices\":[{\"message\":{\"content\":\"12345678\"}}],\"usage\":\(text)}".utf8).withUnsafeBytes {
            try ReplyFacts.read($0, api: .chatCompletions)
        }
        #expect(facts.usage == nil)
        let billed = facts.billed(estimatedInput: 11)
        #expect(billed.input == 11 && billed.output == 6 && billed.estimated)
    }

    @Test("usage given twice is doubtful and the last holds")
    func twice() throws {
        let text = #"{"usage":{"prompt_tokens":1,"completion_tokens":1},"choices":[],"usage":{"prompt_tokens":2,"completion_tokens":3}}"#
        let facts = try Array(text.utf8).withUnsafeBytes { try ReplyFacts.read($0, api: .chatCompletions) }
        #expect(facts.usage?.usage.output == 3 && facts.usage?.doubtful == true)
    }
}

@Suite("Replies") struct ReplyTests {
    @Test("a reply's facts are read")
    func facts() throws {
        let text =
            #"{"id":"x","model":"gpt","choices":[{"index":0,"finish_reason":"stop","message":{"content":"hi"}},{"finish_reason":"length"}],"#
            + #""error":null}"#
        let facts = try Array(text.utf8).withUnsafeBytes { try ReplyFacts.read($0, api: .chatCompletions) }
        #expect(facts.answers == 2 && facts.error == nil)
        #expect(slice(text, facts.finishReason?.range) == "stop" && slice(text, facts.model?.range) == "gpt")
        let vectors = #"{"data":[{"embedding":[0.1,-2e-3]},{"embedding":"AAAA"}],"usage":{"prompt_tokens":4,"total_tokens":4}}"#
        let embedded = try Array(vectors.utf8).withUnsafeBytes { try ReplyFacts.read($0, api: .embeddings) }
        #expect(embedded.answers == 2 && embedded.usage?.usage.input == 4 && embedded.usage?.usage.reasoning == 0)
    }

    @Test("an error in a reply that pretends success is seen")
    func hiddenError() throws {
        let text = #"{"error":{"message":"overloaded","code":503,"metadata":{"raw":"x"}},"user_id":"u"}"#
        let facts = try Array(text.utf8).withUnsafeBytes { try ReplyFacts.read($0, api: .chatCompletions) }
        #expect(facts.error?.message == "overloaded" && facts.error?.code == "503" && facts.answers == nil)
    }

    @Test("an empty error is none", arguments: ["null", "false", "\"\"", "{}", "[]", "0"])
    func emptyError(_ text: String) throws {
        let facts = try Array("{\"choices\":[],\"error\":\(text)}".utf8).withUnsafeBytes { try ReplyFacts.read($0, api: .chatCompletions) }
        #expect(facts.error == nil)
        let chunk = "data: {\"choices\":[{\"delta\":{\"content\":\"x\"},\"finish_reason\":\"stop\"}],\"error\":\(text)}\n\n"
        #expect(Relayed(chunk).end == .complete && Relayed(chunk).text == chunk)
    }

    @Test(
        "what is not a JSON object is malformed",
        arguments: ["", "<html>", "[]", "{\"choices\":[", "{\"choices\":[]} x", "{\"choices\":[{\"a\":01}]}"])
    func malformed(_ text: String) {
        #expect(throws: JSONProblem.self) { try Array(text.utf8).withUnsafeBytes { try ReplyFacts.read($0, api: .chatCompletions) } }
    }

    struct Shape: Sendable {
        var text: String
        var code: String?
        var type: String?
        var message: String?
        init(_ text: String, _ code: String?, _ type: String?, _ message: String?) {
            (self.text, self.code, self.type, self.message) = (text, code, type, message)
        }
    }

    @Test(
        "errors are read in any shape",
        arguments: [
            Shape(#"{"error":{"message":"m","type":"invalid_request_error","param":null,"code":"c"}}"#, "c", "invalid_request_error", "m"),
            Shape(#"{"error":{"message":"m","code":null}}"#, nil, nil, "m"),
            Shape(#"{"error":{"code":400,"message":"m","type":"t"}}"#, "400", "t", "m"),
            Shape(#"{"type":"error","error":{"type":"overloaded_error","message":"m"},"request_id":"r"}"#, nil, "overloaded_error", "m"),
            Shape(#"{"error":{"code":429,"message":"m","status":"RESOURCE_EXHAUSTED","details":[{}]}}"#, "429", "RESOURCE_EXHAUSTED", "m"),
            Shape(#"[{"error":{"code":429,"message":"m","status":"S"}}]"#, "429", "S", "m"), Shape(#"{"message":"m"}"#, nil, nil, "m"),
            Shape(#"{"detail":"m"}"#, nil, nil, "m"),
            Shape(#"{"detail":[{"loc":["body"],"msg":"m","type":"missing"},{"msg":"n"}]}"#, nil, "missing", "m"),
            Shape(#"{"object":"error","message":"m","type":"BadRequestError","code":40001}"#, "40001", "BadRequestError", "m"),
            Shape(#"{"id":"1","message":"m"}"#, nil, nil, "m"), Shape(#"{"code":"c","error":"m"}"#, "c", nil, "m"),
            Shape(#"{"error":"m"}"#, nil, nil, "m"),
            Shape("<html><body>502</body></html>", nil, nil, nil), Shape("", nil, nil, nil), Shape("[]", nil, nil, nil), Shape("{}", nil, nil, nil),
            Shape(" \n<!doctype html>", nil, nil, nil), Shape("\u{1}\u{2}m", nil, nil, nil), Shape(" \n", nil, nil, nil),
            Shape("Failed to read `messages[0]`: ä\r\n", nil, nil, "Failed to read `messages[0]`: ä"), Shape("too many", nil, nil, "too many"),
            Shape("\"m\"", nil, nil, "m"), Shape(#"{"error":{"message":"m","type":"t"},"mo"#, nil, "t", "m"),
            Shape(#"{"error":null,"message":"m"}"#, nil, nil, "m"),
            Shape(#"{"error":{"message":{"detail":"m"}}}"#, nil, nil, "m"),
        ])
    func shapes(_ shape: Shape) {
        let reply = Array(shape.text.utf8).withUnsafeBytes { FaultyReply.read(status: 429, body: $0) }
        #expect(reply.status == 429)
        #expect(reply.code == shape.code && reply.type == shape.type && reply.message == shape.message)
    }

    @Test("deep or long error bodies are bounded")
    func bounded() {
        let deep = String(repeating: "{\"error\":", count: 50_000)
        #expect(Array(deep.utf8).withUnsafeBytes { FaultyReply.read(status: 500, body: $0) }.message == nil)
        let plain = String(repeating: "x", count: 100_000)
        #expect(Array(plain.utf8).withUnsafeBytes { FaultyReply.read(status: 500, body: $0) }.message?.count == 2_048)
        let blank = String(repeating: " ", count: 5_000) + "x"
        #expect(Array(blank.utf8).withUnsafeBytes { FaultyReply.read(status: 500, body: $0) }.message == nil)
        let long = "{\"message\":\"\(String(repeating: "x", count: 100_000))\"}"
        #expect(Array(long.utf8).withUnsafeBytes { FaultyReply.read(status: 500, body: $0) }.message?.count == 2_048)
    }
}

@Suite("Refusals") struct RefusalTests {
    @Test("a refusal is OpenAI's error object")
    func body() {
        let refusal = Refusal(.modelNotFound, "no model \"x\"\n", param: "model", retryAfter: .milliseconds(1_200))
        let expected =
            #"{"error":{"message":"no model \"x\"\n","type":"invalid_request_error","param":"model","code":"model_not_found","request_id":"r-1"}}"#
        #expect(String(decoding: refusal.body(requestID: "r-1"), as: UTF8.self) == expected)
        #expect(refusal.status == 404 && refusal.retryAfterSeconds == 2)
        var out = ByteBuffer()
        refusal.writeEvent(requestID: "r-1", into: &out)
        #expect(String(buffer: out) == "data: \(expected)\n\n")
    }

    @Test(
        "the last fault becomes the status that the client sees; what is the client's own keeps the provider's",
        arguments: [
            (Fault.rateLimit, 422, "rate_limit_exceeded"), (.quotaExceeded, 429, "provider_quota_exceeded"), (.serverError, 502, "provider_error"),
            (.timeout, 504, "timeout"), (.unavailable, 502, "provider_unavailable"), (.auth, 502, "provider_auth_failed"),
            (.notFound, 502, "provider_not_found"), (.contextWindow, 422, "context_length_exceeded"),
            (.contentPolicy, 422, "content_policy_violation"),
            (.badRequest, 422, "provider_rejected"), (.malformedReply, 502, "malformed_reply"), (.cancelled, 502, "provider_unavailable"),
        ])
    func lastFault(_ fault: Fault, _ status: Int, _ code: String) {
        let reply = FaultyReply(status: 422, message: "key sk-123 is wrong")
        let refusal = Refusal(lastFault: fault, of: "openai", reply: reply)
        #expect(refusal.status == status && refusal.code.rawValue == code)
        if fault == .auth || fault == .notFound { #expect(!refusal.message.contains("sk-123")) }
        if refusal.status == 422 { #expect(refusal.message == "key sk-123 is wrong") }
        let bare = Refusal(lastFault: fault, of: "openai", reply: nil)
        #expect(bare.status != 422 && !bare.message.isEmpty)
    }

    @Test("every code has an error status and its own name")
    func codes() {
        #expect(RefusalCode.allCases.allSatisfy { (400...504).contains(Refusal($0, "x").status) })
        #expect(Set(RefusalCode.allCases.map(\.rawValue)).count == RefusalCode.allCases.count)
    }

    @Test("models are listed as OpenAI lists them")
    func models() {
        let entry = ModelsReply.Entry(id: "chat", created: 1_700_000_000)
        let one = #"{"id":"chat","object":"model","created":1700000000,"owned_by":"swiftlet"}"#
        #expect(String(decoding: ModelsReply.one(entry), as: UTF8.self) == one)
        #expect(String(decoding: ModelsReply.list([entry, entry]), as: UTF8.self) == "{\"object\":\"list\",\"data\":[\(one),\(one)]}")
        #expect(String(decoding: ModelsReply.list([]), as: UTF8.self) == #"{"object":"list","data":[]}"#)
    }
}
