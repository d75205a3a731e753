/// The one point that texts pass in both directions, whatever the dialect: asks firewall rules, keywords, the detectors of personal data and
/// the scorers about each text, and says what becomes of them.
///
/// Texts are read as they come and as they are seen (`Normalizer`), short base64 payloads as texts of their own. Linear in the texts. A
/// guard's buffers serve one request after the other: one for each policy and event loop.
public final class Guard {
    /// Counted up with every change of what is found in a text, or of what becomes of it; a test knows what was found with this number.
    public static let revision = 1
    /// Another one: the same text may come to something else.
    public static var fingerprint: String { "\(revision) \(ScorerWeights().checksum)" }

    public let policy: GuardPolicy
    private var normalizer = Normalizer(.decoding)
    var scanner: PersonalDataScanner
    var scorer = ContentScorer()
    let words: PatternScratch
    let rules: FirewallScratch
    /// For the words of replies that come in pieces.
    var wordwise = Normalizer()
    private var asked: [Bool] = []

    public init(_ policy: GuardPolicy) {
        self.policy = policy
        scanner = PersonalDataScanner(kinds: policy.personalKinds, leastConfidence: Double(policy.personalData.threshold) / 1000)
        words = PatternScratch(policy.words.patterns)
        rules = FirewallScratch(policy.rules)
    }

    /// - Parameter masking: Of the request; its reply is given the same, so that values keep their stand-ins.
    /// - Parameter asked: For each rule of the firewall whether it is asked; empty: all are.
    public func check(_ texts: [GuardedText], asked: [Bool] = [], masking: inout PersonalDataMasking) -> GuardOutcome {
        var outcome = GuardOutcome()
        self.asked = asked
        if policy.masksPersonalData, masking.isEmpty { masking.avoid(texts) }
        for (index, text) in texts.enumerated() {
            outcome.scannedBytes += text.bytes.count
            outcome.texts.append(check(text, index, &masking, &outcome))
        }
        return outcome
    }

    /// What the text became; nil: it stays.
    private func check(_ text: GuardedText, _ index: Int, _ masking: inout PersonalDataMasking, _ outcome: inout GuardOutcome) -> [UInt8]? {
        normalizer.read(text.bytes)
        var edits: [Edit] = []
        askScorers(text, index, &outcome)
        findWords(text, index, &edits, &outcome)
        findPersonalData(text, index, &masking, &edits, &outcome)
        let ruled = askRules(text, index, &outcome)
        guard outcome.action != .block else { return nil }
        // Rules write the text themselves; what else is masked is looked for in what they wrote.
        guard let ruled else { return edits.isEmpty ? nil : Self.applied(edits, to: text.bytes) }
        guard !edits.isEmpty else { return ruled }
        var (again, unused) = ([Edit](), GuardOutcome())
        let next = GuardedText(text.role, ruled)
        normalizer.read(ruled)
        findWords(next, index, &again, &unused)
        findPersonalData(next, index, &masking, &again, &unused)
        return again.isEmpty ? ruled : Self.applied(again, to: ruled)
    }

    // MARK: Scores

    private func askScorers(_ text: GuardedText, _ index: Int, _ outcome: inout GuardOutcome) {
        let (asksInjection, asksToxicity) = (policy.injection.applies(to: text.role), policy.toxicity.applies(to: text.role))
        guard asksInjection || asksToxicity else { return }
        var score = normalizer.withBytes { scorer.score($0) }
        score.injectionRange = normalizer.original(score.injectionRange)
        score.toxicityRange = normalizer.original(score.toxicityRange)
        for payload in normalizer.payloads {
            let hidden = payload.bytes.withUnsafeBufferPointer { scorer.score($0) }
            if hidden.injection > score.injection { (score.injection, score.injectionRange) = (hidden.injection, payload.original) }
            if hidden.toxicity > score.toxicity { (score.toxicity, score.toxicityRange) = (hidden.toxicity, payload.original) }
        }
        if asksInjection {
            outcome.injection = max(outcome.injection, score.injection)
            note(.injection, "", text, index, score.injectionRange, score.injection, &outcome)
        }
        if asksToxicity {
            outcome.toxicity = max(outcome.toxicity, score.toxicity)
            note(.toxicity, "", text, index, score.toxicityRange, score.toxicity, &outcome)
        }
    }

