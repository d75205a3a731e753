import Wire

extension GeminiRequestWriter {
    /// Turns, those of one side after another in one content. System messages only where there is nothing else to say.
    mutating func contents(systemToo: Bool) throws(Malformed) {
        json.name("contents")
        json.beginArray()
        for (index, message) in conversation.messages.enumerated() {
            let isSystem = message.role == .system || message.role == .developer
            if isSystem && !systemToo { continue }
            if message.role != .tool { flushMedia() }
            let isModel = message.role == .assistant
            if isModel != openIsModel { hasCall = false }
            for (place, part) in message.parts.enumerated() {
                try write(part, isModel: isModel, index, place)
            }
            flushSeal(isModel: isModel)
            loseMembers(of: message, index)
        }
        flushMedia()
        closeContent()
        json.endArray()
    }

    /// One content of the user's, as embeddings are asked for.
    mutating func content(of parts: [Part], _ path: String) {
        json.beginObject()
        json.name("parts")
        json.beginArray()
        openIsModel = false
        for part in parts {
            switch part {
            case .text(let text):
                beginPart(isModel: false)
                json.member("text", text.text)
                json.endObject()
            case .media(let media): write(media, isModel: false, path)
            default: loss.lose(path)
            }
        }
        closeContent()
    }

    private mutating func closeContent() {
        guard openIsModel != nil else { return }
        json.endArray()
        json.endObject()
        openIsModel = nil
    }

    private mutating func beginContent(isModel: Bool) {
        guard openIsModel != isModel else { return }
        closeContent()
        json.beginObject()
        json.member("role", word: isModel ? "model" : "user")
        json.name("parts")
        json.beginArray()
        openIsModel = isModel
    }

    private mutating func beginPart(isModel: Bool) {
        beginContent(isModel: isModel)
        json.beginObject()
    }

    private func valid(_ seal: Seal?) -> Seal? { seal.flatMap { $0.origin == target.origin ? $0 : nil } }

    private mutating func write(_ part: Part, isModel: Bool, _ index: Int, _ place: Int) throws(Malformed) {
        func path() -> String { "messages[\(index)].content[\(place)]" }
        switch part {
        case .text(let text):
            let seal = valid(text.seal)
            if text.cache != nil { loss.lose("\(path()).cache_control") }
            if text.citations != nil, !isOwn { loss.lose("\(path()).annotations") }
            guard !text.text.isEmpty || seal != nil else { return }  // an empty part is refused
            beginPart(isModel: isModel)
            json.member("text", text.text)
            json.member("thoughtSignature", ifPresent: seal?.data)
            json.endObject()
        case .media(let media): write(media, isModel: isModel, path())
        case .reasoning(let reasoning): write(reasoning, isModel: isModel)
        case .toolCall(let call): try write(call, index, place)
        case .toolResult(let result): try write(result, index, place)
        case .refusal(let text):
            loss.lose("messages[\(index)].refusal")
            guard !text.isEmpty else { return }
            beginPart(isModel: isModel)
            json.member("text", text)
            json.endObject()
        case .native(_, let value):
            guard isOwn else {
                loss.lose(path())
                return
            }
            beginContent(isModel: isModel)
            json.value(value)
        }
    }

    // MARK: Thoughts

    /// Thoughts go back as thoughts; of the seals only Google's own. One without visible text belongs to the next call, or
    /// was a part of its own.
    private mutating func write(_ reasoning: Reasoning, isModel: Bool) {
        let seal = valid(reasoning.seal)
        if reasoning.text.isEmpty, let seal, seal.kind == .thought {
            waitingSeal = seal
            return
        }
        guard !reasoning.text.isEmpty || seal != nil else { return }
        beginPart(isModel: isModel)
        json.member("text", reasoning.text)
        if !reasoning.text.isEmpty {
            json.name("thought")
            json.bool(true)
        }
        json.member("thoughtSignature", ifPresent: seal?.data)
        json.endObject()
    }

    private mutating func flushSeal(isModel: Bool) {
        guard let seal = waitingSeal else { return }
        waitingSeal = nil
        beginPart(isModel: isModel)
        json.member("text", word: "")
        json.member("thoughtSignature", seal.data)
        json.endObject()
    }

    // MARK: Calls and results

    private mutating func write(_ call: ToolCall, _ index: Int, _ place: Int) throws(Malformed) {
        if call.cache != nil { loss.lose("messages[\(index)].content[\(place)].cache_control") }
        let seal = valid(call.seal) ?? waitingSeal
        waitingSeal = nil
        beginPart(isModel: true)
        json.name("functionCall")
        json.beginObject()
        json.member("id", ifPresent: call.id)
        json.member("name", call.name)
        json.name("args")
        guard json.object(spelledBy: call.arguments) else {
            let path = "messages[\(index)].tool_calls[\(place)].function.arguments"
            throw Malformed(offset: 0, message: "`\(path)` must be a JSON object for this model", member: path)
        }
        json.endObject()
        if let seal {
            json.member("thoughtSignature", seal.data)
        } else if generation == .levelled, !hasCall {
            // In base64 "skip_thought_signature_validator": for calls that no Gemini made (Gemini API, "Thought signatures").
            json.member("thoughtSignature", word: "c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I=")
        }
        hasCall = true
        json.endObject()
    }

