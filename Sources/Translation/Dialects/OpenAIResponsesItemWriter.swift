import Wire

// Messages as items of `input`.
extension OpenAIResponsesRequestWriter {
    mutating func write(_ message: Message, _ index: Int) {
        let path = "messages[\(index)]"
        if message.name != nil { loss.lose("\(path).name") }
        switch message.role {
        case .assistant: writeModel(message, path)
        case .tool: for (i, part) in message.parts.enumerated() { writeResult(part, "\(path).content[\(i)]") }
        case .user, .system, .developer: writeClient(message, path)
        }
        if !isOwn { for (name, _) in message.others { loss.lose("\(path).\(name.string)") } }
    }

    // MARK: What the client says

    private mutating func writeClient(_ message: Message, _ path: String) {
        if message.parts.count == 1, case .native(_, let whole) = message.parts[0], Self.isItem(whole) {
            if isOwn { json.value(whole) } else { loss.lose(path) }
            return
        }
        json.beginObject()
        json.member("type", word: "message")
        json.member("role", word: message.role == .user ? "user" : message.role == .system ? "system" : "developer")
        json.name("content")
        writeContent(message.parts, path)
        json.endObject()
    }

    /// Native parts of a message and native items are told apart by what OpenAI calls them: parts are `input_…` and `output_…`.
    private static func isItem(_ whole: JSONSlice) -> Bool {
        var scanner = JSONScanner(whole.bytes)
        do throws(JSONProblem) {
            try scanner.enterObject()
            while let name = try scanner.nextKey() {
                guard scanner.text(name, is: "type"), let type = try scanner.looseString() else {
                    if !scanner.text(name, is: "type") { try scanner.skip() }
                    continue
                }
                let word = TextSlice(type, of: whole.bytes)
                return !word.hasPrefix("input_") && !word.hasPrefix("output_")
            }
        } catch { return false }
        return false
    }

    /// A string where it is one text, else a list.
    private mutating func writeContent(_ parts: [Part], _ path: String) {
        if parts.count == 1, case .text(let text) = parts[0] {
            json.string(text.text)
            if text.cache != nil { loss.lose("\(path).content[0].cache_control") }
            return
        }
        json.beginArray()
        for (i, part) in parts.enumerated() { writeInput(part, "\(path).content[\(i)]") }
        json.endArray()
    }

    private mutating func writeInput(_ part: Part, _ path: String) {
        switch part {
        case .text(let text):
            json.beginObject()
            json.member("type", word: "input_text")
            json.member("text", text.text)
            json.endObject()
            if text.cache != nil { loss.lose("\(path).cache_control") }
        case .media(let media): write(media, path)
        case .native(_, let whole): if isOwn { json.value(whole) } else { loss.lose(path) }
        case .refusal(let text):
            json.beginObject()
            json.member("type", word: "input_text")
            json.member("text", text)
            json.endObject()
        case .reasoning, .toolCall, .toolResult: loss.lose(path)
        }
    }

    private mutating func write(_ media: Media, _ path: String) {
        if media.cache != nil { loss.lose("\(path).cache_control") }
        if media.context != nil { loss.lose("\(path).context") }
        if media.citations != nil { loss.lose("\(path).citations") }
        switch (media.kind, media.source) {
        // Files of another provider are not known here.
        case (_, .file) where conversation.api != .responses && conversation.api != .chatCompletions: loss.lose(path)
        case (.video, _), (_, .location), (.audio, .url), (.audio, .file), (.audio, .text), (.image, .text): loss.lose(path)
        case (.image, let source): writeImage(media, source)
        case (.audio, let source): writeAudio(media, source)
        case (.document, let source): writeFile(media, source)
        }
    }

    private mutating func writeImage(_ media: Media, _ source: Media.Source) {
        json.beginObject()
        json.member("type", word: "input_image")
        if case .file(let id) = source { json.member("file_id", id) } else { url("image_url", media, source, usual: "image/png") }
        json.member("detail", media.detail ?? TextSlice("auto"))
        json.endObject()
    }

    private mutating func writeFile(_ media: Media, _ source: Media.Source) {
        json.beginObject()
        json.member("type", word: "input_file")
        switch source {
        case .file(let id): json.member("file_id", id)
        case .url(let url): json.member("file_url", url)
        default: url("file_data", media, source, usual: "application/pdf")
        }
        // Data without a name is refused.
        if let name = media.name { json.member("filename", name) } else if case .base64 = source { json.member("filename", word: "document.pdf") }
        if case .text = source, media.name == nil { json.member("filename", word: "document.txt") }
        json.endObject()
    }

    private mutating func writeAudio(_ media: Media, _ source: Media.Source) {
        guard case .base64(let data) = source else { return }
        json.beginObject()
        json.member("type", word: "input_audio")
        json.name("input_audio")
        json.beginObject()
        json.member("data", data)
        let type = media.type?.string ?? "audio/wav"
        let format = type.split(separator: "/").last.map(String.init) ?? type
        json.member("format", format == "mpeg" ? "mp3" : format == "x-wav" ? "wav" : format)
        json.endObject()
        json.endObject()
    }

    /// A URL, or the bytes as a `data:` URL.
    private mutating func url(_ name: StaticString, _ media: Media, _ source: Media.Source, usual: StaticString) {
        json.name(name)
        switch source {
        case .url(let url): json.string(url)
        case .base64(let data):
            json.beginString()
            append("data:")
            append(media.type ?? TextSlice(usual))
            append(";base64,")
            append(data)
            json.endString()
        case .text(let text):
            json.beginString()
            append("data:text/plain;base64,")
            Array(Base64.encode(text).utf8).withUnsafeBytes { json.appendQuoted($0) }
            json.endString()
        case .file, .location: json.null()
        }
    }

