import Testing
import Translation

@Suite("The most output that a budget lets a provider make")
struct OutputLimitTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var api: API
        var quirks: ChatQuirks = []
        var body: String
        /// Nil: it stays.
        var forced: String?
        var testDescription: String { "\(api) \(body)" }
    }

    static let rows = [
        Row(api: .chatCompletions, body: #"{"model":"m"}"#, forced: #"{"max_completion_tokens":100,"model":"m"}"#),
        Row(api: .chatCompletions, quirks: .maxTokens, body: #"{"model":"m"}"#, forced: #"{"max_tokens":100,"model":"m"}"#),
        Row(api: .chatCompletions, body: #"{}"#, forced: #"{"max_completion_tokens":100}"#),
        Row(api: .chatCompletions, body: #"{"model":"m","max_tokens":100}"#),
        Row(api: .chatCompletions, body: #"{"model":"m","max_tokens":null}"#, forced: #"{"model":"m","max_tokens":100}"#),
        Row(api: .chatCompletions, body: #"{"max_completion_tokens": 101 ,"model":"m"}"#, forced: #"{"max_completion_tokens": 100 ,"model":"m"}"#),
        Row(api: .chatCompletions, body: #"{"max_tokens":1e30}"#, forced: #"{"max_tokens":100}"#),
        Row(api: .chatCompletions, body: #"{"max_tokens":-1}"#, forced: #"{"max_tokens":100}"#),
        Row(api: .chatCompletions, body: #"{"max_tokens":500,"max_completion_tokens":7}"#, forced: #"{"max_tokens":100,"max_completion_tokens":7}"#),
        Row(api: .chatCompletions, body: #"{"max\u005ftokens":500}"#, forced: #"{"max\u005ftokens":100}"#),
        Row(api: .responses, body: #"{"input":"x"}"#, forced: #"{"max_output_tokens":100,"input":"x"}"#),
        Row(api: .messages, body: #"{"max_tokens":4096,"x":1}"#, forced: #"{"max_tokens":100,"x":1}"#),
        Row(api: .messages, body: #"{"max_tokens":4}"#),
        Row(api: .generateContent, body: #"{"contents":[]}"#, forced: #"{"generationConfig":{"maxOutputTokens":100},"contents":[]}"#),
        Row(
            api: .generateContent, body: #"{"generationConfig":{"topK":1},"contents":[]}"#,
            forced: #"{"generationConfig":{"maxOutputTokens":100,"topK":1},"contents":[]}"#),
        Row(api: .generateContent, body: #"{"generationConfig":{}}"#, forced: #"{"generationConfig":{"maxOutputTokens":100}}"#),
        Row(api: .generateContent, body: #"{"generationConfig":null}"#, forced: #"{"generationConfig":{"maxOutputTokens":100}}"#),
        Row(api: .generateContent, body: #"{"generationConfig":{"maxOutputTokens":99}}"#),
        Row(
            api: .generateContent, body: #"{"generation_config":{"max_output_tokens":900}}"#,
            forced: #"{"generation_config":{"max_output_tokens":100}}"#),
        Row(api: .converse, body: #"{"messages":[]}"#, forced: #"{"inferenceConfig":{"maxTokens":100},"messages":[]}"#),
        Row(api: .converse, body: #"{"inferenceConfig":{"maxTokens":1000}}"#, forced: #"{"inferenceConfig":{"maxTokens":100}}"#),
        Row(api: .cohereChat, body: #"{"model":"m"}"#, forced: #"{"max_tokens":100,"model":"m"}"#),
    ]

    @Test("is said in the provider's words, and lowers what is larger", arguments: rows)
    func forced(row: Row) throws {
        let limit = try #require(OutputLimit(row.api, row.quirks))
        let body = Array(row.body.utf8)
        let forced = body.withUnsafeBytes { limit.forced(100, on: $0) }
        #expect(forced.map { String(decoding: $0, as: UTF8.self) } == row.forced)
    }

    @Test("is nothing where nothing is made of tokens", arguments: [API.embeddings, .countTokens, .embedContent, .passThrough])
    func none(api: API) { #expect(OutputLimit(api, []) == nil) }
}
