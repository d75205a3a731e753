import Wire

// What a message's content may be beside a text.
extension OpenAIChatReplyReader {
    /// A string, or Mistral's list of thoughts and texts.
    func content(_ scanner: inout JSONScanner, _ list: UnsafeRawBufferPointer, _ writer: any ReplyWriter) throws(JSONProblem) {
        if try scanner.peek() == .string { return piece(TextSlice(try scanner.string(), of: list), .text, writer) }
        try scanner.enterArray()
        while try scanner.nextElement() {
            guard try scanner.peek() == .object else {
                try scanner.skip()
                continue
            }
            try scanner.enterObject()
            while let name = try scanner.nextKey() {
                if scanner.text(name, is: "text"), try scanner.peek() == .string {
                    piece(TextSlice(try scanner.string(), of: list), .text, writer)
                } else if scanner.text(name, is: "thinking"), try scanner.peek() == .array {
                    try thinking(&scanner, list, writer)
                } else {
                    try scanner.skip()
                }
            }
        }
    }

    private func thinking(_ scanner: inout JSONScanner, _ list: UnsafeRawBufferPointer, _ writer: any ReplyWriter) throws(JSONProblem) {
        try scanner.enterArray()
        while try scanner.nextElement() {
            try scanner.enterObject()
            while let name = try scanner.nextKey() {
                if scanner.text(name, is: "text"), try scanner.peek() == .string {
                    piece(TextSlice(try scanner.string(), of: list), .reasoning, writer)
                } else {
                    try scanner.skip()
                }
            }
        }
    }

    /// OpenRouter's `images: [{type: image_url, image_url: {url}}]` (openrouter.ai/docs, image generation, read 2026-11).
    func images(_ scanner: inout JSONScanner, _ list: UnsafeRawBufferPointer, _ writer: any ReplyWriter) throws(JSONProblem) {
        try scanner.enterArray()
        while try scanner.nextElement() {
            guard try scanner.peek() == .object else {
                try scanner.skip()
                continue
            }
            try scanner.enterObject()
            while let name = try scanner.nextKey() {
                guard scanner.text(name, is: "image_url"), try scanner.peek() == .object else {
                    try scanner.skip()
                    continue
                }
                try scanner.enterObject()
                while let inner = try scanner.nextKey() {
                    guard scanner.text(inner, is: "url"), try scanner.peek() == .string else {
                        try scanner.skip()
                        continue
                    }
                    var media = Media(.image, .text(.empty))
                    media.set(url: TextSlice(try scanner.string(), of: list))
                    say(.media(media), writer)
                }
            }
        }
    }

    /// `audio: {id, data, transcript}`: the words are text; the sound is media where it comes whole, and in a stream of pieces
    /// something that only this dialect has.
    func audio(_ scanner: inout JSONScanner, _ list: UnsafeRawBufferPointer, _ writer: any ReplyWriter) throws(JSONProblem) {
        _ = try scanner.peek()
        var data: TextSlice?
        var words: TextSlice?
        var ahead = scanner
        let whole = JSONSlice(try ahead.skip(), of: list)
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            if scanner.text(name, is: "data"), try scanner.peek() == .string {
                data = TextSlice(try scanner.string(), of: list)
            } else if scanner.text(name, is: "transcript"), try scanner.peek() == .string {
                words = TextSlice(try scanner.string(), of: list)
            } else {
                try scanner.skip()
            }
        }
        if let words { piece(words, .text, writer) }
        guard let data, !data.isEmpty, !hasAudio else { return }
        if context.isStream {
            hasAudio = true
            say(.native(type: "audio", whole, of: .chatCompletions), writer)
        } else {
            say(.media(Media(.audio, .base64(data))), writer)
        }
    }

    private func say(_ kind: Block.Kind, _ writer: any ReplyWriter) {
        close(writer)
        writer.write(.opened(Block(choice: choice, kind)))
        writer.write(.closed)
    }

    /// OpenRouter's thoughts with their seals. They repeat what `reasoning` says.
    func details(
        _ scanner: inout JSONScanner, _ list: UnsafeRawBufferPointer, _ hasThoughts: Bool, _ writer: any ReplyWriter
    ) throws(JSONProblem) -> Bool {
        var has = hasThoughts
        try scanner.enterArray()
        while try scanner.nextElement() {
            var seal: Seal?
            try scanner.enterObject()
            while let name = try scanner.nextKey() {
                guard try scanner.peek() == .string else {
                    try scanner.skip()
                    continue
                }
                let text = TextSlice(try scanner.string(), of: list)
                if scanner.text(name, is: "text") || scanner.text(name, is: "summary") {
                    if !hasThoughts { piece(text, .reasoning, writer) }
                    has = has || !text.isEmpty
                } else if scanner.text(name, is: "signature"), !text.isEmpty {
                    seal = Seal(context.origin ?? .openrouter, .signature, text)
                } else if scanner.text(name, is: "data"), !text.isEmpty {
                    seal = Seal(context.origin ?? .openrouter, .redacted, text)
                }
            }
            guard let seal else { continue }
            switchTo(.reasoning, writer)
            writer.write(.seal(seal))
            if seal.kind == .redacted { close(writer) }
        }
        return has
    }

    func annotations(
        _ scanner: inout JSONScanner, _ list: UnsafeRawBufferPointer, _ writer: any ReplyWriter
    ) throws(JSONProblem) {
        try scanner.enterArray()
        while try scanner.nextElement() {
            let citation = JSONSlice(try scanner.skip(), of: list)
            switchTo(.text, writer)
            writer.write(.citation(citation, of: .chatCompletions))
        }
    }
}
