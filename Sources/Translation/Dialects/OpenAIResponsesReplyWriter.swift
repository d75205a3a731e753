import Routing
import Wire

/// Writes an answer of the Responses API: as a stream with every event of an item's life, or whole.
///
/// The last event repeats all that was said, so what was said is kept, escaped as it will be needed; that is the price of the
/// protocol and bounded by the reply's own limit.
final class OpenAIResponsesReplyWriter: ReplyWriter {
    var output = JSONWriter(capacity: 4_096)
    var loss = Loss()

    let context: ReplyContext
    let responseID: String
    let echo: [UInt8]
    var created: Int64
    var model: [UInt8]
    var sequence = 0
    var hasBegun = false
    var usage: Usage?
    var tier: String?
    var finish: (status: StaticString, reason: StaticString?)?
    var failure: FaultyReply?
    var isOver = false

    /// Finished items, as they stand in `output`, separated by commas.
    var items: [UInt8] = []
    var itemCount = 0
    var item: ResponsesItem?
    /// The open block belongs to a choice, or is of a kind, that this dialect cannot say.
    var isIgnoring = false
    /// The open block has ended, but what comes next may still belong to it.
    var isClosing = false
    /// A text block was opened and nothing of it came yet.
    var awaits: ResponsesItem.PartKind?
    var hasRefusal = false
    /// Vouches for the block that is open; goes into an item behind it.
    var thought: String?

    /// Words that clients know; other providers have words of their own for the usual one.
    private static let tiers: Set = ["auto", "default", "flex", "scale", "priority"]

    init(_ context: ReplyContext) {
        self.context = context
        sequence = context.eventsBefore
        hasBegun = context.eventsBefore > 0
        responseID = context.responseID ?? "resp_" + context.requestID
        created = context.unixSeconds
        model = Array(context.model.utf8)
        echo = context.echo.members.isEmpty ? OpenAIResponsesEcho.ofNothing.members : context.echo.members
    }

    func write(_ event: ReplyEvent) {
        guard !isOver else { return }
        switch event {
        case .piece(let text): piece(text)
        case .began(_, let model, let created): begin(model, created)
        case .opened(let block):
            settle()
            open(block)
        case .closed: isClosing = true
        case .seal(let seal): take(seal)
        case .citation(let json, let api): cite(json, api)
        case .logprobs(let choice, let json): if choice == 0 { addLogprobs(json) }
        case .usage(let usage): self.usage = usage
        case .tier(let tier): self.tier = Self.tiers.contains(tier.string) ? tier.string : "default"
        case .finished(let choice, let reason, let sequence):
            guard choice == 0 else { break }
            finished(reason)
            if sequence != nil { loss.lose("stop_sequence") }
        case .failed(let reply):
            failure = reply
            conclude()
        }
    }

    func end() {
        guard !isOver else { return }
        conclude()
    }

    // MARK: Beginning and end

    private func begin(_ model: TextSlice?, _ created: Int64?) {
        guard !hasBegun else { return }
        hasBegun = true
        if let model, !model.isEmpty {
            self.model.removeAll()
            model.decode { self.model.append($0) }
        }
        if let created, created > 0 { self.created = created }
        event("response.created") { $0.response(in: "in_progress", self) }
        event("response.in_progress") { $0.response(in: "in_progress", self) }
    }

    private func finished(_ reason: FinishReason) {
        switch reason {
        case .stop, .toolCalls, .pause, .other: finish = ("completed", nil)
        case .length, .contextFull: finish = ("incomplete", "max_output_tokens")
        // A refusal in words is a part of its own.
        case .refusal: finish = hasRefusal ? ("completed", nil) : ("incomplete", "content_filter")
        case .contentFilter: finish = ("incomplete", "content_filter")
        case .error:
            finish = ("failed", nil)
            failure = FaultyReply(status: 502, code: "server_error", type: "server_error", message: "the model could not finish its answer")
        }
        switch reason {
        case .pause, .other: loss.lose("stop_reason")
        default: break
        }
    }

