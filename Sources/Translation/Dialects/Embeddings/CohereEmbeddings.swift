import Wire

/// Cohere's `/v2/embed`, here and (without `model`) on Bedrock.
struct CohereEmbeddings: EmbeddingDialect {
    var isOnBedrock = false

    func write(_ request: EmbeddingRequest, to target: TranslationTarget, loss: inout Loss) throws(Malformed) -> [UInt8] {
        try request.limit(96, model: target.model)  // API reference, read 2026-11
        var json = JSONWriter(capacity: 1_024)
        json.beginObject()
        if !isOnBedrock { json.member("model", target.model) }
        json.member("input_type", word: Self.word(request.task))
        json.name("embedding_types")
        json.beginArray()
        json.word("float")
        json.endArray()
        json.member("output_dimension", ifPresent: request.dimensions)
        let hasParts = request.inputs.contains { if case .parts = $0 { true } else { false } }
        if hasParts { json.name("inputs") } else { json.name("texts") }
        json.beginArray()
        for (index, input) in request.inputs.enumerated() {
            if !hasParts {
                json.string(try request.text(index))
                continue
            }
            json.beginObject()
            json.name("content")
            json.beginArray()
            if case .parts(let parts) = input {
                for part in parts { try write(part, index, request, to: &json) }
            } else {
                Self.write(try request.text(index), to: &json)
            }
            json.endArray()
            json.endObject()
        }
        json.endArray()
        json.endObject()
        switch request.task {
        case .similarity?, .questionAnswering?, .factVerification?, .codeQuery?: loss.lose(request.api == .embeddings ? "input_type" : "taskType")
        default: break
        }
        if request.user != nil { loss.lose("user") }
        if request.title != nil { loss.lose("title") }
        for other in request.others { loss.lose(other.name.string) }
        return json.bytes
    }

    private static func write(_ text: TextSlice, to json: inout JSONWriter) {
        json.beginObject()
        json.member("type", word: "text")
        json.member("text", text)
        json.endObject()
    }

    private func write(_ part: Part, _ index: Int, _ request: EmbeddingRequest, to json: inout JSONWriter) throws(Malformed) {
        switch part {
        case .text(let text): Self.write(text.text, to: &json)
        case .media(let media):
            guard media.kind == .image, case .base64(let data) = media.source else { throw request.cannot(index, "text or images in base64") }
            json.beginObject()
            json.member("type", word: "image_url")
            json.name("image_url")
            json.beginObject()
            json.name("url")
            json.beginString()
            json.appendPlain("data:")
            if let type = media.type { json.appendText(type) } else { json.appendPlain("image/jpeg") }
            json.appendPlain(";base64,")
            json.appendText(data)
            json.endString()
            json.endObject()
            json.endObject()
        default: throw request.cannot(index, "text or images in base64")
        }
    }

    /// It must be said. Documents are what is embedded where nobody says otherwise.
    private static func word(_ task: EmbeddingRequest.Task?) -> StaticString {
        switch task {
        case nil, .document?, .similarity?: "search_document"
        case .query?, .questionAnswering?, .factVerification?, .codeQuery?: "search_query"
        case .classification?: "classification"
        case .clustering?: "clustering"
        }
    }

    /// Of Cohere's words, and those that providers of OpenAI's dialect use for the same. Nil: unknown.
    static func task(_ word: TextSlice) -> EmbeddingRequest.Task? {
        if StaticString.among(["search_query", "query"], word) { return .query }
        if StaticString.among(["search_document", "document", "passage", "image"], word) { return .document }
        if word.says("classification") { return .classification }
        return word.says("clustering") ? .clustering : nil
    }

    func read(reply body: UnsafeRawBufferPointer) throws(JSONProblem) -> EmbeddingReply {
        let reply = EmbeddingReply()
        var scanner = JSONScanner(body)
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            if scanner.text(name, is: "embeddings") {
                if try scanner.peek() == .array {
                    try vectors(&scanner, of: body, into: reply)
                } else {
                    try scanner.enterObject()
                    while let type = try scanner.nextKey() {
                        if scanner.text(type, is: "float") { try vectors(&scanner, of: body, into: reply) } else { try scanner.skip() }
                    }
                }
            } else if scanner.text(name, is: "meta"), try scanner.peek() == .object {
                try scanner.enterObject()
                while let name = try scanner.nextKey() {
                    if scanner.text(name, is: "billed_units") {
                        var units = CohereTokens()
                        try units.read(&scanner)
                        reply.tokens = units.isKnown || units.image > 0 ? units.input + units.image : nil
                    } else {
                        try scanner.skip()
                    }
                }
            } else {
                try scanner.skip()
            }
        }
        try scanner.finish()
        if reply.vectors.isEmpty { throw JSONProblem(.kind, at: 0) }
        return reply
    }

    private func vectors(_ scanner: inout JSONScanner, of body: UnsafeRawBufferPointer, into reply: EmbeddingReply) throws(JSONProblem) {
        try scanner.enterArray()
        while try scanner.nextElement() { reply.vectors.append(try EmbeddingVectors.read(&scanner, of: body)) }
    }
}
