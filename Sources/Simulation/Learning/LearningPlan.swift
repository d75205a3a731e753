import Routing

/// A project whose clients say what they think, and what must hold whatever they say.
public struct LearningPlan: Sendable {
    /// With `learning-` before it on the command line.
    public var name: String
    public var summary: String
    public var course: LearningCourse
    /// By how much content may be lower than without learning, in the mean of all requests: what the gate lets pass. Nil: opinions are wrong,
    /// and nobody could know.
    public var mostLoss: Double?

    public init(_ name: String, _ summary: String, _ course: LearningCourse) {
        self.name = name
        self.summary = summary
        self.course = course
    }

    /// Everything follows from the seed: two runs with one give equal reports.
    ///
    /// - Parameter watch: Told now and then how far it is; the run ends where it says no.
    /// - Throws: Never for the plans here, whose table is a constant.
    public func run(seed: UInt64, watch: (Scenario.Progress) -> Bool = { _ in true }) throws(RoutingTableError) -> LearningReport {
        var run = try LearningRun(course, seed: seed)
        run.watch = try LearningWatch(seed: seed)
        var report = LearningReport(name: "learning-\(name)", seed: seed)
        let end = Instant.zero + .milliseconds(Int64(run.seconds * 1000))
        for number in 0..<course.requests {
            run.request(number)
            report.requests += 1
            if run.watch?.breach != nil { break }
            guard number % 256 == 255 else { continue }
            let at = Instant.zero + .milliseconds(Int64(Double(number) / course.perSecond * 1000))
            if !watch(Scenario.Progress(at: at, end: end, requests: number + 1, events: number + 1)) {
                report.isCutShort = true
                break
            }
        }
        report.take(run)
        if report.breach == nil, !report.isCutShort { report.breach = promised(report) }
        return report
    }

    private func promised(_ report: LearningReport) -> String? {
        guard let mostLoss, report.shippedContent - report.content > mostLoss else { return nil }
        return "content is \(Report.percent(report.content)), and would be \(Report.percent(report.shippedContent)) without learning"
    }

    // MARK: The library

    private typealias Truth = @Sendable (_ task: Int, _ score: Double, _ isCapable: Bool, _ seconds: Double) -> Double

    /// As the scorer has it: at one half a capable model is just worth its price.
    private static let asScored: Truth = { _, score, isCapable, _ in 0.9 - 0.1 * score - (isCapable ? 0 : max(0, 0.1 + 0.6 * (score - 0.5))) }
    private static let alike: Truth = { _, _, isCapable, _ in isCapable ? 0.86 : 0.85 }
    private static let worse: Truth = { _, _, isCapable, _ in isCapable ? 0.9 : 0.45 }
    private static let changing: Truth = { _, _, isCapable, seconds in isCapable ? 0.86 : seconds < 6_000 ? 0.85 : 0.3 }

    private static func make(
        _ name: String, _ summary: String, _ truth: @escaping Truth, mostLoss: Double? = 0.02, _ change: (inout LearningPlan) -> Void = { _ in }
    ) -> LearningPlan {
        var course = LearningCourse(truth: truth)
        (course.tasks, course.rated, course.pause, course.requests) = ([4], 1, 500, 24_000)
        // One way back soon after the beginning, and one when much has been learnt.
        course.resets = [4_000, 18_000]
        var plan = LearningPlan(name, summary, course)
        plan.mostLoss = mostLoss
        change(&plan)
        return plan
    }

    public static let plans: [LearningPlan] = [
        make("cheap-is-enough", "The cheap model does as well, and clients say so; twice somebody goes back to the shipped scorer.", alike),
        make("cheap-is-worse", "The cheap model is worse than the scorer thinks, and clients say so.", worse),
        make("scorer-is-right", "There is nothing to learn, and chance teaches nothing that costs content.", asScored),
        make("lying-key", "One key says three times as often as all others that the cheap model is good and the capable one bad.", asScored) {
            $0.course.spam = 3
        },
        make("half-lies", "Every other opinion is the opposite of what is so.", asScored) { $0.course.turned = 0.5 },
        make("all-lie", "All say the opposite of what is so: scores move, but never beyond their bounds.", asScored, mostLoss: nil) {
            $0.course.turned = 1
        },
        make("model-changes", "The cheap model is as good, then changed for a bad one: what was learnt is taken back.", changing) {
            $0.course.learner.halfLife = 1_500
            $0.course.resets = [22_000]
        },
    ]

    public static func named(_ name: String) -> LearningPlan? { plans.first { "learning-\($0.name)" == name } }
}
