import Routing
import Wire

/// Writes the stream of one message: message_start, each block's start, deltas and stop, message_delta, message_stop.
final class AnthropicMessagesStreamWriter: ReplyWriter {
    private enum Open {
        /// Nothing is open, or something that is passed over.
        case none
        case text
        /// Thoughts that have no text yet: what kind of block they become is not known.
        case thoughts
        case thinking
        /// A call whose start waits for a seal that would have to stand before it.
        case call, startedCall
    }

    var output = JSONWriter(capacity: 1_024)
    private(set) var loss = Loss()
    private var answer: AnthropicMessagesAnswer
    private var block = Open.none
    private var index = 0
    private var hasStarted = false
    private var isSigned = false
    private var isOver = false
    private let requestID: String
    /// `id` and `name` of a waiting call, as members.
    private var head = JSONWriter(capacity: 128)
    /// Seals of the open text: they can only stand in a block of their own behind it.
    private var waiting = JSONWriter()

    init(_ context: ReplyContext) {
        answer = AnthropicMessagesAnswer(context)
        requestID = context.requestID
    }

    func write(_ event: ReplyEvent) {
        guard !isOver else { return }
        switch event {
        case .began(let id, let model, _): answer.began(id, model)
        case .opened(let block): open(block)
        case .piece(let text): piece(text)
        case .seal(let seal): self.seal(seal)
        case .citation(let json, let api): citation(json, api)
        case .closed: close()
        case .finished(let choice, let reason, let sequence): if choice == 0 { answer.finished(reason, sequence) }
        case .logprobs: loss.lose("logprobs")
        case .usage(let usage): answer.usage = usage
        case .tier(let tier):
            // It stands in the first event only.
            if hasStarted { loss.lose("service_tier") } else { answer.said(tier) }
        case .failed(let reply): fail(reply)
        }
    }

    // MARK: Frames

    private func begin(_ event: StaticString) {
        output.framing("event: ")
        output.framing(event)
        output.framing("\ndata: ")
        output.beginObject()
        output.member("type", word: event)
    }

    private func finishEvent() {
        output.endObject()
        output.framing("\n\n")
    }

    private func start() {
        guard !hasStarted else { return }
        hasStarted = true
        begin("message_start")
        output.name("message")
        output.beginObject()
        answer.head(into: &output)
        output.name("content")
        output.beginArray()
        output.endArray()
        output.name("stop_reason")
        output.null()
        output.name("stop_sequence")
        output.null()
        AnthropicUsage.write(answer.usage, tier: answer.tier, into: &output)
        output.endObject()
        finishEvent()
    }

    private func beginBlock() {
        start()
        begin("content_block_start")
        output.name("index")
        output.number(index)
        output.name("content_block")
    }

    private func endBlock() {
        begin("content_block_stop")
        output.name("index")
        output.number(index)
        finishEvent()
        index += 1
    }

    private func beginDelta(_ type: StaticString) {
        begin("content_block_delta")
        output.name("index")
        output.number(index)
        output.name("delta")
        output.beginObject()
        output.member("type", word: type)
    }

    private func endDelta() {
        output.endObject()
        finishEvent()
    }

    // MARK: Blocks

    private func open(_ opened: Block) {
        block = .none
        guard opened.choice == 0 else { return loss.lose("choices[\(opened.choice)]") }
        switch opened.kind {
        case .text, .refusal: openText()
        case .reasoning:
            block = .thoughts
            isSigned = false
        case .toolCall(let id, let name):
            block = .call
            head.clear()
            head.beginObject()
            answer.call(id, name, into: &head)
        case .media(let media): loss.lose("content.\(media.kind)")
        case .native(let type, let whole, let api):
            guard api == .messages else { return loss.lose("content.\(type.string)") }
            beginBlock()
            output.value(whole)
            finishEvent()
            endBlock()
        }
    }

    private func openText() {
        block = .text
        beginBlock()
        output.beginObject()
        output.member("type", word: "text")
        output.member("text", word: "")
        output.endObject()
        finishEvent()
    }

    private func openThinking() {
        block = .thinking
        beginBlock()
        output.beginObject()
        output.member("type", word: "thinking")
        output.member("thinking", word: "")
        output.member("signature", word: "")
        output.endObject()
        finishEvent()
    }

    private func openCall() {
        block = .startedCall
        head.name("input")
        head.beginObject()
        head.endObject()
        head.endObject()
        beginBlock()
        head.bytes.withUnsafeBytes { output.raw($0) }
        finishEvent()
    }

    private func piece(_ text: TextSlice) {
        guard !text.isEmpty else { return }
        switch block {
        case .none: break
        case .text:
            beginDelta("text_delta")
            output.member("text", text)
            endDelta()
        case .thoughts, .thinking:
            if case .thoughts = block { openThinking() }
            beginDelta("thinking_delta")
            output.member("thinking", text)
            endDelta()
        case .call, .startedCall:
            if case .call = block { openCall() }
            beginDelta("input_json_delta")
            output.member("partial_json", text)
            endDelta()
        }
    }

    private func close() {
        switch block {
        case .none, .thoughts: break
        case .call:
            openCall()
            endBlock()
        case .text, .thinking, .startedCall: endBlock()
        }
        block = .none
        guard !waiting.bytes.isEmpty else { return }
        beginBlock()
        waiting.bytes.withUnsafeBytes { output.raw($0) }
        finishEvent()
        endBlock()
        waiting.clear()
    }

    // MARK: Seals and citations

    private func seal(_ seal: Seal) {
        switch block {
        case .none: break
        case .thoughts:
            if seal.origin == .anthropic, seal.kind == .signature {
                openThinking()
                sign(seal)
            } else {
                standAlone(seal)
            }
        case .thinking:
            // Redacted thoughts of Anthropic's are blocks; whatever vouches for the text beside it stands as its signature.
            if isSigned || answer.isBare(seal) && seal.kind == .redacted {
                endBlock()
                block = .thoughts
                standAlone(seal)
            } else {
                sign(seal)
            }
        case .call: standAlone(seal)
        case .text, .startedCall:
            waiting.clear()
            answer.redacted(seal, into: &waiting)
        }
    }

    private func sign(_ seal: Seal) {
        isSigned = true
        beginDelta("signature_delta")
        output.name("signature")
        answer.string(seal, into: &output)
        endDelta()
    }

    private func standAlone(_ seal: Seal) {
        beginBlock()
        answer.redacted(seal, into: &output)
        finishEvent()
        endBlock()
    }

    private func citation(_ json: JSONSlice, _ api: API) {
        guard api == .messages, case .text = block else { return loss.lose("content.citations") }
        beginDelta("citations_delta")
        output.member("citation", json)
        endDelta()
    }

    // MARK: The end

    private func fail(_ reply: FaultyReply) {
        isOver = true
        begin("error")
        AnthropicError.write(AnthropicError.type(of: reply), reply.message ?? "the provider failed", into: &output)
        output.member("request_id", requestID)
        finishEvent()
    }

    func end() {
        guard !isOver else { return }
        if answer.reason == .error {
            return fail(FaultyReply(status: 200, type: "api_error", message: "the provider could not finish its answer"))
        }
        isOver = true
        start()
        begin("message_delta")
        output.name("delta")
        output.beginObject()
        answer.ending(into: &output, &loss)
        output.endObject()
        AnthropicUsage.write(answer.usage, tier: nil, into: &output)
        finishEvent()
        begin("message_stop")
        finishEvent()
    }
}