    // MARK: Words

    private func findWords(_ text: GuardedText, _ index: Int, _ edits: inout [Edit], _ outcome: inout GuardOutcome) {
        guard policy.keywords.applies(to: text.role), !policy.words.patterns.isEmpty else { return }
        var found: [PatternMatch] = []
        normalizer.withBytes { policy.words.patterns.matches(in: $0, words) { found.append($0) } }
        for match in found {
            let range = normalizer.original(match.range)
            if isAllowed(text.bytes[range]) { continue }
            note(.keywords, policy.words.words[match.term], text, index, range, 1000, &outcome)
            if policy.keywords.action == .mask, !policy.keywords.isShadow { edits.append(Edit(range: range, text: Array("[KEYWORD]".utf8))) }
        }
        for payload in normalizer.payloads {
            var hidden: PatternMatch?
            payload.bytes.withUnsafeBufferPointer { bytes in policy.words.patterns.matches(in: bytes, words) { hidden = hidden ?? $0 } }
            guard let hidden else { continue }
            note(.keywords, policy.words.words[hidden.term], text, index, payload.original, 1000, &outcome)
            if policy.keywords.action == .mask, !policy.keywords.isShadow {
                edits.append(Edit(range: payload.original, text: Array("[KEYWORD]".utf8)))
            }
        }
    }

    // MARK: Personal data

    private func findPersonalData(
        _ text: GuardedText, _ index: Int, _ masking: inout PersonalDataMasking, _ edits: inout [Edit], _ outcome: inout GuardOutcome
    ) {
        guard policy.personalData.applies(to: text.role) else { return }
        for finding in scanner.scan(text.bytes) where !isAllowed(text.bytes[finding.range]) {
            note(
                .personalData, finding.kind.name, text, index, finding.range, Int(finding.confidence * 1000), &outcome,
                as: policy.personalAction(finding.kind))
            if policy.masks(finding.kind) {
                edits.append(Edit(range: finding.range, text: masking.standIn(for: Array(text.bytes[finding.range]), finding.kind)))
            }
        }
        for payload in normalizer.payloads {
            // The whole of it goes as its strictest part.
            let found = scanner.scan(payload.bytes).filter { !isAllowed(payload.bytes[$0.range]) }
            guard let first = found.max(by: { policy.personalAction($0.kind) < policy.personalAction($1.kind) }) else { continue }
            note(
                .personalData, first.kind.name, text, index, payload.original, Int(first.confidence * 1000), &outcome,
                as: policy.personalAction(first.kind))
            if policy.masks(first.kind) {
                edits.append(Edit(range: payload.original, text: masking.standIn(for: Array(text.bytes[payload.original]), first.kind)))
            }
        }
    }

    func isAllowed(_ value: some Collection<UInt8>) -> Bool {
        guard !policy.allowed.isEmpty else { return false }
        var value = ArraySlice(value)
        while let byte = value.first, byte <= 0x20 { value.removeFirst() }
        while let byte = value.last, byte <= 0x20 { value.removeLast() }
        var own = Normalizer(.foldingCase)
        own.read(Array(value))
        return policy.allowed.contains(own.bytes)
    }

    // MARK: Rules

