import Wire

extension GeminiReplyReader {
    func read(candidates body: UnsafeRawBufferPointer, to writer: any ReplyWriter) throws(JSONProblem) {
        var scanner = JSONScanner(body)
        if try scanner.peek() == .null { return }
        try scanner.enterArray()
        while try scanner.nextElement() { try read(candidate: &scanner, of: body, to: writer) }
    }

    private func read(candidate scanner: inout JSONScanner, of body: UnsafeRawBufferPointer, to writer: any ReplyWriter) throws(JSONProblem) {
        var choice = 0
        var content: ByteRange?
        var finish: FinishReason?
        var grounding: ByteRange?
        var citations: ByteRange?
        var logprobs: ByteRange?
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            if scanner.text(name, is: "content") {
                content = try scanner.skip()
            } else if scanner.text(name, is: "finishReason"), try scanner.peek() == .string {
                finish = Self.reason(TextSlice(try scanner.string(), of: body))
            } else if scanner.text(name, is: "finishReason"), try scanner.peek() == .number {
                finish = Self.reason(number: try scanner.number().integer)
            } else if scanner.text(name, is: "index") {
                let index = try scanner.number().integer
                guard index >= 0, index < Self.mostCandidates else { throw JSONProblem(.number, at: scanner.offset) }
                choice = Int(index)
            } else if scanner.text(name, is: "groundingMetadata") {
                grounding = try scanner.skip()
            } else if scanner.text(name, is: "citationMetadata") {
                citations = try scanner.skip()
            } else if scanner.text(name, is: "logprobsResult") {
                logprobs = try scanner.skip()
            } else {
                try scanner.skip()
            }
        }
        while candidates.count <= choice { candidates.append(Candidate()) }
        if let content { try read(content: content.of(body), choice, to: writer) }
        if let grounding { cite(JSONSlice(grounding, of: body), choice, to: writer) }
        if let citations { cite(JSONSlice(citations, of: body), choice, to: writer) }
        if let logprobs { try read(logprobs: logprobs.of(body), choice, to: writer) }
        if let finish { candidates[choice].finish = finish }
    }

    /// Protobuf's JSON may say an enumeration by number (`$alt=json;enum-encoding=int`); of these Google's two APIs mean the same.
    private static func reason(number: Int64) -> FinishReason? {
        let words: [StaticString] = ["STOP", "MAX_TOKENS", "SAFETY", "RECITATION"]
        guard number > 0 else { return nil }
        return reason(TextSlice(number <= words.count ? words[Int(number) - 1] : "OTHER"))
    }

    /// Of the text that stands there: sources come with or behind its end.
    private func cite(_ json: JSONSlice, _ choice: Int, to writer: any ReplyWriter) {
        guard json.isObject, json.bytes.count > 2 else { return }
        ensure(.text, .text, choice, to: writer)
        writer.write(.citation(json, of: .generateContent))
    }

    private func read(content body: UnsafeRawBufferPointer, _ choice: Int, to writer: any ReplyWriter) throws(JSONProblem) {
        var scanner = JSONScanner(body)
        if try scanner.peek() == .null { return }
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            guard scanner.text(name, is: "parts"), try scanner.peek() == .array else {
                try scanner.skip()
                continue
            }
            try scanner.enterArray()
            while try scanner.nextElement() {
                candidates[choice].hasContent = true
                try read(part: &scanner, of: body, choice, to: writer)
            }
        }
    }

    private func read(
        part scanner: inout JSONScanner, of body: UnsafeRawBufferPointer, _ choice: Int, to writer: any ReplyWriter
    ) throws(JSONProblem) {
        var text: TextSlice?
        var isThought = false
        var signature: TextSlice?
        var data: (name: JSONText, value: ByteRange)?
        try scanner.enterObject()
        let start = scanner.offset - 1
        while let name = try scanner.nextKey() {
            if scanner.text(name, is: "text") {
                text = try scanner.optionalText(of: body)
            } else if scanner.text(name, is: "thought"), try scanner.peek() == .bool {
                isThought = try scanner.bool()
            } else if scanner.text(name, is: "thoughtSignature") {
                signature = try scanner.optionalText(of: body)
            } else if data == nil, try scanner.peek() == .object, !Self.isSide(scanner, name) {
                data = (name, try scanner.skip())
            } else {
                try scanner.skip()
            }
        }
        let whole = ByteRange(start, scanner.offset)
        guard let data else {
            write(text: text ?? .empty, isThought, signature, choice, to: writer)
            return
        }
        let value = data.value.of(body)
        if scanner.text(data.name, is: "functionCall") {
            try read(call: value, signature, choice, to: writer)
            return
        }
        if !isThought, scanner.text(data.name, is: "inlineData") || scanner.text(data.name, is: "fileData") {
            try read(media: value, choice, to: writer)
            if let signature { seal(signature, choice, to: writer) }
        } else {
            // With its signature inside.
            self.whole(.native(type: TextSlice(data.name, of: body), JSONSlice(whole, of: body), of: .generateContent), choice, to: writer)
        }
    }

    /// Members beside the data of a part.
    private static func isSide(_ scanner: JSONScanner, _ name: JSONText) -> Bool {
        scanner.text(name, is: "videoMetadata") || scanner.text(name, is: "partMetadata") || scanner.text(name, is: "mediaResolution")
    }

    private func write(text: TextSlice, _ isThought: Bool, _ signature: TextSlice?, _ choice: Int, to writer: any ReplyWriter) {
        if isThought {
            ensure(.reasoning, .reasoning(id: nil), choice, to: writer)
            if !text.isEmpty { writer.write(.piece(text)) }
            guard let signature, !signature.isEmpty else { return }
            writer.write(.seal(Seal(.gemini, .signature, signature)))
            close(to: writer)
            return
        }
        if !text.isEmpty {
            ensure(.text, .text, choice, to: writer)
            writer.write(.piece(text))
        }
        if let signature { seal(signature, choice, to: writer) }
    }

    private func seal(_ signature: TextSlice, _ choice: Int, to writer: any ReplyWriter) {
        guard !signature.isEmpty else { return }
        begin(.reasoning, .reasoning(id: nil), choice, to: writer)
        writer.write(.seal(Seal(.gemini, .redacted, signature)))
        close(to: writer)
    }

    // MARK: Calls

    private func read(
        call body: UnsafeRawBufferPointer, _ signature: TextSlice?, _ choice: Int, to writer: any ReplyWriter
    ) throws(JSONProblem) {
        var id: TextSlice?
        var name: TextSlice?
        var arguments: ByteRange?
        var partial: ByteRange?
        var continues = false
        var scanner = JSONScanner(body)
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            if scanner.text(key, is: "name") {
                name = try scanner.optionalText(of: body)
            } else if scanner.text(key, is: "args") {
                let isNull = try scanner.peek() == .null
                let isObject = try scanner.peek() == .object
                guard isNull || isObject else { throw JSONProblem(.kind, at: scanner.offset) }
                let value = try scanner.skip()
                arguments = isNull ? nil : value
            } else if scanner.text(key, is: "id") {
                id = try scanner.optionalText(of: body)
            } else if scanner.text(key, is: "partialArgs"), try scanner.peek() == .array {
                partial = try scanner.skip()
            } else if scanner.text(key, is: "willContinue"), try scanner.peek() == .bool {
                continues = try scanner.bool()
            } else {
                try scanner.skip()
            }
        }
        if let name, !name.isEmpty {
            begin(.call, .toolCall(id: id, name: name), choice, to: writer)
            candidates[choice].hasCalls = true
            if let signature, !signature.isEmpty { writer.write(.seal(Seal(.gemini, .thought, signature))) }
            call = continues || partial != nil ? GeminiPartialCall() : nil
        }
        if let arguments { writer.write(.piece(TextSlice(plain: arguments.of(body)))) }
        if let partial, let call { try call.read(partial.of(body)) }
        if !continues { close(to: writer) }
    }

    private func read(media body: UnsafeRawBufferPointer, _ choice: Int, to writer: any ReplyWriter) throws(JSONProblem) {
        var type: TextSlice?
        var source: Media.Source?
        var scanner = JSONScanner(body)
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            if scanner.text(name, is: "mimeType") {
                type = try scanner.optionalText(of: body)
            } else if scanner.text(name, is: "data") {
                source = try scanner.optionalText(of: body).map { .base64($0) }
            } else if scanner.text(name, is: "fileUri") {
                source = try scanner.optionalText(of: body).map { .url($0) }
            } else {
                try scanner.skip()
            }
        }
        if let source { whole(.media(Media(MediaType.kind(type), source, type: type)), choice, to: writer) }
    }

    // MARK: The end of a candidate

    private static func reason(_ word: TextSlice) -> FinishReason {
        if word.says("STOP") { return .stop }
        if word.says("MAX_TOKENS") { return .length }
        let filtered: [StaticString] = [
            "SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION",
            "MODEL_ARMOR", "LANGUAGE",
        ]
        if StaticString.among(filtered, word) { return .contentFilter }
        let broken: [StaticString] = [
            "MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS", "MISSING_THOUGHT_SIGNATURE", "MALFORMED_RESPONSE", "NO_IMAGE",
            "IMAGE_OTHER",
        ]
        return StaticString.among(broken, word) ? .error : .other(word.string)
    }
}
