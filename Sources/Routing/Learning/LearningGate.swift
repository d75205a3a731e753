/// Whether a correction, had it been in effect, would have cost any content: a doubly robust replay (Dudík, Langford and Li 2011) of
/// choices whose chances were written down, with an interval that may be looked at as often as one likes (Robbins' mixture; Waudby-Smith
/// and others, "Time-uniform central limit theory", 2021).
public struct LearningGate: Hashable, Sendable {
    public var maxLoss: Double
    /// Choices that it would change and of which chance has shown both ways, before anything is said.
    public static let fewest = 30.0
    /// Of them where chance chose as the correction would.
    public static let fewestTried = 15.0
    private static let doubt = 0.05
    /// The interval is narrowest after about so many opinions.
    private static let planned = 5_000.0

    public init(maxLoss: Double) { self.maxLoss = maxLoss }

    public struct Verdict: Hashable, Sendable {
        /// By how much the mean opinion changes.
        public var change: Interval
        /// Opinions it was found from, in equal weights, and the part of choices that it changes.
        public var opinions: Double
        public var changed: Double
        /// Changed choices of which chance has shown something; of them those where chance chose as the correction would.
        public var open: Double
        public var tried: Double
        public var allowed: Double

        public init(change: Interval, opinions: Double, changed: Double, open: Double, tried: Double, allowed: Double) {
            self.change = change
            (self.opinions, self.changed, self.open, self.tried, self.allowed) = (opinions, changed, open, tried, allowed)
        }

        var isEnough: Bool { open >= LearningGate.fewest && tried >= LearningGate.fewestTried }
        /// It is shown to be no loss.
        public var isPassed: Bool { isEnough && change.low >= -allowed }
        /// It is shown to be a loss, or looks like more of one than is allowed.
        public var isLoss: Bool { isEnough && (change.high < 0 || change.estimate < -allowed) }
        public var text: String { isPassed ? "passed" : isLoss ? "loss" : "undecided" }
    }

    /// What models of both halves are worth on prompts of one kind, as far as opinions tell.
    struct Scale {
        let lower: (mean: Double, variance: Double)
        let upper: (mean: Double, variance: Double)

        init(_ own: [RatedLesson], all: [RatedLesson]) {
            func tally(_ lessons: [RatedLesson], upper: Bool) -> Tally {
                Tally(lessons.filter { one in one.lesson.rung.map { one.lesson.isUpper($0) == upper } ?? false })
            }
            let usual = Tally(all).smoothed(by: 5, towards: 0.8).mean
            lower = tally(own, upper: false).smoothed(by: 2, towards: usual)
            upper = tally(own, upper: true).smoothed(by: 2, towards: usual)
        }

        func mean(_ lesson: Lesson, _ rung: Int) -> Double { lesson.isUpper(rung) ? upper.mean : lower.mean }
        func deviation(_ lesson: Lesson, _ rung: Int) -> Double { (lesson.isUpper(rung) ? upper.variance : lower.variance).squareRoot() }
    }

    /// - Parameter own: Of one kind of prompt.
    func verdict(on correction: Correction, _ own: [RatedLesson], _ scale: Scale) -> Verdict {
        var values: [(weight: Double, value: Double)] = []
        var changed = 0.0
        var (open, tried) = (Weights(), Weights())
        for one in own {
            guard let chosen = one.lesson.rung, one.lesson.limits.count > 1 else { continue }
            let score = Double(one.lesson.frozen)
            let was = one.lesson.rung(at: score)
            let would = one.lesson.rung(at: correction.corrected(task: Int(one.lesson.task), score: score))
            guard was != would else {
                values.append((one.weight, 0))
                continue
            }
            changed += one.weight
            if one.lesson.isOpen {
                open.add(one.weight)
                if chosen == would { tried.add(one.weight) }
            }
            let gained = Self.worth(would, one, chosen, scale, ifUntried: -1) - Self.worth(was, one, chosen, scale, ifUntried: 1)
            values.append((one.weight, gained))
        }
        return verdict(values, changed, open.effective, tried.effective)
    }

    private struct Weights {
        private var sum = 0.0
        private var squares = 0.0
        var effective: Double { squares > 0 ? sum * sum / squares : 0 }

        mutating func add(_ weight: Double) {
            sum += weight
            squares += weight * weight
        }
    }

    /// Of a choice that chance could not have made nothing is known: then the estimate without a correction, on the side of caution.
    private static func worth(_ rung: Int, _ one: RatedLesson, _ chosen: Int, _ scale: Scale, ifUntried side: Double) -> Double {
        let guess = scale.mean(one.lesson, rung)
        if rung == chosen { return guess + (one.score - guess) / Double(max(one.lesson.propensity, 1e-4)) }
        return one.lesson.isOpen ? guess : min(max(guess + side * 2 * scale.deviation(one.lesson, rung), 0), 1)
    }

    private func verdict(_ values: [(weight: Double, value: Double)], _ changed: Double, _ open: Double, _ tried: Double) -> Verdict {
        let weight = values.reduce(0) { $0 + $1.weight }
        guard weight > 0 else {
            return Verdict(change: Interval(estimate: 0, low: -1, high: 1), opinions: 0, changed: 0, open: 0, tried: 0, allowed: maxLoss)
        }
        let mean = values.reduce(0) { $0 + $1.weight * $1.value } / weight
        let variance = values.reduce(0) { $0 + $1.weight * ($1.value - mean) * ($1.value - mean) } / weight
        let n = weight * weight / values.reduce(0) { $0 + $1.weight * $1.weight }
        let logarithm = -2 * Random.logarithm(Self.doubt)
        let tuning = (logarithm + Random.logarithm(1 + logarithm)) / Self.planned
        let scaled = n * tuning + 1
        let width = 2 * scaled / (n * n * tuning) * Random.logarithm(scaled.squareRoot() / Self.doubt) * variance
        let half = min(width.squareRoot(), 1)
        return Verdict(
            change: Interval(estimate: mean, low: max(-1, mean - half), high: min(1, mean + half)), opinions: n, changed: changed / weight,
            open: open, tried: tried, allowed: maxLoss)
    }
}
