import Wire

/// Parts of a message or of a function's output: a string, or a list.
enum OpenAIResponsesParts {
    static func read(_ reader: inout SliceReader, _ conversation: Conversation, into parts: inout [Part]) throws(Malformed) {
        switch try reader.peek() {
        case .null: try reader.skip()
        case .string: parts.append(.text(TextPart(try reader.requiredText())))
        case .array:
            try reader.enterArray()
            while try reader.nextElement() {
                var part = OnePart()
                try part.read(&reader, conversation, into: &parts)
            }
        default: throw reader.wrong("a string or an array of parts")
        }
    }

    private struct OnePart {
        var type: TextSlice?
        var text: TextSlice?
        var annotations: JSONSlice?
        var media = Media(.image, .text(.empty))
        var hasMedia = false
        var fileID: TextSlice?

        mutating func read(_ reader: inout SliceReader, _ conversation: Conversation, into parts: inout [Part]) throws(Malformed) {
            guard try reader.peek() == .object else { throw reader.wrong("an object") }
            let start = reader.scanner.offset
            var ahead = reader
            let whole = try ahead.skip()
            let known = reader.unknownCount
            try reader.enterObject()
            while let key = try reader.nextKey() { try member(key, &reader, conversation) }
            guard let type else { throw reader.wrong("a part with a `type`", at: start) }
            if type.says("input_text") || type.says("output_text") || type.says("text") {
                parts.append(.text(TextPart(text ?? .empty, citations: annotations)))
            } else if type.says("refusal") {
                parts.append(.refusal(text ?? .empty))
            } else if type.says("input_image") || type.says("input_file") || type.says("input_audio") || type.says("input_video") {
                guard let kind = kind(of: type, &media, fileID, hasMedia) else {
                    throw reader.wrong("a part with its data, URL or file id", at: start)
                }
                media.kind = kind
                parts.append(.media(media))
            } else {
                reader.forgetUnknown(since: known)
                parts.append(.native(type: type, whole))
            }
        }

        /// Nil: there is nothing in it.
        private func kind(of type: TextSlice, _ media: inout Media, _ file: TextSlice?, _ hasMedia: Bool) -> Media.Kind? {
            if let file, !hasMedia { media.source = .file(file) } else if !hasMedia { return nil }
            if type.says("input_image") { return .image }
            if type.says("input_audio") { return .audio }
            return type.says("input_video") ? .video : .document
        }

        private mutating func member(_ key: JSONText, _ reader: inout SliceReader, _ conversation: Conversation) throws(Malformed) {
            if reader.says(key, "type") {
                type = try reader.requiredText()
            } else if reader.says(key, "text") || reader.says(key, "refusal") {
                text = try reader.text()
            } else if reader.says(key, "annotations") {
                if let list = try reader.value(), list.bytes.count > 2 { annotations = list }
            } else if reader.says(key, "image_url") || reader.says(key, "file_url") || reader.says(key, "video_url") {
                if let url = try reader.text() { set { $0.set(url: url) } }
            } else if reader.says(key, "file_data") {
                if let data = try reader.text() { set { $0.set(file: data) } }
            } else if reader.says(key, "file_id") {
                fileID = try reader.text()
            } else if reader.says(key, "filename") {
                media.name = try reader.text()
            } else if reader.says(key, "detail") {
                media.detail = try reader.text()
            } else if reader.says(key, "input_audio"), try reader.peek() == .object {
                try audio(&reader, conversation)
            } else if reader.says(key, "logprobs") {
                try reader.skip()  // of an answer that was given before
            } else {
                try reader.unknown(key)
            }
        }

        private mutating func set(_ change: (inout Media) -> Void) {
            change(&media)
            hasMedia = true
        }

        private mutating func audio(_ reader: inout SliceReader, _ conversation: Conversation) throws(Malformed) {
            hasMedia = true
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
    }
}
