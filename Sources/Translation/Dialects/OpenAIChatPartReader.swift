import Wire

/// Reads one element of a message's `content`.
struct OpenAIChatPartReader {
    private var type: TextSlice?
    private var text: TextSlice?
    private var media = Media(.image, .text(.empty))
    private var hasMedia = false
    private var cache: CacheMark?
    private var thoughts: [TextSlice] = []

    mutating func read(
        _ reader: inout SliceReader, _ conversation: Conversation, _ parts: inout [Part], _ reasoning: inout [Part]
    ) throws(Malformed) {
        guard try reader.peek() == .object else { throw reader.wrong("an object, or the content a string") }
        var ahead = reader
        let start = reader.scanner.offset
        let whole = try ahead.skip()
        try reader.enterObject()
        while let key = try reader.nextKey() { try member(key, &reader, conversation) }
        guard let type else { throw reader.wrong("an object with a `type`", at: start) }
        if type.says("text") || type.says("input_text") || type.says("output_text") {
            parts.append(.text(TextPart(text ?? .empty, cache: cache)))
        } else if type.says("refusal") {
            parts.append(.refusal(text ?? .empty))
        } else if type.says("thinking") {
            for thought in thoughts { reasoning.append(.reasoning(Reasoning(thought))) }
        } else if hasMedia {
            media.cache = cache
            parts.append(.media(media))
        } else {
            parts.append(.native(type: type, whole))
        }
    }

    private mutating func member(_ key: JSONText, _ reader: inout SliceReader, _ conversation: Conversation) throws(Malformed) {
        if reader.says(key, "type") {
            type = try reader.requiredText()
        } else if reader.says(key, "text") || reader.says(key, "refusal") {
            text = try reader.text()
        } else if reader.says(key, "image_url") {
            try image(&reader)
        } else if reader.says(key, "video_url") {
            media.kind = .video
            try url(&reader)
        } else if reader.says(key, "input_audio"), try reader.peek() == .object {
            try audio(&reader, conversation)
        } else if reader.says(key, "file"), try reader.peek() == .object {
            try file(&reader)
        } else if reader.says(key, "cache_control") {
            cache = try reader.cacheMark()
        } else if reader.says(key, "thinking"), try reader.peek() == .array {
            try thinking(&reader)
        } else {
            try reader.unknown(key)
        }
    }

    private mutating func image(_ reader: inout SliceReader) throws(Malformed) {
        media.kind = .image
        try url(&reader)
    }

    /// `{url, detail}`, or the URL alone.
    private mutating func url(_ reader: inout SliceReader) throws(Malformed) {
        hasMedia = true
        guard try reader.peek() == .object else {
            media.set(url: try reader.requiredText())
            return
        }
        try reader.enterObject()
        while let key = try reader.nextKey() {
            if reader.says(key, "url") {
                media.set(url: try reader.requiredText())
            } else if reader.says(key, "detail") {
                media.detail = try reader.text()
            } else {
                try reader.unknown(key)
            }
        }
    }

    private mutating func audio(_ reader: inout SliceReader, _ conversation: Conversation) throws(Malformed) {
        hasMedia = true
        media.kind = .audio
        try reader.enterObject()
        while let key = try reader.nextKey() {
            if reader.says(key, "data") {
                media.source = .base64(try reader.requiredText())
            } else if reader.says(key, "format") {
                media.type = conversation.keep("audio/\(try reader.requiredText().string)")
            } else {
                try reader.unknown(key)
            }
        }
    }

    /// `{file_data, filename}` or `{file_id}`. `file_data` is a data URL, or base64 of a PDF alone.
    private mutating func file(_ reader: inout SliceReader) throws(Malformed) {
        hasMedia = true
        media.kind = .document
        try reader.enterObject()
        while let key = try reader.nextKey() {
            if reader.says(key, "file_data") {
                if let data = try reader.text() { media.set(file: data) }
            } else if reader.says(key, "file_id") {
                if let id = try reader.text() { media.source = .file(id) }
            } else if reader.says(key, "filename") {
                media.name = try reader.text()
            } else {
                try reader.unknown(key)
            }
        }
    }

    /// Mistral's thoughts: a list of text parts (docs.mistral.ai, reasoning, read 2026-11).
    private mutating func thinking(_ reader: inout SliceReader) throws(Malformed) {
        try reader.enterArray()
        while try reader.nextElement() {
            try reader.enterObject()
            while let key = try reader.nextKey() {
                if reader.says(key, "text"), let thought = try reader.text() { thoughts.append(thought) } else { try reader.unknown(key) }
            }
        }
    }
}

extension Media {
    /// A URL: one of `data:` becomes its bytes and type.
    mutating func set(url: TextSlice) {
        guard let (type, data) = url.dataURL else {
            let isCloud = url.hasPrefix("gs://") || url.hasPrefix("s3://")
            source = isCloud ? .location(url) : .url(url)
            return
        }
        self.type = type
        source = .base64(data)
    }

    mutating func set(file: TextSlice) {
        if let (type, data) = file.dataURL {
            self.type = type
            source = .base64(data)
        } else if file.hasPrefix("https://") || file.hasPrefix("http://") {
            source = .url(file)
        } else {
            type = TextSlice("application/pdf")
            source = .base64(file)
        }
    }
}

extension TextSlice {
    func hasPrefix(_ prefix: StaticString) -> Bool {
        let count = prefix.utf8CodeUnitCount
        return bytes.count >= count && UnsafeRawBufferPointer(rebasing: bytes[..<count]).says(prefix)
    }

    /// The type and the base64 of `data:TYPE;base64,DATA`. Escaped slashes (`\/`) are legal in both.
    var dataURL: (type: TextSlice, data: TextSlice)? {
        guard hasPrefix("data:") else { return nil }
        guard let comma = bytes.firstIndex(of: UInt8(ascii: ",")) else { return nil }
        let head = bytes[5..<comma]
        let mark = Array(";base64".utf8)
        guard head.count >= mark.count, head.suffix(mark.count).elementsEqual(mark) else { return nil }
        let type = head.dropLast(mark.count).prefix { $0 != UInt8(ascii: ";") }
        return (slice(type), slice(bytes[(comma + 1)...]))
    }

    private func slice(_ part: Slice<UnsafeRawBufferPointer>) -> TextSlice {
        var copy = self
        copy.bytes = UnsafeRawBufferPointer(rebasing: part)
        copy.hasEscapes = hasEscapes && part.contains(UInt8(ascii: "\\"))
        return copy
    }
}
