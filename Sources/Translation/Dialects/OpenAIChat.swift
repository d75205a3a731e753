import Wire

/// OpenAI's chat completions, and the many who speak them.
public struct OpenAIChat: Dialect {
    public init() {}

    public func read(_ body: UnsafeRawBufferPointer, _ call: Call) throws(Malformed) -> Conversation {
        try OpenAIChatRequestReader.read(body)
    }

    public func write(_ conversation: Conversation, to target: TranslationTarget, loss: inout Loss) throws(Malformed) -> [UInt8] {
        OpenAIChatRequestWriter.write(conversation, to: target, loss: &loss)
    }

    public func replyReader(_ context: ReplyContext) -> any ReplyReader { OpenAIChatReplyReader(context) }

    public func replyWriter(_ context: ReplyContext) -> any ReplyWriter {
        context.isStream ? OpenAIChatStreamWriter(context) : OpenAIChatWholeWriter(context)
    }

    public func body(of refusal: Refusal, requestID: String) -> [UInt8] { refusal.body(requestID: requestID) }
}
