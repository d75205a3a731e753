import Routing
import Wire

/// Bedrock's Converse and ConverseStream.
public struct BedrockConverse: Dialect {
    public init() {}

    public func read(_ body: UnsafeRawBufferPointer, _ call: Call) throws(Malformed) -> Conversation {
        try BedrockConverseRequestReader.read(body, stream: call.stream)
    }

    public func write(_ conversation: Conversation, to target: TranslationTarget, loss: inout Loss) throws(Malformed) -> [UInt8] {
        try BedrockConverseRequestWriter.write(conversation, to: target, loss: &loss)
    }

    public func replyReader(_ context: ReplyContext) -> any ReplyReader { BedrockConverseReplyReader(context) }

    public func replyWriter(_ context: ReplyContext) -> any ReplyWriter {
        context.isStream ? BedrockConverseStreamWriter(context) : BedrockConverseWholeWriter(context)
    }

    /// `API.errorHeader` says what belongs into `x-amzn-errortype` beside it.
    public func body(of refusal: Refusal, requestID: String) -> [UInt8] { BedrockError.body(refusal.message) }
}
