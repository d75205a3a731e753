import Wire

/// The blocks of a reply.
extension BedrockConverseReplyReader {
    func switchTo(_ kind: Open, _ writer: any ReplyWriter) {
        guard open != kind else { return }
        close(writer)
        open = kind
        writer.write(.opened(Block(kind == .reasoning ? .reasoning(id: nil) : .text)))
    }

    /// Texts have no start: their first piece opens them. Empty ones, of which Titan and Nova send many, say nothing.
    func piece(_ text: TextSlice, _ kind: Open, _ writer: any ReplyWriter) {
        guard !text.isEmpty else { return }
        switchTo(kind, writer)
        writer.write(.piece(text))
    }

    func close(_ writer: any ReplyWriter) {
        switch open {
        case .none: return
        case .text, .reasoning, .call: writer.write(.closed)
        case .native, .result: closeKept(writer)
        }
        open = .none
    }

    func blocks(_ scanner: inout JSONScanner, _ body: UnsafeRawBufferPointer, _ writer: any ReplyWriter) throws(JSONProblem) {
        try scanner.enterArray()
        while try scanner.nextElement() {
            try scanner.enterObject()
            while let name = try scanner.nextKey() {
                let kind = try scanner.peek()
                if scanner.text(name, is: "text"), kind == .string {
                    piece(TextSlice(try scanner.string(), of: body), .text, writer)
                } else if kind != .object {
                    try scanner.skip()
                } else if scanner.text(name, is: "toolUse") {
                    try call(&scanner, body, isWhole: true, writer)
                } else if scanner.text(name, is: "reasoningContent") {
                    try reasoning(&scanner, body, writer)
                } else if scanner.text(name, is: "citationsContent") {
                    try cited(&scanner, body, writer)
                } else {
                    keep(name, try scanner.skip().of(body), body, isResult: false)
                }
                close(writer)
            }
        }
    }

    /// `{text}`, `{signature}`, `{redactedContent}`, or in whole replies `{reasoningText: {text, signature}}`.
    func reasoning(_ scanner: inout JSONScanner, _ body: UnsafeRawBufferPointer, _ writer: any ReplyWriter) throws(JSONProblem) {
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            let kind = try scanner.peek()
            if scanner.text(name, is: "reasoningText"), kind == .object {
                try reasoning(&scanner, body, writer)
            } else if kind == .string {
                let text = TextSlice(try scanner.string(), of: body)
                if text.isEmpty { continue }
                if scanner.text(name, is: "text") {
                    piece(text, .reasoning, writer)
                } else if scanner.text(name, is: "signature") {
                    switchTo(.reasoning, writer)
                    writer.write(.seal(Seal(origin ?? .anthropic, .signature, text)))
                } else if scanner.text(name, is: "redactedContent") {
                    switchTo(.reasoning, writer)
                    redacted(text, writer)
                }
            } else {
                try scanner.skip()
            }
        }
    }

    private func redacted(_ blob: TextSlice, _ writer: any ReplyWriter) {
        let bytes = origin == .bedrock ? nil : Base64.decode(blob).flatMap { $0.allSatisfy { $0 > 0x20 && $0 < 0x7f } ? $0 : nil }
        guard let bytes else { return writer.write(.seal(Seal(origin ?? .bedrock, .redacted, blob))) }
        bytes.withUnsafeBytes { writer.write(.seal(Seal(origin ?? .anthropic, .redacted, TextSlice(plain: $0)))) }
    }

    private func cited(_ scanner: inout JSONScanner, _ body: UnsafeRawBufferPointer, _ writer: any ReplyWriter) throws(JSONProblem) {
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            guard try scanner.peek() == .array else {
                try scanner.skip()
                continue
            }
            let isText = scanner.text(name, is: "content")
            let isCitations = scanner.text(name, is: "citations")
            try scanner.enterArray()
            while try scanner.nextElement() {
                if isText, try scanner.peek() == .object {
                    try scanner.enterObject()
                    while let inner = try scanner.nextKey() {
                        if scanner.text(inner, is: "text"), try scanner.peek() == .string {
                            piece(TextSlice(try scanner.string(), of: body), .text, writer)
                        } else {
                            try scanner.skip()
                        }
                    }
                } else {
                    let citation = JSONSlice(try scanner.skip(), of: body)
                    if isCitations {
                        switchTo(.text, writer)
                        writer.write(.citation(citation, of: .converse))
                    }
                }
            }
        }
    }

    func call(
        _ scanner: inout JSONScanner, _ body: UnsafeRawBufferPointer, isWhole: Bool, _ writer: any ReplyWriter
    ) throws(JSONProblem) {
        var id: TextSlice?
        var called = TextSlice.empty
        var input: JSONSlice?
        var isServers = false
        var ahead = scanner
        let whole = try ahead.skip().of(body)
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            let kind = try scanner.peek()
            if scanner.text(name, is: "toolUseId"), kind == .string {
                id = TextSlice(try scanner.string(), of: body)
            } else if scanner.text(name, is: "name"), kind == .string {
                called = TextSlice(try scanner.string(), of: body)
            } else if scanner.text(name, is: "type"), kind == .string {
                isServers = scanner.text(try scanner.string(), is: "server_tool_use")
            } else if scanner.text(name, is: "input"), kind == .object {
                input = JSONSlice(try scanner.skip(), of: body)
            } else {
                try scanner.skip()
            }
        }
        if isServers {
            kept = Array("toolUse".utf8)
            native = Array(whole)
            pieces.removeAll()
            open = .native
        } else {
            open = .call
            hasCalls = true
            writer.write(.opened(Block(.toolCall(id: id, name: called))))
            if isWhole, let input { writer.write(.piece(TextSlice(plain: input.bytes))) }
        }
    }

    /// Keeps a block that only this dialect has until it is whole.
    func keep(_ name: JSONText, _ value: UnsafeRawBufferPointer, _ body: UnsafeRawBufferPointer, isResult: Bool) {
        kept = Array(name.range.of(body))
        native = Array(value)
        pieces.removeAll()
        open = isResult ? .result : .native
    }

    private func closeKept(_ writer: any ReplyWriter) {
        if open == .result {
            native = JSONSplice.replacing("content", in: native, by: [UInt8(ascii: "[")] + pieces + [UInt8(ascii: "]")])
        } else if !pieces.isEmpty {
            native = JSONSplice.replacing("input", in: native, by: pieces)
        }
        var block = JSONWriter(capacity: native.count + 32)
        block.beginObject()
        block.key(String(decoding: kept, as: UTF8.self))
        native.withUnsafeBytes { block.raw($0) }
        block.endObject()
        guard JSONSplice.isJSON(block.bytes) else { return }  // a call that was cut off in the middle
        block.bytes.withUnsafeBytes { bytes in
            kept.withUnsafeBytes { type in
                writer.write(.opened(Block(.native(type: TextSlice(plain: type), JSONSlice(bytes), of: .converse))))
                writer.write(.closed)
            }
        }
    }
}
