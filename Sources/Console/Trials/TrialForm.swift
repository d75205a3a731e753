import Gateway
import Routing
import Schema
import Settings
import Simulation

/// Trials as JSON.
enum TrialForm {
    static func canary(_ policy: String, _ canary: Canary, _ candidate: String, _ figures: Trials.Figures.Pair?) -> JSONText {
        let pair = figures ?? Trials.Figures.Pair()
        let verdict = canary.gates.verdict(on: pair.candidate, beside: pair.stable)
        var members: [(String, JSONText)] = [
            ("policy", .string(policy)), ("candidate", .string(candidate)), ("share", .decimal(canary.share)),
            ("state", .string(canary.stopped == nil ? "running" : "stopped")), ("stopped", text(canary.stopped)),
            ("started", text(canary.started?.written)), ("verdict", .string(word(verdict))),
        ]
        if case .worse(let finding) = verdict { members.append(("worse_in", .string(finding.measure.rawValue))) }
        return .object(members + [("stable", arm(pair.stable)), ("canary", arm(pair.candidate))])
    }

    static func shadow(_ policy: String, _ other: String, _ shadow: Shadow, _ figures: ShadowFigures) -> JSONText {
        .object([
            ("policy", .string(policy)), ("shadow", .string(other)), ("sample", .decimal(shadow.sample)),
            ("requests", .number("\(figures.requests)")),
            ("different", .number("\(figures.different)")), ("different_share", interval(.share(figures.different, of: figures.requests))),
            ("refused", .number("\(figures.refused)")), ("refused_share", interval(.share(figures.refused, of: figures.requests))),
            (
                "cost_usd",
                .object([
                    ("requests", .number("\(figures.cost.count)")), ("was", .decimal(figures.cost.before)),
                    ("would_be", .decimal(figures.cost.after)),
                    ("increase", interval(figures.cost.increase)),
                ])
            ),
        ])
    }

    static func arm(_ figures: ArmFigures) -> JSONText {
        .object([
            ("requests", .number("\(figures.requests)")), ("errors", .number("\(figures.errors)")), ("success", interval(figures.success)),
            ("latency_ms", interval(figures.latency.interval)), ("cost_usd", interval(figures.cost.interval)),
            ("feedback", interval(figures.feedback.interval)), ("rated", .number("\(figures.feedback.count)")),
        ])
    }

    static func interval(_ interval: Interval?) -> JSONText { interval?.json() ?? .number("null") }

    private static func text(_ text: String?) -> JSONText { text.map { .string($0) } ?? .number("null") }

    private static func word(_ verdict: CanaryGates.Verdict) -> String {
        switch verdict {
        case .undecided: "undecided"
        case .worse: "worse"
        case .passed: "passed"
        }
    }
}