    private mutating func append(_ text: TextSlice) {
        if text.form == .quoted { json.appendQuoted(text.bytes) } else { json.appendEscaping(text.bytes) }
    }

    // MARK: What the model said

    private mutating func writeModel(_ message: Message, _ path: String) {
        var i = 0
        while i < message.parts.count {
            let place = "\(path).content[\(i)]"
            switch message.parts[i] {
            case .text, .refusal:
                let end = message.parts[i...].firstIndex { !Self.isSaid($0) } ?? message.parts.count
                writeSaid(message, i..<end, path)
                i = end
                continue
            case .reasoning(let reasoning): i = writeReasoning(reasoning, message, i)
            case .toolCall(let call): write(call, place)
            case .native(_, let whole): if isOwn { json.value(whole) } else { loss.lose(place) }
            case .media, .toolResult: loss.lose(place)
            }
            i += 1
        }
    }

    private static func isSaid(_ part: Part) -> Bool {
        switch part {
        case .text, .refusal: true
        default: false
        }
    }

    private mutating func writeSaid(_ message: Message, _ range: Range<Int>, _ path: String) {
        let said = message.parts[range].filter { part in
            if case .text(let text) = part { return !text.text.isEmpty }
            return true
        }
        for i in range { if case .text(let text) = message.parts[i], text.cache != nil { loss.lose("\(path).content[\(i)].cache_control") } }
        guard !said.isEmpty else { return }
        if !isOwn, let texts = Self.texts(said) {
            for text in texts { writeSaid(text) }
            return
        }
        json.beginObject()
        json.member("type", word: "message")
        json.member("role", word: "assistant")
        json.name("content")
        json.beginArray()
        for part in said {
            json.beginObject()
            if case .text(let text) = part {
                json.member("type", word: "output_text")
                json.member("text", text.text)
                json.name("annotations")
                if isOwn, let citations = text.citations { json.value(citations) } else { json.raw("[]") }
            } else if case .refusal(let text) = part {
                json.member("type", word: "refusal")
                json.member("refusal", text)
            }
            json.endObject()
        }
        json.endArray()
        if isOwn {
            for (name, value) in message.others {
                json.key(name.string)
                json.value(value)
            }
        }
        json.endObject()
    }

    /// Nil: there is more than text among them.
    private static func texts(_ parts: [Part]) -> [TextSlice]? {
        var texts: [TextSlice] = []
        for part in parts {
            guard case .text(let text) = part else { return nil }
            texts.append(text.text)
        }
        return texts
    }

    /// A message each: OpenAI's description wants an id and a status beside a list of `output_text`, which only its own items have.
    private mutating func writeSaid(_ text: TextSlice) {
        json.beginObject()
        json.member("type", word: "message")
        json.member("role", word: "assistant")
        json.member("content", text)
        json.endObject()
    }

    private mutating func write(_ call: ToolCall, _ path: String) {
        json.beginObject()
        json.member("type", word: "function_call")
        json.name("call_id")
        if let id = call.id {
            json.string(id)
        } else {
            json.string("call_\(namelessCalls)")
            namelessCalls += 1
        }
        json.member("name", call.name)
        if call.arguments.isEmpty { json.member("arguments", word: "{}") } else { json.member("arguments", call.arguments) }
        json.endObject()
        if call.cache != nil { loss.lose("\(path).cache_control") }
    }

    /// Thoughts go to whom they came from, sealed; unsealed ones to those who take them so. Parts of one item follow one another.
    /// The index of the last part written.
    private mutating func writeReasoning(_ first: Reasoning, _ message: Message, _ start: Int) -> Int {
        var end = start
        var texts = first.text.isEmpty ? [] : [first.text]
        if let id = first.id?.string {
            while end + 1 < message.parts.count, case .reasoning(let next) = message.parts[end + 1], next.seal == nil, next.id?.string == id {
                texts.append(next.text)
                end += 1
            }
        }
        let seal = first.seal.flatMap { $0.origin == target.origin ? $0 : nil }
        let takesPlain = target.origin != .openai && target.origin != .xai
        guard seal != nil || (takesPlain && !texts.isEmpty) else { return end }
        json.beginObject()
        json.member("type", word: "reasoning")
        json.member("id", ifPresent: seal == nil ? nil : first.id)
        let plain: StaticString = seal == nil ? "reasoning_text" : "summary_text"
        if seal == nil {
            json.name("summary")
            json.raw("[]")
        }
        json.name(seal == nil ? "content" : "summary")
        json.beginArray()
        for text in texts {
            json.beginObject()
            json.member("type", word: plain)
            json.member("text", text)
            json.endObject()
        }
        json.endArray()
        if let seal {
            noteSeal()
            json.member("encrypted_content", seal.data)
        }
        json.endObject()
        return end
    }

    // MARK: Results

    private mutating func writeResult(_ part: Part, _ path: String) {
        guard case .toolResult(let result) = part else {
            if case .native(_, let whole) = part, isOwn { json.value(whole) } else { loss.lose(path) }
            return
        }
        json.beginObject()
        json.member("type", word: "function_call_output")
        json.name("call_id")
        if let id = result.id {
            json.string(id)
        } else {
            json.string("call_\(namelessResults)")
            namelessResults += 1
        }
        json.name("output")
        if let object = result.object, result.parts.isEmpty {
            json.escaping(object.bytes)
        } else if result.parts.isEmpty {
            json.word("")
        } else {
            writeContent(result.parts, path)
        }
        json.endObject()
        if result.isError { loss.lose("\(path).is_error") }
        if result.cache != nil { loss.lose("\(path).cache_control") }
    }
}
