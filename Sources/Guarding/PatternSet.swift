/// Many terms looked for at once. A text costs a look into a table for each byte, and more only where a term may stand; terms without
/// anything certain in them (`isSlow`) cost a step for each byte every one.
///
/// The matches of a term are what it would have alone: from left to right, each beginning as early as possible and apart from the one
/// before it; among those with the same start the one that backtracking engines would find. Terms know nothing of each other.
public struct PatternSet: Sendable {
    public let terms: [SearchTerm]
    let table: GramTable
    /// The slow ones.
    let tracked: [Int]
    /// Bytes before the end of what was read in which a match may begin unnoticed.
    let reach: Int

    public init(_ terms: [SearchTerm]) {
        self.terms = terms
        table = GramTable(terms.enumerated().compactMap { index, term in term.grams.map { (index, $0) } })
        tracked = terms.indices.filter { terms[$0].isSlow }
        reach = terms.map(\.reach).max() ?? 0
    }

    public var isEmpty: Bool { terms.isEmpty }
    /// Bytes of a match at most, of any term.
    public var longest: Int { terms.map(\.longest).max() ?? 0 }

    /// All matches in `text`, by their starts and then in the order of the terms.
    public func matches(in text: UnsafeBufferPointer<UInt8>, _ scratch: PatternScratch, found: (PatternMatch) -> Void) {
        var scan = PatternScan(self)
        let piece = TextPiece(bytes: text, base: 0, isLast: true)
        repeat {
            scan.advance(in: piece, self, scratch)
            scan.takeSettled(found)
        } while scan.scanned < text.count
    }

    public func matches(in text: String, _ scratch: PatternScratch) -> [PatternMatch] {
        var matches: [PatternMatch] = []
        var text = text
        text.withUTF8 { self.matches(in: $0, scratch) { matches.append($0) } }
        return matches
    }
}

public struct PatternMatch: Hashable, Sendable {
    public var term: Int
    /// Of bytes.
    public var range: Range<Int>

    public init(term: Int, range: Range<Int>) { (self.term, self.range) = (term, range) }
}

/// What a thread needs to look for the terms of one set: tables that grow with what is read, up to a bound, and serve all its texts.
public final class PatternScratch {
    /// Bytes of all tables; beyond them they are forgotten.
    private static let maxMemory = 8 << 20

    private let terms: [SearchTerm]
    private var anchored: [LazyStates?]
    private var unanchored: [LazyStates?]
    /// For each term its attempt in the scan at work, or -1.
    var slots: [Int32]
    private var looksUntilWeighed = 256
    /// Steps of backward searches, which belong to no table.
    var otherSteps = 0

    public init(_ set: PatternSet) {
        terms = set.terms
        anchored = Array(repeating: nil, count: terms.count)
        unanchored = anchored
        slots = Array(repeating: -1, count: terms.count)
    }

    func states(_ term: Int, anchored isAnchored: Bool) -> LazyStates {
        if let known = isAnchored ? anchored[term] : unanchored[term] { return known }
        weigh()
        let states = LazyStates(terms[term].program, terms[term].classes, anchored: isAnchored)
        if isAnchored { anchored[term] = states } else { unanchored[term] = states }
        return states
    }

    /// Forgets everything when it is too much. Looks only now and then: a table grows by 64 KiB at most.
    func weigh() {
        looksUntilWeighed -= 1
        guard looksUntilWeighed <= 0 else { return }
        looksUntilWeighed = 256
        guard memory > Self.maxMemory else { return }
        for states in anchored { states?.forget() }
        for states in unanchored { states?.forget() }
    }

    var memory: Int { (anchored + unanchored).reduce(0) { $0 + ($1?.memory ?? 0) } }
    /// Everything done so far, in steps of which each takes bounded time.
    public var steps: Int { (anchored + unanchored).reduce(otherSteps) { $0 + ($1?.steps ?? 0) } }
}
