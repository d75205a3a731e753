/// All that looks at one text of a reply: what each finds becomes certain at its own pace, and only what is certain for all of them is
/// decided, in the order of the text.
struct ReplyFindings: ~Copyable {
    struct Texts {
        /// As it came, and as it is seen.
        var plain: TextPiece
        var seen: TextPiece
        /// From places of `seen` to those of `plain`.
        var map: PlaceMap
    }

    private enum What {
        /// A rule's own replacement.
        case rule([UInt8])
        case standIn([UInt8])
        case personal(PersonalData.Kind, score: Int)
        case keyword(Int)

        /// Of those that begin together, whose text stands there.
        var rank: Int {
            switch self {
            case .rule: 0
            case .standIn: 1
            case .personal: 2
            case .keyword: 3
            }
        }
    }

    private struct Candidate {
        var range: Range<Int>
        var what: What
    }

    private let tools: Guard
    private let restores: Bool
    private var personal: PersonalDataStream?
    private let asksPersonal: Bool
    private var words: PatternScan?
    private let patterns: PatternSet
    /// Somebody reads the text as it is seen and changes it.
    private let isSeen: Bool
    private var ruled: ReplyRules?
    private var payloads: Base64Stream?
    private var scores: ReplyScores?
    /// Up to here stand-ins were looked for.
    private var stood = 0
    private var waiting: [Candidate] = []
    private var edits: [ReplyWindow.Edit] = []
    private(set) var released = 0
    /// Nobody asks for what stands before this place of the text as it is seen.
    private(set) var firstSeen = 0

    init(_ tools: Guard, _ reply: GuardedReply, restores: Bool) {
        let policy = tools.policy
        self.tools = tools
        self.restores = restores
        asksPersonal = policy.personalData.applies(to: .reply)
        patterns = policy.words.patterns
        personal = asksPersonal ? PersonalDataStream(kinds: tools.scanner.kinds, leastConfidence: tools.scanner.leastConfidence) : nil
        if policy.keywords.applies(to: .reply), !policy.words.patterns.isEmpty { words = PatternScan(policy.words.patterns) }
        if !policy.rules.isEmpty(.reply) { ruled = ReplyRules(policy.rules, asked: reply.asked) }
        isSeen = asksPersonal || words != nil || ruled != nil
        scores = ReplyScores(policy)
        if policy.looksAtReplies { payloads = Base64Stream() }
    }

    var hasEdits: Bool { !edits.isEmpty }

    mutating func takeEdits() -> [ReplyWindow.Edit] {
        guard !edits.isEmpty else { return [] }
        defer { edits = [] }
        return edits
    }

    mutating func forget(_ count: Int) { personal?.forget(count) }

    // MARK: Looking

    mutating func advance(in texts: Texts, _ reply: inout GuardedReply) {
        var settled = texts.plain.end
        var seen = texts.seen.end
        look(in: texts, &seen)
        if ruled != nil {
            var ruledOut: [Candidate] = []
            let (plain, own) = ruled!.advance(in: texts, tools, &reply) { ruledOut.append(Candidate(range: $0, what: .rule($1))) }
            if !ruledOut.isEmpty { waiting += ruledOut }
            (settled, seen) = (min(settled, plain), min(seen, own))
        }
        if restores { settled = min(settled, findStandIns(in: texts.plain, reply)) }
        if payloads != nil { settled = min(settled, findPayloads(in: texts.plain, &reply)) }
        scores?.read(texts, tools, &reply)
        firstSeen = seen - 512
        if isSeen { settled = min(settled, texts.map.original(of: seen)) }
        if texts.plain.isLast { settled = texts.plain.end }
        decide(before: settled, texts.plain, &reply)
    }

    /// Words and personal data, in the text as it is seen.
    private mutating func look(in texts: Texts, _ settled: inout Int) {
        let piece = texts.seen
        var found: [Candidate] = []
        if words != nil {
            repeat {
                words!.advance(in: piece, patterns, tools.words)
                words!.takeSettled { found.append(Candidate(range: texts.map.original($0.range), what: .keyword($0.term))) }
            } while words!.scanned < piece.end
            settled = min(settled, words!.settled)
        }
        if asksPersonal {
            let own = personal!.advance(in: piece.bytes, isLast: piece.isLast) { finding in
                let range = texts.map.original(finding.range.lowerBound + piece.base..<finding.range.upperBound + piece.base)
                found.append(Candidate(range: range, what: .personal(finding.kind, score: Int(finding.confidence * 1000))))
            }
            settled = min(settled, own + piece.base)
        }
        if !found.isEmpty { waiting += found }
    }

    /// Up to where there are none that were not found.
    private mutating func findStandIns(in text: TextPiece, _ reply: GuardedReply) -> Int {
        while stood < text.end {
            guard text[stood] == UInt8(ascii: "[") else {
                stood += 1
                continue
            }
            var end = stood + 1
            while end < text.end, end - stood < PersonalDataMasking.longestName, PersonalDataMasking.isOfName(text[end]) { end += 1 }
            guard end < text.end else {
                if text.isLast || end - stood >= PersonalDataMasking.longestName { stood += 1 } else { return stood }
                continue
            }
            let name = text.bytes[(stood - text.base)..<(end + 1 - text.base)]
            if text[end] == UInt8(ascii: "]"), let value = reply.masking.value(of: name, among: reply.known) {
                waiting.append(Candidate(range: stood..<end + 1, what: .standIn(value)))
            }
            stood = end
        }
        return stood
    }

