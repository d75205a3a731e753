import Wire

/// Google's `embedContent` (one) and `batchEmbedContents` (many).
struct GeminiEmbeddings: EmbeddingDialect {
    let isBatch: Bool

    // MARK: As client surface

    func read(_ body: UnsafeRawBufferPointer) throws(Malformed) -> EmbeddingRequest {
        let request = EmbeddingRequest(api: isBatch ? .batchEmbedContents : .embedContent)
        var reader = SliceReader(body)
        if isBatch {
            try reader.enterObject()
            while let name = try reader.nextKey() {
                guard reader.says(name, "requests") else {
                    if let other = try reader.other(name) { request.others.append(other) }
                    continue
                }
                guard request.inputs.isEmpty else { throw reader.wrong("given once") }
                try reader.enterArray()
                while try reader.nextElement() { try one(&reader, request) }
            }
        } else {
            try one(&reader, request)
        }
        try reader.finish()
        let member = request.inputMember
        if request.inputs.isEmpty { throw Malformed(offset: body.count, message: "`\(member)` must be given", member: member) }
        return request
    }

    private func one(_ reader: inout SliceReader, _ request: EmbeddingRequest) throws(Malformed) {
        var input: EmbeddingRequest.Input?
        var settings = Settings()
        let start = reader.scanner.offset
        try reader.enterObject()
        while let name = try reader.nextKey() {
            if reader.says(name, "content") {
                input = try content(&reader, request)
            } else if reader.says(name, "model") {
                try reader.skip()
            } else if reader.says(name, "embedContentConfig") || reader.says(name, "embed_content_config") {
                try reader.enterObject()
                while let name = try reader.nextKey() {
                    if try !settings.read(name, &reader), let other = try reader.other(name) { request.others.append(other) }
                }
            } else if try !settings.read(name, &reader), let other = try reader.other(name) {
                request.others.append(other)
            }
        }
        guard let input else { throw reader.wrong("an object with `content`", at: start) }
        if !request.inputs.isEmpty {
            let isSame = settings.task == request.task && settings.dimensions?.spells == request.dimensions?.spells
            guard isSame else { throw reader.wrong("of the same `taskType` and `outputDimensionality` as the others", at: start) }
        }
        (request.task, request.dimensions, request.title) = (settings.task, settings.dimensions, settings.title)
        request.inputs.append(input)
    }

    private struct Settings {
        var task: EmbeddingRequest.Task?
        var dimensions: JSONSlice?
        var title: TextSlice?

        /// Whether the member was one of these.
        mutating func read(_ name: JSONText, _ reader: inout SliceReader) throws(Malformed) -> Bool {
            if reader.says(name, "taskType") || reader.says(name, "task_type") {
                let offset = reader.scanner.offset
                if let said = try reader.text(), !said.says("TASK_TYPE_UNSPECIFIED"), !said.says("UNSPECIFIED") {
                    task = EmbeddingRequest.Task(rawValue: said.string.uppercased())
                    if task == nil { throw reader.wrong("a known type of task", at: offset) }
                }
            } else if reader.says(name, "outputDimensionality") || reader.says(name, "output_dimensionality") {
                dimensions = try reader.number()
            } else if reader.says(name, "title") {
                title = try reader.text()
            } else {
                return false
            }
            return true
        }
    }

    /// Read as a message of a conversation is.
    private func content(_ reader: inout SliceReader, _ request: EmbeddingRequest) throws(Malformed) -> EmbeddingRequest.Input {
        let start = reader.scanner.offset
        if try reader.peek() == .string { return .text(try reader.requiredText()) }
        var turns = GeminiRequestReader(reader.body, into: request.kept)
        turns.reader = reader
        var message = Message(.user)
        var results = Message(.tool)
        try turns.content(into: &message, &results)
        reader = turns.reader
        guard !message.parts.isEmpty, results.parts.isEmpty else { throw reader.wrong("an object with `parts`", at: start) }
        if message.parts.count == 1, case .text(let text) = message.parts[0] { return .text(text.text) }
        return .parts(message.parts)
    }

