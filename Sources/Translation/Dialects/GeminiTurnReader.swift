import Wire

extension GeminiRequestReader {
    /// A list of contents, or one alone, as Google takes it.
    mutating func contents() throws(Malformed) {
        switch try reader.peek() {
        case .string: conversation.messages.append(Message(.user, [.text(TextPart(try reader.requiredText()))]))
        case .object: try turn()
        default:
            try reader.enterArray()
            while try reader.nextElement() { try turn() }
        }
        flushLast()
    }

    /// Neighbouring contents of the model are one message: streams leave one for each event in a history.
    private mutating func turn() throws(Malformed) {
        let role = try role()
        var results = Message(.tool)
        var message = Message(role)
        if role == .assistant, conversation.messages.last?.role == .assistant {
            message = conversation.messages.removeLast()
        } else {
            flushLast()
        }
        try content(into: &message, &results)
        if !results.parts.isEmpty { conversation.messages.append(results) }
        if role == .assistant || !message.parts.isEmpty || results.parts.isEmpty { conversation.messages.append(message) }
    }

    /// Of the content that stands next, which is not passed: its parts may come before its role and are read by it.
    private mutating func role() throws(Malformed) -> Message.Role {
        guard try reader.peek() == .object else { throw reader.wrong("an object with `parts`") }
        let start = reader.scanner
        defer { reader.scanner = start }
        var role = Message.Role.user
        try reader.enterObject()
        while let name = try reader.nextKey() {
            guard reader.says(name, "role") else {
                try reader.skip()
                continue
            }
            let offset = reader.scanner.offset
            guard let text = try reader.text() else { continue }
            if text.says("model") {
                role = .assistant
            } else if !text.isEmpty, !text.says("user"), !text.says("function") {
                throw reader.wrong("`user` or `model`", at: offset)
            }
        }
        return role
    }

    mutating func content(into message: inout Message, _ results: inout Message) throws(Malformed) {
        var seen: UInt64 = 0
        try reader.enterObject()
        while let name = try reader.nextKey() {
            if reader.says(name, "role") {
                try reader.once(name, 0, &seen)
                try reader.skip()
            } else if reader.says(name, "parts") {
                try reader.once(name, 1, &seen)
                switch try reader.peek() {
                case .null: try reader.skip()
                case .object: try part(into: &message, &results, place: 0)
                default:
                    var place = 0
                    try reader.enterArray()
                    while try reader.nextElement() {
                        try part(into: &message, &results, place: place)
                        place += 1
                    }
                }
            } else {
                try reader.unknown(name)
            }
        }
        if message.role != .assistant { flush(into: &message.parts) }
    }

    // MARK: Pieces of one text

    private mutating func flushLast() {
        guard !pending.texts.isEmpty, !conversation.messages.isEmpty else { return }
        flush(into: &conversation.messages[conversation.messages.count - 1].parts)
    }

    private mutating func add(_ text: TextSlice, isThought: Bool, into parts: inout [Part]) {
        if pending.isThought != isThought { flush(into: &parts) }
        pending.isThought = isThought
        if !text.isEmpty { pending.texts.append(text) }
    }

    mutating func flush(into parts: inout [Part], seal: Seal? = nil) {
        guard !pending.texts.isEmpty || seal != nil else { return }
        let text = joined()
        pending.texts.removeAll(keepingCapacity: true)
        parts.append(pending.isThought ? .reasoning(Reasoning(text, seal: seal)) : .text(TextPart(text, seal: seal)))
    }

    /// All are insides of JSON strings, and so is what they make together.
    private func joined() -> TextSlice {
        guard pending.texts.count > 1 else { return pending.texts.first ?? .empty }
        var bytes: [UInt8] = []
        for text in pending.texts { bytes.append(contentsOf: text.bytes) }
        return TextSlice(quoted: conversation.keep(bytes).bytes, hasEscapes: pending.texts.contains { $0.hasEscapes })
    }

    // MARK: Parts

