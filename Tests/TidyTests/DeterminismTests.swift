import Testing

@Suite("Determinism") struct DeterminismTests {
    let clocks = /\b(?:ContinuousClock|SuspendingClock|Date|DispatchTime|clock_gettime|gettimeofday|NIODeadline)\b|\bTask\.sleep\b|\.now\(\)/
    let chance = /\b(?:SystemRandomNumberGenerator|arc4random\w*|getrandom)\b|\bUUID\(\)/

    @Test("deciding sees no clock: time is an argument", arguments: ["Routing", "Simulation", "Wire", "Schema", "Complexity", "Guarding"])
    func time(target: String) {
        for source in Repository.sources("Sources/\(target)") {
            for finding in source.findings(clocks) { Issue.record("\(finding)") }
        }
    }

    @Test("deciding sees no chance but a seeded generator", arguments: ["Routing", "Simulation", "Wire", "Schema", "Complexity", "Guarding"])
    func randomness(target: String) {
        for source in Repository.sources("Sources/\(target)") {
            for finding in source.findings(chance) + Self.unseeded(source) { Issue.record("\(finding)") }
        }
    }

    /// `.random(`, `.shuffled(` and `.randomElement(` whose arguments pass no generator. Arguments may span lines.
    static func unseeded(_ source: SourceText) -> [String] {
        source.code.matches(of: /\.(?:random|shuffled|randomElement|shuffle(?=\(\)))\(([^()]*(?:\([^()]*\)[^()]*)*)\)/).compactMap { match in
            if match.1.contains("using:") || match.1.contains("&random") { return nil }
            let line = 1 + source.code[..<match.range.lowerBound].count { $0 == "\n" }
            return "\(source.path):\(line): \(match.0)"
        }
    }

    @Test(
        "the rule tells seeded from unseeded",
        arguments: [
            ("Int.random(in: 0..<9)", 1), ("Int.random(in: 0..<f(9), using: &random)", 0), ("list.shuffled()", 1),
            ("list.shuffled(using: &g)", 0), ("strategy.random(", 0), ("list.shuffle()", 1), ("case .shuffle(strategy)", 0),
            ("// list.shuffled()", 0),
        ])
    func telling(code: String, count: Int) {
        #expect(Self.unseeded(SourceText(path: "a.swift", text: code)).count == count)
    }
}
