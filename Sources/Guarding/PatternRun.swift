/// The search for a match that begins in one place, which may be interrupted when the text that is there ends.
struct PatternRun {
    enum Outcome: Equatable {
        case none
        /// Where the match ends.
        case match(Int)
        /// The text that follows decides.
        case more
    }

    let start: Int
    private(set) var at: Int
    private var row: Int32
    private var generation: Int
    /// Where the best match so far ends.
    private var last: Int?

    init(from start: Int, in text: TextPiece, _ states: LazyStates) {
        self.start = start
        at = start
        row = states.start(after: text.context(before: start))
        generation = states.generation
    }

    /// Goes on as far as `text` goes; a match has at most `longest` bytes.
    mutating func advance(in text: TextPiece, _ states: LazyStates, longest: Int) -> Outcome {
        if generation != states.generation {
            // Its row was forgotten meanwhile: again from the start, which is at most `longest` bytes.
            self = PatternRun(from: start, in: text, states)
        }
        let stop = min(text.end, start + longest)
        while at < stop {
            var fresh = 0
            at = states.run(&row, text.bytes, at - text.base, stop - text.base, fresh: &fresh) + text.base
            guard at < stop else { break }
            let cell = take(text[at], states)
            row = cell >> 1
            if row == LazyStates.dead { return outcome }
            at += 1
        }
        guard at < text.end || text.isLast else { return .more }
        _ = take(at < text.end ? text[at] : nil, states)
        return outcome
    }

    private mutating func take(_ byte: UInt8?, _ states: LazyStates) -> Int32 {
        let cell = states.cell(row, byte)
        generation = states.generation
        if cell & 1 != 0 { last = at }
        return cell
    }

    private var outcome: Outcome { last.map(Outcome.match) ?? .none }
}

/// Bytes of a text and where in it they stand.
struct TextPiece {
    let bytes: UnsafeBufferPointer<UInt8>
    /// The place of the first of them in the text. What stands before it is not needed any more, but for one byte of context.
    let base: Int
    /// Whether the text ends with them.
    let isLast: Bool

    var end: Int { base + bytes.count }

    subscript(place: Int) -> UInt8 { bytes[place - base] }

    func context(before place: Int) -> PatternWalk.Context {
        place > base ? PatternWalk.Context(after: self[place - 1]) : base == 0 ? .start : .other
    }
}
