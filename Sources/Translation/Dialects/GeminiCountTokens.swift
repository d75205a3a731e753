import Routing
import Wire

/// `countTokens`: a request like any other, answered with a number.
struct GeminiCountTokens: Dialect {
    func read(_ body: UnsafeRawBufferPointer, _ call: Call) throws(Malformed) -> Conversation {
        let conversation = Conversation()
        var reader = GeminiRequestReader(body, into: conversation)
        try reader.read(isCount: true)
        return conversation
    }

    func write(_ conversation: Conversation, to target: TranslationTarget, loss: inout Loss) throws(Malformed) -> [UInt8] {
        var writer = GeminiRequestWriter(conversation, target, loss)
        try writer.writeCount()
        loss = writer.loss
        return writer.json.bytes
    }

    func replyReader(_ context: ReplyContext) -> any ReplyReader { GeminiCountReader() }
    func replyWriter(_ context: ReplyContext) -> any ReplyWriter { GeminiCountWriter() }
    func body(of refusal: Refusal, requestID: String) -> [UInt8] { GenerateContent().body(of: refusal, requestID: requestID) }
}

/// `{"totalTokens": 42}` as usage of that much input.
private final class GeminiCountReader: ReplyReader {
    let framing = Framing.events

    func read(whole body: UnsafeRawBufferPointer, to writer: any ReplyWriter) throws(JSONProblem) {
        var scanner = JSONScanner(body)
        var counted: Int64?
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            if scanner.text(name, is: "totalTokens"), try scanner.peek() == .number {
                counted = min(max(try scanner.number().integer, 0), UsageCounts.absurd)
            } else {
                try scanner.skip()
            }
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

private final class GeminiCountWriter: ReplyWriter {
    var output = JSONWriter()
    let loss = Loss()
    private var usage = Usage()

    func write(_ event: ReplyEvent) { if case .usage(let usage) = event { self.usage = usage } }

    func end() {
        output.beginObject()
        output.member("totalTokens", usage.totalInput)
        output.endObject()
    }
}
