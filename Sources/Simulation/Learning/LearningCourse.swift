import Routing

/// A tenant whose clients say what they think, on virtual time: the router that serves traffic, the tutor and the learner that it has, and a
/// truth that only this course knows.
public struct LearningCourse: Sendable {
    public static let cheap = "cheap"
    public static let capable = "capable"
    static let prices: [String: Double] = [cheap: 0.0005, capable: 0.01]

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
    /// The part of honest opinions that say the opposite of what is so all the same.
    public var turned = 0.0
    public var explored = 0.05
    public var isOn = true
    /// Seconds between two lessons of the learner.
    public var pause = 300.0
    public var learner = Learner(halfLife: 7 * 86_400, maxLoss: 0.02)
    /// Before which requests an operator goes back to the shipped scorer.
    public var resets: Set<Int> = []
    /// How something is learnt and taken back; another one to see whether what watches finds out.
    public var learn: @Sendable (Learner, [RatedLesson], Learner.TenantState, Int64) -> Learner.TenantState = { learner, lessons, state, seconds in
        learner.learn(lessons, from: state, at: seconds)
    }
    public var forget: @Sendable (Learner.TenantState, Int64) -> Learner.TenantState = { _, seconds in .forgotten(at: seconds) }

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

    public func run(seed: UInt64) throws(RoutingTableError) -> Outcome {
        var run = try LearningRun(self, seed: seed)
        for number in 0..<requests { run.request(number) }
        return run.over()
    }

    static func table() throws(RoutingTableError) -> RoutingTable {
        var deployments = [Deployment(name: cheap), Deployment(name: capable)]
        deployments[0].price = Price(input: 500_000_000, output: 2_000_000_000)
        deployments[1].price = Price(input: 10_000_000_000, output: 40_000_000_000)
        (deployments[0].quality, deployments[1].quality) = (0.3, 0.9)
        let tree = Route.choice(Intelligent(axis: .performance), [Branch(.deployment(0)), Branch(.deployment(1))])
        return try RoutingTable(
            version: 1, deployments: deployments, routes: [NamedRoute(name: "main", tree: tree, retry: RetryPolicy(maxRetries: 0))])
    }
}
