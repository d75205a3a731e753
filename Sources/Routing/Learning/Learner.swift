/// Learns from opinions how far the scorer is off for one tenant. A pure function of lessons and time: gateways that read the same lessons
/// come to the same.
public struct Learner: Sendable {
    /// After so many seconds an opinion counts half.
    public var halfLife: Double
    /// By how much the mean opinion may fall, on its scale from 0 to 1, and still count as no loss.
    public var maxLoss: Double

    /// The part of the scale that a capable model is believed to gain between the easiest and the hardest prompt, and at the border, where
    /// it is just worth its price.
    static let gain = 0.6
    static let gainAtBorder = 0.1
    /// Of what one kind of prompt has to do with its fifths of the scale.
    private static let spread = 0.5
    /// A correction goes no further at once: what it changes then lies where trials are made.
    static let step = 0.4
    /// A key counts at most as much as all others of its tenant together, or as this many opinions.
    private static let loneKey = 200.0
    /// By so much the mean opinions of a key, of models of either half, may be off those of the middle one of the tenant's keys.
    private static let odd = 0.3

    public init(halfLife: Double, maxLoss: Double) {
        self.halfLife = halfLife
        self.maxLoss = maxLoss
    }

    public struct TenantState: Hashable, Sendable {
        public var inEffect = Correction()
        public var belief = Belief()
        /// By kind of prompt: opinions on requests that came before are forgotten.
        public var since: [Int64] = Array(repeating: 0, count: Correction.tasks)
        /// What the gate said last, by kind of prompt.
        public var verdicts: [LearningGate.Verdict?] = Array(repeating: nil, count: Correction.tasks)
        /// Opinions that count now.
        public var lessons = 0
        /// How often a correction was put into effect or taken back.
        public var changes = 0

        public init() {}

        /// As if nothing had ever been learnt, nor anything said about a request that came before `seconds`.
        public static func forgotten(at seconds: Int64) -> TenantState {
            var empty = TenantState()
            empty.since = empty.since.map { _ in seconds }
            return empty
        }
    }

    /// What holds from now on.
    ///
    /// - Parameter lessons: Of one tenant, in any order.
    public func learn(_ lessons: [RatedLesson], from state: TenantState, at seconds: Int64) -> TenantState {
        var next = state
        let counted = weighed(lessons, state, at: seconds)
        next.lessons = counted.count
        next.belief = Self.belief(counted)
        let gate = LearningGate(maxLoss: maxLoss)
        let byTask = Dictionary(grouping: counted) { Int($0.lesson.task) }
        for task in 0..<Correction.tasks {
            let own = byTask[task] ?? []
            guard !own.isEmpty || !state.inEffect.isNothing(task) else {
                next.verdicts[task] = nil
                continue
            }
            let scale = LearningGate.Scale(own, all: counted)
            if !state.inEffect.isNothing(task) {
                let held = gate.verdict(on: state.inEffect, own, scale)
                if held.isLoss {
                    next.inEffect.forget(task)
                    next.since[task] = seconds
                    next.changes += 1
                    next.verdicts[task] = held
                    continue
                }
                next.verdicts[task] = held
            }
            var candidate = state.inEffect
            for bin in 0..<Correction.bins {
                let off = next.belief.mean[task, bin] - candidate[task, bin]
                candidate[task, bin] += min(max(off, -Self.step), Self.step)
            }
            let verdict = gate.verdict(on: candidate, own, scale)
            if verdict.isPassed {
                if candidate != state.inEffect { next.changes += 1 }
                next.inEffect.take(task, of: candidate)
                next.verdicts[task] = verdict
            } else if state.inEffect.isNothing(task) {
                next.verdicts[task] = verdict
            }
        }
        return next
    }

    /// With age, and none of a tenant's keys alone deciding.
    public func weighed(_ lessons: [RatedLesson], _ state: TenantState, at seconds: Int64) -> [RatedLesson] {
        var kept: [RatedLesson] = []
        var byKey: [UInt32: Double] = [:]
        let oddKeys = Self.oddKeys(lessons)
        for var one in lessons where one.seconds >= state.since[Int(one.lesson.task)] && !oddKeys.contains(one.lesson.key) {
            one.weight *= Odds.exponential(-0.693_147_180_559_945_3 * Double(max(0, seconds - one.seconds)) / max(halfLife, 1))
            guard one.weight > 0.01 else { continue }
            kept.append(one)
            byKey[one.lesson.key, default: 0] += one.weight
        }
        let all = byKey.sorted { $0.key < $1.key }.reduce(0) { $0 + $1.value }
        for index in kept.indices {
            let own = byKey[kept[index].lesson.key] ?? 0
            kept[index].weight *= min(1, max(all - own, Self.loneKey) / max(own, 1e-9))
        }
        return kept
    }

