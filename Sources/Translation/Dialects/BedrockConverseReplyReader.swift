import Routing
import Wire

/// Reads a Converse reply, or the events of a ConverseStream.
final class BedrockConverseReplyReader: ReplyReader {
    enum Open { case none, text, reasoning, call, native, result }

    let framing = Framing.eventStream
    private(set) var isComplete = false
    let origin: Seal.Origin?
    var open = Open.none
    private var openIndex: Int64 = -1
    private var hasBegun = false
    private var hasFinished = false
    private var failed = false
    private var usage = AnthropicUsage()
    var hasCalls = false
    private var stop: [UInt8] = []
    private var stopHasEscapes = false
    /// Of a block that only this dialect has: its start, and the pieces of its input or content.
    var native: [UInt8] = []
    var pieces: [UInt8] = []
    var kept: [UInt8] = []

    init(_ context: ReplyContext) { origin = context.origin }

    // MARK: Whole

    func read(whole body: UnsafeRawBufferPointer, to writer: any ReplyWriter) throws(JSONProblem) {
        var scanner = JSONScanner(body)
        var output: JSONScanner?
        var reason: TextSlice?
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            if scanner.text(name, is: "output"), try scanner.peek() == .object {
                output = scanner
                try scanner.skip()
            } else if scanner.text(name, is: "stopReason"), try scanner.peek() == .string {
                reason = TextSlice(try scanner.string(), of: body)
            } else {
                try closing(name, &scanner, body, writer)
            }
        }
        try scanner.finish()
        guard var output else { throw JSONProblem(.kind, at: 0) }
        begin(writer)
        writer.write(.usage(usage.usage))
        try output.enterObject()
        while let name = try output.nextKey() {
            guard output.text(name, is: "message"), try output.peek() == .object else {
                try output.skip()
                continue
            }
            try output.enterObject()
            while let inner = try output.nextKey() {
                if output.text(inner, is: "content"), try output.peek() == .array { try blocks(&output, body, writer) } else { try output.skip() }
            }
        }
        finish(reason, writer)
        isComplete = true
    }

    /// Members that a whole reply and the last events of a stream share.
    private func closing(
        _ name: JSONText, _ scanner: inout JSONScanner, _ body: UnsafeRawBufferPointer, _ writer: any ReplyWriter
    ) throws(JSONProblem) {
        let kind = try scanner.peek()
        if scanner.text(name, is: "usage") {
            try usage.read(&scanner, of: body)
        } else if scanner.text(name, is: "additionalModelResponseFields"), kind == .object {
            try sequence(&scanner, body)
        } else if scanner.text(name, is: "serviceTier"), kind == .object {
            try scanner.enterObject()
            while let inner = try scanner.nextKey() {
                if scanner.text(inner, is: "type"), try scanner.peek() == .string {
                    writer.write(.tier(TextSlice(try scanner.string(), of: body)))
                } else {
                    try scanner.skip()
                }
            }
        } else if scanner.text(name, is: "performanceConfig"), kind == .object {
            try latency(&scanner, body, writer)
        } else {
            try scanner.skip()
        }
    }

    /// Clients of other dialects have no word for `optimized`.
    private func latency(_ scanner: inout JSONScanner, _ body: UnsafeRawBufferPointer, _ writer: any ReplyWriter) throws(JSONProblem) {
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            guard scanner.text(name, is: "latency"), try scanner.peek() == .string else {
                try scanner.skip()
                continue
            }
            usage.served = ServiceTier(TextSlice(try scanner.string(), of: body))
            if usage.served == .standard { writer.write(.tier("default")) }
        }
    }

    /// `stop_sequence`, within `delta` in a stream.
    private func sequence(_ scanner: inout JSONScanner, _ body: UnsafeRawBufferPointer) throws(JSONProblem) {
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            let kind = try scanner.peek()
            if scanner.text(name, is: "stop_sequence"), kind == .string {
                let text = try scanner.string()
                stop = Array(text.range.of(body))
                stopHasEscapes = text.escaped
            } else if scanner.text(name, is: "delta"), kind == .object {
                try sequence(&scanner, body)
            } else {
                try scanner.skip()
            }
        }
    }

    private func begin(_ writer: any ReplyWriter) {
        if !hasBegun { writer.write(.began(id: nil, model: nil, createdUnixSeconds: nil)) }
        hasBegun = true
    }

    private func finish(_ reason: TextSlice?, _ writer: any ReplyWriter) {
        guard !hasFinished else { return }
        hasFinished = true
        stop.withUnsafeBytes { bytes in
            let sequence = bytes.isEmpty ? nil : TextSlice(quoted: bytes, hasEscapes: stopHasEscapes)
            var reason = reason.map(Self.reason) ?? .stop
            if hasCalls, case .stop = reason { reason = .toolCalls }
            writer.write(.finished(choice: 0, reason, stopSequence: sequence))
        }
    }

    private static func reason(_ word: TextSlice) -> FinishReason {
        switch word.string {
        case "end_turn", "stop_sequence": .stop
        case "max_tokens": .length
        case "tool_use": .toolCalls
        case "guardrail_intervened", "content_filtered": .contentFilter
        case "malformed_model_output", "malformed_tool_use": .error
        case "model_context_window_exceeded": .contextFull
        case let other: .other(other)
        }
    }

    // MARK: Stream

    func read(event name: UnsafeRawBufferPointer, data: UnsafeRawBufferPointer, to writer: any ReplyWriter) throws(JSONProblem) {
        guard !isComplete else { return }
        if name.says("contentBlockDelta") {
            try delta(data, writer)
        } else if name.says("contentBlockStart") {
            try start(data, writer)
        } else if name.says("contentBlockStop") {
            close(writer)
        } else if name.says("messageStart") {
            begin(writer)
        } else if name.says("messageStop") || name.says("metadata") {
            try last(name.says("metadata"), data, writer)
        } else if name.count > 9, String(decoding: name, as: UTF8.self).lowercased().hasSuffix("exception") {
            fail(String(decoding: name, as: UTF8.self), data, writer)
        }
    }

    private func last(_ isMetadata: Bool, _ data: UnsafeRawBufferPointer, _ writer: any ReplyWriter) throws(JSONProblem) {
        var scanner = JSONScanner(data)
        var reason: TextSlice?
        begin(writer)
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            if scanner.text(name, is: "stopReason"), try scanner.peek() == .string {
                reason = TextSlice(try scanner.string(), of: data)
            } else {
                try closing(name, &scanner, data, writer)
            }
        }
        try scanner.finish()
        if isMetadata {
            writer.write(.usage(usage.usage))
            isComplete = hasFinished
        } else {
            close(writer)
            finish(reason, writer)
        }
    }

    /// The names of Bedrock's model stream exceptions and the statuses that their requests would have had.
    private func fail(_ name: String, _ data: UnsafeRawBufferPointer, _ writer: any ReplyWriter) {
        guard !failed else { return }
        failed = true
        isComplete = true
        close(writer)
        var reply = FaultyReply.read(status: BedrockError.status(of: name), body: data)
        reply.type = name
        writer.write(.failed(reply))
    }

    func end(to writer: any ReplyWriter) -> Bool {
        close(writer)
        return hasFinished || failed
    }

    var isWhole: Bool { hasFinished && !failed }

    /// The object at `member`, and the block's index.
    private func places(
        _ member: StaticString, _ data: UnsafeRawBufferPointer
    ) throws(JSONProblem) -> (scanner: JSONScanner?, index: Int64) {
        var scanner = JSONScanner(data)
        var found: JSONScanner?
        var index: Int64 = 0
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            if scanner.text(name, is: member), try scanner.peek() == .object {
                found = scanner
                try scanner.skip()
            } else if scanner.text(name, is: "contentBlockIndex"), try scanner.peek() == .number {
                index = try scanner.number().integer
            } else {
                try scanner.skip()
            }
        }
        try scanner.finish()
        return (found, index)
    }

    private func start(_ data: UnsafeRawBufferPointer, _ writer: any ReplyWriter) throws(JSONProblem) {
        begin(writer)
        close(writer)
        let place = try places("start", data)
        openIndex = place.index
        guard var scanner = place.scanner else { return }
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            guard try scanner.peek() == .object else {
                try scanner.skip()
                continue
            }
            if scanner.text(name, is: "toolUse") {
                try call(&scanner, data, isWhole: false, writer)
            } else {
                keep(name, try scanner.skip().of(data), data, isResult: scanner.text(name, is: "toolResult"))
            }
        }
    }

    private func delta(_ data: UnsafeRawBufferPointer, _ writer: any ReplyWriter) throws(JSONProblem) {
        begin(writer)
        let place = try places("delta", data)
        if place.index != openIndex { close(writer) }
        openIndex = place.index
        guard var scanner = place.scanner else { return }
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            let kind = try scanner.peek()
            if scanner.text(name, is: "text"), kind == .string {
                piece(TextSlice(try scanner.string(), of: data), .text, writer)
            } else if scanner.text(name, is: "toolUse"), kind == .object {
                try scanner.enterObject()
                while let inner = try scanner.nextKey() {
                    if scanner.text(inner, is: "input"), try scanner.peek() == .string {
                        input(TextSlice(try scanner.string(), of: data), writer)
                    } else {
                        try scanner.skip()
                    }
                }
            } else if scanner.text(name, is: "reasoningContent"), kind == .object {
                try reasoning(&scanner, data, writer)
            } else if scanner.text(name, is: "citation"), kind == .object {
                let citation = JSONSlice(try scanner.skip(), of: data)
                switchTo(.text, writer)
                writer.write(.citation(citation, of: .converse))
            } else if scanner.text(name, is: "toolResult"), kind == .array, open == .result {
                let list = try scanner.skip().of(data)
                if !pieces.isEmpty, list.count > 2 { pieces.append(UInt8(ascii: ",")) }
                pieces += list.dropFirst().dropLast()
            } else {
                try scanner.skip()
            }
        }
    }

    private func input(_ text: TextSlice, _ writer: any ReplyWriter) {
        guard !text.isEmpty else { return }
        if open == .native { text.decode { pieces.append($0) } } else if open == .call { writer.write(.piece(text)) }
    }
}
