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
    /// Of the open block, as the provider numbers it. Nil: it does not, and what comes is of the open one.
    private var openIndex: Int64?
    /// Blocks told beside a call that has not ended, and which they are. They follow it: every dialect tells a call in one go.
    private var held = HeldCalls()
    private var heldIndices: Set<Int64> = []
    private var usage = AnthropicUsage()
    private var reason: FinishReason?
    /// It was said why the message ended, and no other has begun since.
    private var hasReason = false
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
        do throws(JSONProblem) { try closeAll(writer) } catch { return false }
        if isWhole { finish(writer) }
        return isComplete
    }

    var isWhole: Bool { begun && hasReason && !failed }
    var lastEvent: StaticString { "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n" }

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
        try take(name, data, writer)
        while !held.isEmpty, open == .none || open == .call && held.isOpenWhole {
            close(writer)
            try release(writer)
        }
    }

    private func take(_ name: UnsafeRawBufferPointer, _ data: UnsafeRawBufferPointer, _ writer: any ReplyWriter) throws(JSONProblem) {
        let event = try AnthropicMessagesEvent(data)
        let kind = event.type.map { $0.range.of(data) } ?? name
        if kind.says("content_block_delta") {
            if mustWait(event.index) { return try hold(event, data) }
            if var part = event.part { try delta(&part, event.index, data, writer) }
        } else if kind.says("content_block_start") {
            if mustWait(event.index) { return try hold(event, data, isHead: true) }
            close(writer)
            openIndex = event.index
            if var part = event.part { try begin(&part, data, isWhole: false, writer) }
        } else if kind.says("content_block_stop") {
            if let index = event.index, heldIndices.contains(index) { return try hold(event, data) }
            if isOpen(event.index) { close(writer) }
        } else if kind.says("message_start") {
            hasReason = false
            if var part = event.part { try message(&part, data, writer) }
        } else if kind.says("message_delta") {
            if var part = event.part, try part.peek() == .object {
                try part.enterObject()
                while let name = try part.nextKey() {
                    if part.text(name, is: "stop_reason"), try part.peek() == .string { hasReason = true }
                    try ending(name, &part, data)
                }
            }
            if var counts = event.counts { try usage.read(&counts, of: data) }
            tell(writer)
        } else if kind.says("message_stop") {
            try closeAll(writer)
            finish(writer)
        } else if kind.says("error") {
            fail(FaultyReply.read(status: 200, body: data), writer)
        }
    }

    // MARK: Blocks in turns

    private func isOpen(_ index: Int64?) -> Bool { index == nil || openIndex == nil || index == openIndex }

    /// What is open is a call, and not the block in question. Texts and thoughts wait for nothing: some servers say the end of all blocks
    /// at the end of the message.
    private func mustWait(_ index: Int64?) -> Bool {
        if let index, heldIndices.contains(index) { return true }
        return (open == .call && !held.isOpenWhole || open == .native) && !isOpen(index)
    }

    private func hold(_ event: AnthropicMessagesEvent, _ data: UnsafeRawBufferPointer, isHead: Bool = false) throws(JSONProblem) {
        guard event.type != nil, let index = event.index else { throw JSONProblem(.kind, at: 0) }
        try held.add(data, isHead: isHead)
        heldIndices.insert(index)
    }

    /// The call in whose way they were has ended; one of theirs may make the rest wait again.
    private func release(_ writer: any ReplyWriter) throws(JSONProblem) {
        heldIndices = []
        for event in held.takeAll() {
            try event.withUnsafeBufferPointer { copy throws(JSONProblem) in
                try take(UnsafeRawBufferPointer(start: nil, count: 0), UnsafeRawBufferPointer(copy), writer)
            }
        }
    }

    private func closeAll(_ writer: any ReplyWriter) throws(JSONProblem) {
        close(writer)
        while !held.isEmpty {
            try release(writer)
            close(writer)
        }
    }

    // MARK: Deltas

    private func delta(
        _ scanner: inout JSONScanner, _ index: Int64?, _ data: UnsafeRawBufferPointer, _ writer: any ReplyWriter
    ) throws(JSONProblem) {
        guard try scanner.peek() == .object else { return }
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            let kind = try scanner.peek()
            if kind == .string {
                let text = TextSlice(try scanner.string(), of: data)
                if scanner.text(name, is: "text") {
                    piece(text, .text, index, writer)
                } else if scanner.text(name, is: "partial_json") {
                    try input(text, index, writer)
                } else if scanner.text(name, is: "thinking") {
                    piece(text, .reasoning, index, writer)
                } else if scanner.text(name, is: "signature"), !text.isEmpty {
                    if open == .none { turn(to: .reasoning, index, writer) }
                    // Of thoughts that others have followed already: without it they are not given back, with it they would be in pieces.
                    if open == .reasoning, isOpen(index) { writer.write(.seal(Seal(origin, .signature, text))) }
                } else if scanner.text(name, is: "content"), open == .native {
                    nativeMember("content", text.bytes)
                }
            } else if scanner.text(name, is: "citation"), kind == .object {
                let citation = JSONSlice(try scanner.skip(), of: data)
                turn(to: .text, index, writer)
                if open == .text { writer.write(.citation(citation, of: .messages)) }
            } else {
                try scanner.skip()
            }
        }
    }

    private func piece(_ text: TextSlice, _ kind: Open, _ index: Int64?, _ writer: any ReplyWriter) {
        guard !text.isEmpty else { return }
        turn(to: kind, index, writer)
        if open == kind { writer.write(.piece(text)) }
    }

    /// A piece of a call's arguments belongs to that call or to none: put anywhere else they would be another call's.
    private func input(_ text: TextSlice, _ index: Int64?, _ writer: any ReplyWriter) throws(JSONProblem) {
        guard !text.isEmpty else { return }
        guard isOpen(index), open == .native || open == .call else { throw JSONProblem(.kind, at: 0) }
        if open == .native { return text.decode { nativeInput.append($0) } }
        writer.write(.piece(text))
        held.took(text)
    }

    /// Text or thoughts follow: of the open block, of one that others have followed already, or of one whose start was not said.
    private func turn(to kind: Open, _ index: Int64?, _ writer: any ReplyWriter) {
        if open == kind, isOpen(index) { return }
        if isOpen(index), open == .call || open == .native { return }
        close(writer)
        open = kind
        openIndex = index
        writer.write(.opened(Block(kind == .reasoning ? .reasoning(id: nil) : .text)))
    }

    private func close(_ writer: any ReplyWriter) {
        switch open {
        case .none: return
        case .native: closeNative(writer)
        case .text, .reasoning, .call: writer.write(.closed)
        }
        open = .none
        openIndex = nil
    }

    // MARK: Blocks

    private func begin(
        _ scanner: inout JSONScanner, _ body: UnsafeRawBufferPointer, isWhole: Bool, _ writer: any ReplyWriter
    ) throws(JSONProblem) {
        _ = try scanner.peek()
        let start = scanner.offset
        let members = try AnthropicReplyBlock(&scanner, body)
        try begin(members, JSONSlice(ByteRange(start, scanner.offset), of: body), body, isWhole: isWhole, writer)
    }

    private func begin(
        _ members: AnthropicReplyBlock, _ whole: JSONSlice, _ body: UnsafeRawBufferPointer, isWhole: Bool, _ writer: any ReplyWriter
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
            held.opened()
            hasCalls = true
            writer.write(.opened(Block(.toolCall(id: members.id, name: members.name))))
            // A stream begins with an empty object and then spells the real one.
            guard let input = members.input, isWhole || input.bytes.count > 2 else { return }
            writer.write(.piece(TextSlice(plain: input.bytes)))
            held.took(TextSlice(plain: input.bytes))
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
