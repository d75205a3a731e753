import Routing
import Translation
import Wire

/// Requests and answers for `swiftlet bench translation`: said once, written in each dialect by its own writer.
struct TranslationSample {
    let api: API
    /// A chat of 1 KB, and one of 200 KB with tools, calls and results.
    let small: [UInt8]
    let long: [UInt8]
    /// A whole answer of 1 KB.
    let reply: [UInt8]
    /// A stream: what begins it, one event of text, what ends it.
    let begin: [UInt8]
    let event: [UInt8]
    let end: [UInt8]

    static let clients: [API] = [.chatCompletions, .responses, .messages, .generateContent, .converse]
    static let providers: [API] = clients + [.cohereChat]

    init(_ api: API) throws(Malformed) {
        self.api = api
        small = try Self.request(Self.smallChat, in: api)
        long = try Self.request(Self.longChat, in: api)
        let (text, word) = (Self.text(of: 700), " about that,")
        guard let dialect = api.dialect, api.isAsked else {
            reply = Self.cohereReply(text)
            (begin, event, end) = Self.cohereStream(word)
            return
        }
        let kept = Conversation()
        let whole = dialect.replyWriter(Self.context(isStream: false))
        for event in Self.answer(text, kept) { whole.write(event) }
        whole.end()
        reply = whole.output.bytes
        let stream = dialect.replyWriter(Self.context(isStream: true))
        var written: [[UInt8]] = []
        for event in Self.answer(word, kept) {
            stream.write(event)
            written.append(stream.output.bytes)
            stream.output.clear()
        }
        stream.end()
        (begin, event, end) = (written[0] + written[1], written[2], written[3...].flatMap { $0 } + stream.output.bytes)
    }

    static func context(isStream: Bool) -> ReplyContext {
        ReplyContext(isStream: isStream, requestID: "01K0000000000000000000000", unixSeconds: 1_790_000_000, model: "model-1")
    }

    static let target = TranslationTarget(model: "model-1", maxOutputTokens: 8_192, provider: "bench")

    // MARK: Requests

    private static func request(_ chat: String, in api: API) throws(Malformed) -> [UInt8] {
        let body = Array(chat.utf8)
        guard api != .chatCompletions, let source = API.chatCompletions.dialect, let dialect = api.dialect else { return body }
        var loss = Loss()
        return try body.withUnsafeBufferPointer { bytes throws(Malformed) in
            let raw = UnsafeRawBufferPointer(bytes)
            return try dialect.write(try source.read(raw, Call(api: .chatCompletions)), to: target, loss: &loss)
        }
    }

    /// The inside of a JSON string with as many escapes as prose with some code has.
    private static func text(of count: Int) -> String {
        let line = #"The router asks \"who may serve this?\" and then picks one of those:\n    let picked = candidates[0]\n"#
        return String(String(repeating: line, count: count / line.utf8.count + 1).prefix(count / line.utf8.count * line.utf8.count))
    }

    private static let smallChat = """
        {"model":"model-1","messages":[{"role":"system","content":"You answer in two sentences."},\
        {"role":"user","content":"\(text(of: 400))"},{"role":"assistant","content":"\(text(of: 200))"},\
        {"role":"user","content":"And why is that?"}],"temperature":0.2,"max_tokens":512,"stop":["END"]}
        """

    /// Sixteen tools; sixty turns of a question, a call, its result and an answer.
    private static let longChat: String = {
        let tools = (0..<16).map { number in
            """
            {"type":"function","function":{"name":"tool_\(number)","description":"\(text(of: 300))","parameters":\
            {"type":"object","properties":{"path":{"type":"string"},"line":{"type":"integer"}},"required":["path"]}}}
            """
        }
        let turns = (0..<60).map { number in
            """
            {"role":"user","content":"\(text(of: 700))"},\
            {"role":"assistant","content":"I will look.","tool_calls":[{"id":"call_\(number)","type":"function",\
            "function":{"name":"tool_\(number % 16)","arguments":"{\\"path\\":\\"Sources/main.swift\\",\\"line\\":\(number)}"}}]},\
            {"role":"tool","tool_call_id":"call_\(number)","content":"\(text(of: 1_700))"},\
            {"role":"assistant","content":"\(text(of: 500))"}
            """
        }
        return """
            {"model":"model-1","messages":[{"role":"system","content":"\(text(of: 2_000))"},\(turns.joined(separator: ",")),\
            {"role":"user","content":"Go on."}],"tools":[\(tools.joined(separator: ","))],"temperature":0.2,"max_tokens":4096}
            """
    }()

    // MARK: Answers

    /// `text`: the inside of a JSON string.
    private static func answer(_ text: String, _ kept: Conversation) -> [ReplyEvent] {
        var usage = Usage()
        (usage.input, usage.cachedInput, usage.output) = (300, 40, 250)
        return [
            .began(id: TextSlice("answer-1"), model: TextSlice("model-1"), createdUnixSeconds: 1_790_000_000), .opened(Block(.text)),
            .piece(TextSlice(quoted: kept.keep(text).bytes, hasEscapes: text.utf8.contains(UInt8(ascii: "\\")))), .closed,
            .finished(choice: 0, .stop, stopSequence: nil), .usage(usage),
        ]
    }

    private static let cohereUsage =
        #""usage":{"billed_units":{"input_tokens":300,"output_tokens":250},"tokens":{"input_tokens":340,"output_tokens":250}}"#

    /// Nobody asks us in Cohere's dialect, so we have no writer of its answers.
    private static func cohereReply(_ text: String) -> [UInt8] {
        Array(
            """
            {"id":"answer-1","finish_reason":"COMPLETE","message":{"role":"assistant","content":[{"type":"text","text":"\(text)"}]},\(cohereUsage)}
            """.utf8)
    }

    private static func cohereStream(_ word: String) -> ([UInt8], [UInt8], [UInt8]) {
        func events(_ lines: [String]) -> [UInt8] { lines.flatMap { Array("data: \($0)\n\n".utf8) } }
        return (
            events([
                #"{"id":"answer-1","type":"message-start","delta":{"message":{"role":"assistant","content":[],"tool_plan":"","tool_calls":[]}}}"#,
                #"{"type":"content-start","index":0,"delta":{"message":{"content":{"type":"text","text":""}}}}"#,
            ]), events([#"{"type":"content-delta","index":0,"delta":{"message":{"content":{"text":"\#(word)"}}}}"#]),
            events([
                #"{"type":"content-end","index":0}"#, #"{"type":"message-end","delta":{"finish_reason":"COMPLETE",\#(cohereUsage)}}"#,
            ])
        )
    }
}
