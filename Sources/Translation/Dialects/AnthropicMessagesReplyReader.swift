import Routing
import Wire

/// Reads a whole message or a stream of its events.
final class AnthropicMessagesReplyReader: ReplyReader {
    private enum Open { case none, text, reasoning, call, native }

    private(set) var isComplete = false
    private let origin: Seal.Origin
    private var begun = false
    private var failed = false
    private var open = Open.none
    private var usage = AnthropicUsage()
    private var reason: FinishReason?
    private var hasCalls = false
    /// A stop sequence, inside its quotes.
    private var stop: [UInt8] = []
    private var stopHasEscapes = false
    /// Of a block that other dialects do not have: its start, and the pieces of its `input` or content.
    private var native: [UInt8] = []
    private var nativeInput: [UInt8] = []

    init(_ context: ReplyContext) { origin = context.origin ?? .anthropic }

    // MARK: Whole

    func read(whole body: UnsafeRawBufferPointer, to writer: any ReplyWriter) throws(JSONProblem) {
        defer { usage.forgetTier() }
        var scanner = JSONScanner(body)
        try message(&scanner, body, writer)
        try scanner.finish()
        if failed { return }
        guard begun else { throw JSONProblem(.kind, at: 0) }
        finish(writer)
    }

    func end(to writer: any ReplyWriter) -> Bool {
        close(writer)
        return isComplete
    }

