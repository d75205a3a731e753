/// The search for one term's matches among the places where they may begin.
struct PatternAttempt {
    let term: Int
    /// No match begins before this place that is not found already.
    private(set) var tried = 0
    /// Where matches may begin, in order and apart. Trying too many places costs time and changes nothing.
    private var starts: [Range<Int>] = []
    private var run: PatternRun?
    /// Bytes read without getting on, since `wasteSince`.
    private var waste = 0
    private var wasteSince = 0

    init(term: Int) { self.term = term }

    /// The first place that is not decided.
    var firstOpen: Int? { run?.start ?? starts.first?.lowerBound }

    mutating func note(_ new: Range<Int>) {
        let new = max(new.lowerBound, tried)..<max(new.upperBound, tried)
        guard !new.isEmpty else { return }
        var merged = new
        var at = starts.count
        while at > 0, starts[at - 1].upperBound >= merged.lowerBound {
            at -= 1
            if starts[at].lowerBound > merged.upperBound { continue }
            merged = min(merged.lowerBound, starts[at].lowerBound)..<max(merged.upperBound, starts[at].upperBound)
            starts.remove(at: at)
        }
        starts.insert(merged, at: at)
    }

    /// Tries what lies before `limit`, as far as the text decides it.
    mutating func proceed(_ matcher: TermMatcher, before limit: Int, _ scratch: PatternScratch, _ found: inout [PatternMatch]) {
        var index = 0
        defer { starts.removeSubrange(..<index) }
        while index < starts.count {
            let place = max(starts[index].lowerBound, tried)
            if place >= starts[index].upperBound {
                index += 1
                continue
            }
            starts[index] = place..<starts[index].upperBound
            guard place < limit else { return }
            if waste == 0 { wasteSince = place }
            let isWasteful = waste > 16 * (place - wasteSince) + 8 * matcher.term.longest
            if isWasteful, run == nil, let block = matcher.worthwhile(starts[index...], from: place, limit) {
                sweep(block, from: index, matcher, scratch, &found)
                continue
            }
            var run = self.run ?? PatternRun(from: place, in: matcher.piece, matcher.states)
            switch matcher.end(of: &run) {
            case .more:
                self.run = run
                tried = place
                return
            case .none:
                tried = place + 1
                waste += run.at - place
            case .match(let end):
                found.append(PatternMatch(term: term, range: place..<end))
                tried = end
                waste += max(0, run.at - end)
            }
            self.run = nil
        }
    }

    /// Decides all starts in `block` by one look backwards over the text.
    private mutating func sweep(
        _ block: Range<Int>, from index: Int, _ matcher: TermMatcher, _ scratch: PatternScratch, _ found: inout [PatternMatch]
    ) {
        let term = matcher.term
        var distances = PatternDistances(term.program, in: matcher.piece, starts: block, longest: term.longest)
        var walk = PatternWalk(term.program)
        tried = max(tried, block.lowerBound)
        for range in starts[index...] where range.lowerBound < block.upperBound {
            var place = max(range.lowerBound, tried)
            while place < min(range.upperBound, block.upperBound) {
                if let end = distances.end(from: place, in: matcher.piece, &walk), matcher.stands(place..<end) != false {
                    found.append(PatternMatch(term: self.term, range: place..<end))
                    tried = end
                    place = end
                } else {
                    place += 1
                }
            }
        }
        tried = max(tried, block.upperBound)
        scratch.otherSteps += distances.steps
        (waste, wasteSince) = (0, tried)
    }
}

/// Finds the matches of one term in the text that is there.
struct TermMatcher {
    let term: SearchTerm
    let states: LazyStates
    let piece: TextPiece

    func end(of run: inout PatternRun) -> PatternRun.Outcome {
        let outcome = run.advance(in: piece, states, longest: term.longest)
        guard term.isWord, case .match(let end) = outcome else { return outcome }
        return switch stands(run.start..<end) {
        case true?: outcome
        case false?: .none
        case nil: .more
        }
    }

    /// Whether a match counts; nil: what follows the text decides.
    func stands(_ range: Range<Int>) -> Bool? { term.isWord ? Words.areWhole(range, in: piece) : true }

    /// The places after `place` that one look backwards should decide, if that costs less than to try them.
    func worthwhile(_ starts: ArraySlice<Range<Int>>, from place: Int, _ limit: Int) -> Range<Int>? {
        var end = min(limit, place + term.longest)
        if !piece.isLast { end = min(end, piece.end - term.longest - Words.lookahead) }
        guard end > place else { return nil }
        let count = starts.prefix { $0.lowerBound < end }.reduce(0) { $0 + $1.clamped(to: place..<end).count }
        let price = (end - place + term.longest) * 3 * term.program.instructions.count
        return count * term.longest > price ? place..<end : nil
    }
}
