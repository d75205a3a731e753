import Routing
import Wire

/// Writes a stream with the event names of TokenRouter's documentation: `metadata`, `message.start`, `content.delta`, `usage`,
/// `message.end`, `done` (docs.tokenrouter.io, streaming, read 2026-11). Calls of tools come whole, as `tool_call`.
final class TokenRouterEventWriter: ReplyWriter {
    var output = JSONWriter(capacity: 1_024)
    private(set) var loss = Loss()
    private let context: ReplyContext
    private var hasBegun = false
    private var block: Block.Kind?
    private var call: (id: String, name: String, arguments: [UInt8])?
    private var calls = 0
    private var usage: Usage?
    private var reason: String?
    private var isOver = false

    init(_ context: ReplyContext) { self.context = context }

    func write(_ event: ReplyEvent) {
        guard !isOver else { return }
        switch event {
        case .began(_, let model, _): begin(model)
        case .opened(let opened): open(opened)
        case .piece(let text): piece(text)
        case .closed: close()
        case .finished(let choice, let reason, _): if choice == 0 { self.reason = Self.word(reason) }
        case .usage(let usage): self.usage = usage
        case .citation: loss.lose("annotations")
        case .logprobs: loss.lose("logprobs")
        case .seal, .tier: break
        case .failed(let reply): fail(reply)
        }
    }

    func end() {
        guard !isOver else { return }
        guard let reason else {
            return fail(FaultyReply(status: 502, code: "server_error", message: "the answer broke off before its end"))
        }
        if context.wantsUsage, let usage {
            event("usage") { json in
                json.member("input_tokens", usage.totalInput)
                json.member("output_tokens", usage.totalOutput)
                json.member("total_tokens", usage.totalInput &+ usage.totalOutput)
            }
        }
        event("message.end") { $0.member("finish_reason", reason) }
        event("done") { _ in }
        isOver = true
    }

    private func begin(_ model: TextSlice?) {
        guard !hasBegun else { return }
        hasBegun = true
        event("metadata") { json in
            json.member("provider", self.context.provider)
            json.name("model")
            if let model { json.string(model) } else { json.string(self.context.model) }
            json.member("request_id", self.context.requestID)
        }
        event("message.start") { json in
            json.member("id", "resp_" + self.context.requestID)
            json.member("role", word: "assistant")
        }
    }

    private func open(_ opened: Block) {
        if !hasBegun { begin(nil) }
        block = opened.choice == 0 ? opened.kind : nil
        switch block {
        case .toolCall(let id, let name): call = (id?.string ?? "call_\(context.requestID)_\(calls)", name.string, [])
        case .media, .native: loss.lose("output")
        case nil: loss.lose("choices[\(opened.choice)]")
        default: break
        }
    }

    private func piece(_ text: TextSlice) {
        switch block {
        case .text, .refusal: delta("text", text)
        case .reasoning: delta("reasoning", text)
        case .toolCall: text.decode { call?.arguments.append($0) }
        default: break
        }
    }

    private func delta(_ name: StaticString, _ text: TextSlice) {
        event("content.delta") { json in
            json.name("delta")
            json.beginObject()
            json.member(name, text)
            json.endObject()
        }
    }

    private func close() {
        block = nil
        guard let call else { return }
        self.call = nil
        calls += 1
        event("tool_call") { json in
            json.member("id", call.id)
            json.member("name", call.name)
            json.name("arguments")
            if call.arguments.isEmpty { json.word("{}") } else { call.arguments.withUnsafeBytes { json.escaping($0) } }
        }
    }

    private func fail(_ reply: FaultyReply) {
        isOver = true
        event("error") { json in
            json.name("error")
            json.beginObject()
            json.member("type", reply.type ?? "server_error")
            json.member("code", orNull: reply.code)
            json.member("message", reply.message ?? "the provider failed")
            json.endObject()
        }
    }

    private func event(_ name: StaticString, _ members: (inout JSONWriter) -> Void) {
        output.framing("event: ")
        output.framing(name)
        output.framing("\ndata: ")
        output.beginObject()
        members(&output)
        output.endObject()
        output.framing("\n\n")
    }

    private static func word(_ reason: FinishReason) -> String {
        switch reason {
        case .stop, .pause: "stop"
        case .length, .contextFull: "length"
        case .toolCalls: "tool_calls"
        case .contentFilter: "content_filter"
        case .refusal: "refusal"
        case .error: "error"
        case .other(let word): word
        }
    }
}
