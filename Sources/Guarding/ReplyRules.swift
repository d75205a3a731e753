/// Firewall rules on one text of a reply that comes in pieces: on the text as it came and on the text as it is seen.
struct ReplyRules {
    private struct Reading {
        var scan: PatternScan
        var pass = FirewallPass()
        /// Findings that were noted.
        var told = 0

        init(_ side: FirewallRules.Side, _ asked: [Bool]) {
            scan = PatternScan(side.patterns)
            pass.asked = asked
        }

        mutating func advance(in piece: TextPiece, _ rules: FirewallRules, _ scratch: FirewallScratch, _ edit: (Range<Int>, [UInt8]) -> Void) {
            let side = rules.reply
            repeat {
                scan.advance(in: piece, side.patterns, scratch.reply)
                scan.takeSettled { pass.take($0) }
                pass.decide(rules, side, in: piece)
                guard pass.report.block == nil else { return }
                pass.edits(upTo: scan.settled, side, in: piece, edit)
            } while scan.scanned < piece.end
        }

        /// Those that nobody has heard of.
        mutating func takeFindings() -> [FirewallFinding] {
            if pass.report.findings.count == told, pass.report.block == nil { return [] }
            var fresh = Array(pass.report.findings[told...])
            told = pass.report.findings.count
            if let block = pass.report.block, !fresh.contains(block) { fresh.append(block) }
            return fresh
        }
    }

    private let rules: FirewallRules
    private let asked: [Bool]
    private var came: Reading
    private var seen: Reading
    /// The text as it is seen is another than as it came. Before, only the one is read.
    private var isApart = false
    /// What was noted last of the text as it came, which the text as it is seen says again.
    private var known: Set<FirewallFinding> = []

    init(_ rules: FirewallRules, asked: [Bool]) {
        (self.rules, self.asked) = (rules, asked)
        came = Reading(rules.reply, asked)
        seen = Reading(rules.reply, asked)
    }

    /// Up to where the text as it came and the text as it is seen are certain.
    mutating func advance(
        in texts: ReplyFindings.Texts, _ tools: Guard, _ reply: inout GuardedReply, _ edit: (Range<Int>, [UInt8]) -> Void
    ) -> (plain: Int, seen: Int) {
        let isShadow = tools.policy.firewallIsShadow
        if !isApart, !texts.map.isEmpty {
            // Up to here both were the same.
            isApart = true
            came = seen
        }
        if isApart { came.advance(in: texts.plain, rules, tools.rules) { if !isShadow { edit($0, $1) } } }
        seen.advance(in: texts.seen, rules, tools.rules) { if !isShadow { edit(texts.map.original($0), $1) } }
        if isApart {
            for finding in came.takeFindings() { note(finding, tools, &reply.outcome) }
        }
        for var finding in seen.takeFindings() {
            finding.range = texts.map.original(finding.range)
            note(finding, tools, &reply.outcome)
        }
        return (isApart ? came.scan.settled : seen.scan.settled, seen.scan.settled)
    }

    mutating func check(payload: [UInt8], _ range: Range<Int>, _ tools: Guard, _ reply: inout GuardedReply) {
        var unused: [UInt8]?
        let report = payload.withUnsafeBufferPointer { rules.check($0, .reply, tools.rules, asked: asked, masked: &unused) }
        for var finding in report.findings {
            finding.range = range
            note(finding, tools, &reply.outcome)
        }
        if var block = report.block {
            block.range = range
            note(block, tools, &reply.outcome)
        }
    }

    private mutating func note(_ finding: FirewallFinding, _ tools: Guard, _ outcome: inout GuardOutcome) {
        guard known.count < FirewallReport.maxFindings * 2, known.insert(finding).inserted else { return }
        outcome.note(
            GuardFinding(
                kind: .firewall, detail: rules.rules[finding.rule].name, role: .reply, text: 0, range: finding.range, score: 1000,
                action: GuardPolicy.Action(finding.action),
                isShadow: tools.policy.firewallIsShadow, evidence: finding.evidence), route: nil)
    }
}

/// The scorers on one text of a reply that comes in pieces.
struct ReplyScores: ~Copyable {
    private let asks: (injection: Bool, toxicity: Bool)
    private var scorer = ContentScorer()
    private var read = 0
    private var told: Set<GuardPolicy.Kind> = []

    /// Nil: none of them is asked.
    init?(_ policy: GuardPolicy) {
        asks = (policy.injection.applies(to: .reply), policy.toxicity.applies(to: .reply))
        guard asks.injection || asks.toxicity else { return nil }
    }

    mutating func read(_ texts: ReplyFindings.Texts, _ tools: Guard, _ reply: inout GuardedReply) {
        let piece = texts.seen
        scorer.read(UnsafeBufferPointer(rebasing: piece.bytes[(read - piece.base)...]))
        read = piece.end
        var score = ContentScore(injection: 0, toxicity: 0, injectionRange: 0..<0, toxicityRange: 0..<0)
        if piece.isLast {
            score = scorer.finish()
        } else {
            (score.injection, score.toxicity) = scorer.standing
            let latest = max(piece.base, piece.end - 24)..<piece.end
            (score.injectionRange, score.toxicityRange) = (latest, latest)
        }
        score.injectionRange = texts.map.original(score.injectionRange)
        score.toxicityRange = texts.map.original(score.toxicityRange)
        note(score, texts.plain, tools, &reply)
    }

    mutating func check(payload: [UInt8], _ range: Range<Int>, _ tools: Guard, _ reply: inout GuardedReply) {
        payload.withUnsafeBufferPointer { bytes in
            let score = tools.scorer.score(bytes)
            note(score, TextPiece(bytes: bytes, base: 0, isLast: true), tools, &reply)
        }
    }

    private mutating func note(_ score: ContentScore, _ text: TextPiece, _ tools: Guard, _ reply: inout GuardedReply) {
        if asks.injection {
            reply.outcome.injection = max(reply.outcome.injection, score.injection)
            note(.injection, score.injection, score.injectionRange, text, tools, &reply)
        }
        if asks.toxicity {
            reply.outcome.toxicity = max(reply.outcome.toxicity, score.toxicity)
            note(.toxicity, score.toxicity, score.toxicityRange, text, tools, &reply)
        }
    }

    /// Once for a text.
    private mutating func note(
        _ kind: GuardPolicy.Kind, _ score: Int, _ range: Range<Int>, _ text: TextPiece, _ tools: Guard, _ reply: inout GuardedReply
    ) {
        guard score >= tools.policy.rail(kind).threshold, told.insert(kind).inserted else { return }
        tools.noteReply(kind, "", range, score, in: text, &reply.outcome)
    }
}
