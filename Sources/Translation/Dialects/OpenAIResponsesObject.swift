import Routing
import Wire

// The response object, which the first events and the last one hold.
extension OpenAIResponsesReplyWriter {
    func object(_ status: StaticString, _ json: inout JSONWriter) {
        let isDone = !status.equals("in_progress")
        json.beginObject()
        json.member("id", responseID)
        json.member("object", word: "response")
        json.member("created_at", created)
        json.member("status", word: status)
        json.name("completed_at")
        if status.equals("completed") { json.number(max(created, context.unixSeconds)) } else { json.null() }
        json.name("error")
        if let failure, isDone {
            json.beginObject()
            json.member("code", failure.code ?? "server_error")
            json.member("message", failure.message ?? "the provider failed")
            json.endObject()
        } else {
            json.null()
        }
        json.name("incomplete_details")
        if isDone, failure == nil, let reason = finish?.reason {
            json.beginObject()
            json.member("reason", word: reason)
            json.endObject()
        } else {
            json.null()
        }
        json.name("model")
        model.withUnsafeBytes { json.escaping($0) }
        json.name("output")
        json.beginArray()
        if isDone, !items.isEmpty { items.withUnsafeBytes { json.raw($0) } }
        json.endArray()
        json.beginRaw()
        echo.withUnsafeBytes { json.appendRaw($0) }
        json.member("service_tier", tier ?? "default")
        json.name("usage")
        if isDone, let usage { json.responsesUsage(usage) } else { json.null() }
        json.endObject()
    }
}

extension JSONWriter {
    mutating func response(in status: StaticString, _ writer: OpenAIResponsesReplyWriter) {
        name("response")
        writer.object(status, &self)
    }

    mutating func failure(_ failure: FaultyReply) {
        member("code", failure.code ?? "server_error")
        member("message", failure.message ?? "the provider failed")
        name("param")
        null()
    }

    /// OpenAI's arithmetic: cached is part of input, reasoning part of output.
    mutating func responsesUsage(_ usage: Usage) {
        beginObject()
        member("input_tokens", usage.totalInput)
        name("input_tokens_details")
        beginObject()
        member("cached_tokens", usage.cachedInput)
        member("cache_write_tokens", usage.cacheWrite + usage.cacheWriteHour)
        endObject()
        member("output_tokens", usage.totalOutput)
        name("output_tokens_details")
        beginObject()
        member("reasoning_tokens", usage.reasoning)
        endObject()
        member("total_tokens", usage.totalInput &+ usage.totalOutput)
        endObject()
    }
}

extension StaticString {
    func equals(_ other: StaticString) -> Bool {
        UnsafeRawBufferPointer(start: utf8Start, count: utf8CodeUnitCount).says(other)
    }
}
