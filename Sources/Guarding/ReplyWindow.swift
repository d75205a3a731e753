/// One text of a reply that comes in pieces, however they are cut: says which bytes are to be replaced by what, and how far that is certain.
///
/// What comes of a text depends on the text alone. A byte is held back only while something may yet be found that begins before it:
/// as a rule until its word is over, at most for the longest match. Memory does not grow with the text.
public final class ReplyWindow {
    /// Bytes to write in the place of a range of the text.
    public struct Edit: Hashable, Sendable {
        public var range: Range<Int>
        public var text: [UInt8]
    }

    /// Kept before what is held, for what asks what stood there.
    private static let context = 512
    private static let slack = 2048

    private let tools: Guard
    /// Touched once for each piece: each touch of what a class holds is checked.
    private var state: State

    /// - Parameter restores: Stand-ins of the prompt's masking become values again.
    public init(_ tools: Guard, _ reply: GuardedReply, isJSON: Bool = false, restores: Bool = false) {
        self.tools = tools
        state = State(tools, reply, isJSON: isJSON, restores: restores)
    }

    /// Those that are certain and were not taken, in the order of the text.
    public var edits: [Edit] { state.edits }
    /// Bytes of the text that came.
    public var count: Int { state.count }
    /// Bytes of the text, as it came, of which it is certain what becomes of them.
    public var settled: Int { state.settled }
    public var held: Int { count - settled }

    /// Reads a piece. False: the text is blocked (`reply.outcome`), and nothing of it passes any more.
    public func push(_ piece: UnsafeBufferPointer<UInt8>, _ reply: inout GuardedReply) -> Bool { state.push(piece, tools, &reply) }

    /// The text is over: everything becomes certain.
    public func finish(_ reply: inout GuardedReply) -> Bool { state.finish(tools, &reply) }

    /// What a piece of the text that begins at `start`, all of it settled, becomes; nil: it stays. Pieces are asked for in their order.
    public func rewritten(_ piece: UnsafeBufferPointer<UInt8>, from start: Int) -> [UInt8]? { state.rewritten(piece, from: start) }

    private struct State: ~Copyable {
        /// Arguments of a call: JSON, whose strings are read without their escapes.
        private var json: UnescapedStream?
        /// The text as it is read; of JSON without escapes.
        private var plain: [UInt8] = []
        private var base = 0
        private var seen = SeenText()
        private var findings: ReplyFindings
        /// Everything before this place of `plain` is certain.
        private var released = 0
        private var isOver = false
        private(set) var edits: [Edit] = []
        private(set) var count = 0

        init(_ tools: Guard, _ reply: GuardedReply, isJSON: Bool, restores: Bool) {
            if isJSON { json = UnescapedStream() }
            findings = ReplyFindings(tools, reply, restores: restores)
        }

        var settled: Int { isOver ? count : json.map { $0.original(of: released) } ?? released }

        mutating func push(_ piece: UnsafeBufferPointer<UInt8>, _ tools: Guard, _ reply: inout GuardedReply) -> Bool {
            guard !isOver, !reply.isBlocked else { return !reply.isBlocked }
            count += piece.count
            if json == nil { plain += piece } else { json!.take(piece, isLast: false, into: &plain, from: base) }
            return advance(isLast: false, tools, &reply)
        }

        mutating func finish(_ tools: Guard, _ reply: inout GuardedReply) -> Bool {
            guard !isOver, !reply.isBlocked else { return !reply.isBlocked }
            json?.take(UnsafeBufferPointer(start: nil, count: 0), isLast: true, into: &plain, from: base)
            let mayPass = advance(isLast: true, tools, &reply)
            isOver = true
            return mayPass
        }

        mutating func rewritten(_ piece: UnsafeBufferPointer<UInt8>, from start: Int) -> [UInt8]? {
            let end = start + piece.count
            guard let first = edits.first, first.range.lowerBound < end || first.range.isEmpty && first.range.lowerBound <= end else { return nil }
            var result: [UInt8] = []
            var (at, done) = (start, 0)
            for edit in edits where edit.range.lowerBound < end {
                if edit.range.lowerBound >= start {
                    result += piece[(at - start)..<(edit.range.lowerBound - start)]
                    result += edit.text
                }
                at = min(end, max(at, edit.range.upperBound))
                if edit.range.upperBound <= end { done += 1 }
            }
            edits.removeFirst(done)
            return result + piece[(at - start)...]
        }

        private mutating func advance(isLast: Bool, _ tools: Guard, _ reply: inout GuardedReply) -> Bool {
            plain.withUnsafeBufferPointer { seen.take($0, from: base, isLast: isLast, &tools.wordwise) }
            plain.withUnsafeBufferPointer { plain in
                seen.bytes.withUnsafeBufferPointer { bytes in
                    let texts = ReplyFindings.Texts(
                        plain: TextPiece(bytes: plain, base: base, isLast: isLast), seen: TextPiece(bytes: bytes, base: seen.base, isLast: isLast),
                        map: seen.map)
                    findings.advance(in: texts, &reply)
                }
            }
            guard !reply.isBlocked else {
                (plain, edits) = ([], [])
                return false
            }
            released = findings.released
            if findings.hasEdits {
                for edit in findings.takeEdits() { put(edit) }
            }
            forget()
            return true
        }

        private mutating func put(_ edit: Edit) {
            guard json != nil else { return edits.append(edit) }
            if let placed = json!.placed(edit.range, edit.text) { edits.append(Edit(range: placed.range, text: placed.text)) }
        }

        private mutating func forget() {
            let done = released - ReplyWindow.context
            guard done - base >= ReplyWindow.slack else { return }
            plain.removeFirst(done - base)
            base = done
            json?.forget(before: done)
            findings.forget(seen.forget(before: findings.firstSeen))
        }
    }
}

/// What the texts of one reply share.
public struct GuardedReply: Sendable {
    /// Of the request: values keep their stand-ins.
    public var masking: PersonalDataMasking
    public var outcome = GuardOutcome()
    /// Stand-ins that the prompt had.
    let known: Int

    /// For each rule of the firewall whether it is asked; empty: all are.
    let asked: [Bool]

    public init(masking: PersonalDataMasking = PersonalDataMasking(), asked: [Bool] = []) {
        (self.masking, self.asked) = (masking, asked)
        known = masking.count
    }

    public var isBlocked: Bool { outcome.action == .block }
}
