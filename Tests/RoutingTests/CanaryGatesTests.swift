import Testing

@testable import Routing

@Suite("Canary gates") struct CanaryGatesTests {
    /// One side of an experiment, as chance has it.
    struct Arm {
        var errors = 0.02
        /// Of an answer's median, in milliseconds.
        var latency = 800.0
        var cost = 0.002
        var feedback = 0.7

        func add(_ count: Int, to figures: inout ArmFigures, _ random: inout Random) {
            for _ in 0..<count {
                // Three exponentials together: skewed, as times and costs are.
                let spread = (random.exponential() + random.exponential() + random.exponential()) / 3
                let isAnswered = random.unit() >= errors
                figures.add(isAnswered: isAnswered, latency: latency * spread, cost: cost * random.exponential())
                if random.unit() < 0.3 { figures.add(feedback: random.unit() < feedback ? 1 : 0) }
            }
        }
    }

    /// After how many requests of the canary the gates said something, looked at after each twenty; nil: they did not.
    private func run(_ canary: Arm, beside stable: Arm = Arm(), _ gates: CanaryGates, requests: Int, seed: UInt64)
        -> (verdict: CanaryGates.Verdict, requests: Int)
    {
        var random = Random(seed: seed)
        var (new, old) = (ArmFigures(), ArmFigures())
        for round in 1...(requests / 20) {
            canary.add(20, to: &new, &random)
            stable.add(80, to: &old, &random)
            let verdict = gates.verdict(on: new, beside: old)
            if case .worse = verdict { return (verdict, round * 20) }
        }
        return (gates.verdict(on: new, beside: old), requests)
    }

    private var exact: CanaryGates {
        var gates = CanaryGates()
        (gates.errors, gates.latency, gates.cost, gates.feedback) = (0, 0, 0, 0)
        return gates
    }

    @Test("an equal one is rolled back in at most 5 of 100 cases, though it is looked at a hundred times and nothing is allowed")
    func falseAlarms() {
        let gates = exact
        let alarms = (0..<400).count { seed in
            if case .worse = run(Arm(), gates, requests: 2_000, seed: UInt64(seed)).verdict { true } else { false }
        }
        #expect(alarms <= 20, "of 400")
    }

    @Test(
        "a worse one is rolled back, and for what it is worse in",
        arguments: [
            (Arm(errors: 0.12), CanaryGates.Measure.errors), (Arm(latency: 1_600), .latency), (Arm(cost: 0.006), .cost),
            (Arm(feedback: 0.3), .feedback),
        ])
    func worse(_ arm: Arm, _ measure: CanaryGates.Measure) {
        for seed in 0..<30 {
            let (verdict, requests) = run(arm, CanaryGates(), requests: 3_000, seed: UInt64(seed))
            guard case .worse(let finding) = verdict else {
                Issue.record("seed \(seed): \(verdict)")
                continue
            }
            #expect(finding.measure == measure, "seed \(seed)")
            #expect(finding.worse > finding.allowed)
            #expect(requests <= 2_000, "seed \(seed)")
        }
    }

    @Test("a better one passes, once there is enough of it")
    func better() {
        let arm = Arm(errors: 0.01, latency: 600, cost: 0.001, feedback: 0.9)
        let passed = (0..<30).count { run(arm, CanaryGates(), requests: 4_000, seed: $0).verdict == .passed }
        #expect(passed >= 28)
    }

    @Test("what is worse within what is allowed is not rolled back")
    func allowed() {
        let alarms = (0..<60).count { seed in
            if case .worse = run(Arm(errors: 0.028, latency: 900, cost: 0.0022), CanaryGates(), requests: 3_000, seed: UInt64(seed)).verdict {
                true
            } else {
                false
            }
        }
        #expect(alarms <= 1)
    }

    @Test("below the least number of requests nothing is said, however bad it looks")
    func minimum() {
        var random = Random(seed: 1)
        var (new, old) = (ArmFigures(), ArmFigures())
        Arm(errors: 1).add(99, to: &new, &random)
        Arm().add(1_000, to: &old, &random)
        #expect(CanaryGates().verdict(on: new, beside: old) == .undecided)
        Arm(errors: 1).add(1, to: &new, &random)
        #expect(CanaryGates().verdict(on: new, beside: old) != .undecided)
    }

    @Test("figures of several gateways add up, and survive being written down")
    func sums() throws {
        var random = Random(seed: 4)
        var (all, first, second) = (ArmFigures(), ArmFigures(), ArmFigures())
        Arm().add(300, to: &first, &random)
        Arm(latency: 3_000).add(200, to: &second, &random)
        random = Random(seed: 4)
        Arm().add(300, to: &all, &random)
        Arm(latency: 3_000).add(200, to: &all, &random)
        var sum = try #require(ArmFigures(numbers: first.numbers))
        sum += try #require(ArmFigures(numbers: second.numbers))
        #expect(sum.requests == 500 && sum.errors == all.errors)
        #expect(abs(sum.latency.mean - all.latency.mean) < 1e-9 && abs(sum.latency.variance / all.latency.variance - 1) < 1e-9)
        #expect(ArmFigures(numbers: [1, 2]) == nil)
        #expect(ArmFigures(numbers: Array(repeating: .nan, count: 14)) == nil)
    }
}

@Suite("Intervals") struct IntervalTests {
    @Test("95 of 100 intervals hold the truth: shares, means, percentiles, sums of pairs")
    func coverage() throws {
        var (share, mean, percentile, pairs) = (0, 0, 0, 0)
        for seed in 0..<400 {
            var random = Random(seed: UInt64(seed))
            var (hits, moments, numbers, sums) = (0, Moments(), [Double](), PairedSums())
            for _ in 0..<200 {
                if random.unit() < 0.1 { hits += 1 }
                let number = random.exponential()
                moments.add(number)
                numbers.append(number)
                sums.add(before: 1 + number, after: 2 * (1 + number) * (0.5 + random.unit()))
            }
            func holds(_ interval: Interval?, _ truth: Double) -> Int { interval.map { $0.low <= truth && truth <= $0.high } == true ? 1 : 0 }
            share += holds(.share(hits, of: 200), 0.1)
            mean += holds(moments.interval, 1)
            percentile += holds(.percentile(0.5, of: numbers.sorted()), 0.693_147)
            pairs += holds(sums.increase, 1)
        }
        for covered in [share, mean, percentile, pairs] { #expect(365...396 ~= covered, "of 400") }
    }

    @Test("of nothing there is no interval, of one number only itself")
    func edges() {
        #expect(Interval.share(0, of: 0) == nil)
        #expect(Interval.percentile(0.5, of: []) == nil)
        #expect(Interval.percentile(0.95, of: [7]) == Interval(estimate: 7, low: 7, high: 7))
        #expect(PairedSums().increase == nil)
        #expect(Moments().interval == nil)
        #expect(Interval.share(0, of: 10)?.low == 0)
        #expect((Interval.share(0, of: 10)?.high ?? 0) > 0.2)
    }
}
