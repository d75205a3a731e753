import NIOCore
import Routing
import Translation
import Wire

/// An answer that a route gives instead of a model, in the shape the client asked for: vLLora's `message_mapper`.
struct OwnAnswer {
    let bytes: ByteBuffer

    init(_ text: String, to exchange: Exchange) {
        let request = exchange.request
        if let dialect = request.api.dialect, request.api.family == .chat {
            self.init(Self.body(text, dialect, exchange), type: Self.type(request), to: exchange)
            return
        }
        var body: [UInt8] = []
        if request.call.stream {
            body = Self.event { Self.write(&$0, exchange, text) } + Array("data: [DONE]\n\n".utf8)
        } else {
            var writer = JSONWriter()
            Self.write(&writer, exchange, text)
            body = writer.bytes
        }
        self.init(body, type: Self.type(request), to: exchange)
    }

    /// Tokens that were counted here.
    init(count: Int64, to exchange: Exchange) {
        let name = exchange.request.api == .generateContentTokens ? "totalTokens" : "input_tokens"
        self.init(Array("{\"\(name)\":\(count)}".utf8), type: "application/json", to: exchange)
    }

    private init(_ body: [UInt8], type: StaticString, to exchange: Exchange) {
        var out = exchange.loop.takeScratch(capacity: 1024 + body.count)
        out.writeHead(atMost: exchange.namesBound + 256 + body.count) { head in
            head.statusLine(200)
            head.text("content-type: ")
            head.text(type)
            head.text("\r\n")
            head.connection(exchange.client)
            exchange.writeNames(into: &head)
            head.contentLength(body.count)
            body.withUnsafeBytes { head.bytes($0) }
        }
        bytes = out
    }

    private static func type(_ request: Admitted) -> StaticString {
        guard request.call.stream else { return "application/json" }
        if request.api == .converse { return "application/vnd.amazon.eventstream" }
        return request.call.framing == .array ? "application/json" : "text/event-stream"
    }

    private static func body(_ text: String, _ dialect: any Dialect, _ exchange: Exchange) -> [UInt8] {
        let call = exchange.request.call
        var context = ReplyContext(
            isStream: call.stream, requestID: exchange.id.description, unixSeconds: exchange.id.unixMilliseconds / 1000,
            model: exchange.request.model.name)
        context.framing = call.framing
        context.wantsUsage = call.asksUsage || exchange.request.api != .chatCompletions
        let writer = dialect.replyWriter(context)
        Array(text.utf8).withUnsafeBytes { bytes in
            writer.write(.began(id: nil, model: nil, createdUnixSeconds: nil))
            writer.write(.opened(Block(.text)))
            writer.write(.piece(TextSlice(plain: bytes)))
            writer.write(.closed)
            writer.write(.finished(choice: 0, .stop, stopSequence: nil))
            writer.write(.usage(Usage()))
        }
        writer.end()
        return writer.output.bytes
    }

    private static func event(_ write: (inout JSONWriter) -> Void) -> [UInt8] {
        var writer = JSONWriter()
        write(&writer)
        return Array("data: ".utf8) + writer.bytes + Array("\n\n".utf8)
    }

    /// OpenAI's older completion.
    private static func write(_ writer: inout JSONWriter, _ exchange: Exchange, _ text: String) {
        writer.object { answer in
            answer.member("id", exchange.id.description)
            answer.member("object", "text_completion")
            answer.member("created", exchange.id.unixMilliseconds / 1000)
            answer.member("model", exchange.request.model.name)
            answer.key("choices")
            answer.array { choices in
                choices.object { choice in
                    choice.member("index", 0)
                    choice.member("text", text)
                    choice.member("finish_reason", "stop")
                }
            }
            answer.key("usage")
            answer.object { usage in
                for name in ["prompt_tokens", "completion_tokens", "total_tokens"] { usage.member(name, 0) }
            }
        }
    }
}