    private struct Facts {
        var text: TextSlice?
        var isThought = false
        var signature: TextSlice?
        var data: JSONText?
        var value: JSONSlice?
    }

    private mutating func part(into message: inout Message, _ results: inout Message, place: Int) throws(Malformed) {
        guard try reader.peek() == .object else { throw reader.wrong("an object") }
        var facts = Facts()
        let start = reader.scanner.offset
        try reader.enterObject()
        while let name = try reader.nextKey() {
            if reader.says(name, "text") {
                facts.text = try reader.text()
            } else if reader.says(name, "thought") {
                facts.isThought = try reader.flag() ?? false
            } else if says(name, "thoughtSignature", "thought_signature") {
                facts.signature = try reader.text()
            } else if isSide(name) {
                guard let value = try reader.value() else { continue }
                let path = "parts[\(place)].\(reader.slice(name).string)"
                message.others.append((conversation.keep(path), value))
            } else if try reader.peek() == .null {
                try reader.skip()
            } else {
                guard try reader.peek() == .object else { throw reader.wrong("an object") }
                guard facts.data == nil else { throw reader.wrong("the only data of its part") }
                facts.data = name
                if says(name, "functionCall", "function_call") {
                    try call(&message)
                } else if says(name, "functionResponse", "function_response") {
                    try result(&results)
                } else {
                    facts.value = try reader.skip()
                }
            }
        }
        let whole = JSONSlice(ByteRange(start, reader.scanner.offset), of: reader.body)
        if let name = facts.data {
            try data(name, facts, whole, &message)
        } else {
            text(facts, &message)
        }
    }

    private func isSide(_ name: JSONText) -> Bool {
        says(name, "videoMetadata", "video_metadata") || says(name, "mediaResolution", "media_resolution")
            || says(name, "partMetadata", "part_metadata")
    }

    private mutating func text(_ facts: Facts, _ message: inout Message) {
        let text = facts.text ?? .empty
        let kind: Seal.Kind = facts.isThought ? .signature : text.isEmpty ? .redacted : .thought
        guard let seal = seal(facts.signature, kind) else {
            add(text, isThought: facts.isThought, into: &message.parts)
            if message.role != .assistant { flush(into: &message.parts) }
            return
        }
        if seal.kind == .redacted {
            add(text, isThought: facts.isThought, into: &message.parts)
            flush(into: &message.parts)
            message.parts.append(.reasoning(Reasoning(seal: seal)))
        } else if facts.isThought {
            add(text, isThought: true, into: &message.parts)
            flush(into: &message.parts, seal: seal)
        } else {
            flush(into: &message.parts)
            message.parts.append(.text(TextPart(text, seal: seal)))
        }
    }

    /// Google's own, or in base64 one of another provider that travelled through here.
    private func seal(_ signature: TextSlice?, _ kind: Seal.Kind) -> Seal? {
        guard let signature, !signature.isEmpty else { return nil }
        if signature.starts(with: "c3dsMT"), let bytes = Base64.decode(signature) {  // "swl1"
            return Seal.read(conversation.keep(bytes), kind: kind, bare: .gemini, keep: conversation.keep)
        }
        return Seal(.gemini, kind, signature)
    }

    private mutating func data(_ name: JSONText, _ facts: Facts, _ whole: JSONSlice, _ message: inout Message) throws(Malformed) {
        guard let value = facts.value else {  // a call or a result, which is there already
            if let seal = seal(facts.signature, .thought), case .toolCall(var call)? = message.parts.last {
                message.parts.removeLast()
                call.seal = seal
                message.parts.append(.toolCall(call))
            }
            return
        }
        flush(into: &message.parts)
        if says(name, "inlineData", "inline_data") || says(name, "fileData", "file_data") {
            try media(in: value, &message.parts)
            if let seal = seal(facts.signature, .redacted) { message.parts.append(.reasoning(Reasoning(seal: seal))) }
        } else {
            message.parts.append(.native(type: reader.slice(name), whole))
        }
    }
}
