/// The search for the terms of a set in one text that comes in pieces: what is under way, and from where on nothing is certain.
struct PatternScan {
    /// Bytes looked at between two looks at what they began.
    private static let block = 4096

    /// Of a slow term: where its states stand.
    struct Tracker {
        var row: Int32
        var generation: Int
        /// Before this place nothing is under way.
        var fresh: Int
    }

    /// Bytes of the text that were looked at.
    private(set) var scanned = 0
    /// All matches that begin before this place are known.
    private(set) var settled = 0
    private var window: UInt32 = 0
    /// Bytes read of starts that led nowhere, in this block.
    private var glanced = 0
    private var trackers: [Tracker] = []
    private var attempts: [PatternAttempt] = []
    private var found: [PatternMatch] = []

    init(_ set: PatternSet) {
        // No generation is 0: a tracker begins as one whose row was forgotten.
        trackers = Array(repeating: Tracker(row: 0, generation: 0, fresh: 0), count: set.tracked.count)
    }

    /// Looks at the next block of `piece`, which must begin at `settled` at the latest, with one byte of context or the text's start.
    mutating func advance(in piece: TextPiece, _ set: PatternSet, _ scratch: PatternScratch) {
        let to = min(piece.end, scanned + Self.block)
        let isEnd = to == piece.end && piece.isLast
        glanced = 0
        for (index, attempt) in attempts.enumerated() { scratch.slots[attempt.term] = Int32(index) }
        if !set.table.isEmpty {
            var last = window
            set.table.scan(piece.bytes, scanned - piece.base, to - piece.base, &last, base: piece.base) { term, starts in
                if mayMatch(set.terms[term], term, starts, in: piece, scratch) {
                    note(term, starts.lowerBound..<starts.upperBound + 1, scratch)
                }
            }
            window = last
        }
        for index in trackers.indices { track(index, set, in: piece, to: to, isEnd: isEnd, scratch) }
        scanned = to
        settled = isEnd ? to : max(settled, to - set.reach)
        for tracker in trackers where !isEnd { settled = min(settled, tracker.fresh) }
        if !attempts.isEmpty { proceed(set, in: piece, isEnd: isEnd, scratch) }
    }

    /// Hands over the matches whose place among all others is certain.
    mutating func takeSettled(_ take: (PatternMatch) -> Void) {
        guard !found.isEmpty else { return }
        found.sort { ($0.range.lowerBound, $0.term) < ($1.range.lowerBound, $1.term) }
        let end = found.firstIndex { $0.range.lowerBound >= settled } ?? found.count
        for match in found[..<end] { take(match) }
        found.removeSubrange(..<end)
    }

    /// Tries a single start at once: most lead nowhere, and what leads nowhere need not be noted. Where that reads too much, whole
    /// stretches are decided later instead.
    private mutating func mayMatch(
        _ term: SearchTerm, _ index: Int, _ starts: ClosedRange<Int>, in piece: TextPiece, _ scratch: PatternScratch
    ) -> Bool {
        guard starts.count == 1, glanced < 16 * (starts.lowerBound - settled) + 8 * SearchTerm.longestMatch else { return true }
        let states = scratch.states(index, anchored: true)
        var run = PatternRun(from: starts.lowerBound, in: piece, states)
        let outcome = run.advance(in: piece, states, longest: term.longest)
        glanced += run.at - starts.lowerBound
        return outcome != .none
    }

    private mutating func note(_ term: Int, _ starts: Range<Int>, _ scratch: PatternScratch) {
        var slot = Int(scratch.slots[term])
        if slot < 0 {
            slot = attempts.count
            scratch.slots[term] = Int32(slot)
            attempts.append(PatternAttempt(term: term))
        }
        attempts[slot].note(starts)
    }

    // MARK: Slow terms

    private mutating func track(_ index: Int, _ set: PatternSet, in piece: TextPiece, to: Int, isEnd: Bool, _ scratch: PatternScratch) {
        let term = set.tracked[index]
        let longest = set.terms[term].longest
        let states = scratch.states(term, anchored: false)
        var (at, tracker) = (scanned, trackers[index])
        if tracker.generation != states.generation {
            at = max(piece.base, tracker.fresh, at - longest)
            tracker.row = states.start(after: piece.context(before: at))
        }
        var (row, fresh) = (tracker.row, tracker.fresh)
        var starts = 0..<0
        // A match ends at `place`: it began where something was under way.
        func ended(_ place: Int) {
            let first = max(fresh, place - longest)
            if !starts.isEmpty, first > starts.upperBound {
                note(term, starts, scratch)
                starts = first..<place
            } else {
                starts = (starts.isEmpty ? first : min(first, starts.lowerBound))..<place
            }
        }
        while at < to {
            var place = -1
            at = states.run(&row, piece.bytes, at - piece.base, to - piece.base, fresh: &place) + piece.base
            if place >= 0 { fresh = place + piece.base }
            guard at < to else { break }
            let cell = states.cell(row, piece[at])
            if cell & 1 != 0 { ended(at) }
            row = cell >> 1
            at += 1
            if states.isFresh(row) { fresh = at }
        }
        if isEnd, states.cell(row, nil) & 1 != 0 { ended(at) }
        if !starts.isEmpty { note(term, starts, scratch) }
        trackers[index] = Tracker(row: row, generation: states.generation, fresh: max(fresh, to - longest))
    }

    // MARK: Attempts

    private mutating func proceed(_ set: PatternSet, in piece: TextPiece, isEnd: Bool, _ scratch: PatternScratch) {
        for index in attempts.indices {
            let term = set.terms[attempts[index].term]
            let ready = isEnd ? piece.end : scanned - term.reach
            let matcher = TermMatcher(term: term, states: scratch.states(attempts[index].term, anchored: true), piece: piece)
            attempts[index].proceed(matcher, before: ready, scratch, &found)
            if let open = attempts[index].firstOpen { settled = min(settled, open) }
            scratch.slots[attempts[index].term] = -1
        }
        scratch.weigh()
        // Whatever is noted later begins at `settled` or behind it.
        let settled = settled
        attempts.removeAll { $0.firstOpen == nil && $0.tried <= settled }
    }
}
