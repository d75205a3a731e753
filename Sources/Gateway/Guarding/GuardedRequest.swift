import Guarding
import NIOCore

/// What guardrails and firewall know of one request: what its prompt came to, and what its reply goes by. Of one event loop.
final class GuardedRequest {
    /// The loop's own for this policy: it serves one request after the other, and holds nothing of any.
    let checker: Guard
    /// For each rule of the firewall whether it is asked for this request; empty: all are.
    let asked: [Bool]
    /// What stands for what in the prompt that goes to the provider. Put back in the reply where `policy.restores`; what is masked in
    /// the reply is numbered on from there.
    var masking = PersonalDataMasking()
    /// What was found in the prompt, and which of it in what way.
    var outcome: GuardOutcome
    /// The request's route, where a guardrail sends it to one.
    var route: String?
    /// Header lines of the answer.
    var lines: ByteBuffer?

    init(_ checker: Guard, asked: [Bool], outcome: GuardOutcome = GuardOutcome()) {
        self.checker = checker
        self.asked = asked
        self.outcome = outcome
    }

    var policy: GuardPolicy { checker.policy }
    var looksAtReply: Bool { checker.policy.looksAtReplies }
    var restores: Bool { checker.policy.restores && !masking.isEmpty }
}
