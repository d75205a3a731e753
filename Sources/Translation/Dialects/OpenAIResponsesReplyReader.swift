import Routing
import Wire

/// Reads a reply of the Responses API. Providers leave events out, so nothing but the end is relied on: what was not streamed
/// is taken from the item's last event, and what never had one from the response object at the end.
final class OpenAIResponsesReplyReader: ReplyReader {
    private var items: ResponsesItemEmitter
    private var hasBegun = false
    private(set) var isComplete = false
    private var hasFailed = false

    /// The item whose pieces are handed on as they come. Pieces of another one wait for its end.
    private var current: (index: Int, id: TextSlice.Kept?)?
    private var open: OpenBlock?
    private var partHasPieces = false
    /// What was handed on of the part, as it stands in the events: its length and a sum over it.
    private var sent = Sent()
    /// Items of which something was handed on.
    private var told: Set<Int> = []
    /// Their ids: where an item left the output, those behind it have other places at the end.
    private var toldIDs: Set<[UInt8]> = []

    private struct Sent {
        var count = 0
        /// FNV-1a.
        var sum: UInt64 = 0xcbf2_9ce4_8422_2325

        mutating func add(_ bytes: UnsafeRawBufferPointer) {
            count += bytes.count
            for byte in bytes { sum = (sum ^ UInt64(byte)) &* 0x100_0000_01b3 }
        }

        /// What of `whole` was not sent yet. Nil: it begins differently, or nothing is left.
        func rest(of whole: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
            guard whole.count > count else { return nil }
            var beginning = Sent()
            beginning.add(UnsafeRawBufferPointer(rebasing: whole[..<count]))
            return beginning.sum == sum ? UnsafeRawBufferPointer(rebasing: whole[count...]) : nil
        }
    }

    private enum OpenBlock: UInt8 { case text, refusal, reasoning, call }

    init(_ context: ReplyContext) {
        items = ResponsesItemEmitter(origin: context.origin)
    }

    func read(whole body: UnsafeRawBufferPointer, to writer: any ReplyWriter) throws(JSONProblem) {
        try JSONScanner.validate(body)
        let response = try ResponseFields.read(body)
        guard response.output != nil || response.error != nil else { throw JSONProblem(.kind, at: 0) }
        try conclude(response, body, to: writer)
    }

    func read(event name: UnsafeRawBufferPointer, data: UnsafeRawBufferPointer, to writer: any ReplyWriter) throws(JSONProblem) {
        guard !data.says("[DONE]"), !data.isEmpty, !hasFailed else { return }
        let fields = try EventFields.read(data)
        let type = fields.type?.range.of(data) ?? name
        if type.says("response.output_text.delta") {
            try piece(.text, fields, data, to: writer)
        } else if type.says("response.function_call_arguments.delta") {
            try piece(.call, fields, data, to: writer)
        } else if type.says("response.reasoning_summary_text.delta") || type.says("response.reasoning_text.delta")
            || type.says("response.reasoning.delta")
        {
            try piece(.reasoning, fields, data, to: writer)
        } else if type.says("response.refusal.delta") {
            try piece(.refusal, fields, data, to: writer)
        } else {
            try rare(type, fields, data, to: writer)
        }
    }

    func end(to writer: any ReplyWriter) -> Bool {
        if !hasFailed { close(to: writer) }
        return isComplete
    }

    // MARK: Events

    private func rare(
        _ type: UnsafeRawBufferPointer, _ fields: EventFields, _ data: UnsafeRawBufferPointer, to writer: any ReplyWriter
    ) throws(JSONProblem) {
        if type.says("response.created") || type.says("response.in_progress") || type.says("response.queued") {
            if let range = fields.response { begin(try ResponseFields.read(range.of(data)), range.of(data), to: writer) }
        } else if type.says("response.output_item.added") {
            try added(fields, data, to: writer)
        } else if type.says("response.output_item.done") {
            try done(fields, data, to: writer)
        } else if type.says("response.output_text.done") || type.says("response.refusal.done") {
            partDone(type.says("response.refusal.done") ? .refusal : .text, fields, data, to: writer)
        } else if type.says("response.output_text.annotation.added") {
            if open == .text, let annotation = fields.annotation { writer.write(.citation(JSONSlice(annotation, of: data), of: .responses)) }
        } else if type.says("response.content_part.added") {
            if open == .text || open == .refusal { close(to: writer) }
        } else if type.says("response.reasoning_summary_part.added") {
            if open == .reasoning, partHasPieces { writer.write(.piece(TextSlice("\n\n"))) }
        } else if type.says("response.completed") || type.says("response.incomplete") || type.says("response.failed") {
            guard let range = fields.response else { throw JSONProblem(.kind, at: 0) }
            try conclude(try ResponseFields.read(range.of(data)), range.of(data), to: writer)
        } else if type.says("error") {
            fail(FaultyReply.read(status: 200, body: data), to: writer)
        }
    }

    private func begin(_ response: ResponseFields, _ bytes: UnsafeRawBufferPointer, to writer: any ReplyWriter) {
        guard !hasBegun else { return }
        hasBegun = true
        writer.write(
            .began(
                id: response.id.map { TextSlice($0, of: bytes) }, model: response.model.map { TextSlice($0, of: bytes) },
                createdUnixSeconds: response.created))
    }

    private func beginIfNeeded(to writer: any ReplyWriter) {
        guard !hasBegun else { return }
        hasBegun = true
        writer.write(.began(id: nil, model: nil, createdUnixSeconds: nil))
    }

