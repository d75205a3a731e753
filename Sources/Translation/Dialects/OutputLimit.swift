import Wire

/// The most tokens that a provider may make for one request, said in its own words: what a budget has reserved is all that it makes.
public struct OutputLimit {
    /// Outer member, where the limit stands in one; then its name.
    private let path: (outer: String?, name: String)
    /// Another name for the same, which providers refuse beside the first.
    private let other: String?

    /// Nil: nothing is made of tokens there.
    public init?(_ api: API, _ quirks: ChatQuirks) {
        switch api {
        case .chatCompletions:
            let isOld = quirks.contains(.maxTokens)
            (path, other) = ((nil, isOld ? "max_tokens" : "max_completion_tokens"), isOld ? "max_completion_tokens" : "max_tokens")
        case .completions, .messages, .cohereChat: (path, other) = ((nil, "max_tokens"), nil)
        case .responses: (path, other) = ((nil, "max_output_tokens"), nil)
        case .generateContent: (path, other) = (("generationConfig", "maxOutputTokens"), "max_output_tokens")
        case .converse: (path, other) = (("inferenceConfig", "maxTokens"), nil)
        case .embeddings, .countTokens, .generateContentTokens, .embedContent, .batchEmbedContents, .cohereEmbed, .bedrockInvoke, .passThrough:
            return nil
        }
    }

    /// The body with a limit of at most `tokens`: one that is there and not larger stays. Nil: it stays as it is. Linear in the body.
    public func forced(_ tokens: Int64, on body: UnsafeRawBufferPointer) -> [UInt8]? {
        // The body was read before, so it is an object.
        do throws(JSONProblem) { return try edited(body, tokens) } catch { return nil }
    }

    /// Where something of the body is replaced.
    private struct Found {
        /// The value of a limit that is missing, `null` or too large.
        var values: [ByteRange] = []
        var isThere = false
        /// The outer object: its inside, and whether it has members.
        var inside: (at: Int, isEmpty: Bool)?
        /// The outer member where it is no object.
        var outer: ByteRange?
    }

    private func edited(_ body: UnsafeRawBufferPointer, _ tokens: Int64) throws(JSONProblem) -> [UInt8]? {
        var scanner = JSONScanner(body)
        var found = Found()
        try scanner.enterObject()
        let start = scanner.offset
        var isEmpty = true
        while let name = try scanner.nextKey() {
            isEmpty = false
            if let outer = path.outer {
                guard Self.text(name, in: body, is: outer) || outer == "generationConfig" && Self.text(name, in: body, is: "generation_config") else {
                    try scanner.skip()
                    continue
                }
                try look(intoOuter: &scanner, body, tokens, &found)
            } else {
                try look(at: name, &scanner, body, tokens, &found)
            }
        }
        if path.outer == nil { found.inside = (start, isEmpty) }
        return Self.written(found, path, tokens, body, start: start, isEmpty: isEmpty)
    }

    private func look(intoOuter scanner: inout JSONScanner, _ body: UnsafeRawBufferPointer, _ tokens: Int64, _ found: inout Found) throws(JSONProblem)
    {
        guard try scanner.peek() == .object else {
            found.outer = try scanner.skip()
            return
        }
        try scanner.enterObject()
        let inside = scanner.offset
        var isEmpty = true
        while let name = try scanner.nextKey() {
            isEmpty = false
            try look(at: name, &scanner, body, tokens, &found)
        }
        found.inside = (inside, isEmpty)
    }

    private func look(
        at name: JSONText, _ scanner: inout JSONScanner, _ body: UnsafeRawBufferPointer, _ tokens: Int64, _ found: inout Found
    ) throws(JSONProblem) {
        guard Self.text(name, in: body, is: path.name) || other.map({ Self.text(name, in: body, is: $0) }) ?? false else {
            try scanner.skip()
            return
        }
        found.isThere = true
        _ = try scanner.peek()
        var ahead = scanner
        let said = try ahead.looseInteger()
        let place = try scanner.skip()
        if let said, said <= tokens, said > 0 { return }
        found.values.append(place)
    }

    private static func written(
        _ found: Found, _ path: (outer: String?, name: String), _ tokens: Int64, _ body: UnsafeRawBufferPointer, start: Int, isEmpty: Bool
    ) -> [UInt8]? {
        if found.isThere, found.values.isEmpty { return nil }
        var out: [UInt8] = []
        out.reserveCapacity(body.count + 64)
        var done = 0
        func copy(to end: Int) {
            out += body[done..<end]
            done = end
        }
        let member = "\"\(path.name)\":\(tokens)"
        if found.isThere {
            for place in found.values {
                copy(to: Int(place.start))
                out += Array("\(tokens)".utf8)
                done = Int(place.end)
            }
        } else if let inside = found.inside {
            copy(to: inside.at)
            out += Array((inside.isEmpty ? member : member + ",").utf8)
        } else if let outer = found.outer {
            copy(to: Int(outer.start))
            out += Array("{\(member)}".utf8)
            done = Int(outer.end)
        } else {
            copy(to: start)
            out += Array("\"\(path.outer ?? "")\":{\(member)}\(isEmpty ? "" : ",")".utf8)
        }
        copy(to: body.count)
        return out
    }

    private static func text(_ name: JSONText, in body: UnsafeRawBufferPointer, is word: String) -> Bool {
        let bytes = name.range.of(body)
        if !name.escaped { return bytes.elementsEqual(word.utf8) }
        return JSONEscapes.decoded(bytes) == word
    }
}
