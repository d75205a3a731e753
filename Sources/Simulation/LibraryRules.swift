import Routing

extension Library {
    private static func when(_ field: String, _ operation: Comparison.Operation, _ operand: Value) -> Condition {
        guard let name = FieldName(field) else { preconditionFailure("no field \(field)") }
        return .test(name, Comparison(operation, operand))
    }

    // MARK: Rules and conditions

    static let rules: [Plot] = [
        Plot(
            "tiers", "Gold users have a route of their own, suspended ones are refused, the rest follows tags.",
            on: Stage(
                hasSpare: true,
                rules: [
                    Rule(name: "gold", priority: 5, when: when("user.tier", .eq, "gold"), then: RuleActions(route: "spare")),
                    Rule(name: "suspended", priority: 9, when: when("user.tier", .eq, "suspended"), then: RuleActions(deny: "suspended")),
                    Rule(name: "long", when: when("request.input_tokens", .gt, 3000), then: RuleActions(provider: "b")),
                    Rule(name: "off", priority: 99, isEnabled: false, then: RuleActions(deny: "never")),
                ]), leastSuccess: 0.7
        ) {
            $0.cast = [ImaginaryDeployment(), part(.fails(0.1, .serverError))]
            $0.traffic[0].policy = "rules"
            $0.traffic[0].values = [("user.tier", [("gold", 0.2), ("suspended", 0.05), ("free", 0.75)])]
        },
        Plot(
            "signal", "A monitor signals trouble for a minute, and a rule moves traffic away before anything fails.",
            on: Stage(
                strategy: Fallback(), hasSpare: true,
                rules: [Rule(name: "moved", when: when("signal.trouble", .eq, true), then: RuleActions(route: "spare"))]),
            leastSuccess: 1
        ) {
            $0.cast = Array(repeating: part(.outage(from: .seconds(30), to: .seconds(90), .serverError)), count: 4)
            $0.traffic[0].policy = "rules"
            $0.signals = [(29, "trouble", .flag(true)), (91, "trouble", nil)]
        },
        Plot(
            "quota-rule", "A rule about empty accounts leads away after the first of them.",
            on: Stage(
                hasSpare: true, rules: [Rule(name: "empty", after: FaultSet(.quotaExceeded, .rateLimit), then: RuleActions(route: "spare"))]),
            leastSuccess: 0.99
        ) {
            $0.cast = Array(repeating: part(.outage(from: minute, to: later, .quotaExceeded)), count: 4)
            $0.traffic[0].policy = "rules"
        },
        Plot(
            "by-condition", "Long prompts and streams have deployments of their own; the one for streams is down for a minute.",
            on: Stage(
                strategy: Conditional([
                    .branch(when: when("request.input_tokens", .gte, 3000)), .branch(when: when("request.stream", .eq, true)),
                    .branch(when: when("request.region", .isIn, ["eu", "us"])),
                ])), leastSuccess: 1
        ) {
            $0.cast = [ImaginaryDeployment(), part(.outage(from: minute, to: later, .unavailable))]
            $0.traffic[0].callers = [Traffic.Part("eu", 1), Traffic.Part("asia", 1)]
        },
    ]
}
