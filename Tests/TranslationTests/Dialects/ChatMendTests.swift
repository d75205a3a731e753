import Testing
import Wire

@testable import Translation

@Suite("Chat requests that pass to providers with words of their own")
struct ChatMendTests {
    struct Row: CustomTestStringConvertible {
        var quirks: ChatQuirks
        var body: String
        /// Nil: it goes as it is.
        var mended: String?
        var testDescription: String { body }
    }

    static let mistral: ChatQuirks = [
        .maxTokens, .systemRole, .noStreamOptions, .nineCharacterIDs, .randomSeed, .choiceAny, .thinkingParts,
    ]

    static let rows = [
        Row(quirks: mistral, body: #"{"model":"m","messages":[{"role":"user","content":"seed"}],"max_tokens":5}"#),
        Row(quirks: mistral, body: #"{ "max_completion_tokens" : 5 , "seed":1}"#, mended: #"{ "max_tokens" : 5 , "random_seed":1}"#),
        Row(quirks: [.systemRole], body: #"{"max_completion_tokens":5,"seed":1}"#),
        Row(quirks: mistral, body: #"{"max_completion_tokens":5,"max_tokens":4}"#, mended: #"{"max_tokens":4}"#),
        Row(quirks: mistral, body: #"{"max_tokens":4,"max_completion_tokens":5}"#, mended: #"{"max_tokens":4}"#),
        Row(
            quirks: mistral, body: #"{"stream_options":{"include_usage":true}, "max_completion_tokens":5, "max_tokens":4, "n":1}"#,
            mended: #"{"max_tokens":4, "n":1}"#),
        Row(quirks: mistral, body: #"{"stream":true,"stream_options":{}}"#, mended: #"{"stream":true}"#),
        Row(quirks: mistral, body: #"{"stream_options":null}"#, mended: "{}"),
        Row(quirks: mistral, body: #"{"tool_choice":"required"}"#, mended: #"{"tool_choice":"any"}"#),
        Row(quirks: mistral, body: #"{"tool_choice":"auto"}"#),
        Row(
            quirks: [.systemRole], body: #"{"messages":[{"role":"developer","content":"developer"}]}"#,
            mended: #"{"messages":[{"role":"system","content":"developer"}]}"#),
        Row(
            quirks: mistral, body: #"{"messages":[{"reasoning_content":"hm","role":"assistant","content":"a","x":[1]}]}"#,
            mended: #"{"messages":[{"role":"assistant","content":"a","x":[1]}]}"#),
        Row(quirks: mistral, body: #"{"messages":[{"role":"tool","tool_call_id":"abcDEF123"}]}"#),
    ]

    @Test("change in these places only", arguments: rows)
    func mends(row: Row) {
        let mended = Array(row.body.utf8).withUnsafeBytes { ChatMend.mended($0, row.quirks) }
        #expect(mended.map { String(decoding: $0, as: UTF8.self) } == row.mended)
    }

    @Test("What has to change is noted when a request is read, and in most requests nothing is", arguments: rows)
    func noted(row: Row) throws {
        let quirks = try Array(row.body.utf8).withUnsafeBytes { try Call.read($0, api: .chatCompletions).quirks }
        if row.mended != nil { #expect(!quirks.isDisjoint(with: row.quirks)) }
        let usual = #"{"model":"m","messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}],"max_tokens":5,"stream":true}"#
        #expect(try Array(usual.utf8).withUnsafeBytes { try Call.read($0, api: .chatCompletions).quirks } == [])
    }

    @Test("An id of another provider's call is the same nine letters in the call and its result")
    func ids() throws {
        let body = """
            {"messages":[{"role":"assistant","tool_calls":[{"id":"toolu_01A","type":"function","function":{"name":"f","arguments":"{}"}}]},\
            {"role":"tool","tool_call_id":"toolu_01A","content":"id"}]}
            """
        let mended = Array(body.utf8).withUnsafeBytes { ChatMend.mended($0, Self.mistral) }
        let text = String(decoding: try #require(mended), as: UTF8.self)
        let ids = text.split(separator: "id\":\"").dropFirst().compactMap { $0.split(separator: "\"").first }
        #expect(ids.count == 2 && ids[0] == ids[1] && ids[0].count == 9, "\(text)")
    }
}

@Suite("Cache writes that are kept for an hour")
struct CacheHourTests {
    static let usage =
        #"{"input_tokens":3,"cache_creation_input_tokens":100,"cache_read_input_tokens":7,"output_tokens":5,"#
        + #""cache_creation":{"ephemeral_5m_input_tokens":40,"ephemeral_1h_input_tokens":60}}"#
    static let converse =
        #"{"inputTokens":3,"outputTokens":5,"totalTokens":115,"cacheReadInputTokens":7,"cacheWriteInputTokens":100,"#
        + #""cacheDetails":[{"ttl":"5m","inputTokens":40},{"ttl":"1h","inputTokens":60}]}"#

    static let replies: [(API, String)] = [
        (.messages, #"{"type":"message","content":[{"type":"text","text":"a"}],"stop_reason":"end_turn","usage":\#(usage)}"#),
        (.converse, #"{"output":{"message":{"content":[{"text":"a"}]}},"stopReason":"end_turn","usage":\#(converse)}"#),
    ]

    @Test("are told apart, and counted with the others where a dialect has one number", arguments: replies.indices)
    func hour(index: Int) throws {
        let (api, reply) = Self.replies[index]
        let recorder = EventRecorder()
        let reader = try #require(api.dialect).replyReader(.test(stream: false))
        _ = Translating.translate(whole: Array(reply.utf8), from: reader, to: recorder)
        let usage = try #require(recorder.usage)
        #expect((usage.input, usage.cachedInput, usage.cacheWrite, usage.cacheWriteHour, usage.output) == (3, 7, 40, 60, 5))
        for (client, told) in [
            (API.chatCompletions, ["\"prompt_tokens\":110", "\"cache_write_tokens\":100"]),
            (.responses, ["\"input_tokens\":110", "\"cache_write_tokens\":100"]),
            (.messages, ["\"cache_creation_input_tokens\":100", "\"ephemeral_5m_input_tokens\":40,\"ephemeral_1h_input_tokens\":60"]),
            (.generateContent, ["\"promptTokenCount\":110"]),
            (.converse, ["\"cacheWriteInputTokens\":100", "{\"inputTokens\":60,\"ttl\":\"1h\"}", "\"totalTokens\":115"]),
        ] {
            let reader = try #require(api.dialect).replyReader(.test(stream: false))
            let writer = try #require(client.dialect).replyWriter(.test(stream: false))
            let text = String(decoding: Translating.translate(whole: Array(reply.utf8), from: reader, to: writer), as: UTF8.self)
            for part in told { #expect(text.contains(part), "\(client.name): \(text)") }
        }
    }
}
