import NIOCore
import Routing
import Translation
import Wire

/// An answer that a route gives instead of a model, in the shape the client asked for: vLLora's `message_mapper`.
struct OwnAnswer {
    let bytes: ByteBuffer

    init(_ text: String, to exchange: Exchange) {
        let request = exchange.request
        let isChat = request.api != .completions
        let streams = request.call.stream
        var body: [UInt8] = []
        if streams {
            body += Self.event {
                Self.write(&$0, exchange, object: isChat ? "chat.completion.chunk" : "text_completion", text, isChat, streams: true)
            }
            body += Array("data: [DONE]\n\n".utf8)
        } else {
            var writer = JSONWriter()
            Self.write(&writer, exchange, object: isChat ? "chat.completion" : "text_completion", text, isChat, streams: false)
            body = writer.bytes
        }
        var out = exchange.loop.takeScratch(capacity: 1024 + body.count)
        out.writeHead(atMost: exchange.namesBound + 256 + body.count) { head in
            head.statusLine(200)
            head.text(streams ? "content-type: text/event-stream\r\n" : "content-type: application/json\r\n")
            head.connection(exchange.client)
            exchange.writeNames(into: &head)
            head.contentLength(body.count)
            body.withUnsafeBytes { head.bytes($0) }
        }
        bytes = out
    }

    private static func event(_ write: (inout JSONWriter) -> Void) -> [UInt8] {
        var writer = JSONWriter()
        write(&writer)
        return Array("data: ".utf8) + writer.bytes + Array("\n\n".utf8)
    }

    private static func write(_ writer: inout JSONWriter, _ exchange: Exchange, object: String, _ text: String, _ isChat: Bool, streams: Bool) {
        writer.object { answer in
            answer.member("id", exchange.id.description)
            answer.member("object", object)
            answer.member("created", exchange.id.unixMilliseconds / 1000)
            answer.member("model", exchange.request.model.name)
            answer.key("choices")
            answer.array { choices in
                choices.object { choice in
                    choice.member("index", 0)
                    if isChat {
                        choice.key(streams ? "delta" : "message")
                        choice.object { message in
                            message.member("role", "assistant")
                            message.member("content", text)
                        }
                    } else {
                        choice.member("text", text)
                    }
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
