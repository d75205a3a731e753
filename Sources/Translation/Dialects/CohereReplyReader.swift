import Routing
import Wire

final class CohereReplyReader: ReplyReader {
    let framing = Framing.events
    private let context: ReplyContext
    private var open = Open.none
    private var hasBegun = false
    private var hasFailed = false
    private var hasEnded = false
    private var finish: FinishReason?
    /// Of the open call: something of its arguments was said.
    private var hasArguments = false

    private enum Open { case none, text, thoughts, plan, call }

    init(_ context: ReplyContext) { self.context = context }

    // MARK: Whole

    func read(whole body: UnsafeRawBufferPointer, to writer: any ReplyWriter) throws(JSONProblem) {
        var scanner = JSONScanner(body)
        var id: TextSlice?
        var message: ByteRange?
        var usage: ByteRange?
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            if scanner.text(name, is: "id") {
                id = try scanner.optionalText(of: body)
            } else if scanner.text(name, is: "message"), try scanner.peek() == .object {
                message = try scanner.skip()
            } else if scanner.text(name, is: "finish_reason") {
                finish = try scanner.optionalText(of: body).map(Self.reason)
            } else if scanner.text(name, is: "usage") {
                usage = try scanner.skip()
            } else {
                try scanner.skip()
            }
        }
        try scanner.finish()
        guard let message else { throw JSONProblem(.kind, at: 0) }
        writer.write(.began(id: id, model: nil, createdUnixSeconds: nil))
        hasBegun = true
        try read(message: message.of(body), to: writer)
        close(to: writer)
        if let usage, let counts = try Self.usage(usage.of(body)) { writer.write(.usage(counts)) }
        finish = finish ?? .error
        _ = end(to: writer)
    }

    private func read(message body: UnsafeRawBufferPointer, to writer: any ReplyWriter) throws(JSONProblem) {
        var scanner = JSONScanner(body)
        var plan: TextSlice?
        var content: ByteRange?
        var calls: ByteRange?
        var citations: [JSONSlice] = []
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            let kind = try scanner.peek()
            if scanner.text(name, is: "tool_plan") {
                plan = try scanner.optionalText(of: body)
            } else if scanner.text(name, is: "content"), kind == .array {
                content = try scanner.skip()
            } else if scanner.text(name, is: "tool_calls"), kind == .array {
                calls = try scanner.skip()
            } else if scanner.text(name, is: "citations"), kind == .array {
                try scanner.enterArray()
                while try scanner.nextElement() { citations.append(JSONSlice(try scanner.skip(), of: body)) }
            } else {
                try scanner.skip()
            }
        }
        if let plan, !plan.isEmpty {
            begin(.plan, .reasoning(id: nil), to: writer)
            writer.write(.piece(plan))
            close(to: writer)
        }
        if let content { try read(content: content.of(body), citations, to: writer) }
        guard let calls else { return }
        var list = JSONScanner(calls.of(body))
        try list.enterArray()
        while try list.nextElement() {
            try read(call: &list, of: calls.of(body), to: writer)
            close(to: writer)
        }
    }

    /// Each citation belongs to a text by its place among the blocks.
    private func read(content body: UnsafeRawBufferPointer, _ citations: [JSONSlice], to writer: any ReplyWriter) throws(JSONProblem) {
        var scanner = JSONScanner(body)
        var place: Int64 = 0
        try scanner.enterArray()
        while try scanner.nextElement() {
            try block(&scanner, of: body, to: writer)
            if open == .text {
                for citation in citations where try Self.place(of: citation) == place { writer.write(.citation(citation, of: .cohereChat)) }
            }
            close(to: writer)
            place += 1
        }
    }

    private static func place(of citation: JSONSlice) throws(JSONProblem) -> Int64 {
        var scanner = JSONScanner(citation.bytes)
        guard try scanner.peek() == .object else { return 0 }
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            if scanner.text(name, is: "content_index"), try scanner.peek() == .number { return try scanner.number().integer }
            try scanner.skip()
        }
        return 0
    }

    // MARK: Events

    func read(event name: UnsafeRawBufferPointer, data: UnsafeRawBufferPointer, to writer: any ReplyWriter) throws(JSONProblem) {
        guard !data.says("[DONE]"), !hasFailed else { return }
        var scanner = JSONScanner(data)
        var type: TextSlice?
        var id: TextSlice?
        var delta: ByteRange?
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            if scanner.text(name, is: "type") {
                type = try scanner.optionalText(of: data)
            } else if scanner.text(name, is: "id"), try scanner.peek() == .string {
                id = TextSlice(try scanner.string(), of: data)
            } else if scanner.text(name, is: "delta"), try scanner.peek() == .object {
                delta = try scanner.skip()
            } else {
                try scanner.skip()
            }
        }
        try scanner.finish()
        guard let type else {
            // An error in place of an event: {id, message}.
            let reply = FaultyReply.read(status: 200, body: data)
            if reply.message != nil { fail(reply, to: writer) }
            return
        }
        if type.says("message-start") {
            hasBegun = true
            writer.write(.began(id: id, model: nil, createdUnixSeconds: nil))
        } else if type.says("message-end") {
            if let delta { try end(delta.of(data), to: writer) }
        } else if type.says("content-end") || type.says("tool-call-end") {
            close(to: writer)
        } else if let delta {
            try read(delta: delta.of(data), isStart: type.says("tool-call-start"), to: writer)
        }
    }

    /// `{"message": {…}}`, whose one member tells what it is.
    private func read(delta body: UnsafeRawBufferPointer, isStart: Bool, to writer: any ReplyWriter) throws(JSONProblem) {
        var scanner = JSONScanner(body)
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            guard scanner.text(name, is: "message"), try scanner.peek() == .object else {
                try scanner.skip()
                continue
            }
            try scanner.enterObject()
            while let name = try scanner.nextKey() {
                let kind = try scanner.peek()
                if scanner.text(name, is: "content"), kind == .object {
                    try block(&scanner, of: body, to: writer)
                } else if scanner.text(name, is: "tool_plan"), kind == .string {
                    let text = TextSlice(try scanner.string(), of: body)
                    if open != .plan { begin(.plan, .reasoning(id: nil), to: writer) }
                    if !text.isEmpty { writer.write(.piece(text)) }
                } else if scanner.text(name, is: "tool_calls"), kind == .object {
                    if isStart { close(to: writer) }
                    try read(call: &scanner, of: body, to: writer)
                } else if scanner.text(name, is: "citations"), kind == .object {
                    let citation = JSONSlice(try scanner.skip(), of: body)
                    if open == .text { writer.write(.citation(citation, of: .cohereChat)) }
                } else {
                    try scanner.skip()
                }
            }
        }
    }

    /// `{type, text}` or `{type, thinking}`, of a delta without `type`.
    private func block(_ scanner: inout JSONScanner, of body: UnsafeRawBufferPointer, to writer: any ReplyWriter) throws(JSONProblem) {
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            let isText = scanner.text(name, is: "text")
            guard isText || scanner.text(name, is: "thinking"), try scanner.peek() == .string else {
                try scanner.skip()
                continue
            }
            let text = TextSlice(try scanner.string(), of: body)
            let wanted = isText ? Open.text : .thoughts
            if open != wanted { begin(wanted, isText ? .text : .reasoning(id: nil), to: writer) }
            if !text.isEmpty { writer.write(.piece(text)) }
        }
    }

    private func read(call scanner: inout JSONScanner, of body: UnsafeRawBufferPointer, to writer: any ReplyWriter) throws(JSONProblem) {
        var id: TextSlice?
        var called: TextSlice?
        var arguments: TextSlice?
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            if scanner.text(name, is: "id") {
                id = try scanner.optionalText(of: body)
            } else if scanner.text(name, is: "function"), try scanner.peek() == .object {
                try scanner.enterObject()
                while let name = try scanner.nextKey() {
                    if scanner.text(name, is: "name") {
                        called = try scanner.optionalText(of: body)
                    } else if scanner.text(name, is: "arguments") {
                        arguments = try scanner.optionalText(of: body)
                    } else {
                        try scanner.skip()
                    }
                }
            } else {
                try scanner.skip()
            }
        }
        if let called, open != .call {
            begin(.call, .toolCall(id: id, name: called), to: writer)
            hasArguments = false
        }
        guard open == .call, let arguments, !arguments.isEmpty else { return }
        if !hasArguments, arguments.says("null") { return }  // of a function without parameters
        hasArguments = true
        writer.write(.piece(arguments))
    }

    // MARK: The end

    private func end(_ body: UnsafeRawBufferPointer, to writer: any ReplyWriter) throws(JSONProblem) {
        var scanner = JSONScanner(body)
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            if scanner.text(name, is: "finish_reason") {
                finish = try scanner.optionalText(of: body).map(Self.reason)
            } else if scanner.text(name, is: "usage") {
                let place = try scanner.skip()
                close(to: writer)
                if let counts = try Self.usage(place.of(body)) { writer.write(.usage(counts)) }
            } else if scanner.text(name, is: "error") {
                if let error = try FaultyReply.member(&scanner) { fail(error, to: writer) }
            } else {
                try scanner.skip()
            }
        }
    }

    func end(to writer: any ReplyWriter) -> Bool {
        guard !hasFailed, !hasEnded else { return true }
        hasEnded = true
        close(to: writer)
        guard let finish, hasBegun else { return false }
        writer.write(.finished(choice: 0, finish, stopSequence: nil))
        return true
    }

    var isWhole: Bool { hasBegun && finish != nil && !hasFailed }

    private func fail(_ reply: FaultyReply, to writer: any ReplyWriter) {
        hasFailed = true
        close(to: writer)
        writer.write(.failed(reply))
    }

    private func begin(_ kind: Open, _ block: Block.Kind, to writer: any ReplyWriter) {
        close(to: writer)
        open = kind
        writer.write(.opened(Block(block)))
    }

    private func close(to writer: any ReplyWriter) {
        guard open != .none else { return }
        open = .none
        writer.write(.closed)
    }

    private static func reason(_ word: TextSlice) -> FinishReason {
        if word.says("COMPLETE") || word.says("STOP_SEQUENCE") { return .stop }
        if word.says("TOOL_CALL") { return .toolCalls }
        if word.says("MAX_TOKENS") { return .length }
        if word.says("ERROR_TOXIC") { return .contentFilter }
        return word.says("ERROR") || word.says("TIMEOUT") ? .error : .other(word.string)
    }

    /// `tokens` are what the model read and wrote, images beside text; `billed_units` leave out what Cohere's own template adds.
    static func usage(_ body: UnsafeRawBufferPointer) throws(JSONProblem) -> Usage? {
        var tokens = CohereTokens()
        var billed = CohereTokens()
        var cached: Int64 = 0
        var scanner = JSONScanner(body)
        guard try scanner.peek() == .object else { return nil }
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            if scanner.text(name, is: "tokens") {
                try tokens.read(&scanner)
            } else if scanner.text(name, is: "billed_units") {
                try billed.read(&scanner)
            } else if scanner.text(name, is: "cached_tokens") {
                cached = try CohereTokens.count(&scanner)
            } else {
                try scanner.skip()
            }
        }
        let said = tokens.isKnown ? tokens : billed
        guard said.isKnown else { return nil }
        var usage = Usage()
        usage.cachedInput = min(cached, said.input)
        usage.input = said.input - usage.cachedInput + said.image
        usage.reasoning = min(said.reasoning, said.output)
        usage.output = said.output - usage.reasoning
        return usage
    }
}

/// One object of counts.
struct CohereTokens {
    var isKnown = false
    var input: Int64 = 0
    var output: Int64 = 0
    var reasoning: Int64 = 0
    var image: Int64 = 0

    mutating func read(_ scanner: inout JSONScanner) throws(JSONProblem) {
        guard try scanner.peek() == .object else {
            try scanner.skip()
            return
        }
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            if scanner.text(name, is: "input_tokens") {
                input = try Self.count(&scanner)
                isKnown = true
            } else if scanner.text(name, is: "output_tokens") {
                output = try Self.count(&scanner)
                isKnown = true
            } else if scanner.text(name, is: "reasoning_tokens") {
                reasoning = try Self.count(&scanner)
            } else if scanner.text(name, is: "image_tokens") {
                image = try Self.count(&scanner)
            } else {
                try scanner.skip()
            }
        }
    }

    static func count(_ scanner: inout JSONScanner) throws(JSONProblem) -> Int64 {
        guard try scanner.peek() == .number else {
            try scanner.skip()
            return 0
        }
        return min(max(try scanner.number().integer, 0), UsageCounts.absurd)
    }
}