    /// A message, whole or as it begins a stream.
    private func message(
        _ scanner: inout JSONScanner, _ body: UnsafeRawBufferPointer, _ writer: any ReplyWriter
    ) throws(JSONProblem) {
        var id: TextSlice?
        var model: TextSlice?
        var isMessage = false
        var content: JSONScanner?
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            let kind = try scanner.peek()
            if scanner.text(name, is: "id"), kind == .string {
                id = TextSlice(try scanner.string(), of: body)
            } else if scanner.text(name, is: "model"), kind == .string {
                model = TextSlice(try scanner.string(), of: body)
            } else if scanner.text(name, is: "type"), kind == .string {
                isMessage = scanner.text(try scanner.string(), is: "message")
            } else if scanner.text(name, is: "content"), kind == .array {
                content = scanner
                try scanner.skip()
            } else if scanner.text(name, is: "usage") {
                try usage.read(&scanner, of: body)
            } else if scanner.text(name, is: "error"), kind == .object {
                fail(FaultyReply.read(status: 200, body: body), writer)
                try scanner.skip()
            } else {
                try ending(name, &scanner, body)
            }
        }
        guard !failed, isMessage else { return }
        if !begun { writer.write(.began(id: id, model: model, createdUnixSeconds: nil)) }
        begun = true
        tell(writer)
        if var content { try blocks(&content, body, writer) }
    }

    private func tell(_ writer: any ReplyWriter) {
        writer.write(.usage(usage.usage))
        if let tier = usage.tier { writer.write(.tier(AnthropicUsage.neutral(tier))) }
        usage.forgetTier()
    }

    /// `stop_reason` and `stop_sequence`.
    private func ending(_ name: JSONText, _ scanner: inout JSONScanner, _ body: UnsafeRawBufferPointer) throws(JSONProblem) {
        let kind = try scanner.peek()
        if scanner.text(name, is: "stop_reason"), kind == .string {
            reason = Self.reason(TextSlice(try scanner.string(), of: body))
        } else if scanner.text(name, is: "stop_sequence"), kind == .string {
            let text = try scanner.string()
            stop = Array(text.range.of(body))
            stopHasEscapes = text.escaped
        } else {
            try scanner.skip()
        }
    }

    private static func reason(_ word: TextSlice) -> FinishReason {
        switch word.string {
        case "end_turn", "stop_sequence": .stop
        case "max_tokens": .length
        case "tool_use": .toolCalls
        case "pause_turn": .pause
        case "refusal": .refusal
        case "model_context_window_exceeded": .contextFull
        case let other: .other(other)
        }
    }

    private func finish(_ writer: any ReplyWriter) {
        guard !isComplete else { return }
        close(writer)
        isComplete = true
        // Calls that its own code made do not end the turn here, but their results are the client's to give.
        if hasCalls, case .stop? = reason { reason = .toolCalls }
        stop.withUnsafeBytes { bytes in
            let sequence = bytes.isEmpty ? nil : TextSlice(quoted: bytes, hasEscapes: stopHasEscapes)
            writer.write(.finished(choice: 0, reason ?? .stop, stopSequence: sequence))
        }
    }

    private func fail(_ error: FaultyReply, _ writer: any ReplyWriter) {
        guard !failed else { return }
        failed = true
        isComplete = true
        close(writer)
        writer.write(.failed(error))
    }

    private func blocks(
        _ scanner: inout JSONScanner, _ body: UnsafeRawBufferPointer, _ writer: any ReplyWriter
    ) throws(JSONProblem) {
        try scanner.enterArray()
        while try scanner.nextElement() {
            try begin(&scanner, body, isWhole: true, writer)
            close(writer)
        }
    }

    // MARK: Stream

    func read(event name: UnsafeRawBufferPointer, data: UnsafeRawBufferPointer, to writer: any ReplyWriter) throws(JSONProblem) {
        guard !isComplete, !data.isEmpty else { return }
        defer { usage.forgetTier() }
        var scanner = JSONScanner(data)
        var type: JSONText?
        var part: JSONScanner?
        var counts: JSONScanner?
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            if scanner.text(name, is: "delta") || scanner.text(name, is: "content_block") || scanner.text(name, is: "message") {
                part = scanner
            } else if scanner.text(name, is: "type"), try scanner.peek() == .string {
                type = try scanner.string()
                continue
            } else if scanner.text(name, is: "usage") {
                counts = scanner
            }
            try scanner.skip()
        }
        try scanner.finish()
        let kind = type.map { $0.range.of(data) } ?? name
        if kind.says("content_block_delta") {
            if var part { try delta(&part, data, writer) }
        } else if kind.says("content_block_start") {
            close(writer)
            if var part { try begin(&part, data, isWhole: false, writer) }
        } else if kind.says("content_block_stop") {
            close(writer)
        } else if kind.says("message_start") {
            if var part { try message(&part, data, writer) }
        } else if kind.says("message_delta") {
            if var part, try part.peek() == .object {
                try part.enterObject()
                while let name = try part.nextKey() { try ending(name, &part, data) }
            }
            if var counts { try usage.read(&counts, of: data) }
            tell(writer)
        } else if kind.says("message_stop") {
            finish(writer)
        } else if kind.says("error") {
            fail(FaultyReply.read(status: 200, body: data), writer)
        }
    }

    private func delta(_ scanner: inout JSONScanner, _ data: UnsafeRawBufferPointer, _ writer: any ReplyWriter) throws(JSONProblem) {
        guard try scanner.peek() == .object else { return }
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            let kind = try scanner.peek()
            if kind == .string {
                let text = TextSlice(try scanner.string(), of: data)
                if scanner.text(name, is: "text") {
                    piece(text, .text, writer)
                } else if scanner.text(name, is: "partial_json") {
                    if open == .native { text.decode { nativeInput.append($0) } } else if open == .call { piece(text, .call, writer) }
                } else if scanner.text(name, is: "thinking") {
                    piece(text, .reasoning, writer)
                } else if scanner.text(name, is: "signature"), !text.isEmpty {
                    openIfNone(.reasoning, writer)
                    if open == .reasoning { writer.write(.seal(Seal(origin, .signature, text))) }
                } else if scanner.text(name, is: "content"), open == .native {
                    nativeMember("content", text.bytes)
                }
            } else if scanner.text(name, is: "citation"), kind == .object {
                let citation = JSONSlice(try scanner.skip(), of: data)
                openIfNone(.text, writer)
                if open == .text { writer.write(.citation(citation, of: .messages)) }
            } else {
                try scanner.skip()
            }
        }
    }

    private func piece(_ text: TextSlice, _ kind: Open, _ writer: any ReplyWriter) {
        guard !text.isEmpty else { return }
        openIfNone(kind, writer)
        if open == kind { writer.write(.piece(text)) }
    }

    /// A delta without its block's start: nobody was seen to send that, and nothing is lost if somebody does.
    private func openIfNone(_ kind: Open, _ writer: any ReplyWriter) {
        guard open == .none else { return }
        open = kind
        writer.write(.opened(Block(kind == .reasoning ? .reasoning(id: nil) : .text)))
    }

    private func close(_ writer: any ReplyWriter) {
        switch open {
        case .none: return
        case .native: closeNative(writer)
        case .text, .reasoning, .call: writer.write(.closed)
        }
        open = .none
    }

    // MARK: Blocks

    private struct Members {
        var type = TextSlice.empty
        var text: TextSlice?
        var signature: TextSlice?
        var id: TextSlice?
        var name = TextSlice.empty
        var input: JSONSlice?
        var citations: JSONScanner?
    }

    private func begin(
        _ scanner: inout JSONScanner, _ body: UnsafeRawBufferPointer, isWhole: Bool, _ writer: any ReplyWriter
    ) throws(JSONProblem) {
        var members = Members()
        _ = try scanner.peek()
        let start = scanner.offset
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            let kind = try scanner.peek()
            if kind == .string {
                let text = TextSlice(try scanner.string(), of: body)
                if scanner.text(name, is: "type") {
                    members.type = text
                } else if scanner.text(name, is: "text") || scanner.text(name, is: "thinking") || scanner.text(name, is: "data") {
                    members.text = text
                } else if scanner.text(name, is: "signature") {
                    members.signature = text
                } else if scanner.text(name, is: "id") {
                    members.id = text
                } else if scanner.text(name, is: "name") {
                    members.name = text
                }
            } else if scanner.text(name, is: "input"), kind == .object {
                members.input = JSONSlice(try scanner.skip(), of: body)
            } else if scanner.text(name, is: "citations"), kind == .array {
                members.citations = scanner
                try scanner.skip()
            } else {
                try scanner.skip()
            }
        }
        try begin(members, JSONSlice(ByteRange(start, scanner.offset), of: body), body, isWhole: isWhole, writer)
    }

    private func begin(
        _ members: Members, _ whole: JSONSlice, _ body: UnsafeRawBufferPointer, isWhole: Bool, _ writer: any ReplyWriter
    ) throws(JSONProblem) {
        if members.type.says("text") {
            open = .text
            writer.write(.opened(Block(.text)))
            if let text = members.text, !text.isEmpty { writer.write(.piece(text)) }
            if var citations = members.citations {
                try citations.enterArray()
                while try citations.nextElement() { writer.write(.citation(JSONSlice(try citations.skip(), of: body), of: .messages)) }
            }
        } else if members.type.says("tool_use") {
            open = .call
            hasCalls = true
            writer.write(.opened(Block(.toolCall(id: members.id, name: members.name))))
            // A stream begins with an empty object and then spells the real one.
            if let input = members.input, isWhole || input.bytes.count > 2 { writer.write(.piece(TextSlice(plain: input.bytes))) }
        } else if members.type.says("thinking") {
            open = .reasoning
            writer.write(.opened(Block(.reasoning(id: nil))))
            if let text = members.text, !text.isEmpty { writer.write(.piece(text)) }
            if let signature = members.signature, !signature.isEmpty { writer.write(.seal(Seal(origin, .signature, signature))) }
        } else if members.type.says("redacted_thinking") {
            open = .reasoning
            writer.write(.opened(Block(.reasoning(id: nil))))
            if let data = members.text { writer.write(.seal(Seal(origin, .redacted, data))) }
        } else {
            open = .native
            native = Array(whole.bytes)
            nativeInput.removeAll()
        }
    }

    /// Replaces or adds a member of the block that is kept back: texts of a compaction come as deltas.
    private func nativeMember(_ wanted: StaticString, _ quoted: UnsafeRawBufferPointer) {
        var value: [UInt8] = [UInt8(ascii: "\"")]
        value += quoted
        value.append(UInt8(ascii: "\""))
        native = JSONSplice.replacing(wanted, in: native, by: value)
    }

    private func closeNative(_ writer: any ReplyWriter) {
        if !nativeInput.isEmpty { native = JSONSplice.replacing("input", in: native, by: nativeInput) }
        native.withUnsafeBytes { bytes in
            var scanner = JSONScanner(bytes)
            var type = TextSlice.empty
            do throws(JSONProblem) {
                try scanner.enterObject()
                while let name = try scanner.nextKey() {
                    if scanner.text(name, is: "type"), try scanner.peek() == .string {
                        type = TextSlice(try scanner.string(), of: bytes)
                    } else {
                        try scanner.skip()
                    }
                }
                try scanner.finish()
            } catch {
                return  // its pieces make no JSON: a call that was cut off in the middle
            }
            writer.write(.opened(Block(.native(type: type, JSONSlice(bytes), of: .messages))))
            writer.write(.closed)
        }
        native.removeAll()
    }
}
