import Routing
import Wire

/// OpenAI's Responses API (`/v1/responses`), and the Open Responses specification that grew out of it.
public struct OpenAIResponses: Dialect {
    /// Fewer are refused (platform.openai.com, `max_output_tokens`, read 2026-11).
    static let fewestOutputTokens = 16

    public init() {}

    public func read(_ body: UnsafeRawBufferPointer, _ call: Call) throws(Malformed) -> Conversation {
        try OpenAIResponsesRequestReader.read(body)
    }

    public func write(_ conversation: Conversation, to target: TranslationTarget, loss: inout Loss) throws(Malformed) -> [UInt8] {
        var writer = OpenAIResponsesRequestWriter(conversation, target)
        writer.write()
        for path in writer.loss.paths { loss.lose(path) }
        return writer.json.bytes
    }

    public func replyReader(_ context: ReplyContext) -> any ReplyReader { OpenAIResponsesReplyReader(context) }
    public func replyWriter(_ context: ReplyContext) -> any ReplyWriter {
        context.events == .tokenRouter && context.isStream ? TokenRouterEventWriter(context) : OpenAIResponsesReplyWriter(context)
    }
    public func body(of refusal: Refusal, requestID: String) -> [UInt8] { refusal.body(requestID: requestID) }
    public func echo(of conversation: Conversation) -> RequestEcho { OpenAIResponsesEcho.of(conversation) }
}

/// Members of a Responses request that no other dialect has and that its answer repeats.
public struct ResponsesMembers {
    public var instructions: TextSlice?
    /// The values as they stand.
    public var toolChoice: JSONSlice?
    public var truncation: TextSlice?
    public var maxToolCalls: JSONSlice?
    /// Elements of `include`.
    public var include: [TextSlice] = []
    public var previousResponseID: TextSlice?
    public var background = false

    public init() {}
}
