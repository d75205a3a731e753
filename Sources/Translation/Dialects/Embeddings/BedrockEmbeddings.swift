import Wire

/// Embeddings by Bedrock's InvokeModel, whose bodies are the model's own: Amazon Titan's or Cohere's.
struct BedrockEmbeddings: EmbeddingDialect {
    func write(_ request: EmbeddingRequest, to target: TranslationTarget, loss: inout Loss) throws(Malformed) -> [UInt8] {
        if target.model.contains("cohere.") {
            return try CohereEmbeddings(isOnBedrock: true).write(request, to: target, loss: &loss)
        }
        try request.limit(1, model: target.model)  // Titan embeds one text a call
        var json = JSONWriter(capacity: 1_024)
        json.beginObject()
        let isImage = target.model.contains("titan-embed-image")
        if isImage { try multimodal(request, &json) } else { json.member("inputText", try request.text(0)) }
        if let dimensions = request.dimensions {
            if isImage {
                json.name("embeddingConfig")
                json.beginObject()
                json.member("outputEmbeddingLength", dimensions)
                json.endObject()
            } else if target.model.contains("titan-embed-text-v1") || target.model.contains("titan-embed-g1") {
                loss.lose(request.api == .embeddings ? "dimensions" : "outputDimensionality")  // the first knows 1,536 only
            } else {
                json.member("dimensions", dimensions)
            }
        }
        json.endObject()
        if request.task != nil { loss.lose(request.api == .embeddings ? "input_type" : "taskType") }
        if request.user != nil { loss.lose("user") }
        if request.title != nil { loss.lose("title") }
        for other in request.others { loss.lose(other.name.string) }
        return json.bytes
    }

    /// A text, an image or one of each.
    private func multimodal(_ request: EmbeddingRequest, _ json: inout JSONWriter) throws(Malformed) {
        guard case .parts(let parts) = request.inputs[0] else {
            json.member("inputText", try request.text(0))
            return
        }
        var hasText = false
        var hasImage = false
        for part in parts {
            if case .text(let text) = part, !hasText {
                hasText = true
                json.member("inputText", text.text)
            } else if case .media(let media) = part, case .base64(let data) = media.source, media.kind == .image, !hasImage {
                hasImage = true
                json.member("inputImage", data)
            } else {
                throw request.cannot(0, "a text, an image in base64, or one of each")
            }
        }
    }

    func read(reply body: UnsafeRawBufferPointer) throws(JSONProblem) -> EmbeddingReply {
        let reply = EmbeddingReply()
        var scanner = JSONScanner(body)
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            if scanner.text(name, is: "embedding"), reply.vectors.isEmpty {
                reply.vectors.append(try EmbeddingVectors.read(&scanner, of: body))
            } else if scanner.text(name, is: "embeddings") {
                return try CohereEmbeddings(isOnBedrock: true).read(reply: body)
            } else if scanner.text(name, is: "inputTextTokenCount") {
                reply.tokens = try CohereTokens.count(&scanner)
            } else {
                try scanner.skip()
            }
        }
        try scanner.finish()
        if reply.vectors.isEmpty { throw JSONProblem(.kind, at: 0) }
        return reply
    }
}