    private func conclude() {
        if !hasBegun { begin(nil, nil) }
        settle()
        closeItem()
        isOver = true
        if let failure {
            event("error") { json in
                // OpenAI's description has the members here, its service and Open Responses have them one level below.
                json.failure(failure)
                json.name("error")
                json.beginObject()
                json.member("type", failure.type ?? "server_error")
                json.failure(failure)
                json.endObject()
            }
        }
        let status: StaticString = failure != nil ? "failed" : finish?.status ?? "completed"
        if context.isStream {
            let name: StaticString =
                failure != nil ? "response.failed" : finish?.reason != nil ? "response.incomplete" : "response.completed"
            event(name) { $0.response(in: status, self) }
        } else {
            object(status, &output)
        }
    }

    // MARK: Blocks

    private func open(_ block: Block) {
        isIgnoring = block.choice > 0
        if isIgnoring {
            loss.lose("choices[\(block.choice)]")
            return
        }
        if !hasBegun { begin(nil, nil) }
        switch block.kind {
        case .text: awaits = .text
        case .refusal:
            awaits = .refusal
        case .reasoning(let id): openItem(.reasoning, id: id?.string)
        case .toolCall(let id, let name):
            openItem(.call, callID: id?.string, name: name)
        case .media(let media): write(media)
        case .native(_, let json, of: let api):
            isIgnoring = true
            if api == .responses { writeWhole(json) } else { loss.lose("output[\(itemCount)]") }
        }
    }

    func piece(_ text: TextSlice) {
        guard !isIgnoring, !text.isEmpty else { return }
        if let kind = awaits { openPart(kind) }
        guard item != nil else { return }
        if item?.kind == .reasoning, item?.hasPart == false {
            item?.hasPart = true
            event("response.reasoning_summary_part.added") { json in
                self.place(&json, summary: true)
                json.name("part")
                json.textPart("summary_text", [])
            }
        }
        let name: StaticString =
            switch (item?.kind, item?.part) {
            case (.call, _): "response.function_call_arguments.delta"
            case (.reasoning, _): "response.reasoning_summary_text.delta"
            case (_, .refusal): "response.refusal.delta"
            default: "response.output_text.delta"
            }
        event(name) { json in
            self.place(&json)
            json.member("delta", text)
            if self.item?.kind == .message, self.item?.part == .text {
                json.name("logprobs")
                json.beginArray()
                json.endArray()
            }
        }
        item?.append(text)
    }

    private func take(_ seal: Seal) {
        guard !isIgnoring else { return }
        let data = seal.origin == .openai ? seal.data.string : seal.packed
        if item?.kind == .reasoning, awaits == nil { item?.sealed = data } else { thought = data }
    }

    private func cite(_ citation: JSONSlice, _ api: API) {
        guard !isIgnoring, api == .responses || api == .chatCompletions, awaits == .text || item?.part == .text else {
            loss.lose("annotations")
            return
        }
        if let kind = awaits { openPart(kind) }
        let flat = api == .responses ? Array(citation.bytes) : ResponsesAnnotation.flat(citation.bytes)
        guard let flat else { return loss.lose("annotations") }
        let index = item?.add(annotation: flat) ?? 0
        event("response.output_text.annotation.added") { json in
            self.place(&json)
            json.member("annotation_index", index)
            json.name("annotation")
            flat.withUnsafeBytes { json.raw($0) }
        }
    }

    private func addLogprobs(_ logprobs: JSONSlice) {
        if item?.kind == .message { item?.add(logprobs: logprobs.bytes) } else { loss.lose("logprobs") }
    }

    /// Ends the block that has said it is closed, now that nothing more can belong to it.
    private func settle() {
        guard isClosing else { return }
        isClosing = false
        isIgnoring = false
        if awaits == nil {
            switch item?.kind {
            case .message: closePart()
            case .reasoning, .call: closeItem()
            case nil: break
            }
        }
        awaits = nil
        if let seal = thought {
            thought = nil
            closeItem()
            openItem(.reasoning)
            item?.sealed = seal
            closeItem()
        }
    }
}