    /// What rules made of the text. Where they find more in the text as it is seen than as it came, they change that one.
    private func askRules(_ text: GuardedText, _ index: Int, _ outcome: inout GuardOutcome) -> [UInt8]? {
        let scope = text.role == .reply ? FirewallRules.Scope.reply : .prompt
        guard !policy.rules.rules.isEmpty else { return nil }
        var masked: [UInt8]?
        var report = text.bytes.withUnsafeBufferPointer { policy.rules.check($0, scope, rules, asked: asked, masked: &masked) }
        if !normalizer.isIdentity {
            var seenMasked: [UInt8]?
            var seen = normalizer.withBytes { policy.rules.check($0, scope, rules, asked: asked, masked: &seenMasked) }
            if seen.counts.values.reduce(0, +) > report.counts.values.reduce(0, +) {
                for place in seen.findings.indices { seen.findings[place].range = normalizer.original(seen.findings[place].range) }
                if let block = seen.block { seen.block?.range = normalizer.original(block.range) }
                (report, masked) = (seen, seenMasked)
            }
        }
        for payload in normalizer.payloads where report.block == nil {
            var unused: [UInt8]?
            var hidden = payload.bytes.withUnsafeBufferPointer { policy.rules.check($0, scope, rules, asked: asked, masked: &unused) }
            guard hidden.block != nil || !hidden.findings.isEmpty else { continue }
            hidden.block?.range = payload.original
            for place in hidden.findings.indices { hidden.findings[place].range = payload.original }
            report.findings += hidden.findings
            report.block = hidden.block
        }
        note(report, text, index, &outcome)
        return policy.firewallIsShadow ? nil : masked
    }

    private func note(_ report: FirewallReport, _ text: GuardedText, _ index: Int, _ outcome: inout GuardOutcome) {
        var findings = report.findings
        if let block = report.block, !findings.contains(block) { findings.append(block) }
        for finding in findings {
            outcome.note(
                GuardFinding(
                    kind: .firewall, detail: policy.rules.rules[finding.rule].name, role: text.role, text: index, range: finding.range, score: 1000,
                    action: GuardPolicy.Action(finding.action), isShadow: policy.firewallIsShadow, evidence: finding.evidence), route: nil)
        }
    }

    // MARK: Findings

    private func note(
        _ kind: GuardPolicy.Kind, _ detail: String, _ text: GuardedText, _ index: Int, _ range: Range<Int>, _ score: Int,
        _ outcome: inout GuardOutcome, as own: GuardPolicy.Action? = nil
    ) {
        let rail = policy.rail(kind)
        guard score >= rail.threshold else { return }
        // Words and values have been compared with those that are allowed.
        if kind == .injection || kind == .toxicity, isAllowed(text.bytes[range.clamped(to: text.bytes.indices)]) { return }
        var action = own ?? rail.action
        // A score has no words of its own, and a reply has been routed.
        if action == .mask, kind == .injection || kind == .toxicity { action = .block }
        if action == .route, text.role == .reply { action = .warn }
        // Of what is only counted nobody reads it.
        let isTold = outcome.findings.count < GuardOutcome.maxFindings || outcome.blocking == nil && action == .block
        let evidence = isTold ? text.bytes.withUnsafeBufferPointer { Evidence.masked($0[range.clamped(to: 0..<$0.count)]) } : ""
        outcome.note(
            GuardFinding(
                kind: kind, detail: detail, role: text.role, text: index, range: range, score: score, action: action, isShadow: rail.isShadow,
                evidence: evidence), route: rail.route)
    }

    // MARK: Edits

    private struct Edit {
        var range: Range<Int>
        var text: [UInt8]
    }

    /// Of edits that overlap the first, which then covers both.
    private static func applied(_ edits: [Edit], to text: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.count + edits.count * 16)
        var at = 0
        for edit in edits.sorted(by: { ($0.range.lowerBound, $1.range.upperBound) < ($1.range.lowerBound, $0.range.upperBound) }) {
            if edit.range.lowerBound < at {
                at = max(at, edit.range.upperBound)
                continue
            }
            result += text[at..<edit.range.lowerBound]
            result += edit.text
            at = edit.range.upperBound
        }
        return result + text[min(at, text.count)...]
    }
}
