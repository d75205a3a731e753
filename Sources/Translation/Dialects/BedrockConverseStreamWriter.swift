import Routing
import Wire

/// Writes a ConverseStream: messageStart, each block's deltas and stop (of calls their start too), messageStop, metadata.
final class BedrockConverseStreamWriter: ReplyWriter {
    private enum Open {
        /// Nothing is open, or something that is passed over.
        case none
        case text
        /// Thoughts that have no text yet.
        case thoughts
        case thinking
        /// A call whose start waits for a seal that would have to stand before it.
        case call, startedCall
    }

    var output = JSONWriter(capacity: 1_024)
    private(set) var loss = Loss()
    private var answer: BedrockConverseAnswer
    private var block = Open.none
    private var index = 0
    private var hasStarted = false
    private var isSigned = false
    private var isOver = false
    private var hasDelta = false
    /// `toolUseId` and `name` of a waiting call.
    private var head = JSONWriter(capacity: 128)
    /// A seal of the open text: it can only stand in a block of its own behind it.
    private var waiting = JSONWriter()

    init(_ context: ReplyContext) { answer = BedrockConverseAnswer(context) }

    func write(_ event: ReplyEvent) {
        guard !isOver else { return }
        switch event {
        case .began: break
        case .opened(let block): open(block)
        case .piece(let text): piece(text)
        case .seal(let seal): self.seal(seal)
        case .citation(let json, let api): citation(json, api)
        case .closed: close()
        case .finished(let choice, let reason, let sequence):
            if choice == 0 { answer.reason = reason }
            if sequence != nil { loss.lose("stop_sequence") }
        case .logprobs: loss.lose("logprobs")
        case .usage(let usage): answer.usage = usage
        case .tier(let tier): answer.said(tier)
        case .failed(let reply): fail(reply)
        }
    }

    // MARK: Frames

    private func start() {
        guard !hasStarted else { return }
        hasStarted = true
        let frame = output.beginFrame(.event, "messageStart")
        output.beginObject()
        output.member("role", word: "assistant")
        output.endObject()
        output.endFrame(frame)
    }

    /// A delta around what `write` writes as the value of `delta`.
    private func delta(_ write: (inout JSONWriter) -> Void) {
        start()
        hasDelta = true
        let frame = output.beginFrame(.event, "contentBlockDelta")
        output.beginObject()
        output.name("delta")
        output.beginObject()
        write(&output)
        output.endObject()
        output.name("contentBlockIndex")
        output.number(index)
        output.endObject()
        output.endFrame(frame)
    }

    private func reasoning(_ write: (inout JSONWriter) -> Void) {
        delta { writer in
            writer.name("reasoningContent")
            write(&writer)
        }
    }

    private func stop() {
        let frame = output.beginFrame(.event, "contentBlockStop")
        output.beginObject()
        output.name("contentBlockIndex")
        output.number(index)
        output.endObject()
        output.endFrame(frame)
        index += 1
    }

    // MARK: Blocks

    private func open(_ opened: Block) {
        block = .none
        hasDelta = false
        guard opened.choice == 0 else { return loss.lose("choices[\(opened.choice)]") }
        switch opened.kind {
        case .text, .refusal: block = .text
        case .reasoning:
            block = .thoughts
            isSigned = false
        case .toolCall(let id, let name):
            block = .call
            head.clear()
            head.beginObject()
            answer.call(id, name, into: &head)
            head.endObject()
        case .media(let media): loss.lose("content.\(media.kind)")
        case .native(let type, _, _): loss.lose("content.\(type.string)")
        }
    }

    private func openCall() {
        start()
        block = .startedCall
        let frame = output.beginFrame(.event, "contentBlockStart")
        output.beginObject()
        output.name("start")
        output.beginObject()
        output.name("toolUse")
        head.bytes.withUnsafeBytes { output.raw($0) }
        output.endObject()
        output.name("contentBlockIndex")
        output.number(index)
        output.endObject()
        output.endFrame(frame)
    }

    private func piece(_ text: TextSlice) {
        guard !text.isEmpty else { return }
        switch block {
        case .none: break
        case .text: delta { $0.member("text", text) }
        case .thoughts, .thinking:
            block = .thinking
            reasoning { writer in
                writer.beginObject()
                writer.member("text", text)
                writer.endObject()
            }
        case .call, .startedCall:
            if case .call = block { openCall() }
            delta { writer in
                writer.name("toolUse")
                writer.beginObject()
                writer.member("input", text)
                writer.endObject()
            }
        }
    }

    private func close() {
        switch block {
        case .none: break
        case .text, .thoughts, .thinking: if hasDelta { stop() }
        case .call:
            openCall()
            stop()
        case .startedCall: stop()
        }
        block = .none
        hasDelta = false
        guard !waiting.bytes.isEmpty else { return }
        let seal = waiting.bytes
        waiting.clear()
        reasoning { writer in seal.withUnsafeBytes { writer.raw($0) } }
        stop()
        hasDelta = false
    }

    // MARK: Seals and citations

    private func seal(_ seal: Seal) {
        switch block {
        case .none: break
        case .thoughts:
            if BedrockSeals.isBare(seal), seal.kind == .signature { sign(seal) } else { standAlone(seal) }
        case .thinking:
            // What is itself the thought is a block; whatever vouches for the text beside it stands as its signature.
            if isSigned || BedrockSeals.isBare(seal) && seal.kind == .redacted {
                stop()
                block = .thoughts
                standAlone(seal)
            } else {
                sign(seal)
            }
        case .call: standAlone(seal)
        case .text, .startedCall:
            waiting.clear()
            BedrockConverseAnswer.redacted(seal, into: &waiting)
        }
    }

    private func sign(_ seal: Seal) {
        isSigned = true
        block = .thinking
        reasoning { writer in
            writer.beginObject()
            writer.name("signature")
            BedrockConverseAnswer.signature(seal, into: &writer)
            writer.endObject()
        }
    }

    private func standAlone(_ seal: Seal) {
        reasoning { BedrockConverseAnswer.redacted(seal, into: &$0) }
        stop()
        hasDelta = false
    }

    private func citation(_ json: JSONSlice, _ api: API) {
        guard api == .converse, case .text = block else { return loss.lose("content.citations") }
        delta { $0.member("citation", json) }
    }

    // MARK: The end

    private func fail(_ reply: FaultyReply) {
        isOver = true
        let frame = output.beginFrame(.exception, BedrockError.streamType(of: reply))
        output.beginObject()
        output.member("message", reply.message ?? "the provider failed")
        output.endObject()
        output.endFrame(frame)
    }

    func end() {
        guard !isOver else { return }
        isOver = true
        start()
        var frame = output.beginFrame(.event, "messageStop")
        output.beginObject()
        answer.stopReason(into: &output, &loss)
        output.endObject()
        output.endFrame(frame)
        frame = output.beginFrame(.event, "metadata")
        output.beginObject()
        answer.ending(into: &output)
        output.endObject()
        output.endFrame(frame)
    }
}
