import Routing
import Wire

/// What both forms of an answer in Bedrock's dialect say, and the words they share.
struct BedrockConverseAnswer {
    private let requestID: String
    var usage = Usage()
    var reason: FinishReason?
    private(set) var calls = 0
    /// An object, e.g. `{"type":"flex"}`.
    private(set) var tier: StaticString?

    init(_ context: ReplyContext) { requestID = context.requestID }

    mutating func said(_ word: TextSlice) {
        switch word.string {
        case "priority": tier = "priority"
        case "flex": tier = "flex"
        case "default", "standard", "auto": tier = "default"
        default: break
        }
    }

    /// `toolUseId` and `name`.
    mutating func call(_ id: TextSlice?, _ name: TextSlice, into writer: inout JSONWriter) {
        writer.name("toolUseId")
        if let id, !id.isEmpty { writer.string(id) } else { writer.string("tooluse_\(requestID)_\(calls)") }
        writer.member("name", name)
        calls += 1
    }

    func stopReason(into writer: inout JSONWriter, _ loss: inout Loss) {
        writer.name("stopReason")
        switch reason {
        case .stop: writer.word("end_turn")
        case nil: if calls > 0 { writer.word("tool_use") } else { writer.word("end_turn") }
        case .length: writer.word("max_tokens")
        case .toolCalls: writer.word("tool_use")
        case .contentFilter, .refusal: writer.word("content_filtered")
        case .contextFull: writer.word("model_context_window_exceeded")
        case .error: writer.word("malformed_model_output")
        case .pause, .other:
            loss.lose("finish_reason")
            writer.word("end_turn")
        }
    }

    /// `usage` and `metrics`. How long it took is not the writer's to know.
    func ending(into writer: inout JSONWriter) {
        writer.name("usage")
        writer.beginObject()
        writer.name("inputTokens")
        writer.number(usage.input + usage.audioInput + usage.imageInput)
        writer.name("outputTokens")
        writer.number(usage.totalOutput)
        writer.name("totalTokens")
        writer.number(usage.totalInput + usage.totalOutput)
        writer.name("cacheReadInputTokens")
        writer.number(usage.cachedInput)
        writer.name("cacheWriteInputTokens")
        writer.number(usage.cacheWrite + usage.cacheWriteHour)
        if usage.cacheWriteHour > 0 {
            writer.name("cacheDetails")
            writer.beginArray()
            for (ttl, tokens) in [("5m", usage.cacheWrite), ("1h", usage.cacheWriteHour)] as [(StaticString, Int64)] where tokens > 0 {
                writer.beginObject()
                writer.name("inputTokens")
                writer.number(tokens)
                writer.member("ttl", word: ttl)
                writer.endObject()
            }
            writer.endArray()
        }
        writer.endObject()
        writer.name("metrics")
        writer.beginObject()
        writer.name("latencyMs")
        writer.number(0)
        writer.endObject()
        guard let tier else { return }
        writer.name("serviceTier")
        writer.beginObject()
        writer.member("type", word: tier)
        writer.endObject()
    }

    /// `{redactedContent}`.
    static func redacted(_ seal: Seal, into writer: inout JSONWriter) {
        writer.beginObject()
        writer.name("redactedContent")
        BedrockSeals.blob(seal, isBare: BedrockSeals.isBare(seal), into: &writer)
        writer.endObject()
    }

    static func signature(_ seal: Seal, into writer: inout JSONWriter) {
        if BedrockSeals.isBare(seal) { writer.string(seal.data) } else { writer.string(seal.packed) }
    }
}
