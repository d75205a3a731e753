import Routing
import Testing

@testable import Console

@Suite("Why the gate of learning lets something pass or not") struct GateReasonTests {
    struct Row: Sendable {
        var low = -0.5, estimate = 0.0, high = 0.5
        var changed = 0.1, open = 60.0, tried = 20.0
        let says: String

        var verdict: LearningGate.Verdict {
            .init(
                change: Interval(estimate: estimate, low: low, high: high), opinions: 900, changed: changed, open: open, tried: tried, allowed: 0.02)
        }
    }

    @Test(
        "each verdict has its own sentence, and what is not enough never reads as if it were",
        arguments: [
            Row(low: -0.0199, high: 0.01, says: "no loss: the mean opinion changes by -0.0199 to 0.01, and -0.02 is allowed"),
            Row(low: -0.2, estimate: -0.1, high: -0.01, says: "shown to be a loss"),
            Row(low: -0.2, estimate: -0.1, high: 0.1, says: "looks like a loss of 0.1, and 0.02 is allowed"),
            Row(changed: 0, open: 0, tried: 0, says: "change no choice"),
            Row(open: 29.9, tried: 0, says: "both ways of 29 choices that it would change; 30 are needed"),
            Row(tried: 14.99, says: "its way in 14 choices; 15 are needed"),
            Row(low: -0.0201, says: "cannot be told from a loss yet: the mean opinion changes by -0.0201 to 0.5, and -0.02 is allowed"),
        ])
    func says(_ row: Row) {
        #expect(GateReason.text(row.verdict).contains(row.says), "\(GateReason.text(row.verdict))")
    }
}
