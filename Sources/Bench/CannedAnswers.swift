/// The upstream's answers, made once. They have the shape and size of a large provider's:
/// 1,155 bytes of JSON with usage, or one server-sent event of some 270 bytes per token.
struct CannedAnswers {
    let completion: [UInt8]
    let list: [UInt8]
    let streamHead: [UInt8]
    let event: [UInt8]
    /// The last chunk of a stream, with a usage event and without.
    let endWithUsage: [UInt8]
    let end: [UInt8]

    private static let id = "chatcmpl-9f3b2c1d4e5f60718293a4b5c6d7e8f9"
    private static let model = "mock-large-2026-01-01"
    static let completionBytes = 1_155

    init(chunks: Int) {
        completion = Self.answer(Self.completionBody())
        list = Self.answer(
            #"{"status":"ok","object":"list","data":[{"id":"mock-large","object":"model","created":1760000000,"#
                + #""owned_by":"mock"}],"model_path":"mock-large","served_model_name":"mock-large","tokenizer_path":"","is_generation":true}"#)
        streamHead = Array(
            ("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ncache-control: no-cache\r\n"
                + "transfer-encoding: chunked\r\nx-request-id: req_0123456789abcdef\r\n\r\n").utf8)
        let chunk = #"data: {"id":"\#(Self.id)","object":"chat.completion.chunk","created":1760000000,"model":"\#(Self.model)","#
        event = Self.chunked(
            chunk + #""system_fingerprint":"fp_1234567890","choices":[{"index":0,"delta":{"content":" token"},"#
                + #""logprobs":null,"finish_reason":null}]}"# + "\n\n")
        let usage = chunk + #""choices":[],"usage":{"prompt_tokens":187,"completion_tokens":\#(chunks),"total_tokens":\#(chunks + 187)}}"#
        let done = "data: [DONE]\n\n"
        endWithUsage = Self.chunked(usage + "\n\n" + done) + Array("0\r\n\r\n".utf8)
        end = Self.chunked(done) + Array("0\r\n\r\n".utf8)
    }

    /// Filled with words up to exactly `completionBytes`.
    private static func completionBody() -> String {
        let front =
            #"{"id":"\#(id)","object":"chat.completion","created":1760000000,"model":"\#(model)","#
            + #""choices":[{"index":0,"message":{"role":"assistant","content":""#
        let back =
            #"","refusal":null,"annotations":[]},"logprobs":null,"finish_reason":"stop"}],"#
            + #""usage":{"prompt_tokens":187,"completion_tokens":124,"total_tokens":311,"#
            + #""prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0,"#
            + #""audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}},"#
            + #""service_tier":"default","system_fingerprint":"fp_1234567890"}"#
        let words = "The routing gateway selects a model per request by cost and quality. "
        let room = completionBytes - front.utf8.count - back.utf8.count
        return front + String(String(repeating: words, count: room / words.utf8.count + 1).prefix(room)) + back
    }

    private static func answer(_ body: String) -> [UInt8] {
        let head =
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: \(body.utf8.count)\r\n"
            + "x-request-id: req_0123456789abcdef\r\nopenai-processing-ms: 12\r\n\r\n"
        return Array((head + body).utf8)
    }

    private static func chunked(_ content: String) -> [UInt8] {
        Array("\(String(content.utf8.count, radix: 16))\r\n\(content)\r\n".utf8)
    }
}