    /// What base64 says is a text of its own; what is found in it is masked whole.
    private mutating func findPayloads(in text: TextPiece, _ reply: inout GuardedReply) -> Int {
        var found: [(Range<Int>, [UInt8])] = []
        payloads!.advance(in: text.bytes, from: text.base, isLast: text.isLast) { found.append(($0, $1)) }
        for (range, bytes) in found {
            if words != nil {
                var hidden: Int?
                bytes.withUnsafeBufferPointer { tools.policy.words.patterns.matches(in: $0, tools.words) { hidden = hidden ?? $0.term } }
                if let hidden { waiting.append(Candidate(range: range, what: .keyword(hidden))) }
            }
            if asksPersonal, let first = tools.scanner.scan(bytes).first(where: { !tools.isAllowed(bytes[$0.range]) }) {
                waiting.append(Candidate(range: range, what: .personal(first.kind, score: Int(first.confidence * 1000))))
            }
            ruled?.check(payload: bytes, range, tools, &reply)
            scores?.check(payload: bytes, range, tools, &reply)
        }
        return payloads!.settled
    }

    // MARK: Deciding

    /// Of what overlaps, the text of the first stands for all; which is certain once all of it is.
    private mutating func decide(before settled: Int, _ text: TextPiece, _ reply: inout GuardedReply) {
        released = settled
        guard !waiting.isEmpty, !reply.isBlocked else { return }
        waiting.sort {
            ($0.range.lowerBound, $1.range.upperBound, $0.what.rank) < ($1.range.lowerBound, $0.range.upperBound, $1.what.rank)
        }
        var first = 0
        while first < waiting.count {
            var (end, next) = (waiting[first].range.upperBound, first + 1)
            while next < waiting.count, waiting[next].range.lowerBound < end {
                end = max(end, waiting[next].range.upperBound)
                next += 1
            }
            guard end <= settled else { break }
            decide(waiting[first..<next], text, &reply)
            guard !reply.isBlocked else { return }
            first = next
        }
        waiting.removeSubrange(..<first)
        if let next = waiting.first { released = min(released, next.range.lowerBound) }
    }

    private mutating func decide(_ group: ArraySlice<Candidate>, _ text: TextPiece, _ reply: inout GuardedReply) {
        var edit: ReplyWindow.Edit?
        for candidate in group {
            guard let written = written(candidate, text, &reply) else { continue }
            guard var last = edit, candidate.range.lowerBound < last.range.upperBound else {
                if let edit { edits.append(edit) }
                edit = ReplyWindow.Edit(range: candidate.range, text: written)
                continue
            }
            last.range = last.range.lowerBound..<max(last.range.upperBound, candidate.range.upperBound)
            edit = last
        }
        if let edit { edits.append(edit) }
    }

    /// What stands in its place; nil: it stays.
    private func written(_ candidate: Candidate, _ text: TextPiece, _ reply: inout GuardedReply) -> [UInt8]? {
        let range = candidate.range
        switch candidate.what {
        case .rule(let written), .standIn(let written): return written
        case .keyword(let term):
            guard !tools.isAllowed(text.bytes[(range.lowerBound - text.base)..<(range.upperBound - text.base)]) else { return nil }
            tools.noteReply(.keywords, tools.policy.words.words[term], range, 1000, in: text, &reply.outcome)
            return tools.masks(.keywords) ? Array("[KEYWORD]".utf8) : nil
        case .personal(let kind, let score):
            let value = Array(text.bytes[(range.lowerBound - text.base)..<(range.upperBound - text.base)])
            guard !tools.isAllowed(value[...]) else { return nil }
            // What the client said itself it may hear.
            if restores, reply.masking.knows(value, kind) { return nil }
            tools.noteReply(.personalData, kind.name, range, score, in: text, &reply.outcome, as: tools.policy.personalAction(kind))
            return tools.policy.masks(kind) ? reply.masking.standIn(for: value, kind) : nil
        }
    }
}

extension Guard {
    func masks(_ kind: GuardPolicy.Kind) -> Bool {
        let rail = policy.rail(kind)
        return rail.action == .mask && !rail.isShadow
    }

    /// `range` of `text`.
    func noteReply(
        _ kind: GuardPolicy.Kind, _ detail: String, _ range: Range<Int>, _ score: Int, in text: TextPiece, _ outcome: inout GuardOutcome,
        as own: GuardPolicy.Action? = nil
    ) {
        let rail = policy.rail(kind)
        let shown = (range.lowerBound - text.base..<range.upperBound - text.base).clamped(to: 0..<text.bytes.count)
        guard score >= rail.threshold, kind != .injection && kind != .toxicity || !isAllowed(text.bytes[shown]) else { return }
        var action = own ?? rail.action
        if action == .mask, kind == .injection || kind == .toxicity { action = .block }
        if action == .route { action = .warn }
        let isTold = outcome.findings.count < GuardOutcome.maxFindings || outcome.blocking == nil && action == .block
        outcome.note(
            GuardFinding(
                kind: kind, detail: detail, role: .reply, text: 0, range: range, score: score, action: action, isShadow: rail.isShadow,
                evidence: isTold ? Evidence.masked(text.bytes[shown]) : ""), route: nil)
    }
}