    /// Keys that are at odds with most others: somebody lies, or something is broken. Nobody can tell with fewer than three keys.
    static func oddKeys(_ lessons: [RatedLesson]) -> Set<UInt32> {
        let byKey = Dictionary(grouping: lessons, by: \.lesson.key).filter { $0.value.count >= 30 }
        guard byKey.count >= 3 else { return [] }
        var odd: Set<UInt32> = []
        for isUpper in [false, true] {
            let means = byKey.mapValues { own in
                Tally(own.filter { one in one.lesson.rung.map { one.lesson.isUpper($0) == isUpper } ?? false }).smoothed(by: 10, towards: 0.8).mean
            }
            let sorted = means.values.sorted()
            let middle = (sorted[sorted.count / 2] + sorted[(sorted.count - 1) / 2]) / 2
            odd.formUnion(means.filter { abs($0.value - middle) > Self.odd }.keys)
        }
        return odd
    }

    /// Conjugate normal beliefs: what the scorer says is the prior, each fifth of the scale borrows from the others of its kind.
    static func belief(_ lessons: [RatedLesson]) -> Belief {
        var belief = Belief()
        let pooled = Tally(lessons.filter { $0.lesson.rung.map($0.lesson.isUpper) ?? false }).smoothed(by: 5, towards: 0.8)
        let byTask = Dictionary(grouping: lessons.filter { $0.lesson.limits.count > 1 }) { Int($0.lesson.task) }
        for (task, own) in byTask {
            let upper = Tally(own.filter { $0.lesson.rung.map($0.lesson.isUpper) ?? false })
            let capable = upper.smoothed(by: 10, towards: pooled.mean)
            // By fifth: where the offset seems to lie, and the variance of that.
            let seen = (0..<Correction.bins).map { bin -> (mean: Double, variance: Double)? in
                let tally = Tally(
                    own.filter { one in
                        Correction.bin(Double(one.lesson.frozen)) == bin && one.lesson.rung.map { !one.lesson.isUpper($0) } ?? false
                    })
                guard tally.effective >= 1 else { return nil }
                let cheap = tally.smoothed(by: 1, towards: capable.mean)
                let loss = capable.mean - cheap.mean
                let right = Odds.logit(min(max((loss - gainAtBorder) / gain + 0.5, 0.05), 0.95))
                // What is on the right side of the border stays where it is.
                let target = loss < gainAtBorder ? min(right, tally.position) : max(right, tally.position)
                let slope = 1 / (gain * 0.25)
                return (target - tally.position, (cheap.variance + capable.variance) * slope * slope)
            }
            for bin in 0..<Correction.bins {
                var (precision, sum) = (1 / (Belief.firstDeviation * Belief.firstDeviation), 0.0)
                for (other, one) in seen.enumerated() where other != bin {
                    guard let one else { continue }
                    let weight = 1 / (one.variance + spread * spread)
                    precision += weight
                    sum += weight * one.mean
                }
                // What its neighbours say is the prior of a fifth; none of them is as sure as what is seen of itself.
                var (mean, variance) = (sum / precision, 1 / precision)
                if let one = seen[bin] {
                    let gained = variance / (variance + one.variance)
                    mean += gained * (one.mean - mean)
                    variance *= 1 - gained
                }
                belief.mean[task, bin] = mean
                belief.deviations[task * Correction.bins + bin] = variance.squareRoot()
            }
        }
        return belief
    }
}

/// Weighted opinions.
struct Tally {
    private(set) var weight = 0.0
    private var squares = 0.0
    private var sum = 0.0
    private var places = 0.0

    init(_ lessons: some Sequence<RatedLesson>) {
        for one in lessons {
            weight += one.weight
            squares += one.weight * one.weight
            sum += one.weight * one.score
            places += one.weight * Odds.logit(Double(one.lesson.frozen))
        }
    }

    /// As many opinions of equal weight say as much (Kish 1965).
    var effective: Double { squares > 0 ? weight * weight / squares : 0 }
    /// The mean of the scores' logits.
    var position: Double { weight > 0 ? places / weight : 0 }

    /// The mean with `count` opinions more that say `prior`, and the variance of that.
    func smoothed(by count: Double, towards prior: Double) -> (mean: Double, variance: Double) {
        let n = effective
        let mean = (n * (weight > 0 ? sum / weight : 0) + count * prior) / (n + count)
        return (mean, max(mean * (1 - mean), 0.05) / (n + count))
    }
}
