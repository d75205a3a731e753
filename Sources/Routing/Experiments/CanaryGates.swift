/// When a canary is worse than what it is to replace, by figures that may be looked at as often as one likes.
///
/// Each measure is a sequential test with a mixture of effects (Robbins 1970; Johari and others, "Peeking at A/B tests", 2017): the test's
/// ratio stays below `1 / chance` for ever in all but `chance` of the cases in which there is nothing to find, however often it is asked.
/// The four share the chance of a false alarm equally (Bonferroni).
public struct CanaryGates: Hashable, Sendable {
    public enum Measure: String, CaseIterable, Sendable { case errors, latency, cost, feedback }

    public struct Finding: Hashable, Sendable {
        public var measure: Measure
        /// By how much the canary is worse, in the measure's own terms: a part of requests, a part of what it was, a part of the scale.
        public var worse: Double
        public var allowed: Double
    }

    public enum Verdict: Hashable, Sendable {
        /// Neither is shown yet.
        case undecided
        /// It is worse by more than is allowed.
        case worse(Finding)
        /// By every measure of which there is enough it is not worse than is allowed.
        case passed
    }

    /// Requests on each side before anything is said.
    public var minimum = 100
    /// More errors, as a part of all requests.
    public var errors = 0.01
    /// Longer, as a part of what it was.
    public var latency = 0.25
    public var cost = 0.25
    /// Less feedback on its scale from 0 to 1.
    public var feedback = 0.1
    /// That anything at all is called worse which is not.
    public var falseAlarms = 0.05

    public init() {}

    public func verdict(on canary: ArmFigures, beside stable: ArmFigures) -> Verdict {
        guard canary.requests >= minimum, stable.requests >= minimum else { return .undecided }
        let tests = tests(on: canary, beside: stable)
        let bar = Random.logarithm(Double(Measure.allCases.count) / falseAlarms)
        let worst = tests.filter { $0.difference > $0.allowed && $0.evidence > bar }.max { $0.evidence < $1.evidence }
        if let worst { return .worse(Finding(measure: worst.measure, worse: worst.difference, allowed: worst.allowed)) }
        return tests.allSatisfy { $0.difference < $0.allowed && $0.evidence > bar } ? .passed : .undecided
    }

    struct Test {
        var measure: Measure
        /// How much worse the canary is. Negative: better.
        var difference: Double
        var allowed: Double
        /// Logarithm of the ratio of the mixture to a difference of just what is allowed.
        var evidence: Double
    }

    /// Of the measures of which both sides have enough.
    func tests(on canary: ArmFigures, beside stable: ArmFigures) -> [Test] {
        var tests = [errors(canary, stable)]
        func enough(_ path: KeyPath<ArmFigures, Moments>) -> Bool { min(canary[keyPath: path].count, stable[keyPath: path].count) >= minimum }
        if enough(\.latencyLogarithm) { tests.append(latency(canary.latencyLogarithm, stable.latencyLogarithm)) }
        if enough(\.cost), let test = cost(canary.cost, stable.cost) { tests.append(test) }
        if enough(\.feedback) {
            let variance = canary.feedback.errorSquared + stable.feedback.errorSquared
            tests.append(test(.feedback, stable.feedback.mean - canary.feedback.mean, feedback, variance, effect: 0.1))
        }
        return tests
    }

    /// With one error and one success more on each side: where there was no error yet, the next is no proof.
    private func errors(_ canary: ArmFigures, _ stable: ArmFigures) -> Test {
        func share(_ arm: ArmFigures) -> (mean: Double, variance: Double) {
            let (n, p) = (Double(arm.requests + 2), Double(arm.errors + 1) / Double(arm.requests + 2))
            return (Double(arm.errors) / Double(arm.requests), p * (1 - p) / n)
        }
        let (new, old) = (share(canary), share(stable))
        return test(.errors, new.mean - old.mean, errors, new.variance + old.variance, effect: 0.05)
    }

    /// Of medians, by the means of logarithms.
    private func latency(_ canary: Moments, _ stable: Moments) -> Test {
        let variance = canary.errorSquared + stable.errorSquared
        return test(.latency, canary.mean - stable.mean, Random.logarithm(1 + max(0, latency)), variance, effect: 0.25)
    }

    /// Of means: what is seldom dear is dear all the same. Nil: nothing costs anything.
    private func cost(_ canary: Moments, _ stable: Moments) -> Test? {
        if stable.mean <= 0 {
            // From nothing to something is worse however little it is.
            guard canary.mean > 0 else { return nil }
            return Test(measure: .cost, difference: .infinity, allowed: cost, evidence: .infinity)
        }
        let ratio = canary.mean / stable.mean
        let variance = (canary.errorSquared + ratio * ratio * stable.errorSquared) / (stable.mean * stable.mean)
        return test(.cost, ratio - 1, cost, variance, effect: 0.25)
    }

    /// - Parameter effect: The size of differences that the mixture expects.
    private func test(_ measure: Measure, _ difference: Double, _ allowed: Double, _ variance: Double, effect: Double) -> Test {
        let (v, mixture, off) = (max(variance, 1e-12), effect * effect, difference - allowed)
        let ratio = v / (v + mixture)
        return Test(
            measure: measure, difference: difference, allowed: allowed,
            evidence: 0.5 * Random.logarithm(ratio) + off * off / (2 * v) * (1 - ratio))
    }
}