    func write(_ reply: EmbeddingReply, for request: EmbeddingRequest, _ context: ReplyContext) -> [UInt8] {
        var json = JSONWriter(capacity: 16_384)
        json.beginObject()
        if isBatch {
            json.name("embeddings")
            json.beginArray()
            for vector in reply.vectors { write(vector, to: &json) }
            json.endArray()
        } else if let vector = reply.vectors.first {
            json.name("embedding")
            write(vector, to: &json)
        }
        if let tokens = reply.tokens {
            json.name("usageMetadata")
            json.beginObject()
            json.member("promptTokenCount", tokens)
            json.member("totalTokenCount", tokens)
            json.endObject()
        }
        json.endObject()
        return json.bytes
    }

    private func write(_ vector: EmbeddingReply.Vector, to json: inout JSONWriter) {
        json.beginObject()
        json.name("values")
        json.numbers(vector)
        json.endObject()
    }

    // MARK: As provider

    func write(_ request: EmbeddingRequest, to target: TranslationTarget, loss: inout Loss) throws(Malformed) -> [UInt8] {
        try request.limit(isBatch ? 100 : 1, model: target.model)  // a batch has at most 100 (Gemini API, read 2026-11)
        var json = JSONWriter(capacity: 1_024)
        if isBatch {
            json.beginObject()
            json.name("requests")
            json.beginArray()
        }
        for index in request.inputs.indices { try write(index, of: request, to: target, &json, &loss) }
        if isBatch {
            json.endArray()
            json.endObject()
        }
        if request.user != nil { loss.lose("user") }
        for other in request.others { loss.lose(other.name.string) }
        return json.bytes
    }

    private func write(
        _ index: Int, of request: EmbeddingRequest, to target: TranslationTarget, _ json: inout JSONWriter, _ loss: inout Loss
    ) throws(Malformed) {
        json.beginObject()
        if isBatch { json.member("model", target.model.hasPrefix("models/") ? target.model : "models/\(target.model)") }
        json.name("content")
        if case .parts(let parts) = request.inputs[index] {
            var writer = GeminiRequestWriter(Conversation(), target, loss)
            writer.json = json
            writer.content(of: parts, "\(request.inputMember)[\(index)]")
            (json, loss) = (writer.json, writer.loss)
        } else {
            json.beginObject()
            json.name("parts")
            json.beginArray()
            json.beginObject()
            json.member("text", try request.text(index))
            json.endObject()
            json.endArray()
            json.endObject()
        }
        if let task = request.task { json.member("taskType", task.rawValue) }
        json.member("title", ifPresent: request.title)
        json.member("outputDimensionality", ifPresent: request.dimensions)
        json.endObject()
    }

    func read(reply body: UnsafeRawBufferPointer) throws(JSONProblem) -> EmbeddingReply {
        let reply = EmbeddingReply()
        var scanner = JSONScanner(body)
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            if scanner.text(name, is: "embeddings") {
                try scanner.enterArray()
                while try scanner.nextElement() { try vector(&scanner, of: body, into: reply) }
            } else if scanner.text(name, is: "embedding") {
                try vector(&scanner, of: body, into: reply)
            } else if scanner.text(name, is: "usageMetadata") {
                let place = try scanner.skip()
                var counts = GeminiUsage()
                try counts.read(place.of(body))
                if counts.isKnown { reply.tokens = counts.usage.totalInput }
            } else {
                try scanner.skip()
            }
        }
        try scanner.finish()
        if reply.vectors.isEmpty { throw JSONProblem(.kind, at: 0) }
        return reply
    }

    private func vector(_ scanner: inout JSONScanner, of body: UnsafeRawBufferPointer, into reply: EmbeddingReply) throws(JSONProblem) {
        var found = false
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            if scanner.text(name, is: "values"), !found {
                found = true
                reply.vectors.append(try EmbeddingVectors.read(&scanner, of: body))
            } else {
                try scanner.skip()
            }
        }
        if !found { throw JSONProblem(.kind, at: scanner.offset) }
    }
}
