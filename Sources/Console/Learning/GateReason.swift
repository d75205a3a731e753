import Routing

/// Why the gate lets a correction pass or not, as a sentence for people.
enum GateReason {
    static func text(_ verdict: LearningGate.Verdict) -> String {
        let (change, allowed) = (verdict.change, verdict.allowed)
        let bounds = "the mean opinion changes by \(number(change.low)) to \(number(change.high)), and -\(number(allowed)) is allowed"
        if verdict.isPassed { return "It is shown to be no loss: \(bounds)." }
        if verdict.isLoss {
            return change.high < 0
                ? "It is shown to be a loss: \(bounds)." : "It looks like a loss of \(number(-change.estimate)), and \(number(allowed)) is allowed."
        }
        if verdict.changed == 0 { return "It would change no choice of a model." }
        if verdict.open < LearningGate.fewest {
            return "Chance has shown both ways of \(whole(verdict.open)) choices that it would change; "
                + "\(whole(LearningGate.fewest)) are needed."
        }
        if verdict.tried < LearningGate.fewestTried {
            return "Chance went its way in \(whole(verdict.tried)) choices; \(whole(LearningGate.fewestTried)) are needed."
        }
        return "It cannot be told from a loss yet: \(bounds)."
    }

    /// Rounded down, so that what is not enough never reads as if it were.
    private static func whole(_ value: Double) -> Int { Int(value.rounded(.down)) }
    private static func number(_ value: Double) -> Double { (value * 1e4).rounded() / 1e4 + 0 }
}