    private func added(_ fields: EventFields, _ data: UnsafeRawBufferPointer, to writer: any ReplyWriter) throws(JSONProblem) {
        guard let range = fields.item, open == nil || current == nil else { return }
        let index = fields.outputIndex ?? told.count
        let bytes = range.of(data)
        let item = try ItemFields.read(bytes)
        current = (index, item.id.map { TextSlice($0, of: bytes).kept })
        partHasPieces = false
        guard item.says("function_call", bytes), let name = item.name else { return }
        beginIfNeeded(to: writer)
        told.insert(index)
        items.hasCalls = true
        open = .call
        writer.write(.opened(Block(.toolCall(id: item.callID.map { TextSlice($0, of: bytes) }, name: TextSlice(name, of: bytes)))))
    }

    private func piece(
        _ kind: OpenBlock, _ fields: EventFields, _ data: UnsafeRawBufferPointer, to writer: any ReplyWriter
    ) throws(JSONProblem) {
        guard let delta = fields.delta else { return }
        let index = fields.outputIndex ?? current?.index ?? 0
        if current == nil {
            if told.contains(index) { return }
            current = (index, nil)
        }
        guard current?.index == index else { return }
        if open != kind {
            guard kind != .call else { return }  // its head never came
            close(to: writer)
            beginIfNeeded(to: writer)
            told.insert(index)
            open = kind
            partHasPieces = false
            let id = current?.id
            switch kind {
            case .text: writer.write(.opened(Block(.text)))
            case .refusal: writer.write(.opened(Block(.refusal)))
            default: TextSlice.with(id) { writer.write(.opened(Block(.reasoning(id: $0)))) }
            }
        }
        guard !delta.range.isEmpty else { return }
        partHasPieces = true
        if kind == .text { sent.add(delta.range.of(data)) }
        writer.write(.piece(TextSlice(delta, of: data)))
        if let logprobs = fields.logprobs, logprobs.count > 2 { items.logprobs(logprobs.of(data), to: writer) }
    }

    private func partDone(_ kind: OpenBlock, _ fields: EventFields, _ data: UnsafeRawBufferPointer, to writer: any ReplyWriter) {
        let index = fields.outputIndex ?? current?.index ?? 0
        guard current?.index == index else { return }
        if !partHasPieces, let text = fields.text, !text.range.isEmpty {
            beginIfNeeded(to: writer)
            told.insert(index)
            if open != kind {
                close(to: writer)
                writer.write(.opened(Block(kind == .text ? .text : .refusal)))
                open = kind
            }
            writer.write(.piece(TextSlice(text, of: data)))
        } else if kind == .text, open == .text, let text = fields.text, let rest = sent.rest(of: text.range.of(data)) {
            writer.write(.piece(TextSlice(quoted: rest, hasEscapes: text.escaped)))
        }
        sent = Sent()
        // Annotations may still follow: the block closes with its item or when the next part begins.
        partHasPieces = false
    }

    private func done(_ fields: EventFields, _ data: UnsafeRawBufferPointer, to writer: any ReplyWriter) throws(JSONProblem) {
        guard let range = fields.item else { return }
        let bytes = range.of(data)
        let index = fields.outputIndex ?? current?.index ?? told.count
        beginIfNeeded(to: writer)
        if told.contains(index) {
            guard current?.index == index else { return }
            let item = try ItemFields.read(bytes)
            if let id = item.id { toldIDs.insert(Array(id.range.of(bytes))) }
            if open == .reasoning, let sealed = item.sealed { items.seal(TextSlice(sealed, of: bytes), to: writer) }
            if open == .call, !partHasPieces, let arguments = item.arguments, !arguments.range.isEmpty {
                writer.write(.piece(TextSlice(arguments, of: bytes)))
            }
            close(to: writer)
            current = nil
            return
        }
        if current?.index != index, open != nil { return }  // told when the response ends
        told.insert(index)
        if current?.index == index { current = nil }
        if let id = try items.emit(bytes, to: writer) { toldIDs.insert(id) }
    }

    private func close(to writer: any ReplyWriter) {
        guard open != nil else { return }
        open = nil
        partHasPieces = false
        sent = Sent()
        writer.write(.closed)
    }

    // MARK: The end

    private func conclude(_ response: ResponseFields, _ bytes: UnsafeRawBufferPointer, to writer: any ReplyWriter) throws(JSONProblem) {
        guard !isComplete else { return }
        begin(response, bytes, to: writer)
        close(to: writer)
        if let output = response.output { try items.emitRest(of: output.of(bytes), told: told, toldIDs, to: writer) }
        if let tier = response.tier { writer.write(.tier(TextSlice(tier, of: bytes))) }
        if let usage = response.usage { writer.write(.usage(usage.usage)) }
        if let error = response.error { return fail(error, to: writer) }
        guard let reason = response.finish(bytes, hasCalls: items.hasCalls) else {
            return fail(FaultyReply(status: 200, message: "the provider ended the response unfinished"), to: writer)
        }
        writer.write(.finished(choice: 0, reason, stopSequence: nil))
        isComplete = true
    }

    private func fail(_ reply: FaultyReply, to writer: any ReplyWriter) {
        guard !hasFailed, !isComplete else { return }
        hasFailed = true
        isComplete = true
        close(to: writer)
        writer.write(.failed(reply))
    }
}

extension ByteRange {
    var isEmpty: Bool { start == end }
}

extension TextSlice {
    /// Of use longer than the event it came in.
    struct Kept {
        var bytes: [UInt8]
        var hasEscapes: Bool
    }

    var kept: Kept { Kept(bytes: Array(bytes), hasEscapes: hasEscapes) }

    static func with(_ kept: Kept?, _ use: (TextSlice?) -> Void) {
        guard let kept else { return use(nil) }
        kept.bytes.withUnsafeBytes { use(TextSlice(quoted: $0, hasEscapes: kept.hasEscapes)) }
    }
}
