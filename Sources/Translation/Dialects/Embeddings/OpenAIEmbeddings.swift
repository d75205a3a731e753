import Wire

/// `/v1/embeddings`, as OpenAI and those who follow it have it. `input_type` is what other providers add to it.
struct OpenAIEmbeddings: EmbeddingDialect {
    func read(_ body: UnsafeRawBufferPointer) throws(Malformed) -> EmbeddingRequest {
        let request = EmbeddingRequest(api: .embeddings)
        var reader = SliceReader(body)
        var seen: UInt64 = 0
        try reader.enterObject()
        while let name = try reader.nextKey() {
            if reader.says(name, "input") {
                try reader.once(name, 0, &seen)
                try inputs(&reader, request)
            } else if reader.says(name, "model") {
                try reader.once(name, 1, &seen)
                try reader.skip()
            } else if reader.says(name, "dimensions") {
                request.dimensions = try reader.number()
            } else if reader.says(name, "encoding_format") {
                let offset = reader.scanner.offset
                guard let format = try reader.text() else { continue }
                guard format.says("base64") || format.says("float") else { throw reader.wrong("float or base64", at: offset) }
                request.wantsBase64 = format.says("base64")
            } else if reader.says(name, "user") {
                request.user = try reader.text()
            } else if reader.says(name, "input_type") {
                let offset = reader.scanner.offset
                guard let type = try reader.text() else { continue }
                guard let task = CohereEmbeddings.task(type) else { throw reader.wrong("a known type of input", at: offset) }
                request.task = task
            } else if let other = try reader.other(name) {
                request.others.append(other)
            }
        }
        try reader.finish()
        guard seen & 1 != 0 else { throw Malformed(offset: body.count, message: "`input` must be given", member: "input") }
        return request
    }

    private func inputs(_ reader: inout SliceReader, _ request: EmbeddingRequest) throws(Malformed) {
        if try reader.peek() == .string {
            request.inputs.append(.text(try reader.requiredText()))
            return
        }
        guard try reader.peek() == .array else { throw reader.wrong("a string, a list of strings, or token ids") }
        let list = reader.scanner
        var isTokens = false
        try reader.enterArray()
        while try reader.nextElement() {
            switch try reader.peek() {
            case .string: request.inputs.append(.text(try reader.requiredText()))
            case .number where request.inputs.isEmpty:
                isTokens = true
                try reader.skip()
            case .array: request.inputs.append(.tokens(try reader.skip()))
            default: throw reader.wrong("a string or a list of token ids")
            }
        }
        if isTokens {
            reader.scanner = list
            request.inputs = [.tokens(try reader.skip())]
        }
        if request.inputs.isEmpty { throw Malformed(offset: reader.scanner.offset, message: "`input` must not be empty", member: "input") }
    }

    func write(_ request: EmbeddingRequest, to target: TranslationTarget, loss: inout Loss) throws(Malformed) -> [UInt8] {
        try request.limit(2_048, model: target.model)  // API reference, read 2026-11
        var json = JSONWriter(capacity: 1_024)
        json.beginObject()
        json.member("model", target.model)
        json.name("input")
        json.beginArray()
        for index in request.inputs.indices {
            if case .tokens(let tokens) = request.inputs[index] { json.value(tokens) } else { json.string(try request.text(index)) }
        }
        json.endArray()
        json.member("dimensions", ifPresent: request.dimensions)
        json.member("encoding_format", word: request.wantsBase64 ? "base64" : "float")
        json.member("user", ifPresent: request.user)
        json.endObject()
        if request.task != nil { loss.lose(request.api == .embeddings ? "input_type" : "taskType") }
        if request.title != nil { loss.lose("title") }
        for other in request.others { loss.lose(other.name.string) }
        return json.bytes
    }

    func read(reply body: UnsafeRawBufferPointer) throws(JSONProblem) -> EmbeddingReply {
        let reply = EmbeddingReply()
        var scanner = JSONScanner(body)
        var hasData = false
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            if scanner.text(name, is: "data") {
                hasData = true
                try scanner.enterArray()
                while try scanner.nextElement() { try vector(&scanner, of: body, into: reply) }
            } else if scanner.text(name, is: "model"), try scanner.peek() == .string {
                reply.model = TextSlice(try scanner.string(), of: body)
            } else if scanner.text(name, is: "usage") {
                if let usage = try UsageCounts.read(&scanner) { reply.tokens = usage.usage.totalInput }
            } else {
                try scanner.skip()
            }
        }
        try scanner.finish()
        if !hasData { throw JSONProblem(.kind, at: 0) }
        return reply
    }

    private func vector(_ scanner: inout JSONScanner, of body: UnsafeRawBufferPointer, into reply: EmbeddingReply) throws(JSONProblem) {
        try scanner.enterObject()
        var found = false
        while let name = try scanner.nextKey() {
            guard scanner.text(name, is: "embedding"), !found else {
                try scanner.skip()
                continue
            }
            found = true
            if try scanner.peek() == .string {
                reply.vectors.append(.base64(TextSlice(try scanner.string(), of: body)))
            } else {
                reply.vectors.append(try EmbeddingVectors.read(&scanner, of: body))
            }
        }
        if !found { throw JSONProblem(.kind, at: scanner.offset) }
    }

    func write(_ reply: EmbeddingReply, for request: EmbeddingRequest, _ context: ReplyContext) -> [UInt8] {
        var json = JSONWriter(capacity: 16_384)
        json.beginObject()
        json.member("object", word: "list")
        json.name("data")
        json.beginArray()
        for (index, vector) in reply.vectors.enumerated() {
            json.beginObject()
            json.member("object", word: "embedding")
            json.member("index", index)
            json.name("embedding")
            if request.wantsBase64 { json.base64(vector) } else { json.numbers(vector) }
            json.endObject()
        }
        json.endArray()
        if let model = reply.model { json.member("model", model) } else { json.member("model", context.model) }
        json.name("usage")
        json.beginObject()
        json.member("prompt_tokens", reply.tokens ?? 0)
        json.member("total_tokens", reply.tokens ?? 0)
        json.endObject()
        json.endObject()
        return json.bytes
    }
}
