import Routing
import Wire

/// What both forms of an answer in Anthropic's dialect say, and the words they share.
struct AnthropicMessagesAnswer {
    /// JSON strings with their quotes.
    private(set) var id: [UInt8]
    private(set) var model: [UInt8]
    private let origin: Seal.Origin?
    private let requestID: String
    var usage = Usage()
    private(set) var tier: StaticString?
    private(set) var reason: FinishReason?
    /// With its quotes; empty: none.
    private var stopSequence: [UInt8] = []
    private(set) var calls = 0

    init(_ context: ReplyContext) {
        id = Self.quoted("msg_\(context.requestID)")
        model = Self.quoted(context.model)
        (origin, requestID) = (context.origin, context.requestID)
    }

    private static func quoted(_ text: String) -> [UInt8] {
        var bytes: [UInt8] = []
        JSONWriter.append(text, to: &bytes)
        return bytes
    }

    private static func quoted(_ text: TextSlice) -> [UInt8] {
        var writer = JSONWriter(capacity: text.bytes.count + 2)
        writer.string(text)
        return writer.bytes
    }

    mutating func began(_ id: TextSlice?, _ model: TextSlice?) {
        if let id, !id.isEmpty { self.id = Self.quoted(id) }
        if let model, !model.isEmpty { self.model = Self.quoted(model) }
    }

    mutating func said(_ tier: TextSlice) {
        switch tier.string {
        case "default", "standard", "auto": self.tier = "standard"
        case "priority": self.tier = "priority"
        case "batch": self.tier = "batch"
        default: break
        }
    }

    mutating func finished(_ reason: FinishReason, _ sequence: TextSlice?) {
        self.reason = reason
        stopSequence = sequence.map(Self.quoted) ?? []
    }

    // MARK: Parts of the answer

    /// Up to `content`: `id`, `type`, `role`, `model`.
    func head(into writer: inout JSONWriter) {
        writer.name("id")
        id.withUnsafeBytes { writer.raw($0) }
        writer.member("type", word: "message")
        writer.member("role", word: "assistant")
        writer.name("model")
        model.withUnsafeBytes { writer.raw($0) }
    }

    func ending(into writer: inout JSONWriter, _ loss: inout Loss) {
        writer.name("stop_reason")
        switch reason ?? .stop {
        case .stop:
            if !stopSequence.isEmpty {
                writer.word("stop_sequence")
            } else if calls > 0, reason == nil {
                writer.word("tool_use")
            } else {
                writer.word("end_turn")
            }
        case .length: writer.word("max_tokens")
        case .toolCalls: writer.word("tool_use")
        case .contentFilter, .refusal: writer.word("refusal")
        case .pause: writer.word("pause_turn")
        case .contextFull: writer.word("model_context_window_exceeded")
        case .error, .other:
            loss.lose("finish_reason")
            writer.word("end_turn")
        }
        writer.name("stop_sequence")
        if stopSequence.isEmpty { writer.null() } else { stopSequence.withUnsafeBytes { writer.raw($0) } }
    }

    mutating func call(_ id: TextSlice?, _ name: TextSlice, into writer: inout JSONWriter) {
        writer.member("type", word: "tool_use")
        writer.name("id")
        if let id, !id.isEmpty { writer.string(id) } else { writer.string("toolu_\(requestID)_\(calls)") }
        writer.member("name", name)
        calls += 1
    }

    /// Whether it goes to its issuer's own client and so needs no packing.
    func isBare(_ seal: Seal) -> Bool { seal.origin == .anthropic && seal.kind != .thought }

    /// The text in `signature` or `data`.
    func string(_ seal: Seal, into writer: inout JSONWriter) {
        if isBare(seal) { writer.string(seal.data) } else { writer.string(seal.packed) }
    }

    func redacted(_ seal: Seal, into writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("type", word: "redacted_thinking")
        writer.name("data")
        string(seal, into: &writer)
        writer.endObject()
    }
}
