import Routing

/// A tenant whose clients say what they think, on virtual time: the router that serves traffic, the tutor and the learner that it has, and a
/// truth that only this course knows.
public struct LearningCourse: Sendable {
    public static let cheap = "cheap"
    public static let capable = "capable"
    private static let prices: [String: Double] = [cheap: 0.0005, capable: 0.01]

    /// Kinds of prompts, each as often as another.
    public var tasks = [0, 4]
    /// The chance that an answer is good: kind of prompt, score, whether the capable model gave it, seconds since the start.
    public var truth: @Sendable (_ task: Int, _ score: Double, _ isCapable: Bool, _ seconds: Double) -> Double
    public var requests = 40_000
    public var perSecond = 2.0
    /// The part of answers that somebody rates.
    public var rated = 0.7
    /// Opinions of one key that says the opposite of what is so, for each honest one.
    public var spam = 0.0
    /// What the spammer says.
    public var lie: @Sendable (_ isCapable: Bool) -> Double = { $0 ? 0 : 1 }
    public var explored = 0.05
    public var isOn = true
    /// Seconds between two lessons of the learner.
    public var pause = 300.0
    public var learner = Learner(halfLife: 7 * 86_400, maxLoss: 0.02)

    public init(truth: @escaping @Sendable (Int, Double, Bool, Double) -> Double) { self.truth = truth }

    /// What it came to, in tenths of its time.
    public struct Outcome: Sendable {
        public struct Part: Sendable {
            public var requests = 0
            public var good = 0.0
            public var capable = 0
            public var trials = 0
            public var dollars = 0.0
            public var quality: Double { good / Double(max(1, requests)) }
            public var capableShare: Double { Double(capable) / Double(max(1, requests)) }
        }

        public var parts = Array(repeating: Part(), count: 10)
        public var state = Learner.TenantState()
        /// The farthest that anything in effect ever moved a score.
        public var farthest = 0.0
        /// Requests that came after something was first in effect.
        public var corrected = 0
        public var ratings = ModelRatings()

        public var whole: Part {
            parts.reduce(into: Part()) { sum, part in
                sum.requests += part.requests
                sum.good += part.good
                sum.capable += part.capable
                sum.trials += part.trials
                sum.dollars += part.dollars
            }
        }
    }

    public func run(seed: UInt64) throws -> Outcome {
        var random = Random(seed: seed)
        var router = Router(table: try Self.table(), seed: seed)
        var outcome = Outcome()
        var lessons: [RatedLesson] = []
        var tutor = Tutor()
        tutor.explored = isOn ? explored : 0
        var due = pause
        for number in 0..<requests {
            let seconds = Double(number) / perSecond
            let now = Instant.zero + .milliseconds(Int64(seconds * 1000))
            if isOn, seconds >= due {
                due += pause
                outcome.state = learner.learn(lessons, from: outcome.state, at: Int64(seconds))
                (tutor.inEffect, tutor.belief) = (outcome.state.inEffect, outcome.state.belief)
                outcome.farthest = max(outcome.farthest, outcome.state.inEffect.offsets.map(abs).max() ?? 0)
            }
            if !outcome.state.inEffect.isNothing { outcome.corrected += 1 }
            let (task, score) = (tasks[random.below(tasks.count)], random.unit())
            var appraisal = Appraisal(score: Float(score))
            if isOn { tutor.instruct(&appraisal, task: UInt8(task), session: random.next()) }
            var facts = Facts(needs: [.chat], inputTokens: 200, outputTokens: 200)
            facts.appraisal = appraisal
            var journey = Journey(in: router.table, route: 0, facts: facts, envelope: Envelope(deadline: now + .seconds(60)), seed: random.next())
            journey.keepsDecision = true
            guard case .attempt(let attempt) = router.next(&journey, at: now) else { continue }
            router.record(.success(firstByte: .milliseconds(200), total: .milliseconds(600), outputTokens: 200), of: attempt, in: &journey, at: now)
            let isCapable = attempt.deployment == 1
            let chance = truth(task, score, isCapable, seconds)
            let isGood = random.unit() < chance
            let part = min(9, number * 10 / requests)
            outcome.parts[part].requests += 1
            outcome.parts[part].good += chance
            outcome.parts[part].dollars += Self.prices[isCapable ? Self.capable : Self.cheap] ?? 0
            if isCapable { outcome.parts[part].capable += 1 }
            guard isOn, let decision = journey.decision else { continue }
            if decision.complexity?.learnt?.isTrial == true { outcome.parts[part].trials += 1 }
            func lesson(_ key: UInt32) -> Lesson? {
                Lesson(decision, tenant: 1, key: key, deployment: isCapable ? 2 : 1, isFirst: true)
            }
            if random.unit() < rated, let one = lesson(1 + UInt32(random.below(4))) {
                lessons.append(RatedLesson(one, seconds: Int64(seconds), score: isGood ? 1 : 0))
            }
            if random.unit() < spam, let one = lesson(99) { lessons.append(RatedLesson(one, seconds: Int64(seconds), score: lie(isCapable))) }
            if lessons.count > 20_000 { lessons.removeFirst(lessons.count - 20_000) }
        }
        outcome.ratings = ModelRatings(learner.weighed(lessons, outcome.state, at: Int64(Double(requests) / perSecond)))
        return outcome
    }

    private static func table() throws -> RoutingTable {
        var deployments = [Deployment(name: cheap), Deployment(name: capable)]
        deployments[0].price = Price(input: 500_000_000, output: 2_000_000_000)
        deployments[1].price = Price(input: 10_000_000_000, output: 40_000_000_000)
        (deployments[0].quality, deployments[1].quality) = (0.3, 0.9)
        let tree = Route.choice(Intelligent(axis: .performance), [Branch(.deployment(0)), Branch(.deployment(1))])
        return try RoutingTable(
            version: 1, deployments: deployments, routes: [NamedRoute(name: "main", tree: tree, retry: RetryPolicy(maxRetries: 0))])
    }
}
