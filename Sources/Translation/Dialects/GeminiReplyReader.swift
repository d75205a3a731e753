import Routing
import Wire

/// Reads what `generateContent` answers, whole or in events. Each event of a stream has the shape of a whole answer.
///
/// Signatures: of a call, for its block. Of text, as a block of reasoning of its own behind it, sealed and without text, since
/// every dialect has a place for that; it goes back as the empty part that Google itself sends at the end of streams.
final class GeminiReplyReader: ReplyReader {
    let framing = Framing.events
    let context: ReplyContext
    private var hasBegun = false
    private var hasFailed = false
    private var hasEnded = false
    private var usage: Usage?
    private var saidTier = false
    private var isBlocked = false
    var candidates: [Candidate] = []
    /// What is open, and of which candidate.
    var open: (kind: OpenBlock, choice: Int)?
    var call: GeminiPartialCall?

    struct Candidate {
        var finish: FinishReason?
        var hasCalls = false
        var hasContent = false
    }

    enum OpenBlock { case text, reasoning, call }

    /// More answers than any model gives.
    static let mostCandidates = 128

    init(_ context: ReplyContext) { self.context = context }

    func read(whole body: UnsafeRawBufferPointer, to writer: any ReplyWriter) throws(JSONProblem) {
        try read(body, to: writer)
        if !hasFailed, !hasBegun { throw JSONProblem(.kind, at: 0) }
        for index in candidates.indices where candidates[index].finish == nil {
            candidates[index].finish = candidates[index].hasContent ? .stop : .error  // Vertex leaves it out at times
        }
        _ = end(to: writer)
    }

    var hasEndMark: Bool { false }

    func read(event name: UnsafeRawBufferPointer, data: UnsafeRawBufferPointer, to writer: any ReplyWriter) throws(JSONProblem) {
        try read(data, to: writer)
    }

    /// An answer, or a list of them: the form of streams without `alt=sse`, and of errors in streams.
    private func read(_ body: UnsafeRawBufferPointer, to writer: any ReplyWriter) throws(JSONProblem) {
        var scanner = JSONScanner(body)
        if try scanner.peek() == .array {
            try scanner.enterArray()
            while try scanner.nextElement() { try read(chunk: &scanner, of: body, to: writer) }
        } else {
            try read(chunk: &scanner, of: body, to: writer)
        }
        try scanner.finish()
    }

    private func read(chunk scanner: inout JSONScanner, of body: UnsafeRawBufferPointer, to writer: any ReplyWriter) throws(JSONProblem) {
        var list: ByteRange?
        var counts: ByteRange?
        var id: TextSlice?
        var model: TextSlice?
        var error: FaultyReply?
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            if scanner.text(name, is: "candidates") {
                list = try scanner.skip()
            } else if scanner.text(name, is: "usageMetadata") {
                counts = try scanner.skip()
            } else if scanner.text(name, is: "responseId") {
                id = try scanner.optionalText(of: body)
            } else if scanner.text(name, is: "modelVersion") {
                model = try scanner.optionalText(of: body)
            } else if scanner.text(name, is: "promptFeedback") {
                try readFeedback(&scanner)
            } else if scanner.text(name, is: "error") {
                error = try FaultyReply.member(&scanner)
            } else {
                try scanner.skip()
            }
        }
        if let error {
            fail(error, to: writer)
            return
        }
        guard list != nil || counts != nil || isBlocked, !hasFailed else { return }
        if !hasBegun {
            hasBegun = true
            writer.write(.began(id: id, model: model, createdUnixSeconds: nil))
        }
        if let list { try read(candidates: list.of(body), to: writer) }
        if let counts { try read(usage: counts.of(body), to: writer) }
    }

    private func readFeedback(_ scanner: inout JSONScanner) throws(JSONProblem) {
        guard try scanner.peek() == .object else {
            try scanner.skip()
            return
        }
        try scanner.enterObject()
        while let name = try scanner.nextKey() {
            if scanner.text(name, is: "blockReason"), try scanner.peek() == .string { isBlocked = true }
            try scanner.skip()
        }
    }

    private func fail(_ error: FaultyReply, to writer: any ReplyWriter) {
        guard !hasFailed else { return }
        hasFailed = true
        var error = error
        if let status = error.code.flatMap({ Int($0) }), (400..<600).contains(status) { error.status = status }
        close(to: writer)
        writer.write(.failed(error))
    }

    private func read(usage body: UnsafeRawBufferPointer, to writer: any ReplyWriter) throws(JSONProblem) {
        var counts = GeminiUsage()
        try counts.read(body)
        if let tier = counts.tier, !saidTier {
            saidTier = true
            writer.write(.tier(tier))
        }
        guard counts.isKnown, counts.usage != usage else { return }
        usage = counts.usage
        writer.write(.usage(counts.usage))
    }

    func end(to writer: any ReplyWriter) -> Bool {
        guard !hasFailed, !hasEnded else { return true }
        hasEnded = true
        guard hasBegun else { return false }
        close(to: writer)
        if candidates.isEmpty {
            // Blocked before anything was generated; or an answer of nothing, which happens and is no success.
            candidates = [Candidate(finish: isBlocked ? .contentFilter : context.isStream ? nil : .error)]
        }
        var isComplete = true
        for (choice, candidate) in candidates.enumerated() {
            guard let finish = candidate.finish else {
                isComplete = false
                continue
            }
            let isCall = finish == .stop && candidate.hasCalls
            writer.write(.finished(choice: choice, isCall ? .toolCalls : finish, stopSequence: nil))
        }
        return isComplete
    }

    var isWhole: Bool { !hasFailed && candidates.count >= max(1, context.choices) && candidates.allSatisfy { $0.finish != nil } }

    // MARK: Blocks

    func close(to writer: any ReplyWriter) {
        if let call {
            self.call = nil
            call.finish { writer.write(.piece($0)) }
        }
        guard open != nil else { return }
        open = nil
        writer.write(.closed)
    }

    /// Opens a block unless one of its kind is open in that candidate.
    func ensure(_ kind: OpenBlock, _ block: Block.Kind, _ choice: Int, to writer: any ReplyWriter) {
        if let open, open.kind == kind, open.choice == choice { return }
        begin(kind, block, choice, to: writer)
    }

    func begin(_ kind: OpenBlock, _ block: Block.Kind, _ choice: Int, to writer: any ReplyWriter) {
        close(to: writer)
        writer.write(.opened(Block(choice: choice, block)))
        open = (kind, choice)
    }

    /// A block that is complete in itself.
    func whole(_ block: Block.Kind, _ choice: Int, to writer: any ReplyWriter) {
        close(to: writer)
        writer.write(.opened(Block(choice: choice, block)))
        writer.write(.closed)
    }
}

extension JSONScanner {
    /// A string; nil for null. Another kind is a problem.
    mutating func optionalText(of body: UnsafeRawBufferPointer) throws(JSONProblem) -> TextSlice? {
        if try peek() == .null {
            try skip()
            return nil
        }
        return TextSlice(try string(), of: body)
    }
}
