import Routing
import Wire

/// Anthropic's Messages.
public struct AnthropicMessages: Dialect {
    public init() {}

    public func read(_ body: UnsafeRawBufferPointer, _ call: Call) throws(Malformed) -> Conversation {
        try AnthropicMessagesRequestReader.read(body, api: .messages)
    }

    public func write(_ conversation: Conversation, to target: TranslationTarget, loss: inout Loss) throws(Malformed) -> [UInt8] {
        try AnthropicMessagesRequestWriter.write(conversation, to: target, isCount: false, loss: &loss)
    }

    public func replyReader(_ context: ReplyContext) -> any ReplyReader { AnthropicMessagesReplyReader(context) }

    public func replyWriter(_ context: ReplyContext) -> any ReplyWriter {
        context.isStream ? AnthropicMessagesStreamWriter(context) : AnthropicMessagesWholeWriter(context)
    }

    public func body(of refusal: Refusal, requestID: String) -> [UInt8] { AnthropicError.body(of: refusal, requestID: requestID) }
}

/// `/v1/messages/count_tokens`: a conversation without what only matters to its answer, and a number for a reply.
public struct AnthropicCountTokens: Dialect {
    public init() {}

    public func read(_ body: UnsafeRawBufferPointer, _ call: Call) throws(Malformed) -> Conversation {
        try AnthropicMessagesRequestReader.read(body, api: .messages)
    }

    public func write(_ conversation: Conversation, to target: TranslationTarget, loss: inout Loss) throws(Malformed) -> [UInt8] {
        try AnthropicMessagesRequestWriter.write(conversation, to: target, isCount: true, loss: &loss)
    }

    public func replyReader(_ context: ReplyContext) -> any ReplyReader { AnthropicCountReader() }
    public func replyWriter(_ context: ReplyContext) -> any ReplyWriter { AnthropicCountWriter() }
    public func body(of refusal: Refusal, requestID: String) -> [UInt8] { AnthropicError.body(of: refusal, requestID: requestID) }
}

/// `{"input_tokens": 42}` as usage of that much input.
private final class AnthropicCountReader: ReplyReader {
    func read(whole body: UnsafeRawBufferPointer, to writer: any ReplyWriter) throws(JSONProblem) {
        var scanner = JSONScanner(body)
        var counted: Int64?
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            if scanner.text(name, is: "input_tokens") { counted = try scanner.number().integer } else { try scanner.skip() }
        }
        try scanner.finish()
        guard let counted else { throw JSONProblem(.kind, at: 0) }
        var usage = Usage()
        usage.input = counted
        writer.write(.usage(usage))
    }

    func read(event name: UnsafeRawBufferPointer, data: UnsafeRawBufferPointer, to writer: any ReplyWriter) throws(JSONProblem) {
        throw JSONProblem(.kind, at: 0)
    }

    func end(to writer: any ReplyWriter) -> Bool { true }
}

private final class AnthropicCountWriter: ReplyWriter {
    var output = JSONWriter()
    let loss = Loss()
    private var usage = Usage()

    func write(_ event: ReplyEvent) { if case .usage(let usage) = event { self.usage = usage } }

    func end() {
        output.beginObject()
        output.name("input_tokens")
        output.number(usage.totalInput)
        output.endObject()
    }
}
