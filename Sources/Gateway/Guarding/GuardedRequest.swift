import Guarding
import NIOCore
import Routing

/// What guardrails and firewall know of one request: what its prompt came to, and what its reply goes by. Of one event loop.
final class GuardedRequest {
    /// The loop's own for this policy: it serves one request after the other, and holds nothing of any.
    let checker: Guard
    /// For each rule of the firewall whether it is asked for this request; empty: all are.
    let asked: [Bool]
    /// What stands for what in the prompt that goes to the provider. Put back in the reply where `policy.restores`; what is masked in
    /// the reply is numbered on from there.
    var masking = PersonalDataMasking()
    /// What was found in the prompt.
    private(set) var outcome = GuardOutcome()
    /// Header lines of the answer.
    var lines: ByteBuffer?
    /// Nobody has heard of it yet.
    var untold: PromptFindings?

    init(_ checker: Guard, asked: [Bool]) { (self.checker, self.asked) = (checker, asked) }

    var policy: GuardPolicy { checker.policy }
    var looksAtReply: Bool { checker.policy.looksAtReplies }
    /// The reply's stand-ins become values again.
    var restores: Bool { checker.policy.restores && !masking.isEmpty }
    /// Where a guardrail sends it.
    var route: String? { outcome.blocking == nil ? outcome.route : nil }

    /// Looks at texts of its prompt. What it returns stands in their places, as far as it is not nil.
    func check(_ texts: [GuardedText]) -> [[UInt8]?] {
        outcome = checker.check(texts, asked: asked, masking: &masking)
        let masked = outcome.texts
        outcome.texts = []
        lines = Self.lines(outcome)
        return masked
    }

    /// The same once more of texts that belong to it, which are neither counted nor refused.
    func masked(_ texts: [GuardedText]) -> [[UInt8]?] { checker.check(texts, asked: asked, masking: &masking).texts }

    // MARK: Telling

    /// The request is at its end.
    func tellPrompt(provider: String) {
        untold?.asked(provider)
        untold = nil
    }

    /// `x-swiftlet-guardrails: pii=mask, injection=warn`: of each guardrail that did something the strictest of what it did.
    /// Of a prompt, or of a prompt and its reply.
    static func lines(_ outcomes: GuardOutcome...) -> ByteBuffer? {
        guard outcomes.contains(where: { $0.action != .off }) else { return nil }
        let parts = GuardPolicy.Kind.allCases.compactMap { kind -> String? in
            let found = outcomes.lazy.flatMap(\.findings).filter { $0.kind == kind && !$0.isShadow && $0.action != .off }
            return found.map(\.action).max().map { "\(kind.name)=\($0)" }
        }
        return parts.isEmpty ? nil : ByteBuffer(string: "x-swiftlet-guardrails: \(parts.joined(separator: ", "))\r\n")
    }

    /// For conditions. What only counts is no finding.
    func value(of kind: GuardPolicy.Kind?, _ measure: GuardMeasure) -> Value {
        let found = outcome.findings.lazy.filter { !$0.isShadow && (kind == nil || $0.kind == kind) }
        switch measure {
        case .violated: return .flag(!found.isEmpty)
        case .score:
            let scored = kind == .injection ? outcome.injection : kind == .toxicity ? outcome.toxicity : 0
            return .number(Double(max(scored, found.map(\.score).max() ?? 0)) / 1000)
        case .kinds:
            var names: [String] = []
            for finding in found where !finding.detail.isEmpty && !names.contains(finding.detail) { names.append(finding.detail) }
            return .list(names.map { .text($0) })
        }
    }
}

/// What a condition asks of a guardrail.
enum GuardMeasure: Sendable { case violated, score, kinds }

extension FieldSource {
    /// `violated`, `pii`, `pii.score`, `pii.kinds`.
    static func guardrail(_ parts: ArraySlice<String>) -> FieldSource {
        guard let name = parts.first else { return .nothing }
        let measure: GuardMeasure? =
            switch parts.dropFirst().first {
            case nil: .violated
            case "score"?: .score
            case "kinds"?: .kinds
            default: nil
            }
        guard let measure, parts.count <= 2 else { return .nothing }
        if name == "violated" { return .guardrail(nil, measure) }
        return GuardPolicy.Kind.allCases.first { $0.name == name }.map { .guardrail($0, measure) } ?? .nothing
    }
}
