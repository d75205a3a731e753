import Translation
import Wire

/// The JSON that OpenAI's API would answer.
struct MockBodies {
    /// Nothing depends on the clock.
    static let created = 1_760_000_000

    let request: MockRequest
    let behaviour: MockBehaviour
    let fault: MockFault?
    let number: Int

    var id: String { (request.asked == .chat ? "chatcmpl-mock-" : "cmpl-mock-") + "\(number)" }

    private var words: [Substring] { behaviour.text.split(separator: " ") }
    private var wanted: Int { max(0, behaviour.tokens ?? words.count) }

    var tokens: Int { min(wanted, max(0, request.maxTokens ?? .max)) }

    var finishReason: String {
        if fault?.kind == .contentFilter { return "content_filter" }
        return tokens < wanted ? "length" : "stop"
    }

    /// The text of token `index`.
    func token(_ index: Int, _ words: [Substring]) -> String {
        guard !words.isEmpty else { return "" }
        return (index == 0 ? "" : " ") + words[index % words.count]
    }

    /// Nil: the fault is that there is none.
    func usage(completion: Int) -> String? {
        let prompt = request.promptTokens
        let (first, second): (String, String)
        switch fault?.kind {
        case .noUsage: return nil
        case .zeroUsage: (first, second) = ("0", "0")
        case .negativeUsage: (first, second) = ("-\(prompt)", "-\(completion)")
        case .hugeUsage: (first, second) = ("9223372036854775808", "1e300")
        default:
            let counts = #""prompt_tokens":\#(prompt),"completion_tokens":\#(completion),"total_tokens":\#(prompt + completion)"#
            return request.asked == .embeddings ? #"{"prompt_tokens":\#(prompt),"total_tokens":\#(prompt)}"# : "{\(counts)}"
        }
        return #"{"prompt_tokens":\#(first),"completion_tokens":\#(second),"total_tokens":\#(first)}"#
    }

    func whole() -> String {
        switch request.asked {
        case .chat, .completions: return answer()
        case .embeddings: return embeddings()
        case .models: return #"{"object":"list","data":[\#(behaviour.models.map(model).joined(separator: ","))]}"#
        case .model(let name):
            return behaviour.models.contains(name)
                ? model(name) : Self.error("no model \(name)", type: "invalid_request_error", code: "model_not_found")
        case .unknown: return Self.error("no such path", type: "invalid_request_error", code: "not_found")
        }
    }

    private func answer() -> String {
        let words = words
        let text = Self.quoted((0..<tokens).map { token($0, words) }.joined())
        let content = request.asked == .chat ? #""message":{"role":"assistant","content":\#(text)}"# : #""text":\#(text)"#
        let usage = usage(completion: tokens).map { #","usage":\#($0)"# } ?? ""
        let twice = fault?.kind == .doubleUsage ? usage : ""
        return #"{"id":"\#(id)","object":"\#(request.asked == .chat ? "chat.completion" : "text_completion")","created":\#(Self.created),"#
            + #""model":\#(Self.quoted(request.model)),"choices":[{"index":0,\#(content),"finish_reason":"\#(finishReason)"}]\#(usage)\#(twice)}"#
    }

    private func embeddings() -> String {
        let dimensions = max(1, min(request.dimensions ?? behaviour.dimensions, 8192))
        let rows = request.inputs.enumerated().map { index, seed in
            let vector = MockEmbedding.vector(seed: seed, dimensions: dimensions)
            return #"{"object":"embedding","index":\#(index),"embedding":\#(MockEmbedding.json(vector, base64: request.base64))}"#
        }
        let usage = usage(completion: 0).map { #","usage":\#($0)"# } ?? ""
        return #"{"object":"list","data":[\#(rows.joined(separator: ","))],"model":\#(Self.quoted(request.model))\#(usage)}"#
    }

    private func model(_ name: String) -> String {
        #"{"id":\#(Self.quoted(name)),"object":"model","created":\#(Self.created),"owned_by":"mock"}"#
    }

    /// One event of a stream; `text` nil: the first, which has only the role, or the last, which has the reason.
    func chunk(text: String?, finish: String? = nil) -> String {
        let isChat = request.asked == .chat
        let delta: String
        switch (isChat, text) {
        case (true, let text?): delta = #""delta":{"content":\#(Self.quoted(text))}"#
        case (true, nil): delta = finish == nil ? #""delta":{"role":"assistant","content":""}"# : #""delta":{}"#
        case (false, let text): delta = #""text":\#(Self.quoted(text ?? ""))"#
        }
        let reason = finish.map { "\"\($0)\"" } ?? "null"
        return chunk(choices: #"[{"index":0,\#(delta),"finish_reason":\#(reason)}]"#, usage: request.includeUsage ? "null" : nil)
    }

    func usageChunk(completion: Int) -> String? {
        usage(completion: completion).map { chunk(choices: "[]", usage: $0) }
    }

    private func chunk(choices: String, usage: String?) -> String {
        let object = request.asked == .chat ? "chat.completion.chunk" : "text_completion"
        return #"{"id":"\#(id)","object":"\#(object)","created":\#(Self.created),"model":\#(Self.quoted(request.model)),"#
            + #""choices":\#(choices)\#(usage.map { #","usage":\#($0)"# } ?? "")}"#
    }

    static func error(_ message: String, type: String, code: String?) -> String {
        #"{"error":{"message":\#(quoted(message)),"type":"\#(type)","param":null,"code":\#(code.map(quoted) ?? "null")}}"#
    }

    static func quoted(_ text: String) -> String {
        var bytes: [UInt8] = []
        JSONWriter.append(text, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}
