import Routing
import Wire

/// Cohere's chat API, version 2. Only providers are asked it (docs.cohere.com/reference/chat, read 2026-11).
struct CohereChat: Dialect {
    func read(_ body: UnsafeRawBufferPointer, _ call: Call) throws(Malformed) -> Conversation {
        throw Malformed(offset: 0, message: "this API is asked of providers only")
    }

    func write(_ conversation: Conversation, to target: TranslationTarget, loss: inout Loss) throws(Malformed) -> [UInt8] {
        var writer = CohereRequestWriter(conversation, target, loss)
        try writer.write()
        loss = writer.loss
        return writer.json.bytes
    }

    func replyReader(_ context: ReplyContext) -> any ReplyReader { CohereReplyReader(context) }

    func replyWriter(_ context: ReplyContext) -> any ReplyWriter {
        preconditionFailure("no client asks this API: `API.isAsked` is false for it")
    }

    func body(of refusal: Refusal, requestID: String) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { object in
            object.member("id", requestID)
            object.member("message", refusal.message)
        }
        return writer.bytes
    }
}
