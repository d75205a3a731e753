import Wire

extension GeminiReplyReader {
    /// Google's `logprobsResult` as OpenAI's `logprobs`: the same numbers, token by token.
    func read(logprobs body: UnsafeRawBufferPointer, _ choice: Int, to writer: any ReplyWriter) throws(JSONProblem) {
        var chosen: [TokenChance] = []
        var top: [[TokenChance]] = []
        var scanner = JSONScanner(body)
        guard try scanner.peek() == .object else { return }
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            if scanner.text(name, is: "chosenCandidates"), try scanner.peek() == .array {
                try Self.tokens(&scanner, of: body, into: &chosen)
            } else if scanner.text(name, is: "topCandidates"), try scanner.peek() == .array {
                try scanner.enterArray()
                while try scanner.nextElement() {
                    var tokens: [TokenChance] = []
                    try scanner.enterObject()
                    while let name = try scanner.nextKey() {
                        if scanner.text(name, is: "candidates"), try scanner.peek() == .array {
                            try Self.tokens(&scanner, of: body, into: &tokens)
                        } else {
                            try scanner.skip()
                        }
                    }
                    top.append(tokens)
                }
            } else {
                try scanner.skip()
            }
        }
        guard !chosen.isEmpty else { return }
        var json = JSONWriter()
        json.beginObject()
        json.name("content")
        json.beginArray()
        for (index, token) in chosen.enumerated() {
            json.beginObject()
            token.write(to: &json)
            json.name("top_logprobs")
            json.beginArray()
            for other in index < top.count ? top[index] : [] {
                json.beginObject()
                other.write(to: &json)
                json.endObject()
            }
            json.endArray()
            json.endObject()
        }
        json.endArray()
        json.endObject()
        json.bytes.withUnsafeBytes { writer.write(.logprobs(choice: choice, JSONSlice($0))) }
    }

    private struct TokenChance {
        var token = TextSlice.empty
        var logarithm: JSONSlice?

        func write(to json: inout JSONWriter) {
            json.member("token", token)
            if let logarithm { json.member("logprob", logarithm) } else { json.member("logprob", 0) }
            json.name("bytes")
            json.null()
        }
    }

    private static func tokens(
        _ scanner: inout JSONScanner, of body: UnsafeRawBufferPointer, into tokens: inout [TokenChance]
    ) throws(JSONProblem) {
        try scanner.enterArray()
        while try scanner.nextElement() {
            var token = TokenChance()
            try scanner.enterObject()
            while let name = try scanner.nextKey() {
                if scanner.text(name, is: "token") {
                    token.token = try scanner.optionalText(of: body) ?? .empty
                } else if scanner.text(name, is: "logProbability"), try scanner.peek() == .number {
                    token.logarithm = JSONSlice(try scanner.skip(), of: body)
                } else {
                    try scanner.skip()
                }
            }
            tokens.append(token)
        }
    }
}

/// OpenAI's `logprobs` as Google's `logprobsResult`.
enum GeminiLogprobs {
    static func write(_ logprobs: JSONSlice) -> [UInt8] {
        var chosen = JSONWriter()
        var top = JSONWriter()
        chosen.beginArray()
        top.beginArray()
        do throws(JSONProblem) { try read(logprobs.bytes, &chosen, &top) } catch { return Array("{}".utf8) }
        chosen.endArray()
        top.endArray()
        var json = JSONWriter()
        json.beginObject()
        json.name("topCandidates")
        top.bytes.withUnsafeBytes { json.raw($0) }
        json.name("chosenCandidates")
        chosen.bytes.withUnsafeBytes { json.raw($0) }
        json.endObject()
        return json.bytes
    }

    private static func read(_ body: UnsafeRawBufferPointer, _ chosen: inout JSONWriter, _ top: inout JSONWriter) throws(JSONProblem) {
        var scanner = JSONScanner(body)
        guard try scanner.peek() == .object else { return }
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            guard scanner.text(name, is: "content"), try scanner.peek() == .array else {
                try scanner.skip()
                continue
            }
            try scanner.enterArray()
            while try scanner.nextElement() { try token(&scanner, of: body, &chosen, &top) }
        }
    }

    private static func token(
        _ scanner: inout JSONScanner, of body: UnsafeRawBufferPointer, _ chosen: inout JSONWriter, _ top: inout JSONWriter
    ) throws(JSONProblem) {
        var others = JSONWriter()
        chosen.beginObject()
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            if scanner.text(name, is: "top_logprobs"), try scanner.peek() == .array {
                var unused = JSONWriter()
                try scanner.enterArray()
                while try scanner.nextElement() { try token(&scanner, of: body, &others, &unused) }
            } else {
                try member(name, &scanner, of: body, to: &chosen)
            }
        }
        chosen.endObject()
        top.beginObject()
        top.name("candidates")
        top.beginArray()
        if !others.bytes.isEmpty { others.bytes.withUnsafeBytes { top.raw($0) } }
        top.endArray()
        top.endObject()
    }

    private static func member(
        _ name: JSONText, _ scanner: inout JSONScanner, of body: UnsafeRawBufferPointer, to json: inout JSONWriter
    ) throws(JSONProblem) {
        if scanner.text(name, is: "token"), try scanner.peek() == .string {
            json.member("token", TextSlice(try scanner.string(), of: body))
        } else if scanner.text(name, is: "logprob"), try scanner.peek() == .number {
            json.member("logProbability", JSONSlice(try scanner.skip(), of: body))
        } else {
            try scanner.skip()
        }
    }
}
