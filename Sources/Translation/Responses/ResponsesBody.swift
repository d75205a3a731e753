import Wire

/// Changes to response objects that are kept.
public enum ResponsesBody {
    /// The object with members of its top level set to other JSON values; those it lacks are added.
    public static func setting(_ members: [(name: String, value: [UInt8])], in body: [UInt8]) -> [UInt8] {
        var json = JSONWriter(capacity: body.count + 128)
        var left = members
        body.withUnsafeBytes { raw in
            var scanner = JSONScanner(raw)
            json.beginObject()
            do throws(JSONProblem) {
                try scanner.enterObject()
                while let name = try scanner.nextKey() {
                    let text = scanner.decoded(name)
                    let value = try scanner.skip()
                    json.key(text)
                    if let at = left.firstIndex(where: { $0.name == text }) {
                        left.remove(at: at).value.withUnsafeBytes { json.raw($0) }
                    } else {
                        json.raw(value.of(raw))
                    }
                }
            } catch {
                // A response object has been read before it is changed.
            }
        }
        for (name, value) in left {
            json.key(name)
            value.withUnsafeBytes { json.raw($0) }
        }
        json.endObject()
        return json.bytes
    }

    /// What is told of a response that has not begun, or whose request goes on: all of it but the answer.
    public static func begun(
        _ request: [UInt8], id: String, status: String, previous: String?, unixSeconds: Int64
    ) throws(Malformed) -> [UInt8] {
        try request.withUnsafeBufferPointer { bytes throws(Malformed) in
            let raw = UnsafeRawBufferPointer(bytes)
            let conversation = try OpenAIResponsesRequestReader.read(raw)
            conversation.responses?.background = true
            conversation.responses?.previousResponseID = previous.map { conversation.keep($0) }
            let model = try ResponsesRequest.read(raw).model
            var json = JSONWriter(capacity: 1_024)
            json.beginObject()
            json.member("id", id)
            json.member("object", "response")
            json.member("created_at", unixSeconds)
            json.member("status", status)
            for name in ["completed_at", "error", "incomplete_details", "usage"] {
                json.key(name)
                json.null()
            }
            json.key("model")
            if let model { json.raw(model.of(raw)) } else { json.string("") }
            json.key("output")
            json.raw("[]")
            json.beginRaw()
            OpenAIResponsesEcho.of(conversation).members.withUnsafeBytes { json.appendRaw($0) }
            json.member("service_tier", "default")
            json.endObject()
            return json.bytes
        }
    }

    /// The response as one that failed.
    public static func failed(_ body: [UInt8], code: String, message: String) -> [UInt8] {
        var error = JSONWriter()
        error.object { json in
            json.member("code", code)
            json.member("message", message)
        }
        return setting([("status", Array("\"failed\"".utf8)), ("error", error.bytes)], in: body)
    }

    public static func isBackground(_ body: [UInt8]) -> Bool {
        body.withUnsafeBytes { raw in
            guard let request = try? ResponsesRequest.read(raw) else { return false }  // no JSON: no response
            return request.background
        }
    }

    /// Its `id` and `status`; nil where it is no response object.
    public static func facts(of body: [UInt8]) -> (id: String, status: String)? {
        body.withUnsafeBytes { raw in
            guard let fields = try? ResponseFields.read(raw), let id = fields.id else { return nil }  // no JSON: no response
            return (TextSlice(id, of: raw).string, fields.status.map { TextSlice($0, of: raw).string } ?? "completed")
        }
    }

    /// The value of `response` in the data of a stream's last event. Nil: the event ends nothing.
    public static func last(in data: UnsafeRawBufferPointer) -> [UInt8]? {
        guard let fields = try? EventFields.read(data), let type = fields.type, let response = fields.response else { return nil }  // as above
        let word = TextSlice(type, of: data)
        guard word.says("response.completed") || word.says("response.incomplete") || word.says("response.failed") else { return nil }
        return Array(response.of(data))
    }

    /// A stream that tells a stored response again, as it might have come.
    public static func replay(_ body: [UInt8], model: String, unixSeconds: Int64) -> [UInt8]? {
        var context = ReplyContext(isStream: true, requestID: "replay", unixSeconds: unixSeconds, model: model)
        context.responseID = facts(of: body)?.id
        context.echo.members = echo(of: body)
        context.origin = .openai
        let writer = OpenAIResponsesReplyWriter(context)
        let reader = OpenAIResponsesReplyReader(context)
        do throws(JSONProblem) {
            try body.withUnsafeBufferPointer { bytes throws(JSONProblem) in
                try reader.read(whole: UnsafeRawBufferPointer(bytes), to: writer)
            }
        } catch { return nil }
        writer.end()
        return writer.output.bytes
    }

    /// What the object repeats of its request: every member that is not the answer's own.
    private static func echo(of body: [UInt8]) -> [UInt8] {
        let own: Set = [
            "id", "object", "created_at", "status", "completed_at", "error", "incomplete_details", "model", "output", "service_tier", "usage",
        ]
        var json = JSONWriter(capacity: 1_024)
        body.withUnsafeBytes { raw in
            var scanner = JSONScanner(raw)
            do throws(JSONProblem) {
                try scanner.enterObject()
                while let name = try scanner.nextKey() {
                    let text = scanner.decoded(name)
                    let value = try scanner.skip()
                    if own.contains(text) { continue }
                    json.key(text)
                    json.raw(value.of(raw))
                }
            } catch {
                // As above.
            }
        }
        return json.bytes
    }
}
