import Wire

extension GeminiRequestReader {
    /// A call of the model. Without an id it gets one by its place in the conversation, the same in every later turn.
    mutating func call(_ message: inout Message) throws(Malformed) {
        var name: TextSlice?
        var id: TextSlice?
        var arguments = TextSlice.empty
        let start = reader.scanner.offset
        try reader.enterObject()
        while let key = try reader.nextKey() {
            if reader.says(key, "name") {
                name = try reader.requiredText()
            } else if reader.says(key, "id") {
                id = try reader.text()
            } else if reader.says(key, "args") {
                if let value = try reader.object() { arguments = TextSlice(plain: value.bytes) }
            } else if let other = try reader.other(key) {
                message.others.append(other)
            }
        }
        guard let name else { throw reader.wrong("a call with a `name`", at: start) }
        flush(into: &message.parts)
        calls += 1
        let known = id.flatMap { $0.isEmpty ? nil : $0 } ?? conversation.keep("call_\(calls)")
        unanswered.append((name, known))
        message.parts.append(.toolCall(ToolCall(id: known, name: name, arguments: arguments)))
    }

    mutating func result(_ results: inout Message) throws(Malformed) {
        var result = ToolResult(id: nil)
        let start = reader.scanner.offset
        try reader.enterObject()
        while let key = try reader.nextKey() {
            if reader.says(key, "name") {
                result.name = try reader.requiredText()
            } else if reader.says(key, "id") {
                result.id = try reader.text()
            } else if reader.says(key, "response") {
                if let object = try reader.object() { response(object, &result) }
            } else if reader.says(key, "parts") {
                if try reader.peek() == .null { try reader.skip() } else { try media(listInto: &result.parts) }
            } else if let other = try reader.other(key) {
                results.others.append(other)
            }
        }
        guard let name = result.name else { throw reader.wrong("a result with a `name`", at: start) }
        if let id = result.id, !id.isEmpty {
            if let place = unanswered.firstIndex(where: { $0.id.same(as: id) }) { unanswered.remove(at: place) }
        } else if let place = unanswered.firstIndex(where: { $0.name.same(as: name) }) {
            result.id = unanswered.remove(at: place).id
        } else {
            calls += 1
            result.id = conversation.keep("call_\(calls)")
        }
        results.parts.append(.toolResult(result))
    }

    /// A text alone under one of the names that Google's and other SDKs wrap results in is that text; all else is an object
    /// that a function made.
    private func response(_ object: JSONSlice, _ result: inout ToolResult) {
        var scanner = JSONScanner(object.bytes)
        do throws(JSONProblem) {
            try scanner.enterObject()
            guard let name = try scanner.nextKey() else {
                result.object = object
                return
            }
            let isError = scanner.text(name, is: "error")
            let isResult = scanner.text(name, is: "output") || scanner.text(name, is: "result") || scanner.text(name, is: "return_value")
            guard isError || isResult, try scanner.peek() == .string else {
                result.object = object
                return
            }
            let text = try scanner.string()
            guard try scanner.nextKey() == nil else {
                result.object = object
                return
            }
            result.isError = isError
            result.parts.insert(.text(TextPart(TextSlice(text, of: object.bytes))), at: 0)
        } catch {
            result.object = object  // not reached: the object was read before
        }
    }

    private mutating func media(listInto parts: inout [Part]) throws(Malformed) {
        try reader.enterArray()
        while try reader.nextElement() {
            try reader.enterObject()
            while let name = try reader.nextKey() {
                if says(name, "inlineData", "inline_data") || says(name, "fileData", "file_data") {
                    guard let value = try reader.object() else { continue }
                    try media(in: value, &parts)
                } else {
                    try reader.unknown(name)
                }
            }
        }
    }

    /// `inlineData` or `fileData`, whose members tell which it is.
    mutating func media(in value: JSONSlice, _ parts: inout [Part]) throws(Malformed) {
        guard let body = reader.body.baseAddress, let base = value.bytes.baseAddress else { return }
        let offset = base - body
        func wrong(_ expected: String, _ scanner: JSONScanner) -> Malformed { reader.wrong(expected, at: offset + scanner.offset) }
        var type: TextSlice?
        var source: Media.Source?
        var name: TextSlice?
        var scanner = JSONScanner(value.bytes)
        do throws(JSONProblem) {
            try scanner.enterObject()
            while let key = try scanner.nextKey() {
                if scanner.text(key, is: "mimeType") || scanner.text(key, is: "mime_type") {
                    type = try scanner.optionalText(of: value.bytes)
                } else if scanner.text(key, is: "data") {
                    source = try scanner.optionalText(of: value.bytes).map { .base64(Base64.standard($0, conversation)) }
                } else if scanner.text(key, is: "fileUri") || scanner.text(key, is: "file_uri") {
                    source = try scanner.optionalText(of: value.bytes).map(Self.source)
                } else if scanner.text(key, is: "displayName") || scanner.text(key, is: "display_name") {
                    name = try scanner.optionalText(of: value.bytes)
                } else {
                    try scanner.skip()
                    let path = JSONPath.of(offset: offset + Int(key.range.start), in: reader.body)
                    conversation.others.append((conversation.keep(path), JSONSlice(key.range, of: value.bytes)))
                }
            }
        } catch {
            throw wrong("a string", scanner)
        }
        guard let source else { throw reader.wrong("an object with `data` or `fileUri`", at: offset) }
        var media = Media(MediaType.kind(type), source, type: type)
        media.name = name
        parts.append(.media(media))
    }

    private static func source(_ uri: TextSlice) -> Media.Source {
        if uri.starts(with: "gs://") { return .location(uri) }
        if uri.starts(with: "https://generativelanguage.googleapis.com/") || !uri.starts(with: "http") { return .file(uri) }
        return .url(uri)
    }
}
