/// Lets a text through a side's rules: takes matches in the order of their starts, and writes the text with what is masked replaced.
struct FirewallPass {
    private struct Span {
        var range: Range<Int>
        var rule: Int
        var term: Int
        /// With groups, what is written in its place, for its text may be gone by then.
        var rendered: [UInt8]?
        var isWritten = false
    }

    /// Spans by their starts, and those of them that hold where one is. Each comes and goes once.
    private struct Spans {
        private var coming: [Span] = []
        private var first = 0
        var here: [Span] = []

        mutating func append(_ span: Span) { coming.append(span) }

        var nextStart: Int { first < coming.count ? coming[first].range.lowerBound : .max }

        mutating func advance(to place: Int) {
            if !here.isEmpty { here.removeAll { $0.range.upperBound <= place } }
            while nextStart <= place {
                if coming[first].range.upperBound > place { here.append(coming[first]) }
                first += 1
            }
            if first == coming.count, first > 0 {
                coming.removeAll(keepingCapacity: true)
                first = 0
            }
        }
    }

    /// For each rule whether it is asked; empty: all are.
    var asked: [Bool] = []
    /// Bytes of the text that went out or were replaced.
    private(set) var written = 0
    private(set) var report = FirewallReport()
    private(set) var hasMasked = false
    private var waiting: [PatternMatch] = []
    private var allowed = Spans()
    private var masks = Spans()

    mutating func take(_ match: PatternMatch) { waiting.append(match) }

    /// Decides on what was taken. Where several rules block, it is the one asked first.
    mutating func decide(_ rules: FirewallRules, _ side: FirewallRules.Side, in text: TextPiece) {
        guard !waiting.isEmpty else { return }
        if !asked.isEmpty { waiting.removeAll { [asked] in !asked[side.rules[$0.term]] } }
        for match in waiting where rules.rules[side.rules[match.term]].action == .allow {
            allowed.append(Span(range: match.range, rule: side.rules[match.term], term: match.term))
        }
        for match in waiting {
            let index = side.rules[match.term]
            let action = rules.rules[index].action
            guard action != .allow, !isAllowed(match.range, index) else { continue }
            note(match.range, index, action, text)
            if action == .mask { mask(match, index, side, text) }
        }
        waiting.removeAll(keepingCapacity: true)
    }

    private mutating func isAllowed(_ range: Range<Int>, _ rule: Int) -> Bool {
        allowed.advance(to: range.lowerBound)
        return allowed.here.contains { $0.rule < rule && $0.range.upperBound >= range.upperBound }
    }

    private mutating func note(_ range: Range<Int>, _ rule: Int, _ action: FirewallRules.Action, _ text: TextPiece) {
        report.counts[rule, default: 0] += 1
        let isBlock = action == .block && rule < report.block?.rule ?? .max
        guard isBlock || report.findings.count < FirewallReport.maxFindings else { return }
        let bytes = text.bytes[(range.lowerBound - text.base)..<(range.upperBound - text.base)]
        let finding = FirewallFinding(rule: rule, action: action, range: range, evidence: Evidence.masked(bytes))
        if report.findings.count < FirewallReport.maxFindings { report.findings.append(finding) }
        if isBlock { report.block = finding }
    }

    private mutating func mask(_ match: PatternMatch, _ rule: Int, _ side: FirewallRules.Side, _ text: TextPiece) {
        var span = Span(range: match.range, rule: rule, term: match.term)
        if !side.replacements[match.term].isPlain {
            var bytes: [UInt8] = []
            side.replacements[match.term].write(match.range, in: text, side.patterns.terms[match.term], into: &bytes)
            span.rendered = bytes
        }
        masks.append(span)
        hasMasked = true
    }

    /// Writes the text up to `place`, before which nothing else is going to be found.
    mutating func write(upTo place: Int, _ side: FirewallRules.Side, in text: TextPiece, into output: inout [UInt8]) {
        while let (range, owner) = next(upTo: place) {
            if let owner {
                replace(owner, side, in: text, into: &output)
            } else {
                output += text.bytes[(range.lowerBound - text.base)..<(range.upperBound - text.base)]
            }
        }
    }

    /// As `write`, for who has the text: what is replaced by what.
    mutating func edits(upTo place: Int, _ side: FirewallRules.Side, in text: TextPiece, _ edit: (Range<Int>, [UInt8]) -> Void) {
        while let (range, owner) = next(upTo: place) {
            guard let owner else { continue }
            var output: [UInt8] = []
            replace(owner, side, in: text, into: &output)
            edit(range, output)
        }
    }

    /// The next stretch of the text that is of one kind, and who masks it. Nil: there is none before `place`.
    private mutating func next(upTo place: Int) -> (Range<Int>, owner: Int?)? {
        guard written < place else { return nil }
        masks.advance(to: written)
        var end = min(place, masks.nextStart)
        var owner: Int?
        for (index, span) in masks.here.enumerated() {
            end = min(end, span.range.upperBound)
            if let best = owner.map({ masks.here[$0] }), (best.rule, best.range.lowerBound) <= (span.rule, span.range.lowerBound) { continue }
            owner = index
        }
        defer { written = end }
        return (written..<end, owner)
    }

    private mutating func replace(_ index: Int, _ side: FirewallRules.Side, in text: TextPiece, into output: inout [UInt8]) {
        let span = masks.here[index]
        guard !span.isWritten else { return }
        masks.here[index].isWritten = true
        if let rendered = span.rendered {
            output += rendered
        } else {
            side.replacements[span.term].write(span.range, in: text, side.patterns.terms[span.term], into: &output)
        }
    }
}

/// What a thread needs to ask a firewall; for one set of rules, in both directions.
public final class FirewallScratch {
    let prompt: PatternScratch
    let reply: PatternScratch

    public init(_ rules: FirewallRules) {
        prompt = PatternScratch(rules.prompt.patterns)
        reply = PatternScratch(rules.reply.patterns)
    }

    func side(_ scope: FirewallRules.Scope) -> PatternScratch { scope == .prompt ? prompt : reply }
}

extension FirewallRules {
    /// Asks the rules about a whole text. `masked` gets the text as it may pass on, unless that is as it came or not at all.
    /// `asked` says for each rule whether it is asked; empty: all are.
    public func check(
        _ text: UnsafeBufferPointer<UInt8>, _ scope: Scope, _ scratch: FirewallScratch, asked: [Bool] = [], masked: inout [UInt8]?
    ) -> FirewallReport {
        let side = side(scope)
        var scan = PatternScan(side.patterns)
        var pass = FirewallPass()
        pass.asked = asked
        var output: [UInt8] = []
        let piece = TextPiece(bytes: text, base: 0, isLast: true)
        repeat {
            scan.advance(in: piece, side.patterns, scratch.side(scope))
            scan.takeSettled { pass.take($0) }
            pass.decide(self, side, in: piece)
            // Without a mask so far nothing needs to be copied yet.
            if pass.hasMasked, pass.report.block == nil { pass.write(upTo: scan.settled, side, in: piece, into: &output) }
        } while scan.scanned < text.count
        masked = pass.hasMasked && pass.report.block == nil ? output : nil
        return pass.report
    }
}
