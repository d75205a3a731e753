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

    /// Bytes of the text that went out or were replaced.
    private(set) var written = 0
    private(set) var report = FirewallReport()
    private(set) var hasMasked = false
    private var waiting: [PatternMatch] = []
    private var allowed: [Span] = []
    private var masks: [Span] = []

    mutating func take(_ match: PatternMatch) { waiting.append(match) }

    /// Decides on what was taken. `isAll`: on the whole text, whose block is the first rule's and not the first in the text.
    mutating func decide(_ rules: FirewallRules, _ side: FirewallRules.Side, in text: TextPiece) {
        guard !waiting.isEmpty else { return }
        for match in waiting where rules.rules[side.rules[match.term]].action == .allow {
            allowed.append(Span(range: match.range, rule: side.rules[match.term], term: match.term))
        }
        for match in waiting {
            let index = side.rules[match.term]
            let rule = rules.rules[index]
            guard rule.action != .allow, !isAllowed(match.range, index) else { continue }
            let bytes = text.bytes[(match.range.lowerBound - text.base)..<(match.range.upperBound - text.base)]
            let finding = FirewallFinding(rule: index, action: rule.action, range: match.range, evidence: Evidence.masked(bytes))
            report.note(finding)
            switch rule.action {
            case .block: if finding.rule < report.block?.rule ?? .max { report.block = finding }
            case .mask: mask(match, index, side, text)
            case .allow, .log, .warn: break
            }
        }
        waiting.removeAll(keepingCapacity: true)
        let written = written
        allowed.removeAll { $0.range.upperBound <= written }
    }

    private func isAllowed(_ range: Range<Int>, _ rule: Int) -> Bool {
        allowed.contains { $0.rule < rule && $0.range.lowerBound <= range.lowerBound && $0.range.upperBound >= range.upperBound }
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
        while written < place {
            var next = place
            var owner: Int?
            for (index, span) in masks.enumerated() {
                if span.range.lowerBound > written {
                    next = min(next, span.range.lowerBound)
                } else if span.range.upperBound > written {
                    next = min(next, span.range.upperBound)
                    if let best = owner, (masks[best].rule, masks[best].range.lowerBound) <= (span.rule, span.range.lowerBound) { continue }
                    owner = index
                }
            }
            if let owner {
                replace(owner, side, in: text, into: &output)
            } else {
                output += text.bytes[(written - text.base)..<(next - text.base)]
            }
            written = next
        }
        let written = written
        if !masks.isEmpty { masks.removeAll { $0.range.upperBound <= written } }
    }

    private mutating func replace(_ index: Int, _ side: FirewallRules.Side, in text: TextPiece, into output: inout [UInt8]) {
        let span = masks[index]
        guard !span.isWritten else { return }
        masks[index].isWritten = true
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
    public func check(
        _ text: UnsafeBufferPointer<UInt8>, _ scope: Scope, _ scratch: FirewallScratch, masked: inout [UInt8]?
    ) -> FirewallReport {
        let side = side(scope)
        var scan = PatternScan(side.patterns)
        var pass = FirewallPass()
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