    private mutating func write(_ result: ToolResult, _ index: Int, _ place: Int) throws(Malformed) {
        if result.cache != nil { loss.lose("messages[\(index)].cache_control") }
        guard let name = result.name ?? result.id.flatMap({ self.name(ofCall: $0, before: index) }) else {
            let path = "messages[\(index)].tool_call_id"
            throw Malformed(offset: 0, message: "`\(path)` must name a call that an earlier message made", member: path)
        }
        beginPart(isModel: false)
        json.name("functionResponse")
        json.beginObject()
        json.member("id", ifPresent: result.id)
        json.member("name", name)
        json.name("response")
        response(of: result)
        var media: [(media: Media, path: String)] = []
        for (inner, part) in result.parts.enumerated() {
            let path = "messages[\(index)].content[\(inner)]"
            switch part {
            case .text(let text): if text.cache != nil { loss.lose("\(path).cache_control") }
            case .media(let item): media.append((item, path))
            default: loss.lose(path)
            }
        }
        if generation == .levelled, !media.isEmpty {
            json.name("parts")
            json.beginArray()
            for item in media {
                guard let place = MediaPlace(item.media) else {
                    loss.lose(item.path)
                    continue
                }
                json.beginObject()
                write(item.media, place, item.path)
                json.endObject()
            }
            json.endArray()
        } else {
            waitingMedia += media
        }
        json.endObject()
        json.endObject()
    }

    /// `output` and `error` are the members that Google names for results and failures.
    private mutating func response(of result: ToolResult) {
        if let object = result.object {
            json.value(object)
            return
        }
        json.beginObject()
        if result.isError { json.name("error") } else { json.name("output") }
        json.beginString()
        for case .text(let text) in result.parts {
            if text.text.form == .quoted { json.appendQuoted(text.text.bytes) } else { json.appendEscaping(text.text.bytes) }
        }
        json.endString()
        json.endObject()
    }

    /// Nearly always in the message before, so searched backwards.
    private func name(ofCall id: TextSlice, before index: Int) -> TextSlice? {
        for message in conversation.messages[..<index].reversed() where message.role == .assistant {
            for case .toolCall(let call) in message.parts {
                if let other = call.id, other.same(as: id) { return call.name }
            }
        }
        return nil
    }

    // MARK: Media

    private mutating func flushMedia() {
        for item in waitingMedia { write(item.media, isModel: false, item.path) }
        waitingMedia.removeAll()
    }

    private mutating func write(_ media: Media, isModel: Bool, _ path: String) {
        guard let place = MediaPlace(media) else {
            loss.lose(path)
            return
        }
        beginPart(isModel: isModel)
        write(media, place, path)
        json.endObject()
    }

    private enum MediaPlace {
        case inline, file

        init?(_ media: Media) {
            switch media.source {
            case .base64, .text: self = .inline
            case .url: self = .file
            case .location(let uri): if uri.starts(with: "gs://") { self = .file } else { return nil }
            case .file(let id):
                // Of Google's File API; another provider's file it cannot read.
                if id.starts(with: "https://") || id.starts(with: "files/") { self = .file } else { return nil }
            }
        }
    }

    private mutating func write(_ media: Media, _ place: MediaPlace, _ path: String) {
        if media.name != nil { loss.lose("\(path).filename") }
        if let detail = media.detail, !detail.says("auto") { loss.lose("\(path).detail") }
        if media.context != nil { loss.lose("\(path).context") }
        if media.citations != nil { loss.lose("\(path).citations") }
        if media.cache != nil { loss.lose("\(path).cache_control") }
        if place == .inline { json.name("inlineData") } else { json.name("fileData") }
        json.beginObject()
        switch media.source {
        case .base64(let data):
            type(of: media, at: .empty)
            json.member("data", data)
        case .text(let text):
            json.member("mimeType", word: "text/plain")
            json.member("data", Base64.encode(text))
        case .url(let uri), .file(let uri), .location(let uri):
            type(of: media, at: uri)
            json.member("fileUri", uri)
        }
        json.endObject()
    }

    /// Google wants a type with everything. Where the client says none, what the address ends in tells, or else what is
    /// usual; the model looks at the bytes anyway.
    private mutating func type(of media: Media, at uri: TextSlice) {
        if let type = media.type {
            json.member("mimeType", type)
        } else {
            json.member("mimeType", word: MediaType.guess(uri) ?? MediaType.usual(media.kind))
        }
    }
}
